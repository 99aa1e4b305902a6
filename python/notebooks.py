"""Executes the notebooks of `docs/notebooks`: `python python/notebooks.py [NAME…]`. It wants nbclient and ipykernel.

A cell that raises ends it with that cell's error. Nothing is written: notebooks are kept without results, which
would differ from machine to machine.
"""

from __future__ import annotations

import pathlib
import sys
import time

import nbformat
from nbclient import NotebookClient

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "docs" / "notebooks"
#: Seconds that a cell may take.
CELL_SECONDS = 300


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    for name in names:
        path = FOLDER / f"{name}.ipynb"
        if not path.is_file():
            known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.ipynb")))
            sys.exit(f"no notebook {name!r} in {FOLDER}; there are {known}")
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        start = time.monotonic()
        NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3").execute()
        print(f"{name}: {len(notebook.cells)} cells in {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
