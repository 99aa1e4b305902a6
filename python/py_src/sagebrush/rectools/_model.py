"""A RecTools model around the models of ``sagebrush.implicit``."""

from __future__ import annotations

import typing as tp

import numpy as np
from pydantic import Field
from rectools.dataset import Dataset
from rectools.models.base import ModelBase, ModelConfig

from .. import implicit

#: The models by their names in the program.
CLASSES = {
    kind.model: kind
    for kind in (
        implicit.LightGCN,
        implicit.MatrixFactorization,
        implicit.GFCF,
        implicit.ChebyCF,
        implicit.EASE,
        implicit.ItemKNN,
    )
}


class SagebrushModelConfig(ModelConfig):
    """The arguments of :class:`SagebrushModel`."""

    model: str = "lightgcn"
    settings: dict[str, tp.Any] = Field(default_factory=dict)
    seed: int = 42
    path: str | None = None


class SagebrushModel(ModelBase[SagebrushModelConfig]):
    """A model of Sagebrush for RecTools.

    Args:
        model: ``"lightgcn"``, ``"mf"``, ``"gf-cf"``, ``"chebycf"``, ``"ease"`` or ``"item-knn"``.
        settings: Settings of the program by name, such as ``{"ease.l2": 200}``.
        seed: Seed of everything that is drawn.
        path: Folder of the run; a temporary one where it is ``None``. A pickle holds this path, not the run.
        verbose: 1 shows a bar.

    """

    recommends_for_warm = False
    recommends_for_cold = False
    config_class = SagebrushModelConfig

    def __init__(
        self,
        model: str = "lightgcn",
        settings: dict[str, tp.Any] | None = None,
        seed: int = 42,
        path: str | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(verbose=verbose)
        if model not in CLASSES:
            raise ValueError(f"model={model!r}: it is one of {', '.join(map(repr, CLASSES))}")
        self.model, self.settings, self.seed, self.path = model, dict(settings or {}), seed, path
        self.inner: tp.Any = None

    def _get_config(self) -> SagebrushModelConfig:
        return SagebrushModelConfig(
            cls=self.__class__,
            verbose=self.verbose,
            model=self.model,
            settings=self.settings,
            seed=self.seed,
            path=self.path,
        )

    @classmethod
    def _from_config(cls, config: SagebrushModelConfig) -> SagebrushModel:
        return cls(config.model, config.settings, config.seed, config.path, config.verbose)

    def set_params(self, **params: tp.Any) -> SagebrushModel:
        """Changes arguments by name; the model has to be fitted again."""
        known = {name: value for name, value in vars(self).items() if name in SagebrushModelConfig.model_fields}
        wrong = sorted(params.keys() - known.keys())
        if wrong:
            raise ValueError(f"{type(self).__name__} has no argument {wrong[0]!r}; it has {', '.join(sorted(known))}")
        type(self).__init__(self, **{**known, **params})
        return self

    def _fit(self, dataset: Dataset, *args: tp.Any, **kwargs: tp.Any) -> None:
        inner = CLASSES[self.model](seed=self.seed, path=self.path, settings=self.settings)
        inner.fit(dataset.get_user_item_matrix(include_weights=True), show_progress=self.verbose > 0)
        self.inner = inner

    def _recommend_u2i(
        self,
        user_ids: np.ndarray,
        dataset: Dataset,
        k: int,
        filter_viewed: bool,
        sorted_item_ids_to_recommend: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        users = np.asarray(user_ids)
        rows = dataset.get_user_item_matrix(include_weights=True)[users]
        ids, scores = self.inner.recommend(
            users, rows, N=k, filter_already_liked_items=filter_viewed, items=sorted_item_ids_to_recommend
        )
        return _long(users, ids, scores)

    def _recommend_i2i(
        self,
        target_ids: np.ndarray,
        dataset: Dataset,
        k: int,
        sorted_item_ids_to_recommend: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        targets = np.asarray(target_ids)
        ids, scores = self.inner.similar_items(targets, N=k, items=sorted_item_ids_to_recommend)
        return _long(targets, ids, scores)


def _long(targets: np.ndarray, ids: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A row a place; without padding."""
    is_there = ids >= 0
    return np.repeat(targets, is_there.sum(axis=1)), ids[is_there], scores[is_there]
