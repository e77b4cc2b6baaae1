"""What a door accepts: strict shapes made from the command's own dataclass."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NewType,
    Self,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as Bound

from shared.kernel import Personal, Told
from shared.kernel.ids import Territory
from shared.runtime.codec import Basis
from shared.runtime.doors import Door
from shared.runtime.our_times import FIRST_DAY, LAST_DAY
from shared.runtime.problems import malformed, twice, unreadable
from shared.runtime.said_once import said_twice

LONGEST_TEXT = 4000
MOST_ITEMS = 1000
BIGGEST = 2**31 - 1
"""Bounds for whatever has none of its own: they fit every store behind the door."""

type Text = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=LONGEST_TEXT,
        # neither blank at its ends, nor control characters
        pattern=r"^[^\x00-\x20\x7f]([^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\x00-\x20\x7f])?$",
    ),
]
type Place = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^([\w-]+(/[\w-]+){0,2})?$")
]
type Whole = Annotated[
    int,
    Bound(ge=-BIGGEST, le=BIGGEST),
    BeforeValidator(lambda said: int(said) if _is_whole(said) else said),
]
BRACES = re.compile(r"\{(\w+)\}")
NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?")


def _exact(said: Any) -> Decimal:
    """A fraction comes as text, for a number of JSON may lose its last digits."""
    if isinstance(said, str) and NUMBER.fullmatch(said):
        return Decimal(said)
    if isinstance(said, int) and not isinstance(said, bool):
        return Decimal(said)
    if _is_whole(said):
        return Decimal(int(said))
    raise ValueError("number")


type Number = Annotated[
    Decimal,
    Bound(gt=-(10**9), lt=10**9),
    BeforeValidator(_exact),
    WithJsonSchema({
        "anyOf": [
            {"type": "integer", "minimum": -(10**9) + 1, "maximum": 10**9 - 1},
            {"type": "string", "pattern": f"^{NUMBER.pattern}$"},
        ],
        "description": 'дробное — строкой: "87.50"',
    }),
]  # fmt: skip


def _is_whole(said: Any) -> bool:
    """JSON knows one kind of number: 3.0 is 3."""
    return isinstance(said, float) and said.is_integer()


def _in_our_times(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("day")
    return day


type Day = Annotated[
    date,
    AfterValidator(_in_our_times),
    WithJsonSchema({
        "type": "string",
        "format": "date",
        "pattern": r"^(19|20|21)\d\d-\d\d-\d\d$",
        "description": "от 1900-01-01 до 2199-12-31",
    }),
]  # fmt: skip

PLAIN: dict[Any, Any] = {
    UUID: UUID,
    str: Text,
    int: Whole,
    bool: bool,
    Decimal: Number,
    date: Day,
    NoneType: NoneType,
}
NAMED: dict[Any, Any] = {Territory: Place}
"""Kinds of text with a form of their own."""


class Shape(BaseModel):
    """The body of one dataclass; `of` is the dataclass.

    Attributes end in `_`, so that none hides what pydantic calls `register` or `json`.
    """

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    of: ClassVar[type[Any]]

    def inside(self) -> dict[str, Any]:
        """Return the fields of the dataclass."""
        return {
            str(each.alias): built(getattr(self, name))
            for name, each in type(self).model_fields.items()
        }


class BasisBody(Shape):
    """Основание: акт, по которому сообщают."""

    act_: Text = Bound(alias="act")
    number_: Text | None = Bound(default=None, alias="number")
    date_: Day | None = Bound(default=None, alias="date")
    clause_: Text | None = Bound(default=None, alias="clause")


BasisBody.of = Basis


def built(said: Any) -> Any:
    """Return what a shape holds as the dataclass that it was made from."""
    match said:
        case Shape():
            return type(said).of(**said.inside())
        case tuple() | list():
            return tuple(map(built, said))  # pyright: ignore[reportUnknownArgumentType] - of any shape
        case frozenset():
            return frozenset(map(built, said))
        case _:
            return said


def bounded(hint: Any) -> Any:
    """Return a type as the door accepts it. TypeError for what no command should hold.

    Texts, numbers, days and lists get bounds; a dataclass becomes a `Shape`.
    """
    if hint in NAMED:
        return NAMED[hint]
    if isinstance(hint, NewType):
        return bounded(hint.__supertype__)
    if get_origin(hint) in (Personal, Told):
        return bounded(get_args(hint)[0])
    if isinstance(hint, TypeAliasType):
        return bounded(hint.__value__)
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return shape(hint)
    return _composed(hint)


def _composed(hint: Any) -> Any:
    origin, arms = get_origin(hint), get_args(hint)
    if origin is Literal:
        return hint
    if origin is Annotated:
        return Annotated[bounded(arms[0]), *arms[1:]]
    if origin in (Union, UnionType):
        return Union[*map(bounded, arms)]
    if origin is tuple and arms[1:] == (...,):
        return Annotated[tuple[bounded(arms[0]), ...], Bound(max_length=MOST_ITEMS)]
    if origin is frozenset:
        return Annotated[frozenset[bounded(arms[0])], Bound(max_length=MOST_ITEMS)]
    raise TypeError(f"no door accepts {hint}")


@cache
def shape(of: type[Any], without: frozenset[str] = frozenset()) -> type[Shape]:
    """Make the shape of a dataclass, some fields left out. What is `Told` never is in.

    A field that may be null may also be left out.
    """
    hints = get_type_hints(of)
    accepted: dict[str, Any] = {
        f"{each.name}_": (bounded(hints[each.name]), _default(each, hints[each.name]))
        for each in fields(of)
        if each.name not in without and get_origin(hints[each.name]) is not Told
    }
    made = create_model(of.__name__, __base__=Shape, __doc__=of.__doc__, **accepted)
    made.of = of
    return made


def _default(each: Field[Any], hint: Any) -> Any:
    if each.default_factory is not MISSING:
        return Bound(default_factory=each.default_factory, alias=each.name)
    if each.default is not MISSING:
        return Bound(default=each.default, alias=each.name)
    if NoneType in get_args(hint):
        return Bound(default=None, alias=each.name)
    return Bound(alias=each.name)


@dataclass(frozen=True)
class Accepted:
    """What one door accepts: a body, and the fields of the command in its path.

    A body may name its `basis`, unless the command has a field of that name.
    """

    command: type[Any]
    body: type[BaseModel]
    in_path: Mapping[str, TypeAdapter[Any]]
    cites: bool

    @classmethod
    def of(cls, command: type[Any], in_path: Sequence[str]) -> Self:
        """Read the command. TypeError when the path names no field of it."""
        hints = get_type_hints(command)
        foreign = [name for name in in_path if name not in hints]
        if foreign:
            raise TypeError(f"{command.__name__} has no field {foreign}")
        bare = shape(command, frozenset(in_path))
        cites = "basis" not in hints
        body = create_model(
            command.__name__,
            __base__=bare,
            __doc__=command.__doc__,
            **(BESIDE if cites else {}),
        )
        paths = {name: TypeAdapter(bounded(hints[name])) for name in in_path}
        return cls(command, body, paths, cites)

    def read(self, path: Mapping[str, str], body: bytes) -> tuple[Any, Basis | None]:
        """Return the command and its basis.

        Raises `Problem` 422, which names fields and never their values.
        """
        keys = {name: self._key(name, path[name]) for name in self.in_path}
        try:
            said = self.body.model_validate_json(body or b"{}")
        except ValidationError as wrong:
            raise unreadable(wrong) from None
        if places := said_twice(body or b"{}"):
            raise twice(places)
        return self.told(said, keys)

    def told(self, said: Any, keys: dict[str, Any]) -> tuple[Any, Basis | None]:
        """Make the command of a body that was accepted and of the path."""
        inside = said.inside()
        basis = inside.pop("basis", None) if self.cites else None
        return self.command(**inside | keys), basis

    @property
    def must(self) -> list[str]:
        """Name what a body must hold."""
        fields = self.body.model_fields.values()
        return [str(each.alias) for each in fields if each.is_required()]

    def check(self, example: Mapping[str, Any]) -> None:
        """Raise ValueError when an example is not what the door accepts."""
        try:
            self.body.model_validate_json(msgspec.json.encode(example))
        except ValidationError as wrong:
            where = {".".join(map(str, each["loc"])) for each in wrong.errors()}
            name = self.command.__name__
            raise ValueError(f"the example of {name} is wrong at {where}") from None

    def _key(self, name: str, text: str) -> Any:
        try:
            return self.in_path[name].validate_strings(text, strict=True)
        except ValidationError:
            raise malformed((name, "не той формы")) from None


BESIDE: dict[str, Any] = {"basis_": (BasisBody | None, Bound(default=None, alias="basis"))}


@dataclass(frozen=True)
class Opened:
    """A door, and what it accepts."""

    door: Door
    accepted: Accepted


def opened(door: Door) -> Opened:
    """Open a door. TypeError where it does not fit; ValueError where its example does not."""
    accepted = Accepted.of(door.command, BRACES.findall(door.path))
    if accepted.must or door.example:
        accepted.check(door.example)
    return Opened(door, accepted)
