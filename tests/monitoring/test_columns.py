"""The ledger's file is a function of the logs: not of how, when or how often they came."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.monitoring import ledger as language
from shared.events.registry import RegionAdded, TeacherRegistered
from shared.events.routes import FactWithdrawn, ProgramCompleted
from shared.kernel import Recorded, catalogue, kind_of, standing
from shared.kernel.ids import EnrolmentId, EventId
from shared.runtime.codec import Malformed
from shared.runtime.columns import ForeignEpoch, Hole, Ledger, Taken
from shared.runtime.log import Record
from shared.testing.facts import a
from tests.monitoring.telling import EPOCH, record
from tests.oracle.said import Said

MONDAY = datetime(2024, 2, 5, 9, tzinfo=UTC)
DONE = a(ProgramCompleted, enrolment_id=EnrolmentId(UUID(int=5)))


def told(n: int, fact: Any, corrects: int | None = None) -> Record:
    """Record a fact as the n-th of its owner's log, an hour after the one before."""
    kind = kind_of(fact)
    return record(
        Said(
            source=f"{kind.owner}@0",
            position=n,
            recorded_at=MONDAY + timedelta(hours=n),
            event_id=UUID(int=1000 * len(kind.owner) + n),
            name=kind.name,
            fact=fact,
            corrects=UUID(int=1000 * len(kind.owner) + corrects) if corrects else None,
        )
    )


REGIONS = [told(n, a(RegionAdded, region=f"{n:02}")) for n in range(1, 6)]
COMPLETIONS = [told(n, replace(DONE, enrolment_id=UUID(int=n))) for n in range(1, 4)]


@pytest.fixture
def ledger(tmp_path: Path) -> Generator[Ledger]:
    opened = Ledger(tmp_path / "ledger", language)
    yield opened
    opened.close()


def count(ledger: Ledger, table: str = "registry_RegionAdded") -> int:
    with ledger.reading() as cursor:
        return cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


# ── What comes in ───────────────────────────────────────────────────────────


def test_a_log_heard_twice_is_heard_once(ledger: Ledger) -> None:
    assert ledger.ingest(REGIONS[:3]) == Taken(applied=3)
    assert ledger.ingest(REGIONS) == Taken(applied=2, repeated=3)
    assert ledger.ingest(REGIONS) == Taken(repeated=5)
    assert count(ledger) == 5
    assert ledger.positions() == {"registry@0": (EPOCH, 5)}


def test_twice_in_one_batch_is_once(ledger: Ledger) -> None:
    assert ledger.ingest([*REGIONS, *REGIONS[3:]]) == Taken(applied=5, repeated=2)


@pytest.mark.parametrize("before", [0, 1])
def test_a_hole_stops_the_reader(ledger: Ledger, before: int) -> None:
    """Contracts §2: positions are gapless, so a reader that sees a hole stops."""
    ledger.ingest(REGIONS[:before])
    with pytest.raises(Hole, match=f"heard up to {before}, not {before + 2}"):
        ledger.ingest(REGIONS[before + 1 :])

    assert count(ledger) == before


def test_a_batch_is_taken_whole_or_not(ledger: Ledger) -> None:
    with pytest.raises(Hole):
        ledger.ingest([*REGIONS[:2], *COMPLETIONS, REGIONS[4]])

    assert ledger.positions() == {}


def test_an_unannounced_epoch_stops_the_reader(ledger: Ledger) -> None:
    """Contracts §2: «an unannounced epoch … stops the reader and alarms»."""
    ledger.ingest(REGIONS[:2])
    with pytest.raises(ForeignEpoch, match="registry@0"):
        ledger.ingest([replace(REGIONS[2], epoch=UUID(int=8))])


def test_an_announced_epoch_is_gone_on_in(tmp_path: Path) -> None:
    """Contracts §2: it begins where its log says; a beat may be the first that is heard."""
    second = UUID(int=8)

    def announced(source: str, epoch: UUID, after: int) -> bool:
        return (source, epoch, after) == ("registry@0", second, 2)

    after = [replace(each, epoch=second) for each in REGIONS[2:]]
    with closing(Ledger(tmp_path / "ledger", language, announced=announced)) as ledger:
        ledger.ingest(REGIONS[:1])
        with pytest.raises(ForeignEpoch, match="registry@0"):
            ledger.ingest([replace(REGIONS[1], epoch=second)])
        ledger.ingest([REGIONS[1], *after])
        ledger.ingest(REGIONS[:2])

        assert ledger.positions() == {"registry@0": (second, 5)}
        assert count(ledger) == 5
    with closing(Ledger(tmp_path / "other", language, announced=announced)) as ledger:
        ledger.ingest(REGIONS[:2])
        ledger.beat("registry@0", second, 2, at(9))

        assert ledger.positions() == {"registry@0": (second, 2)}
        assert ledger.vector_at(at(9)).lagging == ()
        assert ledger.ingest(after).applied == 3


def test_only_a_log_that_was_put_back_may_know_less(ledger: Ledger) -> None:
    """Reliability 21: what stands in no log leaves the ledger when it is built anew."""
    ledger.ingest([*REGIONS, *COMPLETIONS])
    with pytest.raises(Hole, match="registry@0 ends before 5"):
        ledger.rebuild(lambda known: [] if known else [REGIONS[:2], COMPLETIONS])
    ledger.rebuild(
        lambda known: [] if known else [REGIONS[:2], COMPLETIONS], put_back=["registry@0"]
    )

    assert count(ledger) == 2
    assert ledger.event_at("registry@0", 2) == REGIONS[1].event_id
    assert ledger.event_at("registry@0", 3) is None


def test_another_past_stops_the_reader(ledger: Ledger) -> None:
    """Contracts §2: «or a known position with another event_id»."""
    ledger.ingest(REGIONS[:2])
    with pytest.raises(ForeignEpoch, match="another event id"):
        ledger.ingest([replace(REGIONS[1], event_id=UUID(int=9)), REGIONS[2]])

    assert count(ledger) == 2


@pytest.mark.parametrize("foreign", [{"name": "registry.Unheard"}, {"schema": 99}])
def test_what_a_later_release_says_is_passed_by_and_counted(
    ledger: Ledger, foreign: dict[str, Any]
) -> None:
    unheard = replace(REGIONS[1], **foreign)

    assert ledger.ingest([REGIONS[0], unheard, REGIONS[2]]) == Taken(applied=2, skipped=1)
    assert ledger.skipped() == {unheard.name: 1}
    assert ledger.positions() == {"registry@0": (EPOCH, 3)}


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"region": 25, "name": "", "iso": null, "utc_offset_minutes": 600}',
        b'{"region": "25", "name": "", "utc_offset_minutes": 1, "occurred_on": "Ivanov"}',
        b'{"region": "25", "name": "", "iso": null, "occurred_on": "2024-02-05"}',
    ],
)
def test_bytes_that_are_no_fact_stop_the_reader(ledger: Ledger, data: bytes) -> None:
    """Named by place, never by value: what is wrong may be somebody's name."""
    with pytest.raises(Malformed, match=r"registry@0 2: registry\.RegionAdded") as found:
        ledger.ingest([REGIONS[0], replace(REGIONS[1], data=data)])

    assert "Ivanov" not in str(found.value)
    assert count(ledger) == 0


def test_what_is_sealed_stays_out(ledger: Ledger) -> None:
    """Contracts §6: personal data have no column; who erases them changes no number."""
    ledger.ingest([told(1, a(TeacherRegistered, full_name="Иванов"))])
    with ledger.reading() as cursor:
        cursor.execute("FROM registry_TeacherRegistered")
        columns = {each[0] for each in cursor.description or ()}

    assert not columns & {"full_name", "snils", "birth_date"}
    assert count(ledger, "registry_TeacherRegistered") == 1


def test_every_fact_has_a_table_that_takes_it(ledger: Ledger) -> None:
    facts = [a(kind.fact) for kind in catalogue.values()]
    by_owner: dict[str, int] = {}
    records: list[Record] = []
    for each in facts:
        owner = kind_of(each).owner
        by_owner[owner] = by_owner.get(owner, 0) + 1
        records.append(told(by_owner[owner], each))

    assert ledger.ingest(records) == Taken(applied=len(catalogue))


# ── What stands ─────────────────────────────────────────────────────────────


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["say", "correct", "withdraw"]), st.integers(0))),
    st.integers(1, 4),
)
def test_kernel_and_ledger_agree_on_what_stands(
    story: list[tuple[str, int]], size: int
) -> None:
    """Contracts §1: corrections act from the corrected fact's own date, once known."""
    firsts = [1]
    records = [told(1, replace(DONE, program_version=-1))]
    history: list[Recorded[Any]] = [
        Recorded(event_id=EventId(records[0].event_id), fact=replace(DONE, program_version=-1))
    ]
    for version, (deed, choice) in enumerate(story):
        n, first = len(records) + 1, firsts[choice % len(firsts)]
        fact: Any = replace(DONE, program_version=version)
        corrects = first if deed == "correct" else None
        if deed == "withdraw":
            fact = a(
                FactWithdrawn,
                withdraws=EventId(records[first - 1].event_id),
                name="routes.ProgramCompleted",
            )
        elif deed == "say":
            firsts.append(n)
        records.append(told(n, fact, corrects))
        history.append(
            Recorded(
                event_id=EventId(records[-1].event_id),
                fact=fact,
                corrects=EventId(records[first - 1].event_id) if corrects else None,
            )
        )

    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder), language)
        for n in range(0, len(records), size):
            ledger.ingest(records[n : n + size])
        with ledger.reading() as cursor:
            for known in range(1, len(records) + 1):
                stands = cursor.execute(
                    "SELECT event_id FROM live_routes_ProgramCompleted($known)"
                    " ORDER BY position",
                    {"known": {"routes@0": known}},
                ).fetchall()
                expected = [each.event_id for each in standing(history[:known])]
                assert [event for (event,) in stands] == expected
        ledger.close()


# ── What was known ──────────────────────────────────────────────────────────


def at(hour: int) -> datetime:
    return MONDAY + timedelta(hours=hour)


def test_a_moment_is_a_vector(ledger: Ledger) -> None:
    """Contracts §3: in each log the last record with recorded_at ≤ as_known."""
    ledger.ingest([*REGIONS, *COMPLETIONS])

    assert ledger.vector_at(at(2)).known == {"registry@0": 2, "routes@0": 2}
    assert ledger.vector_at(at(4)).known == {"registry@0": 4, "routes@0": 3}
    assert ledger.vector_at().known == {"registry@0": 5, "routes@0": 3}
    assert ledger.vector_at(at(0)).known == {}


def test_a_log_that_may_have_said_more_lags(ledger: Ledger) -> None:
    """Contracts §3: «provisional with the lagging source»; a heartbeat clears it."""
    ledger.ingest([*REGIONS, *COMPLETIONS])
    assert ledger.vector_at(at(5)).lagging == ("routes@0",)

    ledger.beat("routes@0", EPOCH, 3, at(6))
    assert ledger.vector_at(at(5)).lagging == ()


def test_a_heartbeat_beyond_what_is_heard_promises_nothing(ledger: Ledger) -> None:
    ledger.ingest([*REGIONS, *COMPLETIONS])
    ledger.beat("routes@0", EPOCH, 4, at(6))

    assert ledger.vector_at(at(5)).lagging == ("routes@0",)


def test_a_log_never_heard_lags(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, language, sources=["mentoring@0"])
    assert ledger.vector_at(at(1)).lagging == ("mentoring@0",)

    ledger.beat("mentoring@0", EPOCH, 0, at(2))
    assert ledger.vector_at(at(1)).lagging == ()
    ledger.close()


# ── Generations ─────────────────────────────────────────────────────────────


def from_the_logs(*records: Record) -> Any:
    def logs(heard: Mapping[str, int]) -> Iterator[Sequence[Record]]:
        yield [each for each in records if each.position > heard.get(each.source, 0)]

    return logs


def test_what_is_rebuilt_is_the_same(ledger: Ledger) -> None:
    """Issue 3 §1.8: «thrown away and rebuilt from the logs … identical»."""
    again = told(4, replace(DONE, doc_kind="diploma"), corrects=1)
    for each in [*REGIONS, *COMPLETIONS, again]:
        ledger.ingest([each])
    before, generation = ledger.digest(), ledger.generation
    total = ledger.rebuild(from_the_logs(*COMPLETIONS, again, *REGIONS))

    assert total.applied == 9
    assert ledger.generation != generation
    assert ledger.digest() == before


def test_another_log_is_another_digest(ledger: Ledger) -> None:
    ledger.ingest(REGIONS)
    before = ledger.digest()
    changed = replace(REGIONS[4], data=REGIONS[4].data.replace(b'"05"', b'"50"'))
    ledger.rebuild(from_the_logs(*REGIONS[:4], changed))

    assert ledger.digest() != before


def test_readers_go_on_while_it_is_rebuilt(ledger: Ledger) -> None:
    """Reliability 11: live reads are unaffected; the old generation goes when they go."""
    ledger.ingest(REGIONS)
    old = ledger.folder / ledger.generation
    with ledger.reading() as cursor:
        ledger.rebuild(from_the_logs(*REGIONS))
        assert cursor.execute("SELECT count(*) FROM registry_RegionAdded").fetchall() == [(5,)]
        assert old.exists()

    assert not old.exists()
    assert count(ledger) == 5


def test_a_rebuild_that_knows_less_is_not_swapped_in(ledger: Ledger) -> None:
    ledger.ingest(REGIONS)
    with pytest.raises(Hole, match="ends before 5"):
        ledger.rebuild(from_the_logs(*REGIONS[:4]))

    assert ledger.generation == "1"
    assert [each.name for each in ledger.folder.iterdir() if each.is_dir()] == ["1"]
    assert ledger.ingest(REGIONS) == Taken(repeated=5)


def test_a_rebuild_that_is_stopped_leaves_all_as_it_was(ledger: Ledger) -> None:
    """Ctrl-C in the middle: the old generation answers on, and whoever reads is let go."""
    ledger.ingest(REGIONS)
    before, let_go = ledger.digest(), list[bool]()

    def logs(_: Mapping[str, int]) -> Iterator[Sequence[Record]]:
        try:
            yield REGIONS[:2]
            yield [replace(REGIONS[2], data=b"{")]
        finally:
            let_go.append(True)

    with pytest.raises(Malformed):
        ledger.rebuild(logs)

    assert let_go == [True]
    assert (ledger.generation, ledger.digest()) == ("1", before)
    assert [each.name for each in ledger.folder.iterdir() if each.is_dir()] == ["1"]


def test_it_goes_on_where_it_was_closed(tmp_path: Path) -> None:
    first = Ledger(tmp_path, language)
    first.ingest(REGIONS[:3])
    first.rebuild(from_the_logs(*REGIONS[:3]))
    first.close()
    (tmp_path / "7").mkdir()  # a rebuild that was killed

    second = Ledger(tmp_path, language)
    assert second.ingest(REGIONS) == Taken(applied=2, repeated=3)
    assert not (tmp_path / "7").exists()
    second.close()


# ── The door is locked ──────────────────────────────────────────────────────


def test_a_reader_writes_nothing(ledger: Ledger) -> None:
    with pytest.raises(duckdb.Error, match="read-only"), ledger.reading() as cursor:
        cursor.execute("DELETE FROM heard")


@pytest.mark.parametrize(
    "crime",
    ["COPY heard TO 'heard.csv'", "SET enable_external_access = true", "INSTALL httpfs"],
)
def test_nothing_but_the_file_is_touched(ledger: Ledger, crime: str) -> None:
    with ledger.reading() as cursor, pytest.raises(duckdb.Error):
        cursor.execute(crime)


def test_a_reader_sees_one_moment(ledger: Ledger) -> None:
    ledger.ingest(REGIONS[:2])
    with ledger.reading() as cursor:
        before = cursor.execute("SELECT count(*) FROM registry_RegionAdded").fetchall()
        ledger.ingest(REGIONS)
        after = cursor.execute("SELECT count(*) FROM registry_RegionAdded").fetchall()

    assert before == after == [(2,)]
    assert date(2024, 2, 1) == DONE.occurred_on
