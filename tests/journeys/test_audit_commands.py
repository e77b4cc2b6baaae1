"""What an auditor types: each answer says what it was known by, and each chain is its own."""

import base64
import shutil
from pathlib import Path
from uuid import UUID, uuid5

import msgspec
import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.log import caused
from metodika.generate import Clock
from metodika.world import opened
from services.registry.domain import RecordEducation
from shared.kernel.ids import NAMES, EventId, Territory
from shared.runtime.amending import Withdraw
from shared.runtime.asking import Asked
from shared.runtime.codec import Basis
from tests.journeys import chapters
from tests.journeys.conftest import TOLD
from tests.journeys.telling import Telling, day, settings_of

SAME = uuid5(NAMES, "one request of a workflow")
ASKED: dict[str, tuple[str, ...]] = {
    "list": (),
    "value": ("K-F1",),
    "series": ("K-F1", "--from", "2022-01-31", "--to", "2022-12-31"),
    "members": ("K-F1",),
    "why": ("K-F1", str(chapters.ANNA)),
    "diff": ("K-F1", "--before", "2022-03-01"),
}


def run(folder: Path, *said: str, **settings: str) -> Result:
    environment = {f"METODIKA_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(metodika, [*said, "--world", str(folder)], env=environment)


@pytest.mark.parametrize("question", ASKED)
def test_below_each_answer_stands_what_it_was_known_by(
    told_folder: Path, question: str
) -> None:
    """Auditor's page: without the vector an answer cannot be got again."""
    said = run(told_folder, "kpi", question, *ASKED[question])

    assert said.exit_code == 0, said.output
    assert "as known" in said.stderr
    assert "registry@0 " in said.stderr


def test_a_difference_names_who_withdrew_when_and_by_what_act(
    told_folder: Path, tmp_path: Path
) -> None:
    """§1.6: разницу объясняют факты с автором и актом, а не запись, которой больше нет."""
    folder, clock = tmp_path / "world", Clock(TOLD)
    shutil.copytree(told_folder, folder)
    with opened(settings_of(folder), clock) as world:
        telling = Telling(world, clock)
        [completed] = telling.of("routes", "ProgramCompleted")
        withdraw = Withdraw(
            event_id=EventId(completed), reason="чужой документ", withdrawn_on=day("05.07.2022")
        )
        act = Basis(act="Приказ", number="77-ОД", date=day("04.07.2022"))
        outcome = telling.ask("routes", withdraw, actor="inspector-9", basis=act)
        telling.settle()
    said = run(folder, "kpi", "diff", "K-F1", "--as-of", "2022-12-31", "--before", "2022-06-01")

    assert outcome.status == "accepted"
    for part in ("отозван", "05.07.2022 09:00", "inspector-9", "Приказ № 77-ОД", "04.07.2022"):
        assert part in said.stdout


@pytest.mark.parametrize("question", ["members", "why"])
def test_a_program_reads_it_too(told_folder: Path, question: str) -> None:
    said = msgspec.json.decode(
        run(told_folder, "kpi", question, *ASKED[question], "--json").stdout
    )

    assert str(chapters.ANNA) in {each["subject"] for each in said["members"]}
    assert said["vector"]["registry@0"] > 0
    assert said["lagging"] == []


def test_a_moment_that_may_lack_facts_is_said_to_be_provisional(told_folder: Path) -> None:
    said = run(told_folder, "kpi", "members", "K-F1", "--as-known", "2031-01-01")

    assert "provisional: more may come from" in said.stderr


def test_one_service_of_a_cluster_counts_nothing(told_folder: Path) -> None:
    """Contracts §3: a number is of all logs; of one log it would be another, and look right."""
    said = run(
        told_folder,
        "kpi",
        "value",
        "K-RR03",
        service="registry",
        store_url="postgresql://nobody@127.0.0.1:1/log",
        keys_url="postgresql://nobody@127.0.0.1:1/keys",
        master_key=base64.b64encode(bytes(32)).decode(),
        oidc_issuers='[{"issuer": "i", "audience": "a", "jwks": "/etc/hostname"}]',
    )

    assert said.exit_code == 2
    assert "GET /kpi" in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize("story", ["embedded"], indirect=True)
def test_two_services_asked_under_one_id_are_two_causes(story: Telling) -> None:
    """S1 7.2: a client's one request went to two services; neither fact caused the other."""
    chapters.places(story)
    chapters.people(story)
    support = chapters.men.StartSupport(
        support_id=chapters.SupportId(chapters.uid("support of vera")),
        person_id=chapters.VERA,
        form="community",
        started_on=day("01.10.2021"),
    )
    studied = RecordEducation(
        person_id=chapters.BORIS,
        level="higher",
        pedagogical=True,
        received_on=day("30.06.2001"),
    )
    heard: dict[str, UUID] = {}
    for service, command in (("mentoring", support), ("registry", studied)):
        asked = Asked(command=command, command_id=SAME, actor="region-25", home=Territory("25"))
        (heard[service],) = story.world.engines[service].ask(asked).event_ids

    chain = [each.event_id for each in caused(story.world, heard["mentoring"])]
    assert chain == [heard["mentoring"]]
