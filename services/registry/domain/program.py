"""A programme (ДПП): its versions, and how each stands before each register."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.registry.domain import review
from services.registry.domain.organisation import works_on
from services.registry.domain.programs import (
    AssignExpertGroup,
    CertifyProgram,
    DraftProgram,
    GiveExpertOpinion,
    ListProgram,
    ProgramCommand,
    ReviewCommand,
    SubmitProgram,
)
from services.registry.domain.review import Certified, Drafted, Listed, Review
from shared.events.registry import (
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    ProgramCertified,
    ProgramDrafted,
    ProgramFact,
    ProgramListed,
    ProgramSubmitted,
    Register,
)
from shared.kernel import Claim, Decider, Refused, only_same, require

# ── State ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Program:
    """All versions that were drafted, and the reviews that began."""

    versions: tuple[ProgramDrafted, ...] = ()
    reviews: tuple[tuple[int, Register, Review], ...] = ()

    def review(self, version: int, register: Register) -> Review | None:
        """Return how a version stands before a register; None if there is no such."""
        for number, where, begun in self.reviews:
            if (number, where) == (version, register):
                return begun
        drafted = 1 <= version <= len(self.versions)
        return Drafted(self.versions[version - 1]) if drafted else None

    def with_review(self, version: int, register: Register, begun: Review) -> "Program":
        """Return the same programme with this review in its place."""
        others = (each for each in self.reviews if each[:2] != (version, register))
        return replace(self, reviews=(*others, (version, register, begun)))


# ── Decide ──────────────────────────────────────────────────────────────────


def decide(program: Program, asked: ProgramCommand) -> Sequence[ProgramFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match asked:
        case DraftProgram():
            return draft(program, asked)
        case (
            SubmitProgram()
            | AssignExpertGroup()
            | GiveExpertOpinion()
            | CertifyProgram()
            | ListProgram()
        ):
            return consider(program, asked)


def draft(program: Program, asked: DraftProgram) -> Sequence[ProgramDrafted]:
    """ДПП разрабатывает организация; правка — следующая версия (S1 4.3)."""
    said = drafted(asked)
    if 1 <= asked.program_version <= len(program.versions):
        why = "Эта версия ДПП уже разработана иначе; правка — следующая версия"
        before = program.versions[asked.program_version - 1]
        return only_same(before, said, clause="S1 4.3", reason=why)
    require(
        asked.program_version == len(program.versions) + 1,
        clause="S1 4.3",
        reason="Версии ДПП идут подряд, с первой",
    )
    require(
        works_on(asked.provider, asked.drafted_on),
        clause="S1 4.3",
        reason="Организации-разработчика в реестре нет, или она закрыта",
    )
    has_content = asked.name.strip() and asked.hours > 0
    require(has_content, clause="S1 4.3", reason="Нужны название и часы больше нуля")
    return [said]


def drafted(asked: DraftProgram) -> ProgramDrafted:
    """Return what a draft says."""
    return ProgramDrafted(
        program_id=asked.program_id,
        program_version=asked.program_version,
        provider_org_id=asked.provider_org_id,
        kind=asked.kind,
        name=asked.name,
        hours=asked.hours,
        cascade=asked.cascade,
        network=asked.network,
        topics=asked.topics,
        competencies=asked.competencies,
        deficits=asked.deficits,
        occurred_on=asked.drafted_on,
    )


def consider(program: Program, asked: ReviewCommand) -> Sequence[ProgramFact]:
    """Экспертиза идёт по каждой версии и каждому реестру отдельно (S0 III.1)."""
    begun = program.review(asked.program_version, asked.register)
    if begun is None:
        raise Refused("S1 4.3", "Такой версии ДПП нет")
    if isinstance(asked, CertifyProgram):
        require(
            asked.cert_no not in numbers(program, besides=begun),
            clause="S0 III.1",
            reason="Этот номер уже у сертификата другой версии или другого реестра",
        )
    return review.decide(begun, asked)


def numbers(program: Program, *, besides: Review) -> set[str]:
    """Return the numbers of all certificates, those of one review left out."""
    return {
        begun.certified.cert_no
        for _, _, begun in program.reviews
        if begun is not besides and isinstance(begun, Certified | Listed)
    }


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(program: Program, said: ProgramFact) -> Program:
    """Go where a fact leads; never refuse, for it already happened."""
    match said:
        case ProgramDrafted():
            follows = said.program_version == len(program.versions) + 1
            versions = (*program.versions, said)
            return replace(program, versions=versions) if follows else program
        case (
            ProgramSubmitted()
            | ExpertGroupAssigned()
            | ExpertOpinionGiven()
            | ProgramCertified()
            | ProgramListed()
        ):
            begun = program.review(said.program_version, said.register)
            after = begun and review.evolve(begun, said)
            if after is None or after is begun:
                return program  # no life has this step, and still the log is read
            return program.with_review(said.program_version, said.register, after)


def claims(said: ProgramFact) -> Iterable[Claim]:
    """Номер сертификата в реестре — один на ДПП (S0 III.1)."""
    if isinstance(said, ProgramCertified):
        why = "Сертификат с этим номером уже выдан другой ДПП"
        key = f"{said.register}/{said.cert_no}"
        yield Claim("certificate", key, said.program_id, "S0 III.1", why)


def stream(asked: ProgramCommand) -> UUID:
    """Return whose life a command is about."""
    return asked.program_id


PROGRAM: Decider[Program, ProgramCommand, ProgramFact] = Decider(
    name="registry.program",
    commands=(
        DraftProgram,
        SubmitProgram,
        AssignExpertGroup,
        GiveExpertOpinion,
        CertifyProgram,
        ListProgram,
    ),
    facts=(
        ProgramDrafted,
        ProgramSubmitted,
        ExpertGroupAssigned,
        ExpertOpinionGiven,
        ProgramCertified,
        ProgramListed,
    ),
    initial=Program(),
    decide=decide,
    evolve=evolve,
    stream=stream,
    claims=claims,
)
