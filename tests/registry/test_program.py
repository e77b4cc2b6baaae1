"""ДПП и её экспертиза: S1 4.3, S0 III.1 (RU11)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.registry.domain import (
    PROGRAM,
    AssignExpertGroup,
    CertifyProgram,
    DraftProgram,
    GiveExpertOpinion,
    ListProgram,
    SubmitProgram,
)
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.program import Program
from services.registry.domain.programs import ProgramCommand
from shared.events.registry import (
    Expert,
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    ProgramCertified,
    ProgramDrafted,
    ProgramFact,
    ProgramListed,
    ProgramSubmitted,
)
from shared.kernel import Claim, Recorded
from shared.kernel.ids import EventId, PersonId, ProgramId, RegionCode
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec
from tests.registry.world import (
    AT_CLOSED_SCHOOL,
    AT_INSTITUTE,
    AT_SCHOOL,
    AT_UNIVERSITY,
    INSTITUTE,
    REGION,
    SCHOOL,
    UNIVERSITY,
)

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
PROGRAM_ID = ProgramId(UUID(int=51))
ANNA, BORIS, VERA = (PersonId(UUID(int=n)) for n in (61, 62, 63))
EXPERTS = (
    Expert(person_id=ANNA, org_id=UNIVERSITY, region=REGION),
    Expert(person_id=BORIS, org_id=SCHOOL, region=REGION),
)
ONE = {"program_id": PROGRAM_ID, "program_version": 1}
TWO = {"program_id": PROGRAM_ID, "program_version": 2}
CONTENT = {"provider_org_id": INSTITUTE, "name": "Курс", "hours": 36}

DRAFT = a(DraftProgram, **ONE, **CONTENT, provider=AT_INSTITUTE)
SUBMIT = a(SubmitProgram, **ONE)
ASSIGN = a(
    AssignExpertGroup,
    **ONE,
    experts=EXPERTS,
    organisations=(AT_UNIVERSITY, AT_SCHOOL),
)
OPINE = a(GiveExpertOpinion, **ONE, expert_id=ANNA, score=87)
CERTIFY = a(CertifyProgram, **ONE, cert_no="ФР-1")
LIST = a(ListProgram, **ONE)

DRAFTED = a(ProgramDrafted, **ONE, **CONTENT)
SUBMITTED = a(ProgramSubmitted, **ONE)
ASSIGNED = a(ExpertGroupAssigned, **ONE, experts=EXPERTS)
GIVEN = a(ExpertOpinionGiven, **ONE, expert_id=ANNA, score=87)
AGAINST = replace(GIVEN, expert_id=BORIS, verdict="not_recommended", score=20)
CERTIFIED = a(ProgramCertified, **ONE, cert_no="ФР-1")
LISTED = a(ProgramListed, **ONE)

IN_DRAFT = (DRAFTED,)
IN_QUEUE = (*IN_DRAFT, SUBMITTED)
IN_REVIEW = (*IN_QUEUE, ASSIGNED)
JUDGED = (*IN_REVIEW, GIVEN)
CERTIFIED_ = (*JUDGED, CERTIFIED)
LISTED_ = (*CERTIFIED_, LISTED)

type ProgramSpec = Spec[Program, ProgramCommand, ProgramFact]


@pytest.fixture
def program() -> ProgramSpec:
    return Spec(PROGRAM)


@pytest.mark.parametrize(
    ("past", "asked", "said"),
    [
        ((), DRAFT, DRAFTED),
        (IN_DRAFT, replace(DRAFT, **TWO), replace(DRAFTED, **TWO)),
        (IN_DRAFT, SUBMIT, SUBMITTED),
        (IN_QUEUE, ASSIGN, ASSIGNED),
        (IN_REVIEW, OPINE, GIVEN),
        (JUDGED, CERTIFY, CERTIFIED),
        (
            JUDGED,
            replace(CERTIFY, valid_until=DAY),
            replace(CERTIFIED, valid_until=DAY),
        ),
        (CERTIFIED_, LIST, LISTED),
        (LISTED_, replace(SUBMIT, register="REG"), replace(SUBMITTED, register="REG")),
    ],
)
def test_a_programme_comes_into_the_register(
    program: ProgramSpec,
    past: Sequence[ProgramFact],
    asked: ProgramCommand,
    said: ProgramFact,
) -> None:
    """S0 III.1: «ведет федеральный реестр … и осуществляет их сертификацию»."""
    program.given(*past)
    program.when(asked)
    program.then(said)


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (LISTED_, DRAFT),
        (IN_QUEUE, SUBMIT),
        (IN_REVIEW, SUBMIT),
        (CERTIFIED_, SUBMIT),
        (LISTED_, SUBMIT),
        (IN_REVIEW, ASSIGN),
        (JUDGED, ASSIGN),
        (LISTED_, ASSIGN),
        (JUDGED, OPINE),
        (CERTIFIED_, OPINE),
        (CERTIFIED_, CERTIFY),
        (LISTED_, CERTIFY),
        (LISTED_, LIST),
    ],
)
def test_it_is_already_so(
    program: ProgramSpec, past: Sequence[ProgramFact], asked: ProgramCommand
) -> None:
    program.given(*past)
    program.when(asked)
    program.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), replace(DRAFT, **TWO)),
        ((), replace(DRAFT, program_version=0)),
        ((), replace(DRAFT, provider=UNHEARD_OF)),
        ((), replace(DRAFT, provider=AT_CLOSED_SCHOOL)),
        ((), replace(DRAFT, name="")),
        ((), replace(DRAFT, hours=0)),
        (IN_DRAFT, replace(DRAFT, hours=72)),
        (IN_DRAFT, replace(SUBMIT, program_version=2)),
    ],
)
def test_a_programme_is_drafted_version_by_version(
    program: ProgramSpec, past: Sequence[ProgramFact], asked: ProgramCommand
) -> None:
    """S1 4.3: ДПП разрабатывает организация, версия за версией."""
    program.given(*past)
    program.when(asked)
    program.then_refused("S1 4.3")


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (IN_DRAFT, ASSIGN),
        (IN_DRAFT, OPINE),
        (IN_DRAFT, CERTIFY),
        (IN_DRAFT, LIST),
        (IN_QUEUE, OPINE),
        (IN_QUEUE, CERTIFY),
        (IN_QUEUE, LIST),
        (JUDGED, LIST),
        (LISTED_, replace(LIST, register="REG")),
    ],
)
def test_no_step_is_left_out(
    program: ProgramSpec, past: Sequence[ProgramFact], asked: ProgramCommand
) -> None:
    """S0 III.1: без экспертизы нет сертификации, без сертификации — реестра."""
    program.given(*past)
    program.when(asked)
    program.then_refused("S0 III.1")


def test_another_version_is_not_listed_by_the_first_ones_certificate(
    program: ProgramSpec,
) -> None:
    """S0 III.1: сертифицирована и внесена одна и та же версия."""
    program.given(*CERTIFIED_, replace(DRAFTED, **TWO))
    program.when(replace(LIST, **TWO))
    program.then_refused("S0 III.1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"experts": ()},
        {"experts": (EXPERTS[0], EXPERTS[0])},
        {"experts": (replace(EXPERTS[0], org_id=INSTITUTE),)},
        {"experts": (replace(EXPERTS[0], region=RegionCode("54")),)},
        {"organisations": (AT_UNIVERSITY, UNHEARD_OF)},
        {"organisations": (AT_UNIVERSITY, AT_CLOSED_SCHOOL)},
        {"assigned_on": BEFORE},
    ],
)
def test_experts_come_from_the_regions_and_not_from_the_author(
    program: ProgramSpec, wrong: dict[str, object]
) -> None:
    """RU11: эксперты «из субъектов Российской Федерации» (S0 III.1)."""
    program.given(*IN_QUEUE)
    program.when(replace(ASSIGN, **wrong))
    program.then_refused("S0 III.1")


def test_whoever_works_for_the_author_is_shut_out(program: ProgramSpec) -> None:
    """RU11: (D) эксперт, который работает у автора, — от кого бы ни назван (S0 III.1)."""
    program.given(*IN_QUEUE)
    program.when(replace(ASSIGN, employers=frozenset({SCHOOL, INSTITUTE})))
    program.then_refused("S0 III.1")


def test_the_author_is_shut_out_though_his_organisation_is_known(
    program: ProgramSpec,
) -> None:
    """RU11: (D) организация автора исключена (S0 III.1)."""
    own = replace(EXPERTS[0], org_id=INSTITUTE)
    program.given(*IN_QUEUE)
    program.when(replace(ASSIGN, experts=(own,), organisations=(AT_INSTITUTE,)))
    program.then_refused("S0 III.1")


def test_a_group_is_changed_before_it_speaks(program: ProgramSpec) -> None:
    program.given(*IN_REVIEW)
    program.when(replace(ASSIGN, experts=EXPERTS[:1]))
    program.then(replace(ASSIGNED, experts=EXPERTS[:1]))


def test_who_left_the_group_does_not_speak(program: ProgramSpec) -> None:
    program.given(*IN_REVIEW, replace(ASSIGNED, experts=EXPERTS[1:]))
    program.when(OPINE)
    program.then_refused("S0 III.1")


@pytest.mark.parametrize("past", [JUDGED, CERTIFIED_, LISTED_])
def test_a_group_is_not_changed_after(
    program: ProgramSpec, past: Sequence[ProgramFact]
) -> None:
    program.given(*past)
    program.when(replace(ASSIGN, experts=EXPERTS[:1]))
    program.then_refused("S0 III.1")


@pytest.mark.parametrize(
    ("past", "wrong"),
    [
        (IN_REVIEW, {"expert_id": VERA}),
        (IN_REVIEW, {"score": 101}),
        (IN_REVIEW, {"score": -1}),
        (IN_REVIEW, {"given_on": BEFORE}),
        (JUDGED, {"verdict": "returned"}),
        (CERTIFIED_, {"expert_id": BORIS}),
        (LISTED_, {"verdict": "returned"}),
    ],
)
def test_an_expert_of_the_group_speaks_once(
    program: ProgramSpec, past: Sequence[ProgramFact], wrong: dict[str, object]
) -> None:
    """RU11: «на основе заключений групп экспертов» (S0 III.1)."""
    program.given(*past)
    program.when(replace(OPINE, **wrong))
    program.then_refused("S0 III.1")


@pytest.mark.parametrize(
    ("past", "wrong"),
    [
        (IN_REVIEW, {}),
        ((*IN_REVIEW, AGAINST), {}),
        ((*JUDGED, AGAINST), {}),
        ((*JUDGED, replace(AGAINST, verdict="returned")), {}),
        (JUDGED, {"cert_no": " "}),
        (JUDGED, {"certified_on": BEFORE}),
        (JUDGED, {"valid_until": BEFORE}),
        (CERTIFIED_, {"cert_no": "ФР-2"}),
        (LISTED_, {"certified_on": AFTER}),
    ],
)
def test_a_certificate_stands_on_conclusions(
    program: ProgramSpec, past: Sequence[ProgramFact], wrong: dict[str, object]
) -> None:
    """RU11: ≥1 рекомендующее заключение, и не против остальных (S0 III.1)."""
    program.given(*past)
    program.when(replace(CERTIFY, **wrong))
    program.then_refused("S0 III.1")


def test_two_of_three_carry_it(program: ProgramSpec) -> None:
    """RU11: рекомендующих заключений больше (S0 III.1)."""
    third = replace(EXPERTS[0], person_id=VERA)
    group = replace(ASSIGNED, experts=(*EXPERTS, third))
    program.given(*IN_QUEUE, group, GIVEN, AGAINST, replace(GIVEN, expert_id=VERA))
    program.when(CERTIFY)
    program.then(CERTIFIED)


def test_a_certificate_number_is_one_versions(program: ProgramSpec) -> None:
    """S0 III.1: номер сертификата — одной версии в одном реестре."""
    again = [replace(each, register="REG") for each in (SUBMITTED, ASSIGNED, GIVEN)]
    program.given(*LISTED_, *again)
    program.when(replace(CERTIFY, register="REG"))
    program.then_refused("S0 III.1")


def test_a_certificate_number_is_one_programmes() -> None:
    [claim] = PROGRAM.claims(CERTIFIED)

    assert isinstance(claim, Claim)
    assert (claim.kind, claim.key, claim.holder, claim.clause) == (
        "certificate",
        "FED/ФР-1",
        PROGRAM_ID,
        "S0 III.1",
    )
    assert list(PROGRAM.claims(LISTED)) == []
    assert PROGRAM.stream(CERTIFY) == PROGRAM_ID


@pytest.mark.parametrize(
    ("past", "wrong"),
    [
        (CERTIFIED_, {"listed_on": BEFORE}),
        (CERTIFIED_, {"valid_until": BEFORE}),
        ((*JUDGED, replace(CERTIFIED, valid_until=DAY)), {"listed_on": AFTER}),
        ((*JUDGED, replace(CERTIFIED, valid_until=DAY)), {"valid_until": AFTER}),
        (LISTED_, {"valid_until": AFTER}),
    ],
)
def test_a_programme_is_not_listed_so(
    program: ProgramSpec, past: Sequence[ProgramFact], wrong: dict[str, object]
) -> None:
    """S0 III.1: в реестр вносят сертифицированное и не дольше сертификата."""
    program.given(*past)
    program.when(replace(LIST, **wrong))
    program.then_refused("S0 III.1")


def test_a_listing_lasts_as_the_certificate_does(program: ProgramSpec) -> None:
    program.given(*JUDGED, replace(CERTIFIED, valid_until=AFTER))
    program.when(LIST)
    program.then(replace(LISTED, valid_until=AFTER))


def test_a_certificate_does_not_outlive_its_conclusions() -> None:
    """RU11: исправленное заключение не оставляет сертификата без основания (S0 III.1)."""
    ids = [EventId(UUID(int=n)) for n in range(len(LISTED_))]
    history = [
        Recorded[ProgramFact](event_id=id_, fact=fact)
        for id_, fact in zip(ids, LISTED_, strict=True)
    ]
    corrected = Recorded[ProgramFact](
        event_id=EventId(UUID(int=99)),
        fact=replace(GIVEN, verdict="returned"),
        corrects=ids[LISTED_.index(GIVEN)],
    )

    assert PROGRAM.is_a_life(history)
    assert not PROGRAM.is_a_life([*history, corrected])
