"""Point 8: a store is what its log says, also beside the records (contracts §2, §4)."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from click.testing import CliRunner

from metodika.cli import metodika
from metodika.cli.say import EXIT_NO
from metodika.erasure import erase_person
from metodika.verifying import Verified, verified
from shared.kernel.ids import EventId, PersonId, named
from shared.runtime import hearing
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.codec import Meta, decode_meta
from shared.runtime.hearing import learn, retry, skip
from shared.runtime.log import Mark, Record
from shared.runtime.marked import LAST, Last
from shared.runtime.store_sqlite_file import connect, sqlite_path
from shared.runtime.work import Work
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day

type Change = Callable[[Telling], None]
"""Does something behind everybody's back."""

NOBODY = UUID(int=5)
DORA = PersonId(ch.uid("dora"))


def every(told: Telling) -> list[Verified]:
    return verified(told.world.stores, told.world.keys)


def found(told: Telling) -> list[str]:
    """Return all that `metodika verify` finds, each with the store in which it is."""
    return [f"{each.source} {what}" for each in every(told) for what in each.beside]


def behind(told: Telling, service: str, sql: str, *values: Any) -> list[Any]:
    """Do something to the tables of a store behind everybody's back."""
    url = told.world.settings.store(service)
    if path := sqlite_path(url):
        db = connect(path)
        blobs = [each.bytes if isinstance(each, UUID) else each for each in values]
        rows = db.execute(sql.replace("%s", "?"), blobs).fetchall()
        db.close()
    else:
        with psycopg.connect(url) as pg:
            rows = pg.execute(sql.encode(), values).fetchall()
    assert rows, sql
    return rows


# ── Nobody is accused ───────────────────────────────────────────────────────


def test_a_story_that_nobody_touched_is_what_its_logs_say(read_only: Telling) -> None:
    """§1.8: честное хранилище не обвиняют, и всё у него проверено."""
    results = every(read_only)

    assert [each.differs for each in results] == [None] * 5
    assert not any(each.untold for each in results)


def test_nor_is_one_whose_people_were_corrected_withdrawn_and_erased(told: Telling) -> None:
    """§1.8: исправления, отзывы и уничтожение данных меняют ключи по правилам."""
    engine = told.world.engines["registry"]
    (said, *_) = engine.known().thing(ch.ANNA).history
    for number in ("213-333-332 08", "214-444-443 36"):  # each time the first is named
        anew = Correct(event_id=said.event_id, fact=replace(said.fact, snils=number))
        assert told.ask("registry", anew).status == "accepted"
    for service, name in (("routes", "ProgramCompleted"), ("registry", "ProgramListed")):
        withdrawn_on = day("01.06.2022")
        for each in told.of(service, name):
            gone = Withdraw(event_id=EventId(each), reason="ошибка", withdrawn_on=withdrawn_on)
            told.ask(service, gone)
    corrected = found(told)
    for who in (ch.ANNA, ch.BORIS):
        erase_person(told.world, who, reason="отзыв", act_no="1", on=day("01.06.2022"))
    told.settle()

    assert (corrected, found(told)) == ([], [])


def test_nor_is_one_that_heard_everything_again(told: Telling) -> None:
    """§1.8: отметка отступила, всё услышано снова (contracts §4)."""
    for store in told.world.stores.values():
        for source, mark in store.marks().items():
            store.adopt(Mark(source, mark.epoch, 0))
    before = found(told)
    told.settle()

    assert (before, found(told)) == ([], [])


@pytest.mark.parametrize("told", ["embedded"], indirect=True)  # a file of it is restored
def test_nor_is_one_whose_neighbour_lost_its_tail_once_it_was_adopted(told: Telling) -> None:
    """§1.8: восстановленный из копии сосед: отметка за концом названа, принятая — нет."""
    path = told.world.settings.world / "registry.sqlite"
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(":memory:")) as copy:
        db.backup(copy)
        told.tell("registry", ch.registered(DORA, "213-333-332 08", "01.01.1990"))
        told.tell("registry", ch.employed(DORA, ch.SCHOOL, "01.09.2021"))
        told.settle()
        copy.backup(db)
    registry = told.world.stores["registry"]
    branch = registry.new_epoch(registry.head().epoch)
    before = found(told)
    for name, store in told.world.stores.items():
        if name != "registry":
            store.adopt(Mark("registry@0", branch.epoch, branch.branched_at))

    assert sum("marks registry@0" in each and "had ended" in each for each in before) == 4
    assert found(told) == []


@pytest.fixture
def aside(told: Telling, monkeypatch: pytest.MonkeyPatch) -> Telling:
    """Give a world in which mentoring has parked a job, and what follows of its stream."""
    with monkeypatch.context() as patched:
        patched.setattr(hearing, "learn", _fails)
        told.tell("registry", ch.registered(DORA, "213-333-332 08", "01.01.1990"))
        told.tell("registry", ch.employed(DORA, ch.SCHOOL, "01.09.2021"))
        told.settle()
    assert told.world.stores["mentoring"].parked()
    return told


def _fails(work: Work, record: Record) -> tuple[Any, Meta, Any | None]:
    if record.name == "registry.EmploymentStarted":
        raise TypeError
    return learn(work, record)


def test_nor_is_one_that_parked_retried_and_skipped(aside: Telling) -> None:
    """§1.8: отложенное, повторенное и отпущенное не в счёт (contracts §4)."""
    engine = aside.world.engines["mentoring"]
    parked = found(aside)
    skip(engine, engine.store.parked()[0], by="petrova", reason="проверка")
    skipped = found(aside)
    for each in engine.store.parked():
        retry(engine, each)
    for each in aside.world.stores["routes"].parked():
        retry(aside.world.engines["routes"], each)

    assert engine.store.parked() == []
    assert (parked, skipped, found(aside)) == ([], [], [])


# ── Answers ─────────────────────────────────────────────────────────────────


def one(told: Telling, service: str = "registry", n: int = 0) -> tuple[UUID, dict[str, Any]]:
    """Return a command that was accepted, and its answer."""
    record = told.world.stores[service].read(n, 1)[0]
    command_id = decode_meta(record.meta).command_id
    kept = told.world.stores[service].answers([command_id])[command_id]
    return command_id, msgspec.json.decode(kept.outcome)


def otherwise(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Change:
    """Change the answer to the first command, in the light of that to the second."""

    def change_it(told: Telling) -> None:
        command_id, said = one(told)
        _, other = one(told, n=1)
        change(said, other)
        sql = "UPDATE commands SET outcome = %s WHERE command_id = %s RETURNING 1"
        behind(told, "registry", sql, msgspec.json.encode(said), command_id)

    return change_it


def sql(service: str, text: str, *values: Any) -> Change:
    def change_it(told: Telling) -> None:
        behind(told, service, text + " RETURNING 1", *values)

    return change_it


def a_lost_answer(told: Telling) -> None:
    sql("registry", "DELETE FROM commands WHERE command_id = %s", one(told)[0])(told)


def an_answer_twice(told: Telling) -> None:
    copied = "SELECT %s, body_hmac, outcome, position FROM commands WHERE command_id = %s"
    sql("registry", f"INSERT INTO commands {copied}", NOBODY, one(told)[0])(told)


ANSWERS: dict[str, tuple[Change, str]] = {
    "lost": (a_lost_answer, "is in no answer"),
    "twice": (an_answer_twice, f"commands {NOBODY}: event "),
    "another's fact": (
        otherwise(lambda said, other: said.update(event_ids=other["event_ids"])),
        "said by command",
    ),
    "no such fact": (
        otherwise(lambda said, _: said.update(event_ids=[str(NOBODY)])),
        f"event {NOBODY}: not in the log",
    ),
    "the same fact twice": (
        otherwise(lambda said, _: said.update(event_ids=said["event_ids"] * 2)),
        "out of its order",
    ),
    "another thing": (
        otherwise(lambda said, _: said.update(stream=str(NOBODY))),
        f"not of {NOBODY}",
    ),
    "a later version": (
        otherwise(lambda said, _: said.update(version=said["version"] + 5)),
        "version 6",
    ),
    "an earlier version": (otherwise(lambda said, _: said.update(version=0)), "version 0"),
    "refused, with a fact": (
        otherwise(lambda said, _: said.update(status="refused")),
        "its clause or reason says otherwise",
    ),
    "unchanged, with a fact": (
        otherwise(lambda said, _: said.update(status="unchanged")),
        "unchanged with 1 facts",
    ),
    "no fact": (
        otherwise(lambda said, _: said.update(status="unchanged", event_ids=[])),
        "is in no answer",
    ),
    "no answer at all": (
        sql("registry", "UPDATE commands SET outcome = %s", b"{}"),
        "unreadable: ValidationError",
    ),
    "after the end": (sql("registry", "UPDATE commands SET position = 5000"), "position 5000"),
    "before its fact": (sql("routes", "UPDATE commands SET position = 0"), "out of its order"),
    "no HMAC": (sql("registry", "UPDATE commands SET body_hmac = %s", b""), "unreadable"),
}

# ── Keys, marks, what is kept and what was put aside ────────────────────────


def a_mark_ahead(told: Telling) -> None:
    """More is said and not heard; the mark goes on without."""
    told.tell("registry", ch.registered(DORA, "213-333-332 08", "01.01.1990"))
    sql("mentoring", "UPDATE marks SET position = position + 1 WHERE source = 'registry@0'")(
        told
    )


def a_mark_with_its_memory(told: Telling) -> None:
    """Whoever knows that it is remembered moves that too."""
    told.tell("registry", ch.registered(DORA, "213-333-332 08", "01.01.1990"))
    told.tell("registry", ch.employed(DORA, ch.SCHOOL, "01.09.2021"))
    (*_, last) = told.world.stores["registry"].walk()
    said = msgspec.json.encode(Last(last.position, last.event_id))
    where = "WHERE kind = %s AND about = %s"
    moved = f"UPDATE known SET history = %s {where}"
    sql("mentoring", moved, said, LAST, named("heard", "registry@0"))(told)
    moved = "UPDATE marks SET position = %s WHERE source = 'registry@0'"
    sql("mentoring", moved, last.position)(told)


def another_heard_last(told: Telling) -> None:
    mark = told.world.stores["mentoring"].marks()["registry@0"]
    said = msgspec.json.encode(Last(mark.position, NOBODY))
    where = "WHERE kind = %s AND about = %s"
    moved = f"UPDATE known SET history = %s {where}"
    sql("mentoring", moved, said, LAST, named("heard", "registry@0"))(told)


def a_changed_history(told: Telling) -> None:
    asked = "SELECT about, history FROM known WHERE kind = 'home'"
    about, history = behind(told, "mentoring", asked)[0]
    other = bytes(history).replace(b'"is_main":true', b'"is_main":false')
    moved = "UPDATE known SET history = %s WHERE kind = 'home' AND about = %s"
    sql("mentoring", moved, other, about)(told)


BESIDE: dict[str, tuple[Change, str]] = {
    "a lost key": (
        sql("registry", "DELETE FROM claims WHERE kind = 'snils'"),
        "held by nobody; event ",
    ),
    "a lost document": (
        sql("routes", "DELETE FROM claims"),
        "routes@0 claims document/",
    ),
    "another holder": (sql("registry", "UPDATE claims SET holder = %s", NOBODY), "gave it to"),
    "a key more": (
        sql("mentoring", "INSERT INTO claims VALUES ('attached', %s, %s)", b"key", NOBODY),
        f"claims attached/6b6579: held by {NOBODY}, and no fact claims it",
    ),
    "a mark ahead": (a_mark_ahead, "mentoring@0 marks registry@0: says "),
    "a mark ahead, remembered": (a_mark_with_its_memory, "lacks event "),
    "a mark beyond the end": (
        sql("routes", "UPDATE marks SET position = 5000"),
        "says 5000, and the log ends at",
    ),
    "a mark of no epoch": (
        sql("routes", "UPDATE marks SET epoch = %s", NOBODY),
        "of an epoch that registry@0 never had",
    ),
    "a reader beyond the end": (
        sql("registry", "INSERT INTO readers VALUES ('another', 5000)"),
        "registry@0 readers another: says 5000, and the log ends at",
    ),
    "no mark": (sql("routes", "DELETE FROM marks"), "none, and it was heard to"),
    "another heard last": (another_heard_last, f"event {NOBODY} was heard at"),
    "a lost history": (
        sql("mentoring", "DELETE FROM known WHERE kind = 'home'"),
        "lacks event ",
    ),
    "an empty history": (
        sql("mentoring", "UPDATE known SET history = %s WHERE kind = 'home'", b"[]"),
        "lacks event ",
    ),
    "a changed history": (a_changed_history, "mentoring@0 known home "),
    "a history of nobody": (
        sql(
            "mentoring",
            "INSERT INTO known VALUES ('home', %s, %s)",
            NOBODY,
            f'[["{NOBODY}",null,"registry.EmploymentEnded",1,{{}}]]'.encode(),
        ),
        f"has event {NOBODY}",
    ),
}


@pytest.mark.parametrize("change", [*ANSWERS, *BESIDE])
def test_what_was_changed_by_hand_is_named(told: Telling, change: str) -> None:
    """§1.8: изменённое мимо журнала найдено и названо, в обоих хранилищах."""
    change_it, said = (ANSWERS | BESIDE)[change]
    change_it(told)

    assert any(said in each for each in found(told)), found(told)


ASIDE: dict[str, tuple[Change, str]] = {
    "other bytes": (
        sql("mentoring", "UPDATE parked SET wire = %s", b"{}"),
        "wire: Object missing required field",
    ),
    "another place": (
        sql("mentoring", "UPDATE parked SET position = position + 900"),
        "its bytes are event ",
    ),
    "another name": (sql("mentoring", "UPDATE parked SET name = 'x'"), "its bytes are event "),
    "no attempt": (sql("mentoring", "UPDATE parked SET attempts = 0"), "after 0 attempts"),
    "no more": (sql("mentoring", "DELETE FROM parked"), "lacks event "),
}


@pytest.mark.parametrize("change", ASIDE)
def test_what_was_changed_of_the_parked_is_named(aside: Telling, change: str) -> None:
    """§1.8: и отложенное: его байты — те, что в журнале соседа (contracts §4)."""
    change_it, said = ASIDE[change]
    change_it(aside)

    assert any(said in each for each in found(aside)), found(aside)


def test_a_parked_fact_that_its_log_does_not_say_is_named(aside: Telling) -> None:
    """§1.8: и подменённое целиком, вместе со строкой (contracts §4)."""
    store = aside.world.stores["mentoring"]
    (first, *_) = store.parked()
    other = first.wire.replace(b'"is_main":true', b'"is_main":false')
    where = "WHERE source = %s AND position = %s"
    change = sql(
        "mentoring", f"UPDATE parked SET wire = %s {where}", other, first.source, first.position
    )
    change(aside)
    (parked,) = found(aside)
    skip(aside.world.engines["mentoring"], first, by="petrova", reason="проверка")
    sql("mentoring", "UPDATE skipped SET name = 'x'")(aside)

    assert parked.endswith("its bytes are others")
    assert any("mentoring@0 skipped registry@0" in each for each in found(aside))


def test_who_has_no_keys_is_told_what_was_not_looked_at(told: Telling) -> None:
    """§1.8: без ключей занятое не проверить, и так и сказано (contracts §6)."""
    untold = {each.source: each.untold for each in verified(told.world.stores, None)}
    alone = verified({"routes": told.world.stores["routes"]}, told.world.keys)

    assert untold["registry@0"] == ["claims: the keys are not at hand"]
    assert untold["mentoring@0"] == []
    assert [each.differs for each in alone] == [None]
    assert alone[0].untold[-1] == "what is kept of registry@0: its log is not at hand"


@pytest.mark.parametrize("told", ["embedded"], indirect=True)
def test_the_command_line_names_each_row(told: Telling) -> None:
    """§1.8: `metodika verify` называет строку и событие; программе — то же (contracts §2)."""
    folder = str(told.world.settings.world)
    sql("registry", "DELETE FROM claims WHERE kind = 'snils'")(told)
    sql("routes", "DELETE FROM marks")(told)
    plain = CliRunner().invoke(metodika, ["verify", "--world", folder])
    as_json = CliRunner().invoke(metodika, ["verify", "--world", folder, "--json"])
    read = {each["source"]: each for each in msgspec.json.decode(as_json.stdout)}

    assert (plain.exit_code, as_json.exit_code) == (EXIT_NO, EXIT_NO)
    assert "registry@0: claims snils/" in plain.stderr
    assert "routes@0: marks registry@0: none" in plain.stderr
    assert read["registry@0"]["differs"] == read["registry@0"]["beside"][0]
    assert read["mentoring@0"]["differs"] is None


REAL = [pytest.param("real", marks=pytest.mark.infra)]


@pytest.mark.parametrize("told", REAL, indirect=True)
def test_a_service_of_a_cluster_verifies_its_own_store(
    told: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """§1.8: в кластере соседних журналов под рукой нет; своё проверено, о прочем сказано."""
    world = told.world.settings
    master = (world.world / "master.key").read_text()
    said = {"SERVICE": "routes", "STORE_URL": world.store("routes"), "KEYS_URL": world.keys}
    said |= {"MASTER_KEY": master, "WORLD": str(world.world / "routes")}
    said |= {"OIDC_ISSUERS": '[{"issuer": "urn:x", "audience": "metodika", "jwks": "x"}]'}
    for name, value in said.items():
        monkeypatch.setenv(f"METODIKA_{name}", value)
    sound = CliRunner().invoke(metodika, ["verify"])
    sql("routes", "DELETE FROM claims")(told)
    wrong = CliRunner().invoke(metodika, ["verify"])

    assert sound.exit_code == 0, sound.output
    assert "routes@0: not looked at: what is kept of registry@0" in sound.stderr
    assert wrong.exit_code == EXIT_NO
    assert "routes@0: claims document/" in wrong.stderr
