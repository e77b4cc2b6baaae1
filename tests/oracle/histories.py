"""Random but plausible histories for comparing the ledger with the oracle.

    @given(histories())
    def test_the_ledger_agrees_with_the_oracle(history): ...

A `History` has the records of all logs in the order of recording and a few questions
(as_of, vector). `deliveries(history)` gives them to a reader as networks do: logs in
any order among each other, each log in its own order, parts of it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from tests.oracle import moves_learning as learning
from tests.oracle import moves_mentoring as mentoring
from tests.oracle import moves_registry as registry
from tests.oracle.said import Said
from tests.oracle.telling import DAYS, EARLY, PEOPLE, PLACES, Telling

LONG_AGO = DAYS.index(date(2020, 8, 6))

type Move = Callable[..., None]
type Vector = dict[str, int]


def the_story_ends(_: Telling, *__: int) -> None:
    """Stop here: what a move shrinks to."""


def something_is_corrected(it: Telling, n: int, what: int, other: int, _: int) -> None:
    it.correct(n, what, other=other)


def something_is_withdrawn(it: Telling, n: int, *_: int) -> None:
    it.withdraw(n)


OFTEN: list[Move] = [
    registry.a_job_begins,
    registry.a_job_changes,
    registry.a_job_ends,
    registry.youth_is_determined,
    registry.two_records_are_one,
    learning.somebody_is_assessed,
    learning.somebody_is_assessed_twice,
    learning.the_whole_way_is_gone,
    mentoring.somebody_is_attached_or_detached,
    mentoring.somebody_young_is_supported,
    mentoring.somebody_is_attached_for_a_while,
    something_is_corrected,
]
SOMETIMES: list[Move] = [
    registry.a_region_joins,
    registry.an_organisation_is_registered,
    registry.an_organisation_closes,
    registry.a_centre_opens_or_closes,
    registry.a_graduate_is_registered,
    registry.somebody_is_erased,
    learning.a_map_is_issued,
    learning.a_session_is_annulled,
    learning.a_route_is_agreed,
    learning.a_route_is_agreed_anew,
    learning.a_route_is_assigned,
    learning.a_tutor_is_appointed,
    learning.a_route_is_completed,
    learning.a_route_is_cancelled,
    learning.a_study_begins,
    learning.a_study_is_completed,
    learning.a_completion_is_annulled,
    mentoring.a_pair_is_formed,
    mentoring.a_pair_is_closed,
    mentoring.a_support_begins,
    mentoring.a_support_ends,
    mentoring.a_candidate_is_nominated,
    mentoring.a_methodist_is_activated,
    something_is_withdrawn,
]
MOVES: list[Move] = [
    *OFTEN * 2,
    *SOMETIMES,
    *[something_is_corrected, mentoring.somebody_young_is_supported] * 3,
]


@dataclass(frozen=True)
class Question:
    """What is asked: a business date and how far each log is known."""

    as_of: date
    vector: Vector


@dataclass(frozen=True)
class History:
    """The records of all logs in the order of recording, and what is asked of them."""

    records: tuple[Said, ...]
    questions: tuple[Question, ...]

    def __repr__(self) -> str:
        """Return one record on a line: how a failing example is read."""
        lines = [
            f"{each.source}:{each.position} {each.event_id} "
            f"{f'CORRECTS {each.corrects} ' if each.corrects else ''}{each.fact}"
            for each in self.records
        ]
        return "\n".join(["History", *lines, *map(str, self.questions)])


small = st.integers(0, 23)
somewhere = st.integers(0, len(PLACES) + 4)
"""A place, or (0, or too much) none."""
told_moves = st.tuples(
    st.sampled_from([the_story_ends, *MOVES * 3]), small, small, small, small
)


def heads(records: tuple[Said, ...]) -> Vector:
    """Return the vector of everything."""
    vector: Vector = {}
    for each in records:
        vector[each.source] = max(vector.get(each.source, 0), each.position)
    return vector


@st.composite
def questions(draw: st.DrawFn, records: tuple[Said, ...]) -> Question:
    """Ask for a day beside those on which things happen; know all, or not the end.

    Known is what was recorded by the moment of a record, or up to any position of each
    log: readers of several logs are never equally far.
    """
    days = sorted({each.fact.occurred_on for each in records} - {EARLY}) or DAYS
    beside = timedelta(days=draw(st.sampled_from((0, 0, -1, 1))))
    as_of = days[-1 - draw(st.integers(0, min(len(days) - 1, 7)))] + beside
    vector = heads(records)
    match draw(st.integers(0, 3)):
        case 2 if records:
            moment = records[-1 - draw(st.integers(0, len(records) // 2))].recorded_at
            known = tuple(each for each in records if each.recorded_at <= moment)
            return Question(as_of, heads(known))
        case 3:
            unheard = {log: draw(st.integers(0, head // 2)) for log, head in vector.items()}
            return Question(as_of, {log: vector[log] - unheard[log] for log in vector})
        case _:
            return Question(as_of, vector)


@st.composite
def openings(draw: st.DrawFn, it: Telling) -> None:
    """Begin with people who have been at work for long, some young, some methodists."""
    for who in range(PEOPLE):
        at = draw(somewhere)
        if 0 < at <= len(PLACES):
            registry.a_job_begins(it, who, at - 1, LONG_AGO, draw(st.integers(0, 1)))
        if until := draw(st.integers(0, 8)):
            registry.youth_is_determined(it, who, max(0, until - 4), LONG_AGO, 0)
    for who in range(2):
        at = draw(somewhere)
        if 0 < at <= len(PLACES):
            mentoring.a_methodist_is_activated(it, who, at - 1, LONG_AGO, 0)


@st.composite
def histories(draw: st.DrawFn, *, longest: int = 80, asked: int = 4) -> History:
    """Tell a history of so many moves at most (60–150 facts), ask of it so many times.

    Each service has one log, or two by stream (contracts §2).
    """
    it = Telling(split=draw(st.sampled_from((1, 2))))
    draw(openings(it))
    for _ in range(longest):
        move, *numbers = draw(told_moves)
        if move is the_story_ends:
            break
        move(it, *numbers)
    records = tuple(it.logs.records)
    return History(records, tuple(draw(questions(records)) for _ in range(asked)))


@st.composite
def deliveries(draw: st.DrawFn, history: History) -> list[list[Said]]:
    """Deliver every record at least once: batches of one log each, some of them again.

    Each batch follows what was delivered of its log before, or repeats a part of it.
    """
    logs: dict[str, list[Said]] = {}
    for each in history.records:
        logs.setdefault(each.source, []).append(each)
    delivered = dict.fromkeys(logs, 0)
    batches: list[list[Said]] = []
    while open_logs := [log for log in logs if delivered[log] < len(logs[log])]:
        log = draw(st.sampled_from(open_logs))
        again = draw(st.integers(0, min(3, delivered[log])))
        until = min(delivered[log] + draw(st.integers(1, 40)), len(logs[log]))
        batches.append(logs[log][delivered[log] - again : until])
        delivered[log] = until
    return batches
