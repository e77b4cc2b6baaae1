"""A roster in OneRoster 1.2 (CSV binding): rows become commands, or name their fault.

All is pure: who reads the files gives rows (a dictionary each, as `csv.DictReader`
does), a `Source`, and what the registry knows; `read` gives a `Verdict` for each row,
in the order in which the commands must be asked. To read the same twice gives the same
commands with the same ids; when the first have been decided, the second time there are
no commands, or commands that add no fact.

| file | column | what it is | if blank |
|---|---|---|---|
| all | `sourcedId` | the row's id in its system | fault |
| all | `status` | `tobedeleted`, `inactive`: closed, ended | active |
| all | `dateLastModified` | the day of such a change | the day of the package |
| orgs | `name`, `parentSourcedId` | as in the standard | fault, none |
| orgs | `type` | `school`, else an authority | fault |
| orgs | `metadata.kind` | OrgKind, closer than `type` | by `type` |
| orgs | `metadata.region`, `metadata.oktmo` | code, ОКТМО | the source's, none |
| orgs | `metadata.genEd` | teaches general programmes | school, kindergarten |
| orgs | `metadata.foundingDate` | since when it stands | the first day of a job there |
| users | `familyName`, `givenName`, `middleName` | the full name | fault, fault, none |
| users | `metadata.snils`, `metadata.birthDate` | who it is | fault for the unknown |
| users | `metadata.education` | EducationLevel | nothing recorded |
| users | `metadata.educationFrom` | day of the diploma | fault with education |
| users | `metadata.educationPedagogical` | true, false | false |
| users | `metadata.category` | Category, several by comma | nothing recorded |
| users | `metadata.categoryFrom` | a day for each of them | fault with category |
| roles | `userSourcedId`, `orgSourcedId` | who works where | fault |
| roles | `role` | pupils and parents are passed over | fault |
| roles | `roleType` | `primary` is the main job | fault |
| roles | `beginDate` | first day; one to come is not recorded yet | fault |
| roles | `endDate` | last day at work; one to come is not recorded yet | none |
| roles | `metadata.positionClass` | PositionClass | by `role` |
| roles | `metadata.isMain` | true, false | by `roleType` |
| roles | `metadata.isTeacher` | true, false | role `teacher` that is PED |
| roles | `metadata.subject` | code of the subject | none |
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any, Literal
from uuid import UUID

from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    Job,
    StartEmployment,
    contents,
    is_code,
)
from services.registry.domain.identity import snils_digits
from services.registry.domain.organisation import (
    Closed,
    CloseOrganisation,
    NoOrganisation,
    Organisation,
    RegisterOrganisation,
    Working,
)
from services.registry.domain.people import (
    AwardCategory,
    LinkRoster,
    RecordEducation,
    RegisterTeacher,
)
from services.registry.domain.rows import (
    Fault,
    Row,
    day,
    needed,
    needed_day,
    one_of,
    text,
    word,
    yes,
)
from shared.events.registry import (
    Category,
    EducationLevel,
    OrgKind,
    PositionClass,
)
from shared.kernel.ids import EmploymentId, Oktmo, OrgId, PersonId, RegionCode, named

KINDS: tuple[OrgKind, ...] = (
    "school",
    "kindergarten",
    "college",
    "supplementary",
    "HE",
    "institute",
    "authority",
)
BY_TYPE: dict[str, OrgKind] = {
    "school": "school",
    "department": "authority",
    "district": "authority",
    "local": "authority",
    "state": "authority",
    "national": "authority",
}
CLASSES: tuple[PositionClass, ...] = ("PED", "HEAD", "DEPUTY", "UNIT_HEAD", "OTHER")
BY_ROLE: dict[str, PositionClass] = {
    "teacher": "PED",
    "counselor": "PED",
    "principal": "HEAD",
    "siteAdministrator": "DEPUTY",
    "districtAdministrator": "OTHER",
    "systemAdministrator": "OTHER",
    "administrator": "OTHER",
    "aide": "OTHER",
    "proctor": "OTHER",
}
NOT_STAFF = frozenset({"student", "parent", "guardian", "relative"})
LEVELS: tuple[EducationLevel, ...] = ("secondary", "vocational", "higher")
CATEGORIES: tuple[Category, ...] = ("first", "highest", "ped_methodist", "ped_mentor")
GONE = ("tobedeleted", "inactive")
STATUSES = ("active", *GONE)
ROLE_TYPES = ("primary", "secondary")

type File = Literal["orgs", "users", "roles"]
FILES: tuple[File, ...] = ("orgs", "users", "roles")
type Command = Any
"""A command of ORGANISATION or TEACHER."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rows come from: the system, the day of the package, the region if one.

    `fingerprint` is a keyed HMAC of an id, as text: no id of a person's row enters the
    log otherwise, and no id of ours can be computed from it without the key.
    """

    system: str
    on: date
    fingerprint: Callable[[str], str]
    region: RegionCode | None = None

    def organisation(self, sourced_id: str) -> OrgId:
        """Return the id of an organisation of this system."""
        return OrgId(named("roster", self.system, "org", sourced_id))

    def person(self, sourced_id: str) -> PersonId:
        """Return the id that a person unknown so far will have."""
        return PersonId(named("person", self.system, self.fingerprint(sourced_id)))

    def employment(self, sourced_id: str) -> EmploymentId:
        """Return the id of a job of this system."""
        mark = self.fingerprint(sourced_id)
        return EmploymentId(named("employment", self.system, mark))

    def link(self, sourced_id: str) -> str:
        """Return the key under which a person's link is claimed (`roster`)."""
        return f"{self.system}/{self.fingerprint(sourced_id)}"


@dataclass(frozen=True, kw_only=True)
class Register:
    """What the registry knows: keys held, organisations, jobs by their id.

    When somebody was `born`, None if that can't be known; whose record of one `human`
    stands by itself, the others being merged into it.
    """

    holder: Callable[[str, str], UUID | None]
    organisation: Callable[[OrgId], Organisation]
    jobs: Mapping[EmploymentId, Job] = field(default_factory=dict)
    born: Callable[[UUID], date | None] = lambda _: None
    human: Callable[[UUID], UUID] = lambda person_id: person_id


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one row; `line` counts rows from 2, the header being 1.

    Where the row begins in its file, whoever read the file knows.
    """

    file: File
    line: int
    commands: tuple[Command, ...] = ()
    fault: Fault | None = None


# ── One row ─────────────────────────────────────────────────────────────────


def read_org(
    row: Row, source: Source, known: Organisation, began: date | None = None
) -> tuple[Command, ...]:
    """Организация учётной системы (S1 4.1). Raises `Fault`.

    `began` is the first day on which somebody worked there, by the same package.
    """
    org_id = source.organisation(needed(row, "sourcedId", "S1 4.1"))
    kind_by_type = BY_TYPE.get(needed(row, "type", "S1 4.1"), "")
    kind: OrgKind = one_of(KINDS, row, "metadata.kind", "S1 4.1", kind_by_type)
    parent = text(row, "parentSourcedId")
    register = RegisterOrganisation(
        org_id=org_id,
        kind=kind,
        name=needed(row, "name", "S1 4.1"),
        region=RegionCode(needed(row, "metadata.region", "S1 4.1", source.region or "")),
        oktmo=Oktmo(text(row, "metadata.oktmo")) or None,
        parent_id=source.organisation(parent) if parent else None,
        gen_ed=yes(
            row,
            "metadata.genEd",
            "S1 4.5",
            default=kind in {"school", "kindergarten"},
        ),
        registered_on=stands_since(row, source, known, began),
    )
    if not is_gone(row):
        return (register,)
    if not isinstance(known, Working):
        return ()  # never here, or no more
    closed_on = changed_on(row, source)
    reason = "Исключена из учётной системы"
    return (CloseOrganisation(org_id=org_id, reason=reason, closed_on=closed_on),)


def stands_since(row: Row, source: Source, known: Organisation, began: date | None) -> date:
    """Организация стоит со дня основания, а не со дня, когда о ней узнали (S1 4.1).

    Where none is given: since the day that is recorded, or since somebody began to work
    there, for then it stood already, or since the day of the package.
    """
    founded = day(row, "metadata.foundingDate", "S1 4.1")
    if founded and founded > source.on:
        raise Fault("metadata.foundingDate", "Позже дня пакета", "S1 4.1")
    match known:
        case _ if founded:
            return founded
        case NoOrganisation():
            return min(began or source.on, source.on)
        case Working(registered) | Closed(registered):
            return registered.occurred_on


def identify(
    row: Row, source: Source, register: Register
) -> tuple[PersonId, tuple[Command, ...]]:
    """Человек один, в скольких бы системах ни стоял: по связи, затем по СНИЛС (S1 5.5).

    Returns who it is and what makes it so. Raises `Fault`, also where the row says of
    somebody known what is recorded otherwise.
    """
    sourced_id = needed(row, "sourcedId", "S1 5.5")
    holder = register.holder
    if linked := holder("roster", source.link(sourced_id)):
        require_same(row, linked, register)
        return PersonId(linked), ()
    family = needed(row, "familyName", "S0 I")
    given = needed(row, "givenName", "S0 I")
    born = needed_day(row, "metadata.birthDate", "S0 I")
    digits = snils_digits(needed(row, "metadata.snils", "S1 5.5"))
    if digits is None:
        raise Fault("metadata.snils", "Контрольное число не сходится", "S1 5.5")
    same = holder("snils", digits)
    if same:
        require_same(row, same, register)
    person_id = PersonId(same) if same else source.person(sourced_id)
    link = LinkRoster(
        person_id=person_id,
        source_system=source.system,
        sourced_id_hmac=source.fingerprint(sourced_id),
        linked_on=source.on,
    )
    new = RegisterTeacher(
        person_id=person_id,
        full_name=" ".join(filter(None, (family, given, text(row, "middleName")))),
        snils=digits,
        birth_date=born,
        registered_on=source.on,
    )
    return person_id, (link,) if same else (new, link)


def require_same(row: Row, person_id: UUID, register: Register) -> None:
    """Кто уже внесён, остаётся тем же: иное — ошибка строки или записи (S1 7.2)."""
    born, recorded = day(row, "metadata.birthDate", "S0 I"), register.born(person_id)
    if born and recorded and born != recorded:
        why = "Записана другая дата рождения; ошибку исправляют исправлением записи"
        raise Fault("metadata.birthDate", why, "S1 7.2")
    snils = text(row, "metadata.snils")
    held = register.holder("snils", snils_digits(snils) or "") if snils else person_id
    if recorded and (not held or register.human(held) != register.human(person_id)):
        why = "Записан другой СНИЛС; ошибку исправляют исправлением записи"
        raise Fault("metadata.snils", why, "S1 7.2")


def read_user(row: Row, person_id: PersonId) -> tuple[Command, ...]:
    """Образование и категории человека (S1 4.5). Raises `Fault`."""
    return (*education(row, person_id), *categories(row, person_id))


def education(row: Row, person_id: PersonId) -> Iterator[RecordEducation]:
    """Уровень образования и его день (S1 4.5)."""
    if text(row, "metadata.education"):
        pedagogical = "metadata.educationPedagogical"
        yield RecordEducation(
            person_id=person_id,
            level=one_of(LEVELS, row, "metadata.education", "S1 4.5"),
            pedagogical=yes(row, pedagogical, "S1 4.5", default=False),
            received_on=needed_day(row, "metadata.educationFrom", "S1 4.5"),
        )


def categories(row: Row, person_id: PersonId) -> Iterator[AwardCategory]:
    """Категории через запятую, день каждой — тоже (S1 4.5)."""
    if not text(row, "metadata.category"):
        return
    names = text(row, "metadata.category").split(",")
    days = text(row, "metadata.categoryFrom").split(",")
    for name, since in zip_longest(names, days, fillvalue=""):
        one = {"metadata.categoryFrom": since}
        yield AwardCategory(
            person_id=person_id,
            category=word(CATEGORIES, name.strip(), "metadata.category", "S1 4.5"),
            awarded_on=needed_day(one, "metadata.categoryFrom", "S1 4.5"),
        )


def read_role(
    row: Row,
    source: Source,
    person_id: PersonId,
    job: Job | None,
    gone_on: date | None = None,
) -> tuple[Command, ...]:
    """Работа человека в организации (S0 I); `gone_on`: his own row says he left.

    Raises `Fault`.
    """
    employment_id = source.employment(needed(row, "sourcedId", "S0 I"))
    started = terms(row, source, employment_id, person_id)
    if job is None and started.started_on > source.on:
        return ()
    last = last_day(row, source, gone_on)
    said = in_words(started, job, changed_on(row, source), last)
    if last is None and job and job.ended:
        raise Fault("status", "Работа окончена; новая работа — новая запись", "S0 I")
    if last is None or (job and job.ended and job.ended.occurred_on == last):
        return said
    end = EndEmployment(employment_id=employment_id, person_id=person_id, ended_on=last)
    return (*said, end)


def in_words(
    started: StartEmployment, job: Job | None, on: date, last: date | None
) -> tuple[StartEmployment | ChangeEmployment, ...]:
    """Return what the row says that is not recorded: a start, a change, nothing."""
    if job is None:
        return (started,)
    if job.started.occurred_on != started.started_on:
        why = "Начало записано другим днём; ошибку исправляют исправлением записи"
        raise Fault("beginDate", why, "S1 7.2")
    as_read = (
        started.org_id,
        started.position_class,
        started.is_teacher,
        started.subject_code,
        started.is_main,
    )
    if as_read == contents(job.now) or job.ended:
        return ()
    if last is not None and on > last:
        why = "Записано другое место или другие условия, а день перемены — после окончания"
        raise Fault("dateLastModified", why, "S1 7.2")
    return (
        ChangeEmployment(
            employment_id=started.employment_id,
            person_id=started.person_id,
            org_id=started.org_id,
            position_class=started.position_class,
            is_teacher=started.is_teacher,
            subject_code=started.subject_code,
            is_main=started.is_main,
            changed_on=on,
        ),
    )


def terms(
    row: Row, source: Source, employment_id: EmploymentId, person_id: PersonId
) -> StartEmployment:
    """Return the job as the row has it."""
    role = needed(row, "role", "S0 I")
    position: PositionClass = one_of(
        CLASSES, row, "metadata.positionClass", "S0 I", BY_ROLE.get(role, "")
    )
    role_type = one_of(ROLE_TYPES, row, "roleType", "S0 I")
    teaches = role == "teacher" and position == "PED"
    return StartEmployment(
        employment_id=employment_id,
        person_id=person_id,
        org_id=source.organisation(needed(row, "orgSourcedId", "S0 I")),
        position_class=position,
        is_teacher=yes(row, "metadata.isTeacher", "S0 I", default=teaches),
        subject_code=subject(row),
        is_main=yes(row, "metadata.isMain", "S0 I", default=role_type == "primary"),
        started_on=needed_day(row, "beginDate", "S0 I"),
    )


def subject(row: Row) -> str | None:
    """Return the code of the subject taught. Raises `Fault`: a text may name somebody."""
    said = text(row, "metadata.subject")
    if said and not is_code(said):
        raise Fault("metadata.subject", "Не код предмета", "S1 5.5")
    return said or None


def last_day(row: Row, source: Source, gone_on: date | None) -> date | None:
    """Return the last day at work; None while it lies ahead."""
    left = changed_on(row, source) if is_gone(row) else gone_on
    last = day(row, "endDate", "S0 I") or left
    return last if last and last <= source.on else None


def is_gone(row: Row) -> bool:
    """Say whether a row is there to say that its thing is no more."""
    return one_of(STATUSES, row, "status", "S1 5.5", "active") in GONE


def changed_on(row: Row, source: Source) -> date:
    """Return the day of the change, else that of the package."""
    return day(row, "dateLastModified", "S1 5.5") or source.on
