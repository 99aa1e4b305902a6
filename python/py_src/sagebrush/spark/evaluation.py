"""Recall and NDCG of a table of recommendations, by the definitions of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._frames import refuse_rows, require_columns, without_nulls

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def evaluate(
    recommendations: DataFrame, test: DataFrame, k: int = 20, *, user: str = "user", item: str = "item"
) -> dict[str, float]:
    """Recall and NDCG at ``k``: ``{"users": 29858, "recall@20": 0.19, "ndcg@20": 0.16}``.

    Args:
        recommendations: ``user``, ``item`` and ``rank``, which is 1 for the best item; as :func:`recommend` gives it.
        test: The held-out interactions, one row each; a pair counts once.
        k: How much of each list counts.
        user: Column of users, in both tables.
        item: Column of items, in both tables.

    Recall is the hits over all of a user's test items, not over ``min(k, n)``. Users of the test without a list
    count 0; lists of users without a test item don't count.

    """
    from pyspark.sql import functions as F

    if k < 1:
        raise ValueError(f"k={k}: it is 1 or more")
    require_columns(recommendations, [user, item, "rank"], "the table of recommendations")
    require_columns(test, [user, item], "the table of the test")
    lists = recommendations.select(F.col(user).alias("user"), F.col(item).alias("item"), "rank").where(
        F.col("rank") <= k
    )
    refuse_rows(
        lists.groupBy("user", "item").count().where("count > 1").select("user"),
        "user",
        "the lists of {n} users name an item twice, such as that of {examples}.",
    )
    held_out = without_nulls(test.select(F.col(user).alias("user"), F.col(item).alias("item")), "the table of the test")
    held_out = held_out.distinct()
    gain = F.lit(1.0) / F.log2(F.col("rank").cast("double") + 1.0)
    hits = held_out.join(lists, ["user", "item"], "left")
    by_user = hits.groupBy("user").agg(
        F.count(F.lit(1)).alias("n"), F.count("rank").alias("hits"), F.sum(F.coalesce(gain, F.lit(0.0))).alias("gain")
    )
    ideals = by_user.sparkSession.createDataFrame(_ideals(k), "n_ideal int, ideal double")
    by_user = by_user.withColumn("n_ideal", F.least(F.col("n"), F.lit(k)).cast("int")).join(
        F.broadcast(ideals), "n_ideal"
    )
    row = by_user.agg(
        F.count(F.lit(1)).alias("users"),
        F.avg(F.col("hits") / F.col("n")).alias("recall"),
        F.avg(F.col("gain") / F.col("ideal")).alias("ndcg"),
    ).collect()[0]
    if not row.users:
        raise ValueError("the table of the test is empty")
    return {"users": row.users, f"recall@{k}": row.recall, f"ndcg@{k}": row.ndcg}


def _ideals(k: int) -> list[tuple[int, float]]:
    """The best gain of a user with 1 to k test items."""
    from math import log2

    sums, total = [], 0.0
    for n in range(1, k + 1):
        total += 1.0 / log2(n + 1)
        sums.append((n, total))
    return sums
