"""Many transactions in turn: each row once, whoever else writes meanwhile."""

import gc
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.registry.domain import CloseOrganisation, RegisterTeacher
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.runtime import bulk
from shared.runtime.asking import Asked
from shared.runtime.bulk import Line, Report
from shared.runtime.engine import Engine
from tests.runtime.school import DAY, EMPLOYED, LAND, SCHOOL, TEACHER, names

PEOPLE = 20
ID, ME = UUID(int=77), UUID(int=78)
CLOSED = CloseOrganisation(org_id=SCHOOL, reason="закрыта", closed_on=DAY)


def said(engine: Engine, command: object) -> None:
    assert engine.ask(Asked(command=command, command_id=uuid4(), actor="other")).position


def person(n: int) -> PersonId:
    return PersonId(UUID(int=1000 + n))


def snils(n: int) -> str:
    return f"{n:011}"  # so early a number has no checksum


def lines() -> list[Line]:
    """Return a roster: everybody is registered, then everybody is employed."""
    people = [
        replace(TEACHER, person_id=person(n), snils=snils(n)) for n in range(1, PEOPLE + 1)
    ]
    jobs = [
        replace(EMPLOYED, person_id=person(n), employment_id=EmploymentId(UUID(int=n)))
        for n in range(1, PEOPLE + 1)
    ]
    return [
        Line(file="f.csv", line=n, commands=(each,)) for n, each in enumerate([*people, *jobs])
    ]


def take(
    engine: Engine,
    rows: list[Line],
    monkeypatch: pytest.MonkeyPatch,
    progress: Callable[[int], None] = lambda _: None,
    *,
    is_new: bool = False,
) -> Report:
    """Take them three in a transaction; what is to come is read for eight of these."""
    monkeypatch.setattr(bulk, "COMMANDS", 3)
    return bulk.take(
        engine,
        rows,
        Report(import_id=ID),
        actor="import:test",
        is_new=is_new,
        begin=(RegisterTeacher,) if is_new else (),
        progress=progress,
    )


def test_what_one_transaction_said_the_next_ones_know(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §7: каждая годная строка берётся ровно один раз."""
    report = take(engine, lines(), monkeypatch)
    again = take(engine, lines(), monkeypatch)

    assert (report.accepted, report.faults) == (2 * PEOPLE, [])
    assert (again.accepted, again.unchanged, again.facts) == (0, 2 * PEOPLE, 0)
    assert names(engine.store).count("EmploymentStarted") == PEOPLE


def test_two_rows_in_the_same_words_are_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §7: каждая годная строка берётся ровно один раз."""
    twice = [each for each in lines() for _ in range(2)]

    report = take(engine, twice, monkeypatch)

    assert (report.accepted, report.unchanged) == (2 * PEOPLE, 2 * PEOPLE)
    assert report.faults == []


def test_what_is_taken_for_new_and_is_not_is_found_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §4: кого внесли, пока файл читали, тот не новый, и внесён он один раз."""
    said(engine, replace(TEACHER, person_id=person(3), snils=snils(3)))

    report = take(engine, lines(), monkeypatch, is_new=True)
    again = take(engine, lines(), monkeypatch, is_new=True)

    assert (report.accepted, report.unchanged, report.faults) == (2 * PEOPLE - 1, 1, [])
    assert (again.facts, again.unchanged, again.faults) == (0, 2 * PEOPLE, [])
    assert names(engine.store).count("TeacherRegistered") == PEOPLE


def test_whoever_else_writes_is_seen(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """S1 5.5: СНИЛС принадлежит одному человеку, кто бы ни успел первым."""
    another = replace(TEACHER, person_id=person(500), snils=snils(10))
    same = [replace(TEACHER, person_id=person(n), snils=snils(n)) for n in (5, 14)]
    others = iter((another, *same))

    def meanwhile(_: int) -> None:  # while the second transaction is under way
        for one in others:
            said(engine, one)

    report = take(engine, lines(), monkeypatch, meanwhile)

    refused = {(line, fault.clause) for _, line, fault in report.faults}
    assert refused == {(9, "S1 5.5"), (PEOPLE + 9, "S0 I")}
    assert report.unchanged == 2
    assert names(engine.store).count("TeacherRegistered") == PEOPLE


def test_what_somebody_else_closes_is_closed_for_the_rest(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0 I: организация закрыта, пока идёт приём, — в неё больше не принимают."""
    answered = 0

    def meanwhile(commands: int) -> None:
        nonlocal answered
        answered += commands
        if answered == PEOPLE + 10:  # when the school is known by heart
            said(engine, CLOSED)

    report = take(engine, lines(), monkeypatch, meanwhile)
    refused = {line for _, line, fault in report.faults if fault.clause == "S0 I"}

    assert refused == {*range(PEOPLE + 10, 2 * PEOPLE)}


def test_what_is_closed_while_the_first_is_decided_is_closed_for_the_rest(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0 I: прочитанное до первой записи — тоже не навсегда."""
    take(engine, lines()[:PEOPLE], monkeypatch)
    closing = iter([CLOSED])

    def meanwhile(_: object) -> bool:
        for one in closing:
            said(engine, one)
        return True

    rows = lines()[PEOPLE:]
    report = bulk.take(engine, rows, Report(import_id=ME), actor="x", may=meanwhile)

    assert [line for _, line, _ in report.faults] == [*range(PEOPLE, 2 * PEOPLE)]


def test_what_one_transaction_says_the_next_one_goes_on_from(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §7: чьи строки попали в две соседние транзакции, того приняли целиком."""
    everybody = lines()
    by_person = [
        each
        for pair in zip(everybody[:PEOPLE], everybody[PEOPLE:], strict=True)
        for each in pair
    ]

    report = take(engine, by_person, monkeypatch)

    assert (report.accepted, report.faults) == (2 * PEOPLE, [])


def test_what_is_not_the_senders_keeps_no_other_row_from_being_taken(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §7: чужая строка — ошибка строки (S0 V); остальные берут, её — после."""
    take(engine, lines()[:PEOPLE], monkeypatch)
    asked = iter(range(PEOPLE))
    rows, one = lines()[PEOPLE:], Report(import_id=ME)
    one = bulk.take(engine, rows, one, actor="x", may=lambda _: next(asked) % 5 != 3)
    rest = bulk.take(engine, rows, Report(import_id=ME), actor="x", may=lambda _: True)

    assert [(line, fault.clause) for _, line, fault in one.faults] == [
        (PEOPLE + n, "S0 V") for n in (3, 8, 13, 18)
    ]
    assert (one.accepted, rest.accepted, rest.unchanged) == (16, 4, 16)


def test_what_is_not_the_senders_is_not_when_it_is_decided_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0 V, contracts §7: другой записал раньше: о праве спрашивают и со второго раза."""
    theirs = replace(LAND[-1], org_id=OrgId(UUID(int=9)), oktmo=None)
    said(engine, theirs)
    take(engine, lines()[:PEOPLE], monkeypatch)
    rows = lines()[PEOPLE:]
    [own] = rows[5].commands
    foreign = replace(own, org_id=OrgId(UUID(int=9)))
    rows[5] = Line(file="f.csv", line=PEOPLE + 5, commands=(foreign,))
    others = iter(each.commands[0] for each in rows[3:4])

    def meanwhile(_: int) -> None:  # while the second transaction, of rows 3 to 5, is decided
        for one in others:
            said(engine, one)

    report = bulk.take(
        engine,
        rows,
        Report(import_id=ME),
        actor="x",
        may=lambda place: (place or "").startswith("25/05701000"),
        progress=meanwhile,
    )

    assert [(line, fault.clause) for _, line, fault in report.faults] == [(PEOPLE + 5, "S0 V")]
    assert report.unchanged == 1


def test_the_collector_is_at_work_again_after_an_import(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends an import, cycles are collected again."""

    def fails(_: object) -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        bulk.take(engine, lines(), Report(import_id=ME), actor="x", may=fails)
    after_a_refusal = gc.isenabled()
    take(engine, lines(), monkeypatch)

    assert after_a_refusal
    assert gc.isenabled()
