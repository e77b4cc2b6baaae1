"""What an answer says beside its number: value, target, status, changes (kpi §2.1)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest

from shared.events.mentoring import TeacherAttached
from shared.events.registry import PersonsMerged
from shared.kernel.ids import EventId
from shared.runtime.answers import Answers, Member, NoSuchKpi
from shared.runtime.answers_value import Status, reaches, shown, year_before
from tests.golden.words import known_by
from tests.golden.world import RECORDS
from tests.monitoring.telling import heard, promised, record
from tests.oracle.said import Said

T = date(2024, 12, 31)
LATER = datetime(2026, 1, 1, tzinfo=UTC)
NOW = known_by(RECORDS, LATER)


@pytest.mark.parametrize(
    ("aggregate", "num", "den", "value"),
    [
        ("share", 1, 3, "33.3"),
        ("share", 2, 3, "66.7"),
        ("share", 1, 2000, "0.1"),  # half up: 0.05 %
        ("share", 1, 2001, "0.0"),
        ("share", 5, 5, "100.0"),
        ("ratio", 501, 2, "250.5"),
        ("max", 7, 3, "7"),
        ("share", 0, 0, None),
    ],
)
def test_one_decimal_half_up(aggregate: str, num: int, den: int, value: str | None) -> None:
    """§2.1: «show one decimal half-up; den = 0 → value undefined»."""
    assert shown(aggregate, num, den) == value


@pytest.mark.parametrize(
    ("aggregate", "num", "den", "target", "met"),
    [
        ("share", 30, 100, (T, 3000, "at_least"), True),
        ("share", 2999, 10000, (T, 3000, "at_least"), False),  # shown as 30.0
        ("ratio", 500, 2, (T, 25000, "at_most"), True),
        ("ratio", 501, 2, (T, 25000, "at_most"), False),
        ("max", 250, 4, (T, 25000, "at_most"), True),
        ("max", 251, 4, (T, 25000, "at_most"), False),
    ],
)
def test_targets_are_compared_exactly(
    aggregate: str, num: int, den: int, target: tuple[date, int, str], *, met: bool
) -> None:
    """§2.1: «Compare exactly in integers (num·100 ≥ target·den)»."""
    assert reaches(aggregate, Fraction(num), Fraction(den), target) is met


def asked(tmp_path_factory: pytest.TempPathFactory, *targets: Said) -> Answers:
    return heard(tmp_path_factory.mktemp("answers"), [*RECORDS, *targets])


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    answers = asked(tmp_path_factory)
    yield answers
    answers.ledger.close()


@pytest.mark.parametrize(
    ("hundredths", "due_on", "as_of", "status"),
    [
        (1, T, T, "met"),
        (10_000, T, T, "missed"),
        (10_000, T, date(2025, 6, 1), "missed"),
        (10_000, T, date(2024, 6, 1), "at_risk"),
    ],
)
def test_a_number_is_judged_by_its_target(
    hundredths: int,
    due_on: date,
    as_of: date,
    status: Status,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    answers = asked(tmp_path_factory, promised(hundredths, due_on))
    value = answers.value("K-F1", "", as_of, NOW | {"monitoring@0": 1})

    assert (value.status, value.target, value.due_on) == (status, hundredths, due_on)
    answers.ledger.close()


def test_after_its_day_the_judgement_stays(tmp_path_factory: pytest.TempPathFactory) -> None:
    """§2.4.4: «judged at the target's date and stays»."""
    early = date(2020, 12, 31)
    answers = asked(tmp_path_factory, promised(1, early))
    value = answers.value("K-F1", "", T, NOW | {"monitoring@0": 1})

    assert value.num > 0
    assert value.status != "met"
    answers.ledger.close()


def test_of_several_targets_the_next_one_binds(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    first, last = promised(1000, date(2023, 12, 31)), promised(3000, T, n=2)
    answers = asked(tmp_path_factory, first, last)
    vector = NOW | {"monitoring@0": 2}

    assert answers.value("K-F1", "", date(2023, 6, 1), vector).target == 1000
    assert answers.value("K-F1", "", date(2024, 6, 1), vector).target == 3000
    answers.ledger.close()


def test_a_maximum_is_drawn_into_a_line_by_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """K-R5x.max: 5 and then 5 of at most 4 attached; how many methodists is no matter."""
    may = promised(400, date(2025, 12, 31), "K-R5x.max", direction="at_most")
    answers = asked(tmp_path_factory, may)
    value = answers.value("K-R5x.max", "", T, NOW | {"monitoring@0": 1})

    assert value.num > 4
    assert value.num <= 4 * value.den
    assert value.status == "at_risk"
    answers.ledger.close()


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (T, date(2023, 12, 31)),  # 366 days: 2024 has its 29 February
        (date(2024, 2, 29), date(2023, 2, 28)),
        (date(2025, 3, 1), date(2024, 3, 1)),
    ],
)
def test_twelve_months_are_twelve_months(day: date, before: date) -> None:
    """kpi 2.4.16; a figure of the year is another year's 365 days before 31.12.2024."""
    assert year_before(day) == before


def test_without_a_target_there_is_no_verdict(golden: Answers) -> None:
    """AM26: без цели — не провал."""
    assert golden.value("K-F1", "", T, NOW).status == "no_target"


def test_an_empty_base_is_no_data(golden: Answers) -> None:
    value = golden.value("K-F1", "98", T, NOW)

    assert (value.num, value.den, value.value, value.status) == (0, 0, None, "no_data")


def test_teachers_without_a_methodist_are_no_lack_of_data(golden: Answers) -> None:
    """kpi 2.4.15: undefined; and nothing binds here (AM26)."""
    value = golden.value("K-R5", "26", T, NOW)

    assert (value.value, value.status) == (None, "no_target")
    assert value.num > 0


def test_the_same_vector_gives_the_same_answer_for_ever(golden: Answers) -> None:
    """contracts §3: «The same vector gives the same bytes for ever»."""
    early = known_by(RECORDS, datetime(2025, 1, 15, 23, 59, 59, tzinfo=UTC))
    before = [golden.members(kpi, "", T, early) for kpi in golden.definitions]
    golden.ledger.ingest([])

    assert [golden.members(kpi, "", T, early) for kpi in golden.definitions] == before


def test_pages_of_members_leave_nobody_out(golden: Answers) -> None:
    """One page after another is the whole list, also of who stands on both sides."""
    for kpi, definition in golden.definitions.items():
        most = 1 if definition.aggregate == "ratio" else 9
        whole, after, pages = golden.members(kpi, "", T, NOW), "", list[Member]()
        while page := golden.members(kpi, "", T, NOW, after=after, limit=most):
            pages += page
            after = page[-1].subject
        assert pages == whole, kpi


def test_a_change_on_either_side_of_a_ratio_is_told(golden: Answers) -> None:
    """K-R5: a methodist may be a teacher of another; each side changes for itself."""
    early = known_by(RECORDS, datetime(2022, 1, 1, tzinfo=UTC))
    old, new = (golden.members("K-R5", "", T, known) for known in (early, NOW))
    told = golden.diff("K-R5", "", T, early, NOW)
    twice = Counter((each.unit, each.subject) for each in new)

    assert max(twice.values()) == 2
    assert {each.after for each in told} - {None} == {m for m in new if shares(m, old)}
    assert {each.before for each in told} - {None} == {m for m in old if shares(m, new)}


def shares(member: Member, others: list[Member]) -> bool:
    """Say whether a member's part of the number is not the same among others."""
    part = member.unit, member.subject, member.num, member.den
    return part not in {(each.unit, each.subject, each.num, each.den) for each in others}


def test_what_changed_is_explained_by_facts(golden: Answers) -> None:
    early = known_by(RECORDS, datetime(2025, 1, 15, 23, 59, 59, tzinfo=UTC))
    changes = golden.diff("K-F1", "", T, early, NOW)
    recorded = {each.event_id for each in RECORDS}

    assert changes
    for change in changes:
        assert change.before != change.after
        assert change.facts
        assert {fact["event_id"] for fact in change.facts} <= recorded
        assert all(fact["actor"] == "test" for fact in change.facts)


PLACES = ("", "25", "25/05701000")
BEFORE = [date(year, month, 15) for year in range(2021, 2025) for month in (6, 12)]


@pytest.mark.parametrize("n", range(len(BEFORE)), ids=map(str, BEFORE))
def test_no_change_is_without_a_fact(golden: Answers, n: int) -> None:
    """§1.6: whoever differs, of any indicator, a fact says why: his own, or his school's.

    Of every indicator a change is asked for at every place, over several dates.
    """
    early = known_by(RECORDS, datetime.combine(BEFORE[n], time(), UTC))
    for k, kpi in enumerate(golden.definitions):
        scope = PLACES[(n + k) % len(PLACES)]
        for change in golden.diff(kpi, scope, T, early, NOW):
            assert change.facts, (kpi, scope, change)


def test_a_merger_of_those_counted_is_told_of_whom_they_are_counted_for(tmp_path: Path) -> None:
    """§1.6: методист тот же, а закреплённых меньше: слияние двух из них (S1 7.1, S1 7.2)."""
    attached = {each.event_id: each.fact.person_id for each in RECORDS if of_the_attached(each)}
    last = max(each.position for each in RECORDS if each.source == "registry@0")
    answers = heard(tmp_path, RECORDS)
    most = max(answers.members("K-R5x.max", "", T, NOW), key=lambda each: each.num)
    survivor, merged, *_ = (attached[each] for each in most.evidence if each in attached)
    fact = PersonsMerged(survivor_id=survivor, merged_id=merged, occurred_on=T)
    merger = replace(
        next(each for each in RECORDS if each.position == last and each.source == "registry@0"),
        event_id=EventId(UUID(int=1)),
        position=last + 1,
        recorded_at=LATER,
        stream=merged,
        fact=fact,
        corrects=None,
    )
    answers.ledger.ingest([record(merger)])
    [change] = answers.diff("K-R5x.max", "", T, NOW, NOW | {"registry@0": last + 1})
    answers.ledger.close()

    assert change.subject == most.subject
    assert [each["event_id"] for each in change.facts] == [merger.event_id]


def of_the_attached(said: Said) -> bool:
    return isinstance(said.fact, TeacherAttached)


def test_each_member_has_its_reason_and_its_evidence(golden: Answers) -> None:
    recorded = {each.event_id for each in RECORDS}
    for kpi in golden.definitions:
        for member in golden.members(kpi, "", T, NOW):
            assert "(S" in member.why, kpi
            assert member.evidence, kpi
            assert set(member.evidence) <= recorded, kpi


def test_why_finds_the_survivor_of_a_merger(golden: Answers) -> None:
    [member] = golden.members("K-F1", "", T, NOW, limit=1)

    assert golden.why("K-F1", UUID(member.subject), T, NOW) == [member]


def test_sides_part_the_base(golden: Answers) -> None:
    base = golden.members("K-F1", "", T, NOW)
    counted = golden.members("K-F1", "", T, NOW, "num")
    rest = golden.members("K-F1", "", T, NOW, "not")

    assert sorted(m.subject for m in (*counted, *rest)) == [m.subject for m in base]
    first = golden.members("K-F1", "", T, NOW, limit=3)
    following = golden.members("K-F1", "", T, NOW, after=first[-1].subject)
    assert [*first, *following] == base


def test_an_unknown_indicator_is_said_so(golden: Answers) -> None:
    with pytest.raises(NoSuchKpi):
        golden.value("K-XX", "", T, NOW)


def test_a_definition_names_its_clause_and_version(golden: Answers) -> None:
    for each in golden.definitions.values():
        assert each.clause.startswith("S")
        assert each.version == 1
        assert each.aggregate in {"share", "ratio", "max"}
        assert replace(each, sql="") != each
