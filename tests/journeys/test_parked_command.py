"""`metodika parked` as an operator types it: list, show, retry, skip with a reason."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from click.testing import CliRunner, Result
from opentelemetry.trace import StatusCode

from metodika.cli import metodika
from metodika.cli.say import EXIT_NO, EXIT_USAGE
from metodika.world import opened
from shared.runtime import telemetry
from shared.runtime.asking import Asked
from shared.runtime.codec import wire
from shared.runtime.ears_parked import _retry_due
from shared.runtime.engine import Engine, utc_now
from shared.runtime.hearing import hear, retry, skip
from shared.runtime.log import Conflict, Store, Unit
from shared.runtime.telemetry_sent import Remembered, in_memory
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, settings_of
from tests.runtime.made import TRACE
from tests.runtime.receiver import Receiver

WHY = "Проверочная запись, наставник не нужен"
PED = b'"position_class":"PED"'

pytestmark = pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed there


def typed(world: Path, *said: str) -> Result:
    return CliRunner().invoke(metodika, ["parked", *said, "--world", str(world)])


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return msgspec.json.decode(result.stdout)


@pytest.fixture
def at(story: Telling) -> int:
    """Return where mentoring heard, and parked, a job that it could not read."""
    ch.places(story)
    snils, born = "202-222-222 74", "09.07.1999"
    since = "01.09.2021"
    story.tell("registry", ch.registered(ch.VERA, snils, born))
    employed = Asked(
        command=ch.employed(ch.VERA, ch.SCHOOL, since),
        command_id=uuid4(),
        actor="test",
        traceparent=TRACE,
    )
    story.world.engines["registry"].ask(employed)
    records = list(story.world.stores["registry"].walk())
    at = next(e.position for e in records if e.name == "registry.EmploymentStarted")
    sent = [wire(each) for each in records]
    sent[at - 1] = sent[at - 1].replace(PED, b'"position_class":"XXX"')
    hear(story.world.engines["mentoring"], "registry@0", sent)
    story.world.close()
    return at


def mended(store: Store) -> None:
    """Let what was parked be readable, as a new release would."""
    waiting = [
        replace(each, wire=each.wire.replace(b'"position_class":"XXX"', PED))
        for each in store.parked()
    ]
    store.append(Unit(now=utc_now(), parked=waiting))


def test_a_skip_is_kept_with_who_did_it_when_and_why(story: Telling, at: int) -> None:
    """contracts §4: `skip --reason`: аудитор видит, почему факт не подействовал."""
    world = story.world.settings.world
    which = ("mentoring", "registry@0", str(at))
    before = read(typed(world, "list", "--all", "--json"))
    plain = typed(world, "skip", *which, "--reason", WHY, "--by", "petrova")
    behind = before[1]["position"]
    other = ("mentoring", "registry@0", str(behind))
    as_json = read(typed(world, "skip", *other, "--reason", f" {WHY} ", "--json"))
    after = read(typed(world, "list", "--json"))
    gone, _ = read(typed(world, "list", "--all", "--json"))
    table = typed(world, "list", "--all").stdout

    assert [each["state"] for each in before] == ["parked", "parked"]
    assert WHY in plain.stdout
    assert "1 facts of its stream queue behind it" in plain.stderr
    assert (as_json["position"], as_json["reason"]) == (behind, WHY)
    assert as_json["by"]
    assert after == []
    assert (gone["state"], gone["by"], gone["reason"]) == ("skipped", "petrova", WHY)
    assert gone["fact"] == "registry.EmploymentStarted"
    assert gone["error"] == before[0]["error"]
    assert gone["skipped_at"][:2] == "20"
    assert "petrova" in table
    assert read(typed(world, "show", *which)) == gone
    assert typed(world, "skip", *which, "--reason", WHY).exit_code == EXIT_NO


@pytest.mark.parametrize("readable", [True, False])
def test_what_was_skipped_has_no_effect_any_more(
    story: Telling, at: int, readable: object
) -> None:
    """contracts §4: отпущенное не действует, и если его повтор уже был начат."""
    with opened(settings_of(story.world.settings.world)) as here:
        engine = here.engines["mentoring"]
        if readable:
            mended(engine.store)
        begun, behind = engine.store.parked()
        head = engine.store.head()
        skip(engine, begun, by="petrova", reason=WHY)
        with pytest.raises(Conflict, match=f"parked registry@0 {at}"):
            retry(engine, begun)

        assert engine.store.parked() == [behind]
        assert engine.store.head() == head


@pytest.mark.parametrize("said", [("--reason", " "), ("--reason", WHY, "--by", "")])
def test_a_skip_without_a_reason_or_a_name_is_none(
    story: Telling, at: int, said: tuple[str, ...]
) -> None:
    """contracts §4: без основания ничего не отпускают."""
    world = story.world.settings.world
    refused = typed(world, "skip", "mentoring", "registry@0", str(at), *said)

    assert refused.exit_code == EXIT_USAGE
    assert len(read(typed(world, "list", "--json"))) == 2


def test_a_retry_is_in_the_trace_of_the_fact(story: Telling, at: int) -> None:
    """§3: повтор отложенного виден в следе факта, удачный и неудачный; счёт верен."""
    told = in_memory()
    try:
        with opened(settings_of(story.world.settings.world)) as here:
            engine = here.engines["mentoring"]
            first, *_ = engine.store.parked()
            retry(engine, first)
            mended(engine.store)
            (failed,) = told.spans.get_finished_spans()
            told.spans.clear()
            measured = [tried(engine, told) for _ in range(2)]
            spans = told.spans.get_finished_spans()
    finally:
        told.close()
        telemetry.use(telemetry.Telemetry())

    assert measured == [1, 0], "the second waits in the first's stream"
    assert [(each.name, each.status.status_code) for each in (failed, *spans)] == [
        ("retry", StatusCode.ERROR),
        ("retry", StatusCode.UNSET),
        ("retry", StatusCode.UNSET),
    ]
    for each in (failed, *spans):
        assert each.parent
        assert f"{each.parent.trace_id:032x}-{each.parent.span_id:016x}" in TRACE
    assert [(each.attributes or {})["position"] for each in spans] == [at, at + 1]


def tried(engine: Engine, told: Remembered) -> int:
    """Let the background try once what is due by then; return what is measured after it."""
    _retry_due(engine.store, partial(retry, engine), utc_now() + timedelta(hours=1))
    [(said, parked)] = told.measures()["metodika.parked"]
    assert said == {"service": "mentoring"}
    return parked


def test_an_operator_s_retry_is_told_to_the_collector(
    story: Telling, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """§3: и повтор из командной строки — в следе факта."""
    world = story.world.settings.world
    with opened(settings_of(world)) as here:
        mended(here.stores["mentoring"])
    with Receiver() as told:
        monkeypatch.setenv("METODIKA_OTLP_ENDPOINT", told.endpoint)
        again = typed(world, "retry", "mentoring", "registry@0", "--json")
        spans = [each for each in told.spans() if each.name == "retry"]

    assert read(again) == {"applied": 2, "parked": 0}
    assert [each.said["position"] for each in spans] == [at, at + 1]
    assert all(f"{each.trace}-{each.parent}" in TRACE for each in spans)


def test_a_retry_says_what_is_left(story: Telling, at: int) -> None:
    """reliability 8: повтор, который не удался, остаётся отложенным."""
    world = story.world.settings.world
    again = typed(world, "retry", "mentoring", "registry@0", "--json")
    shown = read(typed(world, "show", "mentoring", "registry@0", str(at)))

    assert (again.exit_code, msgspec.json.decode(again.stdout)) == (
        EXIT_NO,
        {"applied": 0, "parked": 2},
    )
    assert (shown["state"], shown["queue_behind"]) == ("parked", 1)
