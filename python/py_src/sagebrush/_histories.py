"""Histories of people who are not in the log, with their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._keys import Key, key_of, keys_of
from .errors import UsageError

Histories = Mapping[Key, Iterable[Key]] | Iterable[Iterable[Key]] | Any


def named_histories(histories: Histories) -> tuple[list[Key], list[list[Key]]]:
    """The names of people and their items; people without names are numbered from 0."""
    if isinstance(histories, Mapping):
        named: Iterable[tuple[Any, Any]] = histories.items()
    elif isinstance(histories, Iterable) and not isinstance(histories, str | bytes):
        named = enumerate(histories)
    else:
        raise UsageError(
            "histories is a list of lists of items, a dictionary of them by name, or a frame; this is a "
            f"{type(histories).__name__}"
        )
    names: list[Key] = []
    lists: list[list[Key]] = []
    for name, items in named:
        names.append(key_of(name))
        lists.append(keys_of(items, f"the history of {name!r}"))
    return names, lists
