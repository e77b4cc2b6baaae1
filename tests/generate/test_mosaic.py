"""A country of tiles: every copy is the pattern under other ids (contracts §8)."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from metodika.generate import BEFORE, Columns, carry_out
from metodika.mosaic import Mosaic, Unfit
from metodika.plan import TIERS, Parameters, plan, shared, tiles_of
from metodika.plan.land import regions
from metodika.plan.tiles import Scope
from metodika.services import NAMES, service
from metodika.targets import founding
from services.monitoring import ledger as language
from shared.kernel import Recorded, Withdrawal
from shared.kernel.ids import EventId
from shared.runtime import codec
from shared.runtime.answers import Answers
from shared.runtime.canonical import canonical
from shared.runtime.columns import Ledger
from shared.runtime.log import Record
from tests.generate.conftest import KNOWN, SEED

AS_OF = date(2024, 12, 31)
OF = replace(TIERS["XS"], region="25", neighbour="27", others=("79",))
LAID = [
    *list(tiles_of(("25", "27"), replace(OF, people=9_000)))[:2],
    *list(tiles_of(("27", "79"), replace(OF, people=1_000_000)))[:1],
]
"""Two tiles of Primorye, one of its neighbour."""
IN_PATTERN = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class World:
    pattern: list[Record]
    laid: list[Record]
    one: Answers
    many: Answers


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a pattern, three copies of it in two regions, and a ledger of each."""
    folder, pattern = tmp_path_factory.mktemp("mosaic"), pattern_of(OF)
    laid = [each for batch in mosaic(pattern).laid(LAID) for each in batch]
    one, many = Ledger(folder / "one", language), Ledger(folder / "many", language)
    one.ingest(pattern)
    many.ingest(laid)
    yield World(pattern, laid, Answers(one, KNOWN), Answers(many, KNOWN))
    one.close()
    many.close()


def pattern_of(parameters: Parameters) -> list[Record]:
    pattern: list[Record] = []
    sink = Columns(pattern.extend)
    sink.ask("monitoring", founding(KNOWN), BEFORE)
    carry_out(sink, list(plan(SEED, parameters)))
    return pattern


def mosaic(pattern: list[Record]) -> Mosaic:
    return Mosaic(pattern, OF, shared(SEED, OF))


def test_one_tile_in_its_own_place_is_the_pattern(world: World) -> None:
    """Один участок на своём месте — тот же журнал, кроме номеров."""
    (first, *_) = LAID
    copy = [each for batch in mosaic(world.pattern).laid([first]) for each in batch]

    assert [shape(each) for each in copy] == [shape(each) for each in world.pattern]
    assert [each.position for each in copy] == [each.position for each in world.pattern]


def shape(record: Record) -> tuple[object, ...]:
    """Return a record with its ids blotted out."""
    data, meta = (IN_PATTERN.sub(b"id", each) for each in (record.data, record.meta))
    territory = IN_PATTERN.sub(b"id", (record.territory or "").encode())
    return record.source, record.name, record.version, record.recorded_at, data, meta, territory


def test_the_same_ids_stay_the_same_and_others_other(world: World) -> None:
    """Новые номера — взаимно однозначно: каноническая форма с переименованием одна."""
    (first, *_) = LAID
    copy = [each for batch in mosaic(world.pattern).laid([first]) for each in batch]

    assert renamed(copy) == renamed(world.pattern)


def renamed(records: list[Record]) -> list[bytes]:
    """Return the canonical form, each id as the number of its first appearance."""
    seen: dict[bytes, bytes] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return seen.setdefault(found[0], b"#%d" % len(seen))

    return [IN_PATTERN.sub(number, each) for each in canonical(records)]


def test_logs_have_no_holes_and_time_never_runs_back(world: World) -> None:
    """§2: места подряд, время не идёт назад, версии потока подряд."""
    logs: dict[str, list[Record]] = defaultdict(list)
    versions: dict[UUID, list[int]] = defaultdict(list)
    for each in world.laid:
        logs[each.source].append(each)
        versions[each.stream].append(each.version)

    for log in logs.values():
        assert [each.position for each in log] == list(range(1, len(log) + 1))
        assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(log))
    assert all(v == list(range(1, len(v) + 1)) for v in versions.values())
    assert len({each.event_id for each in world.laid}) == len(world.laid)


def test_every_life_is_possible(world: World) -> None:
    """Каждый поток — жизнь по правилам своего решателя."""
    deciders = {f: d for name in NAMES for d in service(name).deciders for f in d.facts}
    lives: dict[UUID, list[Recorded[Any]]] = defaultdict(list)
    for each in world.laid:
        meta = codec.decode_meta(each.meta)
        fact = codec.decode(each.name, each.schema, each.data)
        corrects = EventId(meta.corrects) if meta.corrects else None
        said = Recorded(event_id=EventId(each.event_id), fact=fact, corrects=corrects)
        lives[each.stream].append(said)
        assert meta.event_id == each.event_id

    assert len(lives) > 1000
    for life in lives.values():
        assert deciders[type(life[0].fact)].is_a_life(life)


@pytest.mark.parametrize("kpi", sorted(KNOWN.keys() - {"K-F0", "K-R5x.max"}))
def test_three_tiles_count_three_times(world: World, kpi: str) -> None:
    """Числитель и знаменатель страны — трижды от участка; по субъектам 2 : 1."""
    one, many = (totals(each, kpi) for each in (world.one, world.many))

    assert many[""] == tuple(3 * each for each in one[""])
    assert many["25"] == tuple(2 * each for each in one["25"])
    assert many["25/05503000"] == one["25/05501000"]


def totals(answers: Answers, kpi: str) -> Mapping[str, tuple[int, int]]:
    vector, _ = answers.vector(None)
    return {path: (num, den) for _, path, num, den in answers.levels(kpi, AS_OF, vector)}


def test_a_centre_is_a_regions_own(world: World) -> None:
    """K-F0: центр есть в 25 и 27, в 77 и 79 его нет."""
    assert totals(world.many, "K-F0")[""] == (2, 4)


def test_what_is_cited_is_ones_own(world: World) -> None:
    """Ссылки ведут туда же, что в узоре: к листингу той же ДПП, к факту того же потока."""
    told = {each.event_id: each for each in world.laid}
    listed, withdrawn, caused = 0, 0, 0
    for each in world.laid:
        fact = codec.decode(each.name, each.schema, each.data)
        for event_id in getattr(fact, "listed_by", ()):
            listed += (
                codec.decode("registry.ProgramListed", 1, told[event_id].data).program_id
                == fact.program_id
            )
        if isinstance(fact, Withdrawal):
            withdrawn += told[fact.withdraws].stream == each.stream
        cause = codec.decode_meta(each.meta).causation_id
        caused += cause is not None and told[cause].recorded_at <= each.recorded_at

    assert (listed, withdrawn, caused) == tuple(3 * each for each in counted(world.pattern))


def counted(pattern: list[Record]) -> tuple[int, int, int]:
    """Return how many listings are cited, facts withdrawn, causes named."""
    facts = [codec.decode(each.name, each.schema, each.data) for each in pattern]
    listed = sum(len(getattr(each, "listed_by", ())) for each in facts)
    withdrawn = sum(isinstance(each, Withdrawal) for each in facts)
    causes = [codec.decode_meta(each.meta).causation_id for each in pattern]
    assert listed > 30
    assert withdrawn
    return listed, withdrawn, len(causes) - causes.count(None)


def test_evidence_of_a_tile_is_its_own(world: World) -> None:
    """Показатель доказывают освоения самого человека, и стоят они в журнале."""
    vector, _ = world.many.vector(None)
    told = {each.event_id: each for each in world.laid}
    counted = [each for each in world.many.members("K-F1", "", AS_OF, vector) if each.num]

    assert len(counted) > 90
    for each in counted:
        proofs = [told[event_id] for event_id in each.evidence]
        own = [one for one in proofs if one.name == "routes.ProgramCompleted"]
        assert own
        assert all(each.subject.encode() in one.data for one in own)


def test_a_region_may_not_name_what_is_a_tiles(world: World) -> None:
    """Программа участка не может стоять за весь субъект: узор негоден."""
    scopes = shared(SEED, OF)
    of_tiles: dict[UUID, Scope] = {}
    of_tiles.update((each, "tile") for each, scope in scopes.items() if scope == "region")

    with pytest.raises(Unfit):
        Mosaic(world.pattern, OF, of_tiles)


def test_tiles_cover_every_region_by_its_weight() -> None:
    """§6.1: 83 субъекта, 1,41 млн педагогов; Москва больше всех, ОКТМО не повторяются."""
    district = TIERS["XL"]
    laid = list(tiles_of(tuple(regions()), district))
    number = {code: sum(each.region == code for each in laid) for code in regions()}
    places = [oktmo for each in laid for oktmo in each.oktmo]

    assert 1_350_000 < len(laid) * district.people < 1_500_000
    assert min(number.values()) == 1
    assert max(number, key=lambda code: number[code]) == "77"
    assert len(set(places)) == len(places)
    assert {len(each) for each in places} == {8}
