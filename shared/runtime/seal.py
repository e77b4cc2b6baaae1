"""Sealed fields: a key for each person, in a database of their own (contracts §6)."""

from base64 import b64decode
from binascii import b2a_base64
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from functools import cache
from hmac import compare_digest
from os import urandom
from threading import Lock
from time import monotonic
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.kernel import Kind, Personal, Sealed, but, kind_of
from shared.kernel.ids import KeyId
from shared.runtime.codec import new_id
from shared.runtime.seal_shelves import Kept, open_shelf
from shared.runtime.told import Told

ALG = "A256GCM"
NONCE = 12
KEY = 32
PADDING = 32
REMEMBERED = 20_000
"""How many keys are kept in memory, the most recently used."""


class Erased(Exception):  # noqa: N818 - an answer: nothing more is known of this person
    """The key of this person was destroyed, and there will be no other."""

    clause, reason = "S1 5.5", "Персональные данные уничтожены"

    def __init__(self, subject: UUID) -> None:
        super().__init__(f"{subject} is erased")
        self.subject = subject


class WrongMaster(Told):
    """These keys were wrapped under another master key."""


class Broken(Exception):  # noqa: N818 - said of a stored field
    """A sealed field does not open: it was changed, or moved from another record."""


class Keys:
    """Seals and opens the personal fields of facts. Safe to share between threads.

    `url` is the keys' own database, `sqlite://<path>` or `postgresql://…`, migrated
    before; `master` are 32 secret bytes or more. What another process erases is
    noticed here within `max_age` seconds.
    """

    def __init__(
        self,
        url: str,
        master: bytes,
        *,
        max_age: float = 5.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if len(master) < KEY:
            raise ValueError(f"the master key has {len(master)} bytes, not {KEY}")
        self._wrap = AESGCM(_derived(master, b"metodika wrap"))
        self._claims = HMAC(_derived(master, b"metodika claims"), SHA256())
        self._max_age = max_age
        self._clock = clock
        self._lock = Lock()
        self._recent: OrderedDict[int, tuple[float, UUID, AESGCM | None]] = OrderedDict()
        self._shelf = open_shelf(url)
        try:
            self._require_same(_derived(master, b"metodika master"))
        except BaseException:
            self._shelf.close()
            raise

    def _require_same(self, mine: bytes) -> None:
        if not compare_digest(self._shelf.master(mine), mine):
            raise WrongMaster("these keys were made under another master key")

    def hmac(self, kind: str, key: str) -> bytes:
        """Return what stands for a claimed key: 32 bytes that tell nothing about it."""
        said = self._claims.copy()
        said.update(f"{kind}\0{key}".encode())
        return said.finalize()

    def prepare(self, subjects: Collection[UUID]) -> None:
        """Make the keys that these people lack, in one transaction; none for erased."""
        found = self._find(subjects)
        missing = {n: each for each in subjects if (n := each.int) not in found}
        if not missing:
            return
        new, until = list(self._new(missing.values())), self._clock() + self._max_age
        added = self._shelf.add([kept for kept, _ in new])
        mine: dict[int, tuple[UUID, AESGCM | None]] = {
            kept.subject.int: (kept.key_id, key) for kept, key in new if kept.subject in added
        }
        self._remember(mine, until)
        self._find([each for n, each in missing.items() if n not in mine])

    def warm(self, subjects: Collection[UUID]) -> None:
        """Read the keys of many people in one go, before their facts are opened."""
        self._find(subjects)

    def seal(self, kind: Kind, fact: Any, stream: UUID, version: int) -> Any:
        """Return the fact with its personal fields sealed to its place in the log.

        Raises `Erased`. What is sealed already, or None, stays as it is.
        """
        sealed: dict[str, Sealed] = {}
        keys: dict[str, tuple[UUID | None, AESGCM | None]] = {}
        thing = f"{stream} {version} {kind.name}"
        nonces = urandom(NONCE * len(kind.sealed))
        for n, (field, about) in enumerate(kind.sealed.items()):
            plain = getattr(fact, field)
            if plain is None or isinstance(plain, Sealed):
                continue
            subject: UUID = getattr(fact, about)
            if about not in keys:
                keys[about] = self._key(subject, make=True)
            key_id, cipher = keys[about]
            if key_id is None or cipher is None:
                raise Erased(subject)
            nonce, text = nonces[n * NONCE : (n + 1) * NONCE], _said.encode(plain)
            padded = text.ljust(-len(text) // PADDING * -PADDING)
            box = nonce + cipher.encrypt(nonce, padded, f"{thing} {field}".encode())
            sealed[field] = Sealed(
                subject, key_id, ALG, b2a_base64(box, newline=False).decode()
            )
        return but(fact, **sealed) if sealed else fact

    def open(self, fact: Any, stream: UUID, version: int) -> Any:
        """Return the fact in clear, as it was said; of the erased it stays sealed.

        Raises `Broken` when a field was not sealed at this place.
        """
        kind = kind_of(fact)
        plain: dict[str, Any] = {}
        for field in kind.sealed:
            sealed = getattr(fact, field)
            if not isinstance(sealed, Sealed):
                continue
            key_id, cipher = self._key(sealed.subject, make=False)
            if cipher is None:
                continue
            place = f"{stream} {version} {kind.name} {field}".encode()
            try:
                if sealed.alg != ALG or sealed.key_id != key_id:
                    raise InvalidTag  # noqa: TRY301 - the same to whoever asked
                box = b64decode(sealed.ciphertext)
                text = cipher.decrypt(box[:NONCE], box[NONCE:], place)
            except (InvalidTag, ValueError):
                where = f"{kind.name}.{field} of {stream}, version {version}"
                raise Broken(f"{where}, does not open") from None
            plain[field] = _plain(kind.fact)[field].decode(text)
        return but(fact, **plain) if plain else fact

    def key_id(self, subject: UUID) -> KeyId | None:
        """Return the id of a person's key, destroyed or not; None if there was none."""
        key_id, _ = self._key(subject, make=False)
        return None if key_id is None else KeyId(key_id)

    def is_erased(self, subject: UUID) -> bool:
        """Say whether there was a key of a person, and it is destroyed."""
        key_id, cipher = self._key(subject, make=False)
        return key_id is not None and cipher is None

    def erase(self, subject: UUID) -> KeyId:
        """Destroy the key of a person, for ever; asked twice, the same answer.

        SQLite overwrites it in file and journal before this returns; PostgreSQL keeps
        the old row until vacuum, and its WAL as long as the key database retains it.
        """
        key_id = self._shelf.destroy(subject, new_id())
        with self._lock:
            self._recent.pop(subject.int, None)
        return KeyId(key_id)

    def close(self) -> None:
        """Forget all keys and let go of the database."""
        with self._lock:
            self._recent.clear()
        self._shelf.close()

    def _key(self, subject: UUID, *, make: bool) -> tuple[UUID | None, AESGCM | None]:
        with self._lock:
            at_hand = self._at_hand(subject, self._clock())
        if at_hand:
            return at_hand
        found = self._find([subject])
        if make and not found:
            self.prepare([subject])
            found = self._find([subject])
        return found.get(subject.int, (None, None))

    def _find(self, subjects: Collection[UUID]) -> dict[int, tuple[UUID, AESGCM | None]]:
        """Return what is known of these keys, by the number of their people."""
        found: dict[int, tuple[UUID, AESGCM | None]] = {}
        now = self._clock()
        with self._lock:
            for subject in subjects:
                if key := self._at_hand(subject, now):
                    found[subject.int] = key
        if len(found) == len(subjects):
            return found
        unread = [subject for subject in subjects if subject.int not in found]
        if unread:
            kept = self._shelf.find(unread)
            read = {k.subject.int: (k.key_id, self._open(k)) for k in kept}
            self._remember(read, now + self._max_age)
            found |= read
        return found

    def _at_hand(self, subject: UUID, now: float) -> tuple[UUID, AESGCM | None] | None:
        """Return a key that is remembered and fresh. Whoever asks holds the lock."""
        until, key_id, cipher = self._recent.get(subject.int, _STALE)
        if until <= now:
            return None
        self._recent.move_to_end(subject.int)
        return key_id, cipher

    def _remember(self, read: dict[int, tuple[UUID, AESGCM | None]], until: float) -> None:
        with self._lock:
            for n, (key_id, cipher) in read.items():
                self._recent[n] = until, key_id, cipher
                self._recent.move_to_end(n)
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)

    def _new(self, subjects: Collection[UUID]) -> Iterator[tuple[Kept, AESGCM]]:
        chance, each_has = urandom((NONCE + KEY) * len(subjects)), NONCE + KEY
        for subject, at in zip(subjects, range(0, len(chance), each_has), strict=True):
            nonce, key = chance[at : at + NONCE], chance[at + NONCE : at + each_has]
            key_id = new_id()
            place = subject.bytes + key_id.bytes
            wrapped = nonce + self._wrap.encrypt(nonce, key, place)
            yield Kept(subject, key_id, wrapped), AESGCM(key)

    def _open(self, kept: Kept) -> AESGCM | None:
        if kept.wrapped is None:
            return None
        nonce, box = kept.wrapped[:NONCE], kept.wrapped[NONCE:]
        try:
            place = kept.subject.bytes + kept.key_id.bytes
            return AESGCM(self._wrap.decrypt(nonce, box, place))
        except InvalidTag:
            raise Broken(f"the key of {kept.subject} does not unwrap") from None


class Unmade:
    """The keys that there are, and none is made: for what is decided and never written."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.open = keys.open
        self.warm = keys.warm
        self.prepare = keys.warm

    def seal(self, kind: Kind, fact: Any, stream: UUID, version: int) -> Any:
        """Return the fact with its personal fields blotted out. Raises `Erased`."""
        del stream, version
        blots: dict[str, Sealed] = {}
        for field, about in kind.sealed.items():
            plain, subject = getattr(fact, field), getattr(fact, about)
            if plain is None or isinstance(plain, Sealed):
                continue
            if self._keys.is_erased(subject):
                raise Erased(subject)
            blots[field] = Sealed(subject, subject, ALG, "")
        return but(fact, **blots) if blots else fact


_STALE = float("-inf"), UUID(int=0), None
_said = msgspec.json.Encoder()


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY, salt=None, info=purpose).derive(master)


@cache
def _plain(fact: type[Any]) -> dict[str, msgspec.json.Decoder[Any]]:
    return {
        name: msgspec.json.Decoder(next(_personal(hint)))
        for name, hint in get_type_hints(fact).items()
        if any(_personal(hint))
    }


def _personal(hint: Any) -> Any:
    if get_origin(hint) is Personal:
        yield get_args(hint)[0]
    else:
        for arm in get_args(hint):
            yield from _personal(arm)
