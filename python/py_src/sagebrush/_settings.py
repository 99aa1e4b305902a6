"""Settings by keyword: dotted names with two underscores, or short names where they are clear."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

from ._sagebrush import settings as _native_settings
from .errors import SettingError

# Of several sections that have a short name, the first here has it.
_FIRST = ("model", "training", "sampling", "split", "run")
# Short names of settings that have another one.
_OTHER = {"loss": "loss.kind", "split": "split.method", "score": "score.kind", "repeats": "data.repeats"}


@cache
def _known() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    return {key: (help_, values, tuple(models)) for key, help_, values, models in _native_settings()}


def settings(about: str = "") -> dict[str, str]:
    """What can be set: each dotted name whose name holds ``about``, with what it does and accepts.

    >>> sagebrush.settings("epochs")
    """
    return {
        key: f"{' '.join(text.split())} [{values}]"
        for key, (text, values, _) in _known().items()
        if about in key
    }


def dotted(given: Mapping[str, Any], model: str | None = None) -> dict[str, Any]:
    """Settings by dotted name. ``training__epochs`` is ``training.epochs``, and ``epochs``, too."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        key = _key(name, model)
        if key in found:
            raise SettingError(f"`{name}`: the setting `{key}` is given twice")
        found[key] = value
    return found


def _key(name: str, model: str | None) -> str:
    known = _known()
    path = name.replace("__", ".")
    if path in known:
        return path
    if path in _OTHER:
        return _OTHER[path]
    if "." in path:
        # The library knows earlier names, and what a wrong one may mean.
        return path
    ends = [key for key in known if key.rpartition(".")[2] == path]
    of_model = [key for key in ends if model is None or model in known[key][2]]
    fitting = of_model or ends
    if len(fitting) > 1:
        order = {section: place for place, section in enumerate(_FIRST)}
        first = min(fitting, key=lambda key: order.get(key.partition(".")[0], len(order)))
        if first.partition(".")[0] in order:
            return first
        ways = " or ".join(f"`{key.replace('.', '__')}`" for key in fitting)
        raise SettingError(f"`{name}` may mean {ways}: write which")
    if fitting:
        return fitting[0]
    short = {key.rpartition(".")[2] for key in known} | _OTHER.keys()
    near = difflib.get_close_matches(path, sorted(short), n=1, cutoff=0.7)
    hint = f"did you mean `{near[0]}`?" if near else "`sagebrush.settings()` lists those there are"
    raise SettingError(f"unknown setting `{name}`; {hint}")


def together(
    settings: Mapping[str, Any] | None, keywords: Mapping[str, Any], model: str | None = None
) -> dict[str, Any]:
    """A dictionary of settings and keyword arguments as one, which must not say one thing twice."""
    first = dotted(_flat(settings or {}), model)
    second = dotted(keywords, model)
    twice = first.keys() & second.keys()
    if twice:
        raise SettingError(f"`{min(twice)}` is given twice: in `settings` and as a keyword")
    return first | second


def _flat(nested: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}.")
        else:
            flat[path] = value
    return flat
