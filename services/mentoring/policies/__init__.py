"""What mentoring remembers, what its commands are told, and what it does when it hears."""

from services.mentoring.policies.leaving import (
    who_never_left_is_back,
    who_works_no_more_leaves,
)
from services.mentoring.policies.reactions import (
    POLICIES,
    a_pooled_candidate_is_diagnosed,
    a_qualified_candidate_is_trained,
    a_young_teacher_employed_calls_for_a_pair,
    one_human_has_one_methodist,
)
from services.mentoring.policies.remembered import (
    BORROWED,
    PEOPLE,
)
from services.mentoring.policies.restated import RESTATED
from services.mentoring.policies.told import (
    INFORMED,
    of_his_charge,
    of_the_conditions,
    of_the_region,
    of_the_result,
    of_the_study,
    of_the_supported,
    of_the_two,
)

__all__ = [
    "BORROWED",
    "INFORMED",
    "PEOPLE",
    "POLICIES",
    "RESTATED",
    "a_pooled_candidate_is_diagnosed",
    "a_qualified_candidate_is_trained",
    "a_young_teacher_employed_calls_for_a_pair",
    "of_his_charge",
    "of_the_conditions",
    "of_the_region",
    "of_the_result",
    "of_the_study",
    "of_the_supported",
    "of_the_two",
    "one_human_has_one_methodist",
    "who_never_left_is_back",
    "who_works_no_more_leaves",
]
