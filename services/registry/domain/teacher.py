"""The life of a person: Nobody ─ register ▶ Registered ─ erase ▶ Erased.

A record merged into another lives on: jobs written here go on here, and who reads them
counts them as the survivor's (a merger re-keys readers, not facts).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    Jobs,
    StartEmployment,
    Terms,
    became_pedagogue_on,
    change,
    end,
    start,
    with_job,
)
from services.registry.domain.identity import (
    birthday,
    opened,
    readable,
)
from services.registry.domain.people import (
    AwardCategory,
    DetermineYouth,
    ErasePersonalData,
    LinkRoster,
    MergePersons,
    RecordEducation,
    RegisterGraduate,
    RegisterTeacher,
    TeacherCommand,
)
from services.registry.domain.record import (
    award,
    erase,
    graduate,
    link,
    merge,
    record_education,
    register,
)
from services.registry.domain.youth import UNKNOWABLE, Eras, Youth, recalled
from shared.events.registry import (
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    GraduateRegistered,
    PersonalDataErased,
    PersonsMerged,
    QualificationCategoryAwarded,
    RosterLinked,
    TeacherFact,
    TeacherRegistered,
    YouthPeriodDetermined,
)
from shared.kernel import Claim, Decider, Refused, but, only_same, require
from shared.kernel.ids import PersonId

WORK_BEGINS_AT = 14
"""Years; ТК РФ, ст. 63."""
RULE_VERSION = 1

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Nobody:
    """No such person."""


@dataclass(frozen=True)
class Registered:
    """A person and what is recorded of him; `youth` by the day it was said for."""

    registered: TeacherRegistered
    jobs: Jobs = field(default_factory=dict)
    youth: dict[date, date | None] = field(default_factory=dict)
    links: tuple[RosterLinked, ...] = ()
    education: tuple[EducationRecorded, ...] = ()
    categories: tuple[QualificationCategoryAwarded, ...] = ()
    graduated: GraduateRegistered | None = None
    merged: PersonsMerged | None = None


@dataclass(frozen=True)
class Erased:
    """A number that still counts, and nobody knows whose."""

    jobs: Jobs
    erased: PersonalDataErased
    youth: dict[date, date | None] = field(default_factory=dict)


type Teacher = Nobody | Registered | Erased

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(teacher: Teacher, asked: TeacherCommand) -> Sequence[TeacherFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match teacher, asked:
        case Nobody(), RegisterTeacher():
            return [register(asked)]
        case Registered(), StartEmployment():
            started = of_age(teacher, start(teacher.jobs, asked))
            return and_youth(teacher, started, asked.human)
        case Registered(), ChangeEmployment():
            return and_youth(teacher, change(teacher.jobs, asked), asked.human)
        case Registered() | Erased(), EndEmployment():
            return end(teacher.jobs, asked)
        case Registered(), DetermineYouth():
            return determine(teacher, asked.human)
        case Registered(), LinkRoster():
            return link(teacher.links, asked)
        case Registered(), MergePersons():
            return merge(teacher.merged, asked)
        case Registered(), RegisterGraduate():
            return graduate(teacher.graduated, asked)
        case Registered(), RecordEducation():
            return record_education(teacher.education, asked)
        case Registered(), AwardCategory():
            return award(teacher.categories, asked)
        case Registered(), ErasePersonalData():
            return [erase(asked, asked.key_id)]

        case Registered(), RegisterTeacher():
            why = "Человек уже внесён иначе; ошибку исправляют исправлением записи"
            again = register(asked)
            return only_same(teacher.registered, again, clause="S0 I", reason=why)
        case Erased(), ErasePersonalData():
            why = "Персональные данные уже уничтожены по другому акту"
            again = erase(asked, teacher.erased.key_id)
            return only_same(teacher.erased, again, clause="S1 5.5", reason=why)
        case Erased(), DetermineYouth():
            return recall(teacher, asked.human)

        case (
            Nobody(),
            StartEmployment()
            | ChangeEmployment()
            | EndEmployment()
            | DetermineYouth()
            | LinkRoster()
            | MergePersons()
            | RegisterGraduate()
            | RecordEducation()
            | AwardCategory()
            | ErasePersonalData(),
        ):
            raise Refused("S0 I", "Такого человека в реестре нет")
        case (
            Erased(),
            RegisterTeacher()
            | StartEmployment()
            | ChangeEmployment()
            | LinkRoster()
            | MergePersons()
            | RegisterGraduate()
            | RecordEducation()
            | AwardCategory(),
        ):
            why = "Персональные данные уничтожены: новых о человеке не записывают"
            raise Refused("S1 5.5", why)


def of_age(
    teacher: Registered, started: Sequence[EmploymentStarted]
) -> Sequence[EmploymentStarted]:
    """Работают не раньше, чем с четырнадцати лет (S0 I)."""
    require(
        all(is_of_age(teacher, each) for each in started),
        clause="S0 I",
        reason="В этот день человеку ещё не было четырнадцати лет",
    )
    return started


def is_of_age(teacher: Registered, said: Terms) -> bool:
    """Say whether somebody was old enough to work, as far as can be known."""
    born = opened(teacher.registered.birth_date)
    return born is None or said.occurred_on >= birthday(born, WORK_BEGINS_AT)


def and_youth(teacher: Registered, facts: Sequence[Terms], human: Eras) -> list[TeacherFact]:
    """Add what these facts change in the youth of a person, if anything."""
    after = but(teacher, jobs=reduce(with_job, facts, teacher.jobs))
    return [*facts, *determine(after, human)]


def determine(teacher: Registered, human: Eras) -> list[YouthPeriodDetermined]:
    """RU8: молодой — до 35 лет и в первые три года работы педагогом (S0 V.4).

    Said for the day of the first pedagogical work. When an earlier one comes to light,
    it is said for that day, and anew for each day for which other was said: so whoever
    looks at any day finds the same. From the day of a merger on it is the whole human's.
    """
    born = opened(teacher.registered.birth_date)
    if born is None:
        return []
    youth = Youth(born, became_pedagogue_on(teacher.jobs), human)
    return determined(teacher.registered.person_id, youth.news(teacher.youth))


def recall(teacher: Erased, human: Eras) -> list[YouthPeriodDetermined]:
    """RU8, S1 5.5: чей день рождения уничтожен, о том говорит сказанное до того.

    Of several records, or where several ends were said, what was determined stands; of
    another first work it tells nothing. Raises `Refused`.
    """
    first, said = became_pedagogue_on(teacher.jobs), teacher.youth
    if human or len(set(said.values())) > 1:
        is_told = first in said if first else not any(said.values())
        require(is_told, clause="S1 5.5", reason=UNKNOWABLE)
        return []
    return determined(teacher.erased.person_id, recalled(said, first))


def determined(
    person_id: PersonId, news: Mapping[date, date | None]
) -> list[YouthPeriodDetermined]:
    """Return until when somebody is young, as it is said for each day."""
    return [
        YouthPeriodDetermined(
            person_id=person_id,
            young_until=until,
            rule_version=RULE_VERSION,
            occurred_on=day,
        )
        for day, until in news.items()
    ]


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(teacher: Teacher, said: TeacherFact) -> Teacher:
    """Go where a fact leads; never refuse, for it already happened."""
    match teacher, said:
        case Nobody(), TeacherRegistered():
            return Registered(said)
        case Registered(), PersonalDataErased():
            return Erased(teacher.jobs, said, teacher.youth)
        case Registered(), EmploymentStarted() if not is_of_age(teacher, said):
            return teacher
        case (Registered(), EmploymentStarted() | EmploymentChanged()) | (
            Registered() | Erased(),
            EmploymentEnded(),
        ):
            jobs = with_job(teacher.jobs, said)
            return teacher if jobs is teacher.jobs else but(teacher, jobs=jobs)
        case Registered() | Erased(), YouthPeriodDetermined() if was_known(teacher):
            youth = teacher.youth | {said.occurred_on: said.young_until}
            return but(teacher, youth=youth)
        case Registered(), RosterLinked() if said not in teacher.links:
            return but(teacher, links=(*teacher.links, said))
        case Registered(), EducationRecorded() if said not in teacher.education:
            return but(teacher, education=(*teacher.education, said))
        case (
            Registered(),
            QualificationCategoryAwarded(),
        ) if said not in teacher.categories:
            return but(teacher, categories=(*teacher.categories, said))
        case Registered(graduated=None), GraduateRegistered():
            return but(teacher, graduated=said)
        case Registered(merged=None), PersonsMerged():
            return but(teacher, merged=said)
        case (
            _,
            TeacherRegistered()
            | YouthPeriodDetermined()
            | RosterLinked()
            | PersonsMerged()
            | GraduateRegistered()
            | EmploymentStarted()
            | EmploymentChanged()
            | EmploymentEnded()
            | EducationRecorded()
            | QualificationCategoryAwarded()
            | PersonalDataErased(),
        ):
            return teacher  # no life has this step, and still the log is read


def was_known(teacher: Registered | Erased) -> bool:
    """Say whether it could be known until when somebody is young, now or before."""
    return isinstance(teacher, Registered) or bool(teacher.youth)


# ── What one person alone may hold ──────────────────────────────────────────


def claims(said: TeacherFact) -> Iterable[Claim]:
    """СНИЛС и номер в учётной системе принадлежат одному человеку (S1 5.5)."""
    if isinstance(said, TeacherRegistered) and (digits := readable(said.snils)):
        why = "Этот СНИЛС уже внесён у другого человека"
        return (Claim("snils", digits, said.person_id, "S1 5.5", why),)
    if isinstance(said, RosterLinked):
        key = f"{said.source_system}/{said.sourced_id_hmac}"
        why = "Этот номер учётной системы уже принадлежит другому человеку"
        return (Claim("roster", key, said.person_id, "S1 5.5", why),)
    return ()


def stream(asked: TeacherCommand) -> PersonId:
    """Return whose life a command is about; of two merged, the one that goes."""
    return asked.merged_id if isinstance(asked, MergePersons) else asked.person_id


TEACHER: Decider[Teacher, TeacherCommand, TeacherFact] = Decider(
    name="registry.teacher",
    commands=(
        RegisterTeacher,
        DetermineYouth,
        LinkRoster,
        MergePersons,
        RegisterGraduate,
        StartEmployment,
        ChangeEmployment,
        EndEmployment,
        RecordEducation,
        AwardCategory,
        ErasePersonalData,
    ),
    facts=(
        TeacherRegistered,
        YouthPeriodDetermined,
        RosterLinked,
        PersonsMerged,
        GraduateRegistered,
        EmploymentStarted,
        EmploymentChanged,
        EmploymentEnded,
        EducationRecorded,
        QualificationCategoryAwarded,
        PersonalDataErased,
    ),
    initial=Nobody(),
    decide=decide,
    evolve=evolve,
    stream=stream,
    claims=claims,
    amended=lambda person: (DetermineYouth(person_id=PersonId(person)),),
)
