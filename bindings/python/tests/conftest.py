from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import tenure

NINE = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
ALICE = tenure.Person("alice", groups=["sre"], attributes={"department": "engineering"})
BOB = tenure.Person("bob", groups=["leads"])
ORDERS = tenure.Resource("prod-pg", "database", "prod-orders", labels={"env": "prod"})
POLICY: dict[str, Any] = {
    "version": 1,
    "flows": [
        {
            "id": "prod-db",
            "who": {"any": ["group:sre"]},
            "what": [{"integration": "prod-pg", "type": "database", "permissions": ["read", "write"]}],
            "duration": {"max": "2h"},
            "approval": {"steps": [{"approvers": ["group:leads"]}]},
            "extension": {"times": 2, "span": {"default": "30m", "max": "1h"}, "total": "4h"},
        },
        {
            "id": "quick",
            "who": {"any": ["group:sre"]},
            "what": [{"integration": "quick", "permissions": ["use"]}],
            "duration": {"max": "1h"},
            "approval": "automatic",
        },
    ],
    "kits": [
        {
            "id": "desk",
            "items": [
                {"flow": "quick", "integration": "quick", "type": "desk", "name": "one", "permission": "use"},
                {"flow": "prod-db", "integration": "prod-pg", "type": "database", "name": "crm", "permission": "read"},
            ],
        }
    ],
}


@pytest.fixture
def access() -> Iterator[tenure.Access]:
    """In memory, at nine, with ids that are counted."""
    with tenure.open(":memory:", policy=POLICY, clock=NINE, ids={"prefix": "test"}) as access:
        yield access


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "access.db"


def quick(access: tenure.Access, **more: Any) -> tenure.Grant:
    """Access that runs at once."""
    desk = tenure.Resource("quick", "desk", more.pop("name", "one"))
    return access.request("quick", actor=ALICE, items=[desk.permission("use")], span=HOUR, **more)


def active(access: tenure.Access) -> tenure.Grant:
    """Access that alice asked for and bob approved."""
    asked = access.request("prod-db", actor=ALICE, items=[ORDERS.permission("read")], span=HOUR, reason="INC-7")
    return access.approve(asked.id, actor=BOB)
