"""Whether a type still holds every value of another one: then a change to it is no retype. Pure."""

from __future__ import annotations

import re

_ARGUMENTS = re.compile(r"\([^)]*\)")
_INTEGERS = {
    "tinyint": 3,
    "smallint": 5,
    "mediumint": 7,
    "integer": 10,
    "bigint": 19,
    "hugeint": 38,
}
"""Integers by their digits."""
_FLOATS = ("float", "real", "double")
_ALIASES = {
    "int": "integer", "int2": "smallint", "int4": "integer", "int8": "bigint", "decimal": "numeric",
    "number": "numeric", "character varying": "varchar", "nvarchar": "varchar", "string": "varchar",
    "text": "varchar", "character": "char", "bpchar": "char", "double precision": "double",
    "float8": "double", "float4": "real", "double_precision": "double",
    "timestamptz": "timestamp with time zone",
}  # fmt: skip


def json_widens(was: str, now: str) -> bool:
    """Integers are numbers, and a number field that happens to hold integers is still one."""
    return was == now or {was, now} == {"integer", "number"}


def sql_widens(was: str, now: str) -> bool:
    """A longer text, a wider integer, a more precise number; and the same type, spelled anew."""
    if was.casefold() == now.casefold():
        return True
    (old, old_args), (new, new_args) = _parsed(was), _parsed(now)
    if old in _INTEGERS:
        return _integer_fits(_INTEGERS[old], new, new_args)
    if old == new == "numeric":
        return _numeric_fits(old_args, new_args)
    if old in _FLOATS and new in _FLOATS:
        return _FLOATS.index(old) <= _FLOATS.index(new)
    if old in ("varchar", "char") and new == "varchar":
        return not new_args or (bool(old_args) and old_args[0] <= new_args[0])
    # The precision of times, the length of bytes: none is the longest.
    return old == new and (not new_args or (bool(old_args) and old_args <= new_args))


def _integer_fits(digits: int, new: str, args: tuple[int, ...]) -> bool:
    if new in _INTEGERS:
        return digits <= _INTEGERS[new]
    return new == "numeric" and (not args or args[0] - (args[1:] or (0,))[0] >= digits)


def _numeric_fits(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    if not new:
        return True
    if not old:
        return False
    (old_all, old_scale), (new_all, new_scale) = ((*args, 0)[:2] for args in (old, new))
    return old_scale <= new_scale and old_all - old_scale <= new_all - new_scale


def _parsed(text: str) -> tuple[str, tuple[int, ...]]:
    """`varchar(50)` as base and numbers; a suffix such as `with time zone` belongs to the base."""
    base = " ".join(_ARGUMENTS.sub(" ", text.casefold()).split())
    numbers = tuple(int(n) for n in re.findall(r"\d+", " ".join(_ARGUMENTS.findall(text))))
    return _ALIASES.get(base, base), numbers
