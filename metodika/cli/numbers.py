"""The numbers: what they are, who makes them up, what changed them."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from metodika.cli import numbers_shown as shown
from metodika.cli import say
from metodika.world import World, opened
from shared.runtime.answers import MOST_DATES, NoSuchKpi, Side, TooMany, dates
from shared.runtime.answers_value import Value
from shared.runtime.engine import utc_now

kpi_argument = click.argument("kpi_id", metavar="KPI")
scope_option: say.Decorator = click.option(
    "--scope",
    type=say.PLACE,
    default="",
    help="Territory: 25, 25/05701, 25/05701/ORG; empty: the country.",
)
as_of_option: say.Decorator = click.option(
    "--as-of", type=say.DAY, default=None, help="Business date; today if not given."
)
as_known_option: say.Decorator = click.option(
    "--as-known",
    type=say.MOMENT,
    default=None,
    help="As known at this moment; now if not given.",
)


@click.group()
def kpi() -> None:
    """Indicators: list, value, series, members, why, diff."""


def answering(world: Path | None, act: Callable[[World], Any]) -> Any:
    """Open a world, bring its ledger up to the logs, and answer.

    One service of a cluster holds one log of five: a number counted from it is none.
    """
    settings = say.existing(world)
    if not settings.embedded:
        told = "numbers need all five logs; of a cluster ask monitoring: GET /kpi"
        say.no(told, say.EXIT_USAGE)
    with opened(settings) as here:
        here.settle()
        try:
            return act(here)
        except NoSuchKpi as unknown:
            known = ", ".join(here.answers.definitions)
            say.no(f"no indicator {unknown}; there are {known}", say.EXIT_USAGE)


def today(said: date | None) -> date:
    """Return the day that was said, or today."""
    return said or utc_now().date()


@kpi.command("list")
@scope_option
@as_of_option
@as_known_option
@say.world_option
@say.json_option
def kpi_list(
    scope: str,
    as_of: date | None,
    as_known: datetime | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Show every indicator at one place, on one date."""

    def act(here: World) -> None:
        values = all_values(here, scope, today(as_of), as_known)
        if as_json:
            say.json([asdict(each) for each in values])
            return
        title = f"Показатели на {today(as_of):%d.%m.%Y}, {scope or 'Российская Федерация'}"
        say.table(
            title, shown.COLUMNS, (shown.row(here, each) for each in values), right=shown.RIGHT
        )
        shown.staff_line(values)
        shown.formula_line(values)
        shown.known_line(values[0].vector, values[0].lagging)

    answering(world, act)


def all_values(here: World, scope: str, as_of: date, as_known: datetime | None) -> list[Value]:
    """Return the value of each indicator."""
    vector, lagging = here.answers.vector(as_known)
    return [
        here.answers.value(each, scope, as_of, vector, lagging)
        for each in here.answers.definitions
    ]


@kpi.command("value")
@kpi_argument
@scope_option
@as_of_option
@as_known_option
@click.option("--levels", is_flag=True, help="All places inside the scope, level by level.")
@click.option("--reasons", is_flag=True, help="How many count and do not, by reason.")
@say.world_option
@say.json_option
def kpi_value(
    kpi_id: str,
    scope: str,
    as_of: date | None,
    as_known: datetime | None,
    levels: bool,
    reasons: bool,
    world: Path | None,
    as_json: bool,
) -> None:
    """Show one number, with target, status and the vector it is known by."""

    def act(here: World) -> None:
        vector, lagging = here.answers.vector(as_known)
        value = here.answers.value(kpi_id, scope, today(as_of), vector, lagging)
        inside = here.answers.levels(kpi_id, today(as_of), vector, scope) if levels else []
        asked = (kpi_id, scope, today(as_of), vector)
        because = here.answers.reasons(*asked) if reasons else []
        if as_json:
            keys = ("level", "scope", "num", "den")
            said = [dict(zip(keys, each, strict=True)) for each in inside]
            why = [asdict(each) for each in because]
            more = ({"levels": said} if levels else {}) | ({"reasons": why} if reasons else {})
            say.json(asdict(value) | more)
            return
        say.table(value.clause, shown.COLUMNS, [shown.row(here, value)], right=shown.RIGHT)
        shown.staff_line([value])
        shown.formula_line([value])
        if levels:
            say.table("По уровням", ("level", "scope", "num", "den"), inside, right="num den")
        if reasons:
            rows = ((each.why, each.members, each.num, each.den) for each in because)
            columns = ("почему", "сколько", "числитель", "знаменатель")
            say.table("Кто учтён и кто нет", columns, rows, right=" ".join(columns[1:]))
        shown.known_line(vector, lagging)

    answering(world, act)


@kpi.command("series")
@kpi_argument
@scope_option
@click.option("--from", "first", type=say.DAY, required=True)
@click.option("--to", "last", type=say.DAY, default=None)
@click.option("--every", type=click.IntRange(1, 3660), default=30, help="Days between points.")
@as_known_option
@say.world_option
@say.json_option
def kpi_series(
    kpi_id: str,
    scope: str,
    first: date,
    last: date | None,
    every: int,
    as_known: datetime | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Show how a number went from date to date."""
    if first > today(last):
        raise click.BadParameter("it is later than --to", param_hint="--from")
    try:
        points = dates(first, today(last), every)
    except TooMany:
        raise click.BadParameter(
            f"more than {MOST_DATES} dates", param_hint="--every"
        ) from None

    def act(here: World) -> None:
        vector, lagging = here.answers.vector(as_known)
        values = here.answers.series(kpi_id, scope, points, vector, lagging)
        if as_json:
            say.json([asdict(each) for each in values])
            return
        rows = ((v.as_of, v.num, v.den, v.value or "—", shown.STATUS[v.status]) for v in values)
        columns = ("дата", "числитель", "знаменатель", "значение", "статус")
        say.table(kpi_id, columns, rows, right=shown.RIGHT)
        shown.known_line(vector, lagging)

    answering(world, act)


@kpi.command("members")
@kpi_argument
@scope_option
@as_of_option
@as_known_option
@click.option("--side", type=click.Choice(["num", "den", "not"]), default="den")
@click.option("--after", default="", help="After this subject: the next page.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50)
@say.world_option
@say.json_option
def kpi_members(
    kpi_id: str,
    scope: str,
    as_of: date | None,
    as_known: datetime | None,
    side: Side,
    after: str,
    limit: int,
    world: Path | None,
    as_json: bool,
) -> None:
    """List who counts, who does not and why, with the facts that prove it."""

    def act(here: World) -> None:
        vector, lagging = here.answers.vector(as_known)
        found = here.answers.members(kpi_id, scope, today(as_of), vector, side, after, limit)
        shown.show_members(kpi_id, found, vector, lagging, as_json=as_json)

    answering(world, act)


@kpi.command("why")
@kpi_argument
@click.argument("subject", type=click.UUID)
@as_of_option
@as_known_option
@say.world_option
@say.json_option
def kpi_why(
    kpi_id: str,
    subject: UUID,
    as_of: date | None,
    as_known: datetime | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Say how one person stands to an indicator."""

    def act(here: World) -> None:
        vector, lagging = here.answers.vector(as_known)
        found = here.answers.why(kpi_id, subject, today(as_of), vector)
        if not found:
            shown.known_line(vector, lagging)
            say.no(f"{subject} is not in the base of {kpi_id} on {today(as_of)}")
        shown.show_members(kpi_id, found, vector, lagging, as_json=as_json)

    answering(world, act)


@kpi.command("diff")
@kpi_argument
@scope_option
@as_of_option
@click.option("--before", type=say.MOMENT, required=True, help="As known at this moment …")
@click.option(
    "--after", type=say.MOMENT, default=None, help="… and at this one; now if not given."
)
@say.world_option
@say.json_option
def kpi_diff(
    kpi_id: str,
    scope: str,
    as_of: date | None,
    before: datetime,
    after: datetime | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Compare a number as known at two moments: who differs, because of which facts."""
    if after and before > after:
        raise click.BadParameter("it is later than --after", param_hint="--before")

    def act(here: World) -> None:
        shown.differ(here, kpi_id, scope, today(as_of), before, after, as_json=as_json)

    answering(world, act)


COMMANDS = (kpi,)
