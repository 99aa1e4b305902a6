"""The graph of interactions as tables: edges with the values of the normalised adjacency, hubs in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._frames import Scratch, refuse_rows, require_columns, without_nulls

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: How an edge of a user of degree ``u`` and an item of degree ``i`` counts, to the item's side and to the user's side.
NORMALIZATIONS = ("symmetric", "mean", "sum")
SIDES = ("user", "item")
#: Edges of a node beyond which its messages are computed in parts, by default.
HUB_EDGES = 100_000


def other(side: str) -> str:
    """The side that a message goes to."""
    return "item" if side == "user" else "user"


@dataclass(frozen=True)
class Graph:
    """Edges and nodes.

    ``edges`` has the columns ``user``, ``item``, ``value_user`` and ``value_item`` (what the edge counts in a sum
    that goes to the user, to the item), ``part_user`` and ``part_item`` (the part of the source that it belongs to).
    ``users`` and
    ``items`` have the columns ``key``, ``degree`` and ``parts``; every node is there, with or without an edge.
    """

    edges: DataFrame
    users: DataFrame
    items: DataFrame

    def nodes(self, side: str) -> DataFrame:
        """The nodes of a side."""
        return self.users if side == "user" else self.items


def pairs_of(edges: DataFrame, user: str, item: str) -> DataFrame:
    """The edges as pairs ``user``, ``item``, each once."""
    require_columns(edges, [user, item], "the table of edges")
    from pyspark.sql import functions as F

    pairs = edges.select(F.col(user).alias("user"), F.col(item).alias("item"))
    return without_nulls(pairs, "the table of edges").distinct()


def known_only(pairs: DataFrame, nodes: dict[str, DataFrame], unknown: str) -> DataFrame:
    """The pairs whose two ends are known.

    ``unknown`` says what happens to others: ``"raise"`` or ``"drop"``.
    """
    if unknown not in ("raise", "drop"):
        raise ValueError(f"unknown={unknown!r}: it is 'raise' or 'drop'")
    for side, known in nodes.items():
        keys = known.select(known["key"].alias(side))
        if unknown == "raise":
            refuse_rows(
                pairs.join(keys, side, "left_anti").select(side).distinct(),
                side,
                f"the edges name {{n}} {side}s that have no row in the table of {side}s, such as {{examples}}. Add "
                "their rows, or leave these edges out with unknown='drop'.",
            )
        else:
            pairs = pairs.join(keys, side, "left_semi")
    return pairs


def build(
    pairs: DataFrame,
    nodes: dict[str, DataFrame] | None,
    normalization: str,
    scratch: Scratch,
    hub_edges: int = HUB_EDGES,
) -> Graph:
    """Counts degrees, values and parts of the pairs; ``nodes`` may name those without an edge, too."""
    from pyspark.sql import functions as F

    if normalization not in NORMALIZATIONS:
        raise ValueError(f"normalization={normalization!r}: it is one of {', '.join(map(repr, NORMALIZATIONS))}")
    if hub_edges < 1:
        raise ValueError(f"hub_edges={hub_edges}: a part has at least one edge")
    pairs = scratch.keep(pairs, "pairs")
    tables = {}
    for side in SIDES:
        counts = pairs.groupBy(F.col(side).alias("key")).agg(F.count(F.lit(1)).alias("degree"))
        if nodes is not None:
            counts = nodes[side].select("key").join(counts, "key", "left").fillna(0, ["degree"])
        parts = F.greatest(F.lit(1), F.ceil(F.col("degree") / F.lit(hub_edges))).cast("int")
        tables[side] = scratch.keep(counts.withColumn("parts", parts), f"{side}s")
    edges = pairs
    for side in SIDES:
        table = tables[side].select(
            F.col("key").alias(side), F.col("degree").alias(f"degree_{side}"), F.col("parts").alias(f"parts_{side}")
        )
        edges = edges.join(table, side)
    edges = edges.select(
        "user",
        "item",
        _value(normalization, "user").alias("value_user"),
        _value(normalization, "item").alias("value_item"),
        _part("user").alias("part_user"),
        _part("item").alias("part_item"),
    )
    return Graph(scratch.keep(edges, "edges"), tables["user"], tables["item"])


def _value(normalization: str, to: str) -> Column:
    """What an edge counts in a sum that goes to the side ``to``."""
    from pyspark.sql import functions as F

    if normalization == "symmetric":
        return F.lit(1.0) / F.sqrt(F.col("degree_user").cast("double") * F.col("degree_item").cast("double"))
    if normalization == "mean":
        return F.lit(1.0) / F.col(f"degree_{to}").cast("double")
    return F.lit(1.0)


def _part(source: str) -> Column:
    """Which part of its source an edge belongs to, by a hash of its other end."""
    from pyspark.sql import functions as F

    return F.pmod(F.hash(F.col(other(source))), F.col(f"parts_{source}")).cast("int")
