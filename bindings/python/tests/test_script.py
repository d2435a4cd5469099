"""The example of a job: what it holds, when it extends, and that it leaves nothing open."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tenure
from conftest import NINE

EXAMPLE = Path(__file__).parents[3] / "examples" / "python-script"
FLOWS = EXAMPLE / "flows.yaml"


class Night:
    """The job in a night whose clock moves only where it works."""

    def __init__(self, store: Path) -> None:
        self.job: dict[str, Any] = runpy.run_path(str(EXAMPLE / "nightly.py"))
        self.store = store
        self.now = NINE
        self.done: list[str] = []

    def clock(self) -> datetime:
        return self.now

    def works(self, access: tenure.Access, takes: timedelta) -> Callable[[str], None]:
        def work(table: str) -> None:
            assert access.holds("report-job", self.job["WAREHOUSE"], "read")
            self.now += takes
            access.set_clock(self.now)
            self.done.append(table)

        return work

    def run(self, takes: timedelta, tables: list[str]) -> str:
        with tenure.open(self.store, policy=FLOWS, clock=self.now) as access:
            grant = self.job["run"](access, "2026-03-02", tables, self.works(access, takes), self.clock)
            assert isinstance(grant, str)
            return grant

    def on_record(self, grant: str | None = None) -> list[str]:
        """What a host reads that opens the file later."""
        with tenure.open(self.store, clock=self.now) as access:
            assert not access.holds("report-job", self.job["WAREHOUSE"], "read"), "nothing stays open"
            of = grant or access.list(holder="report-job").grants[0].id
            return [record["event"] for record in access.history(of).records if "event" in record]


def happened(events: list[str]) -> list[str]:
    return [event for event in events if event in ("requested", "extended", "given_back", "expired")]


def test_a_short_night_gives_back_early(store: Path) -> None:
    night = Night(store)
    grant = night.run(timedelta(minutes=5), ["sales", "stock"])
    assert night.done == ["sales", "stock"]
    assert happened(night.on_record(grant)) == ["requested", "given_back"]


def test_a_long_night_is_extended_and_given_back(store: Path) -> None:
    night = Night(store)
    grant = night.run(timedelta(minutes=10), ["sales", "stock", "returns", "prices", "staff"])
    assert len(night.done) == 5
    assert happened(night.on_record(grant)) == ["requested", "extended", "extended", "given_back"]


def test_a_night_that_takes_too_long_stops_and_leaves_nothing_open(store: Path) -> None:
    night = Night(store)
    with pytest.raises(tenure.Refused) as no:
        night.run(timedelta(minutes=10), [f"table {number}" for number in range(20)])
    assert no.value.code == "extension.used_up"
    assert happened(night.on_record()) == ["requested", "extended", "extended", "extended", "given_back"]


def test_work_that_outlasts_its_access_is_not_gone_on_with(store: Path) -> None:
    night = Night(store)
    with pytest.raises(SystemExit, match="access ended before `stock`"):
        night.run(timedelta(minutes=45), ["sales", "stock"])
    assert night.done == ["sales"]
    assert "given_back" not in night.on_record()


def test_it_runs_as_its_readme_says(store: Path) -> None:
    program: list[str | Path] = [sys.executable, EXAMPLE / "nightly.py", store, FLOWS, "sales", "stock"]
    first, again = (subprocess.run(program, capture_output=True, text=True, timeout=60, check=False) for _ in range(2))
    assert first.returncode == 0 and "done, given back:" in first.stdout, first.stderr
    # It is the same night, and its grant is over: a job that is started again works on nothing.
    assert again.returncode == 1 and "access ended before `sales`" in again.stderr, again.stderr
    assert "working" not in again.stdout
    with tenure.open(store) as access:
        (grant,) = access.list(holder="report-job").grants
        assert grant.outcome == "given_back"
