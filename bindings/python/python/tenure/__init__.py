"""Just-In-Time access: ask, approve, extend, end, prove.

    with tenure.open("access.db", policy="flows.yaml") as access:
        grant = access.request("prod-db", actor=alice, items=[orders.permission("read")], span=timedelta(hours=1))
"""

from . import _types, aio, calls
from ._access import Access, open
from ._effects import Effect
from ._errors import Fault, InvalidPolicy, Refused, TenureError
from ._tenure import __version__
from ._types import *  # noqa: F403
from ._wire import Call

__all__ = [
    "Access",
    "Call",
    "Effect",
    "Fault",
    "InvalidPolicy",
    "Refused",
    "TenureError",
    "__version__",
    "aio",
    "calls",
    "open",
]
__all__ += _types.__all__
