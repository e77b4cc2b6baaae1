"""What routes remembers, what its commands are told, and what it does when it hears."""

from services.routes.policies.reactions import (
    POLICIES,
    a_deficit_map_calls_for_a_route,
    an_enrolment_knows_the_registers_of_its_day,
)
from services.routes.policies.remembered import BORROWED, SHELVES
from services.routes.policies.restated import RESTATED
from services.routes.policies.told import (
    INFORMED,
    of_the_completion,
    of_the_programme_and_the_route,
    of_what_is_void,
)
from services.routes.policies.walking import (
    a_completed_programme_completes_its_item,
    a_route_without_items_left_is_completed,
    an_enrolment_starts_its_route,
)

__all__ = [
    "BORROWED",
    "INFORMED",
    "POLICIES",
    "RESTATED",
    "SHELVES",
    "a_completed_programme_completes_its_item",
    "a_deficit_map_calls_for_a_route",
    "a_route_without_items_left_is_completed",
    "an_enrolment_knows_the_registers_of_its_day",
    "an_enrolment_starts_its_route",
    "of_the_completion",
    "of_the_programme_and_the_route",
    "of_what_is_void",
]
