"""The seal: who has the key reads, who has not carries, and the erased are gone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from shared.events.registry import RegionAdded, TeacherRegistered
from shared.kernel import Kind, Personal, Sealed, catalogue, fact, kind_of
from shared.kernel.ids import PersonId
from shared.runtime import codec
from shared.runtime.seal import Broken, Erased, Keys, WrongMaster
from shared.runtime.seal_shelves import SqliteShelf, migrate_keys
from shared.runtime.store import NotMigrated
from shared.testing.facts import a
from tests.runtime.conftest import BOTH

MASTER = bytes(range(32))
KIND = kind_of(TeacherRegistered)
BORN = date(1990, 1, 2)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=BOTH)
def keys_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite://{tmp_path}/keys.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(keys_url: str, clock: Clock) -> Iterator[Keys]:
    migrate_keys(keys_url)
    keys = Keys(keys_url, MASTER, clock=clock)
    yield keys
    keys.close()


def ivanov(person_id: UUID | None = None) -> TeacherRegistered:
    return TeacherRegistered(
        person_id=PersonId(person_id or uuid7()),
        full_name="Иванов Иван Иванович",
        snils="112-233-445 95",
        birth_date=BORN,
        occurred_on=date(2024, 2, 1),
    )


def sealed(keys: Keys, said: Any, version: int = 1) -> Any:
    return keys.seal(kind_of(said), said, said.person_id, version)


def test_what_is_sealed_opens_again(keys: Keys) -> None:
    said = ivanov()
    stored = sealed(keys, said)
    assert all(isinstance(getattr(stored, each), Sealed) for each in KIND.sealed)
    assert stored.person_id == said.person_id
    read = codec.decode(KIND.name, 1, codec.encode(stored))
    assert keys.open(read, said.person_id, 1) == said


def test_the_bytes_tell_nothing(keys: Keys) -> None:
    """S1 5.5: в журнале нет персональных данных, и по длине их тоже не узнать."""
    one, two = ivanov(), replace(ivanov(), full_name="Ли")
    stored = codec.encode(sealed(keys, one))
    assert not [w for w in ("Иванов", "112-233-445", "1990") if w.encode() in stored]
    lengths = {
        len(s.ciphertext) for s in (sealed(keys, two).full_name, sealed(keys, two).snils)
    }
    assert len(lengths) == 1
    assert sealed(keys, one).snils.ciphertext != sealed(keys, one).snils.ciphertext


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), born=st.dates())
def test_any_name_and_date_come_back(keys: Keys, name: str, born: date) -> None:
    said = replace(ivanov(), full_name=name, birth_date=born)
    assert keys.open(sealed(keys, said), said.person_id, 1) == said


def test_a_field_opens_in_its_own_place_only(keys: Keys) -> None:
    """Contracts §6: bound to stream, version, name and field."""
    said = ivanov()
    stored = sealed(keys, said)
    for fact_, stream, version in (
        (stored, said.person_id, 2),
        (stored, uuid7(), 1),
        (replace(stored, snils=stored.full_name), said.person_id, 1),
        (replace(stored, snils=replace(stored.snils, key_id=uuid7())), said.person_id, 1),
        (replace(stored, snils=replace(stored.snils, alg="none")), said.person_id, 1),
        (replace(stored, snils=replace(stored.snils, ciphertext="AAAA")), said.person_id, 1),
        (replace(stored, snils=replace(stored.snils, ciphertext="*")), said.person_id, 1),
    ):
        with pytest.raises(Broken, match="does not open") as broken:
            keys.open(fact_, stream, version)
        assert "Иванов" not in str(broken.value)


def test_a_fact_of_nobody_passes_through(keys: Keys) -> None:
    said = a(RegionAdded)
    assert keys.seal(kind_of(said), said, uuid7(), 1) is said
    assert keys.open(said, uuid7(), 1) is said


@pytest.fixture
def pair() -> Iterator[Kind]:
    """A fact that may name somebody, and names him under another id."""

    @fact("test.Named", schema=1, subject="mentor_id")
    class Named:
        """Проверка (S0)."""

        mentor_id: PersonId
        mentor: Personal[str] | None

    yield kind_of(Named)
    del catalogue["test.Named"]


def test_nothing_is_sealed_where_nothing_is_said(keys: Keys, pair: Kind) -> None:
    nobody = pair.fact(mentor_id=uuid7(), mentor=None)
    somebody = pair.fact(mentor_id=uuid7(), mentor="Пётр")
    assert keys.seal(pair, nobody, uuid7(), 1) is nobody
    stored = keys.seal(pair, somebody, UUID(int=1), 1)
    assert stored.mentor.subject == somebody.mentor_id
    assert keys.open(stored, UUID(int=1), 1) == somebody


def test_the_erased_stay_sealed(keys: Keys) -> None:
    """S1 5.5: ключ уничтожен, имя не прочесть никому, остальные читаются."""
    gone, stays = ivanov(), ivanov()
    stored, other = sealed(keys, gone), sealed(keys, stays)
    keys.erase(gone.person_id)
    assert keys.open(stored, gone.person_id, 1) == stored
    assert keys.open(other, stays.person_id, 1) == stays


def test_the_erased_get_no_other_key(keys: Keys) -> None:
    gone = ivanov()
    sealed(keys, gone)
    keys.erase(gone.person_id)
    keys.prepare([gone.person_id])
    with pytest.raises(Erased) as erased:
        sealed(keys, gone)
    assert erased.value.subject == gone.person_id


def test_to_erase_twice_is_to_erase_once(keys: Keys) -> None:
    said = ivanov()
    key_id = sealed(keys, said).snils.key_id
    assert keys.key_id(said.person_id) == key_id
    assert keys.erase(said.person_id) == keys.erase(said.person_id) == key_id
    assert keys.key_id(said.person_id) == key_id


def test_who_never_had_a_key_is_erased_too(keys: Keys) -> None:
    said = ivanov()
    assert keys.key_id(said.person_id) is None
    assert keys.erase(said.person_id) == keys.erase(said.person_id)
    with pytest.raises(Erased):
        sealed(keys, said)


def test_what_another_process_erases_is_noticed_in_seconds(
    keys: Keys, keys_url: str, clock: Clock
) -> None:
    said = ivanov()
    stored = sealed(keys, said)
    other = Keys(keys_url, MASTER)
    other.erase(said.person_id)
    other.close()
    clock.now = 4.9
    assert keys.open(stored, said.person_id, 1) == said
    clock.now = 5.0
    assert keys.open(stored, said.person_id, 1) == stored


def test_keys_outlive_the_process_and_are_made_once(keys: Keys, keys_url: str) -> None:
    people = [ivanov() for _ in range(2_500)]
    keys.prepare([each.person_id for each in people])
    other = Keys(keys_url, MASTER)
    other.prepare([each.person_id for each in people])
    other.warm([each.person_id for each in people])
    stored = [sealed(keys, each) for each in people]
    assert [
        other.open(s, p.person_id, 1) for s, p in zip(stored, people, strict=True)
    ] == people
    other.close()


def test_two_who_make_the_same_key_agree(keys: Keys, keys_url: str) -> None:
    other, people = Keys(keys_url, MASTER), [ivanov() for _ in range(50)]
    stored: list[tuple[Any, TeacherRegistered]] = []

    def seal_all(mine: Keys) -> None:
        stored.extend([(sealed(mine, each), each) for each in people])

    threads = [Thread(target=seal_all, args=[each]) for each in (keys, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored) == 100
    assert all(keys.open(sealed_, said.person_id, 1) == said for sealed_, said in stored)
    other.close()


def test_another_master_key_stops_the_start(keys: Keys, keys_url: str) -> None:
    """A claim under another key would be unique twice."""
    assert keys
    with pytest.raises(WrongMaster):
        Keys(keys_url, MASTER[::-1])
    with pytest.raises(ValueError, match="31 bytes"):
        Keys(keys_url, MASTER[1:])


def test_a_claim_is_the_same_everywhere_and_tells_nothing(keys: Keys, keys_url: str) -> None:
    other = Keys(keys_url, MASTER)
    assert keys.hmac("snils", "112") == other.hmac("snils", "112")
    assert (
        len({keys.hmac("snils", "112"), keys.hmac("cert", "112"), keys.hmac("sn", "il")}) == 3
    )
    assert len(keys.hmac("snils", "112")) == 32
    other.close()


def test_an_empty_database_is_said_to_be_so(keys_url: str) -> None:
    with pytest.raises(NotMigrated):
        Keys(keys_url, MASTER)


def test_tables_are_made_once(keys_url: str) -> None:
    threads = [Thread(target=migrate_keys, args=[keys_url]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Keys(keys_url, MASTER).close()


def wrapped(folder: Path) -> list[bytes]:
    shelf = SqliteShelf(f"{folder}/keys.sqlite")
    rows = shelf._db.execute("SELECT wrapped FROM keys").fetchall()
    shelf.close()
    return [row[0] for row in rows if row[0]]


def test_a_destroyed_key_is_in_no_file_any_more(tmp_path: Path) -> None:
    """S1 5.5: ключ затёрт и в самом файле, и в его журнале."""
    url = f"sqlite://{tmp_path}/keys.sqlite"
    migrate_keys(url)
    keys = Keys(url, MASTER)
    people = [uuid7() for _ in range(3_000)]
    for start in range(0, len(people), 100):
        keys.prepare(people[start : start + 100])
    before = wrapped(tmp_path)
    for each in people[::250]:
        keys.erase(each)
    gone = set(before) - set(wrapped(tmp_path))
    files = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert len(gone) == 12
    assert not [key for key in gone if key in files or key[:16] in files or key[-16:] in files]
    assert all(key in files for key in wrapped(tmp_path))
    keys.close()


def test_a_reader_holds_up_the_erasing_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not out of the journal is not said to be erased; asked again, it is."""
    monkeypatch.setattr("shared.runtime.seal_shelves.PATIENCE", 0.1)
    url = f"sqlite://{tmp_path}/keys.sqlite"
    migrate_keys(url)
    keys, person = Keys(url, MASTER), uuid7()
    keys.prepare([person])
    (secret,) = wrapped(tmp_path)
    reader = SqliteShelf(f"{tmp_path}/keys.sqlite")._db
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM keys").fetchall()
    with pytest.raises(TimeoutError, match="try again"):
        keys.erase(person)
    reader.execute("COMMIT")
    reader.close()
    keys.erase(person)
    assert secret not in b"".join(each.read_bytes() for each in tmp_path.iterdir())
    keys.close()
