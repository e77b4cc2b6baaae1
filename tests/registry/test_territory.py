"""Субъекты РФ и муниципальные образования: S0 III, S1 4.1."""

from dataclasses import replace

import pytest

from services.registry.domain import MUNICIPALITY, REGION
from services.registry.domain.territory import NOWHERE
from shared.kernel.ids import Oktmo, RegionCode
from shared.testing.spec import Spec
from tests.registry.world import (
    ADD_MUNICIPALITY,
    ADD_REGION,
    MUNICIPALITY_ADDED,
    REGION_ADDED,
)


def test_a_region_is_added_once() -> None:
    """S0 III: «в 2021 году … во всех субъектах Российской Федерации»."""
    region = Spec(REGION)
    region.when(ADD_REGION)
    region.then(REGION_ADDED)


def test_a_region_is_already_there() -> None:
    region = Spec(REGION)
    region.given(REGION_ADDED)
    region.when(ADD_REGION)
    region.then()


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": RegionCode("5")},
        {"region": RegionCode("٢٥")},
        {"name": " "},
        {"utc_offset_minutes": 0},
        {"utc_offset_minutes": 721},
    ],
)
def test_a_region_has_code_name_and_time(wrong: dict[str, object]) -> None:
    region = Spec(REGION)
    region.when(replace(ADD_REGION, **wrong))
    region.then_refused("S0 III")


def test_another_name_is_no_second_region() -> None:
    region = Spec(REGION)
    region.given(REGION_ADDED)
    region.when(replace(ADD_REGION, name="Приморье"))
    region.then_refused("S0 III")


def test_a_municipality_lies_in_a_region() -> None:
    """S1 4.1: «В состав РС НМС входят … муниципальные …»."""
    municipality = Spec(MUNICIPALITY)
    municipality.when(ADD_MUNICIPALITY)
    municipality.then(MUNICIPALITY_ADDED)


@pytest.mark.parametrize(
    "wrong", [{"oktmo": Oktmo("0570")}, {"name": ""}, {"in_region": NOWHERE}]
)
def test_a_municipality_needs_code_name_and_region(wrong: dict[str, object]) -> None:
    municipality = Spec(MUNICIPALITY)
    municipality.when(replace(ADD_MUNICIPALITY, **wrong))
    municipality.then_refused("S1 4.1")


def test_a_municipality_is_already_there() -> None:
    municipality = Spec(MUNICIPALITY)
    municipality.given(MUNICIPALITY_ADDED)
    municipality.when(ADD_MUNICIPALITY)
    municipality.then()


def test_a_municipality_is_not_added_otherwise() -> None:
    municipality = Spec(MUNICIPALITY)
    municipality.given(MUNICIPALITY_ADDED)
    municipality.when(replace(ADD_MUNICIPALITY, name="Другое"))
    municipality.then_refused("S1 4.1")
