"""Keys from whatever holds them: lists, NumPy arrays, columns of frames."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from .errors import UsageError

Key = int | str


def key_of(value: Any) -> Key:
    """A key as a number or a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise UsageError(f"a key is a text or a whole number, and {value!r} is a truth value")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return operator.index(value)
    except TypeError:
        kind = type(value).__name__
        raise UsageError(f"a key is a text or a whole number, and {value!r} is a {kind}") from None


def keys_of(values: Any, what: str) -> list[Key]:
    """Keys in a list; one key alone is refused, for a text is a list of letters."""
    if isinstance(values, str | bytes | int | float):
        raise UsageError(f"{what} is a list of keys: write [{values!r}]")
    for convert in ("tolist", "to_pylist", "to_list"):
        if hasattr(values, convert):
            values = getattr(values, convert)()
            break
    if not isinstance(values, Iterable):
        raise UsageError(f"{what} is a list of keys, and this is a {type(values).__name__}")
    return [key_of(value) for value in values]


def one_or_many(values: Any, what: str) -> list[Key]:
    """Keys in a list, or one alone."""
    # An array has `__index__`, too, for the case that it holds one number.
    if isinstance(values, str | int) or (hasattr(values, "__index__") and not getattr(values, "ndim", 0)):
        return [key_of(values)]
    return keys_of(values, what)
