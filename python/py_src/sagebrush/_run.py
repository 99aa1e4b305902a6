"""A finished run: what it is measured at, whom it lists what, what it knows."""

from __future__ import annotations

import json
import os
import shutil
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ._dataset import Dataset, Path
from ._evaluation import Evaluation
from ._explanation import Explanation, Reason
from ._histories import Histories, named_histories
from ._keys import Key, key_of, keys_of, one_or_many
from ._progress import Progress, watching
from ._report import Report
from ._sagebrush import NativeRun
from ._table import Table
from .errors import UsageError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Unknown = Literal["raise", "skip", "popular"]
Of = Literal["items", "users"]


class Run:
    """A trained model with all that its answers need; `fit` and `Run.open` make one.

    It can be asked from several threads at once. What an answer needs is loaded when the first is asked for.
    """

    def __init__(self, native: NativeRun, *, folder: str | None = None) -> None:
        self._native = native
        if folder is not None:
            self._end = weakref.finalize(self, shutil.rmtree, folder, True)

    @classmethod
    def open(cls, path: Path) -> Run:
        """Opens a run directory that `fit` or `sagebrush train` finished."""
        return cls(NativeRun.open(os.fspath(path)))

    @classmethod
    def resume(cls, path: Path, dataset: Dataset | None = None, *, progress: Progress = True) -> Run:
        """Resumes a training that was stopped or killed.

        The log is read again and must be the same. A run that was trained on a frame needs the same ``dataset`` again.
        """
        native = None if dataset is None else dataset._native
        with watching(progress) as tell:
            return cls(NativeRun.resume(os.fspath(path), native, tell))

    @property
    def path(self) -> str:
        """The directory."""
        return os.fspath(self._native.path())

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._native.model()

    @property
    def config(self) -> str:
        """The complete settings, as TOML."""
        return self._native.config()

    @property
    def n_users(self) -> int:
        """The number of users."""
        return self._native.counts()[0]

    @property
    def n_items(self) -> int:
        """The number of items."""
        return self._native.counts()[1]

    @cached_property
    def users(self) -> list[Key]:
        """The keys of all users, in the order of ``embeddings("users")``."""
        return Table(self._native.keys(True))["user"]

    @cached_property
    def items(self) -> list[Key]:
        """The keys of all items, in the order of ``embeddings("items")``."""
        return Table(self._native.keys(False))["item"]

    def evaluate(self, k: int | Sequence[int] = 20, *, progress: Progress = False) -> Evaluation:
        """Opens the test part and measures the model beside baselines, at depth ``k`` or at several.

        As with the program, the run records that its test part was opened, and keeps the result and a report.
        """
        ks = [k] if isinstance(k, int) else list(k)
        with watching(progress) as tell:
            return Evaluation(json.loads(self._native.evaluate(ks, tell)))

    def recommend(
        self,
        users: Any = None,
        *,
        histories: Histories | None = None,
        k: int = 10,
        only: Any = None,
        exclude: Any = (),
        category: str | None = None,
        include_seen: bool = False,
        diversity: float = 0.0,
        popularity_damping: float = 0.0,
        category_cap: int | None = None,
        unknown: Unknown = "raise",
    ) -> Table:
        """The best items for some users, for all of them (``users=None``), or for people who are not in the log.

        ``users`` are keys. ``histories`` are the items that people have: a list of lists, or a dictionary of them by
        name, or a frame with a column of people and one of lists of items, or with one interaction a row. Items of a
        history that the model does not know do not count.

        Lists leave out what their user has in the log, or in the history, unless ``include_seen``. They hold ``only``
        these items, none of ``exclude``, and those of one ``category``. ``diversity`` (0 to 1), ``popularity_damping`` and
        ``category_cap`` re-rank them.

        ``unknown`` says what becomes of a user that the model does not know, and of a history without an item that it
        knows: ``"raise"``, ``"skip"`` (no list) or ``"popular"`` (the most popular items).

        The table has ``user``, ``rank`` (from 1), ``item``, ``score``, ``title`` where items have titles, and ``source``:
        ``model`` or ``popularity``, which serves users of whom the model knows nothing.
        """
        options = _options(
            k, include_seen, exclude, only, category, diversity, popularity_damping, category_cap
        )
        if histories is None:
            keys = None if users is None else one_or_many(users, "users")
            return Table(self._native.recommend(keys, unknown, options))
        if users is not None:
            raise UsageError("give `users` of the log or `histories`, not both")
        if hasattr(histories, "__arrow_c_stream__"):
            return Table(self._native.recommend_table(histories, unknown, options))
        names, lists = named_histories(histories)
        are_numbers = all(isinstance(name, int) for name in names)
        return Table(self._native.recommend_for(names, are_numbers, lists, unknown, options))

    def similar(
        self,
        items: Any,
        k: int = 10,
        *,
        only: Any = None,
        exclude: Any = (),
        category: str | None = None,
    ) -> Table:
        """The items most like one item, or like each of several: ``item``, ``rank``, ``similar``, ``score``."""
        options = _options(k, True, exclude, only, category, 0.0, 0.0, None)
        return Table(self._native.similar(one_or_many(items, "items"), options))

    def embeddings(self, of: Of = "items") -> NDArray[numpy.float32]:
        """The vectors of all items or users, a row each in the order of `items` or `users`.

        The array shows the model's own memory, without a copy, and cannot be written to. The inner product of a user's and
        an item's row is the score, unless the model's score is a network's.
        """
        import numpy

        if of not in ("items", "users"):
            raise UsageError(f'embeddings of {of!r}: there are those of "items" and "users"')
        vectors = self._native.vectors(of == "users")
        if vectors is None:
            raise UsageError(
                f"{self.model} has no vectors, for it scores items by what users have: `recommend` and `similar` answer; "
                'models such as "lightgcn", "mf" and "ials" have vectors'
            )
        return numpy.asarray(vectors)

    def explain(
        self,
        user: Key | None = None,
        items: Any = None,
        *,
        history: Any = None,
        k: int = 10,
        reasons: int = 3,
    ) -> list[Explanation]:
        """Why items are listed for a user, or for somebody with a ``history``: the best ``k``, or the ``items`` named."""
        found = self._native.explain(
            None if user is None else key_of(user),
            None if history is None else keys_of(history, "history"),
            None if items is None else one_or_many(items, "items"),
            k,
            reasons,
        )
        return [
            Explanation(item, score, how, tuple(Reason(*reason) for reason in why), *rest)
            for item, score, how, why, *rest in found
        ]

    def refresh(
        self,
        newer: Any,
        *,
        items: Path | None = None,
        out: Path | None = None,
        progress: Progress = False,
    ) -> dict[str, Any] | None:
        """Brings the run up to date with a newer log, without training: what users have, what is popular, who is new.

        ``newer`` is a file, a frame or a `Dataset`; columns are those of the run's own log. The run is replaced, or stays
        and the new one is written to ``out``. The result says what was new; ``None`` where nothing was.
        """
        if isinstance(newer, Dataset):
            log = newer._native if items is None else newer.with_items(items)._native
        else:
            path = newer if hasattr(newer, "__arrow_c_stream__") else os.fspath(newer)
            log = self._native.newer(path, None if items is None else os.fspath(items))
        with watching(progress) as tell:
            done = self._native.refresh(log, None if out is None else os.fspath(out), tell)
        if out is None:
            for name in ("users", "items"):
                self.__dict__.pop(name, None)
        return None if done is None else json.loads(done)

    def refit(
        self,
        out: Path,
        on: Literal["everything", "training+validation"] = "everything",
        *,
        progress: Progress = True,
    ) -> Run:
        """Trains the model again on everything, for serving, into a new run: nothing is left to measure it on."""
        with watching(progress) as tell:
            return Run(self._native.refit(os.fspath(out), on, tell))

    def export(
        self,
        path: Path,
        what: Literal["recommendations", "items", "users"] = "recommendations",
        *,
        k: int = 10,
        include_seen: bool = False,
    ) -> None:
        """Writes the lists of all users, or the vectors of items or users, to a file: CSV, JSON lines or Parquet.

        The ending of ``path`` says which. Lists are written as they are made: memory does not grow with their number.
        """
        if what == "recommendations":
            options = _options(k, include_seen, (), None, None, 0.0, 0.0, None)
            self._native.export_lists(os.fspath(path), options)
        elif what in ("items", "users"):
            self._native.export_vectors(os.fspath(path), what == "users")
        else:
            raise UsageError(f'{what!r} is none of "recommendations", "items" and "users"')

    def report(self) -> Report:
        """The run's report, which shows itself in a notebook; the figures are there after `evaluate`."""
        return Report(self._native.report())

    def save(self, path: Path) -> Run:
        """Copies the run to another directory and opens it there."""
        if os.path.exists(path):
            raise UsageError(f"{os.fspath(path)}: is there already; name a new directory")
        shutil.copytree(self.path, path)
        return Run.open(path)

    def __reduce__(self) -> tuple[Any, ...]:
        # A run is pickled by its path: whoever loads it must see the same directory.
        return (Run.open, (self.path,))

    def __repr__(self) -> str:
        return f"Run({self.model}, {self.path})"


def _options(
    k: int,
    include_seen: bool,
    exclude: Any,
    only: Any,
    category: str | None,
    diversity: float,
    popularity_damping: float,
    category_cap: int | None,
) -> Mapping[str, Any]:
    if k < 1:
        raise UsageError(f"k is {k}, and a list has at least 1 item")
    return {
        "k": k,
        "include_seen": include_seen,
        "exclude": keys_of(exclude, "exclude"),
        "only": None if only is None else keys_of(only, "only"),
        "category": category,
        "diversity": diversity,
        "popularity_damping": popularity_damping,
        "category_cap": category_cap,
    }
