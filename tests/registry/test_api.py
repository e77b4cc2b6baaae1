"""Every command has a door, and every example is what its door accepts."""

import re

import pytest

from services.registry.api import DOORS
from services.registry.app import SERVICE
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading
from shared.runtime.schemas import Accepted

COMMANDS = [door for door in DOORS if isinstance(door, Door)]
READINGS = [door for door in DOORS if isinstance(door, Reading)]


def test_every_command_has_one_door() -> None:
    known = [each for decider in SERVICE.deciders for each in decider.commands]

    assert sorted(known, key=str) == sorted((it.command for it in COMMANDS), key=str)


def test_every_document_has_one_door() -> None:
    assert {it.projection for it in READINGS} == set(SERVICE.projections)


@pytest.mark.parametrize("door", COMMANDS, ids=lambda door: door.path)
def test_an_example_is_accepted(door: Door) -> None:
    in_path = re.findall(r"{(\w+)}", door.path)

    Accepted.of(door.command, in_path).check(door.example)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_nobody_without_a_role_knocks(door: Door | Reading) -> None:
    clerks: set[Role] = {"operator", "self"}

    assert door.roles
    assert not clerks & set(door.roles)


def test_who_reads_only_does_not_write() -> None:
    assert not [door.path for door in COMMANDS if "auditor" in door.roles]
