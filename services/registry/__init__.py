"""Реестр: территории, организации, люди и их работа, ДПП и доступы.

Keeps who is who and where, who works as what and since when, which programmes passed
expertise; opens personal data, and alone says until when somebody is young.
Hears: nobody; it borrows its own facts for guards that need another stream.
Says: everything in shared.events.registry.
"""
