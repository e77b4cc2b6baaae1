"""What routes does when its neighbours speak, and all that it does."""

from collections.abc import Iterator
from dataclasses import replace

from services.routes.domain import DraftRoute, Offered, route_of
from services.routes.domain.states import Draft
from services.routes.policies.remembered import PROGRAMS, ROUTES, SHELVES, STUDIES, shelf
from services.routes.policies.walking import (
    a_completed_programme_completes_its_item,
    a_route_starts_with_the_earliest_left,
    a_route_without_items_left_is_completed,
    an_annulled_study_gives_way_to_another,
    an_enrolment_starts_its_route,
    so_is_one_whose_study_was_annulled_by_mistake,
    what_was_done_goes_with_its_completion,
)
from shared.events.diagnostics import DeficitMapIssued
from shared.events.registry import ProgramDrafted, ProgramListed
from shared.events.routes import EnrolmentStarted
from shared.kernel import Correct, Known, Withdraw, standing, whenever, whenever_gone

NOT_SHOWN = "карты дефицитов, по которой составлен маршрут, нет"
"""Why a draft is withdrawn."""

# ── When diagnostics speaks ─────────────────────────────────────────────────


@whenever(DeficitMapIssued, name="routes.draft")
def a_deficit_map_calls_for_a_route(said: DeficitMapIssued, _: Known) -> Iterator[DraftRoute]:
    """По карте дефицитов составляют маршрут (S1 3.2).

    A map heard twice is the same route, a second diagnosis a second one.
    """
    if said.deficit_ids:
        yield DraftRoute(
            route_id=route_of(said.session_id),
            person_id=said.person_id,
            session_id=said.session_id,
            deficit_ids=said.deficit_ids,
            on_request=False,
            drafted_on=said.occurred_on,
        )


@whenever_gone(DeficitMapIssued, name="routes.draft gone")
def a_draft_goes_with_its_map(said: DeficitMapIssued, known: Known) -> Iterator[Withdraw]:
    """Карты нет или она другая — нет и маршрута, который по ней только составлен (S1 3.2).

    Another map calls for another draft. What the teacher agreed to stays.
    """
    route_id = route_of(said.session_id)
    if isinstance(known.of(ROUTES, route_id), Draft):
        for each in standing(known.history(route_id)):
            on = said.occurred_on
            yield Withdraw(event_id=each.event_id, reason=NOT_SHOWN, withdrawn_on=on)


# ── When the registry speaks ────────────────────────────────────────────────


def registers_of_its_day(
    said: ProgramDrafted | ProgramListed, known: Known
) -> Iterator[Correct]:
    """AM7: реестры — дня зачисления, когда бы о них ни услышали и как ни исправили (S0 V.1).

    Of a version that nobody drafted any more, an enrolment stays as it was.
    """
    programme = known.of(PROGRAMS, said.program_id)
    shelves = (shelf(said.program_id, number) for number in range(SHELVES))
    for studies in known.every(STUDIES, shelves):
        for started, event_id in studies:
            offered = programme.offered(started.program_version, started.occurred_on)
            anew = as_offered(started, offered) if offered else started
            if anew != started:
                yield Correct(event_id=event_id, fact=anew)


an_enrolment_knows_the_registers_of_its_day = whenever(
    ProgramDrafted, ProgramListed, name="routes.restate"
)(registers_of_its_day)
an_enrolment_forgets_what_is_withdrawn = whenever_gone(
    ProgramDrafted, ProgramListed, name="routes.restate gone"
)(registers_of_its_day)


def as_offered(started: EnrolmentStarted, offered: Offered) -> EnrolmentStarted:
    """Return an enrolment as it is by what is known of its programme."""
    return replace(
        started,
        register_status_at_start=offered.registers,
        listed_by=offered.listed_by,
        competencies=offered.competencies,
    )


POLICIES = (
    a_deficit_map_calls_for_a_route,
    a_draft_goes_with_its_map,
    an_enrolment_knows_the_registers_of_its_day,
    an_enrolment_forgets_what_is_withdrawn,
    an_enrolment_starts_its_route,
    a_route_starts_with_the_earliest_left,
    a_completed_programme_completes_its_item,
    an_annulled_study_gives_way_to_another,
    what_was_done_goes_with_its_completion,
    a_route_without_items_left_is_completed,
    so_is_one_whose_study_was_annulled_by_mistake,
)
