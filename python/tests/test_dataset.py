"""Data sets from files, frames and matrices, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from conftest import NUMBERS, ROWS

import sagebrush
from sagebrush import DataError, Dataset, MissingInputError, SettingError, UsageError

COLUMNS = {"user": [row[0] for row in NUMBERS], "item": [row[1] for row in ROWS], "rating": [1.5] * len(ROWS)}


def frames() -> dict[str, Any]:
    table = pa.table(COLUMNS)
    return {
        "pyarrow": table,
        "pandas": pd.DataFrame(COLUMNS),
        "polars": pl.DataFrame(COLUMNS),
        "duckdb": duckdb.connect().from_arrow(table),
    }


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "polars", "duckdb"])
def test_frames_of_every_library_are_the_same_data(kind: str) -> None:
    dataset = Dataset.from_frame(frames()[kind], progress=False)
    assert (dataset.n_users, dataset.n_items, len(dataset)) == (30, 40, 240)
    assert repr(dataset) == "Dataset(30 users, 40 items, 240 interactions)"


def test_a_file_and_a_frame_train_the_same_model(number_log: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"epochs": 2, "dim": 8, "progress": False}
    of_file = sagebrush.fit(Dataset.read(number_log, progress=False), "mf", out=tmp_path / "a", **settings)
    frame = pl.read_csv(number_log)
    of_frame = sagebrush.fit(Dataset.from_frame(frame, progress=False), "mf", out=tmp_path / "b", **settings)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    assert of_file.recommend(k=5).to_pylist() == of_frame.recommend(k=5).to_pylist()


def test_columns_are_named_or_ignored() -> None:
    frame = pl.DataFrame({"who": ["a", "b", "a"], "what": [1, 2, 3], "rating": [5, 1, 5], "when": [1, 2, 3]})
    dataset = Dataset.from_frame(frame, user="who", item="what", weight=False, timestamp="when", progress=False)
    assert len(dataset) == 3
    with pytest.raises(DataError, match="minimum rating needs a rating column"):
        Dataset.from_frame(frame, user="who", item="what", weight=False, min_rating=2, progress=False)
    kept = Dataset.from_frame(frame, user="who", item="what", min_rating=2, progress=False)
    assert len(kept) == 2


def test_categories_and_enumerations_are_keys(tmp_path: Path) -> None:
    texts = {"user": ["b", "a", "b", "c"], "item": ["x", "y", "z", "x"]}
    shapes = [
        pd.DataFrame(texts).astype("category"),
        pl.DataFrame(texts).with_columns(pl.all().cast(pl.Categorical)),
        pl.DataFrame(texts).with_columns(pl.col("user").cast(pl.Enum(["a", "b", "c"]))),
        pa.table({name: pa.array(column).dictionary_encode() for name, column in texts.items()}),
    ]
    for frame in shapes:
        dataset = Dataset.from_frame(frame, progress=False)
        assert (dataset.n_users, dataset.n_items, len(dataset)) == (3, 3, 4)


def test_what_is_wrong_with_a_frame_names_the_row() -> None:
    def message(frame: Any, **columns: Any) -> DataError:
        with pytest.raises(DataError) as caught:
            Dataset.from_frame(frame, progress=False, **columns)
        return caught.value

    null = message(pl.DataFrame({"user": [1, None, 3], "item": [1, 2, 3]}))
    assert "(table) row 2: the user id is empty" in str(null)
    assert (null.file, null.line) == ("(table)", 2)
    assert "no rows" in str(message(pl.DataFrame({"user": [], "item": []}, schema={"user": pl.Int64, "item": pl.Int64})))
    assert "has type" in str(message(pl.DataFrame({"user": [True, False], "item": [1, 2]})))
    half = message(pl.DataFrame({"user": [1.0, 1.5], "item": [1, 2]}))
    assert "user id 1.5 is not a whole number" in str(half) and half.line == 2
    assert "nan" in str(message(pl.DataFrame({"user": [1], "item": [1], "rating": [float("nan")]}))).lower()
    missing = str(message(pl.DataFrame({"who": [1], "what": [2]})))
    assert "there is no user column" in missing and "`user=NAME`" in missing, missing
    wrong = str(message(pl.DataFrame({"user": [1], "item": [2]}), user="users"))
    assert "users" in wrong and "found: user, item" in wrong
    mixed = pd.DataFrame({"user": [1, "a"], "item": [1, 2]}, dtype=object)
    assert "handed over" in str(message(mixed))


def test_bad_rows_may_be_left_out(caplog: pytest.LogCaptureFixture) -> None:
    frame = pl.DataFrame({"user": [1, None, 3], "item": [1, 2, 3]})
    assert len(Dataset.from_frame(frame, on_bad_row="skip", progress=False)) == 2
    assert "1 of 3 rows are left out" in caplog.text


def test_keys_beyond_64_bits_are_texts_in_results(tmp_path: Path) -> None:
    large = 2**63 + 5
    users = [large + at // 8 for at in range(240)]
    frame = pl.DataFrame({"user": pl.Series(users, dtype=pl.UInt64), "item": [row[1] for row in NUMBERS]})
    dataset = Dataset.from_frame(frame, progress=False)
    run = sagebrush.fit(dataset, "popularity", out=tmp_path / "run", split="random", progress=False)
    lists = run.recommend(users=[large], k=2)
    assert lists["user"] == [str(large)] * 2
    assert all(isinstance(item, int) for item in lists["item"])


def test_texts_that_are_numbers_come_back_as_texts(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": [str(row[0]) for row in NUMBERS], "item": [row[1] for row in NUMBERS]})
    dataset = Dataset.from_frame(frame, progress=False)
    run = sagebrush.fit(dataset, "popularity", out=tmp_path / "run", split="random", progress=False)
    for known in (run, sagebrush.Run.open(run.path)):
        lists = known.recommend(users=["100"], k=2)
        assert lists["user"] == ["100", "100"] and isinstance(lists["item"][0], int)
        assert pa.table(lists).schema.field("user").type == pa.string()


def test_a_sparse_matrix_is_rows_and_columns() -> None:
    users, items = [row[0] - 100 for row in NUMBERS], [row[1] - 7 for row in NUMBERS]
    matrix = scipy.sparse.csr_matrix((np.ones(240, np.float32), (users, items)), shape=(35, 41))
    dataset = Dataset.from_frame(matrix, progress=False)
    assert (dataset.n_users, dataset.n_items, len(dataset)) == (30, 40, 240)
    assert len(Dataset.from_frame(matrix.tocoo() * 2, min_rating=2, progress=False)) == 240
    explicit = matrix.copy()
    explicit.data[:3] = 0
    assert len(Dataset.from_frame(explicit, progress=False)) == 237 and explicit.nnz == 240


def test_what_is_no_frame_or_file_says_what_is() -> None:
    with pytest.raises(UsageError, match="a list is no frame"):
        Dataset.from_frame([(1, 2)])
    with pytest.raises(MissingInputError, match=r"no-such\.csv"):
        Dataset.read("no-such.csv", progress=False)
    with pytest.raises(SettingError, match="`training.epochs` is no setting of reading"):
        Dataset.read("no-such.csv", epochs=3)


def test_a_bad_line_of_a_file_has_a_number(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,item\n1,2\n3,\n")
    with pytest.raises(DataError, match="item id is empty") as caught:
        Dataset.read(path, progress=False)
    assert (caught.value.file, caught.value.line) == (str(path), 3)
    assert '`on_bad_row="skip"`' in str(caught.value)


def test_a_split_has_three_parts(log: Path) -> None:
    split = Dataset.read(log, progress=False).split(split="random", seed=3)
    assert split.n_train + split.n_validation + split.n_test == 240
    assert min(split.n_train, split.n_validation, split.n_test) > 0
