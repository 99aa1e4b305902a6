"""Our models inside RecTools: lists, similar items, cross-validation, settings and files."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rectools", reason="no RecTools here: pip install rectools")

import pandas as pd
from rectools import Columns
from rectools.dataset import Dataset
from rectools.metrics import Recall
from rectools.model_selection import LastNSplitter, cross_validate
from rectools.models import EASEModel

from sagebrush.rectools import SagebrushModel


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(5)
    rows = []
    for user in range(60):
        for at, item in enumerate(rng.permutation(20)[:8]):
            rows.append((f"u{user}", f"i{2 * item + user % 2}", 1.0, pd.Timestamp("2026-01-01") + pd.Timedelta(days=at)))
    return Dataset.construct(pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Weight, Columns.Datetime]))


def test_lists_are_those_of_ease_by_hand(dataset):
    """`B = I - P diag(1/P)`. RecTools' own EASE ranks by the transpose, so its scores differ."""
    matrix = dataset.get_user_item_matrix().toarray().astype(float)
    inverse = np.linalg.inv(matrix.T @ matrix + 50.0 * np.eye(matrix.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    scores = matrix @ weights
    scores[matrix > 0] = -np.inf
    lists = SagebrushModel("ease", {"ease.l2": 50.0}).fit(dataset).recommend(["u0", "u7"], dataset, k=6, filter_viewed=True)
    assert list(lists.columns) == ["user_id", "item_id", "score", "rank"]
    for user in ("u0", "u7"):
        mine = lists[lists["user_id"] == user]
        row = scores[dataset.user_id_map.convert_to_internal([user])[0]]
        np.testing.assert_allclose(mine["score"], np.sort(row)[::-1][:6], rtol=1e-4)
        of_items = row[dataset.item_id_map.convert_to_internal(mine["item_id"])]
        np.testing.assert_allclose(mine["score"], of_items, rtol=1e-4)
        assert mine["rank"].tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("model", ["mf", "ease"])
def test_whitelists_viewed_items_and_similar_items(dataset, model):
    settings = {"model.dim": 8, "training.epochs": 2} if model == "mf" else {}
    fitted = SagebrushModel(model, settings).fit(dataset)
    some = ["i0", "i2", "i4", "i6"]
    lists = fitted.recommend(["u0"], dataset, k=3, filter_viewed=False, items_to_recommend=some)
    assert set(lists["item_id"]) <= set(some) and lists["rank"].tolist() == list(range(1, len(lists) + 1))
    seen = set(dataset.get_raw_interactions().query("user_id == 'u0'")["item_id"])
    assert not seen & set(fitted.recommend(["u0"], dataset, k=20, filter_viewed=True)["item_id"])
    near = fitted.recommend_to_items(["i0", "i1"], dataset, k=4)
    assert len(near) == 8 and (near["target_item_id"] != near["item_id"]).all()


def test_cross_validation_takes_it(dataset):
    found = cross_validate(
        dataset,
        LastNSplitter(n=1, n_splits=2),
        {"recall@5": Recall(k=5)},
        {"ours": SagebrushModel("item-knn", {"item_knn.neighbours": 10}), "theirs": EASEModel()},
        k=5,
        filter_viewed=True,
    )
    ours = [row["recall@5"] for row in found["metrics"] if row["model"] == "ours"]
    assert len(ours) == 2 and all(0 < value <= 1 for value in ours)


def test_settings_files_and_pickles(dataset, tmp_path):
    model = SagebrushModel("ease", {"ease.l2": 50.0}, path=str(tmp_path / "run"))
    assert SagebrushModel.from_config(model.get_config()).get_config() == model.get_config()
    assert SagebrushModel.from_params(model.get_params(simple_types=True)).settings == {"ease": {"l2": 50.0}}
    model.fit(dataset)
    model.save(tmp_path / "model")
    again = SagebrushModel.load(tmp_path / "model")
    asked = {"users": ["u3"], "dataset": dataset, "k": 5, "filter_viewed": True}
    pd.testing.assert_frame_equal(again.recommend(**asked), model.recommend(**asked))
    assert model.set_params(model="mf").model == "mf" and model.inner is None
    with pytest.raises(ValueError, match="no argument 'modle'"):
        model.set_params(modle="mf")
    with pytest.raises(ValueError, match="model='lightgbm': it is one of 'lightgcn'"):
        SagebrushModel("lightgbm")
