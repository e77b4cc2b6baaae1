"""Traces, metrics and logs: one trace through everything, and nobody's name in it."""

import io
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import structlog

from shared.runtime import logs, telemetry, telemetry_start
from shared.runtime.settings import Settings
from shared.runtime.telemetry import Telemetry, current_traceparent, measure, span
from shared.runtime.telemetry_sent import Remembered, in_memory
from tests.infra.process import free_port
from tests.journeys.running import within

ABOVE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def told() -> Iterator[Remembered]:
    yield (made := in_memory())
    made.close()
    telemetry.use(Telemetry())


def test_one_trace_from_the_command_to_the_ledger(told: Remembered) -> None:
    with span("http command", ABOVE, server=True):
        kept_in_meta = current_traceparent()
    with span("relay", kept_in_meta, count=1):
        on_the_wire = current_traceparent()
    with span("ear batch", links=[on_the_wire, None, on_the_wire]):
        pass
    command, relay, batch = told.spans.get_finished_spans()
    assert command.context
    assert relay.context
    assert relay.parent
    assert f"{command.context.trace_id:032x}" == ABOVE.split("-")[1]
    assert relay.context.trace_id == command.context.trace_id
    assert relay.parent.span_id == command.context.span_id
    assert [each.context.span_id for each in batch.links] == [relay.context.span_id]


OTHER = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"
UNRECORDED = "00-2af7651916cd43dd8448eb211c80319c-d7ad6b7169203331-00"


def test_a_batch_stands_in_every_recorded_trace_that_led_to_it(told: Remembered) -> None:
    with telemetry.batch("relay", [None, ABOVE, OTHER, ABOVE, UNRECORDED], count=5):
        pass
    spans = {
        each.parent.span_id: each for each in told.spans.get_finished_spans() if each.parent
    }
    traces = {f"{each.context.trace_id:032x}" for each in spans.values() if each.context}
    (links,) = (each.links for each in spans.values() if each.links)
    assert len(spans) == len(told.spans.get_finished_spans()) == 2
    assert traces == {ABOVE.split("-")[1], OTHER.split("-")[1]}
    assert [f"{each.context.span_id:016x}" for each in links] == [OTHER.split("-")[2]]
    assert all(each.attributes == {"count": 5} for each in spans.values())


@pytest.mark.parametrize(("parents", "spans"), [([], 1), ([None], 1), ([UNRECORDED], 0)])
def test_a_batch_that_nobody_traces(
    told: Remembered, parents: list[str | None], spans: int
) -> None:
    """What an import brings is a trace of its own; what was not sampled is none."""
    with telemetry.batch("relay", parents):
        pass
    assert len(told.spans.get_finished_spans()) == spans


def test_a_batch_that_fails_says_so_in_each_trace(told: Remembered) -> None:
    with pytest.raises(LookupError), telemetry.batch("hear", [ABOVE, OTHER]):
        raise LookupError("Иванов")
    said = [each.status.description for each in told.spans.get_finished_spans()]
    assert said == ["LookupError", "LookupError"]


def test_a_batch_is_named_in_no_more_traces_than_its_bound(told: Remembered) -> None:
    many = [f"00-{n:032x}-{n:016x}-01" for n in range(1, 400)]
    with telemetry.batch("hear", many):
        pass
    assert len(told.spans.get_finished_spans()) == telemetry.LINKS


def test_a_collector_that_is_away_holds_up_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "PATIENCE", 0.2)
    nobody = f"http://127.0.0.1:{free_port()}"
    before = set(threading.enumerate())
    told = telemetry_start.start(Settings(otlp_endpoint=nobody, trace_ratio=1), "routes")
    with span("x"):
        measure("metodika.lag", 1, service="routes")
    began = time.monotonic()
    told.close()
    telemetry.use(Telemetry())

    assert time.monotonic() - began < 2
    within(5, lambda: set(threading.enumerate()) <= before, "nobody tries again")


def test_what_is_not_on_the_list_is_a_mistake(told: Remembered) -> None:
    with pytest.raises(ValueError, match="full_name"), span("x", full_name="Иванов"):
        pass
    with pytest.raises(ValueError, match="full_name"):
        told.measure("metodika.lag", 1, full_name="Иванов")


def test_a_name_cannot_pass_as_something_else(told: Remembered) -> None:
    def fails() -> None:
        with span("x", fact="routes.RouteAssigned", stream="Иванов Иван"):
            raise LookupError("Иванов Иван, 112-233-445 95")

    with pytest.raises(LookupError):
        fails()
    text = "".join(each.to_json() for each in told.spans.get_finished_spans())
    assert "routes.RouteAssigned" in text
    assert "LookupError" in text
    assert "Иванов" not in text.encode().decode("unicode_escape")
    assert "112-233" not in text


@pytest.mark.parametrize("wrong", ["", "nonsense", "00-0-0-00", "00-" + "x" * 32])
def test_a_wrong_traceparent_begins_a_new_trace(told: Remembered, wrong: str) -> None:
    with span("x", wrong):
        assert current_traceparent()
    assert told.spans.get_finished_spans()[0].parent is None


def test_metrics_are_those_declared(told: Remembered) -> None:
    measure("metodika.lag", 7, service="routes", source="registry@0")
    measure("metodika.commands", 1, status="refused")
    measure("metodika.commands", 2, status="refused")
    measure("metodika.append.seconds", 0.01, service="routes")
    found = told.measures()
    assert found["metodika.lag"] == [({"service": "routes", "source": "registry@0"}, 7)]
    assert found["metodika.commands"] == [({"status": "refused"}, 3)]
    with pytest.raises(KeyError):
        measure("metodika.unheard", 1)


def test_without_an_endpoint_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    silent = telemetry_start.start(Settings(), "routes")
    measure("metodika.lag", 1, service="routes")
    with span("x", ABOVE, fact="routes.RouteAssigned"):
        assert current_traceparent() == ABOVE
    with span("x"):
        assert current_traceparent() is None
    silent.close()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.start("info", written := io.StringIO(), service="routes")
    yield written
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.reset_defaults()


def test_a_log_line_is_json_of_known_keys(lines: io.StringIO) -> None:
    logs.log.info("parked", fact="x.Y", full_name="Иванов", stream="Иванов")
    said = json.loads(lines.getvalue())
    assert said["event"] == "parked"
    assert (said["service"], said["level"]) == ("routes", "info")
    assert (said["stream"], said["withheld"]) == ("(withheld)", 1)
    assert "Иванов" not in lines.getvalue()


def test_a_library_logs_its_own_text_alone(lines: io.StringIO) -> None:
    try:
        {}["Иванов 112-233-445 95"]
    except LookupError:
        logging.getLogger("lib").exception("failed on %s", "112-233-445 95")
    logging.getLogger("lib").warning("found 112-233-445 95 at Иванов")
    logging.getLogger("uvicorn.access").warning("GET /?name=Ivanov")
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert first["event"] == "failed on %s"
    assert first["error"] == "KeyError"
    assert first["at"].startswith("test_telemetry.py:")
    assert second["event"] == "(withheld)"
    assert "112" not in lines.getvalue()
