"""How numbers are shown: tables of values, of members, of what changed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click
import msgspec

from metodika.cli import say
from metodika.world import World
from shared.runtime.answers import Member
from shared.runtime.answers_value import Value, Vector
from shared.runtime.codec import Basis
from shared.runtime.territory import WITHDRAWN

STATUS = {
    "met": "достигнут",
    "on_track": "идёт к цели",
    "at_risk": "под угрозой",
    "missed": "не достигнут",
    "no_data": "нет данных",
    "no_target": "без цели",
}

SAID = {"said": "внесён", "corrects": "исправление", "replaced": "заменён"}


def goal(value: Value) -> str:
    """Return a target as a person reads it: what, and by which day."""
    if value.target is None or value.due_on is None:
        return ""
    whole, part = divmod(value.target, 100)
    number = f"{whole}.{part:02d}".rstrip("0").rstrip(".")
    return f"{number} к {value.due_on:%d.%m.%Y}"


def row(world: World, value: Value) -> tuple[Any, ...]:
    """Return a value as a row of a table."""
    definition = world.answers.definitions[value.kpi]
    unit = " %" if definition.aggregate == "share" and value.value else ""
    return (
        value.kpi,
        definition.title,
        value.scope or "РФ",
        value.num,
        value.den,
        f"{value.value or '—'}{unit}",
        goal(value),
        STATUS[value.status],
    )


COLUMNS = ("id", "показатель", "где", "числитель", "знаменатель", "значение", "цель", "статус")
RIGHT = "числитель знаменатель значение"


def staff_line(values: Sequence[Value]) -> None:
    """Say of which indicators the graduates are missing, though they are of the base (AM9)."""
    if lacking := ", ".join(each.kpi for each in values if each.staff_only):
        click.echo(f"{lacking}: только работники, о выпускниках никто не сообщил (S0 V.2)")


def formula_line(values: Sequence[Value]) -> None:
    """Say which indicators are counted by another text than the one that was adopted."""
    if other := ", ".join(each.kpi for each in values if each.formula == "other"):
        click.echo(f"{other}: формула не та, что утверждена (ADR 0016)", err=True)


def known_line(vector: Vector, lagging: Sequence[str], what: str = "as known") -> None:
    """Say up to where the logs were known, and which of them may lag."""
    known = ", ".join(f"{log} {position}" for log, position in sorted(vector.items()))
    click.echo(f"{what}: {known or 'nothing'}", err=True)
    if lagging:
        click.echo(f"provisional: more may come from {', '.join(lagging)}", err=True)


def show_members(
    kpi_id: str,
    found: list[Member],
    vector: Vector,
    lagging: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Print members as a table or as JSON, with the vector they are known by."""
    if as_json:
        members = [asdict(each) for each in found]
        say.json({"members": members, "vector": vector, "lagging": lagging})
        return
    rows = ((m.subject, m.num, m.den, m.why, " ".join(map(str, m.evidence))) for m in found)
    columns = ("кто", "числитель", "знаменатель", "почему", "факты")
    say.table(kpi_id, columns, rows, right=RIGHT)
    known_line(vector, lagging)


def differ(
    here: World,
    kpi_id: str,
    scope: str,
    as_of: date,
    before: datetime,
    after: datetime | None,
    *,
    as_json: bool = False,
) -> None:
    """Print the values known at two moments and the facts said between."""
    known = here.answers.vector(before), here.answers.vector(after)
    values = [here.answers.value(kpi_id, scope, as_of, *each) for each in known]
    changes = here.answers.diff(kpi_id, scope, as_of, known[0][0], known[1][0])
    if as_json:
        say.json(
            {
                "before": asdict(values[0]),
                "after": asdict(values[1]),
                "changes": [asdict(each) for each in changes],
            }
        )
        return
    rows = (
        (
            f"{before:%d.%m.%Y %H:%M}"
            if n == 0
            else (f"{after:%d.%m.%Y %H:%M}" if after else "сейчас"),
            each.num,
            each.den,
            each.value or "—",
        )
        for n, each in enumerate(values)
    )
    columns = ("как известно на", "числитель", "знаменатель", "значение")
    say.table(f"{kpi_id} на {as_of:%d.%m.%Y}", columns, rows, right=RIGHT)
    facts = (
        (
            change.subject,
            f"{change.before.num}/{change.before.den}" if change.before else "—",
            f"{change.after.num}/{change.after.den}" if change.after else "—",
            *told_of(said),
        )
        for change in changes
        for said in change.facts
    )
    columns = ("кто", "было", "стало", "факт", "дата", "записан", "кем", "акт")
    say.table(f"Факты между: {len(changes)} чел.", columns, facts)
    for what, each in zip(("as known before", "and after"), known, strict=True):
        known_line(*each, what)


def told_of(said: dict[str, Any]) -> tuple[object, ...]:
    """Return what of a fact is shown; of one amended: by whom, when and by what act."""
    what, by = SAID[said["what"]], said["by"] or said
    if said["by"]:
        what = "отозван" if by["fact"].endswith(WITHDRAWN) else "исправлен"
    return (
        f"{said['fact']} ({what})",
        said["occurred_on"],
        f"{by['recorded_at']:%d.%m.%Y %H:%M}",
        by["actor"],
        act(by["basis"]),
    )


def act(basis: str | None) -> str:
    """Return the act by which something was said, as people name it."""
    if basis is None:
        return "—"
    said = msgspec.json.decode(basis, type=Basis)
    number = f" № {said.number}" if said.number else ""
    return said.act + number + (f" от {said.date:%d.%m.%Y}" if said.date else "")
