"""What sends traces and metrics, or keeps them to be looked at: the SDK of OpenTelemetry."""

from dataclasses import dataclass
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from shared.runtime.telemetry import Telemetry, use


def sending(to: str, name: str, ratio: float) -> Telemetry:
    """Return what sends traces and metrics of a process to an endpoint."""
    endpoint = to.rstrip("/")
    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    metrics = OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics")
    reader = PeriodicExportingMetricReader(metrics)
    tracing, metering = _providers(name, BatchSpanProcessor(spans), reader, ratio)
    return Telemetry(
        tracing.get_tracer("metodika"),
        metering.get_meter("metodika"),
        providers=(tracing, metering),
        give_up=(spans.shutdown, metrics.shutdown),
    )


@dataclass(frozen=True, kw_only=True)
class Remembered(Telemetry):
    """Every span and measure, kept here."""

    spans: InMemorySpanExporter
    reader: InMemoryMetricReader

    def measures(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Return what was measured so far: name → (attributes, value or sum)."""
        found: dict[str, list[tuple[dict[str, Any], Any]]] = {}
        data = self.reader.get_metrics_data()
        for metric in (
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ):
            found[metric.name] = [
                (dict(point.attributes or {}), getattr(point, "value", None))
                for point in metric.data.data_points
            ]
        return found


def in_memory() -> Remembered:
    """Keep every span and measure here, for a test to look at."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracing, metering = _providers("test", SimpleSpanProcessor(spans), reader, ratio=1)
    made = Remembered(
        tracing.get_tracer("metodika"),
        metering.get_meter("metodika"),
        providers=(tracing, metering),
        spans=spans,
        reader=reader,
    )
    use(made)
    return made


def _providers(
    name: str, spans: SpanProcessor, reader: MetricReader, ratio: float
) -> tuple[TracerProvider, MeterProvider]:
    resource = Resource({"service.name": name, "service.namespace": "metodika"})
    tracing = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        resource=resource,
        shutdown_on_exit=False,
    )
    tracing.add_span_processor(spans)
    metering = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    return tracing, metering
