"""Наставничество: пары педагогов, формы поддержки, региональный методический актив.

Keeps who mentors whom, who is supported and how, and who of the candidates became a
methodist, by what evidence, with which teachers. Hears, of the registry, people's work,
youth, education, categories and mergers, regions, organisations, centres and programmes;
diagnostics.DiagnosticCompleted and DiagnosticAnnulled; routes.ProgramCompleted and
CompletionAnnulled; and of its own facts those by which a candidate or a pair moves on.
Says: everything in shared.events.mentoring.
"""
