"""Sagebrush's models with the methods of the package ``implicit`` 0.7.

``fit``, ``recommend``, ``similar_items``, ``similar_users``, ``save`` and ``load`` take and give what implicit's do, so
``implicit.evaluation.ranking_metrics_at_k`` runs on these models unchanged. implicit itself is not needed.
"""

from ._base import Recommender
from ._factors import FactorModel, LightGCN, MatrixFactorization
from ._histories import EASE, GFCF, ChebyCF, HistoryModel, ItemKNN

__all__ = [
    "EASE",
    "GFCF",
    "ChebyCF",
    "FactorModel",
    "HistoryModel",
    "ItemKNN",
    "LightGCN",
    "MatrixFactorization",
    "Recommender",
]
