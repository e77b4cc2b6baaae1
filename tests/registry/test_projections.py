"""Документы реестра: S1 4.1, S0 I, S0 III.1, S0 V; имён в них нет (S1 5.5)."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any

import pytest

from services.registry.projections import (
    GRANTS,
    ORGANISATIONS,
    PROGRAMS,
    REGIONS,
    TEACHERS,
)
from shared.events.registry import (
    AccessRevoked,
    EmploymentChanged,
    ExpertOpinionGiven,
    OrganisationClosed,
    ProgramSubmitted,
    YouthPeriodDetermined,
)
from shared.kernel import Projection
from shared.testing.facts import DAY, a
from tests.registry.test_access import GIVEN as GRANTED
from tests.registry.test_access import REVOKED
from tests.registry.test_program import (
    AGAINST,
    CERTIFIED_,
    DRAFTED,
    IN_REVIEW,
    LISTED_,
    SUBMITTED,
    TWO,
)
from tests.registry.test_record import (
    AWARDED,
    ERASED,
    GRADUATED,
    LEARNT,
    LINKED,
    MERGED,
)
from tests.registry.world import (
    ENDED,
    HIRED,
    INSTITUTE,
    JOB,
    OTHER,
    PERSON,
    REGION_ADDED,
    REGISTERED,
    SCHOOL,
    SCHOOL_CLOSED,
    SCHOOL_REGISTERED,
    SECOND_JOB,
    STARTED,
    UNIVERSITY,
)

DETERMINED = a(YouthPeriodDetermined, person_id=PERSON, young_until=DAY)


def document(projection: Projection[Any, Any], facts: Iterable[Any]) -> Any:
    return reduce(projection.evolve, facts, None)


@pytest.mark.parametrize(
    ("projection", "facts", "shown"),
    [
        (REGIONS, [REGION_ADDED], {"region": "25", "utc_offset_minutes": 600}),
        (ORGANISATIONS, [SCHOOL_REGISTERED], {"status": "working", "closed_on": None}),
        (
            ORGANISATIONS,
            [replace(SCHOOL_REGISTERED, parent_id=INSTITUTE), SCHOOL_CLOSED],
            {"status": "closed", "closed_on": "2024-02-01", "parent_id": str(INSTITUTE)},
        ),
        (GRANTS, [GRANTED], {"status": "in_force", "territory": "25"}),
        (GRANTS, [GRANTED, REVOKED], {"status": "revoked", "revoked_on": "2024-02-01"}),
        (PROGRAMS, [DRAFTED], {"fed": "none", "reg": "none", "version": 1}),
        (PROGRAMS, IN_REVIEW, {"fed": "under_review", "reg": "none"}),
        (PROGRAMS, CERTIFIED_, {"fed": "certified"}),
        (PROGRAMS, LISTED_, {"fed": "listed"}),
        (
            PROGRAMS,
            [*LISTED_, replace(DRAFTED, **TWO), replace(SUBMITTED, **TWO)],
            {"fed": "listed", "version": 2},
        ),
        (
            PROGRAMS,
            [*LISTED_, replace(SUBMITTED, register="REG")],
            {"fed": "listed", "reg": "submitted"},
        ),
        (TEACHERS, [REGISTERED], {"status": "registered", "org_id": None}),
        (TEACHERS, [REGISTERED, STARTED], {"org_id": str(SCHOOL)}),
        (TEACHERS, [REGISTERED, STARTED, ENDED], {"org_id": None}),
        (TEACHERS, [REGISTERED, DETERMINED], {"young_until": "2024-02-01"}),
        (TEACHERS, [REGISTERED, LINKED, LINKED], {"rosters": ["SIS"]}),
        (
            TEACHERS,
            [REGISTERED, MERGED],
            {"status": "merged", "merged_into": str(OTHER)},
        ),
        (
            TEACHERS,
            [REGISTERED, GRADUATED],
            {
                "graduated": {
                    "university_id": str(UNIVERSITY),
                    "graduated_on": "2024-02-01",
                }
            },
        ),
        (
            TEACHERS,
            [REGISTERED, LEARNT],
            {
                "education": [
                    {"level": "higher", "pedagogical": True, "received_on": "2024-02-01"}
                ]
            },
        ),
        (
            TEACHERS,
            [REGISTERED, AWARDED],
            {
                "categories": [
                    {
                        "category": "highest",
                        "awarded_on": "2024-02-01",
                        "valid_until": None,
                    }
                ]
            },
        ),
        (
            TEACHERS,
            [REGISTERED, ERASED],
            {"status": "erased", "erased": {"act_no": "7", "erased_on": "2024-02-01"}},
        ),
    ],
)
def test_a_document_shows_what_is_so(
    projection: Projection[Any, Any], facts: Iterable[Any], shown: dict[str, Any]
) -> None:
    found = document(projection, facts)

    assert shown.items() <= found.items()
    assert json.loads(json.dumps(found)) == found


def test_an_employment_keeps_its_beginning() -> None:
    moved = a(
        EmploymentChanged,
        employment_id=JOB,
        person_id=PERSON,
        org_id=INSTITUTE,
        is_main=True,
    )
    found = document(TEACHERS, [REGISTERED, STARTED, moved])

    assert found["org_id"] == str(INSTITUTE)
    assert found["employments"][str(JOB)]["started_on"] == HIRED.isoformat()


@pytest.mark.parametrize(
    ("other", "unit"),
    [
        ({"is_main": False}, SCHOOL),
        ({"position_class": "HEAD", "occurred_on": date(2020, 1, 1)}, SCHOOL),
        ({"occurred_on": date(2020, 1, 1)}, INSTITUTE),
        ({"occurred_on": DAY}, SCHOOL),
    ],
)
def test_a_person_has_one_unit(other: dict[str, Any], unit: object) -> None:
    """S0 I: одна единица на человека (AM33)."""
    second = replace(STARTED, employment_id=SECOND_JOB, org_id=INSTITUTE, **other)

    assert document(TEACHERS, [REGISTERED, STARTED, second])["org_id"] == str(unit)
    assert document(TEACHERS, [REGISTERED, second, STARTED])["org_id"] == str(unit)


def test_the_opinions_of_one_register_stay_there() -> None:
    found = document(PROGRAMS, [*LISTED_, AGAINST, replace(SUBMITTED, register="REG")])

    verdicts = [it["verdict"] for it in found["registers"]["FED/1"]["opinions"]]
    assert verdicts == ["recommended", "not_recommended"]
    assert found["registers"]["REG/1"]["opinions"] == []


def test_a_document_names_nobody() -> None:
    """S1 5.5: в документах ни имени, ни СНИЛС, ни дня рождения."""
    shown = json.dumps(
        document(TEACHERS, [REGISTERED, STARTED, LINKED, AWARDED, LEARNT]),
        ensure_ascii=False,
    )

    assert "Вымыслова" not in shown
    assert "112-233-445" not in shown
    assert "1995" not in shown
    assert "f00d" not in shown


@pytest.mark.parametrize(
    ("projection", "orphan"),
    [
        (ORGANISATIONS, a(OrganisationClosed)),
        (GRANTS, a(AccessRevoked)),
        (PROGRAMS, a(ProgramSubmitted)),
        (PROGRAMS, a(ExpertOpinionGiven)),
        (TEACHERS, STARTED),
    ],
)
def test_what_has_no_beginning_has_no_document(
    projection: Projection[Any, Any], orphan: Any
) -> None:
    assert document(projection, [orphan]) is None
