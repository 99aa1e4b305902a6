"""A run on the executors: shipped to each node, opened once in each Python process."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Says that what follows is the name of an archive that went to the nodes, not a path.
SHIPPED = "shipped:"


def ship(spark: SparkSession, run: Any) -> str:
    """Sends a run to every node, once, and gives what ``recommend`` and the others take as ``run``.

    Not needed where the run lies in a folder that all nodes see under the same path.

    Args:
        spark: The session.
        run: A :class:`sagebrush.Run`, or the folder of one on the driver.

    """
    folder = pathlib.Path(path_of(run))
    if not (folder / "MANIFEST.json").is_file():
        raise FileNotFoundError(f"{folder} is no finished run: it has no MANIFEST.json")
    name = f"{folder.name}-{folder.stat().st_mtime_ns:x}"
    # Not in the folder of the run, which may be read-only. Executors fetch it later, so it stays until the driver ends.
    archive = shutil.make_archive(os.path.join(tempfile.mkdtemp(prefix="sagebrush-"), name), "zip", folder)
    try:
        spark.addArtifacts(f"{archive}#{name}", archive=True)
    except Exception as error:
        raise RuntimeError(
            f"this engine takes no archives ({type(error).__name__}: {str(error).splitlines()[0]}). Put the run into a "
            "folder that all nodes see, and pass its path."
        ) from error
    return f"{SHIPPED}{name}"


def path_of(run: Any) -> str:
    """The path of a run, or of its folder."""
    return os.path.abspath(run) if isinstance(run, (str, os.PathLike)) else os.path.abspath(run.path)


def reference(run: Any) -> str:
    """A run as tasks look for it."""
    return run if isinstance(run, str) and run.startswith(SHIPPED) else path_of(run)


@cache
def opened(run: str) -> Any:
    """The run in this process; it is read when the first task asks for it, and kept for the next ones."""
    import sagebrush

    return sagebrush.Run.open(found(run))


def found(run: str) -> str:
    """The folder of a run on this machine."""
    if not run.startswith(SHIPPED):
        places = [run]
    else:
        name = run[len(SHIPPED) :]
        places = [os.path.join(_files_root(), name), os.path.abspath(name)]
    for place in places:
        if os.path.isdir(place):
            return place
    import socket

    raise FileNotFoundError(
        f"the executor on {socket.gethostname()} has no run at {' or '.join(places)}. "
        "Ship it with sagebrush.spark.ship(spark, run), or put it into a folder that all nodes see."
    )


def _files_root() -> str:
    from pyspark import SparkFiles

    return SparkFiles.getRootDirectory() or "."
