"""Lists and vectors by the library in every task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from . import _runs
from ._frames import require_columns

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

#: Types of columns that keys may have, and the type of the program's keys that they are.
TEXT, NUMBER = "string", "bigint"
NUMBERS = ("tinyint", "smallint", "int", "bigint")


def recommend(
    histories: DataFrame,
    run: Any,
    k: int = 10,
    *,
    user: str = "user",
    items: str = "items",
    item: str | None = None,
    only: list[Any] | None = None,
    exclude: list[Any] | None = None,
    include_seen: bool = False,
    unknown: str = "skip",
) -> DataFrame:
    """Lists of ``k`` items for people by what they have: ``user``, ``rank`` (from 1), ``item``, ``score``.

    Every task ranks the rows of its partition with the library and streams the lists on.

    Args:
        histories: A row a person: a column ``user`` of any type and a column ``items``, an array of keys. Or the
            long form, a row an interaction, where ``item`` is named.
        run: A :class:`sagebrush.Run`, a path that all nodes see, or what :func:`ship` gave.
        k: Length of a list.
        user: Column of people.
        items: Column with their items.
        item: Column with one item a row, for the long form.
        only: Items that lists may hold; all where it is ``None``.
        exclude: Items that lists may not hold.
        include_seen: Whether lists may hold what people have.
        unknown: People without an item that the model knows get no row with ``"skip"``, what is popular with
            ``"popular"``; ``"raise"`` is an error that names them.

    Raises:
        ValueError: Columns that are missing or of another type.

    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType

    if k < 1:
        raise ValueError(f"k={k}: it is 1 or more")
    if unknown not in ("skip", "popular", "raise"):
        raise ValueError(f"unknown={unknown!r}: it is 'skip', 'popular' or 'raise'")
    if item is not None:
        require_columns(histories, [user, item], "the table of interactions")
        listed = histories.groupBy(F.col(user).alias("user")).agg(F.collect_list(item).alias("items"))
    else:
        require_columns(histories, [user, items], "the table of histories")
        listed = histories.select(F.col(user).alias("user"), F.col(items).alias("items"))
    kind = listed.schema["items"].dataType
    if not isinstance(kind, ArrayType):
        raise ValueError(
            f"the column {items!r} is of type {kind.simpleString()}, and a history is an array of keys. Where a row is "
            f"one interaction, name its column: item={items!r}."
        )
    key = _key_type(kind.elementType.simpleString(), item or items)
    options = {"k": k, "unknown": unknown, "include_seen": include_seen, "only": only, "exclude": list(exclude or [])}
    of_user = listed.schema["user"].dataType.simpleString()
    answer = _lister(_runs.reference(run), options, key)
    return listed.mapInArrow(answer, f"user {of_user}, rank int, item {key}, score float")


def similar(items: DataFrame, run: Any, k: int = 10, *, item: str = "item") -> DataFrame:
    """The ``k`` items most like each item: ``item``, ``rank``, ``similar``, ``score``.

    Items that the model doesn't know have no row.

    Args:
        items: A row an item.
        run: As for :func:`recommend`.
        k: How many.
        item: Column of items.

    """
    from pyspark.sql import functions as F

    if k < 1:
        raise ValueError(f"k={k}: it is 1 or more")
    require_columns(items, [item], "the table of items")
    asked = items.select(F.col(item).alias("item"))
    key = _key_type(asked.schema["item"].dataType.simpleString(), item)
    answer = _likener(_runs.reference(run), k, key)
    return asked.mapInArrow(answer, f"item {key}, rank int, similar {key}, score float")


def _key_type(kind: str, column: str) -> str:
    if kind == TEXT:
        return TEXT
    if kind in NUMBERS:
        return NUMBER
    raise ValueError(
        f"keys in the column {column!r} are of type {kind}; a key is a text or a whole number of up to 64 bits"
    )


Answer = Callable[[Iterable["pa.RecordBatch"]], Iterator["pa.RecordBatch"]]


def _lister(run: str, options: dict[str, Any], key: str) -> Answer:
    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        opened = _runs.opened(run)
        for batch in batches:
            if not batch.num_rows:
                continue
            users, lists = batch.column("user"), batch.column("items")
            if lists.flatten().null_count:
                at = next(at for at, one in enumerate(lists) if one.is_valid and None in one.as_py())
                raise ValueError(
                    f"the history of {users[at].as_py()!r} holds an item without a value; leave it out first"
                )
            # Rows are numbered, so that people may have names of any type, and the same name twice.
            people = pa.table({"user": pa.array(range(batch.num_rows), pa.int64()), "items": lists})
            table = pa.table(opened.recommend(histories=people, **options)).combine_chunks()
            columns = {
                "user": users.take(table["user"].combine_chunks()),
                "rank": table["rank"].cast(pa.int32()),
                "item": table["item"].cast(_arrow_type(key)),
                "score": table["score"],
            }
            yield from pa.table(columns).to_batches()

    return answer


def _likener(run: str, k: int, key: str) -> Answer:
    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        opened = _runs.opened(run)
        known = _known_items(run)
        for batch in batches:
            asked = [item for item in batch.column("item").to_pylist() if str(item) in known]
            if not asked:
                continue
            table = pa.table(opened.similar(asked, k=k))
            columns = {
                "item": table["item"].cast(_arrow_type(key)),
                "rank": table["rank"].cast(pa.int32()),
                "similar": table["similar"].cast(_arrow_type(key)),
                "score": table["score"],
            }
            yield from pa.table(columns).to_batches()

    return answer


@cache
def _known_items(run: str) -> frozenset[str]:
    import json
    import pathlib

    path = pathlib.Path(_runs.opened(run).path, "items.json")
    return frozenset(json.loads(path.read_text(encoding="utf-8")))


def _arrow_type(key: str) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if key == TEXT else pa.int64()
