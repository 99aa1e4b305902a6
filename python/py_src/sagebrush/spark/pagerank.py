"""Personalized PageRank of many roots by truncated iteration."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from . import _graph
from ._frames import Scratch, refuse_rows, require_columns, without_nulls

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def personalized_pagerank(
    edges: DataFrame,
    roots: DataFrame,
    *,
    scratch: str,
    by: str = "user",
    restart: float = 0.15,
    steps: int = 20,
    tolerance: float = 0.0,
    connected: bool = False,
    user: str = "user",
    item: str = "item",
) -> DataFrame:
    """The ranks of items around each root, as ``root``, ``item``, ``rank``.

    A walk starts at the root. At each step it ends with probability ``restart``, or goes on to a neighbour; a rank
    is the probability that it ends there. The sum is cut off after ``steps`` steps: what is left out of all ranks of
    a root together is at most ``(1 - restart) ** (steps + 1)``, .033 with the defaults. With ``tolerance``, mass
    below it stays behind at each step, which bounds the size of the tables; ranks are then lower by what stayed.

    Args:
        edges: One row an interaction; a pair counts once.
        roots: A column ``root`` of users or items.
        scratch: A folder that all machines reach.
        by: What roots are: ``"user"`` or ``"item"``.
        restart: In (0, 1).
        steps: Steps of the longest walk.
        tolerance: Least mass that is passed on.
        connected: Whether to keep the root itself and the items that a root user has.
        user: Column of users.
        item: Column of items.

    """
    from pyspark.sql import functions as F

    if not 0 < restart < 1:
        raise ValueError(f"restart={restart}: a probability between 0 and 1")
    if by not in _graph.SIDES:
        raise ValueError(f"by={by!r}: it is 'user' or 'item'")
    if steps < 1:
        raise ValueError(f"steps={steps}: it is 1 or more")
    require_columns(roots, ["root"], "the table of roots")
    place = Scratch(scratch)
    graph = _graph.build(_graph.pairs_of(edges, user, item), None, "mean", place)
    roots = without_nulls(roots.select("root"), "the table of roots").distinct()
    refuse_rows(
        roots.join(graph.nodes(by).select(F.col("key").alias("root")), "root", "left_anti"),
        "root",
        f"{{n}} roots are no {by}s of the edges, such as {{examples}}.",
    )
    walk = roots.select("root", F.col("root").alias("node"), F.lit(1.0).alias("mass"))
    ranks = [] if by == "user" else [walk.withColumn("mass", F.lit(restart))]
    side = by
    for at in range(1, steps + 1):
        to = _graph.other(side)
        # A node shares its mass among its neighbours: what "mean" is for a sum that goes to it.
        shares = graph.edges.select(
            F.col(side).alias("node"), F.col(to).alias("to"), F.col(f"value_{side}").alias("share")
        )
        passed = walk.where(F.col("mass") >= tolerance) if tolerance > 0 else walk
        walk = (
            passed.join(shares, "node")
            .groupBy("root", F.col("to").alias("node"))
            .agg((F.sum(F.col("mass") * F.col("share")) * (1.0 - restart)).alias("mass"))
        )
        walk = place.keep(walk, f"walk-{at}")
        if to == "item":
            ranks.append(walk.withColumn("mass", F.col("mass") * restart))
        side = to
    every = reduce(lambda one, more: one.unionByName(more), ranks)
    every = every.groupBy("root", F.col("node").alias("item")).agg(F.sum("mass").alias("rank"))
    if connected:
        return every
    if by == "item":
        return every.where(F.col("root") != F.col("item"))
    owned = graph.edges.select(F.col("user").alias("root"), "item")
    return every.join(owned, ["root", "item"], "left_anti")
