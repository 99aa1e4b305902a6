"""Sagebrush: a graph recommender, from a log of interactions to lists and honest metrics.

>>> import sagebrush
>>> dataset = sagebrush.Dataset.read("ratings.csv")
>>> run = sagebrush.fit(dataset)
>>> run.evaluate()
>>> run.recommend(users=[42], k=10).to_pandas()
"""

from ._dataset import Dataset, Split
from ._evaluation import Evaluation
from ._explanation import Explanation, Reason
from ._fit import fit
from ._run import Run
from ._sagebrush import __version__
from ._settings import settings
from ._table import Table
from .errors import (
    BusyError,
    DataError,
    DeviceError,
    InternalError,
    MissingInputError,
    RunError,
    SagebrushError,
    SettingError,
    UnknownKeyError,
    UsageError,
    WriteError,
)

__all__ = [
    "BusyError",
    "DataError",
    "Dataset",
    "DeviceError",
    "Evaluation",
    "Explanation",
    "InternalError",
    "MissingInputError",
    "Reason",
    "Run",
    "RunError",
    "SagebrushError",
    "SettingError",
    "Split",
    "Table",
    "UnknownKeyError",
    "UsageError",
    "WriteError",
    "__version__",
    "fit",
    "settings",
]
