"""What an evaluation measured."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any


class Evaluation(Mapping[str, float]):
    """The model's figures by name, such as ``evaluation["recall@20"]``, beside those of the baselines.

    ``systems`` has the figures of all, by the name of the system; ``intervals`` the 95% intervals of the model's;
    ``details`` everything that was measured, as ``evaluation.json`` of the run has it.
    """

    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details

    @property
    def model(self) -> str:
        """The name of the model."""
        return str(self.details["systems"][0]["name"])

    @property
    def systems(self) -> dict[str, dict[str, float]]:
        """The means of all systems by name, the model's first."""
        return {
            system["name"]: {name: estimate["mean"] for name, estimate in system["metrics"].items()}
            | dict(system["beyond"])
            for system in self.details["systems"]
        }

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The bounds of the 95% interval of each of the model's figures."""
        metrics = self.details["systems"][0]["metrics"]
        return {name: (estimate["low"], estimate["high"]) for name, estimate in metrics.items()}

    def __getitem__(self, name: str) -> float:
        return self.systems[self.model][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.systems[self.model])

    def __len__(self) -> int:
        return len(self.systems[self.model])

    def _shown(self) -> list[list[str]]:
        depths = [int(name.partition("@")[2]) for name in self if name.startswith("recall@")]
        depth = 20 if 20 in depths else max(depths)
        names = [f"{name}@{depth}" for name in ("recall", "ndcg", "hit_rate", "mrr", "coverage")]
        rows = [["system", *names]]
        for system, figures in self.systems.items():
            cells = [f"{figures[name]:.4f}" if name in figures else "" for name in names]
            rows.append([system, *cells])
        return rows

    def __repr__(self) -> str:
        rows = self._shown()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in self._shown()]
        return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
