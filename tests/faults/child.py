"""A process that is killed: `python -m tests.faults.child ROLE LOG INBOX BROKER DIES`.

LOG and INBOX are URLs of stores. ROLE is `append`, `relay` or `hear`; DIES names the
point at which it kills itself with signal 9: `append` after its facts are in the log,
`relay` after they are acknowledged and before its position moves, `hear` after the
effect and before the offset is committed; `never` runs until it is killed from outside.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

from shared.runtime import codec
from shared.runtime.ears import Ears
from shared.runtime.follow import Ingested
from shared.runtime.kafka import Broker
from shared.runtime.log import Mark, Pending, Unit
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import Pace
from shared.runtime.store import LogStore, open_store
from tests.runtime.made import pending, record

SOURCE, WHO = "registry@0", "routes@0"
PACE = Pace(batch=20, poll=0.02)


def die(*_: object) -> NoReturn:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def effect(position: int) -> Pending:
    """Make the fact by which a heard fact is answered; its name carries the position."""
    return pending(position)


class Inbox:
    """Answers each heard fact with one of its own, in one transaction with the mark."""

    def __init__(self, own: LogStore, *, dies: bool) -> None:
        self.own = own
        self._dies = dies

    def hear(self, source: str, wires: Sequence[bytes]) -> Ingested:
        """Hear a batch; then, perhaps, die."""
        mark = self.own.marks().get(source)
        known = mark.position if mark else 0
        facts: list[Pending] = []
        for each in map(codec.unwire, wires):
            if each.position > known:
                assert each.position == known + 1
                known = each.position
                facts.append(effect(known))
                mark = Mark(source, each.epoch, known)
        if facts and mark:
            unit = Unit(now=datetime.now(UTC), facts=facts, heard=[mark])
            self.own.append(unit)
            if self._dies:
                die()
        return Ingested(heard=len(facts), skipped=len(wires) - len(facts))


def main(role: str, log: LogStore, own: LogStore, broker: Broker, dies: str) -> None:
    """Play a role until killed."""
    match role:
        case "append":
            log.on_append(die)
            record(log, 50)
        case "relay":
            if dies == role:
                vars(log)["save"] = die
            asyncio.run(Relay(log, broker, pace=PACE).run())
        case _:
            inbox = Inbox(own, dies=dies == role)
            ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.own)
            asyncio.run(ears.run())


if __name__ == "__main__":
    _, role_, log_, own_, broker_, dies_ = sys.argv
    address, _, prefix = broker_.partition("/")
    main(
        role_,
        open_store(log_, SOURCE),
        open_store(own_, WHO),
        Broker(bootstrap=address, prefix=prefix),
        dies_,
    )
