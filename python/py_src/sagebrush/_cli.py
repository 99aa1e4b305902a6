"""The command `sagebrush`, as the package brings it."""

from __future__ import annotations

import sys

from ._sagebrush import run_program


def main() -> None:
    """Runs the program with the arguments of this process."""
    sys.exit(run_program(["sagebrush", *sys.argv[1:]]))
