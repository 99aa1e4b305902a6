"""Message passing over a graph that no single machine holds: joins and sums on wide columns."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from . import _blocks, _graph
from ._frames import Embeddings, Scratch, refuse_rows, require_columns, without_nulls
from ._graph import Graph, other

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: What becomes of the layers 0 to K.
COMBINATIONS = ("mean", "last", "sum")


def propagate(
    edges: DataFrame,
    embeddings: Embeddings,
    normalization: str = "symmetric",
    layers: int = 3,
    *,
    scratch: str,
    combine: str = "mean",
    method: str = "sql",
    unknown: str = "raise",
    hub_edges: int = _graph.HUB_EDGES,
    block_nodes: int = _blocks.BLOCK_NODES,
    user: str = "user",
    item: str = "item",
) -> Embeddings:
    """Sends embeddings over the edges, ``layers`` times, and combines the layers.

    A layer gives each node the sum of its neighbours' vectors, each times the edge's value: ``1 / sqrt(d_u d_i)`` with
    ``normalization="symmetric"``, ``1 / d`` of the receiving node with ``"mean"``, 1 with ``"sum"``. A node without
    an edge gets zeros. ``combine`` takes the ``"mean"`` or the ``"sum"`` of the layers 0 to ``layers``, or the
    ``"last"``.

    Args:
        edges: One row an interaction. A pair that is there twice counts once.
        embeddings: Layer 0; see :class:`Embeddings`.
        normalization: ``"symmetric"`` (LightGCN), ``"mean"`` or ``"sum"``.
        layers: How often to propagate.
        scratch: A folder that all machines reach. The result reads from it; delete it once the result is written.
        combine: ``"mean"`` (LightGCN), ``"sum"`` or ``"last"``.
        method: ``"sql"`` is joins and sums in the engine; ``"blocks"`` multiplies blocks of edges with blocks of
            vectors in Python workers, which shuffles less where nodes have many edges.
        unknown: Edges with a node that has no vector: ``"raise"`` an error, or ``"drop"`` them.
        hub_edges: A node with more edges sends its messages from so many parts that none has more; for ``"sql"``.
        block_nodes: Nodes of a block, for ``"blocks"``. Larger blocks shuffle less and need more memory: a worker holds
            some blocks of ``block_nodes * width`` floats.
        user: Column of users.
        item: Column of items.

    Raises:
        ValueError: Columns, nodes or settings that don't fit; the sentence names them.

    """
    if layers < 0:
        raise ValueError(f"layers={layers}: it is 0 or more")
    if combine not in COMBINATIONS:
        raise ValueError(f"combine={combine!r}: it is one of {', '.join(map(repr, COMBINATIONS))}")
    if method not in ("sql", "blocks"):
        raise ValueError(f"method={method!r}: it is 'sql' or 'blocks'")
    place = Scratch(scratch)
    dim = _dim(embeddings)
    nodes = {"user": embeddings.users, "item": embeddings.items}
    pairs = _graph.known_only(_graph.pairs_of(edges, user, item), nodes, unknown)
    graph = _graph.build(pairs, nodes, normalization, place, hub_edges)
    if method == "blocks":
        return _blocks.propagate(graph, embeddings, dim, layers, combine, place, block_nodes)
    tables = [{side: _wide(nodes[side], graph.nodes(side), dim) for side in nodes}]
    for layer in range(1, layers + 1):
        last = tables[-1]
        tables.append(
            {side: place.keep(step(graph, last[other(side)], side, dim), f"layer-{layer}-{side}s") for side in nodes}
        )
    return Embeddings(*(_combined([table[side] for table in tables], dim, combine) for side in nodes))


def lightgcn(edges: DataFrame, embeddings: Embeddings, layers: int = 3, *, scratch: str, **options: Any) -> Embeddings:
    """LightGCN's final embeddings from its learned tables: the mean of the layers 0 to ``layers``."""
    return propagate(edges, embeddings, "symmetric", layers, scratch=scratch, combine="mean", **options)


def columns(dim: int) -> list[str]:
    """The names of the wide columns."""
    return [f"v{at}" for at in range(dim)]


def step(graph: Graph, sources: DataFrame, to: str, dim: int) -> DataFrame:
    """One half of a layer: from the wide table of one side to that of the side ``to``.

    A source of many edges is there once for each of its parts, so that no task has all of its messages to make.
    """
    from pyspark.sql import functions as F

    source = other(to)
    parts = F.explode(F.sequence(F.lit(0), F.col("parts") - 1)).alias(f"part_{source}")
    sent = sources.select(F.col("key").alias(source), parts, *columns(dim))
    messages = graph.edges.select(source, to, f"part_{source}", f"value_{to}").join(sent, [source, f"part_{source}"])
    sums = messages.groupBy(F.col(to).alias("key")).agg(
        *[F.sum(F.col(f"value_{to}") * F.col(name)).alias(name) for name in columns(dim)]
    )
    received = graph.nodes(to).select("key", "parts").join(sums, "key", "left")
    return received.fillna(0.0, columns(dim))


def _dim(embeddings: Embeddings) -> int:
    """The width of both tables, once they are as they should be."""
    from pyspark.sql import functions as F

    widths = set()
    for side, table in zip(("users", "items"), embeddings, strict=True):
        require_columns(table, ["key", "vector"], f"the table of {side}")
        without_nulls(table.select("key", "vector"), f"the table of {side}")
        refuse_rows(
            table.groupBy("key").count().where("count > 1"),
            "key",
            f"the table of {side} has more than one vector for {{n}} of them, such as {{examples}}.",
        )
        sizes = table.select(F.size("vector").alias("n")).distinct().limit(3).collect()
        if len(sizes) > 1:
            raise ValueError(f"the vectors of {side} have several lengths, such as {sizes[0].n} and {sizes[1].n}.")
        widths |= {row.n for row in sizes}
    if not widths:
        raise ValueError("the tables of embeddings are empty")
    if len(widths) > 1:
        raise ValueError(f"vectors of users and items differ in length: {' and '.join(map(str, sorted(widths)))}.")
    return int(widths.pop())


def _wide(table: DataFrame, nodes: DataFrame, dim: int) -> DataFrame:
    """Vectors as columns of numbers, with the parts of each node."""
    from pyspark.sql import functions as F

    vector = [F.col("vector")[at].cast("double").alias(name) for at, name in enumerate(columns(dim))]
    return table.select("key", *vector).join(nodes.select("key", "parts"), "key").select("key", "parts", *columns(dim))


def _combined(layers: list[DataFrame], dim: int, combine: str) -> DataFrame:
    from pyspark.sql import functions as F

    def narrow(frame: DataFrame) -> DataFrame:
        return frame.select("key", F.array(*[F.col(name).cast("float") for name in columns(dim)]).alias("vector"))

    if combine == "last" or len(layers) == 1:
        return narrow(layers[-1])
    every = reduce(lambda one, more: one.unionByName(more), [table.select("key", *columns(dim)) for table in layers])
    of = F.avg if combine == "mean" else F.sum
    return narrow(every.groupBy("key").agg(*[of(F.col(name)).alias(name) for name in columns(dim)]))
