"""Doors for what was said wrong: restate a fact in full, or withdraw it (S1 7.2)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import Discriminator, RootModel, TypeAdapter, create_model
from pydantic import Field as Bound

from shared.events.registry import Role
from shared.kernel import Kind, kind_of
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.codec import Basis
from shared.runtime.doors import Door
from shared.runtime.schemas import BESIDE, Accepted, Opened, Shape, built, opened, shape
from shared.runtime.service import Service

WHO: tuple[Role, ...] = ("federal", "region", "municipality", "organisation")
CORRECT = Door(
    command=Correct,
    path="/facts/{event_id}/correct",
    roles=WHO,
    summary="Исправить факт: сказать его заново целиком (S1 7.2).",
)
WITHDRAW = Door(
    command=Withdraw,
    path="/facts/{event_id}/withdraw",
    roles=WHO,
    summary="Отозвать факт: этого не было (S1 7.2).",
    example={"reason": "внесено по ошибке", "withdrawn_on": "2026-09-01"},
)


class Restated(Accepted):
    """A body that names a fact of this service and says it anew: `type`, `fact`."""

    @classmethod
    def among(cls, kinds: Sequence[Kind]) -> "Restated":
        """Accept facts of these kinds."""
        bodies = tuple(map(_body_of, kinds))
        anew = bodies[0] if len(bodies) == 1 else Union[bodies]  # noqa: UP007 - of as many as there are, known when it runs
        tagged: Any = Annotated[anew, Discriminator("type_")] if bodies[1:] else anew
        body = create_model("Correct", __base__=RootModel[tagged])
        return cls(Correct, body, {"event_id": TypeAdapter(UUID)}, cites=True)

    def told(self, said: Any, keys: dict[str, Any]) -> tuple[Any, Basis | None]:
        """Make the command."""
        inside: Mapping[str, Any] = said.root.inside()
        return Correct(fact=inside["fact"], **keys), built(inside["basis"])


def _body_of(kind: Kind) -> type[Shape]:
    said: dict[str, Any] = {
        "type_": (Literal[kind.name], Bound(alias="type")),
        "fact_": (shape(kind.fact), Bound(alias="fact")),
        **BESIDE,
    }
    return create_model(
        f"Restated_{kind.name.partition('.')[2]}",
        __base__=Shape,
        __doc__=kind.fact.__doc__,
        **said,
    )


def amendments(service: Service) -> Sequence[Opened]:
    """Return the two doors of a service, none where nothing is decided."""
    facts = [each for decider in service.deciders for each in decider.facts]
    if not facts:
        return ()
    restated = Restated.among([kind_of(each) for each in facts])
    return (Opened(CORRECT, restated), opened(WITHDRAW))
