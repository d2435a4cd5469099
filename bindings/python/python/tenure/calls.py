"""Calls as values: what each method of a handle asks.

`access.explain(tenure.calls.extend(...))` says how each check of a command would come out.

Printed by `cargo xtask gen` from the schemas of the port: change those instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from ._wire import (
    CALL,
    DOCUMENT,
    FACTS,
    FLAG,
    INSTANT,
    SPAN,
    TEXT,
    WHOLE,
    Call,
    by_field,
    by_name,
    call,
    listed,
    maybe,
    one,
)
from ._types import (
    ACTOR,
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


_REQUEST = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("flow", TEXT),
    ("kit", TEXT),
    ("items", listed(one(Asked))),
    ("span", SPAN),
    ("start", INSTANT),
    ("reason", TEXT),
    ("fields", by_name(TEXT)),
    ("holder", one(Person)),
    ("break_glass", FLAG),
    ("resources", listed(one(Resource))),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


@overload
def request(
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
) -> Call[Grant]: ...


@overload
def request(
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
) -> Call[Grants]: ...


def request(
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
) -> Call[Any]:
    """Asks for access."""
    return call("request", by_field(flow=one(Grant), kit=one(Grants)), _REQUEST, (actor, grant,
        flow, kit, items, span, start, reason, fields, holder, break_glass, resources, command_id,
        context, now,))


_APPROVE = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("span", SPAN),
    ("only", listed(one(Item))),
    ("reason", TEXT),
    ("content", TEXT),
    ("holder", one(Person)),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def approve(
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
) -> Call[Grant]:
    """Approves a request."""
    return call("approve", one(Grant), _APPROVE, (actor, grant, span, only, reason, content, holder,
        command_id, context, now,))


_DENY = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("reason", TEXT),
    ("content", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def deny(
    grant: str,
    *,
    actor: Actor,
    reason: str | None = None,
    content: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Denies a request."""
    return call("deny", one(Grant), _DENY, (actor, grant, reason, content, command_id, context,
        now,))


_WITHDRAW = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def withdraw(
    grant: str,
    *,
    actor: Actor,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Takes a request back."""
    return call("withdraw", one(Grant), _WITHDRAW, (actor, grant, command_id, context, now,))


_ACTIVATE = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def activate(
    grant: str,
    *,
    actor: Actor,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Begins access that waits for its holder."""
    return call("activate", one(Grant), _ACTIVATE, (actor, grant, command_id, context, now,))


_EXTEND = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("span", SPAN),
    ("if_ends_at", INSTANT),
    ("reason", TEXT),
    ("fields", by_name(TEXT)),
    ("holder", one(Person)),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def extend(
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
) -> Call[Grant]:
    """Moves a grant's end later."""
    return call("extend", one(Grant), _EXTEND, (actor, grant, span, if_ends_at, reason, fields,
        holder, command_id, context, now,))


_APPROVE_EXTENSION = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("reason", TEXT),
    ("content", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def approve_extension(
    grant: str,
    *,
    actor: Actor,
    reason: str | None = None,
    content: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Approves an extension."""
    return call("approve_extension", one(Grant), _APPROVE_EXTENSION, (actor, grant, reason, content,
        command_id, context, now,))


_DENY_EXTENSION = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("reason", TEXT),
    ("content", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def deny_extension(
    grant: str,
    *,
    actor: Actor,
    reason: str | None = None,
    content: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Denies an extension."""
    return call("deny_extension", one(Grant), _DENY_EXTENSION, (actor, grant, reason, content,
        command_id, context, now,))


_GIVE_BACK = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def give_back(
    grant: str,
    *,
    actor: Actor,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Ends access that is no longer needed."""
    return call("give_back", one(Grant), _GIVE_BACK, (actor, grant, command_id, context, now,))


_REVOKE = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("person", TEXT),
    ("flow", TEXT),
    ("integration", TEXT),
    ("item", one(Item)),
    ("reason", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


@overload
def revoke(
    grant: str,
    *,
    actor: Actor,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]: ...


@overload
def revoke(
    *,
    actor: Actor,
    person: str,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Revoked]: ...


@overload
def revoke(
    *,
    actor: Actor,
    flow: str,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Revoked]: ...


@overload
def revoke(
    *,
    actor: Actor,
    integration: str,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Revoked]: ...


@overload
def revoke(
    *,
    actor: Actor,
    item: Item,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Revoked]: ...


def revoke(
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
) -> Call[Any]:
    """Ends somebody's access."""
    return call("revoke", by_field(grant=one(Grant), person=one(Revoked), flow=one(Revoked),
        integration=one(Revoked), item=one(Revoked)), _REVOKE, (actor, grant, person, flow,
        integration, item, reason, command_id, context, now,))


_REVIEW = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("reason", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def review(
    grant: str,
    *,
    actor: Actor,
    reason: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Says that access taken in an emergency was looked at."""
    return call("review", one(Grant), _REVIEW, (actor, grant, reason, command_id, context, now,))


_ERASE = (
    ("actor", ACTOR),
    ("grant", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def erase(
    grant: str,
    *,
    actor: Actor,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Grant]:
    """Erases what people wrote of a grant that is over."""
    return call("erase", one(Grant), _ERASE, (actor, grant, command_id, context, now,))


_PUBLISH = (
    ("actor", ACTOR),
    ("policy", DOCUMENT),
    ("format", TEXT),
    ("if_revision", TEXT),
    ("command_id", TEXT),
    ("context", FACTS),
    ("now", INSTANT),
)


def publish(
    policy: Document,
    *,
    actor: Actor,
    format: Format | None = None,
    if_revision: str | None = None,
    command_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Call[Published]:
    """Puts a policy in force."""
    return call("publish", one(Published), _PUBLISH, (actor, policy, format, if_revision,
        command_id, context, now,))


_SWEEP = (
    ("now", INSTANT),
)


def sweep(
    *,
    now: datetime | None = None,
) -> Call[Swept]:
    """Writes down what time has made true."""
    return call("sweep", one(Swept), _SWEEP, (now,))


_TAKE_EFFECTS = (
    ("worker", TEXT),
    ("lease", SPAN),
    ("integration", TEXT),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def take_effects(
    worker: str,
    lease: timedelta,
    *,
    integration: str | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Call[tuple[Taken, ...]]:
    """Takes effects under a lease."""
    return call("take_effects", listed(one(Taken)), _TAKE_EFFECTS, (worker, lease, integration,
        limit, now,))


_EFFECT_DONE = (
    ("effect", TEXT),
    ("worker", TEXT),
    ("already_held", listed(one(Item))),
    ("now", INSTANT),
)


def effect_done(
    effect: str,
    worker: str,
    *,
    already_held: Sequence[Item] = (),
    now: datetime | None = None,
) -> Call[Grant]:
    """Says that an effect was carried out."""
    return call("effect_done", one(Grant), _EFFECT_DONE, (effect, worker, already_held, now,))


_EFFECT_FAILED = (
    ("effect", TEXT),
    ("worker", TEXT),
    ("error", TEXT),
    ("final", FLAG),
    ("now", INSTANT),
)


def effect_failed(
    effect: str,
    worker: str,
    error: str,
    *,
    final: bool = False,
    now: datetime | None = None,
) -> Call[Grant]:
    """Says that an effect could not be carried out."""
    return call("effect_failed", one(Grant), _EFFECT_FAILED, (effect, worker, error, final, now,))


_LOOK = (
    ("grant", TEXT),
    ("now", INSTANT),
)


def look(
    grant: str,
    *,
    now: datetime | None = None,
) -> Call[Grant | None]:
    """A grant as it stands."""
    return call("look", maybe(one(Grant)), _LOOK, (grant, now,))


_OFFER = (
    ("grant", TEXT),
    ("actor", one(Person)),
    ("holder", one(Person)),
    ("now", INSTANT),
    ("context", FACTS),
)


def offer(
    grant: str,
    *,
    actor: Person,
    holder: Person | None = None,
    now: datetime | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[Offer]:
    """Whether and how a grant may be extended."""
    return call("offer", one(Offer), _OFFER, (grant, actor, holder, now, context,))


_EXPLAIN = (
    ("of", CALL),
    ("now", INSTANT),
)


def explain(
    of: Call[Any],
    *,
    now: datetime | None = None,
) -> Call[Explanation]:
    """How each check of a command comes out. The command is not carried out."""
    return call("explain", one(Explanation), _EXPLAIN, (of, now,))


_HOLDS = (
    ("person", TEXT),
    ("resource", one(Resource)),
    ("permission", TEXT),
    ("now", INSTANT),
)


def holds(
    person: str,
    resource: Resource,
    permission: str,
    *,
    now: datetime | None = None,
) -> Call[Verdict]:
    """Whether a person holds a permission."""
    return call("holds", one(Verdict), _HOLDS, (person, resource, permission, now,))


_WHO_HAS = (
    ("resource", one(Resource)),
    ("permission", TEXT),
    ("at", INSTANT),
    ("now", INSTANT),
)


def who_has(
    resource: Resource,
    *,
    permission: str | None = None,
    at: datetime | None = None,
    now: datetime | None = None,
) -> Call[Holders]:
    """Who had a resource at an instant."""
    return call("who_has", one(Holders), _WHO_HAS, (resource, permission, at, now,))


_RECONCILE = (
    ("held", listed(one(InHand))),
    ("integrations", listed(TEXT)),
    ("now", INSTANT),
)


def reconcile(
    *,
    held: Sequence[InHand] = (),
    integrations: Sequence[str] = (),
    now: datetime | None = None,
) -> Call[Reconciled]:
    """What targets hold, beside what they should hold."""
    return call("reconcile", one(Reconciled), _RECONCILE, (held, integrations, now,))


_COMPACT = (
    ("before", INSTANT),
    ("after", TEXT),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def compact(
    before: datetime,
    *,
    after: str | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Call[Compacted]:
    """Lets go of the details of grants that are long over."""
    return call("compact", one(Compacted), _COMPACT, (before, after, limit, now,))


_LIST = (
    ("holder", TEXT),
    ("requester", TEXT),
    ("flow", TEXT),
    ("stage", TEXT),
    ("item", one(Item)),
    ("outcome", TEXT),
    ("awaits_review", FLAG),
    ("enforcement", TEXT),
    ("after", TEXT),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def list(
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
) -> Call[Grants]:
    """Grants."""
    return call("list", one(Grants), _LIST, (holder, requester, flow, stage, item, outcome,
        awaits_review, enforcement, after, limit, now,))


_INBOX = (
    ("actor", one(Person)),
    ("after", TEXT),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def inbox(
    *,
    actor: Person,
    after: str | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Call[Grants]:
    """Grants that await this person's decision."""
    return call("inbox", one(Grants), _INBOX, (actor, after, limit, now,))


_CATALOG = (
    ("actor", one(Person)),
    ("now", INSTANT),
)


def catalog(
    *,
    actor: Person,
    now: datetime | None = None,
) -> Call[Flows]:
    """Flows that this person may ask under."""
    return call("catalog", one(Flows), _CATALOG, (actor, now,))


_HISTORY = (
    ("grant", TEXT),
    ("now", INSTANT),
)


def history(
    grant: str,
    *,
    now: datetime | None = None,
) -> Call[Recorded]:
    """What happened to a grant."""
    return call("history", one(Recorded), _HISTORY, (grant, now,))


_RECORDS = (
    ("after", WHOLE),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def records(
    *,
    after: int | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Call[Recorded]:
    """The whole record."""
    return call("records", one(Recorded), _RECORDS, (after, limit, now,))


_EXPORT = (
    ("after", WHOLE),
    ("limit", WHOLE),
    ("now", INSTANT),
)


def export(
    *,
    after: int | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Call[Exported]:
    """The record as it is handed out to be checked elsewhere."""
    return call("export", one(Exported), _EXPORT, (after, limit, now,))


_CHECKPOINT = (
    ("now", INSTANT),
)


def checkpoint(
    *,
    now: datetime | None = None,
) -> Call[Checkpoint]:
    """How long the record is and what its root is, signed."""
    return call("checkpoint", one(Checkpoint), _CHECKPOINT, (now,))


_PROVE = (
    ("position", WHOLE),
    ("old", WHOLE),
    ("size", WHOLE),
    ("now", INSTANT),
)


@overload
def prove(
    position: int,
    *,
    size: int | None = None,
    now: datetime | None = None,
) -> Call[Inclusion]: ...


@overload
def prove(
    *,
    old: int,
    size: int | None = None,
    now: datetime | None = None,
) -> Call[Consistency]: ...


def prove(
    position: int | None = None,
    *,
    old: int | None = None,
    size: int | None = None,
    now: datetime | None = None,
) -> Call[Any]:
    """That a record is in the tree, or that one tree is the beginning of another."""
    return call("prove", by_field(position=one(Inclusion), old=one(Consistency)), _PROVE, (position,
        old, size, now,))
