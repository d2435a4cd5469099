"""What a host does, as the documentation of the API shows it."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import inspect
import json
import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tenure
from conftest import ALICE, BOB, HOUR, NINE, ORDERS, POLICY, active, quick

# What `tenure audit key` writes into a file.
KEY = "PRIVATE+KEY+audit.example.com+ca808ced+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
CONFIG = Path(__file__).parents[3] / "crates" / "port" / "schema" / "config.schema.json"


def test_a_story_reads_as_promised(store: Path, tmp_path: Path) -> None:
    flows = tmp_path / "flows.json"
    flows.write_text(json.dumps(POLICY))
    with tenure.open(store, policy=flows) as access:
        grant = access.request(
            "prod-db", actor=ALICE, items=[ORDERS.permission("read")], span=timedelta(hours=1), reason="INC-7"
        )
        assert grant.stage == "pending"
        grant = access.approve(grant.id, actor=BOB)
        assert grant.stage == "active"
        offer = access.offer(grant.id, actor=ALICE)
        assert offer and offer.default == timedelta(minutes=30)
        was = grant.ends_at
        grant = access.extend(grant.id, actor=ALICE, span=timedelta(minutes=30), if_ends_at=offer.ends_at)
        assert was is not None and grant.ends_at == was + timedelta(minutes=30)
        with pytest.raises(tenure.Refused) as no:
            access.extend(grant.id, actor=ALICE, span=timedelta(minutes=30), if_ends_at=offer.ends_at)
        assert no.value.code == "extension.stale"
        verdict = access.holds("alice", ORDERS, "read")
        assert verdict and verdict.grant == grant.id and verdict.until == grant.ends_at
        assert not access.holds("alice", ORDERS, "write")
        assert not access.holds("bob", ORDERS, "read")
        done = [effect.kind for effect in access.effects(worker="w1")]
        assert "provision" in done
        assert access.look(grant.id) is not None and not list(access.effects(worker="w1"))
    # What was written is there for whoever opens it next.
    with tenure.open(str(store)) as access:
        assert access.holds("alice", ORDERS, "read")


def test_instants_and_spans_are_those_of_python(access: tenure.Access) -> None:
    grant = active(access)
    assert grant.starts_at == NINE and grant.ends_at == NINE + HOUR
    assert grant.starts_at is not None and grant.starts_at.utcoffset() == timedelta(0)
    assert grant.asked == HOUR and isinstance(grant.granted, timedelta)
    assert access.holds("alice", ORDERS, "read", now=NINE + HOUR - timedelta(milliseconds=1))
    access.set_clock(NINE + HOUR)
    assert not access.holds("alice", ORDERS, "read")
    assert access.sweep().people == 1


def test_holds_says_what_the_call_says(access: tenure.Access) -> None:
    active(access)
    for person, permission in [("alice", "read"), ("alice", "write"), ("bob", "read")]:
        quickly = access.holds(person, ORDERS, permission)
        slowly = access._ask(tenure.calls.holds(person, ORDERS, permission))
        assert quickly == slowly and type(quickly) is type(slowly)
    for person in ["", "x" * 1000, "\ud800"]:
        with pytest.raises(tenure.InvalidPolicy):
            access.holds(person, ORDERS, "read")


def test_results_are_frozen_and_read_well(access: tenure.Access) -> None:
    grant = active(access)
    with pytest.raises(dataclasses.FrozenInstanceError):
        grant.stage = "closed"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        grant.colour = "red"  # type: ignore[attr-defined]
    assert not hasattr(grant, "__dict__")
    told = repr(grant)
    assert told.startswith(f"Grant(id='{grant.id}', flow='prod-db'")
    assert "ends_at=2026-03-02T10:00:00Z" in told and "asked=1:00:00" in told and "outcome" not in told
    assert repr(access.holds("bob", ORDERS, "read")) == "Verdict()"
    assert repr(ALICE) == "Person(id='alice', groups=['sre'], attributes={'department': 'engineering'})"
    for value in [grant, ALICE, ORDERS, access.offer(grant.id, actor=ALICE)]:
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert dataclasses.replace(ALICE, id="eve").id == "eve"
    assert type(grant).of_json(json.loads(json.dumps(grant.as_json()))) == grant


def test_a_call_that_names_another_field_has_another_answer(access: tenure.Access) -> None:
    kit = access.request(kit="desk", actor=ALICE, span=HOUR, reason="first day")
    assert [grant.flow for grant in kit.grants] == ["quick", "prod-db"] and kit.next is None
    ended = access.revoke(person="alice", actor="system:leaver", reason="left")
    assert len(ended.revoked) == 2 and ended.not_allowed == ()
    one = access.revoke(grant=quick(access).id, actor="system:host", reason="drill")
    assert one.outcome == "revoked"
    assert access.prove(position=1).position == 1
    assert access.prove(old=1).old == 1


def test_questions_answer_what_they_are_called(access: tenure.Access) -> None:
    grant = active(access)
    assert access.look("nothing") is None
    assert [flow.id for flow in access.catalog(actor=ALICE).flows] == ["prod-db", "quick"]
    assert [listed.id for listed in access.list(holder="alice", stage="active").grants] == [grant.id]
    waiting = access.request("prod-db", actor=ALICE, items=[ORDERS.permission("write")], span=HOUR)
    assert [asked.id for asked in access.inbox(actor=BOB).grants] == [waiting.id]
    assert [holder.person for holder in access.who_has(ORDERS).holders] == ["alice"]
    assert access.history(grant.id).records[0]["event"] == "requested"
    assert len(access.export(limit=2).exported) == 2
    held = tenure.InHand("eve", "prod-pg", "database", "prod-orders", "read")
    assert [surplus.holder for surplus in access.reconcile(held=[held]).held_not_granted] == ["eve"]


def test_explain_tells_the_checks_of_a_call_that_is_not_made(access: tenure.Access) -> None:
    grant = active(access)
    told = access.explain(tenure.calls.extend(grant.id, actor=ALICE, span=timedelta(hours=9)))
    assert told.refused is not None and told.refused.code == "extension.too_long"
    assert [check.code for check in told.checks if check.verdict == "fail"] == ["extension.too_long"]
    assert access.look(grant.id) == grant
    assert f"grant='{grant.id}'" in repr(tenure.calls.extend(grant.id, actor=ALICE))


def test_the_same_command_given_twice_is_one(access: tenure.Access) -> None:
    once = quick(access, command_id="c1")
    assert quick(access, command_id="c1") == once
    with pytest.raises(tenure.Refused) as no:
        quick(access, command_id="c1", name="two")
    assert no.value.code == "command.reused"


def test_a_namespace_is_a_handle(store: Path) -> None:
    with tenure.open(store, policy=POLICY, namespace="acme") as acme, tenure.open(store) as other:
        grant = quick(acme)
        assert acme.look(grant.id) is not None and other.look(grant.id) is None


def test_a_policy_comes_in_three_ways(tmp_path: Path) -> None:
    text = json.dumps(POLICY)
    (tmp_path / "flows.json").write_text(text)
    policies: list[Path | dict[str, Any]] = [tmp_path / "flows.json", POLICY, {"text": text, "format": "json"}]
    for policy in policies:
        with tenure.open(":memory:", policy=policy) as access:
            assert quick(access).stage == "active"
            assert access.publish(text, format="json", actor="system:host").published


@pytest.mark.parametrize("opens", [tenure.open, tenure.aio.open, tenure.Access])
def test_a_handle_is_opened_with_all_that_the_port_takes(opens: Any) -> None:
    known = json.loads(CONFIG.read_text())["properties"]
    assert set(inspect.signature(opens).parameters) == set(known)


def test_checkpoints_are_signed_with_the_key_of_the_host(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    file.write_text(KEY + "\n")
    for key in (file, str(file), KEY):
        with tenure.open(":memory:", policy=POLICY, key=key) as access:
            signed = access.checkpoint()
            note = signed.checkpoint.splitlines()
            assert note[0] == "audit.example.com/default" and note[-1].startswith(f"\u2014 {note[0]} ")
            assert signed.key.startswith("audit.example.com/default+")

    async def awaited() -> str:
        async with tenure.aio.open(":memory:", policy=POLICY, key=file) as access:
            return (await access.checkpoint()).key

    assert asyncio.run(asyncio.wait_for(awaited(), 30)) == signed.key
    with tenure.open(":memory:", policy=POLICY) as access, pytest.raises(tenure.Fault) as none:
        access.checkpoint()
    assert none.value.code == "signer"
    with pytest.raises(tenure.InvalidPolicy) as wrong:
        tenure.open(":memory:", key=tmp_path / "nothing.key")
    assert wrong.value.problems[0].path == "key" and "nothing.key" in str(wrong.value)
    with pytest.raises(TypeError, match="^`key` takes a path, not bytes$"):
        tenure.open(":memory:", key=KEY.encode())  # type: ignore[arg-type]


def test_each_block_of_the_readme_imports_what_it_uses() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert len(blocks) == 3
    for block in blocks:
        for module in ("tenure", "asyncio"):
            used = re.search(rf"\b{module}\.", block) is not None
            assert used == (re.search(rf"^import {module}$", block, re.M) is not None), block


def test_records_are_as_they_stand_on_record(access: tenure.Access) -> None:
    grant = active(access)
    for records in (access.history(grant.id).records, access.records().records):
        assert any(record.get("at") == "2026-03-02T09:00:00.000Z" for record in records), records
