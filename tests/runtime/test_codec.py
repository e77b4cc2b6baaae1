"""The codec: what is stored comes out again, what is unknown is said to be so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

import shared.events as _every_fact  # pyright: ignore[reportUnusedImport]  # noqa: F401 - fills the catalogue
from shared.events.registry import (
    Expert,
    ExpertGroupAssigned,
    ProgramListed,
    TeacherRegistered,
)
from shared.kernel import Personal, Sealed, catalogue, fact, kind_of
from shared.kernel.ids import OrgId, PersonId, ProgramId, RegionCode
from shared.runtime import codec
from shared.runtime.codec import Basis, Malformed, Meta, UnknownFact, UnknownSchema
from shared.runtime.log import Record
from shared.runtime.tree import leaf_of_record
from shared.testing.facts import a

SEALED = Sealed(UUID(int=1), UUID(int=2), "A256GCM", "c2VhbGVk")
DAY = date(2024, 2, 1)
WHEN = datetime(2024, 2, 1, 12, 30, 0, 123456, tzinfo=UTC)


def as_stored(kind: type[Any]) -> Any:
    return a(kind, **dict.fromkeys(kind_of(kind).sealed, SEALED))


@pytest.mark.parametrize("name", sorted(catalogue))
def test_each_fact_comes_out_as_it_went_in(name: str) -> None:
    kind = catalogue[name]
    said = as_stored(kind.fact)
    again = codec.decode(name, kind.schema, codec.encode(said))
    assert again == said
    assert type(again) is kind.fact


@given(st.lists(st.tuples(st.uuids(), st.uuids(), st.text())), st.dates())
def test_what_stands_inside_a_fact_comes_out_too(
    experts: list[tuple[UUID, UUID, str]], day: date
) -> None:
    said = ExpertGroupAssigned(
        program_id=ProgramId(UUID(int=1)),
        program_version=1,
        register="FED",
        experts=tuple(
            Expert(person_id=PersonId(p), org_id=OrgId(o), region=RegionCode(r))
            for p, o, r in experts
        ),
        occurred_on=day,
    )
    stored = codec.encode(said)
    assert codec.decode("registry.ExpertGroupAssigned", 1, stored) == said


def test_nobody_is_stored_in_the_clear() -> None:
    with pytest.raises(TypeError, match=r"registry\.TeacherRegistered\.full_name is not"):
        codec.encode(a(TeacherRegistered, full_name="Иванов И. И."))


def test_a_sealed_field_must_be_sealed_when_it_is_read() -> None:
    stored = msgspec.json.encode(a(TeacherRegistered, full_name="Иванов И. И."))
    with pytest.raises(Malformed, match="full_name") as wrong:
        codec.decode("registry.TeacherRegistered", 1, stored)
    assert "Иванов" not in str(wrong.value)


def test_an_error_names_the_place_and_no_value() -> None:
    stored = b'{"region": "25", "name": 5, "iso": null}'
    with pytest.raises(Malformed, match=r"registry\.RegionAdded 1: .*\$\.name"):
        codec.decode("registry.RegionAdded", 1, stored)
    enum = codec.encode(a(ProgramListed)).replace(b'"FED"', b'"Secret"')
    with pytest.raises(Malformed, match=r"enum - at `\$\.register`") as wrong:
        codec.decode("registry.ProgramListed", 1, enum)
    assert "Secret" not in str(wrong.value)


@pytest.mark.parametrize("name", ["registry.TeacherLost", "os.system", ""])
def test_an_unknown_name_is_looked_up_nowhere(name: str) -> None:
    with pytest.raises(UnknownFact):
        codec.decode(name, 1, b"{}")


@pytest.mark.parametrize("schema", [-1, 0, 2])
def test_a_version_of_another_release_is_unknown(schema: int) -> None:
    with pytest.raises(UnknownSchema):
        codec.decode("registry.RegionAdded", schema, b"{}")


def test_fields_that_nobody_knows_are_ignored() -> None:
    said = as_stored(TeacherRegistered)
    more = msgspec.json.decode(codec.encode(said)) | {"patronymic": None}
    assert codec.decode("registry.TeacherRegistered", 1, msgspec.json.encode(more)) == said


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Any]]:
    """A fact in its third version: renamed once, then a field was added."""

    @fact("test.Renamed", schema=3)
    class Renamed:
        """Проверка (S0)."""

        person_id: PersonId
        full_name: Personal[str]
        nick: Personal[str] | None
        grade: int = 1
        tags: tuple[str, ...] = ()

    def second(old: dict[str, Any]) -> dict[str, Any]:
        old["full_name"] = old.pop("name")
        return old

    monkeypatch.setitem(codec.UPCASTS, ("test.Renamed", 1), second)
    monkeypatch.setitem(codec.UPCASTS, ("test.Renamed", 2), lambda old: old | {"nick": None})
    yield Renamed
    del catalogue["test.Renamed"]


def test_old_versions_are_read_as_the_newest(renamed: type[Any]) -> None:
    person = PersonId(UUID(int=3))
    now = renamed(person_id=person, full_name=SEALED, nick=None)
    first = msgspec.json.encode({"person_id": person, "name": SEALED})
    second = msgspec.json.encode({"person_id": person, "full_name": SEALED})
    assert codec.decode("test.Renamed", 1, first) == now
    assert codec.decode("test.Renamed", 2, second) == now
    assert codec.decode("test.Renamed", 3, codec.encode(now)) == now


def test_an_optional_personal_field_is_sealed_too(renamed: type[Any]) -> None:
    said = renamed(person_id=PersonId(UUID(int=3)), full_name=SEALED, nick=SEALED)
    assert codec.decode("test.Renamed", 3, codec.encode(said)) == said
    with pytest.raises(TypeError, match="nick is not sealed"):
        codec.encode(replace(said, nick="Ванька"))


def test_a_missing_upcast_is_not_passed_over(
    renamed: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert renamed
    monkeypatch.delitem(codec.UPCASTS, ("test.Renamed", 2))
    with pytest.raises(UnknownSchema):
        codec.decode("test.Renamed", 1, b'{"name": "x"}')


META = Meta(
    event_id=UUID(int=1),
    actor="operator:1",
    command_id=UUID(int=2),
    correlation_id=UUID(int=3),
    causation_id=UUID(int=4),
    basis=Basis(act="Приказ", number="1-к", date=DAY, clause="S1 4.5"),
    home_org=UUID(int=5),
    corrects=UUID(int=6),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def test_an_envelope_comes_out_as_it_went_in() -> None:
    bare = Meta(event_id=uuid7(), actor="x", command_id=uuid7(), correlation_id=uuid7())
    assert codec.decode_meta(codec.encode_meta(META)) == META
    assert codec.decode_meta(codec.encode_meta(bare)) == bare
    assert b"null" not in codec.encode_meta(bare)
    with pytest.raises(Malformed, match=r"meta: .*command_id"):
        codec.decode_meta(b'{"event_id": "00000000-0000-0000-0000-000000000001", "actor": ""}')


def a_record(**changes: Any) -> Record:
    record = Record(
        source="registry@0",
        epoch=UUID(int=8),
        position=12,
        recorded_at=WHEN,
        event_id=META.event_id,
        stream=UUID(int=9),
        version=2,
        name="registry.RegionAdded",
        schema=1,
        territory=None,
        meta=codec.encode_meta(META),
        data=b'{ "region" :\n"25", "n": 1.0, "\\u0061": "\xd0\xa8"}',
        leaf=b"",
    )
    record = replace(record, **changes)
    return replace(record, leaf=leaf_of_record(record))


def test_a_record_travels_as_one_cloud_event() -> None:
    """Contracts §1: the names on the wire are for ever."""
    sent = msgspec.json.decode(codec.wire(a_record()))
    assert list(sent) == [
        *("specversion", "id", "source", "type", "subject", "time", "datacontenttype"),
        *("epoch", "position", "version", "schema", "recorded_at", "meta", "data"),
    ]
    assert (sent["specversion"], sent["type"]) == ("1.0", "registry.RegionAdded")
    assert sent["time"] == sent["recorded_at"] == "2024-02-01T12:30:00.123456Z"


def test_bytes_are_not_encoded_anew_on_the_wire() -> None:
    """Contracts §1: `data` and `meta` are embedded verbatim."""
    record = a_record()
    assert record.data in codec.wire(record)
    assert codec.unwire(codec.wire(record)) == record


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    meta=json.map(msgspec.json.encode),
    data=json.map(msgspec.json.encode).map(msgspec.json.format),
    when=st.datetimes(timezones=st.just(UTC)),
    position=st.integers(1, 2**63 - 1),
    source=st.text(),
)
def test_every_record_survives_the_wire(**changes: Any) -> None:
    record = a_record(recorded_at=changes.pop("when"), **changes)
    assert codec.unwire(codec.wire(record)) == record


def test_the_leaf_is_computed_and_not_believed() -> None:
    record = a_record()
    sent = codec.wire(record).replace(b'"n": 1.0', b'"n": 2.0')
    assert codec.unwire(sent).leaf != record.leaf
    assert codec.unwire(codec.wire(replace(record, leaf=b"?"))).leaf == record.leaf
    assert codec.unwire(sent, leaf=False).leaf == b""


def test_a_territory_stays_at_home() -> None:
    assert codec.unwire(codec.wire(a_record(territory="25/05701"))).territory is None


def test_moments_are_utc_whoever_sent_them() -> None:
    east = codec.wire(a_record()).replace(b"T12:30:00.123456Z", b"T22:30:00.123456+10:00")
    record = codec.unwire(east)
    assert record == a_record()
    assert record.recorded_at.tzinfo is UTC
    assert record.recorded_at != WHEN.replace(tzinfo=timezone(timedelta(hours=10)))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"1.0"', b'"2.0"', "specversion"),
        (b'"position":12', b'"position":0', "position"),
        (b'"position":12', b'"position":"12"', "position"),
        (b"123456Z", b"123456", "time"),
        (b'"version":2,', b"", "version"),
        (b"{", b"", "object"),
        (b'"source":"', b'"source":"\xff', "UTF-8"),
    ],
)
def test_what_is_no_record_is_malformed(old: bytes, new: bytes, place: str) -> None:
    with pytest.raises(Malformed, match=rf"^wire: .*{place}"):
        codec.unwire(codec.wire(a_record()).replace(old, new, 1))
