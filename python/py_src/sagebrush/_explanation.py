"""Why an item is listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ._keys import Key


class Reason(NamedTuple):
    """An item that the user has, and what it adds to the score."""

    item: Key
    share: float


@dataclass(frozen=True)
class Explanation:
    """A score as a sum: the shares of ``reasons``, ``others``, ``popularity`` and ``rest``.

    ``how`` is ``"exact"`` where the sum accounts for the score, ``"similar"`` where the user's vector was trained, so that
    ``rest`` is what it says beyond the user's items, and ``"popularity"`` where no item of the user has a part in it.
    """

    item: Key
    score: float
    how: str
    reasons: tuple[Reason, ...]
    others: float
    popularity: float
    rest: float
