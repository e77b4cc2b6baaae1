"""The pair, the form of support, the methodist with his rules and his evidence."""

from services.mentoring.domain.commands import (
    ActivateMethodist,
    AttachTeacher,
    ClosePair,
    DetachTeacher,
    EndSupport,
    FormPair,
    MethodistCommand,
    NominateMethodist,
    PairCommand,
    PoolMethodist,
    ProposePair,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    StartSupport,
    Studied,
    SupportCommand,
    pair_of,
)
from services.mentoring.domain.evidence import Evidence
from services.mentoring.domain.methodist import METHODIST, Methodist
from services.mentoring.domain.pair import PAIR, Pair
from services.mentoring.domain.rules import MOST
from services.mentoring.domain.support import SUPPORT, Support

__all__ = [
    "METHODIST",
    "MOST",
    "PAIR",
    "SUPPORT",
    "ActivateMethodist",
    "AttachTeacher",
    "ClosePair",
    "DetachTeacher",
    "EndSupport",
    "Evidence",
    "FormPair",
    "Methodist",
    "MethodistCommand",
    "NominateMethodist",
    "Pair",
    "PairCommand",
    "PoolMethodist",
    "ProposePair",
    "RecordMethodistDiagnosis",
    "RecordMethodistTraining",
    "StartSupport",
    "Studied",
    "Support",
    "SupportCommand",
    "pair_of",
]
