"""`fit`: from a data set to a finished run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any, Literal

from ._dataset import Dataset, Path, Split
from ._progress import Progress, watching
from ._run import Run
from ._sagebrush import NativeRun
from ._settings import together
from .errors import UsageError

Effort = Literal["quick", "normal", "thorough"]


def fit(
    dataset: Dataset | Split,
    model: str = "auto",
    effort: Effort = "normal",
    *,
    items: Path | None = None,
    out: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = True,
    **keywords: Any,
) -> Run:
    """Trains a model, and gives the finished run.

    ``model`` is a name such as ``"lightgcn"``, ``"ease"`` or ``"pinsage"``, or ``"auto"`` for a contest of models on the
    validation part, on which ``effort`` is spent. ``items`` is an item file with titles and categories.

    The run is a directory, ``out``: the same, byte for byte, as the program `sagebrush train` writes for the same file,
    settings and seed. Without ``out`` it is a temporary one that goes with the `Run`; `Run.save` keeps a copy.

    Other keywords are settings: ``epochs=20`` or ``training__epochs=20``, ``dim=64``, ``seed=7``; or in a dictionary,
    ``settings={"training.epochs": 20}``. `sagebrush.settings` lists all of them with what they do. Environment variables
    are not read.

    Ctrl-C stops the training with a checkpoint; `Run.resume` resumes it. ``progress=False`` shows nothing.
    """
    if not isinstance(dataset, Dataset | Split):
        raise UsageError(
            f"`fit` takes a Dataset or a Split, and this is a {type(dataset).__name__}: make one with "
            "`Dataset.read(path)` or `Dataset.from_frame(df)`"
        )
    named = None if model == "auto" else model
    given = together(settings, keywords, named)
    if given.setdefault("model.name", model) != model and model != "auto":
        raise UsageError(f"the model is `{model}` and `{given['model.name']}`: name one")
    if items is not None:
        if isinstance(dataset, Split):
            raise UsageError("a split was cut already: give `items` to `Dataset.read`")
        dataset = dataset.with_items(items)
    folder: str | None = None
    if out is None:
        folder = tempfile.mkdtemp(prefix="sagebrush-")
        out = os.path.join(folder, "run")
    place = os.fspath(out)
    try:
        with watching(progress) as tell:
            if isinstance(dataset, Split):
                native = NativeRun.fit_split(dataset._native, given, effort, place, tell)
            else:
                native = NativeRun.fit(dataset._native, given, effort, place, tell)
    except Exception:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return Run(native, folder=folder)
