"""The registry's rules, split by noun; here are the deciders and the commands."""

from services.registry.domain.access import ACCESS, GrantAccess, RevokeAccess
from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    StartEmployment,
)
from services.registry.domain.organisation import (
    CENTRE,
    ORGANISATION,
    CloseOrganisation,
    CloseRegionalCentre,
    OpenRegionalCentre,
    RegisterOrganisation,
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
)
from services.registry.domain.program import PROGRAM
from services.registry.domain.programs import (
    AssignExpertGroup,
    CertifyProgram,
    DraftProgram,
    GiveExpertOpinion,
    ListProgram,
    SubmitProgram,
)
from services.registry.domain.teacher import TEACHER
from services.registry.domain.territory import (
    MUNICIPALITY,
    REGION,
    AddMunicipality,
    AddRegion,
)

__all__ = [
    "ACCESS",
    "CENTRE",
    "MUNICIPALITY",
    "ORGANISATION",
    "PROGRAM",
    "REGION",
    "TEACHER",
    "AddMunicipality",
    "AddRegion",
    "AssignExpertGroup",
    "AwardCategory",
    "CertifyProgram",
    "ChangeEmployment",
    "CloseOrganisation",
    "CloseRegionalCentre",
    "DetermineYouth",
    "DraftProgram",
    "EndEmployment",
    "ErasePersonalData",
    "GiveExpertOpinion",
    "GrantAccess",
    "LinkRoster",
    "ListProgram",
    "MergePersons",
    "OpenRegionalCentre",
    "RecordEducation",
    "RegisterGraduate",
    "RegisterOrganisation",
    "RegisterTeacher",
    "RevokeAccess",
    "StartEmployment",
    "SubmitProgram",
]
