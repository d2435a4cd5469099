"""Every story of the project, through the methods of a handle: each answer is that of Rust, byte for byte.

The transcript that TENURE_TRANSCRIPT names has lines in pairs, what is asked and what is answered
(`crates/scenario/src/transcript.rs`). What is asked is said again with the types of this package, by the annotations of
its methods; what comes back is written as canonical JSON.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import os
import re
import typing
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tenure

TRANSCRIPT = os.environ.get("TENURE_TRANSCRIPT")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
# Of the stories that do not restart, one of so many is played in a file as well.
IN_A_FILE = 8


def span(wire: str | int) -> timedelta:
    if isinstance(wire, int):
        return timedelta(milliseconds=wire)
    parts = re.findall(r"(\d+)(ms|d|h|m|s)", wire.lower().lstrip("p").replace("t", ""))
    return timedelta(**{UNITS[unit]: int(count) for count, unit in parts})


def said(hint: Any, wire: Any) -> Any:
    """A value out of JSON as a host says it, by the annotation of where it goes."""
    if wire is None:
        return None
    if typing.get_origin(hint) is not None and type(None) in typing.get_args(hint):
        hint = typing.Union[tuple(one for one in typing.get_args(hint) if one is not type(None))]
    origin, within = typing.get_origin(hint), typing.get_args(hint)
    if hint is datetime:
        return datetime.fromisoformat(wire.replace("Z", "+00:00"))
    if hint is timedelta:
        return span(wire)
    if origin is tenure.Call:
        return asked(tenure.calls, wire)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        made: Any = hint
        return made(**said_all(made.__init__, wire))
    if origin in (collections.abc.Sequence, list, tuple):
        return [said(within[0], one) for one in wire]
    if tenure.Person in within and isinstance(wire, dict):
        return said(tenure.Person, wire)
    return wire


def said_all(function: Any, wire: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(function)
    return {name: said(hints[name], value) for name, value in wire.items()}


def asked(whose: Any, call: dict[str, Any]) -> Any:
    """The method that a call is, with its arguments."""
    method = getattr(whose, call["call"])
    generated = getattr(tenure.calls, call["call"])
    return method(**said_all(generated, {name: value for name, value in call.items() if name != "call"}))


def told(result: Any) -> Any:
    """A result as JSON has it."""
    if isinstance(result, tuple):
        return [told(one) for one in result]
    return None if result is None else result.as_json()


def answered(access: tenure.Access, call: dict[str, Any]) -> str:
    answer: dict[str, Any]
    try:
        if call["call"] == "clock":
            access.set_clock(said(datetime, call["now"]))
            answer = {"ok": None}
        else:
            answer = {"ok": told(asked(access, call))}
    except tenure.Refused as no:
        answer = {"refused": no.refusal.as_json()}
    except tenure.InvalidPolicy as wrong:
        answer = {"invalid": [problem.as_json() for problem in wrong.problems]}
    except tenure.Fault as fault:
        answer = {"fault": {"code": fault.code, "message": fault.message}}
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def opened(store: str, config: dict[str, Any]) -> tenure.Access:
    return tenure.open(store, clock=said(datetime, config["clock"]), ids=config["ids"])


def replayed(story: list[tuple[str, str]], store: str) -> Iterator[str]:
    """What differs."""
    access = opened(store, json.loads(story[0][0])["open"])
    for line, answer in story[1:]:
        call = json.loads(line)
        if "restart" in call:
            # What is in memory is not there any more once it is closed.
            if store != ":memory:":
                access.close()
                access = opened(store, call["restart"])
            continue
        came = answered(access, call)
        if came != answer:
            yield f"{line}\n  Rust   {answer}\n  Python {came}"
    access.close()


def stories(lines: list[str]) -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for pair in zip(lines[::2], lines[1::2]):
        if pair[0].startswith('{"story":'):
            found.append([])
        found[-1].append(pair)
    return found


@pytest.mark.skipif(TRANSCRIPT is None, reason="TENURE_TRANSCRIPT names no transcript")
@pytest.mark.timeout(1200)
def test_the_corpus_has_the_same_answers_in_python(tmp_path: Path) -> None:
    lines = Path(str(TRANSCRIPT)).read_text(encoding="utf-8").splitlines()
    differences: list[str] = []
    files = 0
    for number, story in enumerate(found := stories(lines)):
        differences += replayed(story, ":memory:")
        if number % IN_A_FILE == 0 or any(line.startswith('{"restart"') for line, _ in story):
            files += 1
            differences += replayed(story, str(tmp_path / f"{number}.db"))
    print(f"{len(found)} stories, {files} of them in a file too, {len(lines) // 2} answers")
    assert not differences, f"{len(differences)} differences; the first:\n{differences[0]}"
    assert len(found) > 400
