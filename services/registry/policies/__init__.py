"""What the registry remembers, what its commands are told, and what it does when it speaks."""

from services.registry.policies.concerned import CONCERNS
from services.registry.policies.reactions import POLICIES
from services.registry.policies.remembered import (
    BORROWED,
    MERGED_FROM,
    MERGED_INTO,
    MUNICIPALITIES,
    ORGANISATIONS,
    PEOPLE,
    REGIONS,
)
from services.registry.policies.restated import RESTATED, STANDS
from services.registry.policies.told import INFORMED

__all__ = [
    "BORROWED",
    "CONCERNS",
    "INFORMED",
    "MERGED_FROM",
    "MERGED_INTO",
    "MUNICIPALITIES",
    "ORGANISATIONS",
    "PEOPLE",
    "POLICIES",
    "REGIONS",
    "RESTATED",
    "STANDS",
]
