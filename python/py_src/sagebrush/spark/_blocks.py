"""Products of a sparse matrix in 2-D blocks with dense blocks of vectors, in Python workers.

Nodes are dealt to blocks by a hash and numbered within them. A block of edges goes from one block of sources to one of
receivers and is kept as binary columns; a block of vectors is one row. Only rows of a product that have a message are
sent on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from . import _kernels
from ._frames import Embeddings, Scratch
from ._graph import SIDES, Graph, other

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: Nodes of a block, about, by default: 4 MB of 64 floats each.
BLOCK_NODES = 16_384
#: More would not fit one row of Spark's at 256 columns.
BLOCK_NODES_MAX = 1 << 20
#: Bytes that a worker gets at once, about.
BATCH_BYTES = 128 << 20
#: Edges of one row of the table of edges at most: 12 bytes each.
CHUNK_EDGES = 262_144
#: Rows that a worker gets at once; each may be megabytes.
BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"


@dataclass(frozen=True)
class BlockGraph:
    """The edges in blocks, both ways, and where each node is.

    ``chunks[side]`` are the edges that start on that side. ``sizes[side]`` are the nodes of each block, and
    ``copies[side]`` says into how many parts the edges of a block of sources are dealt: a hub makes its block heavy.
    """

    chunks: dict[str, DataFrame]
    places: dict[str, DataFrame]
    sizes: dict[str, list[int]]
    copies: dict[str, list[int]]

    def product(
        self, sources: DataFrame, source: str, others: list[tuple[float, DataFrame]], scale: float = 1.0
    ) -> DataFrame:
        """``scale A x`` of the vectors ``x`` of one side, plus the other tables, each times its number.

        All tables have the columns ``block`` and ``values``; ``others`` are of the side that is sent to.
        """
        to = other(source)
        copies, sizes = self.copies[source], self.sizes[to]
        sent = sources.mapInArrow(_kernels.copier(copies, self.sizes[source]), _kernels.PIECE)
        pieces = sent.unionByName(self.chunks[source])
        partial = pieces.repartition("key").mapInArrow(_kernels.multiplier(scale), _kernels.PARTIAL)
        for factor, table in others:
            partial = partial.unionByName(table.mapInArrow(_kernels.scaler(factor), _kernels.PARTIAL))
        return partial.repartition("block").mapInArrow(_kernels.adder(sizes), _kernels.BLOCK)


@contextmanager
def few_rows(frame: DataFrame, block_nodes: int, width: int) -> Iterator[None]:
    """Has workers take a few rows at a time. A row of a block is megabytes, and the usual 10,000 would not fit."""
    conf = frame.sparkSession.conf
    before = conf.get(BATCH_ROWS, None)
    conf.set(BATCH_ROWS, str(max(1, min(1000, BATCH_BYTES // (4 * block_nodes * width)))))
    try:
        yield
    finally:
        conf.unset(BATCH_ROWS) if before is None else conf.set(BATCH_ROWS, before)


def build(graph: Graph, scratch: Scratch, block_nodes: int) -> BlockGraph:
    """Deals nodes and edges to blocks."""
    from pyspark.sql import functions as F

    if not 1 <= block_nodes <= BLOCK_NODES_MAX:
        raise ValueError(f"block_nodes={block_nodes}: it is 1 to {BLOCK_NODES_MAX:,}")

    places, sizes = {}, {}
    for side in SIDES:
        places[side], sizes[side] = _placed(graph.nodes(side), side, scratch, block_nodes)
    edges = graph.edges
    for side in SIDES:
        place = places[side].select(
            F.col("key").alias(side), F.col("block").alias(f"block_{side}"), F.col("local").alias(f"local_{side}")
        )
        edges = edges.join(place, side)
    edges = scratch.keep(
        edges.select("block_user", "local_user", "block_item", "local_item", "value_user", "value_item"), "numbered"
    )
    chunks, copies = {}, {}
    for side in SIDES:
        copies[side] = _copies(edges, side, len(sizes[side]))
        chunks[side] = scratch.keep(_chunked(edges, side, copies[side]), f"chunks-from-{side}s")
    return BlockGraph(chunks, places, sizes, copies)


def _placed(nodes: DataFrame, side: str, scratch: Scratch, block_nodes: int) -> tuple[DataFrame, list[int]]:
    """Block and number within it of every node, and the nodes of each block."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    n_blocks = max(1, -(-nodes.count() // block_nodes))
    dealt = nodes.select("key", _block("key", n_blocks).alias("block"))
    within = Window.partitionBy("block").orderBy("key")
    placed = scratch.keep(dealt.withColumn("local", (F.row_number().over(within) - 1).cast("int")), f"places-{side}s")
    sizes = [0] * n_blocks
    for row in placed.groupBy("block").count().collect():
        sizes[row.block] = row["count"]
    return placed, sizes


def _block(key: str, n_blocks: int) -> Column:
    from pyspark.sql import functions as F

    return F.pmod(F.hash(F.col(key)), F.lit(n_blocks)).cast("int")


def _copies(edges: DataFrame, source: str, n_blocks: int) -> list[int]:
    """How many parts the edges of each block of sources make: none has over twice the mean of blocks."""
    counts = edges.groupBy(f"block_{source}").count().collect()
    most = max(CHUNK_EDGES, 2 * sum(row["count"] for row in counts) // max(1, n_blocks))
    copies = [1] * n_blocks
    for row in counts:
        copies[row[0]] = -(-row["count"] // most)
    return copies


def _chunked(edges: DataFrame, source: str, copies: list[int]) -> DataFrame:
    to = other(source)
    numbered = edges.selectExpr(
        f"block_{source} AS source",
        f"local_{source} AS source_local",
        f"block_{to} AS target",
        f"local_{to} AS target_local",
        f"CAST(value_{to} AS FLOAT) AS value",
    )
    return numbered.repartition("source", "target").mapInArrow(_kernels.chunker(copies, CHUNK_EDGES), _kernels.PIECE)


def to_blocks(places: DataFrame, vectors: DataFrame) -> DataFrame:
    """Vectors (``key``, ``vector``) as blocks. Every node of the places has one."""
    placed = vectors.join(places, "key").select("block", "local", "vector")
    return placed.repartition("block").mapInArrow(_kernels.packer(), _kernels.BLOCK)


def from_blocks(places: DataFrame, sizes: list[int], blocks: DataFrame) -> DataFrame:
    """Blocks as vectors (``key``, ``vector``)."""
    rows = blocks.mapInArrow(_kernels.unpacker(sizes), "block int, local int, vector array<float>")
    return rows.join(places, ["block", "local"]).select("key", "vector")


def propagate(
    graph: Graph, embeddings: Embeddings, dim: int, layers: int, combine: str, scratch: Scratch, block_nodes: int
) -> Embeddings:
    """The same as by joins and sums; see :func:`sagebrush.spark.propagate`."""
    blocks = build(graph, scratch, block_nodes)
    first = {
        side: scratch.keep(to_blocks(blocks.places[side], table), f"layer-0-{side}s")
        for side, table in zip(SIDES, embeddings, strict=True)
    }
    with few_rows(graph.edges, block_nodes, dim):
        every = [first]
        for layer in range(1, layers + 1):
            last = every[-1]
            products = {side: blocks.product(last[other(side)], other(side), []) for side in SIDES}
            every.append({side: scratch.keep(products[side], f"layer-{layer}-{side}s") for side in SIDES})
        return Embeddings(
            *(_combined(blocks, [layer[side] for layer in every], side, combine, scratch) for side in SIDES)
        )


def _combined(blocks: BlockGraph, layers: list[DataFrame], side: str, combine: str, scratch: Scratch) -> DataFrame:
    if combine == "last":
        layers = layers[-1:]
    factor = 1.0 / len(layers) if combine == "mean" else 1.0
    parts = [layer.mapInArrow(_kernels.scaler(factor), _kernels.PARTIAL) for layer in layers]
    every = reduce(lambda one, more: one.unionByName(more), parts)
    total = every.repartition("block").mapInArrow(_kernels.adder(blocks.sizes[side]), _kernels.BLOCK)
    return scratch.keep(from_blocks(blocks.places[side], blocks.sizes[side], total), f"final-{side}s")
