"""What calls take, and what they answer.

Printed by `cargo xtask gen` from the schemas of the port: change those instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Union

from ._wire import ANY, FACTS, FLAG, INSTANT, SPAN, TEXT, WHOLE, Shape, actor, by_name, listed, one

__all__ = [
    "Level",
    "Login",
    "Person",
    "Resource",
    "Asked",
    "Item",
    "Format",
    "InHand",
    "Stage",
    "Outcome",
    "Enforcement",
    "Extensions",
    "ExtensionAsked",
    "Review",
    "Grant",
    "Revoked",
    "Lacking",
    "NeededLogin",
    "Missing",
    "WouldPass",
    "Refusal",
    "Need",
    "Offer",
    "CheckVerdict",
    "Check",
    "Explanation",
    "Verdict",
    "Holder",
    "Holders",
    "Past",
    "Surplus",
    "Owed",
    "Reconciled",
    "Compacted",
    "Grants",
    "Flow",
    "Flows",
    "Recorded",
    "Written",
    "ExportedRecord",
    "Exported",
    "Checkpoint",
    "Inclusion",
    "Consistency",
    "Published",
    "Swept",
    "Given",
    "Credential",
    "HeldItem",
    "Hold",
    "Kept",
    "Remove",
    "Rotate",
    "Notice",
    "Tell",
    "Order",
    "Taken",
    "Problem",
    "Actor",
    "Document",
]


Level = Literal[
    # One factor.
    "aal1",
    # Two factors.
    "aal2",
    # A hardware-based authenticator.
    "aal3",
]
"""An authenticator assurance level (NIST SP 800-63B)."""


@dataclass(frozen=True, init=False, repr=False)
class Login(Shape):
    """A login."""

    __slots__ = ("at", "methods", "level",)
    _wire = (
        ("at", INSTANT, True, False),
        ("methods", listed(TEXT), False, False),
        ("level", TEXT, False, True),
    )
    at: datetime
    """When it happened."""
    methods: tuple[str, ...]
    """Authentication method references (RFC 8176)."""
    level: Level | None
    """The authenticator assurance level (NIST SP 800-63B)."""

    def __init__(
        self,
        at: datetime,
        *,
        methods: Sequence[str] = (),
        level: Level | None = None,
    ) -> None:
        self._fill((at, methods, level,))


@dataclass(frozen=True, init=False, repr=False)
class Person(Shape):
    """A person as the host vouches for them."""

    __slots__ = ("id", "aliases", "acts_for", "groups", "roles", "manager", "attributes",
        "authenticated",)
    _wire = (
        ("id", TEXT, True, False),
        ("aliases", listed(TEXT), False, False),
        ("acts_for", TEXT, False, True),
        ("groups", listed(TEXT), False, False),
        ("roles", listed(TEXT), False, False),
        ("manager", TEXT, False, True),
        ("attributes", FACTS, False, True),
        ("authenticated", one(Login), False, True),
    )
    id: str
    """The one id, opaque and never reused."""
    aliases: tuple[str, ...]
    """Other ids of the same person."""
    acts_for: str | None
    """The human behind a workload or bot."""
    groups: tuple[str, ...]
    """Groups, by name."""
    roles: tuple[str, ...]
    """Roles, by name."""
    manager: str | None
    """Their manager."""
    attributes: Mapping[str, Any] | None
    """Whatever else conditions look at."""
    authenticated: Login | None
    """How they proved who they are; absent without a login."""

    def __init__(
        self,
        id: str,
        *,
        aliases: Sequence[str] = (),
        acts_for: str | None = None,
        groups: Sequence[str] = (),
        roles: Sequence[str] = (),
        manager: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        authenticated: Login | None = None,
    ) -> None:
        self._fill((id, aliases, acts_for, groups, roles, manager, attributes, authenticated,))


@dataclass(frozen=True, init=False, repr=False)
class Resource(Shape):
    """A resource with the facts the host vouches for."""

    __slots__ = ("integration", "type", "name", "labels", "owners", "attributes",)
    _wire = (
        ("integration", TEXT, True, False),
        ("type", TEXT, True, False),
        ("name", TEXT, True, False),
        ("labels", by_name(TEXT), False, False),
        ("owners", listed(TEXT), False, False),
        ("attributes", FACTS, False, True),
    )
    integration: str
    """The instance."""
    type: str
    """The type."""
    name: str
    """The name in its integration."""
    labels: Mapping[str, str]
    """Labels that flows select by."""
    owners: tuple[str, ...]
    """Its owners as selectors: `user:`, `group:`, `role:`."""
    attributes: Mapping[str, Any] | None
    """Whatever else conditions look at."""

    def __init__(
        self,
        integration: str,
        type: str,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        owners: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self._fill((integration, type, name, labels, owners, attributes,))

    def permission(self, permission: str) -> Asked:
        """One item to ask for: this resource, and a permission on it."""
        return Asked(self, permission)


@dataclass(frozen=True, init=False, repr=False)
class Asked(Shape):
    """One item with the facts of its resource."""

    __slots__ = ("resource", "permission",)
    _wire = (
        ("resource", one(Resource), True, False),
        ("permission", TEXT, True, False),
    )
    resource: Resource
    """The resource."""
    permission: str
    """The permission."""

    def __init__(
        self,
        resource: Resource,
        permission: str,
    ) -> None:
        self._fill((resource, permission,))


@dataclass(frozen=True, init=False, repr=False)
class Item(Shape):
    """One resource and one permission on it."""

    __slots__ = ("integration", "type", "name", "permission",)
    _wire = (
        ("integration", TEXT, True, False),
        ("type", TEXT, True, False),
        ("name", TEXT, True, False),
        ("permission", TEXT, True, False),
    )
    integration: str
    """The instance."""
    type: str
    """The type."""
    name: str
    """The name in its integration."""
    permission: str
    """The permission."""

    def __init__(
        self,
        integration: str,
        type: str,
        name: str,
        permission: str,
    ) -> None:
        self._fill((integration, type, name, permission,))


Format = Literal[
    # YAML 1.2.
    "yaml",
    # TOML 1.0.
    "toml",
    # JSON.
    "json",
]
"""What a policy text is written in."""


@dataclass(frozen=True, init=False, repr=False)
class InHand(Shape):
    """One item in one person's hands at a target, as the orders to workers name it."""

    __slots__ = ("holder", "integration", "type", "name", "permission", "grant",)
    _wire = (
        ("holder", TEXT, True, False),
        ("integration", TEXT, True, False),
        ("type", TEXT, True, False),
        ("name", TEXT, True, False),
        ("permission", TEXT, True, False),
        ("grant", TEXT, False, True),
    )
    holder: str
    """Who holds it."""
    integration: str
    """The instance."""
    type: str
    """The type."""
    name: str
    """The name in its integration."""
    permission: str
    """The permission."""
    grant: str | None
    """Of `ephemeral` access the grant whose own account it is."""

    def __init__(
        self,
        holder: str,
        integration: str,
        type: str,
        name: str,
        permission: str,
        *,
        grant: str | None = None,
    ) -> None:
        self._fill((holder, integration, type, name, permission, grant,))


Stage = Literal[
    # It waits for decisions.
    "pending",
    # It was approved and waits to begin.
    "approved",
    # Access runs.
    "active",
    # It is over.
    "closed",
]
"""A stage of a grant's life."""


Outcome = Literal[
    # Approvers said no.
    "denied",
    # Requester or holder took it back.
    "withdrawn",
    # Nobody decided in time.
    "undecided",
    # It never began.
    "unused",
    # Its end came.
    "expired",
    # The holder no longer needed it.
    "given_back",
    # Somebody ended it.
    "revoked",
]
"""How a grant ended."""


Enforcement = Literal[
    # Nothing was told.
    "none",
    # Access is being given, or its end moved.
    "applying",
    # Access was given.
    "applied",
    # Access is being taken away.
    "removing",
    # Access was taken away.
    "removed",
    # Giving has failed too often.
    "stuck_applying",
    # Removing has failed too often.
    "stuck_removing",
]
"""What targets have confirmed."""


@dataclass(frozen=True, repr=False)
class Extensions(Shape):
    """Extensions so far, and how many are left."""

    __slots__ = ("used", "left", "pending",)
    _wire = (
        ("used", WHOLE, True, False),
        ("left", WHOLE, True, False),
        ("pending", WHOLE, True, False),
    )
    used: int
    """Granted."""
    left: int
    """Left under the rules that govern it."""
    pending: int
    """Awaiting a decision."""


@dataclass(frozen=True, repr=False)
class ExtensionAsked(Shape):
    """An extension that awaits its decision, as its approvers see it."""

    __slots__ = ("by", "at", "span", "ends_at", "decide_by", "reason", "fields", "content",)
    _wire = (
        ("by", TEXT, True, False),
        ("at", INSTANT, True, False),
        ("span", SPAN, True, False),
        ("ends_at", INSTANT, True, False),
        ("decide_by", INSTANT, True, False),
        ("reason", TEXT, False, True),
        ("fields", by_name(TEXT), False, False),
        ("content", TEXT, True, False),
    )
    by: str
    """Who asked."""
    at: datetime
    """When."""
    span: timedelta
    """By how much, in milliseconds."""
    ends_at: datetime
    """The end that was asked: what is approved."""
    decide_by: datetime
    """When it lapses."""
    reason: str | None
    """Why."""
    fields: Mapping[str, str]
    """Further fields of the reason."""
    content: str
    """The hash of all that approvers decide on."""


@dataclass(frozen=True, repr=False)
class Review(Shape):
    """The review of access that was taken in an emergency."""

    __slots__ = ("due", "reviewed_by",)
    _wire = (
        ("due", INSTANT, True, False),
        ("reviewed_by", TEXT, False, True),
    )
    due: datetime
    """When it is due."""
    reviewed_by: str | None
    """Who reviewed it, where somebody did."""


@dataclass(frozen=True, repr=False)
class Grant(Shape):
    """A grant as it stands."""

    __slots__ = ("id", "flow", "revision", "holder", "requester", "stage", "outcome", "waiting_for",
        "requested_at", "decide_by", "starts_at", "ends_at", "held_until", "closed_at", "asked",
        "granted", "clipped", "items", "reason", "fields", "content", "extensions",
        "extension_asked", "enforcement", "break_glass", "review",)
    _wire = (
        ("id", TEXT, True, False),
        ("flow", TEXT, True, False),
        ("revision", TEXT, True, False),
        ("holder", TEXT, True, False),
        ("requester", TEXT, True, False),
        ("stage", TEXT, True, False),
        ("outcome", TEXT, False, True),
        ("waiting_for", TEXT, False, True),
        ("requested_at", INSTANT, True, False),
        ("decide_by", INSTANT, False, True),
        ("starts_at", INSTANT, False, True),
        ("ends_at", INSTANT, False, True),
        ("held_until", INSTANT, False, True),
        ("closed_at", INSTANT, False, True),
        ("asked", SPAN, True, False),
        ("granted", SPAN, True, False),
        ("clipped", FLAG, True, False),
        ("items", listed(one(Item)), True, False),
        ("reason", TEXT, False, True),
        ("fields", by_name(TEXT), False, False),
        ("content", TEXT, True, False),
        ("extensions", one(Extensions), True, False),
        ("extension_asked", one(ExtensionAsked), False, True),
        ("enforcement", TEXT, True, False),
        ("break_glass", FLAG, False, False),
        ("review", one(Review), False, True),
    )
    id: str
    """The grant's id."""
    flow: str
    """The flow."""
    revision: str
    """The flow's revision it was asked under."""
    holder: str
    """Whom the access is for."""
    requester: str
    """Who asked."""
    stage: Stage
    """Where it stands."""
    outcome: Outcome | None
    """How it ended, once closed."""
    waiting_for: str | None
    """What an approved grant waits for."""
    requested_at: datetime
    """When it was asked for."""
    decide_by: datetime | None
    """Until when a pending request can be decided."""
    starts_at: datetime | None
    """Since when access runs; before that the planned start."""
    ends_at: datetime | None
    """Its end, once it runs."""
    held_until: datetime | None
    """Until when access is held, while it runs."""
    closed_at: datetime | None
    """When it was closed."""
    asked: timedelta
    """The span asked for, in milliseconds."""
    granted: timedelta
    """The span granted, in milliseconds."""
    clipped: bool
    """Whether hours or the flow's `until` shortened it."""
    items: tuple[Item, ...]
    """Its scope."""
    reason: str | None
    """Why it was asked for."""
    fields: Mapping[str, str]
    """Further fields of the reason."""
    content: str
    """The hash of all that approvers decide on."""
    extensions: Extensions
    """Extensions so far, and how many are left."""
    extension_asked: ExtensionAsked | None
    """The extension that awaits its decision."""
    enforcement: Enforcement
    """What the targets have confirmed."""
    break_glass: bool
    """Whether it was taken in an emergency, without approval."""
    review: Review | None
    """The review that it needs, where it was taken in an emergency."""


@dataclass(frozen=True, repr=False)
class Revoked(Shape):
    """What a revocation of many found."""

    __slots__ = ("revoked", "not_allowed",)
    _wire = (
        ("revoked", listed(TEXT), True, False),
        ("not_allowed", listed(TEXT), True, False),
    )
    revoked: tuple[str, ...]
    """Grants that ended, in order of id."""
    not_allowed: tuple[str, ...]
    """Grants that the actor may not revoke, in order of id. They are untouched."""


@dataclass(frozen=True, repr=False)
class Lacking(Shape):
    """A text that a reason lacks, or that does not fit."""

    __slots__ = ("field", "min_length", "pattern",)
    _wire = (
        ("field", TEXT, True, False),
        ("min_length", WHOLE, False, True),
        ("pattern", TEXT, False, True),
    )
    field: str
    """The field; `reason` is the reason itself."""
    min_length: int | None
    """The fewest characters."""
    pattern: str | None
    """What it must look like: a regular expression."""


@dataclass(frozen=True, repr=False)
class NeededLogin(Shape):
    """The login that is needed, as a step-up challenge asks for it."""

    __slots__ = ("max_age", "level", "methods",)
    _wire = (
        ("max_age", SPAN, False, True),
        ("level", TEXT, False, True),
        ("methods", listed(TEXT), False, False),
    )
    max_age: timedelta | None
    """How old it may be."""
    level: Level | None
    """At which level at least."""
    methods: tuple[str, ...]
    """By any one of these methods; any where empty."""


@dataclass(frozen=True, repr=False)
class Missing(Shape):
    """A step that names too few people."""

    __slots__ = ("step", "missing",)
    _wire = (
        ("step", TEXT, True, False),
        ("missing", WHOLE, True, False),
    )
    step: str
    """The step."""
    missing: int
    """How many more people it would have to name."""


@dataclass(frozen=True, repr=False)
class WouldPass(Shape):
    """The smallest change to what was asked that would pass, all of it together."""

    __slots__ = ("span", "at", "start", "if_ends_at", "without", "only", "reason", "login",
        "approvers",)
    _wire = (
        ("span", SPAN, False, True),
        ("at", INSTANT, False, True),
        ("start", INSTANT, False, True),
        ("if_ends_at", INSTANT, False, True),
        ("without", listed(one(Item)), False, False),
        ("only", listed(one(Item)), False, False),
        ("reason", listed(one(Lacking)), False, False),
        ("login", one(NeededLogin), False, True),
        ("approvers", listed(one(Missing)), False, False),
    )
    span: timedelta | None
    """The same with this span, in milliseconds."""
    at: datetime | None
    """The same, asked at this time, nothing else having happened."""
    start: datetime | None
    """The same with this planned start."""
    if_ends_at: datetime | None
    """The same, having seen this end."""
    without: tuple[Item, ...]
    """The same without these items."""
    only: tuple[Item, ...]
    """The same with only these items."""
    reason: tuple[Lacking, ...]
    """The same with a reason in which these texts fit."""
    login: NeededLogin | None
    """The same after such a login."""
    approvers: tuple[Missing, ...]
    """The same with more people named in these steps: what only the author of the policy can
    change."""


@dataclass(frozen=True, repr=False)
class Refusal(Shape):
    """The rules say no."""

    __slots__ = ("code", "message", "details", "would_pass",)
    _wire = (
        ("code", TEXT, True, False),
        ("message", TEXT, True, False),
        ("details", by_name(ANY), False, False),
        ("would_pass", one(WouldPass), False, True),
    )
    code: str
    """The stable code."""
    message: str
    """What is wrong, in words."""
    details: Mapping[str, Any]
    """What a program needs to know about it: instants, spans in milliseconds, numbers, texts."""
    would_pass: WouldPass | None
    """The smallest change that would pass, where the rule knows it."""


Need = Literal[
    # A reason.
    "reason",
    # A fresher or stronger login.
    "mfa",
    # Somebody's approval.
    "approval",
]
"""What an extension must bring."""


@dataclass(frozen=True, repr=False)
class Offer(Shape):
    """Whether and how a grant may be extended."""

    __slots__ = ("allowed", "refused", "opens_at", "default", "min", "max", "used", "left",
        "latest_end", "needs", "ends_at",)
    _wire = (
        ("allowed", FLAG, True, False),
        ("refused", one(Refusal), False, True),
        ("opens_at", INSTANT, False, True),
        ("default", SPAN, False, True),
        ("min", SPAN, False, True),
        ("max", SPAN, False, True),
        ("used", WHOLE, True, False),
        ("left", WHOLE, True, False),
        ("latest_end", INSTANT, False, True),
        ("needs", listed(TEXT), True, False),
        ("ends_at", INSTANT, False, True),
    )
    allowed: bool
    """Whether `extend` would pass now, given what is needed."""
    refused: Refusal | None
    """The refusal, where it would not."""
    opens_at: datetime | None
    """From when it would, where the rules know that."""
    default: timedelta | None
    """The span that one click gives, in milliseconds."""
    min: timedelta | None
    """The smallest span that passes now, in milliseconds."""
    max: timedelta | None
    """The largest span that passes now, in milliseconds."""
    used: int
    """Extensions granted so far."""
    left: int
    """Extensions left."""
    latest_end: datetime | None
    """The latest end that the rules allow; absent if nothing bounds it."""
    needs: tuple[Need, ...]
    """What the click must bring."""
    ends_at: datetime | None
    """The end as it stands: hand it in with the click."""

    def __bool__(self) -> bool:
        return self.allowed


CheckVerdict = Literal[
    # Nothing is wrong.
    "pass",
    # This is the refusal.
    "fail",
    # An earlier check refused.
    "unreached",
]
"""How a check came out."""


@dataclass(frozen=True, repr=False)
class Check(Shape):
    """One code, and how its check came out."""

    __slots__ = ("code", "verdict",)
    _wire = (
        ("code", TEXT, True, False),
        ("verdict", TEXT, True, False),
    )
    code: str
    """The code."""
    verdict: CheckVerdict
    """How it came out."""


@dataclass(frozen=True, repr=False)
class Explanation(Shape):
    """How each check of a command comes out."""

    __slots__ = ("checks", "refused",)
    _wire = (
        ("checks", listed(one(Check)), True, False),
        ("refused", one(Refusal), False, True),
    )
    checks: tuple[Check, ...]
    """The codes in the order in which they are checked."""
    refused: Refusal | None
    """The refusal, where the command would be refused."""


@dataclass(frozen=True, repr=False)
class Verdict(Shape):
    """Whether access is held."""

    __slots__ = ("allowed", "grant", "until",)
    _wire = (
        ("allowed", FLAG, True, False),
        ("grant", TEXT, False, True),
        ("until", INSTANT, False, True),
    )
    allowed: bool
    """Whether it is."""
    grant: str | None
    """By which grant."""
    until: datetime | None
    """Until when, as things stand."""

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, repr=False)
class Holder(Shape):
    """Access that somebody had."""

    __slots__ = ("person", "permission", "grant", "since", "until",)
    _wire = (
        ("person", TEXT, True, False),
        ("permission", TEXT, True, False),
        ("grant", TEXT, True, False),
        ("since", INSTANT, True, False),
        ("until", INSTANT, True, False),
    )
    person: str
    """Who."""
    permission: str
    """The permission."""
    grant: str
    """Under which grant."""
    since: datetime
    """Since when."""
    until: datetime
    """Until when; of access that runs, as things stand."""


@dataclass(frozen=True, repr=False)
class Holders(Shape):
    """Who had a resource at an instant."""

    __slots__ = ("at", "holders",)
    _wire = (
        ("at", INSTANT, True, False),
        ("holders", listed(one(Holder)), True, False),
    )
    at: datetime
    """The instant: the one that was asked, or now where that is still to come."""
    holders: tuple[Holder, ...]
    """Who, in order of permission, person and grant."""


@dataclass(frozen=True, repr=False)
class Past(Shape):
    """A grant that is over and had put an item there."""

    __slots__ = ("grant", "outcome", "closed_at", "underway", "held_before",)
    _wire = (
        ("grant", TEXT, True, False),
        ("outcome", TEXT, True, False),
        ("closed_at", INSTANT, True, False),
        ("underway", FLAG, True, False),
        ("held_before", FLAG, True, False),
    )
    grant: str
    """The grant."""
    outcome: Outcome
    """How it ended."""
    closed_at: datetime
    """When."""
    underway: bool
    """Whether the effect that takes it away is not finished."""
    held_before: bool
    """Whether the holder had it before."""


@dataclass(frozen=True, repr=False)
class Surplus(Shape):
    """What is held and no grant gives."""

    __slots__ = ("holder", "integration", "type", "name", "permission", "grant", "last",)
    _wire = (
        ("holder", TEXT, True, False),
        ("integration", TEXT, True, False),
        ("type", TEXT, True, False),
        ("name", TEXT, True, False),
        ("permission", TEXT, True, False),
        ("grant", TEXT, False, True),
        ("last", one(Past), False, True),
    )
    holder: str
    """Who holds it."""
    integration: str
    """The instance."""
    type: str
    """The type."""
    name: str
    """The name in its integration."""
    permission: str
    """The permission."""
    grant: str | None
    """Of `ephemeral` access the grant whose own account it is."""
    last: Past | None
    """The last grant that put it there; absent where this store knows of none."""


@dataclass(frozen=True, repr=False)
class Owed(Shape):
    """What a target should hold."""

    __slots__ = ("holder", "integration", "type", "name", "permission", "grant", "by", "until",
        "underway",)
    _wire = (
        ("holder", TEXT, True, False),
        ("integration", TEXT, True, False),
        ("type", TEXT, True, False),
        ("name", TEXT, True, False),
        ("permission", TEXT, True, False),
        ("grant", TEXT, False, True),
        ("by", TEXT, True, False),
        ("until", INSTANT, True, False),
        ("underway", FLAG, True, False),
    )
    holder: str
    """Who should hold it."""
    integration: str
    """The instance."""
    type: str
    """The type."""
    name: str
    """The name in its integration."""
    permission: str
    """The permission."""
    grant: str | None
    """Of `ephemeral` access the grant whose own account it is."""
    by: str
    """For which grant."""
    until: datetime
    """Until when."""
    underway: bool
    """Whether an effect that gives it is not finished."""


@dataclass(frozen=True, repr=False)
class Reconciled(Shape):
    """What targets hold, beside what they should hold."""

    __slots__ = ("at", "agree", "held_not_granted", "granted_not_held", "held_before",)
    _wire = (
        ("at", INSTANT, True, False),
        ("agree", WHOLE, True, False),
        ("held_not_granted", listed(one(Surplus)), True, False),
        ("granted_not_held", listed(one(Owed)), True, False),
        ("held_before", listed(one(Surplus)), True, False),
    )
    at: datetime
    """The instant that was looked at."""
    agree: int
    """How much is held and should be."""
    held_not_granted: tuple[Surplus, ...]
    """Held, and no grant gives it."""
    granted_not_held: tuple[Owed, ...]
    """Granted, and not held."""
    held_before: tuple[Surplus, ...]
    """Held, and the holder had it before the last grant that gave it: no difference."""


@dataclass(frozen=True, repr=False)
class Compacted(Shape):
    """Of how many grants details were let go."""

    __slots__ = ("before", "compacted", "next",)
    _wire = (
        ("before", INSTANT, True, False),
        ("compacted", WHOLE, True, False),
        ("next", TEXT, False, True),
    )
    before: datetime
    """What ended before this instant was: the one that was asked, and nothing that a quota still
    looks at."""
    compacted: int
    """Of how many grants."""
    next: str | None
    """Ask again after this one; absent where nothing is left."""


@dataclass(frozen=True, repr=False)
class Grants(Shape):
    """Grants, and where the list goes on."""

    __slots__ = ("grants", "next",)
    _wire = (
        ("grants", listed(one(Grant)), True, False),
        ("next", TEXT, False, True),
    )
    grants: tuple[Grant, ...]
    """The grants."""
    next: str | None
    """Ask again after this one; absent where nothing is left."""


@dataclass(frozen=True, repr=False)
class Flow(Shape):
    """A flow as a requester sees it."""

    __slots__ = ("id", "title", "description", "labels", "revision", "break_glass",)
    _wire = (
        ("id", TEXT, True, False),
        ("title", TEXT, False, True),
        ("description", TEXT, False, True),
        ("labels", by_name(TEXT), False, True),
        ("revision", TEXT, True, False),
        ("break_glass", FLAG, False, False),
    )
    id: str
    """The flow's id."""
    title: str | None
    """What it is called."""
    description: str | None
    """What it is for."""
    labels: Mapping[str, str] | None
    """Its labels, by which a host sorts what it shows."""
    revision: str
    """The revision in force."""
    break_glass: bool
    """Whether this person may take it in an emergency, without approval."""


@dataclass(frozen=True, repr=False)
class Flows(Shape):
    """Flows that a person may ask under."""

    __slots__ = ("flows",)
    _wire = (
        ("flows", listed(one(Flow)), True, False),
    )
    flows: tuple[Flow, ...]
    """The flows."""


@dataclass(frozen=True, repr=False)
class Recorded(Shape):
    """Lines of the record."""

    __slots__ = ("records",)
    _wire = (
        ("records", listed(by_name(ANY)), True, False),
    )
    records: tuple[Mapping[str, Any], ...]
    """The lines, in order of `position`: events, refusals, policies and revocations of many."""


@dataclass(frozen=True, repr=False)
class Written(Shape):
    """What people wrote of a record, and what it is hashed with."""

    __slots__ = ("salt", "texts",)
    _wire = (
        ("salt", TEXT, True, False),
        ("texts", by_name(TEXT), True, False),
    )
    salt: str
    """The salt."""
    texts: Mapping[str, str]
    """The texts, by their place in the record."""


@dataclass(frozen=True, repr=False)
class ExportedRecord(Shape):
    """A record as it is handed out."""

    __slots__ = ("position", "hash", "leaf", "written",)
    _wire = (
        ("position", WHOLE, True, False),
        ("hash", TEXT, True, False),
        ("leaf", TEXT, True, False),
        ("written", one(Written), False, True),
    )
    position: int
    """Its position, from 1."""
    hash: str
    """The hash of its leaf (RFC 6962)."""
    leaf: str
    """The leaf: the text that the hash is over."""
    written: Written | None
    """What people wrote of it; absent where they wrote nothing, or where that was erased."""


@dataclass(frozen=True, repr=False)
class Exported(Shape):
    """Records as they are handed out to be checked elsewhere."""

    __slots__ = ("exported",)
    _wire = (
        ("exported", listed(one(ExportedRecord)), True, False),
    )
    exported: tuple[ExportedRecord, ...]
    """The records, in order of `position`."""


@dataclass(frozen=True, repr=False)
class Checkpoint(Shape):
    """A signed checkpoint."""

    __slots__ = ("checkpoint", "key",)
    _wire = (
        ("checkpoint", TEXT, True, False),
        ("key", TEXT, True, False),
    )
    checkpoint: str
    """A signed note (C2SP `tlog-checkpoint`)."""
    key: str
    """The public key, as tools of signed notes take it."""


@dataclass(frozen=True, repr=False)
class Inclusion(Shape):
    """That a record is in the tree (RFC 6962)."""

    __slots__ = ("position", "size", "root", "leaf", "hash", "proof",)
    _wire = (
        ("position", WHOLE, True, False),
        ("size", WHOLE, True, False),
        ("root", TEXT, True, False),
        ("leaf", TEXT, True, False),
        ("hash", TEXT, True, False),
        ("proof", listed(TEXT), True, False),
    )
    position: int
    """The record's position, from 1."""
    size: int
    """How many records the tree has."""
    root: str
    """The root of the tree."""
    leaf: str
    """The leaf: the text that the hash is over."""
    hash: str
    """The hash of the leaf."""
    proof: tuple[str, ...]
    """The hashes beside the way from leaf to root."""


@dataclass(frozen=True, repr=False)
class Consistency(Shape):
    """That one tree is the beginning of another (RFC 6962)."""

    __slots__ = ("old", "old_root", "size", "root", "proof",)
    _wire = (
        ("old", WHOLE, True, False),
        ("old_root", TEXT, True, False),
        ("size", WHOLE, True, False),
        ("root", TEXT, True, False),
        ("proof", listed(TEXT), True, False),
    )
    old: int
    """How many records the earlier tree has."""
    old_root: str
    """The root of the earlier tree."""
    size: int
    """How many records the later tree has."""
    root: str
    """The root of the later tree."""
    proof: tuple[str, ...]
    """The hashes that lead from both roots to each other."""


@dataclass(frozen=True, repr=False)
class Published(Shape):
    """The policy in force."""

    __slots__ = ("published",)
    _wire = (
        ("published", TEXT, True, False),
    )
    published: str
    """The revision of the document."""


@dataclass(frozen=True, repr=False)
class Swept(Shape):
    """What a sweep settled."""

    __slots__ = ("people", "events",)
    _wire = (
        ("people", WHOLE, True, False),
        ("events", WHOLE, True, False),
    )
    people: int
    """People whose grants were settled."""
    events: int
    """Events that were written."""


Given = Literal[
    # The holder's own account gets more permissions.
    "elevation",
    # Each grant has an account of its own.
    "ephemeral",
    # The holder gets a secret out of a vault.
    "vaulted",
]
"""What is given to the holder at the target."""


Credential = Literal[
    # A password.
    "password",
    # An access key.
    "access_key",
    # A certificate.
    "certificate",
    # A token.
    "token",
]
"""A type of credential."""


@dataclass(frozen=True, repr=False)
class HeldItem(Shape):
    """An item with the latest end that holds for it."""

    __slots__ = ("item", "until",)
    _wire = (
        ("item", one(Item), True, False),
        ("until", INSTANT, True, False),
    )
    item: Item
    """The item."""
    until: datetime
    """Until when it is held."""


@dataclass(frozen=True, repr=False)
class Hold(Shape):
    """Give these items, or tell the target their ends."""

    __slots__ = ("at", "kind", "credential", "items",)
    _wire = (
        ("at", TEXT, True, False),
        ("kind", TEXT, True, False),
        ("credential", TEXT, False, True),
        ("items", listed(one(HeldItem)), True, False),
    )
    at: str
    """The target."""
    kind: Given
    """What is given to the holder."""
    credential: Credential | None
    """What credential is handed out."""
    items: tuple[HeldItem, ...]
    """Each item with the latest end of all the holder's grants that cover it."""


@dataclass(frozen=True, repr=False)
class Kept(Shape):
    """An item that stays because another grant of the holder covers it."""

    __slots__ = ("item", "by", "until",)
    _wire = (
        ("item", one(Item), True, False),
        ("by", TEXT, True, False),
        ("until", INSTANT, True, False),
    )
    item: Item
    """The item."""
    by: str
    """The grant it is kept for: the latest end, then the smallest id."""
    until: datetime
    """Until when."""


@dataclass(frozen=True, repr=False)
class Remove(Shape):
    """Take these items away."""

    __slots__ = ("at", "kind", "remove", "keep", "outcome", "cut_sessions",)
    _wire = (
        ("at", TEXT, True, False),
        ("kind", TEXT, True, False),
        ("remove", listed(one(Item)), True, False),
        ("keep", listed(one(Kept)), True, False),
        ("outcome", TEXT, True, True),
        ("cut_sessions", FLAG, True, False),
    )
    at: str
    """The target."""
    kind: Given
    """What is given to the holder."""
    remove: tuple[Item, ...]
    """Items to remove."""
    keep: tuple[Kept, ...]
    """Items that another grant keeps."""
    outcome: Outcome | None
    """How the grant ended; `null` where it goes on."""
    cut_sessions: bool
    """Whether sessions that live on must be cut."""


@dataclass(frozen=True, repr=False)
class Rotate(Shape):
    """Make the credential that was handed out worthless."""

    __slots__ = ("at", "kind", "credential", "items", "keep",)
    _wire = (
        ("at", TEXT, True, False),
        ("kind", TEXT, True, False),
        ("credential", TEXT, True, False),
        ("items", listed(one(Item)), True, False),
        ("keep", listed(one(Kept)), True, False),
    )
    at: str
    """The target."""
    kind: Given
    """What is given to the holder."""
    credential: Credential
    """What credential was handed out."""
    items: tuple[Item, ...]
    """Items that the grant gave there."""
    keep: tuple[Kept, ...]
    """Items that another grant keeps: whoever holds those needs the new credential."""


Notice = Literal[
    # A request awaits a decision.
    "approval_wanted",
    # A request or an extension has waited so long that more people are asked.
    "escalated",
    # A decision was taken, or will not be.
    "decided",
    # Access has begun.
    "active",
    # Access was taken in an emergency.
    "break_glass",
    # Access will end soon.
    "ending_soon",
    # An extension awaits a decision.
    "extension_wanted",
    # The end was moved.
    "extended",
    # Access has ended.
    "ended",
    # An effect is stuck.
    "stuck",
    # Access taken in an emergency was not reviewed in time.
    "review_due",
]
"""What a notice is about."""


@dataclass(frozen=True, repr=False)
class Tell(Shape):
    """Tell people."""

    __slots__ = ("notice", "to", "ends",)
    _wire = (
        ("notice", TEXT, True, False),
        ("to", listed(TEXT), True, False),
        ("ends", INSTANT, False, True),
    )
    notice: Notice
    """What about."""
    to: tuple[str, ...]
    """Whom: selectors and channels."""
    ends: datetime | None
    """The end that the notice speaks of."""


@dataclass(frozen=True, repr=False)
class Order(Shape):
    """What is to be done, computed when the effect was taken: exactly one of these."""

    __slots__ = ("hold", "remove", "rotate", "tell",)
    _wire = (
        ("hold", one(Hold), False, True),
        ("remove", one(Remove), False, True),
        ("rotate", one(Rotate), False, True),
        ("tell", one(Tell), False, True),
    )
    hold: Hold | None
    """Give these items, or tell the target their ends."""
    remove: Remove | None
    """Take these items away."""
    rotate: Rotate | None
    """Make the credential that was handed out worthless."""
    tell: Tell | None
    """Tell people."""


@dataclass(frozen=True, repr=False)
class Taken(Shape):
    """What a worker is handed."""

    __slots__ = ("id", "grant", "number", "kind", "holder", "attempt", "worker", "lease_until",
        "order",)
    _wire = (
        ("id", TEXT, True, False),
        ("grant", TEXT, True, False),
        ("number", WHOLE, True, False),
        ("kind", TEXT, True, False),
        ("holder", TEXT, True, False),
        ("attempt", WHOLE, True, False),
        ("worker", TEXT, True, False),
        ("lease_until", INSTANT, True, False),
        ("order", one(Order), True, False),
    )
    id: str
    """Its id, `GRANT/NUMBER`, the same at every attempt: report with it."""
    grant: str
    """The grant."""
    number: int
    """The effect's number in it."""
    kind: str
    """The effect's kind: `provision`, `notify:active`."""
    holder: str
    """Whom the access is for."""
    attempt: int
    """Which attempt this is, from 1."""
    worker: str
    """Who has it."""
    lease_until: datetime
    """When the lease runs out."""
    order: Order
    """What is to be done."""


@dataclass(frozen=True, repr=False)
class Problem(Shape):
    """One thing that is wrong with a policy, or with the call itself."""

    __slots__ = ("code", "path", "file", "line", "column", "message", "help",)
    _wire = (
        ("code", TEXT, True, False),
        ("path", TEXT, True, False),
        ("file", TEXT, False, True),
        ("line", WHOLE, False, True),
        ("column", WHOLE, False, True),
        ("message", TEXT, True, False),
        ("help", TEXT, False, True),
    )
    code: str
    """What sort it is."""
    path: str
    """The path of the field."""
    file: str | None
    """The file, where the document has files."""
    line: int | None
    """The line, from 1."""
    column: int | None
    """The column in characters, from 1."""
    message: str
    """What is wrong."""
    help: str | None
    """What would be right."""


Actor = Union[Person, str]
"""Who gives a command: a person, or `system:NAME` for the host itself."""

Document = Union[str, Mapping[str, Any]]
"""A policy document: a text, or fields by name."""

ACTOR = actor(Person)
