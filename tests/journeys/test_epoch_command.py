"""`metodika epoch` as an operator types it, after a log was put back from an older copy."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.say import EXIT_NO, EXIT_USAGE
from metodika.generate import Clock
from metodika.homes import views_of
from metodika.services import NAMES
from metodika.world import World, opened
from shared.kernel.ids import PersonId
from shared.runtime.codec import wire
from shared.runtime.ears_near import NeighbourEars
from shared.runtime.follow import Follower
from shared.runtime.hearing import hear
from shared.runtime.settings import WrongSettings
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, settings_of

LATER, DAY = datetime(2022, 12, 1, 9, tzinfo=UTC), timedelta(days=1)
WHY = ("--reason", "диск отказал, копия от 20.05.2022", "--by", "petrova")
YOUNG, OTHER, THIRD = (PersonId(ch.uid(name)) for name in ("yana", "olga", "zoya"))
BORN = ("206-666-666 85", "09.07.1999")
SNILS = {YOUNG: "205-555-555 57", OTHER: "206-666-666 85", THIRD: "207-777-777 12"}
HEARERS = ["diagnostics", "routes", "mentoring", "monitoring", "ledger"]


@pytest.fixture
def folder(told_folder: Path, tmp_path: Path) -> Path:
    """Give a world in which a young teacher came after a copy of the registry was made."""
    folder = Path(shutil.copytree(told_folder, tmp_path / "world"))
    shutil.copytree(told_folder, tmp_path / "copy")
    hired(folder, YOUNG)
    settled(folder)
    return folder


@pytest.fixture
def restored(folder: Path) -> Path:
    """Give it after the copy of the registry was put back."""
    return put_back(folder)


def hired(folder: Path, *people: PersonId) -> None:
    """Say in the registry that somebody young teaches; nobody hears of it yet."""
    with opened(settings_of(folder), Clock(LATER)) as world:
        for who in people:
            registered = ch.registered(who, SNILS[who], "09.07.1999")
            employed = ch.employed(who, ch.SCHOOL, "01.09.2022")
            Telling(world, Clock(LATER)).tell("registry", registered, employed)


def settled(folder: Path) -> None:
    """Let everybody hear everybody."""
    with opened(settings_of(folder), Clock(LATER)) as world:
        world.settle()


def put_back(folder: Path) -> Path:
    """Put the older copy of the registry's file in its place."""
    for each in folder.glob("registry.sqlite*"):
        each.unlink()
    for older in (folder.parent / "copy").glob("registry.sqlite*"):
        shutil.copy(older, folder / older.name)
    return folder


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(metodika, [*words, "--world", str(folder)])


def read(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.stdout)


def value(folder: Path, kpi: str) -> Any:
    """Return a number whose members depend on who is young and teaches."""
    asked = ("kpi", "value", kpi, "--scope", "25", "--as-of", "2022-12-31", "--json")
    found = read(run(folder, *asked))
    return found["num"], found["den"]


def pairs(folder: Path) -> list[str]:
    """Return for whom mentoring proposed a mentor."""
    said = read(run(folder, "events", "--service", "mentoring", "--json", "--limit", "1000"))
    name = "mentoring.MentorshipPairProposed"
    return [each["data"]["mentee_id"] for each in said if each["name"] == name]


# ── The whole way ───────────────────────────────────────────────────────────


def test_a_log_is_put_back_and_everything_goes_on(restored: Path) -> None:
    """Reliability 21: named, begun anew, adopted; numbers equal a rebuild from the logs."""
    named = run(restored, "status")
    gone = read(run(restored, "epoch", "lost", "--json"))
    early = run(restored, "epoch", "adopt", *WHY)
    new = read(run(restored, "epoch", "new", "registry", *WHY, "--json"))
    hired(restored, OTHER, THIRD)
    stopped = run(restored, "status")
    looked = read(run(restored, "epoch", "adopt", *WHY, "--dry-run", "--json"))
    done = read(run(restored, "epoch", "adopt", *WHY, "--json"))
    after = run(restored, "status")
    settled(restored)

    assert (named.exit_code, "metodika epoch" in named.stderr) == (EXIT_NO, True)
    assert "registry.EmploymentStarted" in [each["name"] for each in gone["lost"]]
    assert {str(YOUNG)} <= {each["said"].get("person_id") for each in gone["lost"]}
    assert [each["name"] for each in gone["because"]] == ["mentoring.MentorshipPairProposed"]
    assert (early.exit_code, "metodika epoch new first" in early.stderr) == (EXIT_NO, True)
    assert new["stopped"] == HEARERS
    assert stopped.exit_code == EXIT_NO
    assert looked == done
    assert [each["hearer"] for each in done] == HEARERS
    assert {each["common"] for each in done} == {new["after"]}
    assert [each["because"] for each in done] == [0, 0, 1, 0, 0]
    assert after.exit_code == 0, after.output

    assert run(restored, "status").exit_code == 0
    left = read(run(restored, "epoch", "lost", "--json"))
    assert left == {"lost": [], "because": gone["because"]}
    assert {str(OTHER), str(THIRD), str(YOUNG)} <= {*pairs(restored)}
    equal = run(restored, "replay", "--as-of", "2022-12-31")
    assert (equal.exit_code, "NOT EQUAL" in equal.output) == (0, False), equal.output
    assert run(restored, "verify").exit_code == 0


def test_what_is_lost_is_known_to_nobody_any_more(folder: Path) -> None:
    """contracts §4, §5: и витрина, и заимствованное, и документы — функция журналов."""
    with_her = value(folder, "K-F4")
    assert run(folder, "replay").exit_code == 0
    assert asyncio.run(document(folder, YOUNG))
    put_back(folder)
    run(folder, "epoch", "new", "registry", *WHY)
    run(folder, "epoch", "adopt", *WHY)
    without = value(folder, "K-F4")
    now = asyncio.run(document(folder, YOUNG))

    assert with_her[1] == without[1] + 1
    assert now is None
    for name in NAMES:
        with opened(settings_of(folder)) as world:
            assert not mentioned(world, name, YOUNG), name


async def document(folder: Path, who: PersonId) -> object:
    """Return the registry's document about somebody; None if there is none."""
    views = views_of(settings_of(folder), "registry")
    found = await views.get("registry.teachers", str(who))
    await views.close()
    return found


def mentioned(world: World, name: str, who: PersonId) -> bool:
    """Say whether a service keeps anything about somebody of what it heard."""
    engine = world.engines[name]
    asked = [(kind, who) for kind in engine.keeps]
    return any(each != b"[]" for each in world.stores[name].known(asked).values())


# ── Step by step ────────────────────────────────────────────────────────────


def state(folder: Path) -> Any:
    """Return all that a dry look must leave as it is."""
    with opened(settings_of(folder)) as world:
        stores = world.stores.values()
        marks = [sorted(map(str, each.marks().values())) for each in stores]
        return marks, [each.epochs() for each in stores], world.ledger.generation


@pytest.mark.parametrize("step", [("new", "registry"), ("adopt",)])
def test_a_dry_look_touches_nothing(restored: Path, step: tuple[str, ...]) -> None:
    """Reliability 21: сначала видно, что будет затронуто."""
    if step == ("adopt",):
        run(restored, "epoch", "new", "registry", *WHY)
    before = state(restored)
    looked = run(restored, "epoch", *step, *WHY, "--dry-run")

    assert (looked.exit_code, "would" in looked.output.lower()) == (0, True), looked.output
    assert state(restored) == before


def test_who_began_and_who_adopted_is_kept_with_the_reason(restored: Path) -> None:
    """contracts §2: эпоха объявлена: кто, когда, почему."""
    run(restored, "epoch", "new", "registry", *WHY)
    run(restored, "epoch", "adopt", *WHY)
    listed = read(run(restored, "epoch", "list", "--json"))
    first, second = [each for each in listed if each["log"] == "registry@0"]

    assert (first["by"], first["parent"], second["parent"]) == (None, None, first["epoch"])
    assert (second["by"], second["reason"]) == (WHY[3], WHY[1])
    assert [each["hearer"] for each in second["adopted"]] == HEARERS[:-1]
    assert {each["by"] for each in second["adopted"]} == {"petrova"}
    assert "petrova" in run(restored, "epoch", "list").stdout


@pytest.mark.parametrize("said", [("--reason", " "), ("--reason", "x", "--by", "")])
@pytest.mark.parametrize("step", [("new", "registry"), ("adopt",)])
def test_without_a_reason_or_a_name_nothing_is_done(
    restored: Path, step: tuple[str, ...], said: tuple[str, ...]
) -> None:
    """contracts §2: без основания и подписи новой эпохи нет."""
    before = state(restored)

    assert run(restored, "epoch", *step, *said).exit_code == EXIT_USAGE
    assert state(restored) == before


def test_where_nothing_is_lost_nobody_has_anything_to_adopt(folder: Path) -> None:
    """Reliability 21: целый журнал ничего не требует."""
    before = state(folder)
    done = run(folder, "epoch", "adopt", *WHY)

    assert (done.exit_code, "nobody heard" in done.stdout) == (0, True)
    assert read(run(folder, "epoch", "lost", "--json")) == {"lost": [], "because": []}
    assert state(folder) == before


def test_who_heard_nothing_of_what_is_lost_follows_by_itself(folder: Path) -> None:
    """contracts §2: объявленная эпоха не останавливает того, кто ничего лишнего не слышал."""
    run(folder, "epoch", "new", "registry", *WHY)
    run(folder, "epoch", "new", "registry", *WHY)
    assert run(folder, "status").exit_code == 0
    hired(folder, OTHER)
    with opened(settings_of(folder), Clock(LATER)) as world:
        log, own = world.stores["registry"], world.stores["mentoring"]
        ears = NeighbourEars(partial(hear, world.engines["mentoring"]), own, [log], who="m")
        asyncio.run(ears.catch_up())
        ledger = world.ledger
        follower = Follower(ledger.ingest, ledger.positions, event_at=ledger.event_at)
        asyncio.run(follower.catch_up([log]))
        world.settle()
        head = log.head()

        assert own.marks()["registry@0"].epoch == head.epoch
        assert world.ledger.positions()["registry@0"] == (head.epoch, head.position)
    assert str(OTHER) in pairs(folder)
    assert run(folder, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_an_epoch_in_which_nothing_was_said_lags_nowhere(folder: Path) -> None:
    """contracts §3: журнал полон и в эпохе, в которой ещё ничего не сказано."""
    run(folder, "epoch", "new", "registry", *WHY)
    with opened(settings_of(folder), Clock(LATER + DAY)) as world:
        world.settle()

        assert world.ledger.vector_at(LATER + DAY).lagging == ()


@pytest.mark.parametrize("more", [(OTHER,), (OTHER, THIRD)], ids=["as long", "longer"])
def test_what_was_written_on_before_the_new_epoch_is_heard_too(
    restored: Path, more: tuple[PersonId, ...]
) -> None:
    """contracts §2: возвращаются к общему, а не к началу эпохи."""
    hired(restored, *more)
    new = read(run(restored, "epoch", "new", "registry", *WHY, "--json"))
    done = read(run(restored, "epoch", "adopt", *WHY, "--json"))
    settled(restored)

    assert {each["again"] for each in done} == {3 * len(more)}
    assert {each["common"] for each in done} == {new["after"] - 3 * len(more)}
    assert {str(each) for each in more} <= {*pairs(restored)}
    assert run(restored, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_a_log_of_which_nothing_is_left_is_heard_from_its_beginning(
    empty_folder: Path, folder: Path
) -> None:
    """Reliability 21: и пустая копия — копия."""
    for each in folder.glob("registry.sqlite*"):
        each.unlink()
    shutil.copy(empty_folder / "registry.sqlite", folder / "registry.sqlite")
    run(folder, "epoch", "new", "registry", *WHY)
    done = read(run(folder, "epoch", "adopt", *WHY, "--json"))

    assert {each["common"] for each in done} == {0}
    assert [each["hearer"] for each in done] == HEARERS
    assert run(folder, "status").exit_code == 0
    with opened(settings_of(folder), Clock(LATER)) as world:
        ch.places(Telling(world, Clock(LATER)))
        world.settle()
    assert run(folder, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_two_logs_that_were_put_back_are_adopted_at_once(
    empty_folder: Path, restored: Path
) -> None:
    """Reliability 21: витрина уходит последней: она знает, что потеряно."""
    for each in restored.glob("diagnostics.sqlite*"):
        each.unlink()
    shutil.copy(empty_folder / "diagnostics.sqlite", restored / "diagnostics.sqlite")
    run(restored, "epoch", "new", "registry", *WHY)
    early = run(restored, "epoch", "adopt", *WHY)
    run(restored, "epoch", "new", "diagnostics", *WHY)
    done = read(run(restored, "epoch", "adopt", *WHY, "--json"))

    assert (early.exit_code, "diagnostics@0: metodika epoch new" in early.stderr) == (1, True)
    assert {each["log"] for each in done} == {"registry@0", "diagnostics@0"}
    assert {(e["log"], e["common"]) for e in done if e["hearer"] == "routes"} == {
        (e["log"], e["common"]) for e in done if e["hearer"] == "ledger"
    }
    assert run(restored, "status").exit_code == 0
    assert run(restored, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_a_copy_of_before_the_last_epoch_needs_another_one(restored: Path) -> None:
    """contracts §2: у одной эпохи одно прошлое и одно будущее."""
    run(restored, "epoch", "new", "registry", *WHY)
    run(restored, "epoch", "adopt", *WHY)
    shutil.rmtree(restored.parent / "copy")
    shutil.copytree(restored, restored.parent / "copy")
    hired(restored, OTHER)
    settled(restored)
    put_back(restored)
    early = run(restored, "epoch", "adopt", *WHY)
    run(restored, "epoch", "new", "registry", *WHY)
    done = run(restored, "epoch", "adopt", *WHY)

    assert (early.exit_code, done.exit_code) == (EXIT_NO, 0), early.output
    assert run(restored, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_what_ended_half_way_is_gone_on_with(
    restored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability 21: прерванное можно повторить."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    run(restored, "epoch", "new", "registry", *WHY)
    with monkeypatch.context() as patch:
        patch.setattr("shared.runtime.columns.Ledger.rebuild", killed)
        run(restored, "epoch", "adopt", *WHY)
    half = run(restored, "status")
    again = read(run(restored, "epoch", "adopt", *WHY, "--json"))

    assert "is not as ledger heard it" in half.stderr
    assert [each["hearer"] for each in again] == ["ledger"]
    assert run(restored, "replay", "--as-of", "2022-12-31").exit_code == 0


def test_what_is_lost_is_not_tried_again(folder: Path) -> None:
    """contracts §4: отложенный факт, которого нет ни в одном журнале, не действует."""
    with opened(settings_of(folder), Clock(LATER)) as world:
        Telling(world, Clock(LATER)).tell("registry", ch.registered(OTHER, *BORN))
        log = world.stores["registry"]
        sent = [wire(each) for each in log.walk()]
        sent[-1] = sent[-1].replace(b'"person_id"', b'"someone_id"')
        hear(world.engines["mentoring"], "registry@0", sent)
        assert world.stores["mentoring"].parked()
        world.follow()
    put_back(folder)
    run(folder, "epoch", "new", "registry", *WHY)
    done = read(run(folder, "epoch", "adopt", *WHY, "--json"))

    assert [each["parked"] for each in done] == [0, 0, 1, 0, 0]
    assert read(run(folder, "parked", "list", "--json")) == []


def test_in_a_cluster_it_needs_kafka_where_the_other_logs_are(
    restored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability 21: чужие журналы команда читает из Kafka (test_restored_cluster)."""
    monkeypatch.setattr("shared.runtime.settings.Settings.embedded", False)
    monkeypatch.setattr("metodika.world.names_of", one)
    asked = [run(restored, "epoch", *step, *WHY) for step in (("new", "registry"), ("adopt",))]

    assert all(isinstance(each.exception, WrongSettings) for each in asked), asked


def one(_: object) -> tuple[str]:
    return ("mentoring",)
