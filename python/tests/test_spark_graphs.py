"""Message passing, filters, PageRank and evaluation on the cluster, against NumPy and SciPy on one machine."""

from __future__ import annotations

import math

import engines
import numpy as np
import pytest

engines.require_engine()
from sagebrush import spark as cluster  # noqa: E402

DIM = 5


@pytest.fixture(scope="module")
def spark():
    with engines.session() as session:
        yield session


@pytest.fixture(scope="module")
def log() -> dict:
    """60 users with text keys, 40 items with numbers; item 0 has a tenth of all edges, and two nodes have none."""
    rng = np.random.default_rng(3)
    matrix = rng.random((60, 40)) < 0.1
    matrix[:, 0] = rng.random(60) < 0.5
    matrix[7] = False
    matrix[:, 9] = False
    pairs = [(f"u{u}", int(i)) for u, i in zip(*np.nonzero(matrix), strict=True)]
    assert matrix[:, 0].sum() >= len(pairs) / 10
    vectors = [rng.normal(size=(n, DIM)).astype("f4") for n in matrix.shape]
    return {"matrix": matrix.astype(float), "pairs": pairs, "users": vectors[0], "items": vectors[1]}


def frames(spark, log):
    users = [(f"u{u}", row.tolist()) for u, row in enumerate(log["users"])]
    items = [(i, row.tolist()) for i, row in enumerate(log["items"])]
    edges = spark.createDataFrame([*log["pairs"], log["pairs"][0]], "user string, item long")
    return edges, cluster.Embeddings(
        spark.createDataFrame(users, "key string, vector array<float>"),
        spark.createDataFrame(items, "key long, vector array<float>"),
    )


def inverse(values: np.ndarray, power: float) -> np.ndarray:
    return np.divide(1.0, values**power, out=np.zeros_like(values), where=values > 0)


def layers_by_hand(log, normalization: str, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    r = log["matrix"]
    du, di = r.sum(1), r.sum(0)
    to_users, to_items = {
        "symmetric": (inverse(du, 0.5)[:, None] * r * inverse(di, 0.5),) * 2,
        "mean": (inverse(du, 1)[:, None] * r, r * inverse(di, 1)),
        "sum": (r, r),
    }[normalization]
    layers = [(log["users"].astype(float), log["items"].astype(float))]
    for _ in range(n):
        users, items = layers[-1]
        layers.append((to_users @ items, to_items.T @ users))
    return layers


def collected(table, keys: list) -> np.ndarray:
    rows = {row.key: row.vector for row in table.collect()}
    assert set(rows) == set(keys)
    return np.array([rows[key] for key in keys])


@pytest.mark.parametrize(
    ("normalization", "combine", "method", "hub_edges"),
    [
        ("symmetric", "mean", "sql", 3),
        ("mean", "last", "sql", 1000),
        ("sum", "sum", "blocks", 3),
        ("symmetric", "mean", "blocks", 1000),
    ],
)
def test_layers_are_those_of_numpy(spark, log, tmp_path, normalization, combine, method, hub_edges):
    edges, embeddings = frames(spark, log)
    result = cluster.propagate(
        edges, embeddings, normalization, 2, scratch=str(tmp_path), combine=combine, method=method, hub_edges=hub_edges
    )
    layers = layers_by_hand(log, normalization, 2)
    combined = {"mean": lambda x: np.mean(x, 0), "sum": lambda x: np.sum(x, 0), "last": lambda x: x[-1]}[combine]
    users, items = (combined([layer[side] for layer in layers]) for side in (0, 1))
    np.testing.assert_allclose(collected(result.users, [f"u{u}" for u in range(60)]), users, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(collected(result.items, list(range(40))), items, rtol=1e-5, atol=1e-5)


def test_what_does_not_fit_is_refused_by_name(spark, log, tmp_path):
    edges, embeddings = frames(spark, log)
    unknown = edges.unionByName(spark.createDataFrame([("nobody", 3)], "user string, item long"))
    with pytest.raises(
        ValueError, match=r"1 users that have no row in the table of users, such as 'nobody'.*unknown='drop'"
    ):
        cluster.lightgcn(unknown, embeddings, scratch=str(tmp_path))
    with_null = edges.unionByName(spark.createDataFrame([(None, 3)], "user string, item long"))
    with pytest.raises(ValueError, match="1 rows without a value in the column 'user'"):
        cluster.lightgcn(with_null, embeddings, scratch=str(tmp_path))
    with pytest.raises(ValueError, match="no column 'buyer'; it has 'user', 'item'"):
        cluster.lightgcn(edges, embeddings, scratch=str(tmp_path), user="buyer")
    with pytest.raises(ValueError, match="normalization='symetric'"):
        cluster.propagate(edges, embeddings, "symetric", scratch=str(tmp_path))
    short = cluster.Embeddings(embeddings.users, spark.createDataFrame([(0, [1.0])], "key long, vector array<float>"))
    with pytest.raises(ValueError, match="differ in length: 1 and 5"):
        cluster.lightgcn(edges, short, scratch=str(tmp_path))
    twice = cluster.Embeddings(embeddings.users.unionByName(embeddings.users.limit(1)), embeddings.items)
    with pytest.raises(ValueError, match="more than one vector"):
        cluster.lightgcn(edges, twice, scratch=str(tmp_path))


def test_unknown_nodes_may_be_dropped(spark, log, tmp_path):
    edges, embeddings = frames(spark, log)
    unknown = edges.unionByName(spark.createDataFrame([("nobody", 0)], "user string, item long"))
    result = cluster.propagate(unknown, embeddings, layers=1, combine="last", scratch=str(tmp_path), unknown="drop")
    expected = layers_by_hand(log, "symmetric", 1)[-1][1]
    np.testing.assert_allclose(collected(result.items, list(range(40))), expected, atol=1e-5)


def test_the_vectors_of_a_filter_are_those_of_a_dense_decomposition(spark, log, tmp_path):
    edges, _ = frames(spark, log)
    found = cluster.fit_gf_cf(edges, 6, scratch=str(tmp_path), tolerance=1e-4)
    r = log["matrix"]
    normalized = inverse(r.sum(1), 0.5)[:, None] * r * inverse(r.sum(0), 0.5)
    _, values, right = np.linalg.svd(normalized)
    np.testing.assert_allclose(found.values, values[:6], atol=1e-5)
    assert found.residual <= 1e-4
    with_edges = [i for i in range(40) if i != 9]
    vectors = collected(found.vectors, with_edges)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(6), atol=1e-5)
    # Cosines of the angles between the two subspaces.
    cosines = np.linalg.svd(vectors.T @ right[:6, with_edges].T)[1]
    np.testing.assert_allclose(cosines, 1.0, atol=1e-5)
    degrees = {row.key: row.degree for row in found.vectors.collect()}
    assert degrees == {i: int(r[:, i].sum()) for i in with_edges}


@pytest.mark.parametrize("by", ["user", "item"])
def test_pagerank_is_that_of_a_power_iteration(spark, log, tmp_path, by):
    edges, _ = frames(spark, log)
    r = log["matrix"]
    n_users = len(r)
    both = np.block([[np.zeros((n_users, n_users)), r], [r.T, np.zeros((40, 40))]])
    walk = inverse(both.sum(1), 1)[:, None] * both
    start = np.zeros(n_users + 40)
    start[3 if by == "user" else n_users + 3] = 1.0
    ranks, mass = np.zeros_like(start), start
    for _ in range(9):
        ranks += 0.15 * mass
        mass = 0.85 * (mass @ walk)
    roots = [("u3",)] if by == "user" else [(3,)]
    roots = spark.createDataFrame(roots, "root string" if by == "user" else "root long")
    near = cluster.personalized_pagerank(edges, roots, scratch=str(tmp_path), by=by, steps=8)
    found = {row.item: row["rank"] for row in near.collect()}
    connected = set(np.flatnonzero(r[3])) if by == "user" else {3}
    expected = {i: ranks[n_users + i] for i in range(40) if ranks[n_users + i] > 0 and i not in connected}
    assert set(found) == set(expected)
    for item, rank in expected.items():
        assert math.isclose(found[item], rank, rel_tol=1e-9)


def test_a_root_without_edges_is_refused(spark, log, tmp_path):
    edges, _ = frames(spark, log)
    roots = spark.createDataFrame([("u7",)], "root string")
    with pytest.raises(ValueError, match="1 roots are no users of the edges, such as 'u7'"):
        cluster.personalized_pagerank(edges, roots, scratch=str(tmp_path))


def test_recall_and_ndcg_by_hand(spark):
    lists = [("a", 1, 1), ("a", 2, 2), ("a", 3, 3), ("b", 1, 1), ("c", 9, 1)]
    test = [("a", 2), ("a", 3), ("a", 8), ("b", 5), ("d", 1), ("a", 2)]
    lists = spark.createDataFrame(lists, "user string, item long, rank int")
    test = spark.createDataFrame(test, "user string, item long")
    found = cluster.evaluate(lists, test, 2)
    # a: one hit of three, on the second place; b and d have none; c has no test item.
    ideal = 1.0 + 1.0 / math.log2(3)
    assert found == {
        "users": 3,
        "recall@2": pytest.approx(1 / 3 / 3, abs=1e-12),
        "ndcg@2": pytest.approx(1.0 / math.log2(3) / ideal / 3, abs=1e-12),
    }
    with pytest.raises(ValueError, match="name an item twice, such as that of 'a'"):
        cluster.evaluate(lists.unionByName(lists.limit(1)), test, 2)
