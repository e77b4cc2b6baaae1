"""Mentoring, put together."""

from dataclasses import replace

from services.mentoring import domain
from services.mentoring.domain import METHODIST, PAIR, SUPPORT, Studied
from services.mentoring.policies import (
    BORROWED,
    INFORMED,
    POLICIES,
    RESULTS,
    STUDIES,
    candidate,
    teaching,
)
from services.mentoring.projections import METHODISTS, PAIRS, SUPPORTS
from shared.events import mentoring as facts
from shared.kernel import Known, Restated
from shared.runtime.service import Service

# ── What is said anew passes what its command passes ────────────────────────


def of_the_result_then(
    asked: domain.RecordMethodistDiagnosis, known: Known
) -> domain.RecordMethodistDiagnosis:
    """Засчитанный результат — и тот, что с тех пор аннулирован (S1 2)."""
    who = candidate(known, asked.methodist_id)
    result = known.of(RESULTS, who).get(asked.session_id) if who else None
    return replace(asked, result=result.said if result else None)


def of_the_study_then(
    asked: domain.RecordMethodistTraining, known: Known
) -> domain.RecordMethodistTraining:
    """Засчитанное освоение — и то, что с тех пор аннулировано (S1 2)."""
    who = candidate(known, asked.methodist_id)
    study = known.of(STUDIES, who).get(asked.enrolment_id) if who else None
    if study is None:
        return replace(asked, studied=None)
    on_topic = teaching(known, study) is not None
    return replace(asked, studied=Studied(completed=study.said, on_topic=on_topic))


RESTATED = (
    Restated(fact=facts.MentorshipPairProposed, command=domain.ProposePair),
    Restated(
        fact=facts.MentorshipPairFormed,
        command=domain.FormPair,
        repeated=(facts.MentorshipPairClosed,),
    ),
    Restated(fact=facts.MentorshipPairClosed, command=domain.ClosePair),
    Restated(
        fact=facts.SupportFormStarted,
        command=domain.StartSupport,
        repeated=(facts.SupportFormEnded,),
    ),
    Restated(fact=facts.SupportFormEnded, command=domain.EndSupport),
    Restated(
        fact=facts.MethodistNominated,
        command=domain.NominateMethodist,
        repeated=(facts.MethodistActivated,),
    ),
    Restated(fact=facts.MethodistPooled, command=domain.PoolMethodist),
    Restated(
        fact=facts.MethodistDiagnosed,
        command=domain.RecordMethodistDiagnosis,
        inform=of_the_result_then,
    ),
    Restated(
        fact=facts.MethodistTrained,
        command=domain.RecordMethodistTraining,
        inform=of_the_study_then,
    ),
    Restated(fact=facts.MethodistActivated, command=domain.ActivateMethodist),
    Restated(fact=facts.TeacherAttached, command=domain.AttachTeacher),
    Restated(fact=facts.TeacherDetached, command=domain.DetachTeacher),
)

SERVICE = Service(
    name="mentoring",
    deciders=(PAIR, SUPPORT, METHODIST),
    policies=POLICIES,
    informed=INFORMED,
    restated=RESTATED,
    borrowed=BORROWED,
    projections=(METHODISTS, PAIRS, SUPPORTS),
)
