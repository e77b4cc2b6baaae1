"""How a journey is told: commands asked of a world, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from metodika.generate import Clock
from metodika.world import World
from shared.kernel.ids import Territory
from shared.runtime.answers_value import Value
from shared.runtime.asking import Asked, Outcome
from shared.runtime.codec import Basis
from shared.runtime.settings import Settings

HOUR = time(9)


class Teller(Protocol):
    """Whoever carries a story into a world, over HTTP or straight into its engines."""

    def tell(self, service: str, *commands: Any) -> None:
        """Ask for each; every one must be accepted."""
        ...

    def settle(self) -> None:
        """Return when everybody has heard everybody."""
        ...


def settings_of(folder: Path) -> Settings:
    """Return the settings of an embedded world, whatever the environment says."""
    return Settings(world=folder)


def day(text: str) -> date:
    """Read a day as a Russian reader writes it: 31.12.2024."""
    return datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=UTC).date()


def noon(text: str) -> datetime:
    """Return noon (UTC) of a day: after what was said that morning."""
    return datetime.combine(day(text), time(12), UTC)


def day_of(command: Any) -> date | None:
    """Return the day that a command says it is about."""
    named = (each.name for each in fields(command) if each.name.endswith("_on"))
    days = [said for name in named if isinstance(said := getattr(command, name), date)]
    return max(days, default=None)


@dataclass
class Telling:
    """A story told to an embedded world: what is said of a day is recorded that morning."""

    world: World
    clock: Clock

    def ask(
        self,
        service: str,
        command: Any,
        *,
        recorded: str | None = None,
        actor: str = "region-25",
        basis: Basis | None = None,
    ) -> Outcome:
        """Ask for one thing; `recorded` is the day on which that happens."""
        on = day(recorded) if recorded else day_of(command)
        if on:
            self.clock.moment = max(self.clock.moment, datetime.combine(on, HOUR, UTC))
        return self.world.engines[service].ask(_asked(command, actor, basis))

    def ask_all(self, service: str, commands: Sequence[Any]) -> list[Outcome]:
        """Ask for many things in one transaction."""
        asked = [_asked(each, "region-25", None) for each in commands]
        return self.world.engines[service].ask_many(asked)

    def tell(self, service: str, *commands: Any) -> None:
        for command in commands:
            outcome = self.ask(service, command)
            assert outcome.status == "accepted", (command, outcome)

    def settle(self) -> None:
        self.world.settle()

    def names(self, service: str) -> list[str]:
        """Return the names of all facts of a log, in order."""
        return [each.name.partition(".")[2] for each in self.world.stores[service].walk()]

    def of(self, service: str, name: str) -> list[UUID]:
        """Return the ids of all facts of a name, in order."""
        said = self.world.stores[service].walk()
        return [each.event_id for each in said if each.name == f"{service}.{name}"]

    def value(
        self, kpi: str, on: str, scope: str = "25", known: datetime | None = None
    ) -> Value:
        """Return a number on a day, as known at a moment, now if none is given."""
        vector, lagging = self.world.answers.vector(known)
        return self.world.answers.value(kpi, scope, day(on), vector, lagging)

    def counted(
        self, kpi: str, on: str, scope: str = "25", known: datetime | None = None
    ) -> tuple[int, int]:
        """Return numerator and denominator."""
        value = self.value(kpi, on, scope, known)
        return value.num, value.den


def _asked(command: Any, actor: str, basis: Basis | None) -> Asked:
    return Asked(
        command=command,
        command_id=uuid4(),
        actor=actor,
        basis=basis,
        home=Territory("25"),
    )


def refused(outcome: Outcome, clause: str, words: str) -> None:
    """Assert that something was refused by this clause, in these words."""
    assert (outcome.status, outcome.clause) == ("refused", clause), outcome
    assert words in (outcome.reason or "")
