"""Training: settings, the same bytes as the program, interrupts, threads."""

from __future__ import annotations

import filecmp
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import sagebrush
from sagebrush import Dataset, Run, SettingError, UsageError


def program(*arguments: object) -> str:
    """Runs the console script."""
    command = [sys.executable, "-m", "sagebrush", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_times(path: Path) -> Any:
    """What a file says, but for wall times."""
    timed = ("seconds", "samples_per_second", "waited_seconds")

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items() if key not in timed}
        if isinstance(value, list):
            return [strip(inner) for inner in value]
        return value

    text = path.read_text()
    documents = text.splitlines() if path.suffix == ".jsonl" else [text]
    return [strip(json.loads(document)) for document in documents]


def assert_same_runs(one: Path, other: Path) -> None:
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    assert {"config.toml", "data.json", "MANIFEST.json"} <= set(names)
    for name in names:
        first, second = one / name, other / name
        if name in ("metrics.jsonl", "contest.json"):
            assert without_times(first) == without_times(second)
        elif name == "MANIFEST.json":
            assert of_others(first) == of_others(second)
        elif name.startswith("checkpoint/") and "/epoch-" in name:
            assert tensors(first) == tensors(second)
        else:
            assert filecmp.cmp(first, second, shallow=False), f"{name} differs"


def tensors(path: Path) -> Any:
    """The tensors of a checkpoint; its notes have wall times, and its last 32 bytes are the hash of all before."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    del header["__metadata__"]
    return header, data[end:-32]


def of_others(manifest: Path) -> Any:
    """The sums of the files that hold no wall times."""
    files = json.loads(manifest.read_text())["files"]
    timed = ("metrics.jsonl", "contest.json", "checkpoint/")
    return {name: files[name] for name in files if not name.startswith(timed)}


@pytest.mark.parametrize(
    ("model", "settings"),
    [("mf", {"training.epochs": 3, "model.dim": 8, "seed": 5}), ("item-knn", {"item_knn.neighbours": 7})],
)
def test_a_run_is_the_programs_byte_for_byte(
    model: str, settings: dict[str, Any], log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.parent)
    flags = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    program("train", log.name, "--model", model, "--out", tmp_path / "program", *flags)
    dataset = Dataset.read(log.name, progress=False)
    sagebrush.fit(dataset, model, settings=settings, out=tmp_path / "package", progress=False)
    assert_same_runs(tmp_path / "program", tmp_path / "package")


def test_a_contest_ends_as_the_programs(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    program("train", log.name, "--effort", "quick", "--out", tmp_path / "program")
    run = sagebrush.fit(Dataset.read(log.name, progress=False), effort="quick", out=tmp_path / "package", progress=False)
    assert_same_runs(tmp_path / "program", tmp_path / "package")
    contest = json.loads((tmp_path / "package/contest.json").read_text())
    assert run.model in [one["model"] for one in contest["candidates"] if one["name"] == contest["winner"]]


def test_settings_have_short_names_and_suggestions(log: Path, tmp_path: Path) -> None:
    dataset = Dataset.read(log, progress=False)
    run = sagebrush.fit(dataset, "ials", dim=5, iterations=2, out=tmp_path / "run", seed=9, progress=False)
    assert run.embeddings().shape[1] in (5, 6)
    assert "seed = 9" in run.config and "iterations = 2" in run.config

    def refused(**settings: Any) -> str:
        with pytest.raises(SettingError) as caught:
            sagebrush.fit(dataset, "mf", out=tmp_path / "none", progress=False, **settings)
        assert not (tmp_path / "none").exists()
        return str(caught.value)

    assert "unknown setting `epoch`; did you mean `epochs`?" in refused(epoch=3)
    assert 'did you mean "training.epochs"?' in refused(training__epoch=3)
    assert '"training.epochs"' in refused(epochs="many")
    assert "given twice" in refused(epochs=3, training__epochs=4)
    assert "given twice" in refused(epochs=3, settings={"training": {"epochs": 4}})
    assert '"model.dim"' in refused(dim=-3)
    assert "is of type object" in refused(dim=object())
    assert "beyond 64 bits" in refused(seed=2**70)
    with pytest.raises(SettingError, match="lightgcn"):
        sagebrush.fit(dataset, "lightgnc", out=tmp_path / "none", progress=False)
    with pytest.raises(UsageError, match="none of"):
        sagebrush.fit(dataset, effort="huge", out=tmp_path / "none", progress=False)  # type: ignore[arg-type]
    assert "training.epochs" in sagebrush.settings("epochs")


def test_a_split_trains_several_models(log: Path, tmp_path: Path) -> None:
    split = Dataset.read(log, progress=False).split(split="random")
    for model in ("popularity", "item-knn"):
        run = sagebrush.fit(split, model, split="random", out=tmp_path / model, progress=False)
        assert run.model == model
    with pytest.raises(UsageError, match="`Dataset.split`"):
        sagebrush.fit(split, "popularity", split="random", seed=99, out=tmp_path / "other", progress=False)


def test_without_a_directory_a_run_is_temporary_and_can_be_saved(log: Path, tmp_path: Path) -> None:
    run = sagebrush.fit(Dataset.read(log, progress=False), "popularity", progress=False)
    path, kept = Path(run.path), run.save(tmp_path / "kept")
    assert path.exists()
    same = pickle.loads(pickle.dumps(kept))
    assert same.recommend(k=3).to_pylist() == run.recommend(k=3).to_pylist()
    del run
    assert not path.exists()
    with pytest.raises(UsageError, match="there already"):
        kept.save(tmp_path / "kept")


INTERRUPTED = """
import os, signal, sys, threading
import polars
import sagebrush
path, out, kind = sys.argv[1:]
if kind == "file":
    dataset = sagebrush.Dataset.read(path, progress=False)
else:
    dataset = sagebrush.Dataset.from_frame(polars.read_csv(path), progress=False)
def tell(event, *details):
    if event == "epoch_done":
        os.kill(os.getpid(), signal.SIGINT)
try:
    sagebrush.fit(dataset, "mf", epochs=2000, patience=2000, dim=8, out=out, progress=tell)
except KeyboardInterrupt as stopped:
    print("stopped:", stopped)
"""


@pytest.mark.parametrize("kind", ["file", "frame"])
def test_ctrl_c_saves_a_checkpoint_and_the_run_resumes(kind: str, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-c", INTERRUPTED, str(log), str(out), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "stopped: " in done.stdout, done.stderr
    assert "its checkpoint is saved" in done.stdout and "`Run.resume`" in done.stdout
    with pytest.raises(sagebrush.SagebrushError):
        Run.open(out)
    config = out / "config.toml"
    config.write_text(config.read_text().replace("epochs = 2000", "epochs = 5"))
    if kind == "frame":
        with pytest.raises(sagebrush.SagebrushError):
            Run.resume(out, progress=False)
        other = Dataset.from_frame(pl.read_csv(log).head(200), progress=False)
        with pytest.raises(sagebrush.SagebrushError):
            Run.resume(out, other, progress=False)
        run = Run.resume(out, Dataset.from_frame(pl.read_csv(log), progress=False), progress=False)
    else:
        run = Run.resume(out, progress=False)
    assert len(run.recommend(users=["u1"], k=3)) == 3


def test_two_trainings_in_two_threads_do_not_mix(number_log: Path, tmp_path: Path) -> None:
    dataset = Dataset.read(number_log, progress=False)
    failures: list[BaseException] = []

    def train(name: str) -> None:
        try:
            sagebrush.fit(dataset, "mf", epochs=3, dim=8, out=tmp_path / name, progress=False)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=train, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    train("alone")
    alone = (tmp_path / "alone/model.safetensors").read_bytes()
    assert all((tmp_path / name / "model.safetensors").read_bytes() == alone for name in ("a", "b"))


def test_a_directory_that_holds_something_is_refused(log: Path, knn: Run) -> None:
    with pytest.raises(sagebrush.SagebrushError, match="knn"):
        sagebrush.fit(Dataset.read(log, progress=False), "popularity", out=knn.path, progress=False)


def test_progress_tells_of_every_epoch(number_log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[tuple[Any, ...]] = []
    dataset = Dataset.read(number_log, progress=False)
    sagebrush.fit(
        dataset, "mf", epochs=2, dim=8, out=tmp_path / "a", progress=lambda *event: events.append(event)
    )
    names = [event[0] for event in events]
    assert names.count("training") >= 1 and names.count("epoch_done") >= 2 and "remark" in names
    assert capsys.readouterr().err == ""
    sagebrush.fit(dataset, "mf", epochs=2, dim=8, out=tmp_path / "b")
    assert "30 users, 40 items" in capsys.readouterr().err


def test_an_error_of_the_listener_stops_the_training(number_log: Path, tmp_path: Path) -> None:
    def fails(event: str, *details: Any) -> None:
        raise RuntimeError("the listener failed")

    dataset = Dataset.read(number_log, progress=False)
    with pytest.raises(RuntimeError, match="the listener failed"):
        sagebrush.fit(dataset, "mf", epochs=500, dim=8, out=tmp_path / "a", progress=fails)


FORKED = """
import os, sys
import sagebrush
run = sagebrush.Run.open(sys.argv[1])
expected = run.recommend(k=3).to_pylist()
child = os.fork()
if child == 0:
    assert run.recommend(k=3).to_pylist() == expected
    try:
        sagebrush.Dataset.bundled()
    except sagebrush.UsageError as refused:
        assert "forked" in str(refused)
        os._exit(7)
    os._exit(1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_answers_and_says_that_it_cannot_train(knn: Run) -> None:
    command = [sys.executable, "-c", FORKED, knn.path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "7", done.stderr
