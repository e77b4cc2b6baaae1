"""People: rosters come in, data are erased."""

from datetime import date
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import click

from metodika import imports
from metodika.cli import say
from metodika.cli.rights import registry
from metodika.erasure import erase_person
from metodika.imports import shown
from metodika.imports.claims import Wrong, senders, wrong_of
from metodika.imports.claims import forgive as kept_no_more
from metodika.imports.days import today_in
from metodika.imports.shown import told_of
from metodika.imports.state import Kept, Weighed, told
from metodika.imports.systems import Foreign, Systems
from metodika.world import World, opened
from services.registry.domain.territory import NOWHERE
from services.registry.policies import REGIONS
from shared.kernel.ids import Territory, named
from shared.runtime import bulk
from shared.runtime.engine import utc_now

WEIGHED = ("organisation", "jobs", "ended", "left out", "people", "touched")
NUMBERS = "jobs, ended, left out, people, touched"


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path), required=False)
@click.option(
    "--system",
    type=say.SYSTEM,
    help="Name of the sending system; it scopes sourcedIds, and is its first region's.",
)
@click.option("--region", help="Region that sends, 25; it stands where rows name none.")
@click.option(
    "--kind", type=click.Choice(["roster", "results", "completions"]), default="roster"
)
@click.option(
    "--on", type=say.DAY, default=None, help="Day of the file; today in --region if not given."
)
@click.option("--dry-run", is_flag=True, help="Judge every row, store nothing.")
@click.option("--confirm", is_flag=True, help="Take it although it is held.")
@click.option("--take-back", type=click.UUID, help="Withdraw what an import alone brought.")
@click.option("--reason", default="импорт отменён", help="Why it is taken back.")
@say.world_option
@say.json_option
def import_(
    path: Path | None,
    system: str | None,
    region: str | None,
    kind: str,
    on: date | None,
    dry_run: bool,
    confirm: bool,
    take_back: UUID | None,
    reason: str,
    world: Path | None,
    as_json: bool,
) -> None:
    """Take a OneRoster 1.2 package (zip or folder), or a CSV of results or completions."""
    with opened(say.settings(world)) as here:
        day = on or today_in(here.engines["registry"], region)
        if take_back:
            if not imports.is_import(here, take_back):
                say.no(f"no import {take_back}")
            report = imports.take_back(here, take_back, actor="operator", reason=reason, on=day)
            here.settle()
            if report.rows or as_json:
                tell(report, as_json=as_json)
            else:
                click.echo("nothing to take back")
            return
        if path is None or not system:
            say.no("give the file and --system", say.EXIT_USAGE)
        if region:
            require_own(here, system, region)
        planned = imports.planned(here, kind, path, system=system, region=region, on=day)
        planned.home = region or ""
        if dry_run:
            engine = here.engines[planned.service]
            verdicts(imports.rehearsed(engine, planned), as_json=as_json)
            return
        if planned.held and not confirm:
            held(imports.hold(here.engines[planned.service], planned), as_json=as_json)
        with say.progress("import") as bar:
            task = bar.add_task("", total=sum(len(each.commands) for each in planned.lines))
            report = imports.take(
                here.engines[planned.service],
                planned,
                actor=f"import:{system}",
                home=region,
                progress=lambda n: bar.advance(task, n),
            )
        here.settle()
    tell(report, as_json=as_json)


def require_own(here: World, system: str, region: str) -> None:
    """Say no where there is no such region, or another sends under this name."""
    known = here.engines["registry"].known()
    if known.of(REGIONS, named("region", region)) == NOWHERE:
        say.no(f"no region {region} in the registry: add it first")
    try:
        Systems(here.stores["registry"]).home(system, [Territory(region)])
    except Foreign:
        say.no(f"--system {system} is another territory's; choose a name of its own")


def verdicts(planned: imports.Plan, *, as_json: bool) -> None:
    """Show what would become of each row, and which jobs would end unnamed."""
    said = shown.verdicts(planned)
    faults = [row for row in said["rows"] if not row["good"]]
    if as_json:
        say.json(said)
    else:
        rows = ((row["file"], row["line"], row["verdict"]) for row in said["rows"])
        say.table("Dry run", ("file", "line", "verdict"), rows)
        good = len(said["rows"]) - len(faults)
        click.echo(f"{good} rows good, {len(faults)} bad; nothing stored")
        if planned.ends:
            say.table(
                "Jobs that a whole (bulk) package leaves out: they would end",
                WEIGHED,
                map(weighed, planned.ends),
                right=NUMBERS,
            )
    if planned.held:
        click.echo(f"held for {len(planned.held)} organisations: --confirm takes it", err=True)
    if faults:
        say.no(f"{len(faults)} rows can't be taken")


def held(kept: Kept, *, as_json: bool) -> NoReturn:
    """Say for which organisations it is held, and end."""
    if as_json:
        say.json(told(kept))
    else:
        say.table("Held (contracts §7)", WEIGHED, map(weighed, kept.held), right=NUMBERS)
    older = next((each.older for each in kept.held if each.older), None)
    if older:
        why = f"it is dated {older.dated}, and one that is dated {older.taken} was taken"
    else:
        why = "it ends > 10 % of jobs or touches > 75 % of people"
    say.no(f"held: {why}; --confirm", say.EXIT_HELD)


def weighed(each: Weighed) -> tuple[Any, ...]:
    """Return what a package does to one organisation, as a row."""
    named = each.organisation or str(each.org_id)
    return named, each.jobs, each.ended, each.left_out, each.people, each.touched


def tell(report: bulk.Report, *, as_json: bool) -> None:
    """Show what became of a file."""
    if as_json:
        say.json(told_of(report))
    else:
        rows = (
            (file, line, fault.column, fault.reason, fault.clause)
            for file, line, fault in report.faults
        )
        if report.faults:
            say.table("Bad rows", ("file", "line", "column", "reason", "clause"), rows)
        click.echo(
            f"import {report.import_id}: {report.rows} rows, {report.facts} new facts, "
            f"{report.unchanged} already so, {len(report.faults)} bad rows"
        )
    if report.faults:
        say.no(f"{len(report.faults)} rows were not taken, all others were")


@click.command()
@click.argument("person_id", type=click.UUID)
@click.option("--act", required=True, help="Number of the act of destruction.")
@click.option("--reason", required=True, help="Why: withdrawal of consent, expiry, …")
@click.option("--on", type=say.DAY, default=None, help="Day of the act; today if not given.")
@say.world_option
@say.json_option
def erase(
    person_id: UUID,
    act: str,
    reason: str,
    on: date | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Destroy a person's key: name, СНИЛС and birth date are gone, every number stays."""
    day = on or utc_now().date()
    with opened(say.existing(world)) as here:
        outcome = erase_person(here, person_id, reason=reason, act_no=act, on=day)
        here.settle()
    if outcome.status == "refused":
        say.no(f"{outcome.reason} ({outcome.clause})")
    if as_json:
        say.json(outcome)
    else:
        click.echo(f"{person_id}: key destroyed, {outcome.status}, act {act}")


@click.command()
@click.argument("sender", metavar="[TERRITORY]", default="")
@click.option("--forgive", is_flag=True, help="Let the sender claim again.")
@say.world_option
@say.json_option
def claims(sender: str, forgive: bool, world: Path | None, as_json: bool) -> None:
    """Show how often rosters of a territory, and of those below it, claimed wrongly.

    After too many, its rows about people of others wait until --forgive (ADR 0040).
    Without a territory: all that wait.
    """
    with registry(say.existing(world)) as engine:
        theirs = senders(engine, sender)
        if forgive and sender not in theirs:
            say.no(f"nobody at {sender or 'the country'} has claimed anybody wrongly")
        said = [counted(each, wrong_of(engine, each)) for each in theirs]
        if forgive:
            kept_no_more(engine, sender)
    if not sender:
        said = [each for each in said if each["stopped"]]
    if as_json:
        say.json(said)
    elif said:
        rows = (tuple(each.values()) for each in said)
        say.table("Wrong claims, as they were", tuple(said[0]), rows)
    else:
        click.echo("no sender waits" if not sender else f"no wrong claims of {sender}")
    if forgive:
        click.echo(f"forgiven: {sender}", err=True)


def counted(sender: str, kept: Wrong) -> dict[str, Any]:
    """Return what is kept of one sender, as a row."""
    return {
        "territory": sender,
        "on": kept.on,
        "today": kept.today,
        "people": len(kept.of),
        "stopped": kept.stopped or any(map(kept.stops, kept.of)),
    }


COMMANDS = (import_, claims, erase)
