"""A method for each call, to be awaited.

Printed by `cargo xtask gen` from the schemas of the port: change those instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, overload

from . import calls
from ._wire import Call
from ._types import (
    Actor,
    Asked,
    Checkpoint,
    Compacted,
    Consistency,
    Document,
    Enforcement,
    Explanation,
    Exported,
    Flows,
    Format,
    Grant,
    Grants,
    Holders,
    InHand,
    Inclusion,
    Item,
    Offer,
    Outcome,
    Person,
    Published,
    Reconciled,
    Recorded,
    Resource,
    Revoked,
    Stage,
    Swept,
    Taken,
    Verdict,
)

T = TypeVar("T")


class AsyncMethods:
    """Each call as a method that is awaited; whoever inherits says how a call is made."""

    __slots__ = ()

    async def _ask(self, call: Call[T]) -> T:
        raise NotImplementedError

    @overload
    async def request(
        self,
        flow: str,
        *,
        actor: Actor,
        grant: str | None = None,
        items: Sequence[Asked] = (),
        span: timedelta | None = None,
        start: datetime | None = None,
        reason: str | None = None,
        fields: Mapping[str, str] | None = None,
        holder: Person | None = None,
        break_glass: bool = False,
        resources: Sequence[Resource] = (),
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant: ...

    @overload
    async def request(
        self,
        *,
        actor: Actor,
        kit: str,
        grant: str | None = None,
        items: Sequence[Asked] = (),
        span: timedelta | None = None,
        start: datetime | None = None,
        reason: str | None = None,
        fields: Mapping[str, str] | None = None,
        holder: Person | None = None,
        break_glass: bool = False,
        resources: Sequence[Resource] = (),
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grants: ...

    async def request(
        self,
        flow: str | None = None,
        *,
        actor: Actor,
        grant: str | None = None,
        kit: str | None = None,
        items: Sequence[Asked] = (),
        span: timedelta | None = None,
        start: datetime | None = None,
        reason: str | None = None,
        fields: Mapping[str, str] | None = None,
        holder: Person | None = None,
        break_glass: bool = False,
        resources: Sequence[Resource] = (),
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Any:
        """Asks for access.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The id the grant shall have; made up where absent.
        flow: The flow; either it or a kit is named.
        kit: The kit: one grant a flow, all or none, and none of its items named.
        items: The items; none where a kit or a flow that is taken whole says them.
        span: For how long; the flow's default where absent.
        start: When it shall start; now where absent.
        reason: Why.
        fields: Further fields of the reason.
        holder: Whom the access is for; the actor where absent.
        break_glass: Whether it is taken in an emergency, without approval. It is reviewed
            afterwards.
        resources: What the host knows of the resources that a kit, or a flow that is taken whole,
            names; of others nothing is known.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        made: Any = calls.request
        return await self._ask(
            made(
                flow,
                actor=actor,
                grant=grant,
                kit=kit,
                items=items,
                span=span,
                start=start,
                reason=reason,
                fields=fields,
                holder=holder,
                break_glass=break_glass,
                resources=resources,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def approve(
        self,
        grant: str,
        *,
        actor: Actor,
        span: timedelta | None = None,
        only: Sequence[Item] | None = None,
        reason: str | None = None,
        content: str | None = None,
        holder: Person | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Approves a request.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        span: A shorter span.
        only: Only these of its items.
        reason: Why.
        content: The content hash of what the approver saw.
        holder: The holder's facts of today.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.approve(
                grant,
                actor=actor,
                span=span,
                only=only,
                reason=reason,
                content=content,
                holder=holder,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def deny(
        self,
        grant: str,
        *,
        actor: Actor,
        reason: str | None = None,
        content: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Denies a request.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        reason: Why.
        content: The content hash of what the approver saw.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.deny(
                grant,
                actor=actor,
                reason=reason,
                content=content,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def withdraw(
        self,
        grant: str,
        *,
        actor: Actor,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Takes a request back.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.withdraw(
                grant,
                actor=actor,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def activate(
        self,
        grant: str,
        *,
        actor: Actor,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Begins access that waits for its holder.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.activate(
                grant,
                actor=actor,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def extend(
        self,
        grant: str,
        *,
        actor: Actor,
        span: timedelta | None = None,
        if_ends_at: datetime | None = None,
        reason: str | None = None,
        fields: Mapping[str, str] | None = None,
        holder: Person | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Moves a grant's end later.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        span: By how much; as much as the flow gives by itself where absent.
        if_ends_at: The end that was seen: the guard against a second click.
        reason: Why.
        fields: Further fields of the reason.
        holder: The holder's facts of today, where somebody else extends.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.extend(
                grant,
                actor=actor,
                span=span,
                if_ends_at=if_ends_at,
                reason=reason,
                fields=fields,
                holder=holder,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def approve_extension(
        self,
        grant: str,
        *,
        actor: Actor,
        reason: str | None = None,
        content: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Approves an extension.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        reason: Why.
        content: The content hash of the extension that the approver saw.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.approve_extension(
                grant,
                actor=actor,
                reason=reason,
                content=content,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def deny_extension(
        self,
        grant: str,
        *,
        actor: Actor,
        reason: str | None = None,
        content: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Denies an extension.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        reason: Why.
        content: The content hash of the extension that the approver saw.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.deny_extension(
                grant,
                actor=actor,
                reason=reason,
                content=content,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def give_back(
        self,
        grant: str,
        *,
        actor: Actor,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Ends access that is no longer needed.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.give_back(
                grant,
                actor=actor,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    @overload
    async def revoke(
        self,
        grant: str,
        *,
        actor: Actor,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant: ...

    @overload
    async def revoke(
        self,
        *,
        actor: Actor,
        person: str,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Revoked: ...

    @overload
    async def revoke(
        self,
        *,
        actor: Actor,
        flow: str,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Revoked: ...

    @overload
    async def revoke(
        self,
        *,
        actor: Actor,
        integration: str,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Revoked: ...

    @overload
    async def revoke(
        self,
        *,
        actor: Actor,
        item: Item,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Revoked: ...

    async def revoke(
        self,
        grant: str | None = None,
        *,
        actor: Actor,
        person: str | None = None,
        flow: str | None = None,
        integration: str | None = None,
        item: Item | None = None,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Any:
        """Ends somebody's access.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        person: The person whose access all of it is.
        flow: The flow it was asked for under.
        integration: The integration it is at.
        item: The item it is to.
        reason: Why.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        made: Any = calls.revoke
        return await self._ask(
            made(
                grant,
                actor=actor,
                person=person,
                flow=flow,
                integration=integration,
                item=item,
                reason=reason,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def review(
        self,
        grant: str,
        *,
        actor: Actor,
        reason: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Says that access taken in an emergency was looked at.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        reason: What came of it.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.review(
                grant,
                actor=actor,
                reason=reason,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def erase(
        self,
        grant: str,
        *,
        actor: Actor,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Erases what people wrote of a grant that is over.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        grant: The grant.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.erase(
                grant,
                actor=actor,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def publish(
        self,
        policy: Document,
        *,
        actor: Actor,
        format: Format | None = None,
        if_revision: str | None = None,
        command_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Published:
        """Puts a policy in force.

        actor: Who gives the command: a person with the facts the host vouches for, or
            `system:NAME`.
        policy: The policy document: fields by name, or a text with its `format`.
        format: What the text is written in.
        if_revision: The revision of the document that it replaces.
        command_id: The command id, so that giving it again is no second command; made up where
            absent.
        context: What the host says of the situation; conditions see it as `context`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.publish(
                policy,
                actor=actor,
                format=format,
                if_revision=if_revision,
                command_id=command_id,
                context=context,
                now=now,
            )
        )

    async def sweep(
        self,
        *,
        now: datetime | None = None,
    ) -> Swept:
        """Writes down what time has made true.

        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.sweep(
                now=now,
            )
        )

    async def take_effects(
        self,
        worker: str,
        lease: timedelta,
        *,
        integration: str | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> tuple[Taken, ...]:
        """Takes effects under a lease.

        worker: Who takes them.
        lease: For how long.
        integration: Only at this integration; notices are at none.
        limit: At most so many.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.take_effects(
                worker,
                lease,
                integration=integration,
                limit=limit,
                now=now,
            )
        )

    async def effect_done(
        self,
        effect: str,
        worker: str,
        *,
        already_held: Sequence[Item] = (),
        now: datetime | None = None,
    ) -> Grant:
        """Says that an effect was carried out.

        effect: The effect, `GRANT/NUMBER`.
        worker: Who carried it out.
        already_held: Items that the holder had before.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.effect_done(
                effect,
                worker,
                already_held=already_held,
                now=now,
            )
        )

    async def effect_failed(
        self,
        effect: str,
        worker: str,
        error: str,
        *,
        final: bool = False,
        now: datetime | None = None,
    ) -> Grant:
        """Says that an effect could not be carried out.

        effect: The effect, `GRANT/NUMBER`.
        worker: Who tried.
        error: What went wrong.
        final: Whether trying again is of no use.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.effect_failed(
                effect,
                worker,
                error,
                final=final,
                now=now,
            )
        )

    async def look(
        self,
        grant: str,
        *,
        now: datetime | None = None,
    ) -> Grant | None:
        """A grant as it stands.

        grant: The grant.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.look(
                grant,
                now=now,
            )
        )

    async def offer(
        self,
        grant: str,
        *,
        actor: Person,
        holder: Person | None = None,
        now: datetime | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Offer:
        """Whether and how a grant may be extended.

        grant: The grant.
        actor: The person.
        holder: The holder's facts of today, where the person is somebody else.
        now: The host's time; the store's clock where absent.
        context: What the host says of the situation.
        """
        return await self._ask(
            calls.offer(
                grant,
                actor=actor,
                holder=holder,
                now=now,
                context=context,
            )
        )

    async def explain(
        self,
        of: Call[Any],
        *,
        now: datetime | None = None,
    ) -> Explanation:
        """How each check of a command comes out. The command is not carried out.

        of: The command. Make it with `tenure.calls`.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.explain(
                of,
                now=now,
            )
        )

    async def holds(
        self,
        person: str,
        resource: Resource,
        permission: str,
        *,
        now: datetime | None = None,
    ) -> Verdict:
        """Whether a person holds a permission.

        person: The person.
        resource: The resource. Its facts may be handed in too; it is known by what it is called
            alone.
        permission: The permission.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.holds(
                person,
                resource,
                permission,
                now=now,
            )
        )

    async def who_has(
        self,
        resource: Resource,
        *,
        permission: str | None = None,
        at: datetime | None = None,
        now: datetime | None = None,
    ) -> Holders:
        """Who had a resource at an instant.

        resource: The resource. Its facts may be handed in too; it is known by what it is called
            alone.
        permission: The permission; all of them where absent.
        at: The instant; now where absent, or where it is still to come.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.who_has(
                resource,
                permission=permission,
                at=at,
                now=now,
            )
        )

    async def reconcile(
        self,
        *,
        held: Sequence[InHand] = (),
        integrations: Sequence[str] = (),
        now: datetime | None = None,
    ) -> Reconciled:
        """What targets hold, beside what they should hold.

        held: What they hold.
        integrations: Only these integrations; all of them where none is named.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.reconcile(
                held=held,
                integrations=integrations,
                now=now,
            )
        )

    async def compact(
        self,
        before: datetime,
        *,
        after: str | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Compacted:
        """Lets go of the details of grants that are long over.

        before: The instant.
        after: After this grant, in order of id.
        limit: At most so many grants are looked at.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.compact(
                before,
                after=after,
                limit=limit,
                now=now,
            )
        )

    async def list(
        self,
        *,
        holder: str | None = None,
        requester: str | None = None,
        flow: str | None = None,
        stage: Stage | None = None,
        item: Item | None = None,
        outcome: Outcome | None = None,
        awaits_review: bool | None = None,
        enforcement: Enforcement | None = None,
        after: str | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Grants:
        """Grants.

        holder: For this holder.
        requester: Asked by this person.
        flow: Under this flow.
        stage: In this stage.
        item: On this item.
        outcome: Closed with this outcome.
        awaits_review: Taken in an emergency, and awaiting its review, or not.
        enforcement: Where the targets have confirmed that much.
        after: After this grant, in order of id.
        limit: At most so many.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.list(
                holder=holder,
                requester=requester,
                flow=flow,
                stage=stage,
                item=item,
                outcome=outcome,
                awaits_review=awaits_review,
                enforcement=enforcement,
                after=after,
                limit=limit,
                now=now,
            )
        )

    async def inbox(
        self,
        *,
        actor: Person,
        after: str | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Grants:
        """Grants that await this person's decision.

        actor: The person.
        after: After this grant, in order of id.
        limit: At most so many.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.inbox(
                actor=actor,
                after=after,
                limit=limit,
                now=now,
            )
        )

    async def catalog(
        self,
        *,
        actor: Person,
        now: datetime | None = None,
    ) -> Flows:
        """Flows that this person may ask under.

        actor: The person.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.catalog(
                actor=actor,
                now=now,
            )
        )

    async def history(
        self,
        grant: str,
        *,
        now: datetime | None = None,
    ) -> Recorded:
        """What happened to a grant.

        grant: The grant.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.history(
                grant,
                now=now,
            )
        )

    async def records(
        self,
        *,
        after: int | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Recorded:
        """The whole record.

        after: After this position.
        limit: At most so many.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.records(
                after=after,
                limit=limit,
                now=now,
            )
        )

    async def export(
        self,
        *,
        after: int | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Exported:
        """The record as it is handed out to be checked elsewhere.

        after: After this position.
        limit: At most so many.
        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.export(
                after=after,
                limit=limit,
                now=now,
            )
        )

    async def checkpoint(
        self,
        *,
        now: datetime | None = None,
    ) -> Checkpoint:
        """How long the record is and what its root is, signed.

        now: The host's time; the store's clock where absent.
        """
        return await self._ask(
            calls.checkpoint(
                now=now,
            )
        )

    @overload
    async def prove(
        self,
        position: int,
        *,
        size: int | None = None,
        now: datetime | None = None,
    ) -> Inclusion: ...

    @overload
    async def prove(
        self,
        *,
        old: int,
        size: int | None = None,
        now: datetime | None = None,
    ) -> Consistency: ...

    async def prove(
        self,
        position: int | None = None,
        *,
        old: int | None = None,
        size: int | None = None,
        now: datetime | None = None,
    ) -> Any:
        """That a record is in the tree, or that one tree is the beginning of another.

        position: The record, by position from 1.
        old: How many records the earlier tree has.
        size: How many records the tree has; as many as there are where absent.
        now: The host's time; the store's clock where absent.
        """
        made: Any = calls.prove
        return await self._ask(
            made(
                position,
                old=old,
                size=size,
                now=now,
            )
        )
