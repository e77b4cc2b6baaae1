"""Индивидуальные образовательные маршруты (ИОМ) и обучение по ДПП.

Turns a map of deficits into a route agreed with the teacher, assigned, accompanied by a
tutor and gone to its end; keeps who studies what programme and by what document it ended.
Hears: diagnostics.DeficitMapIssued, registry.ProgramDrafted, ProgramListed and
PersonsMerged, and of its own facts those that move a route on: routes.EnrolmentStarted,
routes.ProgramCompleted, routes.RouteItemCompleted. Says: everything in shared.events.routes.
"""
