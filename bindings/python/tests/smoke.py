"""The quick start of the README, and what differs between Pythons: with nothing but the wheel.

    python smoke.py README.md
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import tenure

POLICY = {
    "version": 1,
    "flows": [
        {
            "id": "quick",
            "who": {"any": ["group:sre"]},
            "what": [{"integration": "quick", "permissions": ["use"]}],
            "duration": {"max": "1h"},
            "approval": "automatic",
        }
    ],
}
ALICE = tenure.Person("alice", groups=["sre"])
DESK = tenure.Resource("quick", "desk", "one")


def quick_start(readme: Path) -> None:
    """The blocks of the README, one after the other, as one program in an empty folder."""
    text = readme.read_text(encoding="utf-8")
    (policy,) = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "flows.yaml").write_text(policy, encoding="utf-8")
        Path(folder, "quick.py").write_text(program, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", "quick.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    told = done.stdout.splitlines()
    assert told[0].startswith("active until ") and told[1].startswith("extension.too_long "), told
    assert told[2] == "alice may read" and told[-1] == "['prod-db']", told
    assert any(line.startswith("provision Order(hold=Hold(at='prod-pg'") for line in told), told


def a_loop_that_is_left() -> None:
    """When a loop is told that it was left differs between Pythons; that it is told before the handle closes does not."""
    with tenure.open(":memory:", policy=POLICY) as access:
        grant = access.request("quick", actor=ALICE, items=[DESK.permission("use")], span=timedelta(hours=1))
        try:
            for _ in access.effects(worker="w", integration="quick"):
                raise RuntimeError("no route")
        except RuntimeError:
            pass
        events = [record["event"] for record in access.history(grant.id).records]
    assert "effect_failed" in events and "effect_done" not in events, events


def a_fork() -> None:
    access = tenure.open(":memory:", policy=POLICY)
    child = os.fork()
    if child == 0:
        try:
            access.look("g1")
        except tenure.Fault as fault:
            with tenure.open(":memory:", policy=POLICY) as own:
                own.request("quick", actor=ALICE, items=[DESK.permission("use")])
            os._exit(0 if fault.code == "forked" else 1)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    access.close()


def an_end_in_flight() -> None:
    program = (
        "import threading, time, tenure\n"
        "access = tenure.open(':memory:')\n"
        "def work():\n"
        "    try:\n"
        "        while True: access.sweep()\n"
        "    except tenure.Fault: pass\n"
        "for _ in range(4): threading.Thread(target=work, daemon=True).start()\n"
        "time.sleep(0.1)\n"
    )
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)


def naive_and_wrong() -> None:
    import datetime

    argument: Any
    with tenure.open(":memory:") as access:
        for wrong, argument in [(ValueError, datetime.datetime(2026, 3, 2)), (TypeError, "2026-03-02T09:00:00Z")]:
            try:
                access.sweep(now=argument)
            except wrong as error:
                assert "`now`" in str(error), error
            else:
                raise AssertionError(argument)


if __name__ == "__main__":
    quick_start(Path(sys.argv[1]))
    for check in (a_loop_that_is_left, a_fork, an_end_in_flight, naive_and_wrong):
        check()
    print(f"ok: Python {sys.version.split()[0]}, tenure {tenure.__version__}")
