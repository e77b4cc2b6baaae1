"""What a plan contains, counted by hand on tier XS (population §6.1)."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from metodika.generate import Clock, Stores, carry_out_tier
from metodika.plan import TIERS, Step, parameters, plan
from metodika.plan.dice import is_one_of
from metodika.world import opened
from shared.runtime import codec
from shared.runtime.settings import Settings
from tests.generate.conftest import KNOWN, SEED, Carried, in_memory

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    yield from in_memory(tmp_path_factory.mktemp("small"), "XS")


def said(carried: Carried, name: str) -> int:
    return Counter(each.name for each in carried.records)[name]


def test_a_seed_gives_one_plan() -> None:
    """§8: одно зерно — один план; другое — другой."""
    one = list(plan(SEED, TIERS["XS"]))

    assert list(plan(SEED, TIERS["XS"])) == one
    assert list(plan(SEED + 1, TIERS["XS"])) != one
    assert one == sorted(one, key=lambda step: step.at)


def test_doubles_are_found_and_joined(small: Carried) -> None:
    """Запись-дубль у соседей: 25 ‰ из 120 — люди 33, 73, 113; слышат оба субъекта РФ."""
    assert [n for n in range(120) if is_one_of(n, 25, after=7)] == [33, 73, 113]
    assert said(small, "registry.PersonsMerged") == 2 * 3
    assert said(small, "registry.TeacherRegistered") == 123


def test_a_double_is_counted_until_it_is_joined(small: Carried) -> None:
    """До слияния 01.10.2024 в знаменателе 100 педагогов и 3 дубля, после — 100.

    Из 120 человек 6 руководителей, 12 уволились, 2 стали заместителями.
    """
    assert people(small, "", date(2024, 9, 30)) == 120 - 6 - 12 - 2 + 3
    assert people(small, "", date(2024, 10, 1)) == 100


def people(carried: Carried, scope: str, on: date) -> int:
    vector, _ = carried.answers.vector(None)
    levels = carried.answers.levels("K-F1", on, vector)
    return {path: den for _, path, _, den in levels}[scope]


def test_people_leave_move_and_rise(small: Carried) -> None:
    """Уволились 6, 16 … 116; перешли 4, 29, 54, 79, 104; уехали 25 и 75; выросли 31 и 81."""
    assert said(small, "registry.EmploymentEnded") == 12
    assert said(small, "registry.EmploymentChanged") == 5 + 2 + 2
    assert people(small, "25", date(2024, 12, 31)) == 98
    assert people(small, "27", date(2024, 12, 31)) == 2


def test_who_has_left_is_detached_and_may_be_forgotten(small: Carried) -> None:
    """Ушедших открепляют; данные 6 и 106 уничтожены, и все числа остались."""
    assert said(small, "mentoring.TeacherDetached") > 0
    assert said(small, "registry.PersonalDataErased") == 2


def test_one_person_stands_in_two_rosters(small: Carried) -> None:
    """Две работы в двух субъектах: каждый шестнадцатый, 7 человек; записей — по одной."""
    assert said(small, "registry.RosterLinked") == 2 * 7


def test_starts_are_restated(small: Carried) -> None:
    """Исправленный день приёма: 40 ‰ — люди 16, 41, 66, 91, 116; руководителей меж ними нет."""
    restated = [each for each in small.records if codec.decode_meta(each.meta).corrects]
    names = [each.name for each in restated if each.name != "registry.PersonsMerged"]

    assert names == ["registry.EmploymentStarted"] * 5


def test_what_never_was_is_withdrawn(small: Carried) -> None:
    """Отозванный диплом: 20 ‰ — люди 39 и 89."""
    assert said(small, "registry.FactWithdrawn") == 2


def test_results_and_documents_are_annulled(small: Carried) -> None:
    """Аннулирован каждый двадцатый сеанс и каждое двадцатое освоение, по счёту."""
    sessions = said(small, "diagnostics.DiagnosticCompleted") - 2 - 3 - 3
    documents = said(small, "routes.ProgramCompleted") - 2 - 3

    assert said(small, "diagnostics.DiagnosticAnnulled") == -(-sessions // 20)
    assert said(small, "routes.CompletionAnnulled") == (documents + 1) // 20


def test_documents_of_a_year_become_known_in_the_next(small: Carried) -> None:
    """Освоено в 2024, записано в 2025 и позже: не меньше трёх (люди 27, 67, 107)."""
    late = [
        each
        for each in small.records
        if each.name == "routes.ProgramCompleted"
        and each.recorded_at >= NEW_YEAR
        and codec.decode(each.name, each.schema, each.data).occurred_on.year == 2024
    ]

    assert len(late) >= 3


def test_a_number_of_a_year_changes_in_the_next(small: Carried) -> None:
    """K-F1 на 31.12.2024: в новогоднюю ночь одно, сейчас больше."""
    early, now = (small.answers.vector(at)[0] for at in (NEW_YEAR, None))
    changes = small.answers.diff("K-F1", "25", date(2024, 12, 31), early, now)

    assert len(changes) >= 2
    assert "routes.ProgramCompleted" in {f["fact"] for each in changes for f in each.facts}


def test_lateness_is_drawn_as_the_model_has_it() -> None:
    """§6.1: 70 % в тот же день, 20 % до недели, 8 % до 60 дней, 2 % до 400."""
    days = Counter(
        min(each for each in (0, 7, 60, 400) if late(step) <= each)
        for seed in range(20)
        for step in plan(seed, TIERS["XS"])
        if type(step.command).__name__ == "CompleteDiagnostic"
    )
    total = sum(days.values())

    assert 0.65 < days[0] / total < 0.75
    assert 0.15 < days[7] / total < 0.25
    assert 0.05 < days[60] / total < 0.11
    assert 0.005 < days[400] / total < 0.04


def late(step: Step) -> int:
    """Return how many days passed by the calendar of the region, ten hours ahead."""
    return ((step.at + timedelta(hours=10)).date() - step.command.completed_on).days


def test_carried_out_again_nothing_new_is_said(tmp_path: Path) -> None:
    """§8: повторить план — ничего нового: и исправления узнают своё."""
    made, ends = [], []
    for _ in range(2):
        clock = Clock()
        with opened(Settings(world=tmp_path), clock) as world:
            made.append(carry_out_tier(Stores(world, clock), KNOWN, SEED, "XS"))
            ends.append([store.head() for store in world.stores.values()])

    assert made[0] == made[1]
    assert ends[0] == ends[1]
    assert not made[0].refused


def test_a_tier_is_as_large_as_the_model_says() -> None:
    """§6.1: XS 120, S 500, M 17 тыс.; L и XL складывают из участков."""
    assert [parameters(tier).people for tier in ("XS", "S", "M")] == [120, 500, 17_000]
