"""`metodika parked` as an operator types it: list, show, retry, skip with a reason."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.say import EXIT_NO, EXIT_USAGE
from shared.runtime.codec import wire
from shared.runtime.hearing import hear
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling

WHY = "Проверочная запись, наставник не нужен"
PED = b'"position_class":"PED"'

pytestmark = pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed there


def typed(world: Path, *said: str) -> Result:
    return CliRunner().invoke(metodika, ["parked", *said, "--world", str(world)])


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return msgspec.json.decode(result.stdout)


@pytest.fixture
def at(story: Telling) -> int:
    """Return where mentoring heard, and parked, a job that it could not read."""
    ch.places(story)
    snils, born = "202-222-222 74", "09.07.1999"
    since = "01.09.2021"
    story.tell("registry", ch.registered(ch.VERA, snils, born))
    story.tell("registry", ch.employed(ch.VERA, ch.SCHOOL, since))
    records = list(story.world.stores["registry"].walk())
    at = next(e.position for e in records if e.name == "registry.EmploymentStarted")
    sent = [wire(each) for each in records]
    sent[at - 1] = sent[at - 1].replace(PED, b'"position_class":"XXX"')
    hear(story.world.engines["mentoring"], "registry@0", sent)
    story.world.close()
    return at


def test_a_skip_is_kept_with_who_did_it_when_and_why(story: Telling, at: int) -> None:
    """contracts §4: `skip --reason`: аудитор видит, почему факт не подействовал."""
    world = story.world.settings.world
    which = ("mentoring", "registry@0", str(at))
    before = read(typed(world, "list", "--all", "--json"))
    plain = typed(world, "skip", *which, "--reason", WHY, "--by", "petrova")
    behind = before[1]["position"]
    other = ("mentoring", "registry@0", str(behind))
    as_json = read(typed(world, "skip", *other, "--reason", f" {WHY} ", "--json"))
    after = read(typed(world, "list", "--json"))
    gone, _ = read(typed(world, "list", "--all", "--json"))
    table = typed(world, "list", "--all").stdout

    assert [each["state"] for each in before] == ["parked", "parked"]
    assert WHY in plain.stdout
    assert "1 facts of its stream queue behind it" in plain.stderr
    assert (as_json["position"], as_json["reason"]) == (behind, WHY)
    assert as_json["by"]
    assert after == []
    assert (gone["state"], gone["by"], gone["reason"]) == ("skipped", "petrova", WHY)
    assert gone["fact"] == "registry.EmploymentStarted"
    assert gone["error"] == before[0]["error"]
    assert gone["skipped_at"][:2] == "20"
    assert "petrova" in table
    assert read(typed(world, "show", *which)) == gone
    assert typed(world, "skip", *which, "--reason", WHY).exit_code == EXIT_NO


@pytest.mark.parametrize("said", [("--reason", " "), ("--reason", WHY, "--by", "")])
def test_a_skip_without_a_reason_or_a_name_is_none(
    story: Telling, at: int, said: tuple[str, ...]
) -> None:
    """contracts §4: без основания ничего не отпускают."""
    world = story.world.settings.world
    refused = typed(world, "skip", "mentoring", "registry@0", str(at), *said)

    assert refused.exit_code == EXIT_USAGE
    assert len(read(typed(world, "list", "--json"))) == 2


def test_a_retry_says_what_is_left(story: Telling, at: int) -> None:
    """reliability 8: повтор, который не удался, остаётся отложенным."""
    world = story.world.settings.world
    again = typed(world, "retry", "mentoring", "registry@0", "--json")
    shown = read(typed(world, "show", "mentoring", "registry@0", str(at)))

    assert (again.exit_code, msgspec.json.decode(again.stdout)) == (
        EXIT_NO,
        {"applied": 0, "parked": 2},
    )
    assert (shown["state"], shown["queue_behind"]) == ("parked", 1)
