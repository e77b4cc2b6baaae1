"""The life of a route (lifecycles §3.8).

Nothing ─ draft ▶ Draft ─ agree ▶ Agreed ─ assign ▶ Assigned ─ start ▶ InWork
─ complete ▶ Completed; until then ─ cancel ▶ Cancelled. An item whose study is void may be
done by another one, also on a completed route (ADR 0034).
"""

from collections.abc import Sequence
from dataclasses import replace

from services.routes.domain import rules
from services.routes.domain.commands import (
    AgreeRoute,
    AppointTutor,
    AssignRoute,
    CancelRoute,
    CompleteItem,
    CompleteRoute,
    DraftRoute,
    RecordAccompaniment,
    RouteCommand,
    StartRoute,
    is_one,
)
from services.routes.domain.states import (
    Agreed,
    Assigned,
    Cancelled,
    Completed,
    Draft,
    InWork,
    Nothing,
    Route,
    drafted,
    last_day,
)
from shared.events.routes import (
    AccompanimentRecorded,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    RouteDrafted,
    RouteFact,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel import Decider, Refused, only_same, require, unless_same

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(route: Route, asked: RouteCommand) -> Sequence[RouteFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match asked:
        case DraftRoute() | AgreeRoute() | AssignRoute() | CancelRoute():
            return plan(route, asked)
        case StartRoute() | CompleteItem() | CompleteRoute():
            return walk(route, asked)
        case AppointTutor() | RecordAccompaniment():
            return tutor(route, asked)


def plan(
    route: Route, asked: DraftRoute | AgreeRoute | AssignRoute | CancelRoute
) -> Sequence[RouteFact]:
    """Составить, согласовать, назначить; отменить, пока не пройден (S1 3.2, S1 2)."""
    match route, asked:
        case Nothing(), DraftRoute():
            return [rules.draft(asked)]
        case Draft(), AgreeRoute():
            return [rules.agree(route.drafted, asked)]
        case Agreed(), AgreeRoute():
            return unless_same(route.agreed, rules.agree(route.drafted, asked))
        case Agreed(), AssignRoute():
            return [rules.assign(route.drafted, route.agreed, asked)]
        case Draft() | Agreed() | Assigned() | InWork(), CancelRoute():
            return [rules.cancel(drafted(route), last_day(route), asked)]

        case Draft() | Agreed() | Assigned(), DraftRoute():
            why = "Маршрут уже составлен; новая диагностика — новый маршрут"
            again = rules.draft(asked)
            return only_same(route.drafted, again, clause="S1 3.2", reason=why)
        case Assigned(), AgreeRoute():
            why = "Назначенный маршрут заново не согласуют"
            again = rules.agree(route.drafted, asked)
            return only_same(route.agreed, again, clause="S1 2", reason=why)
        case Assigned(), AssignRoute():
            why = "Маршрут уже назначен иначе"
            again = rules.assign(route.drafted, route.agreed, asked)
            return only_same(route.assigned, again, clause="S1 D2.3", reason=why)
        case Cancelled(), CancelRoute():
            why = "Маршрут уже отменён иначе"
            [again] = plan(route.before, asked)
            return only_same(route.cancelled, again, clause="S1 4.4", reason=why)
        case InWork(), DraftRoute() | AgreeRoute() | AssignRoute():
            return plan(route.plan, asked)
        case Completed(), DraftRoute() | AgreeRoute() | AssignRoute():
            return plan(route.work.plan, asked)
        case Cancelled(), DraftRoute():
            return plan(route.before, asked)

        case Nothing(), _:
            raise Refused("S1 3.2", "Маршрут ещё не составлен")
        case Draft(), AssignRoute():
            raise Refused("S1 2", "Маршрут ещё не согласован с педагогом")
        case Completed(), CancelRoute():
            raise Refused("S1 4.4", "Маршрут уже пройден")
        case Cancelled(), AgreeRoute() | AssignRoute():
            raise Refused("S1 4.4", "Маршрут отменён")


def walk(route: Route, asked: StartRoute | CompleteItem | CompleteRoute) -> Sequence[RouteFact]:
    """«Ведут учёт освоения индивидуальных образовательных маршрутов» (S1 4.9)."""
    match route, asked:
        case Assigned(), StartRoute():
            return [rules.start(route.assigned, asked)]
        case InWork(), CompleteItem():
            return complete_item(route, asked)
        case InWork(), CompleteRoute():
            items = route.plan.assigned.items
            return [rules.complete(route.started, items, route.done, asked)]

        case InWork(), StartRoute():
            why = "Маршрут уже начат в другой день"
            again = rules.start(route.plan.assigned, asked)
            return only_same(route.started, again, clause="S1 4.9", reason=why)
        case Completed(), CompleteRoute():
            why = "Маршрут уже пройден, в другой день"
            same = route.completed.occurred_on == asked.completed_on
            require(same, clause="S1 4.9", reason=why)
            return []
        case Completed(), StartRoute() | CompleteItem():
            return walk(route.work, asked)

        case Nothing() | Draft() | Agreed(), _:
            raise Refused("S1 D2.3", "Маршрут ещё не назначен")
        case Assigned(), CompleteItem() | CompleteRoute():
            raise Refused("S1 4.9", "Маршрут ещё не начат")
        case Cancelled(), _:
            raise Refused("S1 4.4", "Маршрут отменён")


def tutor(route: Route, asked: AppointTutor | RecordAccompaniment) -> Sequence[RouteFact]:
    """«Тьюторское сопровождение их индивидуальных … маршрутов» (S1 3.2)."""
    match route, asked:
        case Assigned(), AppointTutor():
            return appoint(route, asked)
        case Assigned(), RecordAccompaniment():
            return accompany(route, asked)
        case InWork(), _:
            return tutor(route.plan, asked)
        case Completed(), RecordAccompaniment():
            in_work = asked.recorded_on <= route.completed.occurred_on
            why = "В этот день маршрут был уже пройден"
            require(in_work, clause="S1 D2.3", reason=why)
            return accompany(route.work.plan, asked)

        case Nothing() | Draft() | Agreed(), _:
            raise Refused("S1 D2.3", "Маршрут ещё не назначен")
        case Completed(), AppointTutor():
            raise Refused("S1 3.2", "Маршрут уже пройден: сопровождать нечего")
        case Cancelled(), _:
            raise Refused("S1 4.4", "Маршрут отменён")


def complete_item(route: InWork, asked: CompleteItem) -> Sequence[RouteFact]:
    """Каждое мероприятие проходят один раз, а если освоения больше нет — снова (S1 4.9)."""
    said = rules.item_of(route.plan.assigned, asked)
    for done in route.done:
        if done.item_id == said.item_id and not rules.is_void(done, asked):
            why = "Мероприятие уже пройдено иначе"
            return only_same(done, said, clause="S1 4.9", reason=why)
    rules.is_earned(route.plan.assigned, route.started, asked)
    return [said]


def appoint(plan: Assigned, asked: AppointTutor) -> Sequence[RouteFact]:
    """Тьютор у маршрута один; другой сменяет прежнего (S1 3.2)."""
    anew = rules.appoint(plan.assigned, asked)
    if plan.tutors:
        [*_, last] = plan.tutors
        if is_one(last.tutor_id, anew.tutor_id, asked.human):
            why = "Он уже тьютор маршрута, с другого дня"
            same = last.occurred_on == anew.occurred_on
            require(same, clause="S1 3.2", reason=why)
            return []
        rules.in_time(last.occurred_on, anew.occurred_on, clause="S1 3.2")
    return [anew]


def accompany(plan: Assigned, asked: RecordAccompaniment) -> Sequence[RouteFact]:
    """Одно сопровождение записывают один раз (S1 D2.3)."""
    said = rules.accompany(plan.assigned, plan.tutors, asked)
    return [] if said in plan.accompanied else [said]


# ── Evolve ──────────────────────────────────────────────────────────────────

type Step = (
    RouteDrafted
    | RouteAgreed
    | RouteAssigned
    | RouteStarted
    | RouteItemCompleted
    | RouteCompleted
    | RouteCancelled
)


def evolve(route: Route, said: RouteFact) -> Route:
    """Go where a fact leads; never refuse, for it already happened."""
    if isinstance(said, TutorAppointed | AccompanimentRecorded):
        return tutored(route, said)
    return moved(route, said)


def moved(route: Route, said: Step) -> Route:
    """Take a step, if a life has it; else stay, and still the log must be read."""
    match route, said:
        case Nothing(), RouteDrafted():
            return Draft(said)
        case Draft() | Agreed(), RouteAgreed() if follows(route.drafted, said):
            return Agreed(route.drafted, said)
        case Agreed(), RouteAssigned() if follows(route.agreed, said):
            return Assigned(route.drafted, route.agreed, said, first_tutor(said))
        case Assigned(), RouteStarted() if follows(route.assigned, said):
            return InWork(route, said)
        case InWork(), RouteItemCompleted() if is_next(route, said):
            return replace(route, done=(*route.done, said))
        case InWork(), RouteItemCompleted() if is_again(route, said):
            return done_again(route, said)
        case Completed(), RouteItemCompleted() if is_again(route.work, said):
            return replace(route, work=done_again(route.work, said))
        case InWork(), RouteCompleted() if is_end(route, said):
            return Completed(route, said)
        case Draft() | Agreed() | Assigned() | InWork(), RouteCancelled() if (
            follows(drafted(route), said) and last_day(route) <= said.occurred_on
        ):
            return Cancelled(route, said)
        case _, (
            RouteDrafted()
            | RouteAgreed()
            | RouteAssigned()
            | RouteStarted()
            | RouteItemCompleted()
            | RouteCompleted()
            | RouteCancelled()
        ):
            return route


def tutored(route: Route, said: TutorAppointed | AccompanimentRecorded) -> Route:
    """Accompany a route on its way; of one gone to its end, remember how it was."""
    match route, said:
        case Assigned(), _:
            return with_tutor(route, said)
        case InWork(), _:
            plan = with_tutor(route.plan, said)
            return route if plan is route.plan else replace(route, plan=plan)
        case Completed(), AccompanimentRecorded():
            work = tutored(route.work, said)
            is_new = isinstance(work, InWork) and work is not route.work
            return replace(route, work=work) if is_new else route
        case _, TutorAppointed() | AccompanimentRecorded():
            return route


def with_tutor(plan: Assigned, said: TutorAppointed | AccompanimentRecorded) -> Assigned:
    """Remember a tutor, or what he did."""
    if not follows(plan.assigned, said):
        return plan
    if isinstance(said, TutorAppointed):
        return replace(plan, tutors=(*plan.tutors, said))
    return replace(plan, accompanied=(*plan.accompanied, said))


def follows(earlier: RouteFact, later: RouteFact) -> bool:
    """Say whether it is the same person, and not an earlier day."""
    return earlier.person_id == later.person_id and earlier.occurred_on <= later.occurred_on


def first_tutor(assigned: RouteAssigned) -> tuple[TutorAppointed, ...]:
    """Return the tutor with whom a route was assigned, if there was one."""
    if assigned.tutor_id is None:
        return ()
    return (
        TutorAppointed(
            route_id=assigned.route_id,
            person_id=assigned.person_id,
            tutor_id=assigned.tutor_id,
            occurred_on=assigned.occurred_on,
        ),
    )


def is_next(route: InWork, said: RouteItemCompleted) -> bool:
    """Say whether it is an item of this route that was not done yet."""
    items = {each.item_id for each in route.plan.assigned.items}
    left = items - {each.item_id for each in route.done}
    return said.item_id in left and follows(route.started, said)


def is_again(route: InWork, said: RouteItemCompleted) -> bool:
    """Say whether an item that was done by one study is done by another."""
    studies = {it.enrolment_id for it in route.done if it.item_id == said.item_id}
    other = None not in {*studies, said.enrolment_id} and said.enrolment_id not in studies
    return bool(studies) and other and follows(route.started, said)


def done_again(route: InWork, said: RouteItemCompleted) -> InWork:
    """Put the other study in the place of the first."""
    others = (each for each in route.done if each.item_id != said.item_id)
    return replace(route, done=(*others, said))


def is_end(route: InWork, said: RouteCompleted) -> bool:
    """Say whether nothing was left, and nothing came later."""
    return rules.is_all_done(route.plan.assigned.items, route.done) and all(
        follows(each, said) for each in (route.started, *route.done)
    )


ROUTE: Decider[Route, RouteCommand, RouteFact] = Decider(
    name="routes.route",
    commands=(
        DraftRoute,
        AgreeRoute,
        AssignRoute,
        StartRoute,
        CompleteItem,
        CompleteRoute,
        CancelRoute,
        AppointTutor,
        RecordAccompaniment,
    ),
    facts=(
        RouteDrafted,
        RouteAgreed,
        RouteAssigned,
        RouteStarted,
        RouteItemCompleted,
        RouteCompleted,
        RouteCancelled,
        TutorAppointed,
        AccompanimentRecorded,
    ),
    initial=Nothing(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.route_id,
)
