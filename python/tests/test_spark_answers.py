"""Lists, similar items and vectors by the library in every task, against the same run on one machine."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import engines
import numpy as np
import pytest

engines.require_engine()
import sagebrush  # noqa: E402
from sagebrush import spark as cluster  # noqa: E402


@pytest.fixture(scope="module")
def spark():
    with engines.session() as session:
        yield session


def log_of(text: bool) -> list[tuple]:
    rng = np.random.default_rng(2)
    rows = [(user, int(item)) for user in range(40) for item in rng.permutation(30)[:9]]
    return [(f"u{user}", f"i{item}") for user, item in rows] if text else rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for name, text in (("numbers", False), ("texts", True)):
        path = folder / f"{name}.csv"
        path.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in log_of(text)))
        dataset = sagebrush.Dataset.read(path, progress=False)
        made[name] = sagebrush.fit(dataset, "ease", out=folder / name, progress=False)
    return made


def rows_of(frame) -> dict:
    """Lists by user, in the order of ranks."""
    lists: dict = {}
    for row in sorted(frame.collect(), key=lambda row: (str(row[0]), row["rank"])):
        lists.setdefault(row[0], []).append((row[2], row["score"]))
    return lists


HISTORIES = {"anna": [1, 5, 9], "ben": [2, 999], "cleo": [3]}


def expected(run, histories: dict, **options) -> dict:
    lists: dict = {}
    for row in run.recommend(histories=histories, **options).to_pylist():
        lists.setdefault(row["user"], []).append((row["item"], pytest.approx(row["score"], rel=1e-6)))
    return lists


def test_lists_are_those_of_one_machine(spark, runs):
    run = runs["numbers"]
    frame = spark.createDataFrame(list(HISTORIES.items()), "user string, items array<bigint>").repartition(2)
    found = cluster.recommend(frame, run, 4)
    assert [field.dataType.simpleString() for field in found.schema] == ["string", "int", "bigint", "float"]
    assert rows_of(found) == expected(run, HISTORIES, k=4)
    long = spark.createDataFrame([(u, i) for u, items in HISTORIES.items() for i in items], "who string, what bigint")
    assert rows_of(cluster.recommend(long, run.path, 4, user="who", item="what")) == expected(run, HISTORIES, k=4)
    only = cluster.recommend(frame, run, 3, only=[7, 8, 9], include_seen=True)
    assert rows_of(only) == expected(run, HISTORIES, k=3, only=[7, 8, 9], include_seen=True)


def test_keys_of_text_and_users_of_any_type(spark, runs):
    run = runs["texts"]
    histories = {7: ["i1", "i5"], 8: ["i4"]}
    frame = spark.createDataFrame(
        [(float(u), items) for u, items in histories.items()], "user double, items array<string>"
    )
    found = rows_of(cluster.recommend(frame, run, 3, exclude=["i9"]))
    assert {int(user): items for user, items in found.items()} == expected(run, histories, k=3, exclude=["i9"])


def test_people_of_whom_nothing_is_known(spark, runs):
    run = runs["numbers"]
    frame = spark.createDataFrame(
        [("x", [999]), ("y", []), ("z", None), ("a", [1])], "user string, items array<bigint>"
    )
    assert set(rows_of(cluster.recommend(frame, run, 2))) == {"a"}
    popular = rows_of(cluster.recommend(frame, run, 2, unknown="popular"))
    assert set(popular) == {"a", "x", "y", "z"} and popular["x"] == popular["z"]
    with pytest.raises(Exception, match="999"):
        cluster.recommend(frame, run, 2, unknown="raise").collect()


def test_what_does_not_fit_is_refused_by_name(spark, runs, tmp_path):
    frame = spark.createDataFrame([("x", [1, None])], "user string, items array<bigint>")
    with pytest.raises(Exception, match="the history of 'x' holds an item without a value"):
        cluster.recommend(frame, runs["numbers"]).collect()
    with pytest.raises(ValueError, match="no column 'history'; it has 'user', 'items'"):
        cluster.recommend(frame, runs["numbers"], items="history")
    long = spark.createDataFrame([("x", 1.5)], "user string, items double")
    with pytest.raises(ValueError, match=r"a history is an array of keys.*item='items'"):
        cluster.recommend(long, runs["numbers"])
    with pytest.raises(ValueError, match="of type double; a key is a text or a whole number"):
        cluster.recommend(long, runs["numbers"], item="items")
    good = spark.createDataFrame([("x", [1])], "user string, items array<bigint>")
    with pytest.raises(Exception, match=r"has no run at .*nowhere.*sagebrush.spark.ship"):
        cluster.recommend(good, str(tmp_path / "nowhere")).collect()
    with pytest.raises(FileNotFoundError, match="no finished run"):
        cluster.ship(spark, tmp_path)


def test_a_run_is_shipped_to_the_nodes(spark, runs):
    try:
        run = cluster.ship(spark, runs["numbers"])
    except RuntimeError as error:
        assert "a folder that all nodes see" in str(error)
        pytest.skip(f"{error}")
    frame = spark.createDataFrame(list(HISTORIES.items()), "user string, items array<bigint>")
    assert rows_of(cluster.recommend(frame, run, 4)) == expected(runs["numbers"], HISTORIES, k=4)


def test_similar_items(spark, runs):
    run = runs["texts"]
    frame = spark.createDataFrame([("i3",), ("nothing",), ("i4",)], "item string")
    found = {(row.item, row["rank"]): row.similar for row in cluster.similar(frame, run, 3).collect()}
    assert found == {(row["item"], row["rank"]): row["similar"] for row in run.similar(["i3", "i4"], k=3).to_pylist()}


def test_recall_and_ndcg_are_those_of_the_program(spark, runs):
    run = runs["numbers"]
    figures = run.evaluate(5)
    test = run_test_part(run)
    users = sorted({user for user, _ in test})
    # The program leaves out what a user has in training and validation.
    seen = {user: [item for u, item in log_of(False) if u == user and (user, item) not in test] for user in users}
    frame = spark.createDataFrame(list(seen.items()), "user bigint, items array<bigint>")
    lists = cluster.recommend(frame, run, 5)
    found = cluster.evaluate(lists, spark.createDataFrame(sorted(test), "user bigint, item bigint"), 5)
    assert found["users"] == len(users)
    assert found["recall@5"] == pytest.approx(figures["recall@5"], abs=1e-9)
    assert found["ndcg@5"] == pytest.approx(figures["ndcg@5"], abs=1e-9)


def run_test_part(run) -> set[tuple[int, int]]:
    from sagebrush.implicit._fitting import safetensors

    tensors = safetensors(pathlib.Path(run.path) / "test.safetensors")
    starts, items = (
        next(v for k, v in tensors.items() if "row_ptr" in k),
        next(v for k, v in tensors.items() if "items" in k),
    )
    return {
        (run.users[user], run.items[item])
        for user in range(len(starts) - 1)
        for item in items[int(starts[user]) : int(starts[user + 1])]
    }


def test_vectors_of_new_items(spark, tmp_path):
    rng = np.random.default_rng(4)
    words = ["red", "green", "blue", "old", "new", "loud"]
    lines = [f"{i},{words[i % 6]} {words[(i * 7) % 6]}" for i in range(30)]
    (tmp_path / "items.csv").write_text("item_id,title\n" + "\n".join(lines) + "\n")
    rows = [f"{u},{i}" for u in range(40) for i in rng.permutation(28)[:9]]
    (tmp_path / "log.csv").write_text("user,item\n" + "\n".join(rows) + "\n")
    dataset = sagebrush.Dataset.read(tmp_path / "log.csv", items=tmp_path / "items.csv", progress=False)
    run = sagebrush.fit(dataset, "pinsage", out=tmp_path / "run", progress=False, epochs=1, dim=8, pinsage__hidden=8)
    new = spark.createDataFrame([(100, words[0] + " " + words[0]), (101, "loud blue")], "item bigint, title string")
    found = {row.item: row.vector for row in cluster.embed(new.repartition(2), run).collect()}
    # The program's vectors of both at once.
    (tmp_path / "new.csv").write_text("item_id,title\n100,red red\n101,loud blue\n")
    command = ["-m", "sagebrush", "embed", "--run", run.path, "--items", str(tmp_path / "new.csv"), "--out", "-"]
    told = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stdout
    expected = {int(row["id"]): row["embedding"] for row in map(json.loads, told.splitlines())}
    assert set(found) == {100, 101} == set(expected)
    for item, vector in expected.items():
        np.testing.assert_allclose(found[item], vector, rtol=1e-5, atol=1e-6)
    ease = sagebrush.fit(dataset, "ease", out=tmp_path / "ease", progress=False)
    with pytest.raises(Exception, match=r"no vectors of [12] items"):
        cluster.embed(new, ease).collect()
