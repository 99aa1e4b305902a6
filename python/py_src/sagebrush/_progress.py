"""Progress: a bar of tqdm where it is installed, lines where it is not, nothing with ``progress=False``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Tell = Callable[..., None]
Progress = bool | Tell


@contextmanager
def watching(progress: Progress) -> Iterator[Tell | None]:
    """What the library tells its progress to; ``progress`` may be a function of a name and details."""
    if progress is False:
        yield None
    elif callable(progress):
        yield progress
    else:
        bar = Bar()
        try:
            yield bar
        finally:
            bar.close()


class Bar:
    """Shows one bar at a time, and remarks above it."""

    def __init__(self) -> None:
        self._bar: Any = None
        try:
            from tqdm.auto import tqdm

            self._tqdm: Any = tqdm
        except ImportError:
            self._tqdm = None

    def __call__(self, event: str, *details: Any) -> None:
        """Takes an event of the library."""
        take = getattr(self, f"_on_{event}", None)
        if take is not None:
            take(*details)

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _begin(self, what: str, total: int, done: int = 0) -> None:
        self.close()
        if self._tqdm is None:
            self._say(what)
        else:
            self._bar = self._tqdm(desc=what, total=total, initial=done, leave=False, mininterval=0.2)

    def _say(self, text: str) -> None:
        if self._tqdm is not None:
            self._tqdm.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr)

    def _on_remark(self, text: str) -> None:
        self._say(text)

    def _on_begins(self, what: str, total: int) -> None:
        self._begin(what, total)

    def _on_advance(self, n: int) -> None:
        if self._bar is not None:
            self._bar.update(n)

    def _on_ends(self) -> None:
        self.close()

    def _on_training(self, epochs: int, steps: int, done: int, refit_on: str | None) -> None:
        what = "training" if refit_on is None else f"training on {refit_on}"
        self._begin(what, epochs * steps, done * steps)

    def _on_epoch_done(self, record: str) -> None:
        epoch = json.loads(record)
        figures = epoch.get("validation") or {}
        shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
        loss = epoch["loss"]
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(filter(None, [f"loss {loss:.4f}", shown])))
        else:
            self._say(f"epoch {epoch['epoch']}: loss {loss:.4f}{', ' if shown else ''}{shown}")

    def _on_candidate(self, name: str, seconds_left: float | None) -> None:
        left = "" if seconds_left is None else f", about {seconds_left:.0f} s left"
        self._begin(f"{name}{left}", 0)
