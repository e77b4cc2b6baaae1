"""What is said anew passes what its command passes (ADR 0032)."""

from dataclasses import replace

from services.mentoring import domain
from services.mentoring.domain import Studied
from services.mentoring.policies.remembered import records, results_of, studies_of
from services.mentoring.policies.told import candidate, teaching
from shared.events import mentoring as facts
from shared.kernel import Known, Restated


def of_the_result_then(
    asked: domain.RecordMethodistDiagnosis, known: Known
) -> domain.RecordMethodistDiagnosis:
    """Засчитанный результат — и тот, что с тех пор аннулирован (S1 2)."""
    who = candidate(known, asked.methodist_id)
    results = (each.said for each in results_of(known, who)) if who else ()
    told = next((each for each in results if each.session_id == asked.session_id), None)
    return replace(asked, result=told, human=records(known, who) if who else ())


def of_the_study_then(
    asked: domain.RecordMethodistTraining, known: Known
) -> domain.RecordMethodistTraining:
    """Засчитанное освоение — и то, что с тех пор аннулировано (S1 2)."""
    who = candidate(known, asked.methodist_id)
    studies = studies_of(known, who) if who else ()
    study = next((it for it in studies if it.said.enrolment_id == asked.enrolment_id), None)
    if study is None:
        return replace(asked, studied=None)
    on_topic = teaching(known, study) is not None
    told = Studied(completed=study.said, on_topic=on_topic)
    return replace(asked, studied=told, human=records(known, who) if who else ())


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
        repeated=(
            facts.MethodistPooled,
            facts.MethodistDiagnosed,
            facts.MethodistTrained,
            facts.MethodistActivated,
            facts.TeacherAttached,
            facts.TeacherDetached,
        ),
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
