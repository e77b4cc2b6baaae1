"""Which releases fold the documents of a log, in the order in which they came (ADR 0030).

A hash of code has no order, so the log's store keeps it: whoever is not known yet came
last, and whoever is migrated to comes last again.
"""

from datetime import UTC, datetime

import msgspec

from shared.kernel.ids import named
from shared.runtime.log import Conflict, Learned, Read, Store, Unit, digest

AT = ("releases", named("releases", "documents"))
MOST = 100
"""So many are remembered; documents of an older one are folded anew by anybody."""

type Order = tuple[str, ...]


def order_of(store: Store) -> Order:
    """Return the releases that came, the latest last."""
    return _read(store.known([AT]).get(AT))


def came(store: Store, made_by: str, *, again: bool = False) -> Order:
    """Note that a release came, and return the order; `again`: it comes last anyway."""
    while True:
        kept = store.known([AT]).get(AT)
        order = _read(kept)
        if made_by in order and not (again and order[-1] != made_by):
            return order
        new = (*(each for each in order if each != made_by), made_by)[-MOST:]
        said = Unit(
            now=datetime.now(UTC),
            known=[Learned(*AT, msgspec.json.encode(new))],
            read=[Read(*AT, digest(kept or b""))],
        )
        try:
            store.append(said)
        except Conflict as taken:
            if taken.what != "known":
                raise
            continue  # another has noted something
        return new


def is_newer(order: Order, one: str, than: str) -> bool:
    """Say whether a release came after another; one that is not known did not."""
    return one in order and than in order and order.index(one) > order.index(than)


def _read(kept: bytes | None) -> Order:
    return msgspec.json.decode(kept, type=Order) if kept else ()
