"""Services in memory: deciders and policies as the engine runs them, and nothing stored.

For worlds that are made up (contracts §8): what is said becomes records at once, in the
order, with the versions and at the moments that the stores would give them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from shared.runtime.asking import Asked, Outcome
from shared.runtime.log import Record
from shared.runtime.mind import Mind
from shared.runtime.mind_log import NEVER, Log
from shared.runtime.mind_sealed import Ring
from shared.runtime.service import Service

AT_ONCE = 20_000
"""Records given away together."""


class Minds:
    """All services in memory, hearing one another in the order in which a world does.

    `services` come with the names of their logs. `give` gets records as they come, at
    least `at_once` together, each log in its order.
    """

    def __init__(
        self,
        services: Iterable[tuple[Service, str]],
        give: Callable[[list[Record]], object],
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self._give, self._at_once = give, at_once
        self._records: list[Record] = []
        self._ring = Ring()
        self.minds = {
            service.name: Mind(service, Log(source, number, self._take), self._ring)
            for number, (service, source) in enumerate(services, start=1)
        }
        self._at = NEVER

    def ask(self, name: str, asked: Sequence[Asked], at: datetime) -> list[Outcome]:
        """Ask one service, at a moment."""
        self._at = at
        outcomes = self.minds[name].ask(asked, at)
        self._destroy(self.minds[name].erased())
        return outcomes

    def hear(self) -> None:
        """Let everybody hear everybody, until nothing new is said."""
        while self._hear_round():
            pass
        for each in self.minds.values():
            each.log.let_go()
        if len(self._records) >= self._at_once:
            self.give()

    def give(self) -> None:
        """Give away what is said so far."""
        if self._records:
            self._give(self._records)
            self._records = []

    def _hear_round(self) -> int:
        """Hear as `World.hear` has it: each in turn, and each of the others in turn."""
        ends = {name: each.log.position for name, each in self.minds.items()}
        heard = 0
        for name, mind in self.minds.items():
            for of, other in self.minds.items():
                if of != name and not mind.has_heard(other, ends[of]):
                    heard += mind.hear(other, self._at)
                    self._destroy(mind.erased())
        return heard

    def _destroy(self, people: Iterable[UUID]) -> None:
        """Destroy keys, once what says so is in the log."""
        for person in people:
            self._ring.erased.add(person)
            for each in self.minds.values():
                each.forget(person)

    def _take(self, record: Record) -> None:
        self._records.append(record)
