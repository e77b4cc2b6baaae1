"""Logs: JSON lines of constant sentences and known keys; no room for a person's name."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset({
    "action", "actor", "at", "attempts", "bytes", "clause", "command", "command_id",
    "consumer", "count", "done", "epoch", "error", "event_id", "fact", "file", "head",
    "import_id", "kind", "lag", "line", "logger", "parked", "path", "policy", "port",
    "position", "rows", "seconds", "service", "source", "status", "stream", "topic",
    "total", "variable", "version",
})  # fmt: skip
"""What a log line or a span may carry: ids, names of facts, counts, places in code."""

HARMLESS = re.compile(r"[\w.,:;@/()\[\]{}<>=+*#%!?'\" -]{0,300}", re.ASCII)
"""Texts of our own are English: whatever else comes in here is somebody's datum."""

log: Any = structlog.get_logger("metodika")
"""Say it with `log.info("constant sentence", key=value)`."""


def harmless(value: Any) -> Any:
    """Return a value as it may be written: a number, an id, a short English text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if HARMLESS.fullmatch(text) else "(withheld)"


def only_allowed(_: Any, __: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out every key that is not on the list; count what was left out."""
    own = ("event", "level", "timestamp", "trace")
    kept = {k: harmless(v) for k, v in said.items() if k in ALLOWED or k in own}
    if len(kept) < len(said):
        kept["withheld"] = len(said) - len(kept)
    return kept


def where(error: BaseException) -> str:
    """Return the place in code where an error arose; its text may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(
        f"{each.filename.rsplit('/', 1)[-1]}:{each.lineno}" for each in frames[-1:-6:-1]
    )


class OfLibraries(logging.Handler):
    """What libraries log: their own text before arguments, and without its digits."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on level, logger and text."""
        said: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            said |= {"error": type(error).__name__, "at": where(error)}
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        log.log(record.levelno, re.sub(r"\d", "#", text), **said)


def start(level: str, to: TextIO | None = None, **said: str) -> None:
    """Write every log of this process as JSON lines; `said` stands on each."""
    number = logging.getLevelNamesMapping()[level.upper()]
    _configure(number, to, said)
    logging.basicConfig(
        handlers=[OfLibraries()], level=max(number, logging.WARNING), force=True
    )
    logging.getLogger("uvicorn.access").disabled = True  # paths and queries are data


def _configure(level: int, to: TextIO | None, said: Mapping[str, str]) -> None:
    def constant(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {**said, **line}

    structlog.configure(
        processors=[
            constant,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(to or sys.stderr),
        cache_logger_on_first_use=False,
    )


_configure(logging.WARNING, None, {})  # a command's answer is alone on its stdout
