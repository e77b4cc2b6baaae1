"""Мониторинг: журнал фактов в столбцах и показатели как вопросы к нему.

Hears: everything. Says: everything in shared.events.monitoring (what is measured, what
was promised); a number is computed when it is asked for.
"""
