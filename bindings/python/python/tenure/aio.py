"""`tenure` for `asyncio`: the same methods, to be awaited. Each call waits on a thread of the loop's, never on the loop.

    async with tenure.aio.open("access.db", policy="flows.yaml") as access:
        grant = await access.request("prod-db", actor=alice, items=[...])

A call whose task is cancelled may still be carried out, as with every other system that was asked and not heard: give
it again with the same `command_id` to learn what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from ._access import Access
from ._async_methods import AsyncMethods
from ._effects import LEASE, AsyncEffect
from ._opening import Path, Policy
from ._wire import Call

__all__ = ["AsyncAccess", "AsyncEffect", "open"]

T = TypeVar("T")


def open(
    store: Path,
    *,
    policy: Policy | None = None,
    namespace: str | None = None,
    key: Path | None = None,
    clock: datetime | None = None,
    ids: Mapping[str, Any] | None = None,
) -> Opening:
    """Opens a store as `tenure.open` does: to be awaited, or used with `async with`."""
    return Opening(store, policy=policy, namespace=namespace, key=key, clock=clock, ids=ids)


class Opening:
    """A handle that is not open yet."""

    __slots__ = ("_asked", "_access")
    _asked: tuple[Path, dict[str, Any]]
    _access: AsyncAccess | None

    def __init__(self, store: Path, **asked: Any) -> None:
        self._asked = (store, asked)
        self._access = None

    async def _open(self) -> AsyncAccess:
        store, asked = self._asked
        return AsyncAccess(await asyncio.to_thread(Access, store, **asked))

    def __await__(self) -> Generator[Any, None, AsyncAccess]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncAccess:
        self._access = await self._open()
        return self._access

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._access is not None:
            await self._access.close()


class AsyncAccess(AsyncMethods):
    """A handle on a store whose methods are awaited. What they answer is as with `tenure.Access`: entries of `history()`
    and `records()`, too, are as they stand on record, with instants as texts.
    """

    __slots__ = ("_access", "_in_hand")
    _access: Access
    _in_hand: set[AsyncEffect]

    def __init__(self, access: Access) -> None:
        self._access = access
        self._in_hand = set()

    async def _ask(self, call: Call[T]) -> T:
        return await asyncio.to_thread(self._access._ask, call)

    @property
    def waiting(self) -> Access:
        """The same handle with methods that wait: for a question whose answer is quicker than a turn of the loop."""
        return self._access

    async def effects(
        self,
        *,
        worker: str,
        lease: timedelta = LEASE,
        integration: str | None = None,
    ) -> AsyncIterator[AsyncEffect]:
        """What the world must now be told to do, as `Access.effects`: done on the next turn, failed where the loop is
        left before. Python tells an asynchronous loop that it was left a little later, at the latest when the handle is
        closed; `async with effect:` reports at once.

        worker: Who does it.
        lease: For how long nobody else is handed the same; longer than the work takes.
        integration: Only at this integration; notices are at none.
        """
        while True:
            taken = await self.take_effects(worker, lease, integration=integration, limit=1)
            if not taken:
                return
            effect = AsyncEffect.handed(taken[0], self._ask)
            self._in_hand.add(effect)
            try:
                yield effect
            except BaseException as left:
                await effect.left(left)
                raise
            finally:
                self._in_hand.discard(effect)
            await effect.next_turn()

    async def set_clock(self, now: datetime) -> None:
        """For tests: what the clock shows that the handle was opened with."""
        await asyncio.to_thread(self._access.set_clock, now)

    async def close(self) -> None:
        """Closes the store once calls in flight have their answers. What a loop that was left still has in hand is
        reported as failed before."""
        while self._in_hand:
            await self._in_hand.pop().left(GeneratorExit())
        await asyncio.to_thread(self._access.close)

    async def __aenter__(self) -> AsyncAccess:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
