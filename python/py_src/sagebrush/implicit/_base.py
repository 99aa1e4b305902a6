"""What all models here have in common: settings, fitting to a CSR matrix, files."""

from __future__ import annotations

import inspect
import io
import json
import os
import pathlib
import tempfile
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

#: The entry of a saved file that holds the class and its settings; the others are files of the run.
ABOUT = "sagebrush"


class Recommender:
    """A model of the package with implicit's methods.

    Settings are arguments of the constructor, and attributes; ``get_params`` and ``set_params`` read and change them as
    scikit-learn's estimators do. A fitted model has the attribute ``run``, a :class:`sagebrush.Run`.
    """

    #: The model's name in the program.
    model: ClassVar[str]
    #: The program's settings that arguments of the constructor stand for, by argument.
    settings_of: ClassVar[dict[str, str]] = {}

    def __init__(self, *, seed: int = 42, path: str | None = None, settings: dict[str, Any] | None = None) -> None:
        self.seed = seed
        self.path = path
        self.settings = settings
        self._reset()

    def _reset(self) -> None:
        self.run: Any = None
        self._shape = (0, 0)
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    # -- settings
    # -------------------------------------------------------------------------------------------------------

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Recommender:
        """Changes settings; the model has to be fitted again."""
        for name in params:
            if name not in self._names():
                raise ValueError(f"{type(self).__name__} has no setting {name!r}; it has {', '.join(self._names())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {n: p.default for n, p in inspect.signature(type(self).__init__).parameters.items()}
        told = (f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name])
        return f"{type(self).__name__}({', '.join(told)})"

    # -- fitting
    # --------------------------------------------------------------------------------------------------------

    def fit(self, user_items: Any, show_progress: bool = True, callback: Any = None) -> None:
        """Fits the model to all of a matrix of users and items.

        Args:
            user_items: A CSR matrix, a row a user. What is stored and is not 0 is an interaction; its value counts
                where the settings read weights, such as ``sampling.weighted_positives``.
            show_progress: Whether to show a bar.
            callback: Called after each epoch with its number, the seconds so far and the loss; for models with epochs.

        """
        from ._fitting import fit_matrix

        where = self.path
        folder = None
        if where is None:
            folder = tempfile.TemporaryDirectory(prefix="sagebrush-")
            where = os.path.join(folder.name, "run")
        own = {setting: getattr(self, argument) for argument, setting in self.settings_of.items()}
        settings = {**own, **flat(self.settings or {})}
        run, shape = fit_matrix(user_items, self.model, where, self.seed, settings, show_progress, callback)
        self._reset()
        self._folder, self._shape = folder, shape
        self._take(run)

    def _take(self, run: Any) -> None:
        """Has a fitted run."""
        self.run = run

    def _fitted(self) -> Any:
        if self.run is None:
            raise ValueError(f"this {type(self).__name__} is not fitted: call fit(user_items) first")
        return self.run

    @property
    def n_users(self) -> int:
        """Rows of the matrix that the model was fitted to, and users that were added since."""
        self._fitted()
        return self._shape[0]

    @property
    def n_items(self) -> int:
        """Columns of the matrix that the model was fitted to."""
        self._fitted()
        return self._shape[1]

    # -- files
    # ----------------------------------------------------------------------------------------------------------

    def _more_arrays(self) -> dict[str, NDArray[Any]]:
        """What a file holds beside the run."""
        return {}

    def _take_arrays(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Takes what :meth:`_more_arrays` gave."""

    def save(self, file: str | os.PathLike[str] | io.IOBase) -> None:
        """Saves the whole model to one file of NumPy's ``.npz`` format, without pickles."""
        root = pathlib.Path(self._fitted().path)
        files = sorted(
            path for path in root.rglob("*") if path.is_file() and "checkpoint" not in path.parts[len(root.parts) :]
        )
        about = {
            "class": type(self).__name__,
            "params": {**self.get_params(), "path": None},
            "shape": list(self._shape),
        }
        arrays = {f"run/{path.relative_to(root).as_posix()}": np.fromfile(path, np.uint8) for path in files}
        entries: dict[str, Any] = {ABOUT: np.array(json.dumps(about)), **arrays, **self._more_arrays()}
        np.savez(file, **entries)

    @classmethod
    def load(cls, file: str | os.PathLike[str] | io.IOBase) -> Recommender:
        """The model of a file that :meth:`save` wrote; of any class, where it is called on :class:`Recommender`."""
        import sagebrush
        from sagebrush import implicit

        if isinstance(file, (str, os.PathLike)) and not str(file).endswith(".npz"):
            file = f"{file}.npz"
        with np.load(file, allow_pickle=False) as data:
            if ABOUT not in data.files:
                raise ValueError(f"{file} is no model that sagebrush.implicit saved")
            about = json.loads(str(data[ABOUT]))
            kind = getattr(implicit, about["class"])
            if not issubclass(kind, cls):
                raise ValueError(f"the file holds a {about['class']}, and this is {cls.__name__}.load")
            model: Recommender = kind(**about["params"])
            model._folder = tempfile.TemporaryDirectory(prefix="sagebrush-")
            root = pathlib.Path(model._folder.name, "run")
            more = {}
            for name in data.files:
                if name.startswith("run/"):
                    path = root / _inside(name[len("run/") :])
                    path.parent.mkdir(parents=True, exist_ok=True)
                    data[name].tofile(path)
                elif name != ABOUT:
                    more[name] = data[name]
        model._shape = tuple(about["shape"])
        model._take(sagebrush.Run.open(str(root)))
        model._take_arrays(more)
        return model

    def __getstate__(self) -> dict[str, Any]:
        """A pickle holds the settings and the path of the run, not the run."""
        path = None if self.run is None else str(self.run.path)
        return {
            "params": self.get_params(),
            "run": path,
            "shape": self._shape,
            "more": self._more_arrays() if path else {},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        import sagebrush

        type(self).__init__(self, **state["params"])
        if state["run"] is None:
            return
        if not os.path.isdir(state["run"]):
            raise FileNotFoundError(
                f"a pickle of a {type(self).__name__} holds the path of its run, and {state['run']} is gone. Fit it "
                "with path=… in a folder that stays, or use save and load, which keep everything in one file."
            )
        self._shape = state["shape"]
        self._take(sagebrush.Run.open(state["run"]))
        self._take_arrays(state["more"])


def _inside(name: str) -> pathlib.PurePosixPath:
    path = pathlib.PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"the file names a place outside its folder: {name!r}")
    return path


def flat(settings: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Settings by dotted name; sections may be dictionaries."""
    found = {}
    for name, value in settings.items():
        inner = flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
        found.update(inner)
    return found
