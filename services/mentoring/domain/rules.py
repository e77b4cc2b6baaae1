"""What a methodist's steps must satisfy: each returns its fact, or refuses."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.mentoring.domain.commands import (
    ActivateMethodist,
    AttachTeacher,
    DetachTeacher,
    NominateMethodist,
    PoolMethodist,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
)
from services.mentoring.domain.evidence import Evidence, Presence, is_passed
from shared.events.mentoring import (
    MethodistActivated,
    MethodistDiagnosed,
    MethodistNominated,
    MethodistPooled,
    MethodistTrained,
    TeacherAttached,
    TeacherDetached,
)
from shared.kernel import Refused, require
from shared.kernel.ids import PersonId

MOST = 250
"""RU7: «не более 250 человек» (S1 7.1)."""


def works(who: str, presence: Presence, clause: str, whom: str = "педагогом") -> None:
    """Речь о том, кто работает в этот день, и кем надо: так это услышано от реестра.

    What the registry said may be heard late: whoever is refused asks again later.
    """
    late = f"{who} неизвестен: сведения реестра о нём ещё не дошли"
    require(presence != "unheard", clause=clause, reason=late)
    another = f"{who} в этот день работает не {whom}"
    require(presence != "otherwise", clause=clause, reason=another)
    why = f"{who} в этот день не работает, или сведения реестра об этом ещё не дошли"
    require(presence == "at_work", clause=clause, reason=why)


def nominate(asked: NominateMethodist) -> MethodistNominated:
    """Кандидата выдвигает организация, где он работает: она же его регион (S1 4.5)."""
    if asked.region is None:
        raise Refused("S1 4.5", "Об организации кандидата ничего не известно")
    works("Кандидат этой организации", asked.candidate, "S1 4.5")
    why = "Этот человек уже кандидат или методист этого уровня: другой записью о нём"
    require(not asked.is_another, clause="S1 4.5", reason=why)
    return MethodistNominated(
        methodist_id=asked.methodist_id,
        person_id=asked.person_id,
        org_id=asked.org_id,
        region=asked.region,
        level=asked.level,
        occurred_on=asked.nominated_on,
    )


def is_same(nominated: MethodistNominated, asked: NominateMethodist) -> bool:
    """Compare what was asked; the region may be known otherwise by now."""
    return (
        nominated.person_id,
        nominated.org_id,
        nominated.level,
        nominated.occurred_on,
    ) == (asked.person_id, asked.org_id, asked.level, asked.nominated_on)


def pool(nominated: MethodistNominated, asked: PoolMethodist) -> MethodistPooled:
    """В актив включают выдвинутого, и не раньше, чем он выдвинут (S1 2)."""
    in_time = nominated.occurred_on <= asked.pooled_on
    require(in_time, clause="S1 2", reason="Включён в актив раньше, чем выдвинут")
    return MethodistPooled(
        methodist_id=nominated.methodist_id,
        person_id=nominated.person_id,
        occurred_on=asked.pooled_on,
    )


def diagnose(
    nominated: MethodistNominated, asked: RecordMethodistDiagnosis
) -> MethodistDiagnosed:
    """RU6: актив — из «прошедших диагностику профессиональных компетенций» (S1 2)."""
    if asked.result is None or not is_his(nominated, asked.human):
        raise Refused("S1 2", "Такой диагностики кандидата нет, или она аннулирована")
    return MethodistDiagnosed(
        methodist_id=nominated.methodist_id,
        person_id=nominated.person_id,
        session_id=asked.session_id,
        passed=is_passed(asked.result),
        occurred_on=asked.result.occurred_on,
    )


def is_his(nominated: MethodistNominated, human: Collection[PersonId]) -> bool:
    """Say whether what was learned is the candidate's; nobody looked if no record is named."""
    return not human or nominated.person_id in human


def train(nominated: MethodistNominated, asked: RecordMethodistTraining) -> MethodistTrained:
    """RU6, AM36: и ДПП «в области методической поддержки» (S1 2)."""
    if asked.studied is None or not is_his(nominated, asked.human):
        raise Refused("S1 2", "Такого освоения ДПП у кандидата нет, или оно аннулировано")
    require(
        asked.studied.on_topic,
        clause="S1 2",
        reason="Эта ДПП — не в области методической поддержки",
    )
    return MethodistTrained(
        methodist_id=nominated.methodist_id,
        person_id=nominated.person_id,
        enrolment_id=asked.enrolment_id,
        program_id=asked.studied.completed.program_id,
        occurred_on=asked.studied.completed.occurred_on,
    )


def activate(
    nominated: MethodistNominated, pooled: MethodistPooled, asked: ActivateMethodist
) -> MethodistActivated:
    """RU4–RU6, AM17: приступает тот, о ком услышано всё, что требуется (S1 4.5)."""
    in_time = pooled.occurred_on <= asked.activated_on
    require(in_time, clause="S1 4.5", reason="Приступил раньше, чем включён в актив")
    is_core(asked.evidence)
    works_where_it_may(asked.evidence)
    has_learned(asked.evidence)
    return MethodistActivated(
        methodist_id=nominated.methodist_id,
        person_id=nominated.person_id,
        org_id=nominated.org_id,
        region=nominated.region,
        level=nominated.level,
        engagement=asked.engagement,
        core_eligible=True,
        evidence=asked.evidence.cited(),
        occurred_on=asked.activated_on,
    )


def is_core(evidence: Evidence) -> None:
    """RU4: категория, образование и стаж (S1 4.5)."""
    require(
        evidence.category,
        clause="S1 4.5",
        reason="В этот день нет действующей высшей категории",
    )
    require(
        evidence.education,
        clause="S1 4.5",
        reason="Нет высшего педагогического образования",
    )
    require(
        evidence.service,
        clause="S1 4.5",
        reason="Стаж педагогической работы меньше пяти полных лет",
    )


def works_where_it_may(evidence: Evidence) -> None:
    """RU5, AM35: школа, детский сад или ЦНППМ (S1 4.5)."""
    require(
        evidence.workplace,
        clause="S1 4.5",
        reason="В этот день не работает педагогом в школе или детском саду, ни в ЦНППМ",
    )


def has_learned(evidence: Evidence) -> None:
    """RU6: диагностика и ДПП, какими они стоят в день допуска (S1 2)."""
    require(
        evidence.diagnosis,
        clause="S1 2",
        reason="К этому дню нет пройденной диагностики кандидата",
    )
    require(
        evidence.training,
        clause="S1 2",
        reason="К этому дню нет освоенной ДПП по методической поддержке",
    )


@dataclass(frozen=True)
class Stay:
    """Days on which somebody was attached; `until` is the first day no more."""

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Say whether it is one of them."""
        return self.since <= day and (self.until is None or day < self.until)


def attach(
    activated: MethodistActivated,
    attached: Mapping[PersonId, TeacherAttached],
    left: TeacherDetached | None,
    past: Iterable[Stay],
    asked: AttachTeacher,
) -> TeacherAttached:
    """RU7: «не более 250 человек» за одним методистом, и в каждый день (S1 7.1).

    `left` is how this teacher was detached before, `past` are the stays of all who were.
    """
    since = max(activated.occurred_on, left.occurred_on if left else activated.occurred_on)
    in_time = since <= asked.attached_on
    why = "Закреплён раньше, чем методист приступил или педагог был откреплён"
    require(in_time, clause="S1 7.1", reason=why)
    another = activated.person_id not in {asked.person_id, *asked.records}
    require(another, clause="S1 7.1", reason="Методиста не закрепляют за ним самим")
    works("Методист", asked.methodist, "S1 7.1")
    works("Педагог", asked.teacher, "S1 7.1")
    why = "Педагог уже закреплён: другой записью о нём"
    require(not asked.is_another, clause="S1 7.1", reason=why)
    free = asked.left_other_on is None or asked.left_other_on <= asked.attached_on
    why = "В этот день педагог ещё закреплён за другим методистом"
    require(free, clause="S1 7.1", reason=why)
    require(
        has_room(attached.values(), past, asked.attached_on),
        clause="S1 7.1",
        reason=f"За методистом с этого дня или позже уже закреплено {MOST} человек",
    )
    return TeacherAttached(
        methodist_id=activated.methodist_id,
        methodist_person_id=activated.person_id,
        person_id=asked.person_id,
        occurred_on=asked.attached_on,
    )


def has_room(attached: Collection[TeacherAttached], past: Iterable[Stay], since: date) -> bool:
    """RU7: в этот день и в каждый следующий закреплено меньше 250 (S1 7.1)."""
    gone = [each for each in past if each.until and since < each.until]
    if len(attached) + len(gone) < MOST:
        return True
    stays = [*gone, *(Stay(each.occurred_on) for each in attached)]
    days = {max(since, each.since) for each in stays}
    return all(sum(each.covers(day) for each in stays) < MOST for day in days)


def detach(attached: TeacherAttached, asked: DetachTeacher) -> TeacherDetached:
    """Открепляют с названного дня и называют причину (S1 7.1)."""
    require(asked.reason.strip(), clause="S1 7.1", reason="Не названа причина")
    in_time = attached.occurred_on <= asked.detached_on
    require(in_time, clause="S1 7.1", reason="Откреплён раньше, чем закреплён")
    return TeacherDetached(
        methodist_id=attached.methodist_id,
        methodist_person_id=attached.methodist_person_id,
        person_id=attached.person_id,
        reason=asked.reason,
        occurred_on=asked.detached_on,
    )
