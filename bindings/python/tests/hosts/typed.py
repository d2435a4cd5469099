"""A host that type checkers accept as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal, Optional

import tenure
from typing_extensions import assert_type

alice = tenure.Person("alice", groups=["sre"], authenticated=tenure.Login(datetime.now(timezone.utc), level="aal2"))
bob: tenure.Actor = tenure.Person("bob", groups=("leads",))
orders = tenure.Resource("prod-pg", "database", "prod-orders", labels={"env": "prod"})


def story(store: Path) -> None:
    with tenure.open(store, policy="flows.yaml", key=store.with_name("log.key")) as access:
        assert_type(access, tenure.Access)
        grant = access.request("prod-db", actor=alice, items=[orders.permission("read")], span=timedelta(hours=1))
        assert_type(grant, tenure.Grant)
        assert_type(grant.ends_at, Optional[datetime])
        assert_type(grant.stage, Literal["pending", "approved", "active", "closed"])
        assert_type(access.request(kit="desk", actor=alice), tenure.Grants)
        assert_type(access.revoke(grant.id, actor="system:host"), tenure.Grant)
        assert_type(access.revoke(person="alice", actor=bob), tenure.Revoked)
        assert_type(access.prove(1), tenure.Inclusion)
        assert_type(access.prove(old=1), tenure.Consistency)
        assert_type(access.look(grant.id), Optional[tenure.Grant])
        assert_type(access.take_effects("w", timedelta(minutes=1)), "tuple[tenure.Taken, ...]")
        offer = access.offer(grant.id, actor=alice)
        if offer:
            access.extend(grant.id, actor=alice, if_ends_at=offer.ends_at)
        verdict = access.holds("alice", orders, "read")
        assert_type(verdict, tenure.Verdict)
        assert_type(verdict.until, Optional[datetime])
        assert_type(tenure.calls.extend(grant.id, actor=alice), "tenure.Call[tenure.Grant]")
        assert_type(access.explain(tenure.calls.extend(grant.id, actor=alice)), tenure.Explanation)
        for effect in access.effects(worker="w"):
            with effect:
                if effect.order.hold is not None:
                    assert_type(effect.order.hold.items[0].until, datetime)
        try:
            access.withdraw(grant.id, actor=alice)
        except tenure.Refused as no:
            assert_type(no.details, Mapping[str, Any])
            assert_type(no.would_pass, Optional[tenure.WouldPass])
        except tenure.InvalidPolicy as wrong:
            assert_type(wrong.problems, "tuple[tenure.Problem, ...]")
        except tenure.Fault as fault:
            assert_type(fault.code, str)


async def awaited() -> None:
    async with tenure.aio.open("access.db") as access:
        grant = await access.request("prod-db", actor=alice)
        assert_type(grant, tenure.Grant)
        assert_type(await access.request(kit="desk", actor=alice), tenure.Grants)
        async for effect in access.effects(worker="w"):
            async with effect:
                assert_type(await effect.done(), tenure.Grant)
    again = await tenure.aio.open("access.db", key="log.key")
    await again.close()
