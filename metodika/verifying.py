"""Is each store what its log says? The log by its proof, then all that stands beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from metodika.services import service, source
from shared.runtime.beside import Finding, Neighbours
from shared.runtime.beside_answers import answers_beside
from shared.runtime.beside_claims import claims_beside
from shared.runtime.beside_heard import heard_beside
from shared.runtime.beside_known import known_beside
from shared.runtime.engine import Engine
from shared.runtime.placed import places_of
from shared.runtime.seal import Keys
from shared.runtime.settings import SEALING
from shared.runtime.soundness import first_difference, readable
from shared.runtime.store_log import LogStore

MOST = 20
"""How many findings of one store are told."""


@dataclass(kw_only=True)
class Verified:
    """One store. `differs` is the first thing that is not as recorded, None if all is.

    `beside` are the findings beside a sound log, `untold` what could not be looked at.
    """

    source: str
    records: int
    roots: int
    differs: str | None = None
    beside: list[str] = field(default_factory=list[str])
    untold: list[str] = field(default_factory=list[str])


def verified(stores: Mapping[str, LogStore], keys: Keys | None) -> list[Verified]:
    """Verify stores, by the names of their services, that may be written to meanwhile.

    Where a log itself differs, nothing is compared with it.
    """
    registry = stores.get("registry")
    places = places_of(readable(registry)) if registry else {}
    results: dict[str, Verified] = {}
    for name, store in stores.items():
        wrong, roots = first_difference(store, places), len(store.checkpoints())
        results[name] = it = Verified(
            source=store.source, records=store.head().position, roots=roots
        )
        if wrong:
            event = f" (event {wrong.event_id})" if wrong.event_id else ""
            it.differs = f"position {wrong.position}{event}: {wrong.what}"
    sound = {name: stores[name] for name, it in results.items() if it.differs is None}
    for name in sound:
        _look_beside(name, sound, keys, results[name])
    return list(results.values())


def _look_beside(
    name: str, sound: Mapping[str, LogStore], keys: Keys | None, result: Verified
) -> None:
    log = sound[name]
    neighbours = {source(each): sound[each] for each in sound if each != name}
    away = sorted(log.marks().keys() - neighbours.keys())
    result.untold += [f"what is kept of {each}: its log is not at hand" for each in away]
    if name in SEALING and keys is None:
        result.untold.append("claims: the keys are not at hand")
    found = _beside(name, log, neighbours, keys if name in SEALING else None)
    result.beside += map(str, islice(found, MOST))
    result.differs = next(iter(result.beside), None)


def _beside(
    name: str, log: LogStore, neighbours: Neighbours, keys: Keys | None
) -> Iterator[Finding]:
    with log.still() as still:
        engine = Engine(service(name), still, keys)
        yield from answers_beside(still)
        if keys or name not in SEALING:
            yield from claims_beside(engine, still, log, keys)
        yield from heard_beside(still, neighbours)
        yield from known_beside(engine, still, neighbours)
