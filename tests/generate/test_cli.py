"""`metodika generate`: where a plan goes, and when it may not."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.plan import TIERS, TILED
from metodika.world import opened
from shared.runtime.engine import utc_now
from shared.runtime.log import Unit
from shared.runtime.settings import WrongSettings
from tests.journeys.telling import settings_of
from tests.runtime.made import pending


def run(world: Path, *asked: str) -> Result:
    return CliRunner().invoke(metodika, [*asked, "--world", str(world)])


@pytest.fixture(scope="module")
def ledger_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world of tier XS that has a ledger and no logs."""
    world = tmp_path_factory.mktemp("ledger") / "world"
    assert run(world, "generate", "--to", "ledger").exit_code == 0
    return world


def test_a_ledger_without_logs_answers(ledger_only: Path) -> None:
    """§8: показатели есть, и полны до последнего дня плана."""
    said = run(ledger_only, "kpi", "list", "--scope", "25", "--as-of", "2024-12-31")

    assert said.exit_code == 0, said.output
    assert "K-F1" in said.output
    assert " 98 " in said.output  # of a hundred pedagogues two teach next door


def test_the_status_of_a_ledger_without_logs_counts_nothing_below_nought(
    ledger_only: Path,
) -> None:
    """Журналов нет, и показатели ни от чего не отстают; сколько фактов — сказано."""
    table = run(ledger_only, "status")
    ends = msgspec.json.decode(run(ledger_only, "status", "--json").stdout)
    without = sum(each["without_log"] for each in ends)

    assert table.exit_code == 0
    assert without > 1_000
    assert f"{without:,} facts of the ledger have no log behind them" in table.stderr
    assert {(each["records"], each["not_in_ledger"], each["unheard"]) for each in ends} == {
        (0, 0, 0)
    }


def test_the_status_of_a_world_with_logs_says_how_far_the_ledger_is(tmp_path: Path) -> None:
    """Чего показатели ещё не знают, сочтено; лишнего в них нет."""
    run(tmp_path, "generate")
    with opened(settings_of(tmp_path)) as here:
        store = here.stores["registry"]
        store.append(Unit(now=utc_now(), facts=[pending(1)]))
    told = run(tmp_path, "status", "--json")
    behind = {each["log"]: each["not_in_ledger"] for each in msgspec.json.decode(told.stdout)}

    assert behind.pop("registry@0") == 1
    assert set(behind.values()) == {0}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("value", "K-F1", "--scope", "25/"), "no territory"),
        (("list", "--scope", "../.."), "no territory"),
        (("members", "K-F1", "--scope", "приморье"), "no territory"),
        (("series", "K-F1", "--from", "2024-12-31", "--to", "2024-01-01"), "later than --to"),
        (("diff", "K-F1", "--before", "2025-01-01", "--after", "2024-01-01"), "than --after"),
        (
            ("series", "K-F1", "--from", "2020-01-01", "--to", "2024-01-01", "--every", "1"),
            "more than 400 dates",
        ),
    ],
)
def test_a_slip_is_no_number(ledger_only: Path, asked: tuple[str, ...], told: str) -> None:
    """A place that can be none, or two days the wrong way round, must not answer «nobody»."""
    said = run(ledger_only, "kpi", *asked)

    assert said.exit_code == 2
    assert told in said.output


def test_a_series_may_end_on_the_last_day_there_is(ledger_only: Path) -> None:
    """The next point would lie behind the calendar."""
    said = run(
        ledger_only,
        "kpi",
        "series",
        "K-F1",
        "--from",
        "9999-12-20",
        "--to",
        "9999-12-31",
        "--json",
    )

    assert said.exit_code == 0, said.output
    assert [each["as_of"] for each in msgspec.json.decode(said.stdout)] == [
        "9999-12-20",
        "9999-12-31",
    ]


@pytest.mark.parametrize("asked", [("relay", "--from", "0"), ("replay", "--from", "kafka")])
def test_without_kafka_one_line_says_so(
    ledger_only: Path, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which setting is empty is said; it is no failure inside."""
    monkeypatch.delenv("METODIKA_KAFKA_BOOTSTRAP", raising=False)
    said = run(ledger_only, *asked)

    assert isinstance(said.exception, WrongSettings)  # one of `TOLD`: one line, code 2
    assert "METODIKA_KAFKA_BOOTSTRAP is empty" in str(said.exception)


@pytest.mark.parametrize("sink", ["stores", "ledger"])
def test_a_world_has_one_origin(ledger_only: Path, sink: str) -> None:
    """Второй раз в тот же реестр показателей не пишут: ни мимо журналов, ни через них."""
    said = run(ledger_only, "generate", "--to", sink)

    assert said.exit_code == 1
    assert "choose another --world" in said.output


def test_a_world_with_logs_is_left_alone(tmp_path: Path) -> None:
    """Где есть журналы, реестр показателей берут из них."""
    assert run(tmp_path, "migrate").exit_code == 0
    assert run(tmp_path, "generate").exit_code == 0
    said = run(tmp_path, "generate", "--to", "ledger")

    assert said.exit_code == 1
    assert "there are facts" in said.output


def test_big_tiers_go_to_the_ledger_only(tmp_path: Path) -> None:
    """Участок за участком решения не принимают: журналов у страны из участков нет."""
    said = run(tmp_path, "generate", "--tier", "XL")

    assert said.exit_code == 1
    assert "--to ledger" in said.output


def test_a_country_is_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L и XL: участок решён в памяти и разложен; все журналы полны."""
    district = replace(TIERS["L"], region="27", neighbour="79", schools=6, people=200)
    monkeypatch.setitem(TIERS, "L", district)
    monkeypatch.setitem(TILED, "L", ("27", "79"))
    monkeypatch.setattr("metodika.plan.tiles.PEDAGOGUES", 30_000)
    said = run(tmp_path, "generate", "--tier", "L", "--to", "ledger")
    listed = run(tmp_path, "kpi", "list", "--as-of", "2024-12-31", "--json")

    assert said.exit_code == 0, said.output
    assert '"kpi": "K-F0"' in listed.output
