"""How values come and go: `datetime` and `timedelta` outside, RFC 3339 and milliseconds inside."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S", bound="Shape")

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# As deep as facts and documents may be nested, and as large as a whole number may be: the port takes no more.
_DEPTH_MAX = 64
_BITS_MAX = 64
NO_TEXT = "this is no text: a lone surrogate, which is half of a character, stands"
_DEFAULT_LIST: tuple[Any, ...] = ()


class Kind:
    """What a field holds: how it is taken from a host, written as JSON, and read from JSON."""

    __slots__ = ("says", "take", "write", "read", "empty")
    says: str
    take: Callable[[str, Any], Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    empty: Any

    def __init__(
        self,
        says: str,
        take: Callable[[str, Any], Any],
        write: Callable[[Any], Any] | None = None,
        read: Callable[[Any], Any] | None = None,
        empty: Any = None,
    ) -> None:
        self.says = says
        self.take = take
        self.write = write or _same
        self.read = read or _same
        self.empty = empty


def _same(value: Any) -> Any:
    return value


def _wrong(field: str, says: str, value: object) -> TypeError:
    try:
        shown = repr(value)
    except (RecursionError, ValueError):
        # Lists that are too deep for Python to write, and whole numbers that are too long.
        shown = f"this {type(value).__name__}"
    return TypeError(f"`{field}` takes {says}, not {shown}")


def misread(code: str, field: str, message: str) -> Exception:
    """An argument of the right type that says nothing: told as the port tells what it cannot read."""
    # Those are made of what is made here.
    from ._errors import InvalidPolicy
    from ._types import Problem

    return InvalidPolicy((Problem.of_json({"code": code, "path": field, "message": message}),))


def text_of(field: str, value: str) -> str:
    """A text that has a form in UTF-8. One that came from a file's name need not have one."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise misread("out_of_range", field, f"{NO_TEXT} at {error.start}") from None
    return value


def _whole(field: str, value: Any) -> Any:
    if value.bit_length() > _BITS_MAX:
        raise misread("out_of_range", field, "this whole number has no place in 64 bits")
    return value


def _take_text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(field, "a str", value)
    return text_of(field, value)


def _of_type(says: str, kind: type) -> Kind:
    def take(field: str, value: Any) -> Any:
        # `True` is an `int` to Python and to nobody else.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _wrong(field, says, value)
        return _whole(field, value) if kind is int else value

    return Kind(says, take, empty=False if kind is bool else None)


def _take_instant(field: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise _wrong(field, "a datetime with a time zone", value)
    if value.utcoffset() is None:
        raise ValueError(
            f"`{field}` is a datetime without a time zone, so that nobody knows which instant it is; "
            f"write datetime.now(timezone.utc), or {value!r}.replace(tzinfo=...)"
        )
    try:
        instant: datetime = value.astimezone(timezone.utc)
    except OverflowError:
        raise misread("out_of_range", field, f"`{value.isoformat()}` lies outside the years 1 to 9999") from None
    # Instants are whole milliseconds; the last digits of a clock are dropped, never rounded up.
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _write_instant(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _read_instant(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)


def instant_of(millis: int) -> datetime:
    """The instant so many milliseconds after the beginning of 1970."""
    # By place, which is days, seconds, microseconds, milliseconds: the question at the door comes by here.
    return _EPOCH + timedelta(0, 0, 0, millis)


def millis_of(field: str, value: datetime) -> int:
    """The same the other way round."""
    return (_take_instant(field, value) - _EPOCH) // _MILLISECOND


def _take_span(field: str, value: Any) -> timedelta:
    if not isinstance(value, timedelta):
        raise _wrong(field, "a timedelta such as timedelta(minutes=30)", value)
    if value < timedelta(0):
        raise ValueError(f"`{field}` is negative; a span is a length of time")
    if value % _MILLISECOND:
        raise ValueError(f"`{field}` is finer than a millisecond")
    return value


def _write_span(value: timedelta) -> int:
    return value // _MILLISECOND


def _read_span(millis: int) -> timedelta:
    try:
        return timedelta(milliseconds=millis)
    except OverflowError:
        return timedelta.max


def _plain(field: str, value: Any, depth: int = 0) -> Any:
    """A copy of what JSON can say; a name that is no text, and a value that JSON has no form for, is refused."""
    if value is None:
        return None
    if isinstance(value, str):
        return text_of(field, value)
    if isinstance(value, int):
        return _whole(field, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise misread("wrong_type", field, f"invalid type: `{value}`, expected a number")
        return value
    if depth > _DEPTH_MAX:
        # What holds itself has no end, and is found here.
        raise misread("too_deep", field, f"this is nested more than {_DEPTH_MAX} deep")
    if isinstance(value, Mapping):
        return {_name(field, name): _plain(f"{field}.{name}", each, depth + 1) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        each = _in_order(field, value) if isinstance(value, (set, frozenset)) else value
        return [_plain(f"{field}[{place}]", one, depth + 1) for place, one in enumerate(each)]
    raise _wrong(field, "what JSON can say: True, False, numbers, texts, lists and dicts", value)


def _in_order(field: str, value: Any) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        raise _wrong(field, "a set whose members have an order", value) from None


def _name(field: str, name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"names in `{field}` are texts, not {name!r}")
    return text_of(field, name)


def _take_facts(field: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(field, "a dict of facts by name", value)
    return _plain(field, value)


def _take_document(field: str, value: Any) -> Any:
    if isinstance(value, str):
        return text_of(field, value)
    if not isinstance(value, Mapping):
        raise _wrong(field, "a text with its `format`, or a dict", value)
    return _plain(field, value)


TEXT = Kind("a str", _take_text)
FLAG = _of_type("True or False", bool)
WHOLE = _of_type("an int", int)
INSTANT = Kind("a datetime", _take_instant, _write_instant, _read_instant)
SPAN = Kind("a timedelta", _take_span, _write_span, _read_span)
FACTS = Kind("facts", _take_facts, empty={})
DOCUMENT = Kind("a policy document", _take_document)
ANY = Kind("anything", _plain)


def listed(kind: Kind) -> Kind:
    """A list of these; results have tuples."""

    def take(field: str, value: Any) -> tuple[Any, ...]:
        # A text is a list of texts to Python: `groups="sre"` would be three groups.
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise _wrong(field, f"a list, each {kind.says}", value)
        return tuple(kind.take(f"{field}[{place}]", one) for place, one in enumerate(value))

    return Kind(
        f"a list of {kind.says}",
        take,
        lambda value: [kind.write(one) for one in value],
        lambda wire: tuple(kind.read(one) for one in wire),
        (),
    )


def by_name(kind: Kind) -> Kind:
    """These by names that are not known beforehand."""

    def take(field: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(field, f"a dict, each value {kind.says}", value)
        return {_name(field, name): kind.take(f"{field}.{name}", one) for name, one in value.items()}

    return Kind(
        f"a dict of {kind.says}",
        take,
        lambda value: {name: kind.write(one) for name, one in value.items()},
        lambda wire: {name: kind.read(one) for name, one in wire.items()},
        {},
    )


def maybe(kind: Kind) -> Kind:
    """An answer that may be none."""
    return Kind(kind.says, kind.take, kind.write, lambda wire: None if wire is None else kind.read(wire))


def one(shape: type[Shape]) -> Kind:
    """A type of `tenure`."""
    says = f"a tenure.{shape.__name__}"

    def take(field: str, value: Any) -> Any:
        if not isinstance(value, shape):
            raise _wrong(field, says, value)
        return value

    return Kind(says, take, lambda value: value.as_json(), shape.of_json)


def actor(person: type[Shape]) -> Kind:
    """Who gives a command."""
    says = f'a tenure.{person.__name__}, or "system:NAME" for the host itself'

    def take(field: str, value: Any) -> Any:
        if isinstance(value, person):
            return value
        if isinstance(value, str) and value.startswith("system:"):
            return text_of(field, value)
        raise _wrong(field, says, value)

    return Kind(says, take, lambda value: value if isinstance(value, str) else value.as_json())


class Shape:
    """What all types of `tenure` have in common: they are frozen, and they have a form in JSON."""

    __slots__ = ()
    _wire: ClassVar[tuple[tuple[str, Kind, bool, bool], ...]] = ()
    """The name in JSON, what it holds, whether it is always there, whether it may be `None`."""

    def _fill(self, values: tuple[Any, ...]) -> None:
        for slot, (name, kind, _, none), value in zip(self._slots(), self._wire, values):
            absent = value is None and (none or kind.empty is not None)
            held = (None if none else kind.empty) if absent else kind.take(name, value)
            object.__setattr__(self, slot, held)

    @classmethod
    def _slots(cls) -> tuple[str, ...]:
        slots: tuple[str, ...] = cls.__slots__
        return slots

    @classmethod
    def of_json(cls: type[S], wire: Mapping[str, Any]) -> S:
        """Reads it from JSON that was parsed."""
        made = object.__new__(cls)
        for slot, (name, kind, _, none) in zip(cls._slots(), cls._wire):
            value = wire.get(name)
            held = kind.read(value) if value is not None else None if none else kind.empty
            object.__setattr__(made, slot, held)
        return made

    def as_json(self) -> dict[str, Any]:
        """What `json.dumps` takes: instants are RFC 3339, spans milliseconds, what is absent is left out."""
        wire: dict[str, Any] = {}
        for slot, (name, kind, required, _) in zip(self._slots(), self._wire):
            value = getattr(self, slot)
            if value is None:
                if required:
                    wire[name] = None
            elif required or not _is_empty(value):
                wire[name] = kind.write(value)
        return wire

    def __repr__(self) -> str:
        """What is there, instants and spans as one reads them."""
        held = ((slot, getattr(self, slot)) for slot in self._slots())
        fields = ", ".join(f"{slot}={_shown(value)}" for slot, value in held if not _is_empty(value))
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), tuple(getattr(self, slot) for slot in self._slots()))


def _made(shape: type[S], values: tuple[Any, ...]) -> S:
    made = object.__new__(shape)
    for slot, value in zip(shape._slots(), values):
        object.__setattr__(made, slot, value)
    return made


def _is_empty(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, (tuple, dict)) and not value)


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return _write_instant(value).replace(".000Z", "Z")
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return repr(value)


class ByField:
    """Answers that depend on which field a call names."""

    __slots__ = ("kinds",)
    kinds: dict[str, Kind]

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds

    def of(self, fields: Mapping[str, Any]) -> Kind:
        named = [kind for field, kind in self.kinds.items() if field in fields]
        # Where none is named, or several are, the answer says so, and nothing is read.
        return named[0] if named else ANY


def by_field(**kinds: Kind) -> ByField:
    """How an answer is read, by the field that the call names."""
    return ByField(kinds)


class Call(Generic[T]):
    """A call as a value: what a method of a handle asks, made by the functions of `tenure.calls`."""

    __slots__ = ("fields", "_answer")
    fields: Mapping[str, Any]
    _answer: Kind

    def __init__(self, fields: Mapping[str, Any], answer: Kind) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "_answer", answer)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    @property
    def json(self) -> str:
        """The call as the port takes it."""
        return json.dumps(self.fields, separators=(",", ":"), allow_nan=False)

    def read(self, ok: Any) -> T:
        """What was answered, out of JSON that was parsed."""
        answer: T = self._answer.read(ok)
        return answer

    def __repr__(self) -> str:
        rest = ", ".join(f"{name}={value!r}" for name, value in self.fields.items() if name != "call")
        return f"tenure.calls.{self.fields['call']}({rest})"


def call(
    name: str,
    answer: Kind | ByField,
    table: tuple[tuple[str, Kind, bool], ...],
    values: tuple[Any, ...],
) -> Call[Any]:
    """Makes a call of its fields; one that is `None` is not named, unless it must be."""
    fields: dict[str, Any] = {"call": name}
    for (field, kind, required), value in zip(table, values):
        if required or (value is not None and value is not _DEFAULT_LIST):
            fields[field] = kind.write(kind.take(field, value))
    return Call(fields, answer.of(fields) if isinstance(answer, ByField) else answer)


def _take_call(field: str, value: Any) -> Any:
    if not isinstance(value, Call):
        raise _wrong(field, "a call, made by a function of tenure.calls", value)
    return value


CALL = Kind("a call", _take_call, lambda value: value.fields)
