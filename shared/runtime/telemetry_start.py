"""Where the traces and metrics of a process go, told at its start."""

from shared.runtime.settings import Settings
from shared.runtime.telemetry import Telemetry, use


def start(settings: Settings, name: str) -> Telemetry:
    """Send traces and metrics of this process to the endpoint, if there is one."""
    if settings.otlp_endpoint is None:
        return use(Telemetry())
    # read only where wanted: what sends brings an HTTP client of its own
    from shared.runtime.telemetry_sent import sending  # noqa: PLC0415

    return use(sending(settings.otlp_endpoint, name, settings.trace_ratio))
