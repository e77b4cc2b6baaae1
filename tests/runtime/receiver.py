"""A receiver of OTLP over HTTP, as a collector is, that keeps every byte it was sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)


@dataclass(frozen=True)
class Span:
    """One span as it came in; `process` is whoever sent it."""

    process: str
    name: str
    trace: str
    parent: str
    said: dict[str, Any]

    @property
    def leg(self) -> tuple[str, str, str]:
        """Return who did what to which log."""
        return self.process, self.name, str(self.said.get("source", ""))


@dataclass
class Receiver:
    """Listens while it is entered; `endpoint` is what METODIKA_OTLP_ENDPOINT is to be."""

    raw: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])

    def __enter__(self) -> Self:
        kept = self.raw

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append((self.path, body))
                self.send_response(200)
                self.end_headers()

            # named so by the library
            def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> Iterator[Span]:
        """Give every span that came in."""
        for body in self._of("/v1/traces"):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                process = _said(resource.resource.attributes)["service.name"]
                for span in (each for scope in resource.scope_spans for each in scope.spans):
                    yield Span(
                        process,
                        span.name,
                        span.trace_id.hex(),
                        span.parent_span_id.hex(),
                        _said(span.attributes),
                    )

    def measures(self) -> Iterator[tuple[str, str, dict[str, Any], float]]:
        """Give every point: process, name, attributes, and its value or count."""
        for body in self._of("/v1/metrics"):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                process = _said(resource.resource.attributes)["service.name"]
                for each in (m for scope in resource.scope_metrics for m in scope.metrics):
                    for point in getattr(each, str(each.WhichOneof("data"))).data_points:
                        yield process, each.name, _said(point.attributes), _value(point)

    def _of(self, path: str) -> Iterator[bytes]:
        yield from (body for where, body in list(self.raw) if where == path)


def _said(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes
    }


def _value(point: Any) -> float:
    if hasattr(point, "count"):
        return point.count
    return getattr(point, point.WhichOneof("value"))
