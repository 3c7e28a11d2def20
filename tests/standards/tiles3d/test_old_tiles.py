"""The tables of the tile formats of 3D Tiles 1.0: what they hold, and what they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twinward.standards.tiles3d.legacy_tables import Table, batch_faults, feature_faults

POINTS: dict[str, Any] = {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}}
PLACED: dict[str, Any] = {"INSTANCES_LENGTH": 1, "POSITION": [0, 0, 0]}
BODY = np.zeros(6, "<f4").tobytes() + bytes([0, 1])


@pytest.mark.parametrize(
    ("magic", "told", "wrong"),
    [
        (b"pnts", POINTS, ""),
        (b"pnts", POINTS | {"RGB": [0] * 6, "CONSTANT_RGBA": [1, 2, 3, 4], "extras": 5}, ""),
        (b"pnts", POINTS | {"COLOUR": [1]}, "no COLOUR"),
        (b"pnts", POINTS | {"POSITION": {"byteOffset": 4}}, "reaches beyond"),
        (b"pnts", POINTS | {"POSITION": {"byteOffset": 2}}, "multiple of 4"),
        (b"pnts", POINTS | {"POSITION": {"byteOffset": -4}}, "needs a byteOffset"),
        (b"pnts", POINTS | {"POSITION": {"byteOffset": 0, "componentType": "DOUBLE"}}, "component type 'DOUBLE'"),
        (b"pnts", POINTS | {"RGB": [0] * 5}, "must be 6 numbers"),
        (b"pnts", POINTS | {"RGB": "red"}, "must be 6 numbers"),
        (b"pnts", POINTS | {"RTC_CENTER": [0, 0]}, "must be 3 numbers"),
        (b"pnts", POINTS | {"BATCH_ID": [0, 0]}, "go together"),
        (b"pnts", POINTS | {"BATCH_LENGTH": 2}, "go together"),
        (b"pnts", POINTS | {"BATCH_LENGTH": 2, "BATCH_ID": {"byteOffset": 24, "componentType": "UNSIGNED_BYTE"}}, ""),
        (b"pnts", POINTS | {"BATCH_LENGTH": 1, "BATCH_ID": {"byteOffset": 24, "componentType": "UNSIGNED_BYTE"}}, "beyond BATCH_LENGTH 1"),
        (b"pnts", {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 9}, "extensions": {"3DTILES_draco_point_compression": {"properties": {"POSITION": 0}}}}, ""),
        (b"i3dm", PLACED | {"EAST_NORTH_UP": True, "SCALE": [2]}, ""),
        (b"i3dm", PLACED | {"EAST_NORTH_UP": 1}, "true or false"),
        (b"i3dm", PLACED | {"NORMAL_UP": [0, 0, 1]}, "needs NORMAL_RIGHT"),
        (b"i3dm", {"INSTANCES_LENGTH": 1, "POSITION_QUANTIZED": [0, 0, 0]}, "needs QUANTIZED_VOLUME_OFFSET"),
        (b"b3dm", {"BATCH_LENGTH": 0, "RTC_CENTER": [1, 2, 3]}, ""),
        (b"b3dm", {"BATCH_LENGTH": 0, "POSITION": [0, 0, 0]}, "no POSITION"),
    ],
)  # fmt: skip
def test_a_feature_table_holds_what_its_format_knows(
    magic: bytes, told: dict[str, Any], wrong: str
) -> None:
    features = told.get("POINTS_LENGTH", told.get("INSTANCES_LENGTH", 0))
    found = list(feature_faults(magic, Table(told=told, body=BODY, features=features)))
    assert (any(wrong in one for one in found) and len(found) >= 1) if wrong else found == []


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ([1, 2], ""),
        ([1], "1 values for 2 features"),
        ({"a": 1}, "must be an array"),
        ({"byteOffset": 0, "componentType": "FLOAT", "type": "VEC3"}, ""),
        ({"byteOffset": 0, "componentType": "FLOAT", "type": "VEC4"}, "reaches beyond"),
        ({"byteOffset": 0, "componentType": "HALF", "type": "VEC3"}, "needs a componentType"),
        ({"byteOffset": 0, "type": "VEC3"}, "needs a componentType"),
    ],
)
def test_a_batch_table_has_a_value_for_each_feature(column: Any, wrong: str) -> None:
    found = list(batch_faults(Table(told={"height": column}, body=BODY, features=2)))
    assert (wrong in found[0]) if wrong else found == []
