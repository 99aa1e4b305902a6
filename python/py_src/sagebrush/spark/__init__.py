"""Sagebrush on a cluster: jobs for Spark 4 (classic and Connect) and for Sail.

Install ``sagebrush[spark]`` on the driver and on the executors. ``recommend``, ``similar`` and ``embed`` run the
library in every task; the others are made of joins, sums and products of blocks, and need no machine that holds the
graph.
"""

from ._frames import Embeddings
from ._runs import ship
from .answers import recommend, similar
from .embedding import embed
from .evaluation import evaluate
from .filters import Filter, fit_chebycf, fit_filter, fit_gf_cf
from .pagerank import personalized_pagerank
from .propagation import lightgcn, propagate

__all__ = [
    "Embeddings",
    "Filter",
    "embed",
    "evaluate",
    "fit_chebycf",
    "fit_filter",
    "fit_gf_cf",
    "lightgcn",
    "personalized_pagerank",
    "propagate",
    "recommend",
    "ship",
    "similar",
]
