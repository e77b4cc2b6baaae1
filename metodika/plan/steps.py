"""What a plan is made of: somebody asks for something at a moment."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Step:
    """At this moment somebody asks this service for this."""

    at: datetime
    service: str
    command: Any
    actor: str


@dataclass(frozen=True)
class Restate:
    """The first fact of a class in a stream was otherwise: these fields, by name.

    A plan knows no records; who carries it out finds the one that is meant.
    """

    stream: UUID
    fact: type[Any]
    anew: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class TakeBack:
    """The first fact of a class in a stream never was: it is withdrawn on a day."""

    stream: UUID
    fact: type[Any]
    reason: str
    on: date
