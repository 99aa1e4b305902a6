"""The fit of GF-CF and ChebyCF: leading singular vectors of the normalised interactions, by block subspace iteration.

Every product with the graph is a job. The driver sees matrices of the block's width alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _algebra, _blocks, _graph
from ._frames import Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from ._blocks import BlockGraph

#: Vectors beyond those asked for, which make the last ones converge: a quarter more, and at least this many.
SPARE_VECTORS = 16
ROUNDS_MAX = 60
#: The highest degree of the Chebyshev polynomial, and the most by which a direction may grow at once (as a logarithm).
DEGREE_MAX = 16
GROWTH_MAX = 44.0
#: Residuals cannot be told from rounding below this, nor singular values below this share of the largest from 0.
ROUNDING = 1e-6
SMALLEST_SHARE = 1e-3


@dataclass(frozen=True)
class Filter:
    """A fitted graph filter.

    Attributes:
        kind: ``"gf-cf"`` or ``"chebycf"``.
        values: Singular values, the largest first.
        vectors: ``key`` (an item), ``degree`` and ``vector``: the item's row of the right singular vectors.
        residual: The largest residual ``|R̃ᵀu - s v|`` of a vector.
        rounds: The rounds that it took.

    """

    kind: str
    values: NDArray[Any]
    vectors: DataFrame
    residual: float
    rounds: int


def fit_gf_cf(edges: DataFrame, vectors: int = 256, *, scratch: str, **options: Any) -> Filter:
    """GF-CF's fit: the low-pass part is made of ``vectors`` singular vectors. Options: see :func:`fit_filter`."""
    return fit_filter(edges, "gf-cf", vectors, scratch=scratch, **options)


def fit_chebycf(edges: DataFrame, vectors: int = 512, *, scratch: str, **options: Any) -> Filter:
    """ChebyCF's fit. Its polynomial needs none; its low-pass part is made of ``vectors`` singular vectors."""
    return fit_filter(edges, "chebycf", vectors, scratch=scratch, **options)


def fit_filter(
    edges: DataFrame,
    kind: str,
    vectors: int,
    *,
    scratch: str,
    tolerance: float = 0.1,
    seed: int = 42,
    block_nodes: int = _blocks.BLOCK_NODES,
    user: str = "user",
    item: str = "item",
) -> Filter:
    """Fits a graph filter.

    Args:
        edges: One row an interaction; a pair counts once.
        kind: ``"gf-cf"`` or ``"chebycf"``.
        vectors: How many singular vectors; fewer come back where there are no more that differ from 0.
        scratch: A folder that all machines reach. The result reads from it; delete it once the result is written.
        tolerance: The largest residual of a vector, as ``filter.tolerance`` of the program.
        seed: Seed of the random start.
        block_nodes: Nodes of a block; larger ones shuffle less and need more memory.
        user: Column of users.
        item: Column of items.

    Raises:
        ValueError: Settings that don't fit.

    """
    if kind not in ("gf-cf", "chebycf"):
        raise ValueError(f"kind={kind!r}: it is 'gf-cf' or 'chebycf'")
    if vectors < 1:
        raise ValueError(f"vectors={vectors}: at least 1")
    if not tolerance > 0:
        raise ValueError(f"tolerance={tolerance}: above 0")
    place = Scratch(scratch)
    graph = _graph.build(_graph.pairs_of(edges, user, item), None, "symmetric", place)
    blocks = _blocks.build(graph, place, block_nodes)
    if not sum(blocks.sizes["item"]):
        raise ValueError("the table of edges is empty")
    iteration = _Iteration(blocks, place, vectors, seed)
    with _blocks.few_rows(edges, block_nodes, iteration.width):
        spectrum = iteration.run(tolerance)
        rows = _blocks.from_blocks(blocks.places["item"], blocks.sizes["item"], spectrum.vectors)
        rows = rows.join(graph.items.select("key", "degree"), "key").select("key", "degree", "vector")
        rows = place.keep(rows, "vectors")
    return Filter(kind, spectrum.squares**0.5, rows, spectrum.residual, spectrum.rounds)


@dataclass(frozen=True)
class _Spectrum:
    vectors: DataFrame
    squares: NDArray[Any]
    residual: float
    rounds: int


class _Iteration:
    """Orthonormalise, Rayleigh-Ritz, check the residuals, amplify by a Chebyshev polynomial; and again."""

    def __init__(self, blocks: BlockGraph, scratch: Scratch, wanted: int, seed: int) -> None:
        self.blocks, self.scratch = blocks, scratch
        sizes = blocks.sizes["item"]
        self.wanted = min(wanted, sum(sizes), sum(blocks.sizes["user"]))
        self.width = min(self.wanted + max(SPARE_VECTORS, self.wanted // 4), sum(sizes))
        one_row = blocks.places["item"].select("block").distinct()
        self.x = scratch.keep(_algebra.random_blocks(one_row, sizes, self.width, seed), "start")

    def run(self, tolerance: float) -> _Spectrum:
        for rounds in range(1, ROUNDS_MAX + 1):
            pairs, squares = self.ritz()
            smallest = max(squares[0], 0.0) * SMALLEST_SHARE**2
            kept = int((squares[: self.wanted] > smallest).sum())
            residuals = _algebra.residuals(pairs, squares, kept)
            largest = float(residuals.max(initial=0.0))
            if largest <= tolerance or rounds == ROUNDS_MAX:
                return _Spectrum(self.first(pairs, kept), squares[:kept], largest, rounds)
            cut = max(squares[-1], smallest)
            self.x = self.chebyshev(pairs.select("block", "values"), cut, _degree(squares, cut, residuals))
        raise AssertionError("the last round returns")

    def ritz(self) -> tuple[DataFrame, NDArray[Any]]:
        """``block``, ``values`` (orthonormal, turned towards eigenvectors) and ``product`` (``P`` times them)."""
        first = _algebra.whitening(_algebra.inner(self.x, "values", "values", self.width))
        x = self.x.mapInArrow(_algebra.turner(["values"], first), "block int, values binary")
        x = self.scratch.keep(x, "turned")
        self.width = first.shape[1]
        product = self.p(x, 1.0, [])
        pairs = self.scratch.keep(x.join(product.withColumnRenamed("values", "product"), "block"), "pairs")
        # The second turn, which comes with the Ritz vectors, removes what skewness the first one left.
        second = _algebra.whitening(_algebra.inner(pairs, "values", "values", self.width))
        projected = _algebra.inner(pairs, "values", "product", self.width)
        squares, vectors = _algebra.falling_eigen(second.T @ projected @ second)
        turned = pairs.mapInArrow(
            _algebra.turner(["values", "product"], second @ vectors), "block int, values binary, product binary"
        )
        self.width = len(squares)
        return self.scratch.keep(turned, "ritz"), squares

    def p(self, x: DataFrame, scale: float, others: list[tuple[float, DataFrame]]) -> DataFrame:
        """``scale P x`` plus the others, with ``P = R̃ᵀ R̃``."""
        at_users = self.blocks.product(x, "item", [])
        return self.blocks.product(at_users, "user", others, scale)

    def chebyshev(self, x: DataFrame, cut: float, degree: int) -> DataFrame:
        """``T_degree(2 P / cut - 1) x``."""
        before, current = x, self.scratch.keep(self.p(x, 2.0 / cut, [(-1.0, x)]), "amplified-1")
        for at in range(2, degree + 1):
            following = self.p(current, 4.0 / cut, [(-2.0, current), (-1.0, before)])
            before, current = current, self.scratch.keep(following, f"amplified-{at}")
        return current

    def first(self, pairs: DataFrame, kept: int) -> DataFrame:
        import numpy as np

        cut = _algebra.turner(["values"], np.eye(self.width, kept))
        return pairs.select("block", "values").mapInArrow(cut, "block int, values binary")


def _degree(squares: NDArray[Any], cut: float, residuals: NDArray[Any]) -> int:
    """The highest degree at which no direction outgrows the last wanted one by more than it is already known better."""

    def angle(square: float) -> float:
        return math.acosh(max(1.0, 2.0 * square / cut - 1.0))

    if not len(residuals):
        return 1
    last = angle(squares[len(residuals) - 1])
    degree = 1
    while degree < DEGREE_MAX and (degree + 1) * angle(squares[0]) <= GROWTH_MAX:
        growth = (
            (degree + 1) * (angle(square) - last) + math.log(max(r, ROUNDING))
            for square, r in zip(squares, residuals, strict=False)
        )
        if any(value > 0 for value in growth):
            break
        degree += 1
    return degree
