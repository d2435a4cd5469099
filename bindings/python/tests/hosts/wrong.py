"""A host that type checkers refuse: once in each line that says so, and nowhere else."""

from __future__ import annotations

import tenure

alice = tenure.Person("alice")
orders = tenure.Resource("prod-pg", "database", "prod-orders")
access = tenure.open(":memory:")
access.request("prod-db", actor="alice" and 7)  # wrong
access.request("prod-db")  # wrong
access.request("prod-db", kit="desk", actor=alice)  # wrong
access.request("prod-db", actor=alice, span="1h")  # wrong
access.request("prod-db", actor=alice, items=[orders])  # wrong
access.request("prod-db", actor=alice, approved_by="bob")  # wrong
access.revoke("g1", person="alice", actor=alice)  # wrong
access.list(stage="open")  # wrong
access.holds(alice, orders, "read")  # wrong
access.look("g1").id  # wrong
access.look("g1", actor=alice)  # wrong
alice.id = "eve"  # wrong
access.effects("w")  # wrong
