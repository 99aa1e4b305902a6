"""`implicit.evaluation` on our models beside implicit's own.

`SAGEBRUSH_DATA=… python python/benches/beside_implicit.py [gowalla] [MODEL…]`

One split by implicit (80% of the pairs, seed 1) or Gowalla's own, K = 20, default settings but for those shown; one
run each.
"""

from __future__ import annotations

import os
import pathlib
import sys
import time

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.evaluation import ranking_metrics_at_k, train_test_split
from implicit.nearest_neighbours import CosineRecommender
from scipy import sparse

from sagebrush import implicit as ours

DATA = pathlib.Path(os.environ["SAGEBRUSH_DATA"])


def matrix_of(users: np.ndarray, items: np.ndarray, shape: tuple[int, int] | None = None) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix((np.ones(len(users), "f4"), (users, items)), shape)
    matrix.data[:] = 1.0
    return matrix


def movietweetings() -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    lines = (DATA / "movietweetings-100k/ratings.dat").read_text().split()
    columns = np.array([line.split("::")[:2] for line in lines]).T
    users, items = (np.unique(column, return_inverse=True)[1] for column in columns)
    return train_test_split(matrix_of(users, items), train_percentage=0.8, random_state=1)


def gowalla() -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    parts = []
    for name in ("train", "test"):
        rows = [list(map(int, line.split())) for line in (DATA / f"gowalla/{name}.txt").read_text().splitlines()]
        users = np.concatenate([np.full(len(row) - 1, row[0]) for row in rows])
        parts.append((users, np.concatenate([row[1:] for row in rows]).astype(int)))
    shape = tuple(1 + max(int(part[at].max()) for part in parts) for at in (0, 1))
    return tuple(matrix_of(*part, shape) for part in parts)


def main() -> None:
    is_gowalla = "gowalla" in sys.argv[1:]
    train, test = gowalla() if is_gowalla else movietweetings()
    models = {
        "implicit ALS, 64 factors": AlternatingLeastSquares(64, random_state=1),
        "implicit BPR, 64 factors": BayesianPersonalizedRanking(64, random_state=1),
        "implicit cosine kNN": CosineRecommender(20),
        "GFCF, 64 vectors": ours.GFCF(64),
        "ChebyCF, 64 vectors": ours.ChebyCF(64),
        "ItemKNN": ours.ItemKNN(20),
        "EASE": ours.EASE(),
        "MatrixFactorization": ours.MatrixFactorization(64),
        "LightGCN": ours.LightGCN(64, 3),
    }
    if is_gowalla:
        # Its square of items would be 6.7 GB.
        del models["EASE"]
    chosen = [name for name in sys.argv[1:] if name != "gowalla"]
    print(f"{train.shape[0]} users, {train.shape[1]} items, {train.nnz} pairs to train on, {test.nnz} to test on")
    print("| model | precision@20 | map@20 | ndcg@20 | fit, s | evaluation, s |\n|---|---|---|---|---|---|", flush=True)
    for name, model in models.items():
        if chosen and name not in chosen:
            continue
        start = time.monotonic()
        model.fit(train, show_progress=False)
        fitted = time.monotonic()
        found = ranking_metrics_at_k(model, train, test, K=20, show_progress=False, num_threads=2)
        done = time.monotonic()
        figures = " | ".join(f"{found[metric]:.4f}" for metric in ("precision", "map", "ndcg"))
        print(f"| {name} | {figures} | {fitted - start:.1f} | {done - fitted:.1f} |", flush=True)


if __name__ == "__main__":
    main()
