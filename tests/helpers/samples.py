"""One plausible message of every kind, made from its type: texts, numbers, times, choices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import inspect

from twinward.core.texts import texts_of


def sample(kind: type[msgspec.Struct], **known: Any) -> dict[str, Any]:
    """Every field of a message, also those that may be left out; `known` fields as given."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {
        field.encode_name: known.get(field.encode_name, value_of(field.type, field.encode_name))
        for field in info.fields
    }


def value_of(kind: inspect.Type, name: str) -> Any:
    if isinstance(kind, inspect.UnionType):
        inner = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return value_of(inner[0], name)
    if isinstance(kind, inspect.Metadata):
        return value_of(kind.type, name)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.StrType):
        texts = (f"the {name}", f"the-{name}", "0" * 64, "0" * 43, "en")
        return next(one for one in texts if re.search(kind.pattern or "", one))
    if isinstance(kind, inspect.BoolType):
        return True
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        low = kind.ge if kind.ge is not None else kind.gt
        return 1 if low is None or low < 1 else low + 1
    if isinstance(kind, inspect.DateTimeType):
        return datetime(2022, 3, 1, 7, tzinfo=UTC)
    if isinstance(kind, inspect.DateType):
        return date(2022, 3, 1)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return [value_of(kind.item_type, name)]
    if isinstance(kind, inspect.TupleType):
        return [value_of(one, name) for one in kind.item_types]
    if isinstance(kind, inspect.DictType):
        return {value_of(kind.key_type, name): value_of(kind.value_type, name)}
    if isinstance(kind, inspect.StructType):
        return {f.encode_name: value_of(f.type, f.encode_name) for f in kind.fields}
    raise AssertionError(f"no sample of {kind}")


def spoiled(value: Any, bad: str) -> Iterator[Any]:
    """The value once for every text in it, at any depth, with that text made bad."""
    if isinstance(value, str):
        yield bad
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str) and key.startswith("the "):  # no name of a field
                yield {**{k: v for k, v in value.items() if k != key}, bad: inner}
            for one in spoiled(inner, bad):
                yield {**value, key: one}
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            for one in spoiled(inner, bad):
                yield [*value[:n], one, *value[n + 1 :]]


def count_texts(value: Any) -> int:
    return len(list(texts_of(value)))
