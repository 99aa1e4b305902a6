"""Small data sets and runs that many tests ask."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import sagebrush

ROWS = [(f"u{at // 8}", f"i{(at // 8 + 3 * (at % 8)) % 40}", at % 8) for at in range(240)]
"""Thirty users who each have eight neighbouring items of forty, one after the other."""

NUMBERS = [(100 + at // 8, 7 + (at // 8 + 3 * (at % 8)) % 40, at % 8) for at in range(240)]
"""The same with numbers."""


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No opening counts on this machine, and warnings are seen."""
    monkeypatch.setenv("SAGEBRUSH_LEDGER", "off")
    logging.getLogger("sagebrush").setLevel(logging.WARNING)


def write_log(path: Path, rows: list[tuple[object, object, int]]) -> Path:
    """A log with a header."""
    lines = ["user_id,item_id,timestamp", *(f"{user},{item},{86_400 * (1 + time)}" for user, item, time in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of texts."""
    return write_log(tmp_path_factory.mktemp("log") / "log.csv", list(ROWS))


@pytest.fixture(scope="session")
def number_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of numbers."""
    return write_log(tmp_path_factory.mktemp("log") / "numbers.csv", list(NUMBERS))


@pytest.fixture(scope="session")
def mf(number_log: Path, tmp_path_factory: pytest.TempPathFactory) -> sagebrush.Run:
    """Matrix factorization, two epochs, keys are numbers."""
    dataset = sagebrush.Dataset.read(number_log, progress=False)
    out = tmp_path_factory.mktemp("runs") / "mf"
    return sagebrush.fit(dataset, "mf", epochs=2, dim=8, out=out, progress=False)


@pytest.fixture(scope="session")
def knn(log: Path, tmp_path_factory: pytest.TempPathFactory) -> sagebrush.Run:
    """Item-kNN, keys are texts."""
    dataset = sagebrush.Dataset.read(log, progress=False)
    return sagebrush.fit(dataset, "item-knn", out=tmp_path_factory.mktemp("runs") / "knn", progress=False)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> sagebrush.Run:
    """Popularity on the bundled films, with titles and genres."""
    out = tmp_path_factory.mktemp("runs") / "films"
    return sagebrush.fit(sagebrush.Dataset.bundled(), "popularity", out=out, progress=False)
