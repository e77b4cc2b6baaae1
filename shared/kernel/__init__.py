"""The small grammar that every service speaks. Standard library only."""

from shared.kernel.decider import (
    Claim,
    Decider,
    Fault,
    Refused,
    Release,
    only_same,
    require,
    unless_same,
)
from shared.kernel.facts import (
    Kind,
    Personal,
    Sealed,
    Told,
    catalogue,
    command,
    fact,
    is_personal,
    kind_of,
)
from shared.kernel.history import Recorded, Withdrawal, as_corrected, standing
from shared.kernel.policy import (
    Borrowed,
    Informed,
    Known,
    Policy,
    Projection,
    informs,
    whenever,
)

__all__ = [
    "Borrowed",
    "Claim",
    "Decider",
    "Fault",
    "Informed",
    "Kind",
    "Known",
    "Personal",
    "Policy",
    "Projection",
    "Recorded",
    "Refused",
    "Release",
    "Sealed",
    "Told",
    "Withdrawal",
    "as_corrected",
    "catalogue",
    "command",
    "fact",
    "informs",
    "is_personal",
    "kind_of",
    "only_same",
    "require",
    "standing",
    "unless_same",
    "whenever",
]
