"""A decider: the whole life of one thing as pure functions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

from shared.kernel.history import Recorded, Withdrawal, as_corrected


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The regulation does not allow it, and here is where it says so."""

    def __init__(self, clause: str, reason: str) -> None:
        super().__init__(f"{clause}: {reason}")
        self.clause = clause
        self.reason = reason


@dataclass(unsafe_hash=True)
class Fault(Exception):  # noqa: N818 - a verdict on a row, not an error of ours
    """Why a row of a file can't be taken: its column, the reason and the clause.

    It never repeats the value: a value may be personal.
    """

    column: str
    reason: str
    clause: str


def require(condition: object, *, clause: str, reason: str) -> None:
    """State a clause; refuse when it does not hold."""
    if not condition:
        raise Refused(clause, reason)


def unless_same[F](said: F, anew: F) -> Sequence[F]:
    """Say it again only when the wording is another."""
    return [] if said == anew else [anew]


def only_same[F](said: F, again: F, *, clause: str, reason: str) -> Sequence[F]:
    """Say nothing when it is already so, word for word; refuse any other wording."""
    require(said == again, clause=clause, reason=reason)
    return []


def but[T](said: T, **changes: object) -> T:
    """Return the same but for these fields; `dataclasses.replace`, without its checks.

    Ten times faster of a state, twice of a fact or a command, which have slots. The class
    is a dataclass with no slots but its own. TypeError for a field that it does not have.
    """
    slots = getattr(type(said), "__slots__", None)
    before = vars(said) if slots is None else {each: getattr(said, each) for each in slots}
    fields = before | changes
    if len(fields) != len(before):
        raise TypeError(f"{type(said).__name__} has no such fields: {', '.join(changes)}")
    after = object.__new__(type(said))
    if slots is None:
        object.__setattr__(after, "__dict__", fields)
    else:
        for name, value in fields.items():
            object.__setattr__(after, name, value)
    return after


class Claim(NamedTuple):
    """A key that one thing alone may hold, such as a СНИЛС or a certificate number.

    Only an HMAC of `key` is kept. Another holder is refused with `clause`, `reason`.
    """

    kind: str
    key: str
    holder: UUID
    clause: str
    reason: str


class Release(NamedTuple):
    """The key is free again."""

    kind: str
    key: str
    holder: UUID


def asks_nothing(_: UUID) -> Iterable[Any]:
    """Leave it at the correction."""
    return ()


def claims_nothing(_: Any) -> Iterable[Claim | Release]:
    """Hold no key."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Decider[State, Command, Fact]:
    """`decide` answers with facts, with none (already so), or with `Refused`.

    `evolve` never refuses. A step that belongs to a life gives a new state, a step that
    belongs to none gives back the very state it was given: so `is_a_life` can tell.
    `stream` names the thing a command is about, `claims` the keys a fact takes,
    `amended` what is to be asked of a thing once a fact of it was corrected.
    """

    name: str
    commands: tuple[type[Any], ...]
    facts: tuple[type[Any], ...]
    initial: State
    decide: Callable[[State, Command], Sequence[Fact]]
    evolve: Callable[[State, Fact], State]
    stream: Callable[[Command], UUID]
    claims: Callable[[Fact], Iterable[Claim | Release]] = field(default=claims_nothing)
    amended: Callable[[UUID], Iterable[Command]] = field(default=asks_nothing)

    def state(self, history: Iterable[Recorded[Fact] | Recorded[Withdrawal]]) -> State:
        """Return where the corrected history leads."""
        return reduce(self.evolve, as_corrected(history), self.initial)

    def is_a_life(self, history: Iterable[Recorded[Fact] | Recorded[Withdrawal]]) -> bool:
        """Say whether each fact that stands follows from those before it."""
        state = self.initial
        for said in as_corrected(history):
            following = self.evolve(state, said)
            if following is state:
                return False
            state = following
        return True
