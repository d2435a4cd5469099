"""Hosts that use threads, fork, await, and end while calls are in flight."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tenure
from conftest import ALICE, HOUR, ORDERS, POLICY, active, quick


HOLDS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
other.execute("ROLLBACK")
"""


class Busy:
    """Another process that holds the store's lock for writing, so that a command waits."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def __enter__(self) -> Busy:
        words = [sys.executable, "-c", HOLDS, str(self._store)]
        self._other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._other.stdout is not None and self._other.stdout.readline() == "held\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._other.communicate("", timeout=20)


def test_a_call_that_waits_lets_other_threads_run(store: Path) -> None:
    with tenure.open(store, policy=POLICY) as access:
        answers: list[tenure.Grant] = []
        began = threading.Event()

        def ask() -> None:
            began.set()
            answers.append(quick(access))

        asking = threading.Thread(target=ask)
        with Busy(store):
            asking.start()
            began.wait(5)
            # Were the interpreter held, nobody could let go of the lock, and the call would end as a fault.
            time.sleep(0.2)
            assert not answers
        asking.join(20)
        assert [grant.stage for grant in answers] == ["active"]


def test_closing_waits_for_a_call_and_lets_other_threads_run(store: Path) -> None:
    access = tenure.open(store, policy=POLICY)
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(quick(access)))
    closing = threading.Thread(target=access.close)
    with Busy(store):
        asking.start()
        time.sleep(0.2)
        closing.start()
        time.sleep(0.1)
        assert closing.is_alive()
    asking.join(20)
    closing.join(20)
    assert len(answers) == 1 and not closing.is_alive()


def test_many_threads_share_a_handle(store: Path) -> None:
    with tenure.open(store, policy=POLICY) as access:
        ids: list[str] = []
        wrong: list[BaseException] = []

        def ask(thread: int) -> None:
            try:
                for turn in range(10):
                    person = tenure.Person(f"p{thread}", groups=["sre"])
                    desk = tenure.Resource("quick", "desk", f"{thread}-{turn}")
                    grant = access.request("quick", actor=person, items=[desk.permission("use")], span=HOUR)
                    assert access.holds(person.id, desk, "use")
                    ids.append(grant.id)
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not wrong and len(set(ids)) == 80


def in_child(work: str) -> str:
    """Forks while a thread is busy, and does the work in the child; what it printed."""
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return done.stdout


FORK = """
import json, os, sys, tempfile, threading
import tenure
policy = json.loads({policy!r})
folder = tempfile.mkdtemp()
def code(ask):
    try:
        ask()
    except tenure.Fault as fault:
        return fault.code
    return "answered"
def grant(access):
    desk = tenure.Resource("quick", "desk", "one")
    return access.request("quick", actor=tenure.Person("alice", groups=["sre"]), items=[desk.permission("use")])
access = tenure.open({store}, policy=policy)
stop = threading.Event()
def work():
    while not stop.is_set():
        access.sweep()
thread = threading.Thread(target=work)
thread.start()
for _ in range(5):
    child = os.fork()
    if child == 0:
        told = [code(lambda: access.look("g1")), code(lambda: access.holds("alice", tenure.Resource("a", "b", "c"), "d"))]
        told.append(code(lambda: tenure.open(folder + "/child.db", policy=policy)))
        access.close()
        with tenure.open(":memory:", policy=policy) as own:
            told.append(grant(own).stage)
        print(*told, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
assert grant(access).stage == "active"
print("parent")
"""


def forked(store: str) -> list[str]:
    return in_child(FORK.format(policy=json.dumps(POLICY), store=store)).split("\n")[:-1]


def test_a_forked_child_has_a_fault_and_opens_its_own() -> None:
    # The parent has no file open: the child opens one.
    assert forked("':memory:'") == ["forked forked answered active"] * 5 + ["parent"]
    # SQLite must not be opened in a child whose parent had it open, and that is said.
    assert forked("folder + '/access.db'") == ["forked forked forked active"] * 5 + ["parent"]


def test_workers_that_open_after_the_fork_work(store: Path) -> None:
    with tenure.open(store, policy=POLICY) as access:
        quick(access)
    # As gunicorn does: the parent has closed, each child opens.
    children = []
    for name in ("a", "b"):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with tenure.open(store) as own:
                    person = tenure.Person(name, groups=["sre"])
                    desk = tenure.Resource("quick", "desk", name)
                    own.request("quick", actor=person, items=[desk.permission("use")], span=HOUR)
                    code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    with tenure.open(store) as access:
        assert len(access.list(stage="active").grants) == 3


EXIT = """
import json, sys, tempfile, threading, time
import tenure
policy = json.loads({policy!r})
access = tenure.open({store}, policy=policy)
desk = tenure.Resource("quick", "desk", "one")
def work(number):
    person = tenure.Person(f"p{{number}}", groups=["sre"])
    try:
        while True:
            access.request("quick", actor=person, items=[desk.permission("use")])
            access.holds(person.id, desk, "use")
            access.revoke(person=person.id, actor="system:host", reason="drill")
    except tenure.Fault as fault:
        assert fault.code == "closed", fault
for number in range(8):
    threading.Thread(target=work, args=(number,), daemon=True).start()
time.sleep(0.2)
{end}
"""


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "access.close()"])
@pytest.mark.parametrize("store", ["':memory:'", "tempfile.mkdtemp() + '/access.db'"])
def test_the_interpreter_ends_while_calls_are_in_flight(end: str, store: str) -> None:
    for _ in range(3):
        assert in_child(EXIT.format(policy=json.dumps(POLICY), store=store, end=end)) == ""


BUSY_EXIT = """
import json, sys, threading, time
import tenure
access = tenure.open(sys.argv[1], policy=json.loads({policy!r}))
print("open", flush=True)
sys.stdin.read()
desk = tenure.Resource("quick", "desk", "one")
def ask():
    access.request("quick", actor=tenure.Person("alice", groups=["sre"]), items=[desk.permission("use")])
for _ in range(2):
    threading.Thread(target=ask, daemon=True).start()
time.sleep(0.3)
"""


def test_the_interpreter_ends_while_a_call_waits_for_another_process(store: Path) -> None:
    words = [sys.executable, "-c", BUSY_EXIT.format(policy=json.dumps(POLICY)), str(store)]
    ending = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert ending.stdout is not None and ending.stdout.readline() == "open\n"
    with Busy(store):
        begun = time.monotonic()
        ending.communicate("", timeout=60)
        assert ending.returncode == 0
        # It waited for the call, or for as long as the end of an interpreter waits.
        assert 0.3 < time.monotonic() - begun < 20


def test_asyncio_does_not_block_the_loop(store: Path) -> None:
    async def story() -> int:
        ticks = 0
        access = await tenure.aio.open(store, policy=POLICY)
        desk = tenure.Resource("quick", "desk", "one")
        with Busy(store):
            asked = asyncio.create_task(
                access.request("quick", actor=ALICE, items=[desk.permission("use")], span=HOUR)
            )
            for _ in range(20):
                await asyncio.sleep(0.01)
                ticks += 1
            assert not asked.done()
        assert (await asked).stage == "active"
        assert await access.holds("alice", desk, "use")
        with pytest.raises(tenure.Refused):
            await access.approve("nothing", actor=ALICE)
        with pytest.raises(TypeError, match="`grant` takes a str"):
            await access.look(7)  # type: ignore[arg-type]
        await access.close()
        with pytest.raises(tenure.Fault):
            await access.sweep()
        return ticks

    assert asyncio.run(asyncio.wait_for(story(), 30)) == 20


def test_many_tasks_share_a_handle() -> None:
    async def story() -> None:
        async with tenure.aio.open(":memory:", policy=POLICY) as access:

            async def one(number: int) -> str:
                desk = tenure.Resource("quick", "desk", str(number))
                grant = await access.request("quick", actor=ALICE, items=[desk.permission("use")], span=HOUR)
                return grant.id

            assert len(set(await asyncio.gather(*map(one, range(20))))) == 20

    asyncio.run(asyncio.wait_for(story(), 30))


def test_a_task_that_is_cancelled_leaves_the_handle_well(store: Path) -> None:
    async def story() -> None:
        async with tenure.aio.open(store, policy=POLICY) as access:
            desk = tenure.Resource("quick", "desk", "one")
            with Busy(store):
                asked = asyncio.create_task(
                    access.request("quick", actor=ALICE, items=[desk.permission("use")], command_id="c1", span=HOUR)
                )
                await asyncio.sleep(0.1)
                asked.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asked
            again = await access.request(
                "quick", actor=ALICE, items=[desk.permission("use")], command_id="c1", span=HOUR
            )
            assert again.stage == "active" and len((await access.list()).grants) == 1

    asyncio.run(asyncio.wait_for(story(), 30))


def test_a_handle_holds_nothing_once_it_is_gone(store: Path) -> None:
    for _ in range(50):
        access = tenure.open(store, policy=POLICY)
        assert not access.holds("alice", ORDERS, "read")
        del access
    with tenure.open(store) as access:
        active(access)
    open_files = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in open_files if os.path.exists(f"/proc/self/fd/{fd}")]
    assert not [link for link in links if "access.db" in link]
