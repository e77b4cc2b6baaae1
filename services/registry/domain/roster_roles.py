"""A row of `roles`: a job, whose it is known to be, and what the row says of it anew."""

from datetime import date

from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    Job,
    StartEmployment,
    contents,
    is_code,
)
from services.registry.domain.roster import Command, Source, changed_on, is_gone
from services.registry.domain.rows import (
    Fault,
    Row,
    day,
    needed,
    needed_day,
    one_of,
    text,
    yes,
)
from shared.events.registry import PositionClass
from shared.kernel.ids import EmploymentId, PersonId

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
ROLE_TYPES = ("primary", "secondary")


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
