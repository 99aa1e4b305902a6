"""The report of a run, which shows itself in a notebook."""

from __future__ import annotations

import html
import os


class Report:
    """A page of HTML: figures, settings, examples. It needs no network."""

    def __init__(self, page: str) -> None:
        self.html = page

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html)

    def _repr_html_(self) -> str:
        page = html.escape(self.html, quote=True)
        return f'<iframe srcdoc="{page}" width="100%" height="700" style="border:0"></iframe>'

    def __repr__(self) -> str:
        return f"Report({len(self.html):,} characters of HTML; `save(path)` writes it)"
