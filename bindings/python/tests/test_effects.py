"""A loop over effects: done on the next turn, failed where it is left before."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import tenure
from conftest import ALICE, HOUR, NINE, POLICY, quick

LEASE = timedelta(minutes=1)


def reports(access: tenure.Access, grant: tenure.Grant) -> list[str]:
    """What the record says of the effects of a grant."""
    records = access.history(grant.id).records
    names = {"effect_done": "done", "effect_failed": "failed"}
    told = (record for record in records if record["event"] in names)
    return [" ".join(filter(None, (names[record["event"]], record.get("error")))) for record in told]


def only(access: tenure.Access, worker: str = "w") -> tenure.Taken | None:
    """The effect at the target, where it can be taken."""
    taken = access.take_effects(worker, LEASE, integration="quick", limit=1)
    return taken[0] if taken else None


def test_an_effect_is_done_on_the_next_turn(access: tenure.Access) -> None:
    grant = quick(access)
    effects = access.effects(worker="w", integration="quick")
    effect = next(effects)
    assert isinstance(effect, tenure.Taken) and effect.kind == "provision" and effect.grant == grant.id
    assert effect.order.hold is not None and effect.order.hold.items[0].until == grant.ends_at
    assert reports(access, grant) == [] and not effect.reported
    assert next(effects, None) is None
    assert reports(access, grant) == ["done"] and effect.reported
    seen = access.look(grant.id)
    assert seen is not None and seen.enforcement == "applied"


class Down(Exception):
    pass


def test_a_body_that_raises_has_failed(access: tenure.Access) -> None:
    grant = quick(access)
    with pytest.raises(Down):
        for _ in access.effects(worker="w", integration="quick"):
            raise Down("no route")
    assert reports(access, grant) == ["failed the worker left its loop before this was done"]
    # It is handed out again after a pause.
    assert only(access) is None
    access.set_clock(NINE + timedelta(minutes=20))
    again = only(access)
    assert again is not None and again.attempt == 2


def test_a_body_that_raises_within_the_effect_says_why(access: tenure.Access) -> None:
    grant = quick(access)
    with pytest.raises(Down):
        for effect in access.effects(worker="w", integration="quick"):
            with effect:
                raise Down("no route")
    assert reports(access, grant) == ["failed Down: no route"]


def test_a_loop_goes_on_where_the_host_says_so(access: tenure.Access) -> None:
    grants = [quick(access, name=name) for name in ("one", "two", "three")]
    for effect in access.effects(worker="w", integration="quick"):
        try:
            with effect:
                if effect.grant == grants[1].id:
                    raise Down("x" * 5000)
        except Down:
            pass
    told = [reports(access, grant) for grant in grants]
    assert (told[0], told[2]) == (["done"], ["done"])
    assert [words[:16] for words in told[1]] == ["failed Down: xxx"]


def test_leaving_a_loop_hands_the_effect_back(access: tenure.Access) -> None:
    grant = quick(access)
    for _ in access.effects(worker="w", integration="quick"):
        break
    assert reports(access, grant) == ["failed the worker left its loop before this was done"]


def test_what_was_reported_is_not_reported_again(access: tenure.Access) -> None:
    grants = [quick(access, name=name) for name in ("one", "two")]
    for turn, effect in enumerate(access.effects(worker="w", integration="quick")):
        if turn == 0:
            effect.done()
        else:
            effect.failed("it is gone", final=True)
            break
    assert sorted(sum((reports(access, grant) for grant in grants), [])) == ["done", "failed it is gone"]


def test_what_failed_is_told_though_its_words_are_no_text(access: tenure.Access) -> None:
    grants = [quick(access, name=name) for name in ("one", "two")]
    for turn, effect in enumerate(access.effects(worker="w", integration="quick")):
        if turn == 0:
            with pytest.raises(TypeError, match="`error` takes a str"):
                effect.failed(Down("no route"))  # type: ignore[arg-type]
            assert not effect.reported
            effect.failed("no file \udcff.csv")
        else:
            with pytest.raises(FileNotFoundError), effect:
                raise FileNotFoundError("no file \ud800\udcff")
    told = sorted(sum((reports(access, grant) for grant in grants), []))
    assert told == ["failed FileNotFoundError: no file \ufffd\ufffd", "failed no file \ufffd.csv"]


def test_what_the_holder_had_before_is_told(access: tenure.Access) -> None:
    grant = quick(access)
    for effect in access.effects(worker="w", integration="quick"):
        effect.done(already_held=grant.items)
    ended = access.give_back(grant.id, actor=ALICE)
    assert ended.stage == "closed"
    assert [effect.kind for effect in access.effects(worker="w", integration="quick")] == []


def test_a_verdict_that_comes_late_is_heard(access: tenure.Access) -> None:
    grant = quick(access)
    for _ in access.effects(worker="w", integration="quick", lease=LEASE):
        access.set_clock(NINE + timedelta(minutes=2))
        assert only(access, "another") is not None
    assert "effect_late" in [record["event"] for record in access.history(grant.id).records]


def test_a_loop_that_is_left_with_a_closed_handle_raises_what_it_was_left_with(access: tenure.Access) -> None:
    quick(access)
    with pytest.raises(Down):
        for _ in access.effects(worker="w", integration="quick"):
            access.close()
            raise Down


def test_asyncio_does_the_same() -> None:
    async def story(way: str) -> tuple[list[str], str]:
        store = tenure.aio.open(":memory:", policy=POLICY, clock=NINE, ids={"prefix": "test"})
        async with store as access:
            desk = tenure.Resource("quick", "desk", "one")
            grant = await access.request("quick", actor=ALICE, items=[desk.permission("use")], span=HOUR)
            raised = ""
            try:
                async for effect in access.effects(worker="w", integration="quick"):
                    if way == "within":
                        async with effect:
                            raise Down("no route")
                    if way == "raised":
                        raise Down("no route")
                    if way == "left":
                        break
                    if way == "reported":
                        await effect.failed("it is gone")
            except Down as error:
                raised = str(error)
            for _ in range(100):
                told = reports(access.waiting, grant)
                if told:
                    break
                await asyncio.sleep(0.01)
            return told, raised

    async def all_of_it() -> None:
        assert await story("done") == (["done"], "")
        assert await story("within") == (["failed Down: no route"], "no route")
        left = ["failed the worker left its loop before this was done"]
        assert await story("raised") == (left, "no route")
        assert await story("left") == (left, "")
        assert await story("reported") == (["failed it is gone"], "")

    asyncio.run(asyncio.wait_for(all_of_it(), 30))


def test_closing_reports_what_a_loop_left_in_hand(store: object) -> None:
    async def leave() -> str:
        async with tenure.aio.open(str(store), policy=POLICY) as access:
            desk = tenure.Resource("quick", "desk", "one")
            grant = await access.request("quick", actor=ALICE, items=[desk.permission("use")], span=HOUR)
            async for _ in access.effects(worker="w", integration="quick"):
                # The handle is closed as this is left, before the loop hears of it.
                return grant.id
        raise AssertionError

    grant = asyncio.run(asyncio.wait_for(leave(), 30))
    with tenure.open(str(store)) as access:
        seen = access.look(grant)
        assert seen is not None
        assert reports(access, seen) == ["failed the worker left its loop before this was done"]
