"""`metodika generate`: where a plan goes, and when it may not."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.plan import TIERS, TILED


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
