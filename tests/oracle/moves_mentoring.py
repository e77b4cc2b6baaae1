"""Moves of mentoring: pairs, forms of support, methodists and whom they have."""

from shared.events import mentoring, registry
from shared.testing.facts import a
from tests.golden.words import methodist, pair, person, support
from tests.oracle.moves_learning import somebody_is_tutored
from tests.oracle.moves_registry import place
from tests.oracle.telling import DAYS, LEVELS, PEOPLE, Telling, pick


def a_pair_is_formed(it: Telling, mentee: int, by: int, on: int, how: int) -> None:
    if mentee % PEOPLE == by % PEOPLE:
        return
    proposed = how % 4 == 3
    n = it.fresh(mentoring.MentorshipPairFormed)
    if proposed:
        it.say(
            a(
                mentoring.MentorshipPairProposed,
                pair_id=pair(100 + it.fresh(mentoring.MentorshipPairProposed)),
                mentee_id=person(mentee % PEOPLE),
                occurred_on=DAYS[on % len(DAYS)],
            )
        )
    else:
        it.say(
            a(
                mentoring.MentorshipPairFormed,
                pair_id=pair(n),
                mentor_id=person(by % PEOPLE),
                mentee_id=person(mentee % PEOPLE),
                pair_basis=("novice", "managerial", "other")[how % 3],
                occurred_on=DAYS[on % len(DAYS)],
            )
        )


def a_pair_is_closed(it: Telling, which: int, on: int, *_: int) -> None:
    formed = pick(
        [
            each
            for each in it.standing(mentoring.MentorshipPairFormed)
            if not it.has(("pair_id", each.pair_id), mentoring.MentorshipPairClosed)
        ],
        which,
    )
    if formed is not None:
        it.say(
            a(
                mentoring.MentorshipPairClosed,
                pair_id=formed.pair_id,
                mentor_id=formed.mentor_id,
                mentee_id=formed.mentee_id,
                occurred_on=it.day(("pair_id", formed.pair_id), on),
            )
        )


def a_support_begins(it: Telling, who: int, on: int, *_: int) -> None:
    it.say(
        a(
            mentoring.SupportFormStarted,
            support_id=support(it.fresh(mentoring.SupportFormStarted)),
            person_id=person(who % PEOPLE),
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def a_support_ends(it: Telling, which: int, on: int, *_: int) -> None:
    begun = pick(
        [
            each
            for each in it.standing(mentoring.SupportFormStarted)
            if not it.has(("support_id", each.support_id), mentoring.SupportFormEnded)
        ],
        which,
    )
    if begun is not None:
        it.say(
            a(
                mentoring.SupportFormEnded,
                support_id=begun.support_id,
                person_id=begun.person_id,
                occurred_on=it.day(("support_id", begun.support_id), on),
            )
        )


def somebody_young_is_supported(it: Telling, which: int, on: int, how: int, ends: int) -> None:
    """By a pair, a form or a tutor; mostly it ends, on one of the next days."""
    young = pick(it.standing(registry.YouthPeriodDetermined), which)
    who = 0 if young is None else young.person_id.int & 0xFFF
    match how % 3:
        case 0:
            a_support_begins(it, who, on)
            if ends % 4:
                a_support_ends(it, 0, on + ends % 4)
        case 1:
            a_pair_is_formed(it, who, how // 3, on, how // 3)
            if ends % 4:
                a_pair_is_closed(it, 0, on + ends % 4)
        case _:
            somebody_is_tutored(it, who, on, how // 3, ends)


def a_candidate_is_nominated(it: Telling, who: int, at: int, on: int, _: int) -> None:
    """And never activated."""
    where = place(it, at)
    it.say(
        a(
            mentoring.MethodistNominated,
            methodist_id=methodist(100 + it.fresh(mentoring.MethodistNominated)),
            person_id=person(who % PEOPLE),
            org_id=where.org_id,
            region=where.region,
            level="R",
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def a_methodist_is_activated(it: Telling, who: int, at: int, on: int, how: int) -> None:
    where = place(it, at)
    it.say(
        a(
            mentoring.MethodistActivated,
            methodist_id=methodist(it.fresh(mentoring.MethodistActivated)),
            person_id=person(who % PEOPLE),
            org_id=where.org_id,
            region=where.region,
            level=LEVELS[how % len(LEVELS)],
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def somebody_is_attached_or_detached(
    it: Telling, which: int, who: int, on: int, *_: int
) -> None:
    to = pick(it.standing(mentoring.MethodistActivated), which)
    if to is None or to.person_id == person(who % PEOPLE):
        return
    key = ("attached", to.methodist_id, person(who % PEOPLE))
    so_far = it.life(key)
    attached = so_far and isinstance(so_far[-1], mentoring.TeacherAttached)
    it.say(
        a(
            mentoring.TeacherDetached if attached else mentoring.TeacherAttached,
            methodist_id=to.methodist_id,
            methodist_person_id=to.person_id,
            person_id=person(who % PEOPLE),
            occurred_on=max(to.occurred_on, it.day(key, on)),
        )
    )


def somebody_is_attached_for_a_while(
    it: Telling, which: int, who: int, on: int, until: int
) -> None:
    """Or, when attached already, not attached for a while."""
    somebody_is_attached_or_detached(it, which, who, on)
    somebody_is_attached_or_detached(it, which, who, on + until)
