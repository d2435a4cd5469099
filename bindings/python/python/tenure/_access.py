"""The handle that waits for its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from . import calls
from ._effects import LEASE, Effect
from ._errors import answered, raised
from ._methods import Methods
from ._opening import Path, Policy, opened
from ._tenure import Handle
from ._types import Resource, Verdict
from ._wire import INSTANT, Call, instant_of, millis_of, misread

T = TypeVar("T")

_NOT_HELD = Verdict(allowed=False, grant=None, until=None)
# Half of what the question at the door costs would be the making of its answer: a frozen class is slow to fill.
_allowed, _grant, _until = (vars(Verdict)[slot].__set__ for slot in ("allowed", "grant", "until"))


def _held(grant: str | None, until: int | None) -> Verdict:
    """`Verdict(True, ...)`, at half the cost."""
    verdict = object.__new__(Verdict)
    _allowed(verdict, True)
    _grant(verdict, grant)
    _until(verdict, None if until is None else instant_of(until))
    return verdict


def open(
    store: Path,
    *,
    policy: Policy | None = None,
    namespace: str | None = None,
    key: Path | None = None,
    clock: datetime | None = None,
    ids: Mapping[str, Any] | None = None,
) -> Access:
    """Opens a store: the path of a SQLite file, which is made where there is none, `:memory:`, or the URL of a
    PostgreSQL database.

    policy: The policy that shall be in force: a path, a document as a dict, or a text as
        {"text": ..., "format": "yaml"}. What is in force stays where absent.
    namespace: The tenant; `default` where absent.
    key: What signs checkpoints, made by `tenure audit key`: the path of its file, or its text, which begins with
        `PRIVATE+KEY+`. Where absent, `checkpoint()` is the Fault `signer`.
    clock: For tests: time stands still at this instant, until `set_clock`.
    ids: For tests: ids that are made up are counted, {"prefix": "test"}.

    Raises InvalidPolicy and Fault.
    """
    return Access(store, policy=policy, namespace=namespace, key=key, clock=clock, ids=ids)


class Access(Methods):
    """A handle on a store, for any number of threads. A forked child opens its own.

    Instants in answers are datetimes and spans timedeltas; but entries of `history()` and `records()` are as they stand
    on record: dicts with the names of the contract, instants as texts, spans in milliseconds.
    """

    __slots__ = ("_handle", "_stands")
    _handle: Handle
    _stands: bool

    def __init__(
        self,
        store: Path,
        *,
        policy: Policy | None = None,
        namespace: str | None = None,
        key: Path | None = None,
        clock: datetime | None = None,
        ids: Mapping[str, Any] | None = None,
    ) -> None:
        self._handle = opened(store, policy, namespace, key, clock, ids)
        self._stands = clock is not None

    def _ask(self, call: Call[T]) -> T:
        return call.read(answered(self._handle.call(call.json)))

    def holds(
        self,
        person: str,
        resource: Resource,
        permission: str,
        *,
        now: datetime | None = None,
    ) -> Verdict:
        """Whether a person holds a permission on a resource: true where it is so, and never an exception for a no.

        person: The person.
        resource: The resource; it is known by what it is called alone.
        permission: The permission.
        now: The host's time; the store's clock where absent.
        """
        try:
            held = self._handle.holds(
                person,
                resource.integration,
                resource.type,
                resource.name,
                permission,
                None if now is None else millis_of("now", now),
            )
        except (AttributeError, TypeError, UnicodeError):
            # What does not fit is told in the words of every other call.
            return self._ask(calls.holds(person, resource, permission, now=now))
        if held is None:
            return _NOT_HELD
        if isinstance(held, str):
            raise raised(json.loads(held))
        return _held(*held)

    def effects(
        self,
        *,
        worker: str,
        lease: timedelta = LEASE,
        integration: str | None = None,
    ) -> Iterator[Effect]:
        """What the world must now be told to do, one after the other, until nothing is left to do now.

        An effect is reported as done when the loop comes to its next turn, and as failed when the loop is left before:
        by an exception, `break` or `return`. A loop does not learn which of them it was; where the words of the
        exception shall be told, or the loop shall go on after it, put the work into `with effect:`. An effect that
        failed is handed out again after a pause; `effect.done()` and `effect.failed(...)` report at once.

        worker: Who does it.
        lease: For how long nobody else is handed the same; longer than the work takes.
        integration: Only at this integration; notices are at none.
        """
        while True:
            taken = self.take_effects(worker, lease, integration=integration, limit=1)
            if not taken:
                return
            effect = Effect.handed(taken[0], self._ask)
            try:
                yield effect
            except BaseException as left:
                effect.left(left)
                raise
            effect.next_turn()

    def set_clock(self, now: datetime) -> None:
        """For tests: what the clock shows that the handle was opened with."""
        if not self._stands:
            raise misread("out_of_range", "clock", "only a handle that was opened with `clock` has one that can be set")
        told = INSTANT.write(INSTANT.take("now", now))
        answered(self._handle.call(json.dumps({"call": "clock", "now": told})))

    def close(self) -> None:
        """Closes the store once calls in flight have their answers. Every later call is a Fault; closing again does
        nothing."""
        self._handle.close()

    def __enter__(self) -> Access:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
