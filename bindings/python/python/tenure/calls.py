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
    ("actor", ACTOR, True),
    ("grant", TEXT, False),
    ("flow", TEXT, False),
    ("kit", TEXT, False),
    ("items", listed(one(Asked)), False),
    ("span", SPAN, False),
    ("start", INSTANT, False),
    ("reason", TEXT, False),
    ("fields", by_name(TEXT), False),
    ("holder", one(Person), False),
    ("break_glass", FLAG, False),
    ("resources", listed(one(Resource)), False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("span", SPAN, False),
    ("only", listed(one(Item)), False),
    ("reason", TEXT, False),
    ("content", TEXT, False),
    ("holder", one(Person), False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("reason", TEXT, False),
    ("content", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("span", SPAN, False),
    ("if_ends_at", INSTANT, False),
    ("reason", TEXT, False),
    ("fields", by_name(TEXT), False),
    ("holder", one(Person), False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("reason", TEXT, False),
    ("content", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("reason", TEXT, False),
    ("content", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, False),
    ("person", TEXT, False),
    ("flow", TEXT, False),
    ("integration", TEXT, False),
    ("item", one(Item), False),
    ("reason", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("reason", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("grant", TEXT, True),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("actor", ACTOR, True),
    ("policy", DOCUMENT, True),
    ("format", TEXT, False),
    ("if_revision", TEXT, False),
    ("command_id", TEXT, False),
    ("context", FACTS, False),
    ("now", INSTANT, False),
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
    ("now", INSTANT, False),
)


def sweep(
    *,
    now: datetime | None = None,
) -> Call[Swept]:
    """Writes down what time has made true."""
    return call("sweep", one(Swept), _SWEEP, (now,))


_TAKE_EFFECTS = (
    ("worker", TEXT, True),
    ("lease", SPAN, True),
    ("integration", TEXT, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("effect", TEXT, True),
    ("worker", TEXT, True),
    ("already_held", listed(one(Item)), False),
    ("now", INSTANT, False),
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
    ("effect", TEXT, True),
    ("worker", TEXT, True),
    ("error", TEXT, True),
    ("final", FLAG, False),
    ("now", INSTANT, False),
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
    ("grant", TEXT, True),
    ("now", INSTANT, False),
)


def look(
    grant: str,
    *,
    now: datetime | None = None,
) -> Call[Grant | None]:
    """A grant as it stands."""
    return call("look", maybe(one(Grant)), _LOOK, (grant, now,))


_OFFER = (
    ("grant", TEXT, True),
    ("actor", one(Person), True),
    ("holder", one(Person), False),
    ("now", INSTANT, False),
    ("context", FACTS, False),
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
    ("of", CALL, True),
    ("now", INSTANT, False),
)


def explain(
    of: Call[Any],
    *,
    now: datetime | None = None,
) -> Call[Explanation]:
    """How each check of a command comes out. The command is not carried out."""
    return call("explain", one(Explanation), _EXPLAIN, (of, now,))


_HOLDS = (
    ("person", TEXT, True),
    ("resource", one(Resource), True),
    ("permission", TEXT, True),
    ("now", INSTANT, False),
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
    ("resource", one(Resource), True),
    ("permission", TEXT, False),
    ("at", INSTANT, False),
    ("now", INSTANT, False),
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
    ("held", listed(one(InHand)), False),
    ("integrations", listed(TEXT), False),
    ("now", INSTANT, False),
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
    ("before", INSTANT, True),
    ("after", TEXT, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("holder", TEXT, False),
    ("requester", TEXT, False),
    ("flow", TEXT, False),
    ("stage", TEXT, False),
    ("item", one(Item), False),
    ("outcome", TEXT, False),
    ("awaits_review", FLAG, False),
    ("enforcement", TEXT, False),
    ("after", TEXT, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("actor", one(Person), True),
    ("after", TEXT, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("actor", one(Person), True),
    ("now", INSTANT, False),
)


def catalog(
    *,
    actor: Person,
    now: datetime | None = None,
) -> Call[Flows]:
    """Flows that this person may ask under."""
    return call("catalog", one(Flows), _CATALOG, (actor, now,))


_HISTORY = (
    ("grant", TEXT, True),
    ("now", INSTANT, False),
)


def history(
    grant: str,
    *,
    now: datetime | None = None,
) -> Call[Recorded]:
    """What happened to a grant."""
    return call("history", one(Recorded), _HISTORY, (grant, now,))


_RECORDS = (
    ("after", WHOLE, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("after", WHOLE, False),
    ("limit", WHOLE, False),
    ("now", INSTANT, False),
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
    ("now", INSTANT, False),
)


def checkpoint(
    *,
    now: datetime | None = None,
) -> Call[Checkpoint]:
    """How long the record is and what its root is, signed."""
    return call("checkpoint", one(Checkpoint), _CHECKPOINT, (now,))


_PROVE = (
    ("position", WHOLE, False),
    ("old", WHOLE, False),
    ("size", WHOLE, False),
    ("now", INSTANT, False),
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
