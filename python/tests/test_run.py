"""What a finished run answers, held against NumPy and against the program."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import NUMBERS

import sagebrush
from sagebrush import Run, RunError, UnknownKeyError, UsageError


def seen() -> dict[int, set[int]]:
    items: dict[int, set[int]] = {}
    for user, item, _ in NUMBERS:
        items.setdefault(user, set()).add(item)
    return items


def test_lists_are_the_largest_inner_products(mf: Run) -> None:
    users, items = mf.embeddings("users"), mf.embeddings("items")
    assert users.shape[0] == 30 and items.shape[0] == 40 and items.dtype == np.float32
    scores = users @ items.T
    lists = mf.recommend(k=5).to_pandas()
    for row, user in enumerate(mf.users):
        allowed = [at for at, item in enumerate(mf.items) if item not in seen()[user]]  # type: ignore[index]
        best = sorted(allowed, key=lambda at: -scores[row, at])[:5]
        of_user = lists[lists["user"] == user]
        assert list(of_user["item"]) == [mf.items[at] for at in best]
        np.testing.assert_allclose(of_user["score"], scores[row, best], rtol=1e-5)
        assert list(of_user["rank"]) == [1, 2, 3, 4, 5]


def test_vectors_are_the_models_own_memory(mf: Run, knn: Run) -> None:
    first, second = mf.embeddings(), mf.embeddings()
    assert first.__array_interface__["data"] == second.__array_interface__["data"]
    assert not first.flags.owndata and not first.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1
    with pytest.raises(UsageError, match="item-knn has no vectors"):
        knn.embeddings()
    with pytest.raises(UsageError, match='"items" and "users"'):
        mf.embeddings("films")  # type: ignore[arg-type]


def test_vectors_outlive_their_run(number_log: Path) -> None:
    dataset = sagebrush.Dataset.read(number_log, progress=False)
    run = sagebrush.fit(dataset, "mf", epochs=1, dim=8, progress=False)
    vectors = run.embeddings()
    before = vectors.copy()
    del run
    np.testing.assert_array_equal(vectors, before)


def test_results_go_to_every_library(mf: Run) -> None:
    table = mf.recommend(users=[100, 101], k=2)
    assert table.column_names == ["user", "rank", "item", "score", "source"] and len(table) == 4
    assert pa.table(table).schema.field("item").type == pa.int64()
    assert table.to_polars()["user"].to_list() == [100, 100, 101, 101]
    assert list(table.to_pandas()["rank"]) == [1, 2, 1, 2]
    assert isinstance(table.to_pandas(), pd.DataFrame)
    lists = table
    assert duckdb.sql("select max(rank) from lists").fetchall() == [(2,)]
    del lists
    assert "rank" in repr(table) and "<table>" in table._repr_html_()
    with pytest.raises(UsageError, match="there is no column 'items'"):
        table["items"]


@pytest.mark.parametrize(
    "users",
    [
        [100, 101],
        (100, "101"),
        np.array([100, 101]),
        pd.Series([100, 101]),
        pl.Series([100, 101]),
        pa.array([100, 101]),
    ],
)
def test_users_come_in_any_list(mf: Run, users: Any) -> None:
    assert mf.recommend(users=users, k=1)["user"] == [100, 101]


def test_options_of_lists(mf: Run, films: Run) -> None:
    only = mf.recommend(users=100, k=3, only=[8, 9, 20, 21], exclude=[9], include_seen=True)
    assert set(only["item"]) == {8, 20, 21}
    assert not set(mf.recommend(users=100, k=40)["item"]) & seen()[100]
    comedies = films.recommend(users=films.users[:1], k=5, category="Comedy")
    assert len(comedies["title"]) == 5
    with pytest.raises(sagebrush.SagebrushError, match="no item has the category `Comdy`"):
        films.recommend(users=films.users[:1], category="Comdy")
    with pytest.raises(UsageError, match="k is 0"):
        mf.recommend(users=[100], k=0)
    with pytest.raises(sagebrush.SagebrushError, match="diversity"):
        mf.recommend(users=[100], diversity=3)
    varied = mf.recommend(users=[100], k=5, diversity=0.9)
    assert len(varied) == 5


def test_unknown_keys(mf: Run, knn: Run) -> None:
    with pytest.raises(UnknownKeyError, match="unknown user `7`") as caught:
        mf.recommend(users=[100, 7])
    assert (caught.value.kind, caught.value.key) == ("user", "7")
    with pytest.raises(KeyError, match="did you mean `u3`"):
        knn.recommend(users=["U3"])
    assert mf.recommend(users=[100, 7], k=1, unknown="skip")["user"] == [100]
    popular = mf.recommend(users=[100, 7], k=1, unknown="popular")
    assert popular["user"] == [100, 7] and popular["source"] == ["model", "popularity"]
    with pytest.raises(UsageError, match="none of"):
        mf.recommend(users=[1], unknown="drop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="not both"):
        mf.recommend(users=[100], histories=[[8]])
    for wrong in (1.5, True, None):
        with pytest.raises(UsageError, match="a key is a text or a whole number"):
            mf.recommend(users=[wrong])
    assert mf.recommend(users=[100.0], k=1)["user"] == [100]
    assert len(mf.recommend(users=[])) == 0


def test_histories_in_every_form_give_the_same_lists(mf: Run) -> None:
    people = {"anna": [8, 11, 14], "ben": [20, 23]}
    of_names = mf.recommend(histories=people, k=3)
    assert of_names["user"] == ["anna"] * 3 + ["ben"] * 3
    assert not set(of_names["item"][:3]) & set(people["anna"])
    items = of_names["item"]
    numbered = mf.recommend(histories=list(people.values()), k=3)
    assert numbered["user"] == [0, 0, 0, 1, 1, 1] and numbered["item"] == items
    lists = pl.DataFrame({"user": list(people), "items": list(people.values())})
    assert mf.recommend(histories=lists, k=3)["item"] == items
    renamed = pa.table({"visitor": list(people), "basket": list(people.values())})
    assert mf.recommend(histories=renamed, k=3)["item"] == items
    rows = [(name, item) for name, history in people.items() for item in history]
    long = pd.DataFrame(rows, columns=["user", "item"])
    assert mf.recommend(histories=long, k=3).to_pylist() == of_names.to_pylist()


def test_histories_of_unknown_items(mf: Run) -> None:
    people = {1: [8, 999], 2: [999], 3: []}
    with pytest.raises(UnknownKeyError, match="unknown item `999`"):
        mf.recommend(histories=people)
    with pytest.raises(UsageError, match="history of `3` is empty"):
        mf.recommend(histories={3: []})
    assert mf.recommend(histories=people, k=1, unknown="skip")["user"] == [1]
    popular = mf.recommend(histories=people, k=1, unknown="popular")
    assert popular["user"] == [1, 2, 3] and popular["source"] == ["model", "popularity", "popularity"]
    with pytest.raises(UsageError, match="a frame of histories"):
        mf.recommend(histories=pl.DataFrame({"a": [1]}))


def test_similar_items(mf: Run, films: Run) -> None:
    table = mf.similar(8, k=3)
    # The last coordinate is the prior's, which says nothing of what items are like.
    vectors = mf.embeddings()[:, :8].astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = unit @ unit[mf.items.index(8)]
    order = [at for at in np.argsort(-nearest) if mf.items[at] != 8][:3]
    assert table["similar"] == [mf.items[at] for at in order]
    assert table["item"] == [8] * 3
    both = mf.similar([8, 9], k=2, exclude=[table["similar"][0]])
    assert both["item"] == [8, 8, 9, 9] and table["similar"][0] not in both["similar"]
    with pytest.raises(UnknownKeyError, match="unknown item"):
        mf.similar("film")


def test_explanations_add_up(knn: Run) -> None:
    for of in ({"user": "u3"}, {"history": ["i1", "i4", "i20"]}):
        listed = knn.explain(k=2, reasons=100, **of)  # type: ignore[arg-type]
        assert len(listed) == 2
        for one in listed:
            total = sum(reason.share for reason in one.reasons) + one.others + one.popularity + one.rest
            assert one.how == "exact" and total == pytest.approx(one.score, rel=1e-3)
    named = knn.explain("u3", ["i1", "i2"])
    assert {one.item for one in named} == {"i1", "i2"}
    with pytest.raises(UsageError, match="a user or a history"):
        knn.explain()
    with pytest.raises(UnknownKeyError):
        knn.explain("u3", ["nothing"])


def test_an_evaluation_is_what_numpy_counts(mf: Run) -> None:
    result = mf.evaluate(5)
    table = json.loads(Path(mf.path, "evaluation.json").read_text())
    assert result["recall@5"] == table["systems"][0]["metrics"]["recall@5"]["mean"]
    assert set(result.systems) >= {"mf", "popularity", "item-knn"}
    low, high = result.intervals["recall@5"]
    assert low <= result["recall@5"] <= high
    assert "recall@5" in repr(result) and "<table>" in result._repr_html_()
    assert Path(mf.path, "report.html").read_text() == mf.report().html
    both = mf.evaluate([3, 5])
    assert {"recall@3", "recall@5"} <= set(both)


def test_the_report_shows_itself(knn: Run, tmp_path: Path) -> None:
    report = knn.report()
    assert "<iframe" in report._repr_html_() and "item-knn" in report.html
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == report.html


def test_refit_and_refresh(number_log: Path, tmp_path: Path) -> None:
    dataset = sagebrush.Dataset.read(number_log, progress=False)
    run = sagebrush.fit(dataset, "item-knn", out=tmp_path / "run", progress=False)
    served = run.refit(tmp_path / "served", progress=False)
    with pytest.raises(UsageError, match="trained on the test part"):
        served.evaluate()
    newer = pl.DataFrame({"user_id": [100, 999], "item_id": [8, 9], "timestamp": [86_400 * 50] * 2})
    done = served.refresh(newer, out=tmp_path / "new")
    assert done is not None and done["users"] == 1 and done["interactions"] == 2
    new = Run.open(tmp_path / "new")
    assert 999 in new.users and 8 not in new.recommend(users=[100], k=40)["item"]
    assert served.refresh(number_log) is None
    path = tmp_path / "newer.csv"
    newer.write_csv(path)
    assert served.refresh(path) is not None
    assert 999 in served.users and len(served.recommend(users=[999], k=3)) == 3


def test_exports_read_back(mf: Run, tmp_path: Path) -> None:
    mf.export(tmp_path / "lists.parquet", k=3)
    expected = mf.recommend(k=3)
    assert pl.read_parquet(tmp_path / "lists.parquet")["item"].to_list() == expected["item"]
    mf.export(tmp_path / "lists.csv", k=3)
    with open(tmp_path / "lists.csv") as file:
        assert [int(row["item"]) for row in csv.DictReader(file)] == expected["item"]
    mf.export(tmp_path / "items.parquet", "items")
    vectors = pl.read_parquet(tmp_path / "items.parquet")
    np.testing.assert_array_equal(np.array(vectors["embedding"].to_list(), np.float32), mf.embeddings())
    assert vectors["id"].to_list() == mf.items
    with pytest.raises(UsageError, match="is none of"):
        mf.export(tmp_path / "x.csv", "model")  # type: ignore[arg-type]
    with pytest.raises(sagebrush.SagebrushError, match=r"x\.xls"):
        mf.export(tmp_path / "x.xls")


def test_what_is_no_run(tmp_path: Path, knn: Run) -> None:
    with pytest.raises(sagebrush.SagebrushError):
        Run.open(tmp_path / "nothing")
    copy = knn.save(tmp_path / "copy")
    manifest = Path(copy.path, "MANIFEST.json")
    manifest.write_text(manifest.read_text().replace('"version": 2', '"version": 99'))
    with pytest.raises(RunError, match="99"):
        Run.open(copy.path)
    broken = knn.save(tmp_path / "broken")
    model = Path(broken.path, "item_knn.safetensors")
    model.write_bytes(model.read_bytes()[:-7])
    with pytest.raises(RunError, match="item_knn"):
        Run.open(broken.path).recommend(k=1)


def test_the_program_answers_as_the_package(mf: Run) -> None:
    command = [sys.executable, "-m", "sagebrush", "recommend", "--run", mf.path, "--user", "100", "-k", "4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)
    assert [row["item"] for row in rows] == mf.recommend(users=[100], k=4)["item"]
    failed = subprocess.run([*command[:5], "nothing"], capture_output=True, text=True, check=False)
    assert failed.returncode not in (0, 1)
