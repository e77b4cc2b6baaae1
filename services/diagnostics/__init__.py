"""Диагностика профессиональных компетенций: сеансы, дефициты, карты дефицитов.

Takes a session from its assignment to its result; a result below the threshold becomes
deficits and a map of them.
Hears: nobody. Says: everything in shared.events.diagnostics.
"""
