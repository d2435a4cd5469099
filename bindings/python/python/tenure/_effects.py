"""An effect in the hands of a worker."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from types import TracebackType
from typing import Any

from . import calls
from ._errors import TenureError
from ._types import Grant, Item, Taken
from ._wire import Call

LEASE = timedelta(minutes=1)

# The port takes no longer text than this; the end of a longer one is left out.
_ERROR_CHARS_MAX = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


class _InHand(Taken):
    """What both forms have in common: it is reported once."""

    __slots__ = ("_ask", "_reported")
    _ask: Callable[[Call[Grant]], Any]
    _reported: bool

    @classmethod
    def _slots(cls) -> tuple[str, ...]:
        return Taken.__slots__

    def _hand(self, taken: Taken, ask: Callable[[Call[Grant]], Any]) -> None:
        for slot in Taken.__slots__:
            object.__setattr__(self, slot, getattr(taken, slot))
        object.__setattr__(self, "_ask", ask)
        object.__setattr__(self, "_reported", False)

    def _report(self, call: Call[Grant]) -> Any:
        # Before the call: whatever comes of it, nobody reports again.
        object.__setattr__(self, "_reported", True)
        return self._ask(call)

    def _done(self, already_held: Iterable[Item]) -> Any:
        return self._report(calls.effect_done(self.id, self.worker, already_held=tuple(already_held)))

    def _failed(self, error: str, final: bool) -> Any:
        if not isinstance(error, str):
            raise TypeError(f"`error` takes a str, not {error!r}")
        # Names of files may hold what is no text. That something failed is told all the same.
        words = _SURROGATE.sub("\ufffd", error[:_ERROR_CHARS_MAX]) or "no words"
        return self._report(calls.effect_failed(self.id, self.worker, words, final=final))

    @property
    def reported(self) -> bool:
        """Whether it was reported as done or failed."""
        return self._reported


def told(error: BaseException) -> str:
    """An exception in words."""
    if isinstance(error, GeneratorExit):
        return "the worker left its loop before this was done"
    words = str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


class Effect(_InHand):
    """An effect that a worker was handed. As a context it is done when the body ends, and failed when it raises."""

    __slots__ = ()

    @classmethod
    def handed(cls, taken: Taken, ask: Callable[[Call[Grant]], Grant]) -> Effect:
        effect = object.__new__(cls)
        effect._hand(taken, ask)
        return effect

    def done(self, *, already_held: Iterable[Item] = ()) -> Grant:
        """Says that it was carried out.

        already_held: Items that the holder had before, so that they are not taken away at the end.
        """
        grant: Grant = self._done(already_held)
        return grant

    def failed(self, error: str, *, final: bool = False) -> Grant:
        """Says that it could not be carried out.

        error: What went wrong.
        final: Whether trying again is of no use.
        """
        grant: Grant = self._failed(error, final)
        return grant

    def next_turn(self) -> None:
        if not self._reported:
            self.done()

    def left(self, error: BaseException) -> None:
        if not self._reported:
            try:
                self.failed(told(error))
            except TenureError:
                # Nobody would hear of it, and the exception that ended the work matters more: the lease runs out.
                pass

    def __enter__(self) -> Effect:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.next_turn()
        else:
            self.left(error)


class AsyncEffect(_InHand):
    """The same for `asyncio`."""

    __slots__ = ()

    @classmethod
    def handed(cls, taken: Taken, ask: Callable[[Call[Grant]], Awaitable[Grant]]) -> AsyncEffect:
        effect = object.__new__(cls)
        effect._hand(taken, ask)
        return effect

    async def done(self, *, already_held: Iterable[Item] = ()) -> Grant:
        """Says that it was carried out.

        already_held: Items that the holder had before, so that they are not taken away at the end.
        """
        grant: Grant = await self._done(already_held)
        return grant

    async def failed(self, error: str, *, final: bool = False) -> Grant:
        """Says that it could not be carried out.

        error: What went wrong.
        final: Whether trying again is of no use.
        """
        grant: Grant = await self._failed(error, final)
        return grant

    async def next_turn(self) -> None:
        if not self._reported:
            await self.done()

    async def left(self, error: BaseException) -> None:
        if not self._reported:
            try:
                await self.failed(told(error))
            except TenureError:
                pass

    async def __aenter__(self) -> AsyncEffect:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self.next_turn()
        else:
            await self.left(error)
