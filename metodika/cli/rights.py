"""Who may: a right is given, the first one too, and taken back; tokens are issued."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import click

from metodika.cli import say
from metodika.services import service, source
from metodika.world import names_of, prepare, require_writable
from services.registry.domain import GrantAccess, RevokeAccess
from shared.events.registry import Role
from shared.kernel.ids import GrantId, Territory, named
from shared.runtime.asking import Asked, Outcome
from shared.runtime.codec import Basis
from shared.runtime.engine import Engine, utc_now
from shared.runtime.grants import GRANTS, SUBJECT, Grant
from shared.runtime.issuer import LocalIssuer
from shared.runtime.notary import notarised
from shared.runtime.seal import Keys
from shared.runtime.settings import Settings
from shared.runtime.store import open_store

REGISTRY = "registry"
ROLES: tuple[Role, ...] = get_args(Role.__value__)


class Subject(click.ParamType[str]):
    """Whom tokens name: `sub`, a number or an account of the issuer, never a name."""

    name = "subject"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read a subject, or say that nobody could ever come with it."""
        if not SUBJECT.fullmatch(value):
            self.fail("no token can name it: 1 to 200 Latin signs, no blank", param, ctx)
        return value


@dataclass(frozen=True)
class Right:
    """A role of somebody on a territory, whether it is given or not."""

    subject: str
    role: Role
    territory: Territory

    def __str__(self) -> str:
        return f"{self.role} on {self.territory or 'the whole country'} for {self.subject}"

    def records(self, engine: Engine) -> tuple[Grant, ...]:
        """Return every grant of it that there was, the one said last at the end."""
        every = engine.known().of(GRANTS, named("grantee", self.subject))
        mine = (self.role, self.territory)
        return tuple(each for each in every if (each.role, each.territory) == mine)


subject_argument: say.Decorator = click.argument("subject", type=Subject())
role_argument: say.Decorator = click.argument("role", type=click.Choice(ROLES))
territory_option: say.Decorator = click.option(
    "--territory", type=say.PLACE, default="", help="25, 25/05701000, …; empty: the country."
)
act_option: say.Decorator = click.option(
    "--act", required=True, help="By what act: приказ, распоряжение, …; it is kept."
)
number_option: say.Decorator = click.option("--number", help="Number of the act.")
dated_option: say.Decorator = click.option("--dated", type=say.DAY, help="Day of the act.")


@contextmanager
def registry(settings: Settings) -> Generator[Engine]:
    """Open the registry alone, of a folder or of a cluster, beside whatever runs on it."""
    if REGISTRY not in names_of(settings):
        say.no("rights are said in the registry: METODIKA_SERVICE=registry", say.EXIT_USAGE)
    if settings.embedded:
        prepare(settings)
    with ExitStack() as stack:
        keys = Keys(settings.keys, settings.the_master_key())
        stack.callback(keys.close)
        store = open_store(settings.store(REGISTRY), source(REGISTRY))
        stack.callback(store.close)
        yield Engine(service(REGISTRY), store, keys)
        if settings.embedded:
            notarised(store)


@click.command()
@subject_argument
@role_argument
@territory_option
@click.option("--until", type=say.DAY, default=None, help="Last day; for ever if not given.")
@click.option("--on", type=say.DAY, default=None, help="First day; today if not given.")
@act_option
@number_option
@dated_option
@say.world_option
@say.json_option
def grant(
    subject: str,
    role: Role,
    territory: str,
    until: date | None,
    on: date | None,
    act: str,
    number: str | None,
    dated: date | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Give whoever a token names a role on a territory: the first right, or another."""
    right, basis = Right(subject, role, Territory(territory)), basis_of(act, number, dated)
    with registry(say.settings(world)) as engine:
        outcomes = [given(engine, right, until=until, on=on, basis=basis)]
        tell(engine, right, outcomes, as_json=as_json)


@click.command()
@click.argument("subject")
@role_argument
@territory_option
@click.option("--reason", required=True, help="Why; it is kept.")
@click.option("--on", type=say.DAY, default=None, help="First day without; today if not given.")
@act_option
@number_option
@dated_option
@say.world_option
@say.json_option
def revoke(
    subject: str,
    role: Role,
    territory: str,
    reason: str,
    on: date | None,
    act: str,
    number: str | None,
    dated: date | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Take a right back; other rights of the same subject stay."""
    right, basis = Right(subject, role, Territory(territory)), basis_of(act, number, dated)
    with registry(say.existing(world)) as engine:
        outcomes = taken_back(engine, right, reason=reason, on=on, basis=basis)
        tell(engine, right, outcomes, as_json=as_json)


def basis_of(act: str, number: str | None, dated: date | None) -> Basis:
    """Return the act by which a right is given or taken back."""
    if not act.strip():
        say.no("a right needs an act by which it is given or taken back", say.EXIT_USAGE)
    return Basis(act=act.strip(), number=number, date=dated)


def given(
    engine: Engine,
    right: Right,
    *,
    until: date | None = None,
    on: date | None = None,
    basis: Basis | None = None,
) -> Outcome:
    """Give a right; one that stands is asked for again, as of its own day if none is said."""
    today = utc_now().date()
    begun = (it for it in right.records(engine) if it.since <= (on or today))
    standing = next((it for it in begun if stands(it, today)), None)
    command = GrantAccess(
        grant_id=standing.grant_id if standing else GrantId(uuid4()),
        grantee=right.subject,
        role=right.role,
        territory=right.territory,
        until=until,
        granted_on=on or (standing.since if standing else today),
    )
    return engine.ask(asked(command, basis))


def taken_back(
    engine: Engine,
    right: Right,
    *,
    reason: str,
    on: date | None = None,
    basis: Basis | None = None,
) -> list[Outcome]:
    """Take back whatever gives a right; of one that was taken back, ask the same again."""
    today, records = utc_now().date(), right.records(engine)
    until = [it.revoked_on for it in records if it.revoked_on and it.revoked_on > (on or today)]
    if until:
        say.no(f"{right}: revoked from {max(until)} on already, and in force until then")
    standing = [it for it in records if stands(it, today)] or records[-1:]
    which = [(it.grant_id, it.revoked_on or max(today, it.since)) for it in standing]
    which = which or [(GrantId(uuid4()), today)]
    commands = (
        RevokeAccess(grant_id=grant_id, reason=reason, revoked_on=on or day)
        for grant_id, day in which
    )
    return engine.ask_many([asked(each, basis) for each in commands])


def stands(it: Grant, day: date) -> bool:
    """Say whether nobody has taken a grant back, and its term has not run out."""
    return it.revoked_on is None and (it.until is None or day <= it.until)


def asked(command: GrantAccess | RevokeAccess, basis: Basis | None) -> Asked:
    """Return a command as the operator asks it, on its merits each time."""
    return Asked(command=command, command_id=uuid4(), actor="operator", basis=basis)


def tell(engine: Engine, right: Right, outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Say what became of a right, or why nothing did, and end then."""
    for each in outcomes:
        require_done(each)
    news = any(each.status == "accepted" for each in outcomes)
    if as_json:
        say.json(
            {
                "grantee": right.subject,
                "role": right.role,
                "territory": right.territory,
                "status": "accepted" if news else "unchanged",
                "grants": [each.stream for each in outcomes],
                "event_ids": [one for each in outcomes for one in each.event_ids],
            }
        )
        return
    now = next(it for it in right.records(engine) if it.grant_id == outcomes[-1].stream)
    click.echo(f"{right}: {'' if news else 'nothing changed: '}{spoken(now)}")


def require_done(outcome: Outcome) -> None:
    """Go on unless a command was refused."""
    if outcome.status == "refused":
        say.no(f"{outcome.reason} ({outcome.clause})")
    if outcome.status == "conflict":
        say.no("others were faster; say it again")


def spoken(it: Grant) -> str:
    """Return how a grant stands, as a person reads it."""
    if it.revoked_on:
        return f"revoked from {it.revoked_on} on"
    return f"granted since {it.since}" + (f" until {it.until}" if it.until else "")


@click.command()
@subject_argument
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=8)
@click.option("--grant", "role", type=click.Choice(ROLES), help="Grant this role first …")
@click.option("--territory", type=say.PLACE, default="", help="… here; empty: the country.")
@say.world_option
@say.json_option
def token(
    subject: str,
    hours: int,
    role: Role | None,
    territory: str,
    world: Path | None,
    as_json: bool,
) -> None:
    """Issue an access token of the local issuer, for the embedded world and trials."""
    settings = say.settings(world)
    if role:
        with registry(settings) as engine:
            require_done(given(engine, Right(subject, role, Territory(territory))))
    require_writable(settings.world, "WORLD")
    issuer = LocalIssuer(settings.world)
    now, lasts = utc_now(), timedelta(hours=hours)
    issued = issuer.issue(subject, now=now, ttl=lasts)
    if as_json:
        say.json({"subject": subject, "token": issued, "until": now + lasts})
    else:
        click.echo(issued)


COMMANDS = (grant, revoke, token)
