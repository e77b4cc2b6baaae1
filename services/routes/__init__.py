"""Индивидуальные образовательные маршруты (ИОМ) и обучение по ДПП.

Turns a map of deficits into a route agreed with the teacher, assigned, accompanied by a
tutor and gone to its end; keeps who studies what programme and by what document it ended.
Hears: diagnostics.DeficitMapIssued and DiagnosticAnnulled, registry.ProgramDrafted,
ProgramListed and PersonsMerged, and of its own facts those that move a route on:
routes.EnrolmentStarted, ProgramCompleted, CompletionAnnulled, RouteItemCompleted.
Says: everything in shared.events.routes.
"""
