"""Chapter one: the country, its organisations, its people and where they work."""

from datetime import date

from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    GraduateRegistered,
    MunicipalityAdded,
    OrganisationClosed,
    OrganisationRegistered,
    OrgKind,
    PersonalDataErased,
    PersonsMerged,
    PositionClass,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
    TeacherRegistered,
    YouthPeriodDetermined,
)
from shared.kernel.ids import EventId, Oktmo, RegionCode
from shared.testing.facts import a
from tests.golden.words import Story, centre, day, employment, org, person

START = "06.08.2020"


def organisations(story: Story) -> None:
    """Regions 25 and 26 have municipalities, 77 has none, 99 joins on 01.03.2022."""
    for code, joined in (("25", START), ("26", START), ("77", START)):
        story.say(a(RegionAdded, region=RegionCode(code), occurred_on=day(joined)))
    story.say(a(RegionAdded, region=RegionCode("99"), occurred_on=day("01.03.2022")))
    for region, oktmo, since in (
        ("25", "05701", START),
        ("25", "05720", START),
        ("25", "05730", START),
        ("26", "07654", START),
        ("26", "07701", START),
        ("99", "99001", "01.03.2022"),
    ):
        story.say(
            a(
                MunicipalityAdded,
                region=RegionCode(region),
                oktmo=Oktmo(oktmo),
                occurred_on=day(since),
            )
        )
    organisation(story, "A", "25", "05701")
    organisation(story, "B", "25", "05701")
    organisation(story, "C", "25", "05720")
    organisation(story, "D", "25", None, kind="institute")
    organisation(story, "E", "25", None, kind="HE")
    organisation(story, "F", "26", "07654")
    organisation(story, "G", "26", "07654")
    organisation(story, "H", "26", "07701", kind="kindergarten")
    organisation(story, "I", "77", None)
    organisation(story, "J", "77", None)
    organisation(story, "K", "77", None, kind="HE")
    organisation(story, "L", "99", "99001", since="01.03.2022")
    organisation(story, "M", "25", "05730")
    story.say(a(OrganisationClosed, org_id=org("G"), occurred_on=day("01.09.2023")))

    opened(story, 1, "25", "D", "01.05.2021")
    opened(story, 2, "26", "F", "01.06.2021", closed="31.12.2024")
    opened(story, 3, "77", "K", "01.03.2021", closed="15.01.2023")
    opened(story, 4, "77", "K", "01.02.2022")
    opened(story, 5, "99", "L", "01.02.2024")


def organisation(
    story: Story,
    letter: str,
    region: str,
    oktmo: str | None,
    *,
    kind: OrgKind = "school",
    since: str = START,
) -> None:
    story.say(
        a(
            OrganisationRegistered,
            org_id=org(letter),
            kind=kind,
            region=RegionCode(region),
            oktmo=Oktmo(oktmo) if oktmo else None,
            gen_ed=kind == "school",
            occurred_on=day(since),
        )
    )


def opened(
    story: Story, n: int, region: str, host: str, on: str, *, closed: str | None = None
) -> None:
    place = {
        "centre_id": centre(n),
        "region": RegionCode(region),
        "host_org_id": org(host),
    }
    story.say(a(RegionalCentreOpened, **place, occurred_on=day(on)))
    if closed:
        story.say(a(RegionalCentreClosed, **place, occurred_on=day(closed)))


BORN: dict[int, str] = {
    23: "31.12.1989",
    24: "01.01.1990",
    25: "29.02.1988",
    26: "15.05.2000",
    27: "16.05.2000",
    28: "17.05.1999",
    29: "18.05.1999",
    30: "19.05.1999",
    31: "20.05.1999",
    32: "21.05.1999",
    40: "22.05.2001",
    43: "23.05.2000",
}
"""Whoever was ever young; all others were born on 01.01.1975."""

YOUNG_UNTIL: dict[int, tuple[str, str]] = {
    23: ("01.09.2023", "31.12.2024"),  # 35 on 31.12.2024
    24: ("01.09.2023", "01.01.2025"),  # 35 on 01.01.2025
    25: ("01.09.2022", "01.03.2023"),  # 35 in 2023, a year without 29 February
    26: ("31.12.2021", "31.12.2024"),  # 36 months
    27: ("01.01.2022", "01.01.2025"),  # 36 months
    28: ("01.09.2023", "01.09.2026"),
    29: ("01.09.2023", "01.09.2026"),
    30: ("01.09.2023", "01.09.2026"),
    31: ("01.09.2023", "01.06.2024"),  # a mistake of the old rule, see below
    32: ("01.09.2023", "01.09.2026"),
    40: ("01.09.2024", "01.09.2027"),
    43: ("01.09.2022", "01.09.2025"),
}
"""Person → first pedagogical job, first day that is not young any more."""


def people(story: Story) -> None:
    """Forty-eight records of people: who they are, where they work, who left."""
    for n in range(1, 49):
        story.say(
            a(
                TeacherRegistered,
                person_id=person(n),
                full_name=f"Педагог {n:02d}",
                snils=f"{n:011d}",
                birth_date=day(BORN.get(n, "01.01.1975")),
                occurred_on=day(START),
            )
        )
    for n, (first_job, until) in YOUNG_UNTIL.items():
        determined(story, n, first_job, day(until))
    determined(story, 31, "15.01.2024", day("01.09.2026"), rule_version=2)
    determined(story, 44, "01.03.2022", None)

    for n in (1, 2, 3, 4, 5, 6, 7, 8):
        job(story, n, "A")
    for n in (9, 10, 11, 12, 13):
        job(story, n, "B")
    job(story, 14, "F", main=False)  # two jobs in two regions
    job(story, 14, "C", "01.09.2021", second=True)
    job(story, 15, "M", position="OTHER")  # the only teaching job is not the main one
    job(story, 15, "C", main=False, second=True)
    job(story, 16, "C", last_day="30.06.2023")  # moves to another region in mid-year
    job(story, 16, "I", "01.07.2023", second=True)
    job(story, 17, "C")  # becomes a deputy head
    changed(story, 17, "C", "01.09.2024", "DEPUTY")
    job(story, 18, "C", last_day="31.08.2022")  # leaves
    for n, at in ((19, "D"), (20, "D"), (36, "I"), (38, "J")):
        job(story, n, at)
    job(story, 21, "E")  # staff of a university only
    job(story, 22, "E")  # mainly of a university, and teaches at a school besides
    job(story, 22, "A", main=False, second=True)
    for n in (23, 24, 29, 30, 31):
        job(story, n, "F", "01.09.2023")
    job(story, 25, "F", "01.09.2022")
    job(story, 26, "F", "31.12.2021")
    job(story, 27, "F", "01.01.2022")
    job(story, 28, "H", "01.09.2023")
    job(story, 32, "J", "01.09.2023")
    job(story, 33, "G", last_day="31.08.2023")  # the school closes on 01.09.2023
    job(story, 34, "G")
    changed(story, 34, "F", "01.09.2023", "PED")
    job(story, 48, "G", "10.01.2022")  # nobody said that it ended
    begun = job(story, 35, "H", "01.10.2024")  # a start corrected, and corrected again
    job(story, 35, "H", "09.01.2025", recorded="01.04.2025", corrects=begun)
    job(story, 35, "H", "31.12.2024", recorded="01.05.2025", corrects=begun)
    job(story, 37, "I", "01.09.2021")
    job(story, 39, "I", "01.09.2022", last_day="29.02.2024")
    job(story, 40, "J", "01.09.2024")
    job(story, 43, "I", "01.09.2022", last_day="31.05.2024")
    job(story, 44, "L", "01.03.2022")
    job(story, 45, "M", position="HEAD")
    job(story, 46, "D", "01.09.2022", last_day="30.06.2023")  # a methodist who leaves
    job(story, 47, "I", "01.01.2022", last_day="30.11.2022")  # a tutor who leaves

    graduated(story, 40, "K", "30.06.2023", "01.07.2023")
    graduated(story, 41, "K", "30.06.2019", "01.09.2020")
    graduated(story, 42, "E", "30.06.2024", "01.07.2024")
    graduated(story, 43, "K", "30.06.2022", "01.07.2022")
    merged(story, 39, into=38, on="01.03.2024")  # a chain: 39 → 38 → 37
    merged(story, 38, into=37, on="01.05.2024")
    story.say(a(PersonalDataErased, person_id=person(36), occurred_on=day("01.08.2024")))


def determined(
    story: Story, n: int, on: str, until: date | None, rule_version: int = 1
) -> None:
    story.say(
        YouthPeriodDetermined(
            person_id=person(n),
            young_until=until,
            rule_version=rule_version,
            occurred_on=day(on),
        )
    )


def job(
    story: Story,
    n: int,
    at: str,
    since: str = "01.09.2020",
    *,
    position: PositionClass = "PED",
    main: bool = True,
    second: bool = False,
    last_day: str | None = None,
    recorded: str | None = None,
    corrects: EventId | None = None,
) -> EventId:
    """Person n works at an organisation; employment n, his second one 100 + n."""
    employment_id = employment(100 + n if second else n)
    begun = story.say(
        EmploymentStarted(
            employment_id=employment_id,
            person_id=person(n),
            org_id=org(at),
            position_class=position,
            is_teacher=position == "PED" and at != "H",
            subject_code=None,
            is_main=main,
            occurred_on=day(since),
        ),
        recorded=recorded,
        corrects=corrects,
    )
    if last_day:
        story.say(
            EmploymentEnded(
                employment_id=employment_id,
                person_id=person(n),
                org_id=org(at),
                occurred_on=day(last_day),
            )
        )
    return begun


def changed(story: Story, n: int, to: str, on: str, position: PositionClass) -> None:
    story.say(
        EmploymentChanged(
            employment_id=employment(n),
            person_id=person(n),
            org_id=org(to),
            position_class=position,
            is_teacher=position == "PED",
            subject_code=None,
            is_main=True,
            occurred_on=day(on),
        )
    )


def graduated(story: Story, n: int, at: str, on: str, registered: str) -> None:
    story.say(
        GraduateRegistered(
            person_id=person(n),
            university_id=org(at),
            graduated_on=day(on),
            occurred_on=day(registered),
        )
    )


def merged(story: Story, n: int, *, into: int, on: str) -> None:
    story.say(PersonsMerged(survivor_id=person(into), merged_id=person(n), occurred_on=day(on)))
