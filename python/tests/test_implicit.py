"""What implicit's documentation says of these methods, statement by statement, held against our models."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse", reason="no SciPy here: pip install scipy")

from sagebrush import implicit as models  # noqa: E402

N_USERS, N_ITEMS = 50, 30
QUICK = {"sampling.batch_size": 256}
LEAST = -np.finfo(np.float32).max


@pytest.fixture(scope="module")
def user_items():
    """Two groups of users with items of their own; the last user and the last item have nothing."""
    rng = np.random.default_rng(1)
    near = (np.arange(N_USERS)[:, None] % 2) == (np.arange(N_ITEMS)[None, :] % 2)
    matrix = rng.random((N_USERS, N_ITEMS)) < np.where(near, 0.4, 0.06)
    matrix[-1], matrix[:, -1] = False, False
    return sparse.csr_matrix(matrix.astype(np.float32))


def made(kind: str):
    return {
        "lightgcn": lambda: models.LightGCN(8, 2, epochs=5, settings=QUICK),
        "mf": lambda: models.MatrixFactorization(8, epochs=5, settings=QUICK),
        "gf-cf": lambda: models.GFCF(4),
        "chebycf": lambda: models.ChebyCF(4),
        "ease": lambda: models.EASE(20.0),
        "item-knn": lambda: models.ItemKNN(10),
    }[kind]()


FACTORS = ("lightgcn", "mf")
HISTORIES = ("gf-cf", "chebycf", "ease", "item-knn")


@pytest.fixture(scope="module")
def fitted(user_items):
    """All models, each fitted when it is first asked for."""
    done = {}

    def get(kind):
        if kind not in done:
            done[kind] = made(kind)
            assert done[kind].fit(user_items, show_progress=False) is None
        return done[kind]

    return get


@pytest.fixture(params=FACTORS + HISTORIES)
def model(request, fitted):
    return fitted(request.param)


@pytest.fixture(params=FACTORS)
def factors(request, fitted):
    return fitted(request.param)


@pytest.fixture(params=HISTORIES)
def histories(request, fitted):
    return fitted(request.param)


def test_a_scalar_gives_one_dimension_and_an_array_two(model, user_items):
    ids, scores = model.recommend(3, user_items[3], N=5)
    assert ids.shape == scores.shape == (5,)
    assert (np.diff(scores) <= 0).all()
    users = np.array([3, 0, 7])
    many, of_many = model.recommend(users, user_items[users], N=5)
    assert many.shape == of_many.shape == (3, 5)
    assert many.dtype == np.int32 and of_many.dtype == np.float32
    np.testing.assert_array_equal(many[0], ids)
    np.testing.assert_allclose(of_many[0], scores, rtol=1e-5)


def test_row_r_of_user_items_belongs_to_userid_r(model, user_items):
    users = np.array([9, 2])
    rows = user_items[[4, 5]]
    ids, _ = model.recommend(users, rows, N=8)
    for row, listed in zip((4, 5), ids, strict=True):
        assert not set(listed) & set(user_items[row].indices)
    with pytest.raises(ValueError, match="1 row for every user"):
        model.recommend(users, user_items, N=3)
    with pytest.raises(ValueError, match="CSR"):
        model.recommend(0, user_items[0].tocoo(), N=3)


def test_histories_are_what_the_rows_say(histories, user_items):
    one, _ = histories.recommend(2, user_items[5], N=6)
    other, _ = histories.recommend(5, user_items[5], N=6)
    np.testing.assert_array_equal(one, other)


def test_liked_items_are_left_out_unless_asked_for(model, user_items):
    liked = set(user_items[6].indices)
    ids, _ = model.recommend(6, user_items[6], N=N_ITEMS)
    assert not liked & set(ids)
    ids, _ = model.recommend(6, user_items[6], N=N_ITEMS, filter_already_liked_items=False)
    assert liked <= set(ids)


def test_a_stored_zero_is_no_interaction(model, user_items):
    row = user_items[6].copy()
    liked = row.indices[0]
    row.data[0] = 0.0
    ids, _ = model.recommend(6, row, N=N_ITEMS)
    assert liked in ids


def test_filtered_items_are_left_out_for_all(model, user_items):
    users = np.arange(4)
    first, _ = model.recommend(users, user_items[users], N=4)
    left_out = np.unique(first[:, 0])
    ids, _ = model.recommend(users, user_items[users], N=4, filter_items=left_out)
    assert not np.isin(ids, left_out).any()
    for before, after in zip(first, ids, strict=True):
        kept = [item for item in before if item not in left_out]
        np.testing.assert_array_equal(after[: len(kept)], kept)


def test_items_restrict_the_list_and_exclude_the_filter(model, user_items):
    users = np.arange(3)
    chosen = [11, 4, 7]
    ids, scores = model.recommend(users, user_items[users], N=10, items=chosen, filter_already_liked_items=False)
    assert ids.shape == (3, 3)
    assert set(ids.ravel()) <= {-1, *chosen}
    np.testing.assert_array_equal(ids == -1, scores == LEAST)
    with pytest.raises(ValueError, match="exclude each other"):
        model.recommend(0, user_items[0], items=[1], filter_items=[2])
    with pytest.raises(IndexError, match="not in the model"):
        model.recommend(0, user_items[0], items=[N_ITEMS])


def test_short_lists_are_padded(model, user_items):
    ids, scores = model.recommend(np.array([0]), user_items[[0]], N=N_ITEMS + 5)
    n = int((ids >= 0).sum())
    assert n <= N_ITEMS - user_items[0].nnz
    np.testing.assert_array_equal(ids[0, n:], -1)
    np.testing.assert_array_equal(scores[0, n:], np.float32(LEAST))
    assert ids.shape == (1, N_ITEMS + 5)


def test_a_user_who_is_not_in_the_model_is_an_index_error(factors, user_items):
    with pytest.raises(IndexError, match=f"userid {N_USERS} is not in the model"):
        factors.recommend(N_USERS, user_items[0])


def test_scores_are_products_and_lists_are_those_of_the_run(factors, user_items):
    assert factors.user_factors.shape == (N_USERS, 8) and factors.item_factors.shape == (N_ITEMS, 8)
    assert not factors.user_factors[-1].any() and not factors.item_factors[-1].any()
    ids, scores = factors.recommend(1, user_items[1], N=4)
    np.testing.assert_allclose(scores, factors.item_factors[ids] @ factors.user_factors[1], rtol=1e-5)
    listed = factors.run.recommend(users=[1], k=N_ITEMS)["item"]
    ids, _ = factors.recommend(1, user_items[1], N=N_ITEMS)
    ours = [item for item in ids.tolist() if item in listed]
    assert ours == listed


def test_similar_items_are_cosines_with_the_item_first(factors):
    ids, scores = factors.similar_items(4, N=5)
    assert ids.shape == (5,) and ids[0] == 4 and scores[0] == pytest.approx(1.0, abs=1e-5)
    one, other = factors.item_factors[4], factors.item_factors[ids[1]]
    assert scores[1] == pytest.approx(one @ other / np.linalg.norm(one) / np.linalg.norm(other), abs=1e-5)
    ids, _ = factors.similar_items([4, 5], N=5, filter_items=[4])
    assert ids.shape == (2, 5) and 4 not in ids
    ids, _ = factors.similar_items(4, N=5, items=[9, 8])
    assert set(ids) == {8, 9}


def test_similar_items_of_histories_leave_the_item_out(histories):
    ids, scores = histories.similar_items(4, N=5)
    assert ids.shape == (5,) and 4 not in ids and (np.diff(scores) <= 0).all()
    first = ids[0]
    ids, _ = histories.similar_items([4, N_ITEMS - 1], N=5, filter_items=[first])
    assert ids.shape == (2, 5) and first not in ids
    np.testing.assert_array_equal(ids[1], -1)
    ids, _ = histories.similar_items(4, N=5, items=[9, 8])
    assert set(ids) - {-1} <= {8, 9}
    with pytest.raises(NotImplementedError):
        histories.similar_items(4, recalculate_item=True)
    with pytest.raises(NotImplementedError):
        histories.similar_users(4)


def test_similar_users(factors):
    ids, scores = factors.similar_users(2, N=3)
    assert ids[0] == 2 and scores[0] == pytest.approx(1.0, abs=1e-5)
    ids, _ = factors.similar_users([2, 3], N=3, users=[5, 6, 7])
    assert ids.shape == (2, 3) and set(ids.ravel()) == {5, 6, 7}
    ids, _ = factors.similar_users(2, N=3, filter_users=[2])
    assert 2 not in ids


def test_a_recalculated_user_is_the_history_that_is_given(factors, user_items):
    ids, scores = factors.recommend(N_USERS + 9, user_items[3], N=5, recalculate_user=True)
    listed = factors.run.recommend(histories=[user_items[3].indices.tolist()], k=5)
    np.testing.assert_array_equal(ids, listed["item"])
    np.testing.assert_allclose(scores, listed["score"], rtol=1e-3, atol=1e-5)
    vector = factors.recalculate_user(3, user_items[3])
    assert vector.shape == (8,)
    both = factors.recalculate_user([3, 4], user_items[[3, 4]])
    np.testing.assert_allclose(both[0], vector, rtol=1e-6)


def test_partial_fit_keeps_vectors_and_adds_users(user_items):
    model = made("mf")
    model.fit(user_items, show_progress=False)
    before = model.user_factors.copy()
    model.partial_fit_users([2, N_USERS + 1], user_items[[8, 9]])
    assert model.user_factors.shape == (N_USERS + 2, 8)
    np.testing.assert_allclose(model.user_factors[2], model.recalculate_user(8, user_items[8]), rtol=1e-6)
    np.testing.assert_array_equal(model.user_factors[3], before[3])
    ids, _ = model.recommend(N_USERS + 1, user_items[9], N=3)
    np.testing.assert_array_equal(ids, model.recommend(9, user_items[9], N=3, recalculate_user=True)[0])


def test_reasons_add_up(factors, user_items):
    total, reasons, weights = factors.explain(3, user_items, 5, N=2)
    score = factors.item_factors[5] @ factors.recalculate_user(3, user_items[3])
    assert total == pytest.approx(score, rel=1e-4, abs=1e-6)
    assert len(reasons) == 2 and reasons[0][1] >= reasons[1][1]
    assert factors.explain(3, user_items, 5, user_weights=weights)[0] == pytest.approx(total)


def test_reasons_of_histories_are_items_that_the_user_has(histories, user_items):
    item = int(histories.recommend(3, user_items[3], N=1)[0][0])
    total, reasons, _ = histories.explain(3, user_items, item, N=50)
    assert {reason for reason, _ in reasons} <= set(user_items[3].indices.tolist())
    assert sum(share for _, share in reasons) == pytest.approx(total, rel=1e-3, abs=1e-5)


def test_saved_and_loaded_by_name_and_by_file(model, user_items, tmp_path):
    users = np.arange(5)
    expected = model.recommend(users, user_items[users], N=4)
    model.save(str(tmp_path / "model"))
    assert (tmp_path / "model.npz").exists()
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    for loaded in (type(model).load(str(tmp_path / "model")), models.Recommender.load(file)):
        assert type(loaded) is type(model)
        assert {**loaded.get_params(), "path": None} == {**model.get_params(), "path": None}
        for ours, theirs in zip(loaded.recommend(users, user_items[users], N=4), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_pickle_holds_the_path(user_items, tmp_path):
    model = models.EASE(20.0, path=str(tmp_path / "run"))
    model.fit(user_items, show_progress=False)
    data = pickle.dumps(model)
    assert len(data) < 2000
    again = pickle.loads(data)
    np.testing.assert_array_equal(again.recommend(0, user_items[0])[0], model.recommend(0, user_items[0])[0])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"is gone.*save and load"):
        pickle.loads(data)


def test_settings_are_read_and_changed_as_scikit_learn_does():
    model = models.LightGCN(16)
    assert model.get_params()["factors"] == 16
    assert model.set_params(factors=8, layers=1) is model
    assert repr(model) == "LightGCN(factors=8, layers=1)"
    with pytest.raises(ValueError, match="no setting 'factor'; it has factors"):
        model.set_params(factor=3)
    assert type(model)(**model.get_params()).get_params() == model.get_params()


def test_what_cannot_be_fitted_is_refused(user_items):
    with pytest.raises(ValueError, match="holds no interaction"):
        models.EASE().fit(sparse.csr_matrix((3, 4)))
    with pytest.raises(ValueError, match=r"scipy.sparse CSR matrix"):
        models.EASE().fit(user_items.toarray())
    with pytest.raises(ValueError, match="not fitted: call fit"):
        models.EASE().recommend(0, user_items[0])


def test_a_callback_hears_of_epochs(user_items):
    heard = []
    made("mf").fit(user_items, show_progress=False, callback=lambda *told: heard.append(told))
    assert heard and heard[0][0] == 1 and heard[0][1] >= 0 and np.isfinite(heard[0][2])


def test_implicits_own_evaluation_runs_unchanged(model, user_items):
    evaluation = pytest.importorskip("implicit.evaluation", reason="no implicit here: pip install implicit")
    train, test = evaluation.train_test_split(user_items, random_state=3)
    figures = evaluation.ranking_metrics_at_k(model, train, test, K=5, show_progress=False)
    assert set(figures) == {"precision", "map", "ndcg", "auc"} or {"precision", "ndcg"} <= set(figures)
    hits = possible = 0
    for user in np.flatnonzero(np.diff(test.indptr)):
        ids, _ = model.recommend(int(user), train[int(user)], N=5)
        likes = set(test[int(user)].indices)
        hits += len(likes & set(ids.tolist()))
        possible += min(5, len(likes))
    assert figures["precision"] == pytest.approx(hits / possible)
