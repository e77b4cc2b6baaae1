"""What is asked of the registry about a programme (ДПП)."""

from datetime import date

from services.registry.domain.organisation import UNHEARD_OF, Organisation
from shared.events.registry import Expert, ProgramKind, Register, Verdict
from shared.kernel import Told, command
from shared.kernel.ids import CompetencyId, DeficitId, OrgId, PersonId, ProgramId


@command
class DraftProgram:
    """Внести разработанную ДПП или следующую её версию."""

    program_id: ProgramId
    program_version: int
    provider_org_id: OrgId
    kind: ProgramKind
    name: str
    hours: int
    cascade: bool
    network: bool
    topics: tuple[str, ...]
    competencies: tuple[CompetencyId, ...]
    deficits: tuple[DeficitId, ...]
    drafted_on: date
    provider: Told[Organisation] = UNHEARD_OF


@command
class SubmitProgram:
    """Направить версию ДПП на экспертизу в реестр."""

    program_id: ProgramId
    program_version: int
    register: Register
    submitted_on: date


@command
class AssignExpertGroup:
    """Назначить группу экспертов из регионов."""

    program_id: ProgramId
    program_version: int
    register: Register
    experts: tuple[Expert, ...]
    assigned_on: date
    organisations: Told[tuple[Organisation, ...]] = ()
    employers: Told[frozenset[OrgId]] = frozenset()


@command
class GiveExpertOpinion:
    """Дать заключение эксперта; оценка от 0 до 100."""

    program_id: ProgramId
    program_version: int
    register: Register
    expert_id: PersonId
    verdict: Verdict
    score: int
    given_on: date


@command
class CertifyProgram:
    """Сертифицировать ДПП по заключениям экспертов."""

    program_id: ProgramId
    program_version: int
    register: Register
    cert_no: str
    valid_until: date | None
    certified_on: date


@command
class ListProgram:
    """Внести сертифицированную версию ДПП в реестр."""

    program_id: ProgramId
    program_version: int
    register: Register
    valid_until: date | None
    listed_on: date


type ReviewCommand = (
    SubmitProgram | AssignExpertGroup | GiveExpertOpinion | CertifyProgram | ListProgram
)
type ProgramCommand = DraftProgram | ReviewCommand
