"""A version before a register: Drafted ▶ Submitted ▶ UnderReview ▶ Certified ▶ Listed.

RU11: certified only by conclusions of experts from the regions (S0 III.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.registry.domain.organisation import works_on
from services.registry.domain.programs import (
    AssignExpertGroup,
    CertifyProgram,
    GiveExpertOpinion,
    ListProgram,
    ReviewCommand,
    SubmitProgram,
)
from shared.events.registry import (
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    ProgramCertified,
    ProgramDrafted,
    ProgramListed,
    ProgramSubmitted,
)
from shared.kernel import Refused, only_same, require, unless_same
from shared.kernel.ids import PersonId

type ReviewFact = (
    ProgramSubmitted
    | ExpertGroupAssigned
    | ExpertOpinionGiven
    | ProgramCertified
    | ProgramListed
)
type Opinions = dict[PersonId, ExpertOpinionGiven]

SCORES = range(101)

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Drafted:
    """A version that no expert of this register has seen."""

    drafted: ProgramDrafted


@dataclass(frozen=True)
class Submitted:
    """A version that waits for its experts."""

    drafted: ProgramDrafted
    submitted: ProgramSubmitted


@dataclass(frozen=True)
class UnderReview:
    """A version before its experts, and what they have said so far."""

    drafted: ProgramDrafted
    submitted: ProgramSubmitted
    assigned: ExpertGroupAssigned
    opinions: Opinions


@dataclass(frozen=True)
class Certified:
    """A version with a certificate of this register."""

    review: UnderReview
    certified: ProgramCertified


@dataclass(frozen=True)
class Listed:
    """A version in the register."""

    review: UnderReview
    certified: ProgramCertified
    listed: ProgramListed


type Review = Drafted | Submitted | UnderReview | Certified | Listed

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(review: Review, asked: ReviewCommand) -> Sequence[ReviewFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match review, asked:
        case Drafted(drafted), SubmitProgram():
            return [submit(drafted, asked)]
        case Submitted(), AssignExpertGroup():
            return [assign(review, asked)]
        case UnderReview(), AssignExpertGroup() if not review.opinions:
            return unless_same(review.assigned, assign(review, asked))
        case UnderReview(), GiveExpertOpinion():
            return give_opinion(review, asked)
        case UnderReview(), CertifyProgram():
            return [certify(review, asked)]
        case Certified(certified=certified), ListProgram():
            return [enlist(certified, asked)]

        case (
            Submitted(drafted, submitted) | UnderReview(drafted, submitted),
            SubmitProgram(),
        ):
            return resubmit(drafted, submitted, asked)
        case Certified(before) | Listed(before), SubmitProgram():
            return resubmit(before.drafted, before.submitted, asked)
        case UnderReview(), AssignExpertGroup():
            return regroup(review, asked)
        case Certified(before) | Listed(before), AssignExpertGroup():
            return regroup(before, asked)
        case Certified(before) | Listed(before), GiveExpertOpinion():
            said = before.opinions.get(asked.expert_id)
            require(said, clause="S0 III.1", reason="ДПП уже сертифицирована")
            return give_opinion(before, asked)
        case (
            Certified(before, certified) | Listed(before, certified),
            CertifyProgram(),
        ):
            why = "ДПП уже сертифицирована иначе"
            again = certify(before, asked)
            return only_same(certified, again, clause="S0 III.1", reason=why)
        case Listed(_, certified, listed), ListProgram():
            why = "Версия ДПП уже внесена в реестр иначе"
            again = enlist(certified, asked)
            return only_same(listed, again, clause="S0 III.1", reason=why)

        case (
            Drafted(),
            AssignExpertGroup() | GiveExpertOpinion() | CertifyProgram() | ListProgram(),
        ):
            raise Refused("S0 III.1", "Эту версию ДПП в этот реестр не направляли")
        case Submitted(), GiveExpertOpinion() | CertifyProgram() | ListProgram():
            raise Refused("S0 III.1", "Группа экспертов ещё не назначена")
        case UnderReview(), ListProgram():
            raise Refused("S0 III.1", "Эта версия ДПП не сертифицирована")


def submit(drafted: ProgramDrafted, asked: SubmitProgram) -> ProgramSubmitted:
    """На экспертизу направляют разработанное (S0 III.1)."""
    in_order = asked.submitted_on >= drafted.occurred_on
    require(in_order, clause="S0 III.1", reason="ДПП направлена раньше, чем разработана")
    return ProgramSubmitted(
        program_id=asked.program_id,
        program_version=asked.program_version,
        register=asked.register,
        occurred_on=asked.submitted_on,
    )


def resubmit(
    drafted: ProgramDrafted, submitted: ProgramSubmitted, asked: SubmitProgram
) -> Sequence[ProgramSubmitted]:
    """Одну версию в один реестр направляют один раз (S0 III.1)."""
    why = "Эта версия ДПП уже направлена в этот реестр другим днём"
    return only_same(submitted, submit(drafted, asked), clause="S0 III.1", reason=why)


def assign(review: Submitted | UnderReview, asked: AssignExpertGroup) -> ExpertGroupAssigned:
    """RU11: эксперты — из субъектов РФ, и никто — из организации автора (S0 III.1)."""
    in_order = asked.assigned_on >= review.submitted.occurred_on
    require(in_order, clause="S0 III.1", reason="ДПП в этот день ещё не направили")
    people = {each.person_id for each in asked.experts}
    require(
        people and len(people) == len(asked.experts),
        clause="S0 III.1",
        reason="В группе нет ни одного эксперта, или кто-то назван дважды",
    )
    author = review.drafted.provider_org_id
    require(
        author not in {*asked.employers, *(each.org_id for each in asked.experts)},
        clause="S0 III.1",
        reason="Эксперт работает в организации, которая разработала ДПП",
    )
    require(
        from_their_regions(asked),
        clause="S0 III.1",
        reason="Эксперты — представители организаций субъектов РФ, от которых названы",
    )
    return ExpertGroupAssigned(
        program_id=asked.program_id,
        program_version=asked.program_version,
        register=asked.register,
        experts=asked.experts,
        occurred_on=asked.assigned_on,
    )


def from_their_regions(asked: AssignExpertGroup) -> bool:
    """Say whether each expert's organisation is known and stands in his region."""
    seen = (works_on(each, asked.assigned_on) for each in asked.organisations)
    regions = {each.org_id: each.region for each in seen if each}
    return all(regions.get(each.org_id) == each.region for each in asked.experts)


def regroup(review: UnderReview, asked: AssignExpertGroup) -> Sequence[ExpertGroupAssigned]:
    """Пока заключений нет, группу меняют; после — нет (S0 III.1)."""
    why = "Заключения уже даны: другая группа — другая экспертиза"
    again = assign(review, asked)
    return only_same(review.assigned, again, clause="S0 III.1", reason=why)


def give_opinion(review: UnderReview, asked: GiveExpertOpinion) -> Sequence[ExpertOpinionGiven]:
    """Заключение даёт эксперт группы, каждый одно (S0 III.1)."""
    said = ExpertOpinionGiven(
        program_id=asked.program_id,
        program_version=asked.program_version,
        register=asked.register,
        expert_id=asked.expert_id,
        verdict=asked.verdict,
        score=asked.score,
        occurred_on=asked.given_on,
    )
    if given := review.opinions.get(asked.expert_id):
        why = "Эксперт уже дал другое заключение"
        return only_same(given, said, clause="S0 III.1", reason=why)
    in_group = any(each.person_id == asked.expert_id for each in review.assigned.experts)
    require(in_group, clause="S0 III.1", reason="Этого эксперта в группе нет")
    scored = asked.score in SCORES
    require(scored, clause="S0 III.1", reason="Оценка — от 0 до 100")
    in_order = asked.given_on >= review.assigned.occurred_on
    require(in_order, clause="S0 III.1", reason="Группы в этот день ещё не было")
    return [said]


def certify(review: UnderReview, asked: CertifyProgram) -> ProgramCertified:
    """RU11: сертифицируют по заключениям, и рекомендующих — больше (S0 III.1).

    The seed says «на основе заключений групп экспертов»: on the basis of, so not
    against them. At least one recommends, and more recommend than do not (D).
    """
    require(asked.cert_no.strip(), clause="S0 III.1", reason="Нет номера сертификата")
    given = review.opinions.values()
    require(given, clause="S0 III.1", reason="Нет ни одного заключения экспертов")
    require(
        carried(review.opinions),
        clause="S0 III.1",
        reason="Рекомендующих заключений не больше, чем остальных",
    )
    require(
        asked.certified_on >= max(each.occurred_on for each in given),
        clause="S0 III.1",
        reason="Сертификация раньше заключений, на которых стоит",
    )
    in_time = asked.valid_until is None or asked.certified_on <= asked.valid_until
    require(in_time, clause="S0 III.1", reason="Срок сертификата кончается до начала")
    return ProgramCertified(
        program_id=asked.program_id,
        program_version=asked.program_version,
        register=asked.register,
        cert_no=asked.cert_no,
        valid_until=asked.valid_until,
        occurred_on=asked.certified_on,
    )


def carried(opinions: Opinions) -> bool:
    """Say whether more experts recommend than do not; who is silent is not counted."""
    verdicts = [each.verdict for each in opinions.values()]
    return 2 * verdicts.count("recommended") > len(verdicts)


def enlist(certified: ProgramCertified, asked: ListProgram) -> ProgramListed:
    """В реестр вносят сертифицированное, и не дольше сертификата (S0 III.1)."""
    in_order = asked.listed_on >= certified.occurred_on
    require(in_order, clause="S0 III.1", reason="ДПП внесена раньше сертификации")
    term, until = certified.valid_until, asked.valid_until
    require(
        term is None or asked.listed_on <= (until or term) <= term,
        clause="S0 III.1",
        reason="Запись в реестре не может действовать дольше сертификата",
    )
    in_time = until is None or asked.listed_on <= until
    require(in_time, clause="S0 III.1", reason="Срок записи кончается до начала")
    return ProgramListed(
        program_id=asked.program_id,
        program_version=asked.program_version,
        register=asked.register,
        valid_until=until or term,
        occurred_on=asked.listed_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(review: Review, said: ReviewFact) -> Review:
    """Go where a fact leads; never refuse, for it already happened."""
    match review, said:
        case Drafted(drafted), ProgramSubmitted():
            return Submitted(drafted, said)
        case Submitted(drafted, submitted), ExpertGroupAssigned():
            return UnderReview(drafted, submitted, said, {})
        case UnderReview(opinions=opinions), ExpertGroupAssigned() if not opinions:
            return replace(review, assigned=said)
        case UnderReview(), ExpertOpinionGiven() if may_speak(review, said):
            opinions = review.opinions | {said.expert_id: said}
            return replace(review, opinions=opinions)
        case UnderReview(), ProgramCertified() if carried(review.opinions):
            return Certified(review, said)
        case Certified(before, certified), ProgramListed():
            return Listed(before, certified, said)
        case (
            _,
            ProgramSubmitted()
            | ExpertGroupAssigned()
            | ExpertOpinionGiven()
            | ProgramCertified()
            | ProgramListed(),
        ):
            return review  # no life has this step, and still the log is read


def may_speak(review: UnderReview, said: ExpertOpinionGiven) -> bool:
    """Say whether an opinion is of an expert of the group who has not spoken."""
    group = {each.person_id for each in review.assigned.experts}
    return said.expert_id in group - review.opinions.keys()
