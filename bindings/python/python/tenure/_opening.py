"""Opening a handle, and closing all of them when the interpreter ends."""

from __future__ import annotations

import atexit
import json
import os
import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Union

from ._errors import Fault, TenureError, raised
from ._tenure import Handle, close_all
from ._wire import DOCUMENT, INSTANT, TEXT, text_of

Path = Union[str, "os.PathLike[str]"]
Policy = Union[str, "os.PathLike[str]", Mapping[str, Any]]

# How long the end of the interpreter waits for calls in flight.
_LAST_WAIT_MILLIS = 10_000

_open: weakref.WeakSet[Handle] = weakref.WeakSet()


def opened(
    store: Path,
    policy: Policy | None,
    namespace: str | None,
    key: Path | None,
    clock: datetime | None,
    ids: Mapping[str, Any] | None,
) -> Handle:
    """A handle, opened with what a host says; what is absent is left to the port."""
    config: dict[str, Any] = {"store": _path("store", store)}
    if policy is not None:
        config["policy"] = (
            DOCUMENT.take("policy", policy) if isinstance(policy, Mapping) else _path("policy", policy)
        )
    if namespace is not None:
        config["namespace"] = TEXT.take("namespace", namespace)
    if key is not None:
        config["key"] = _path("key", key)
    if clock is not None:
        config["clock"] = INSTANT.write(INSTANT.take("clock", clock))
    if ids is not None:
        config["ids"] = DOCUMENT.take("ids", ids)
    handle = Handle.open(json.dumps(config, allow_nan=False))
    if isinstance(handle, str):
        raise _named(config["store"], raised(json.loads(handle)))
    _open.add(handle)
    return handle


def _named(store: str, error: TenureError) -> TenureError:
    """A fault names the file that could not be opened; a URL, which may hold a password, is not shown."""
    if not isinstance(error, Fault) or store == ":memory:" or "://" in store or store in error.message:
        return error
    return Fault(error.code, f"`{store}`: {error.message}")


def _path(field: str, value: object) -> str:
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if isinstance(path, str):
            return text_of(field, path)
    # Its type alone: a URL may hold a password, and a key is one.
    raise TypeError(f"`{field}` takes a path, not {type(value).__name__}")


@atexit.register
def _close_all() -> None:
    """Threads that are left running find their handle closed, instead of an interpreter that is gone: what is in
    flight gets its answer first."""
    close_all(list(_open), _LAST_WAIT_MILLIS)
