"""A correction passes what its command passes; what others stand on is not withdrawn."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry import domain as reg
from services.routes.domain import AnnulCompletion
from shared.events.routes import ProgramCompleted, RouteAssigned
from shared.kernel import as_corrected
from shared.kernel.ids import EventId, Oktmo, OrgId, PersonId, RegionCode, named
from shared.runtime.amending import Withdraw
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, record, withdraw
from tests.journeys.telling import Telling, day, refused

END = "31.12.2022"
NOWHERE = OrgId(ch.uid("nowhere"))


def unlisted(story: Telling) -> None:
    """Anna, from the diagnosis to the document, by a programme that no register lists."""
    ch.places(story)
    ch.people(story)
    story.tell("registry", ch.drafted(ch.PROGRAM, "01.09.2021"))
    story.settle()
    ch.trained(story)


# ── What is derived by evidence ─────────────────────────────────────────────


def test_a_register_is_not_asserted_by_hand(story: Telling) -> None:
    """contracts §4, S0 V.1: в каких реестрах ДПП, говорят реестры, а не исправление."""
    unlisted(story)
    before = story.counted("K-F1", END)
    outcome = correct(
        story,
        "routes",
        ch.ENROLMENT,
        "EnrolmentStarted",
        register_status_at_start=("FED",),
    )

    refused(outcome, "S1 7.2", "выходит иначе")
    assert story.counted("K-F1", END) == before == (0, 4)


def test_a_moved_enrolment_is_not_listed_by_what_began_later(told: Telling) -> None:
    """S0 V.1: день исправили на время до реестра — и реестр уже не тот."""
    before = day("04.10.2021")
    outcome = correct(
        told,
        "routes",
        ch.ENROLMENT,
        "EnrolmentStarted",
        route_id=None,
        route_item_id=None,
        deficit_ids=(),
        occurred_on=before,
    )
    refused(outcome, "S1 7.2", "выходит иначе")


def test_a_study_by_a_completed_route_is_corrected(told: Telling) -> None:
    """contracts §1: возможную жизнь не отвергают: маршрут пройден, а канал был другой."""
    outcome = correct(told, "routes", ch.ENROLMENT, "EnrolmentStarted", channel="other")

    assert outcome.status == "accepted"
    assert told.counted("K-F1", END) == (1, 4)


def test_an_enrolment_is_listed_late_by_what_was_heard_late(story: Telling) -> None:
    """contracts §4: реестр услышан поздно — исправленное зачисление равно ему."""
    unlisted(story)
    listed_now(story)
    [listing] = story.of("registry", "ProgramListed")
    listed = {"register_status_at_start": ("FED",), "listed_by": (listing,)}
    stale = correct(story, "routes", ch.ENROLMENT, "EnrolmentStarted", channel="other")
    outcome = correct(
        story, "routes", ch.ENROLMENT, "EnrolmentStarted", **listed, channel="other"
    )

    refused(stale, "S1 7.2", "выходит иначе")
    assert outcome.status == "accepted"
    assert story.counted("K-F1", END) == (1, 4)


def listed_now(story: Telling) -> None:
    """The draft goes all the way to the Federal register, before the enrolment's day."""
    same: dict[str, Any] = {"program_id": ch.PROGRAM, "program_version": 1, "register": "FED"}
    story.tell(
        "registry",
        reg.SubmitProgram(**same, submitted_on=day("10.09.2021")),
        ch.group(ch.PROGRAM, "15.09.2021"),
        reg.GiveExpertOpinion(
            **same,
            expert_id=ch.EXPERT,
            verdict="recommended",
            score=87,
            given_on=day("25.09.2021"),
        ),
        ch.certified(ch.PROGRAM, "01.10.2021"),
        reg.ListProgram(**same, valid_until=day("31.12.2025"), listed_on=day("05.10.2021")),
    )
    story.settle()


# ── What must be there ──────────────────────────────────────────────────────

type Wrong = tuple[UUID, str, dict[str, object], str, str]
WRONG: list[Wrong] = [
    (ch.ANNA, "EmploymentStarted", {"org_id": NOWHERE}, "S0 I", "организации в реестре нет"),
    (
        ch.ANNA,
        "EmploymentStarted",
        {"occurred_on": date(9999, 12, 31)},
        "S1 7.2",
        "2199",
    ),
    (
        ch.ANNA,
        "EmploymentStarted",
        {"position_class": "OTHER"},
        "S0 I",
        "должность педагогическая",
    ),
    (ch.SCHOOL, "OrganisationRegistered", {"oktmo": Oktmo("05999000")}, "S1 4.1", "не внесено"),
    (ch.SCHOOL, "OrganisationRegistered", {"parent_id": NOWHERE}, "S1 4.1", "Вышестоящей"),
    (
        ch.CENTRE,
        "RegionalCentreOpened",
        {"region": RegionCode("99")},
        "S0 III",
        "субъект РФ в систему не включён",
    ),
    (ch.CENTRE, "RegionalCentreOpened", {"host_org_id": NOWHERE}, "S0 III", "субъекте РФ нет"),
    (
        named("region", "25"),
        "RegionAdded",
        {"region": RegionCode("26")},
        "S1 7.2",
        "говорит о другом",
    ),
    (ch.PROGRAM, "ProgramDrafted", {"provider_org_id": NOWHERE}, "S1 4.3", "реестре нет"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_correction_passes_the_guards_of_its_command(told: Telling, wrong: Wrong) -> None:
    """contracts §1, §4: чего нельзя сказать, того нельзя и сказать заново."""
    stream, name, anew, clause, words = wrong
    before = told.counted("K-F4", END)

    refused(correct(told, "registry", stream, name, **anew), clause, words)
    assert told.counted("K-F4", END) == before


def test_a_change_of_work_passes_them_too(told: Telling) -> None:
    """S0 I: и перевести задним числом можно только туда, что есть."""
    change = reg.ChangeEmployment(
        employment_id=ch.job_of(ch.ANNA),
        person_id=ch.ANNA,
        org_id=ch.INSTITUTE,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=True,
        changed_on=day("01.06.2022"),
    )
    told.tell("registry", change)
    there = correct(told, "registry", ch.ANNA, "EmploymentChanged", org_id=ch.SCHOOL)
    nowhere = correct(told, "registry", ch.ANNA, "EmploymentChanged", org_id=NOWHERE)

    assert there.status == "accepted"
    refused(nowhere, "S0 I", "организации в реестре нет")


def test_what_was_so_already_is_no_fault_of_a_correction(told: Telling) -> None:
    """contracts §1: основную запись слили с третьей, а день первого слияния исправляют."""
    for survivor, merged, on in (
        (ch.BORIS, ch.GLEB, "01.06.2022"),
        (ch.ANNA, ch.BORIS, "02.06.2022"),
    ):
        told.tell(
            "registry",
            reg.MergePersons(survivor_id=survivor, merged_id=merged, merged_on=day(on)),
        )
    moved = correct(told, "registry", ch.GLEB, "PersonsMerged", occurred_on=day("31.05.2022"))
    lost = correct(
        told, "registry", ch.GLEB, "PersonsMerged", survivor_id=PersonId(ch.uid("nobody"))
    )

    assert moved.status == "accepted"
    refused(lost, "S1 7.2", "Основной записи нет")


# ── What proves an item of a route ──────────────────────────────────────────


@pytest.mark.parametrize(
    "anew", [{"occurred_on": day("19.05.2022")}, {"enrolment_id": None}], ids=["day", "none"]
)
def test_an_item_is_completed_by_its_proof(told: Telling, anew: dict[str, object]) -> None:
    """RU14, S1 2: без освоенной в этот день ДПП мероприятие и исправлением не пройдено."""
    outcome = correct(told, "routes", ch.ROUTE, "RouteItemCompleted", **anew)
    refused(outcome, "S1 2", "Нет освоенной в этот день ДПП")


def test_an_item_follows_its_proof(told: Telling) -> None:
    """contracts §1: день аннулированного освоения исправили — исправляют и день мероприятия."""
    before = {"occurred_on": day("19.05.2022")}
    annul = AnnulCompletion(
        enrolment_id=ch.ENROLMENT, reason="Ошибка в документе", annulled_on=day("01.07.2022")
    )
    told.tell("routes", annul)
    correct(told, "routes", ch.ENROLMENT, "ProgramCompleted", **before)
    outcome = correct(told, "routes", ch.ROUTE, "RouteItemCompleted", **before)

    assert outcome.status == "accepted"


def test_a_route_repeats_what_was_agreed(told: Telling) -> None:
    """S1 D2.3: назначено то, что согласовано, и часов столько же."""
    items = (replace(ch.program_item(ch.ITEM), hours=72),)
    by_hand = correct(told, "routes", ch.ROUTE, "RouteAssigned", total_hours=72)
    refused(by_hand, "S1 7.2", "выходит иначе")
    correct(told, "routes", ch.ROUTE, "RouteAgreed", items=items)
    history = told.world.engines["routes"].known().thing(ch.ROUTE).history
    [assigned] = [each for each in as_corrected(history) if isinstance(each, RouteAssigned)]

    assert (assigned.items, assigned.total_hours) == (items, 72)


def test_a_document_repeats_what_was_studied(told: Telling) -> None:
    """S1 2: зачисление исправили — и документ о том же; а стёртого не пишут заново."""
    other: dict[str, object] = {"route_id": None, "route_item_id": None, "deficit_ids": ()}
    erase = reg.ErasePersonalData(
        person_id=ch.ANNA, reason="отзыв согласия", act_no="1", erased_on=day("01.07.2022")
    )
    outcome = correct(told, "routes", ch.ENROLMENT, "EnrolmentStarted", **other)
    history = told.world.engines["routes"].known().thing(ch.ENROLMENT).history
    [done] = [each for each in as_corrected(history) if isinstance(each, ProgramCompleted)]
    told.tell("registry", erase)
    told.settle()
    back = correct(told, "routes", ch.ENROLMENT, "EnrolmentStarted")

    assert (outcome.status, done.route_id, done.route_item_id) == ("accepted", None, None)
    refused(back, "S1 5.5", "Персональные данные уничтожены")


# ── What others stand on ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stream", "name", "how_many"),
    [
        (ch.SCHOOL, "OrganisationRegistered", 4),
        (named("region", "25"), "RegionAdded", 4),
        (named("municipality", ch.VLADIVOSTOK), "MunicipalityAdded", 1),
    ],
)
def test_what_others_stand_on_is_not_withdrawn(
    told: Telling, stream: UUID, name: str, how_many: int
) -> None:
    """S1 7.2: запись не отзывают, пока на ней стоят другие, и сказано, сколько их."""
    before = told.counted("K-RR03", END)

    refused(withdraw(told, "registry", stream, name), "S1 7.2", f"их {how_many}:")
    assert told.counted("K-RR03", END) == before


def test_what_nobody_stands_on_any_more_is_withdrawn(told: Telling) -> None:
    """contracts §1: работу отозвали или перевели — и организации могло не быть."""
    home = OrgId(ch.uid("another school"))
    told.tell("registry", ch.organisation(home, "school", ch.PRIMORYE, ch.VLADIVOSTOK))
    correct(told, "registry", ch.BORIS, "EmploymentStarted", org_id=home)
    refused(withdraw(told, "registry", home, "OrganisationRegistered"), "S1 7.2", "их 1:")
    correct(told, "registry", ch.BORIS, "EmploymentStarted", org_id=ch.SCHOOL)

    assert withdraw(told, "registry", home, "OrganisationRegistered").status == "accepted"


def test_in_one_transaction_too(told: Telling) -> None:
    """contracts §4: что отозвано или сказано перед тем в той же транзакции, уже видно."""
    home = OrgId(ch.uid("another school"))
    told.tell("registry", ch.organisation(home, "school", ch.PRIMORYE))
    person = PersonId(ch.uid("newcomer"))
    gone = Withdraw(
        event_id=EventId(record(told, "registry", home, "OrganisationRegistered").event_id),
        reason="ошибка",
        withdrawn_on=day("01.06.2022"),
    )
    newcomer = [
        ch.registered(person, "213-333-332 08", "17.05.1983"),
        ch.employed(person, home, "01.02.2022"),
    ]
    *_, last = told.ask_all("registry", [*newcomer, gone])

    refused(last, "S1 7.2", "их 1:")
