"""What one command comes to: what it is told, what it says, and what follows of it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import structs

from shared.kernel import Claim, Refused, Release, records_of, said_last, stood
from shared.kernel.ids import EventId
from shared.runtime import telemetry
from shared.runtime.amending import AMENDING, amended, derived, places
from shared.runtime.asking import Asked, May, NotAllowed, OtherBody, Outcome
from shared.runtime.concerned import Concerned, require_right_to_hear
from shared.runtime.log import Answered, Store
from shared.runtime.logs import log
from shared.runtime.seal import Erased, Keys
from shared.runtime.service import Reactions, Service, courses
from shared.runtime.territory import Standing, heard_also, require_come, restated_at
from shared.runtime.work import Thing, Work

FOR_NOW = ("conflict", "forbidden")
"""Answers that are not kept: asked again, a command may be answered otherwise."""

NOTHING = UUID(int=0)
"""The stream of a correction of what nobody knows."""

_encoder = msgspec.json.Encoder()


class Deciding:
    """The deciders and policies of one service; all that they say goes into a work."""

    def __init__(
        self,
        service: Service,
        store: Store,
        keys: Keys | None,
        hmac: Callable[[str, str], bytes],
    ) -> None:
        self.service = service
        self._store = store
        self._keys = keys
        self._hmac = hmac
        self._courses = courses(service)
        self._concerned = Concerned(service.concerns)
        self._reactions = Reactions(service.policies)

    def stream_of(self, command: Any) -> UUID:
        """Return the thing that a command is about. TypeError if it is none of ours."""
        course = self._courses.get(type(command))
        if course is not None:
            return course.decider.stream(command)
        if isinstance(command, AMENDING):
            found = self._store.events([command.event_id]).get(command.event_id)
            return found.stream if found else NOTHING
        raise TypeError(f"{type(command).__name__} is no command of this service")

    def answer(self, work: Work, asked: Asked, may: May | None) -> Outcome:
        """Decide a command within a work, once: asked again it is answered the same.

        Raises `OtherBody`.
        """
        body = asked.body_hmac or self._hmac("body", repr(asked.command))
        if answered := work.answer(asked.command_id):
            if answered.body_hmac != body:
                raise OtherBody(str(asked.command_id))
            outcome = msgspec.json.decode(answered.outcome, type=Outcome)
            return structs.replace(outcome, position=answered.position)
        outcome = self._decided(work, asked, may)
        if outcome.status not in FOR_NOW:
            said = _encoder.encode(outcome)
            work.answered(Answered(command_id=asked.command_id, body_hmac=body, outcome=said))
        return outcome

    def react(
        self, work: Work, fact: Any, event_id: EventId, cause: Asked, gone: Any = None
    ) -> list[Outcome]:
        """Have every policy react to a fact; each command is decided within this work.

        First to the one that is `gone` with it, if it was withdrawn or is said anew.
        """
        outcomes: list[Outcome] = []
        if not self._reactions.wait_for(fact, gone):
            return outcomes
        for name, command in self._reactions.to(fact, gone, work):
            command_id = uuid5(event_id, name)
            if work.answer(command_id):
                continue  # brought about when the fact was heard before
            asked = structs.replace(
                cause,
                command=command,
                command_id=command_id,
                body_hmac=b"",
                correlation_id=cause.correlation_id or cause.command_id,
                causation_id=event_id,
                expected_version=None,
            )
            outcomes.append(self.answer(work, asked, None))
            self._tell(name.rpartition("/")[0], command, outcomes[-1])
        return outcomes

    def _tell(self, policy: str, command: Any, outcome: Outcome) -> None:
        """Let nothing that a policy asks for be refused in silence.

        What others do may be so already, or over; a correction that is refused leaves
        something said that is not so, and an operator looks at it.
        """
        if outcome.status != "refused":
            return
        who = {"service": self.service.name, "policy": policy}
        telemetry.measure("metodika.policies.refused", 1, **who)
        if isinstance(command, AMENDING):
            log.warning(
                "a policy's correction is refused, and what it would mend stays as it is",
                clause=outcome.clause,
                stream=outcome.stream,
                event_id=command.event_id,
                **who,
            )

    # ── Deciding ────────────────────────────────────────────────────────────

    def _decided(self, work: Work, asked: Asked, may: May | None) -> Outcome:
        thing = work.thing(self._stream_in(work, asked.command))
        stream, version = thing.stream, thing.version
        is_old = asked.expected_version not in (None, version)
        try:
            if is_old and may:
                require_right_to_hear(work, thing, asked, may)
            event_ids = [] if is_old else self._said(work, asked, thing, may)
        except (Refused, Erased, NotAllowed) as why:
            return Outcome(
                status="forbidden" if isinstance(why, NotAllowed) else "refused",
                stream=stream,
                version=version,
                clause=why.clause,
                reason=why.reason,
            )
        if is_old:
            return Outcome(status="conflict", stream=stream, version=version)
        return Outcome(
            status="accepted" if event_ids else "unchanged",
            stream=stream,
            version=thing.version,
            event_ids=tuple(event_ids),
        )

    def _stream_in(self, work: Work, command: Any) -> UUID:
        """Return the thing that a command is about, also one that is not written yet."""
        said = work.said_of(command.event_id) if isinstance(command, AMENDING) else None
        return said or self.stream_of(command)

    def _said(self, work: Work, asked: Asked, thing: Thing, may: May | None) -> list[UUID]:
        command = asked.command
        try:
            if isinstance(command, AMENDING):
                return self._amended(work, asked, thing, may)
            decider = self._courses[type(command)].decider
            facts = decider.decide(work.state(decider, thing), self._told(work, command))
            claims = [tuple(decider.claims(each)) for each in facts]
            if any(claims):
                work.holding.require_free(chain.from_iterable(claims))
        except (Refused, Erased):
            if may:
                require_right_to_hear(work, thing, asked, may)
            raise
        if may:
            if not facts:
                require_right_to_hear(work, thing, asked, may)
            self._concerned.require_right(work, thing, facts, asked, may)
        require_come(facts, work.unit.now)
        said: list[UUID] = []
        for fact, its in zip(facts, claims, strict=True):
            event_id = self._say(work, thing, fact, its, asked)
            said.append(event_id)
            if others := self._concerned.told_at(work, fact, event_id):
                said += [work.say(thing, fact, (), asked, event_id, it) for it in others]
        return said

    def _told(self, work: Work, command: Any) -> Any:
        """Write into a command what its guards must know; without keys there is no key."""
        course = self._courses[type(command)]
        told = course.told(command, work)
        if self._keys is None or not course.keyed or told.key_id is not None:
            return told
        return replace(told, key_id=self._keys.key_id(told.person_id))

    def _amended(self, work: Work, asked: Asked, thing: Thing, may: May | None) -> list[UUID]:
        history = thing.history
        decider, record, after, keys = amended(
            self.service, asked.command, thing.stream, history, work
        )
        work.holding.require_free(keys)
        fact = after[0].fact
        heard = [
            [*map(work.stands, records_of(history, it.stood.event_id))] if it.stood else []
            for it in after
        ]

        def at(event_id: UUID) -> Standing:
            return work.is_at(said_last(history, event_id))

        here = at(asked.command.event_id)
        where = restated_at(record.fact, fact, here, work)
        if may:
            both = (record.fact, fact), (here, where)
            self._concerned.require_right_to_amend(work, asked, *both, may)
        require_come((each.fact for each in after), work.unit.now)
        work.require_sealable(thing, [each.fact for each in after])
        work.holding.take(keys, work.unit)
        there = [*places(after, here, where, at)]
        said: list[UUID] = []
        gone = [stood(history, each.fact, each.corrects) for each in after]
        for each, place in zip(after, there, strict=True):
            said.append(work.say(thing, each.fact, (), asked, each.corrects, place))
        for each, its, was in zip(after, said, gone, strict=True):  # once all of it stands
            self.react(work, each.fact, EventId(its), asked, was)
        said += [  # whoever heard the fact
            work.say(thing, each.fact, (), asked, each.corrects, also)
            for each, place, stands in zip(after, there, heard, strict=True)
            for also in heard_also(place, stands)
        ]
        more = derived(
            decider,
            thing.stream,
            lambda: work.state(decider, thing),
            lambda command: self._told(work, command),
        )
        return said + [
            self._say(work, thing, each, decider.claims(each), asked) for each in more
        ]

    # ── Saying ──────────────────────────────────────────────────────────────

    def _say(
        self,
        work: Work,
        thing: Thing,
        fact: Any,
        claims: Iterable[Claim | Release],
        asked: Asked,
    ) -> EventId:
        event_id = work.say(thing, fact, claims, asked, None)
        self.react(work, fact, event_id, asked)
        return event_id
