"""The package as a whole: its native module's types, its lock file, its profile."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import sagebrush
from sagebrush import _sagebrush

tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")

PYTHON = Path(__file__).parents[1]


def test_the_stubs_name_what_the_native_module_has() -> None:
    stub = ast.parse((PYTHON / "py_src/sagebrush/_sagebrush.pyi").read_text())

    def named(body: list[ast.stmt]) -> set[str]:
        return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    def there(thing: Any) -> set[str]:
        ours = ("__array_interface__", "__arrow_c_stream__")
        return {name for name in vars(thing) if not name.startswith("__") or name in ours}

    assert named(stub.body) == there(_sagebrush) - {"_sagebrush"}
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            assert named(node.body) == there(getattr(_sagebrush, node.name)), node.name


def test_every_public_name_has_a_text() -> None:
    for name in sagebrush.__all__:
        if name != "__version__":
            assert getattr(sagebrush, name).__doc__, name


def test_the_lock_file_has_the_versions_of_the_workspace() -> None:
    def versions(path: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for package in tomllib.loads(path.read_text())["package"]:
            found.setdefault(package["name"], set()).add(package["version"])
        return found

    ours, theirs = versions(PYTHON / "Cargo.lock"), versions(PYTHON.parent / "Cargo.lock")
    differing = {name: all_ for name, all_ in ours.items() if name in theirs and not all_ <= theirs[name]}
    assert not differing, "take them from ../Cargo.lock: `cargo update -p NAME --precise VERSION`"


def test_the_dev_profile_is_the_workspaces() -> None:
    def profile(path: Path) -> dict[str, Any]:
        return dict(tomllib.loads(path.read_text())["profile"]["dev"])

    ours, theirs = profile(PYTHON / "Cargo.toml"), profile(PYTHON.parent / "Cargo.toml")
    del ours["package"]["sagebrush"], theirs["package"]["proptest"]
    assert ours == theirs


def test_the_version_is_the_workspaces() -> None:
    workspace = tomllib.loads((PYTHON.parent / "Cargo.toml").read_text())["workspace"]["package"]
    assert sagebrush.__version__ == workspace["version"]
