"""A job of the night that holds access for as long as it works, and no longer.

    python nightly.py access.db flows.yaml sales stock returns

It asks for access when it begins, extends it while there is work left and little time, and gives it back when it is done,
also where it fails. The flow says how long and how often that may be: nobody is woken, and nothing stays open.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone

import tenure

JOB = tenure.Person("report-job")
WAREHOUSE = tenure.Resource("warehouse", "schema", "sales")
# Work on one table takes no longer than this. With less left access is extended first, so that it ends in no table.
STEP = timedelta(minutes=10)

Clock = Callable[[], datetime]


def machine() -> datetime:
    """The clock of the machine. What ends access is the store's; the margin of a step covers the difference."""
    return datetime.now(timezone.utc)


def run(
    access: tenure.Access,
    night: str,
    tables: Iterable[str],
    work: Callable[[str], None],
    clock: Clock = machine,
) -> str:
    """Works on the tables under one grant, and says which it was."""
    # The same night is the same command: a job that is started twice has one grant, not two.
    grant = access.request(
        "nightly-reports",
        actor=JOB,
        items=[WAREHOUSE.permission("read")],
        reason=f"reports of {night}",
        command_id=f"reports-{night}",
    )
    if grant.stage != "active":
        raise SystemExit(f"no access: {grant.id} is {grant.stage}")
    try:
        for table in tables:
            keep(access, grant.id, table, clock)
            work(table)
    finally:
        give_back(access, grant.id)
    return grant.id


def keep(access: tenure.Access, grant: str, table: str, clock: Clock) -> None:
    """Sees to it that there is access for one more table, or says why there is none."""
    held = access.holds(JOB.id, WAREHOUSE, "read")
    if not held or held.until is None:
        raise SystemExit(f"access ended before `{table}`")
    if held.until - clock() > STEP:
        return
    # The end that was seen goes with it: where somebody has moved it meanwhile, this is refused and not added.
    longer = access.extend(grant, actor=JOB, reason=f"`{table}` is still to do", if_ends_at=held.until)
    print(f"extended until {longer.ends_at}, {longer.extensions.left} left")


def give_back(access: tenure.Access, grant: str) -> None:
    """Ends it now. What has ended by itself meanwhile is over as well."""
    try:
        access.give_back(grant, actor=JOB)
    except tenure.Refused as no:
        if no.code not in ("grant.expired", "grant.not_active"):
            raise
        print(f"nothing to give back: {no}")


def report(table: str) -> None:
    """What takes its time; here it only says so."""
    print(f"working on `{table}`")
    time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the reports of a night under access that it asks for.")
    parser.add_argument("store", help="the SQLite file, or the URL of a PostgreSQL database")
    parser.add_argument("policy", help="the flows")
    parser.add_argument("tables", nargs="+", metavar="table")
    told = parser.parse_args()
    with tenure.open(told.store, policy=told.policy) as access:
        print("done, given back:", run(access, date.today().isoformat(), told.tables, report))


if __name__ == "__main__":
    main()
