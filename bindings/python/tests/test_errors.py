"""Bad news, and what a host gets wrong."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import tenure
from conftest import ALICE, BOB, HOUR, NINE, ORDERS, POLICY, active

ITEM = ORDERS.permission("read")


def test_a_refusal_says_what_would_pass(access: tenure.Access) -> None:
    grant = active(access)
    with pytest.raises(tenure.Refused) as no:
        access.extend(grant.id, actor=ALICE, span=timedelta(hours=9))
    refused = no.value
    assert isinstance(refused, tenure.TenureError)
    assert refused.code == "extension.too_long" and refused.message in str(refused)
    assert refused.would_pass is not None and refused.would_pass.span == HOUR
    again = pickle.loads(pickle.dumps(refused))
    assert (again.code, again.details, again.would_pass) == (refused.code, refused.details, refused.would_pass)


def test_a_policy_that_is_wrong_tells_all_problems_with_places(store: Path, tmp_path: Path) -> None:
    flows = tmp_path / "flows.yaml"
    flows.write_text("version: 1\nflows:\n  - id: db\n    colour: red\n")
    with pytest.raises(tenure.InvalidPolicy) as wrong:
        tenure.open(store, policy=flows)
    colour = next(problem for problem in wrong.value.problems if problem.path == "flows[0].colour")
    assert colour.line == 4 and "colour" in str(wrong.value)
    assert len(wrong.value.problems) > 1 and not store.exists()
    assert pickle.loads(pickle.dumps(wrong.value)).problems == wrong.value.problems


def test_a_store_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(tenure.Fault) as fault:
        tenure.open(tmp_path)
    assert fault.value.code == "broken" and fault.value.message
    assert pickle.loads(pickle.dumps(fault.value)).code == "broken"


def test_a_handle_that_was_closed_answers_with_a_fault(access: tenure.Access) -> None:
    access.close()
    access.close()
    asks: list[Callable[[], object]] = [
        lambda: access.look("g1"),
        lambda: access.holds("alice", ORDERS, "read"),
        lambda: list(access.effects(worker="w")),
        lambda: access.set_clock(NINE),
    ]
    for asked in asks:
        with pytest.raises(tenure.Fault) as fault:
            asked()
        assert fault.value.code == "closed"


@pytest.mark.parametrize("naive", [datetime(2026, 3, 2, 9), datetime.now()])
def test_a_datetime_without_a_time_zone_is_an_error_that_says_so(access: tenure.Access, naive: datetime) -> None:
    asks: list[tuple[str, Callable[[], object]]] = [
        ("start", lambda: access.request("prod-db", actor=ALICE, items=[ITEM], span=HOUR, start=naive)),
        ("now", lambda: access.sweep(now=naive)),
        ("now", lambda: access.holds("alice", ORDERS, "read", now=naive)),
        ("if_ends_at", lambda: access.extend("g1", actor=ALICE, if_ends_at=naive)),
        ("at", lambda: tenure.Login(naive)),
        ("clock", lambda: tenure.open(":memory:", clock=naive)),
    ]
    for named, asked in asks:
        with pytest.raises(ValueError, match=f"`{named}` is a datetime without a time zone.*timezone.utc"):
            asked()


def test_instants_of_any_zone_are_one_instant(access: tenure.Access) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    later = NINE + timedelta(seconds=1)
    grant = access.request(
        "prod-db", actor=ALICE, items=[ITEM], span=HOUR, now=later.astimezone(east).replace(microsecond=999)
    )
    assert grant.requested_at == later


@pytest.mark.parametrize(
    ("named", "arguments"),
    [
        ("`actor` takes a tenure.Person, or \"system:NAME\"", {"actor": "alice"}),
        ("`actor` takes", {"actor": {"id": "alice"}}),
        ("`actor` takes", {"actor": True}),
        ("`span` takes a timedelta such as", {"span": "1h"}),
        ("`span` takes", {"span": 3600}),
        ("`start` takes a datetime", {"start": "2026-03-02T09:00:00Z"}),
        ("`start` takes a datetime", {"start": date(2026, 3, 2)}),
        ("`items` takes a list", {"items": "read"}),
        ("`items` takes a list", {"items": ITEM}),
        (r"`items\[0\]` takes a tenure.Asked", {"items": [ORDERS]}),
        ("`reason` takes a str", {"reason": b"INC-7"}),
        ("`break_glass` takes True or False", {"break_glass": 1}),
        ("`fields.ticket` takes a str", {"fields": {"ticket": 7}}),
        ("`holder` takes a tenure.Person", {"holder": "alice"}),
        ("`context` takes a dict", {"context": ["calm"]}),
        ("`context.at` takes what JSON can say", {"context": {"at": NINE}}),
        ("names in `context` are texts", {"context": {1: True}}),
        ("unexpected keyword argument", {"reasn": "INC-7"}),
    ],
)
def test_an_argument_of_the_wrong_type_is_named(access: tenure.Access, named: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=named):
        access.request("prod-db", **{"actor": ALICE, "items": [ITEM], "span": HOUR, **arguments})


def test_arguments_of_the_wrong_type_elsewhere(access: tenure.Access) -> None:
    anything: Any = access
    asks: list[tuple[str, Callable[[], object]]] = [
        ("`grant` takes a str", lambda: anything.look(7)),
        ("`grant` takes a str", lambda: anything.look(None)),
        ("`person` takes a str", lambda: anything.holds(ALICE, ORDERS, "read")),
        ("`resource` takes a tenure.Resource", lambda: anything.holds("alice", "orders", "read")),
        ("`limit` takes an int", lambda: anything.list(limit=True)),
        ("`of` takes a call", lambda: anything.explain("extend")),
        ("`groups` takes a list", lambda: tenure.Person("alice", groups="sre")),
        ("`id` takes a str", lambda: tenure.Person(7)),  # type: ignore[arg-type]
        ("`store` takes a path", lambda: tenure.open(7)),  # type: ignore[arg-type]
        ("`store` takes a path", lambda: tenure.open(b"access.db")),  # type: ignore[arg-type]
        ("`policy` takes a path", lambda: tenure.open(":memory:", policy=7)),  # type: ignore[arg-type]
    ]
    for named, asked in asks:
        with pytest.raises(TypeError, match=named):
            asked()


def test_spans_that_have_no_form_are_errors(access: tenure.Access) -> None:
    for span, named in [(timedelta(seconds=-1), "negative"), (timedelta(microseconds=1500), "finer")]:
        with pytest.raises(ValueError, match=f"`span` is {named}"):
            access.request("prod-db", actor=ALICE, items=[ITEM], span=span)


def test_what_only_the_port_can_see_is_told_by_it(access: tenure.Access) -> None:
    asks: list[tuple[Callable[[], object], str]] = [
        (lambda: access.look("x" * 1000), "grant"),
        (lambda: access.request(actor=ALICE, flow="db", kit="all"), "kit"),  # type: ignore[call-overload]
        (lambda: access.catalog(actor=tenure.Person("alice", attributes={"share": 0.5})), "actor.attributes.share"),
        (lambda: access.publish("version: 1", actor="system:host"), "format"),
        (lambda: access.list(stage="open"), "stage"),  # type: ignore[arg-type]
    ]
    for asked, path in asks:
        with pytest.raises(tenure.InvalidPolicy) as wrong:
            asked()
        assert wrong.value.problems[0].path == path, wrong.value
    with pytest.raises(tenure.Refused) as no:
        access.approve(active(access).id, actor=BOB)
    assert no.value.code.startswith("request.")


def test_a_policy_as_fields_is_checked_like_a_text() -> None:
    with pytest.raises(tenure.InvalidPolicy):
        tenure.open(":memory:", policy={**POLICY, "colour": "red"})


HALF = "half \ud800"


def problem(asked: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(tenure.InvalidPolicy) as wrong:
        asked()
    (one,) = wrong.value.problems
    assert one.message and (one.path or "") in str(wrong.value)
    return one.code, one.path


def test_what_is_no_text_is_told_by_its_name(access: tenure.Access) -> None:
    asks: list[tuple[str, Callable[[], object]]] = [
        ("reason", lambda: access.request("prod-db", actor=ALICE, items=[ITEM], span=HOUR, reason=HALF)),
        ("fields.ticket", lambda: access.request("prod-db", actor=ALICE, fields={"ticket": HALF})),
        ("fields", lambda: access.request("prod-db", actor=ALICE, fields={HALF: "7"})),
        ("context.a[1]", lambda: access.request("prod-db", actor=ALICE, context={"a": ["x", HALF]})),
        ("context", lambda: access.request("prod-db", actor=ALICE, context={HALF: "x"})),
        ("actor", lambda: access.give_back("g1", actor=f"system:{HALF}")),
        ("grant", lambda: access.look(HALF)),
        ("groups[0]", lambda: tenure.Person("alice", groups=[HALF])),
        ("name", lambda: tenure.Resource("prod-pg", "database", HALF)),
        ("person", lambda: access.holds(HALF, ORDERS, "read")),
        ("permission", lambda: access.holds("alice", ORDERS, HALF)),
        ("policy", lambda: access.publish(HALF, format="yaml", actor="system:host")),
        ("store", lambda: tenure.open(f"{HALF}.db")),
        ("store", lambda: tenure.open(Path(f"{HALF}.db"))),
        ("policy", lambda: tenure.open(":memory:", policy=f"{HALF}.yaml")),
        ("namespace", lambda: tenure.open(":memory:", namespace=HALF)),
        ("key", lambda: tenure.open(":memory:", key=HALF)),
    ]
    for path, asked in asks:
        assert problem(asked) == ("out_of_range", path)
    whole = "\U0001f600 gr\u00fc\u00dfe"
    grant = access.request("prod-db", actor=ALICE, items=[ITEM], span=HOUR, reason=whole)
    assert grant.reason == whole


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_facts_without_an_end_are_too_deep(access: tenure.Access) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    endless: list[Any] = []
    endless.append(endless)
    for deep in (circle, endless, nested(5_000), nested(100)):
        code, path = problem(lambda: tenure.Person("alice", attributes={"x": deep}))
        assert code == "too_deep" and path is not None and path.startswith("attributes.x")
        assert problem(lambda: access.publish({"x": deep}, actor="system:host"))[0] == "too_deep"
    tenure.Person("alice", attributes={"x": nested(20)})
    unsayable: list[Any] = [nested(5_000), 10**5_000]
    for value in unsayable:
        with pytest.raises(TypeError, match="`grant` takes a str, not this (list|int)"):
            access.look(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_told_where_it_is(access: tenure.Access, number: float) -> None:
    wrong = {**POLICY, "flows": [POLICY["flows"][0], {"id": number}]}
    assert problem(lambda: tenure.open(":memory:", policy=wrong)) == ("wrong_type", "policy.flows[1].id")
    assert problem(lambda: access.publish(wrong, actor="system:host")) == ("wrong_type", "policy.flows[1].id")
    assert problem(lambda: tenure.Person("alice", attributes={"n": number})) == ("wrong_type", "attributes.n")


def test_numbers_and_sets_that_have_no_form_are_told_where_they_are(access: tenure.Access) -> None:
    for whole in (2**64, -(2**70), 10**5_000):
        assert problem(lambda: tenure.Person("alice", attributes={"n": whole})) == ("out_of_range", "attributes.n")
        assert problem(lambda: access.list(limit=whole)) == ("out_of_range", "limit")
    with pytest.raises(TypeError, match="`attributes.n` takes a set whose members have an order"):
        tenure.Person("alice", attributes={"n": {1, "a"}})


def test_an_instant_outside_the_calendar_is_told_by_its_name(access: tenure.Access) -> None:
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    for outside in (early, late):
        assert problem(lambda: access.sweep(now=outside)) == ("out_of_range", "now")
        assert problem(lambda: access.holds("alice", ORDERS, "read", now=outside)) == ("out_of_range", "now")
        assert problem(lambda: tenure.open(":memory:", clock=outside)) == ("out_of_range", "clock")
        assert problem(lambda: access.set_clock(outside)) == ("out_of_range", "now")


def test_a_clock_that_nobody_opened_it_with_cannot_be_set() -> None:
    with tenure.open(":memory:") as access, pytest.raises(tenure.InvalidPolicy, match="opened with `clock`"):
        access.set_clock(NINE)


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(tenure.InvalidPolicy, match="nope.yaml"):
        tenure.open(":memory:", policy="nope.yaml")
    none = tmp_path / "none.db"
    none.write_bytes(bytes(range(256)) * 32)
    for store in (none, tmp_path, tmp_path / "nowhere" / "access.db"):
        with pytest.raises(tenure.Fault) as fault:
            tenure.open(store)
        assert fault.value.code == "broken" and fault.value.message.count(str(store)) >= 1, fault.value
        assert str(store) in str(fault.value)
