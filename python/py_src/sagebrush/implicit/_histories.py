"""Models that score a history of items and have no vector for a user: graph filters, EASE, item-kNN."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from . import _select
from ._base import Recommender


class HistoryModel(Recommender):
    """A model that makes every list from the row of ``user_items`` that it is given.

    As with implicit's item-item models, what the user had in training makes no difference, and ``recalculate_user``
    neither. Values of the row don't count, only what is there.
    """

    def recommend(
        self,
        userid: Any,
        user_items: Any,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        recalculate_user: bool = False,
        items: Any = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The best items of a user, or of an array of users: ``(ids, scores)``.

        Args:
            userid: A user gives two arrays of ``N``; an array of users gives two of ``[len(userid), N]``.
            user_items: A CSR matrix whose row ``r`` belongs to ``userid[r]``.
            N: How many; no more than there are ``items``, where these are given.
            filter_already_liked_items: Leave out what a user's row holds.
            filter_items: Items to leave out for all.
            recalculate_user: Makes no difference.
            items: The items to rank; excludes ``filter_items``.

        Short lists end with id -1 and score ``-float32.max``. A row without an item that training knew gives an
        empty list.

        """
        self._fitted()
        users, is_scalar = _select.as_batch(userid, np.iinfo(np.int64).max, "user")
        rows = _select.rows_of(user_items, len(users))
        only, left_out = _select.chosen(items, filter_items, self.n_items, "item")
        if only is not None:
            N = min(N, len(only))
        ids, scores = self._lists(rows, N, only, left_out, not filter_already_liked_items)
        return (ids[0], scores[0]) if is_scalar else (ids, scores)

    def _lists(
        self, rows: Any, n: int, only: NDArray[Any] | None, left_out: NDArray[Any], include_seen: bool
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        from ._fitting import ranked

        histories = {}
        for row in range(rows.shape[0]):
            here = slice(rows.indptr[row], rows.indptr[row + 1])
            history = rows.indices[here][rows.data[here] != 0]
            if len(history):
                histories[row] = history.tolist()
        n_rows = rows.shape[0]
        allowed = None if only is None else self._known(only)
        if not histories or n < 1 or allowed == []:
            return _select.padded(np.empty((n_rows, 0), int), np.empty((n_rows, 0)), max(n, 0))
        table = self.run.recommend(
            histories=histories,
            k=n,
            unknown="skip",
            include_seen=include_seen,
            only=allowed,
            exclude=self._known(left_out),
        )
        return ranked(table, "user", "item", n_rows, n)

    def _known(self, ids: NDArray[Any]) -> list[int]:
        """Those of the items that have an interaction: the run has no others."""
        return [int(item) for item in ids if item in self._trained]

    def _take(self, run: Any) -> None:
        super()._take(run)
        self._trained = set(run.items)

    def similar_items(
        self,
        itemid: Any,
        N: int = 10,
        recalculate_item: bool = False,
        item_users: Any = None,
        filter_items: Any = None,
        items: Any = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The items most like an item, or each of an array of items, by the model's own measure; without itself."""
        from ._fitting import ranked

        if recalculate_item:
            raise NotImplementedError("recalculate_item is not supported with this model: fit it again")
        self._fitted()
        batch, is_scalar = _select.as_batch(itemid, self.n_items, "item")
        only, left_out = _select.chosen(items, filter_items, self.n_items, "item")
        if only is not None:
            N = min(N, len(only))
        asked = self._known(np.unique(batch))
        ids, scores = _select.padded(np.empty((len(batch), 0), int), np.empty((len(batch), 0)), N)
        allowed = None if only is None else self._known(only)
        if asked and N > 0 and allowed != []:
            table = self.run.similar(asked, k=N, only=allowed, exclude=self._known(left_out))
            found = ranked(table, "item", "similar", self.n_items, N)
            known = np.isin(batch, asked)
            ids[known], scores[known] = found[0][batch[known]], found[1][batch[known]]
        return (ids[0], scores[0]) if is_scalar else (ids, scores)

    def similar_users(self, userid: Any, N: int = 10, filter_users: Any = None, users: Any = None) -> Any:
        """Not for these models: they have no vector for a user."""
        raise NotImplementedError(f"{type(self).__name__} has no vectors of users; LightGCN and MatrixFactorization have")

    def explain(
        self, userid: int, user_items: Any, itemid: int, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], None]:
        """Why an item suits the row ``userid`` of ``user_items``: ``(total_score, top_contributions, None)``."""
        from ._fitting import shares

        history = [int(item) for item in user_items[int(userid)].indices if item in self._trained]
        total, reasons = shares(self._fitted(), history, int(itemid), N)
        return total, reasons, None


class GFCF(HistoryModel):
    """GF-CF, a graph filter: ``vectors`` singular vectors that count ``low_pass_weight``."""

    model = "gf-cf"
    settings_of: ClassVar[dict[str, str]] = {"vectors": "filter.vectors", "low_pass_weight": "filter.low_pass_weight"}

    def __init__(
        self,
        vectors: int = 256,
        low_pass_weight: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.vectors, self.low_pass_weight = vectors, low_pass_weight


class ChebyCF(HistoryModel):
    """ChebyCF, a graph filter of degree ``order`` with ``vectors`` singular vectors."""

    model = "chebycf"
    settings_of: ClassVar[dict[str, str]] = {
        "vectors": "filter.vectors",
        "order": "chebycf.order",
        "low_pass_weight": "filter.low_pass_weight",
    }

    def __init__(
        self,
        vectors: int = 512,
        order: int | None = None,
        low_pass_weight: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.vectors, self.order, self.low_pass_weight = vectors, order, low_pass_weight


class EASE(HistoryModel):
    """EASE, a linear autoencoder of histories with the regularisation ``l2``."""

    model = "ease"
    settings_of: ClassVar[dict[str, str]] = {"l2": "ease.l2"}

    def __init__(
        self,
        l2: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.l2 = l2


class ItemKNN(HistoryModel):
    """Item-kNN: the ``K`` nearest items of each, by the cosine of their users with ``shrinkage``."""

    model = "item-knn"
    settings_of: ClassVar[dict[str, str]] = {"K": "item_knn.neighbours", "shrinkage": "item_knn.shrinkage"}

    def __init__(
        self,
        K: int = 20,
        shrinkage: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.K, self.shrinkage = K, shrinkage
