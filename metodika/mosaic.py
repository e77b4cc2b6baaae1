"""A country laid out of copies of one tile, each with fresh ids (contracts §8).

The records of a plan are the pattern. Each is said once for the country, once for each
region, or once for each tile, all copies at its moment, so along a log time never runs
back, and nothing but the pattern is kept. Fresh ids follow from the numbers of the
copies: the same pattern gives the same country to the byte.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from metodika.plan.land import oktmo_of
from metodika.plan.tiers import Parameters
from metodika.plan.tiles import Scope, Tile
from shared.kernel.ids import RegionCode
from shared.runtime.log import Record

type Slot = tuple[str, int]
"""A place to be filled in: by what, and with what number (`Copy.fill`)."""

AT_ONCE = 100_000
"""Records given away together, at least."""
MOST = 0xFFFF
"""Copies that ids can tell apart: tiles and regions together."""
ID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MARK, NODE = 24, 28
"""Where in the text of an id the mark of its copy begins and ends."""
PLACE = 24
"""Where in the text of an event's id its position begins (`Mind`)."""
WIDTH: Mapping[Scope, int] = {"country": 0, "region": 1, "tile": 2}
HEX = tuple(b"%04x" % n for n in range(MOST + 1))
OF_REGION = frozenset(
    f"registry.{name}"
    for name in (
        "RegionalCentreOpened",
        "ProgramDrafted",
        "ProgramSubmitted",
        "ExpertGroupAssigned",
        "ExpertOpinionGiven",
        "ProgramCertified",
        "ProgramListed",
    )
)
"""Facts that a region has once, however many tiles it has."""


class Unfit(Exception):  # noqa: N818 - said of a pattern
    """This pattern can't be copied: something of a tile is said of the whole region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """All copies of one scope, in columns: the country, its regions, or its tiles.

    `ranks` count from 0; a mark is unlike that of any other copy of whatever scope, 0
    being the pattern itself; `texts` are what the codes of the pattern become.
    """

    marks: Sequence[int]
    region_marks: Sequence[int]
    region_ranks: Sequence[int]
    texts: Mapping[str, Sequence[bytes]]

    @property
    def ranks(self) -> range:
        """Return the places of the copies among each other."""
        return range(len(self.marks))

    def filled(self, slot: Slot) -> Sequence[bytes]:
        """Return what stands in a slot of each copy."""
        kind, number = slot
        match kind:
            case "tile":
                return [HEX[number ^ each] for each in self.marks]
            case "region":
                return [HEX[number ^ each] for each in self.region_marks]
            case "event of tile":
                return [b"%012x" % (number + each) for each in self.ranks]
            case "event of region":
                return [b"%012x" % (number + each) for each in self.region_ranks]
            case "event of country":
                return [b"%012x" % number] * len(self.marks)
            case _:
                return self.texts[kind]


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes with slots: `%b` where one is filled in."""

    template: bytes
    slots: tuple[Slot, ...]

    def of(self, copies: Copies) -> list[bytes]:
        """Return the bytes as each copy has them."""
        if not self.slots:
            return [self.template % ()] * len(copies.marks)
        rows = zip(*map(copies.filled, self.slots), strict=True)
        return [self.template % row for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A record of the pattern, ready to be copied; `first` is where its copies begin."""

    record: Record
    scope: Scope
    first: int
    stream_scope: Scope
    territory: Text
    meta: Text
    data: Text

    def copied(self, copies: Copies) -> Iterator[Record]:
        """Return the record of each copy."""
        said = self.record
        event, stream = said.event_id.int >> 48 << 48, said.stream.int
        marks = {"tile": copies.marks, "region": copies.region_marks}.get(
            self.stream_scope, [0] * len(copies.marks)
        )
        places, metas, datas = (
            text.of(copies) for text in (self.territory, self.meta, self.data)
        )
        for position, mark, place, meta, data in zip(
            range(self.first, self.first + len(metas)), marks, places, metas, datas, strict=True
        ):
            yield Record(
                source=said.source,
                epoch=said.epoch,
                position=position,
                recorded_at=said.recorded_at,
                event_id=UUID(int=event | position),
                stream=UUID(int=stream ^ mark << 32),
                version=said.version,
                name=said.name,
                schema=said.schema,
                territory=place.decode() or None,
                meta=meta,
                data=data,
                leaf=b"",
            )


class Mosaic:
    """The copies of a pattern: all that `Minds` said of a plan with these parameters.

    `shared` says which of its ids are not of one tile alone. Raises `Unfit`.
    """

    def __init__(
        self, pattern: Sequence[Record], plan: Parameters, shared: Mapping[UUID, Scope]
    ) -> None:
        self._pattern, self._plan = pattern, plan
        self._scopes: dict[UUID, Scope] = {
            each.event_id: scope_of(each, shared) for each in pattern
        }
        self._events = {str(each).encode(): each for each in self._scopes}
        self._ids: dict[bytes, Scope] = {
            str(each).encode(): scope for each, scope in shared.items()
        }
        self._slots = _slots_of(plan)
        for each in pattern:
            self._place_ids(each, self._scopes[each.event_id])

    def laid(self, tiles: Sequence[Tile]) -> Iterator[list[Record]]:
        """Yield the records of all copies, batch by batch, each log in its order."""
        copies, batch = _copies(tiles, self._plan), list[Record]()
        for original in self._originals(copies):
            batch += original.copied(copies[original.scope])
            if len(batch) >= AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    def _place_ids(self, record: Record, scope: Scope) -> None:
        """Say of each id of what it is: of the first that names it.

        Raises `Unfit` when a region names what is a tile's.
        """
        named = {str(record.stream).encode(), *re.findall(ID, record.meta + record.data)}
        for each in named - self._events.keys():
            of = self._ids.setdefault(each, scope)
            if WIDTH[of] > WIDTH[scope]:
                raise Unfit(f"{record.source} {record.position} is said of a {scope}")

    def _originals(self, copies: Mapping[Scope, Copies]) -> Iterator[Original]:
        """Find where the copies of every record begin, then the slots of each."""
        ends: dict[str, int] = {}
        first: dict[UUID, int] = {}
        for each in self._pattern:
            many = len(copies[self._scopes[each.event_id]].marks)
            first[each.event_id] = ends.get(each.source, 0) + 1
            ends[each.source] = ends.get(each.source, 0) + many
        for each in self._pattern:
            yield Original(
                record=each,
                scope=self._scopes[each.event_id],
                first=first[each.event_id],
                stream_scope=self._ids[str(each.stream).encode()],
                territory=self._text((each.territory or "").encode(), first),
                meta=self._text(each.meta, first),
                data=self._text(each.data, first),
            )

    def _text(self, said: bytes, first: Mapping[UUID, int]) -> Text:
        slots: list[Slot] = []

        def slot(found: re.Match[bytes]) -> bytes:
            text = found[0]
            if found.lastgroup != "id":
                slots.append((str(found.lastgroup), 0))
                return b"%b"
            if text in self._events:
                event_id = self._events[text]
                slots.append((f"event of {self._scopes[event_id]}", first[event_id]))
                return text[:PLACE] + b"%b"
            scope = self._ids[text]
            if scope == "country":
                return text
            slots.append((scope, int(text[MARK:NODE], 16)))
            return text[:MARK] + b"%b" + text[NODE:]

        template = self._slots.sub(slot, said.replace(b"%", b"%%"))
        return Text(template, tuple(slots))


def scope_of(record: Record, shared: Mapping[UUID, Scope]) -> Scope:
    """Say for what a fact is said once: the country, each region, or each tile."""
    if record.name == "registry.RegionAdded" or record.name.startswith("monitoring."):
        return "country"
    return "region" if record.name in OF_REGION else shared.get(record.stream, "tile")


def _copies(tiles: Sequence[Tile], plan: Parameters) -> dict[Scope, Copies]:
    """Number the copies of each scope; the marks of regions follow those of tiles."""
    firsts = {each.region: each for each in reversed(tiles)}
    regions = {each: n for n, each in enumerate(dict.fromkeys(t.region for t in tiles))}
    if len(tiles) + len(regions) > MOST:
        raise Unfit(f"{len(tiles)} tiles of {len(regions)} regions: ids tell {MOST} apart")
    marks = {each: len(tiles) + 1 + n for each, n in regions.items()}
    country = Copies(
        marks=[0],
        region_marks=[0],
        region_ranks=[0],
        texts={"here": [plan.region.encode()], "there": [plan.neighbour.encode()]},
    )
    of_regions = Copies(
        marks=list(marks.values()),
        region_marks=list(marks.values()),
        region_ranks=list(regions.values()),
        texts=_texts([firsts[each] for each in regions]),
    )
    of_tiles = Copies(
        marks=range(1, len(tiles) + 1),
        region_marks=[marks[each.region] for each in tiles],
        region_ranks=[regions[each.region] for each in tiles],
        texts=_texts(tiles),
    )
    return {"country": country, "region": of_regions, "tile": of_tiles}


def _texts(tiles: Sequence[Tile]) -> dict[str, list[bytes]]:
    """Return what the codes of the pattern become in each tile."""
    places = zip(*(each.oktmo for each in tiles), strict=True)
    return {
        "here": [each.region.encode() for each in tiles],
        "there": [each.neighbour.encode() for each in tiles],
    } | {f"place_{n}": [each.encode() for each in those] for n, those in enumerate(places)}


def _slots_of(plan: Parameters) -> re.Pattern[bytes]:
    """Return what finds the ids and the codes of a pattern in the bytes of its records.

    A code of a region is one in a field `region`, after `region:` of an actor, in the
    number of a certificate, or at the head of a territory.
    """
    before = rb'(?<="region":")|(?<=region:)|(?<=\xd0\xa4\xd0\xa0-)|^'
    after = rb'(?=["/-]|$)'
    codes = [(b"here", plan.region), (b"there", plan.neighbour)]
    regions = [
        b"(?:%b)(?P<%b>%b)%b" % (before, name, code.encode(), after) for name, code in codes
    ]
    places = [
        b'(?<=["/])(?P<place_%d>%b)(?=["/]|$)'
        % (n, oktmo_of(RegionCode(plan.region), n).encode())
        for n in range(plan.municipalities)
    ]
    return re.compile(b"|".join([b"(?P<id>%b)" % ID, *places, *regions]))
