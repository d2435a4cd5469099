"""Bad news, of three sorts: what is wrong with what was said, what the rules refuse, what failed in the world."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._types import Problem, Refusal, WouldPass

__all__ = ["Fault", "InvalidPolicy", "Refused", "TenureError"]


class TenureError(Exception):
    """Whatever `tenure` raises, but for arguments of the wrong type and datetimes without a time zone."""


class InvalidPolicy(TenureError):
    """The policy is wrong, or the call itself: all that is wrong, at once, with places."""

    problems: tuple[Problem, ...]
    """Each thing that is wrong."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(_told, problems)))
        self.problems = problems

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class Refused(TenureError):
    """The rules say no."""

    code: str
    """The stable code, such as `extension.too_long`."""
    message: str
    """What is wrong, in words."""
    details: Mapping[str, Any]
    """What a program needs to know about it, as JSON has it: instants are texts, spans milliseconds."""
    would_pass: WouldPass | None
    """The smallest change to what was asked that would pass, where the rule knows it."""
    refusal: Refusal
    """All of that as one value."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.message}")
        self.refusal = refusal
        self.code, self.message = refusal.code, refusal.message
        self.details, self.would_pass = refusal.details, refusal.would_pass

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.refusal,)


class Fault(TenureError):
    """The world failed; the rules said neither yes nor no. Whether a command was carried out is told by giving it
    again with the same `command_id`."""

    code: str
    """The stable code, such as `busy`, `closed` or `forked`."""
    message: str
    """What happened, in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message)


def _told(problem: Problem) -> str:
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part is not None)
    words = [place, problem.path, problem.message]
    told = ": ".join(word for word in words if word)
    return f"{told} ({problem.help})" if problem.help else told


def answered(text: str) -> Any:
    """What an answer says is so; raises what it says is not."""
    answer = json.loads(text)
    if "ok" in answer:
        return answer["ok"]
    raise raised(answer)


def raised(answer: Mapping[str, Any]) -> TenureError:
    """The exception of an answer that is no `ok`."""
    if "refused" in answer:
        return Refused(Refusal.of_json(answer["refused"]))
    if "invalid" in answer:
        return InvalidPolicy(tuple(map(Problem.of_json, answer["invalid"])))
    return Fault(answer["fault"]["code"], answer["fault"]["message"])
