"""Traces and metrics: sent when an endpoint is set, silent otherwise, never a name."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import Any, Protocol

import msgspec
from opentelemetry import trace
from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.trace import (
    Link,
    NoOpTracer,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)
from opentelemetry.trace.propagation import set_span_in_context

from shared.runtime.logs import ALLOWED, harmless

LINKS = 128
"""How many causes a batch names, and in how many traces it stands."""

PATIENCE = 4.0
"""Seconds that the end of a process waits for a collector."""


@dataclass(frozen=True)
class Metric:
    """One series: what is measured, in which unit, and how it is kept."""

    kind: str  # "gauge" | "histogram" | "counter"
    unit: str
    about: str


METRICS: Mapping[str, Metric] = {
    "metodika.lag": Metric("gauge", "{fact}", "facts of a source not yet taken in"),
    "metodika.waits": Metric(
        "gauge", "{log}", "1: a source is not as it was heard and waits for an operator"
    ),
    "metodika.parked": Metric("gauge", "{fact}", "facts that wait to be tried again"),
    "metodika.relay.age": Metric("gauge", "s", "age of the oldest unpublished fact"),
    "metodika.topic.lost": Metric(
        "gauge", "{fact}", "facts that a topic has lost and that are published again"
    ),
    "metodika.append.seconds": Metric("histogram", "s", "a command, asked to answered"),
    "metodika.commands": Metric("counter", "{command}", "commands by how they ended"),
    "metodika.policies.refused": Metric(
        "counter", "{command}", "what policies asked for, and were refused"
    ),
    "metodika.claims.wrong": Metric(
        "counter", "{claim}", "rows that claim another territory's person, and wrongly"
    ),
    "metodika.unaccounted": Metric(
        "gauge", "{fact}", "consumed − effects − skipped − parked; not 0 is an alarm"
    ),
}


class Provider(Protocol):
    """Whatever of the SDK sends what is left when it is told to end."""

    def shutdown(self) -> None:
        """Send it, and stop."""
        ...


@dataclass(frozen=True)
class Telemetry:
    """Where spans and measures go. `close` sends what is left."""

    tracer: Tracer = field(default_factory=NoOpTracer)
    meter: Meter = field(default_factory=lambda: NoOpMeter("metodika"))
    providers: tuple[Provider, ...] = ()
    give_up: tuple[Callable[[], None], ...] = ()
    instruments: dict[str, Any] = field(default_factory=dict)

    def measure(self, name: str, value: float, **said: Any) -> None:
        """Add to a counter, record in a histogram, or set a gauge of `METRICS`."""
        metric, attributes = METRICS[name], allowed(said)
        make = getattr(self.meter, f"create_{metric.kind}")
        if name not in self.instruments:
            self.instruments[name] = make(name, metric.unit, metric.about)
        act = {"gauge": "set", "histogram": "record", "counter": "add"}[metric.kind]
        getattr(self.instruments[name], act)(value, attributes)

    def close(self) -> None:
        """Send what is left, and stop; a collector that is away is not waited for long."""
        ends = [Thread(target=each.shutdown, daemon=True) for each in self.providers]
        for each in ends:
            each.start()
        until = monotonic() + PATIENCE
        for each in ends:
            each.join(max(0, until - monotonic()))
        if any(each.is_alive() for each in ends):
            for stop in self.give_up:  # else they would try again in the background
                stop()


_current = Telemetry()


def use(telemetry: Telemetry) -> Telemetry:
    """Let `span` and `measure` of this process speak to it."""
    global _current  # noqa: PLW0603 - one process, one place to tell
    _current = telemetry
    return telemetry


def measure(name: str, value: float, **said: Any) -> None:
    """Add to a counter, record in a histogram, or set a gauge of `METRICS`."""
    _current.measure(name, value, **said)


def allowed(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes of known keys; ValueError on another: it is a mistake in code.

    Texts that are not plain English, such as a name, are withheld.
    """
    unknown = said.keys() - ALLOWED
    if unknown:
        raise ValueError(f"no attribute of a span or a metric: {sorted(unknown)}")
    return {key: harmless(value) for key, value in said.items() if value is not None}


@contextmanager
def span(
    name: str,
    traceparent: str | None = None,
    *,
    links: Iterable[str | None] = (),
    server: bool = False,
    **said: Any,
) -> Generator[None]:
    """Trace what happens inside: below `traceparent`, else below the current span.

    `links` are the traceparents of what a batch works on. An error marks the span with
    its class alone, for its text may hold a value.
    """
    above = _parsed(traceparent)
    parent = set_span_in_context(trace.NonRecordingSpan(above)) if above else None
    causes = [Link(each) for each in map(_parsed, dict.fromkeys(links)) if each]
    with _current.tracer.start_as_current_span(
        name,
        context=parent,
        kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
        attributes=allowed(said),
        links=causes[:LINKS],
        record_exception=False,
        set_status_on_exception=False,
    ) as here:
        try:
            yield
        except BaseException as error:
            here.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def batch(name: str, parents: Iterable[str | None], **said: Any) -> Generator[None]:
    """Trace work on many facts at once: one span in each recorded trace that led to it.

    The first of them links to the others. Facts that nobody traces, such as those of an
    import, begin a trace of their own.
    """
    if isinstance(_current.tracer, NoOpTracer):
        yield
        return
    causes = [each for each in dict.fromkeys(parents) if each]
    recorded = [each for each in causes if _is_recorded(each)][:LINKS]
    with ExitStack() as spans:
        for above, links in zip(recorded, [recorded[1:]], strict=False):
            spans.enter_context(span(name, above, links=links, **said))
        for above in recorded[1:]:
            spans.enter_context(span(name, above, **said))
        if not causes:
            spans.enter_context(span(name, **said))
        yield


def _is_recorded(traceparent: str) -> bool:
    parsed = _parsed(traceparent)
    return parsed is not None and parsed.trace_flags.sampled


class _Traced(msgspec.Struct):
    traceparent: str | None = None


_traced = msgspec.json.Decoder(_Traced)


def parent_in(meta: bytes) -> str | None:
    """Return the traceparent that stands in the meta of a record."""
    return _traced.decode(meta).traceparent


def current_traceparent() -> str | None:
    """Return the W3C traceparent of where we are, for `Meta` and headers."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def _parsed(text: str | None) -> SpanContext | None:
    match (text or "").split("-"):
        case ["00", trace_id, span_id, flags] if (
            len(trace_id),
            len(span_id),
            len(flags),
        ) == (32, 16, 2):
            try:
                found = SpanContext(
                    int(trace_id, 16),
                    int(span_id, 16),
                    is_remote=True,
                    trace_flags=TraceFlags(int(flags, 16)),
                )
            except ValueError:
                return None
            return found if found.is_valid else None
        case _:
            return None
