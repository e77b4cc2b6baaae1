"""What the registry does when it speaks itself."""

from collections.abc import Iterator
from itertools import chain

from services.registry.domain import (
    DetermineYouth,
    ErasePersonalData,
)
from services.registry.policies.remembered import (
    MERGED_FROM,
    MERGED_INTO,
)
from services.registry.policies.told import mergers_around, records_of
from shared.events.registry import (
    EmploymentChanged,
    EmploymentStarted,
    PersonalDataErased,
    PersonsMerged,
    TeacherRegistered,
)
from shared.kernel import (
    Known,
    whenever,
    whenever_gone,
)

# ── When the registry itself speaks ─────────────────────────────────────────


@whenever(PersonalDataErased, name="registry.erase")
def one_human_is_erased_whole(
    said: PersonalDataErased, known: Known
) -> Iterator[ErasePersonalData]:
    """Уничтожают все записи человека: и слитые с этой, и основную (S1 5.5).

    Each says so for itself, and so along a chain of mergers to both its ends.
    """
    into = (each.survivor_id for each in known.of(MERGED_INTO, said.person_id))
    of = (each.merged_id for each in known.of(MERGED_FROM, said.person_id))
    for other in chain(into, of):
        yield ErasePersonalData(
            person_id=other,
            reason=said.reason,
            act_no=said.act_no,
            erased_on=said.occurred_on,
        )


type OfYouth = PersonsMerged | EmploymentStarted | EmploymentChanged | TeacherRegistered


def determined_anew(said: OfYouth, known: Known) -> Iterator[DetermineYouth]:
    """AM14: первая работа — первая из всех записей человека (S0 V.4, S1 7.2).

    Whoever's job or birthday it is says so for himself; of a merger all must.
    """
    if isinstance(said, PersonsMerged):
        these, itself = (said.survivor_id, said.merged_id), None
    else:
        these, itself = (said.person_id,), said.person_id
    mergers = mergers_around(known, *these)
    if itself and not mergers:
        return
    for each in dict.fromkeys(chain(these, records_of(mergers))):
        if each != itself:
            yield DetermineYouth(person_id=each)


one_human_is_young_once = whenever(
    PersonsMerged, EmploymentStarted, EmploymentChanged, name="registry.youth"
)(determined_anew)
and_is_so_anew = whenever_gone(
    PersonsMerged,
    EmploymentStarted,
    EmploymentChanged,
    TeacherRegistered,
    name="registry.youth anew",
)(determined_anew)


POLICIES = (one_human_is_erased_whole, one_human_is_young_once, and_is_so_anew)
