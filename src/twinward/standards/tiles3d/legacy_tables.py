"""The feature and batch tables of the tile formats of 3D Tiles 1.0, member by member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from twinward.standards.tiles3d.shapes import is_integer, is_number

BYTES = {
    "BYTE": 1, "UNSIGNED_BYTE": 1, "SHORT": 2, "UNSIGNED_SHORT": 2, "INT": 4, "UNSIGNED_INT": 4,
    "FLOAT": 4, "DOUBLE": 8,
}  # fmt: skip
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
UNSIGNED = {"UNSIGNED_BYTE": "<u1", "UNSIGNED_SHORT": "<u2", "UNSIGNED_INT": "<u4"}
DRACO = "3DTILES_draco_point_compression"
FREE = {"extensions", "extras"}


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What a member of a feature table is: `width` numbers of a component, once or for each
    feature; width 0: true or false.
    """

    width: int
    component: str = "FLOAT"
    once: bool = False
    other: tuple[str, ...] = ()  # components that it may say it has


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table: its JSON, its bytes, and how many features it speaks of."""

    told: dict[str, Any]
    body: bytes
    features: int


COUNT = Member(width=1, component="UNSIGNED_INT", once=True)
CENTRE = Member(width=3, once=True)
IDS = Member(width=1, component="UNSIGNED_SHORT", other=tuple(UNSIGNED))
PLACED = {
    "POSITION": Member(width=3),
    "POSITION_QUANTIZED": Member(width=3, component="UNSIGNED_SHORT"),
    "BATCH_ID": IDS,
    "RTC_CENTER": CENTRE,
    "QUANTIZED_VOLUME_OFFSET": CENTRE,
    "QUANTIZED_VOLUME_SCALE": CENTRE,
}
OCT = Member(width=2, component="UNSIGNED_SHORT")
# 3D Tiles 1.1, annexes of the formats of 1.0: semantics of the feature tables
SEMANTICS: dict[bytes, dict[str, Member]] = {
    b"b3dm": {"BATCH_LENGTH": COUNT, "RTC_CENTER": CENTRE},
    b"i3dm": {
        **PLACED,
        "INSTANCES_LENGTH": COUNT,
        "NORMAL_UP": Member(width=3),
        "NORMAL_RIGHT": Member(width=3),
        "NORMAL_UP_OCT32P": OCT,
        "NORMAL_RIGHT_OCT32P": OCT,
        "SCALE": Member(width=1),
        "SCALE_NON_UNIFORM": Member(width=3),
        "EAST_NORTH_UP": Member(width=0, once=True),
    },
    b"pnts": {
        **PLACED,
        "POINTS_LENGTH": COUNT,
        "BATCH_LENGTH": COUNT,
        "RGBA": Member(width=4, component="UNSIGNED_BYTE"),
        "RGB": Member(width=3, component="UNSIGNED_BYTE"),
        "RGB565": Member(width=1, component="UNSIGNED_SHORT"),
        "NORMAL": Member(width=3),
        "NORMAL_OCT16P": Member(width=2, component="UNSIGNED_BYTE"),
        "CONSTANT_RGBA": Member(width=4, component="UNSIGNED_BYTE", once=True),
    },
}
# what a member cannot be without
TOGETHER = {
    "NORMAL_UP": ("NORMAL_RIGHT",),
    "NORMAL_RIGHT": ("NORMAL_UP",),
    "NORMAL_UP_OCT32P": ("NORMAL_RIGHT_OCT32P",),
    "NORMAL_RIGHT_OCT32P": ("NORMAL_UP_OCT32P",),
    "POSITION_QUANTIZED": ("QUANTIZED_VOLUME_OFFSET", "QUANTIZED_VOLUME_SCALE"),
}


def feature_faults(magic: bytes, table: Table) -> Iterator[str]:
    """What is wrong with a feature table, a sentence each."""
    known = SEMANTICS[magic]
    for name, value in table.told.items():
        if name in FREE or name in _packed(table.told):
            continue
        member = known.get(name)
        if member is None:
            yield f"a feature table has no {name}"
            continue
        yield from _member_faults(name, value, member, table)
        for other in TOGETHER.get(name, ()):
            if other not in table.told:
                yield f"{name} needs {other}"
    if magic == b"pnts" and ("BATCH_ID" in table.told) != ("BATCH_LENGTH" in table.told):
        yield "BATCH_ID and BATCH_LENGTH go together"
    yield from _id_faults(table)


def _packed(told: dict[str, Any]) -> set[str]:
    extensions = told.get("extensions")
    draco = extensions.get(DRACO) if isinstance(extensions, dict) else None
    inside = draco.get("properties") if isinstance(draco, dict) else None
    return set(inside) if isinstance(inside, dict) else set()


def _member_faults(name: str, value: Any, member: Member, table: Table) -> Iterator[str]:
    many = member.width * (1 if member.once else table.features)
    if member.width == 0:
        if not isinstance(value, bool):
            yield f"{name} must be true or false"
    elif isinstance(value, dict):
        component = value.get("componentType", member.component)
        if component not in (member.other or (member.component,)):
            yield f"{name} cannot be of component type {component!r}"
        else:
            yield from _place_faults(name, value, BYTES[component], many, table.body)
    elif many == 1 and member.once:
        if not is_number(value):
            yield f"{name} must be a number"
    elif not isinstance(value, list) or len(value) != many or not all(map(is_number, value)):
        yield f"{name} must be {many} numbers"


def _place_faults(
    name: str, value: dict[str, Any], size: int, many: int, body: bytes
) -> Iterator[str]:
    """Whether numbers kept in the bytes of a table lie within them, at an even place."""
    offset = value.get("byteOffset")
    if not is_integer(offset) or offset < 0:
        yield f"{name} needs a byteOffset"
    elif offset % size:
        yield f"{name} must begin at a multiple of {size} bytes, begins at {offset}"
    elif offset + size * many > len(body):
        yield f"{name} reaches beyond its table: {len(body)} bytes are there"


def _id_faults(table: Table) -> Iterator[str]:
    ids, most = table.told.get("BATCH_ID"), table.told.get("BATCH_LENGTH")
    if not isinstance(ids, dict) or not is_integer(most) or "BATCH_ID" in _packed(table.told):
        return
    kind, start = UNSIGNED.get(str(ids.get("componentType", IDS.component))), ids.get("byteOffset")
    if kind is None or not is_integer(start) or start < 0:
        return
    body = table.body[int(start) : int(start) + np.dtype(kind).itemsize * table.features]
    if (
        body
        and len(body) % np.dtype(kind).itemsize == 0
        and np.frombuffer(body, kind).max() >= most
    ):
        yield f"BATCH_ID names a batch beyond BATCH_LENGTH {int(most)}"


def batch_faults(table: Table) -> Iterator[str]:
    """What is wrong with a batch table, a sentence each."""
    for name, value in table.told.items():
        if name in FREE or name in _packed(table.told):
            continue
        if isinstance(value, dict) and "byteOffset" in value:
            size, width = (
                BYTES.get(str(value.get("componentType"))),
                WIDTHS.get(str(value.get("type"))),
            )
            if size is None or width is None:
                yield f"{name} needs a componentType and a type"
            else:
                yield from _place_faults(name, value, size, width * table.features, table.body)
        elif not isinstance(value, list):
            yield f"{name} must be an array"
        elif len(value) != table.features:
            yield f"{name} has {len(value)} values for {table.features} features"
