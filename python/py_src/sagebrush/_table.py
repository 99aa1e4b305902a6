"""Results: a table of Arrow that pandas, polars, PyArrow and DuckDB take without a copy of their own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from ._sagebrush import NativeTable
from .errors import UsageError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_SHOWN = 10


class Table:
    """A table of results.

    It has ``__arrow_c_stream__``, so ``polars.DataFrame(table)``, ``pyarrow.table(table)`` and DuckDB's queries take it
    as it is.
    """

    def __init__(self, native: NativeTable) -> None:
        self._native = native

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The columns as a stream of the Arrow C interface."""
        return self._native.__arrow_c_stream__(requested_schema)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return self._native.names()

    def __len__(self) -> int:
        return self._native.n_rows()

    def __getitem__(self, name: str) -> list[Any]:
        """The values of a column."""
        names = self.column_names
        if name not in names:
            raise UsageError(f"there is no column {name!r}; there are {', '.join(names)}")
        return self._native.column(names.index(name))

    def to_pydict(self) -> dict[str, list[Any]]:
        """The values of all columns by name."""
        return {name: self[name] for name in self.column_names}

    def to_pylist(self) -> list[dict[str, Any]]:
        """A dictionary a row."""
        columns = self.to_pydict()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def to_pyarrow(self) -> pyarrow.Table:
        """The table for PyArrow."""
        import pyarrow

        return pyarrow.table(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The table for pandas."""
        import pandas

        # From version 3 on pandas takes it without PyArrow's table between.
        from_arrow: Any = getattr(pandas.DataFrame, "from_arrow", None)
        frame: pandas.DataFrame = self.to_pyarrow().to_pandas() if from_arrow is None else from_arrow(self)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The table for polars."""
        import polars

        return polars.DataFrame(self)

    def __repr__(self) -> str:
        rows = [self.column_names, *([*map(_text, row.values())] for row in self.to_pylist()[:_SHOWN])]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        more = len(self) - _SHOWN
        return "\n".join([*lines, *([f"… {more} more rows"] if more > 0 else [])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.column_names)
        rows = [
            "<tr>" + "".join(f"<td>{html.escape(_text(value))}</td>" for value in row.values()) + "</tr>"
            for row in self.to_pylist()[:_SHOWN]
        ]
        more = len(self) - _SHOWN
        note = f"<p>… {more} more rows</p>" if more > 0 else ""
        return f"<table><tr>{head}</tr>{''.join(rows)}</table>{note}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
