"""What the numbers of a glTF file say: bounds of accessors, lengths of normals, trees of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.gltf.model import WIDTHS, Model
from twinward.standards.tiles3d.issues import Report

MOST_NUMBERS = 12_000_000  # of one accessor that are held against its bounds
UNIT_SLACK = 0.01
ROTATION_SLACK = 0.01
FLOAT, INDEX_KINDS = 5126, (5121, 5123, 5125)
POSED = ("translation", "rotation", "scale")


def check_bounds_of(model: Model, number: int, path: str, report: Report) -> None:
    """Whether the least and the most that an accessor states are those of its numbers."""
    one = model.list("accessors")[number]
    width = WIDTHS[one["type"]]
    for word in ("min", "max"):
        if word in one and len(one[word]) != width:
            text = f"must have {width} numbers, has {len(one[word])}"
            report.add("ARRAY_LENGTH_MISMATCH", f"{path}/{word}", text)
            return
    if one["count"] * width > MOST_NUMBERS:
        return
    values = model.accessor(number)
    if values is None:
        return
    if one["componentType"] == FLOAT and not np.isfinite(values).all():
        report.add("ACCESSOR_INVALID_FLOAT", path, "holds what is no number")
        return
    for word, found in (("min", values.min(axis=0)), ("max", values.max(axis=0))):
        if word in one and not _same(one[word], found):
            text = f"says {one[word]}, its numbers have {found.tolist()}"
            report.add(f"ACCESSOR_{word.upper()}_MISMATCH", f"{path}/{word}", text)


def _same(told: list[float], found: NDArray[Any]) -> bool:
    stated = np.array(told, np.float64)
    if found.dtype.kind == "f":  # as the file keeps them, a fraction is rounded
        with np.errstate(over="ignore"):
            stated = stated.astype(found.dtype)
    return bool((stated == found).all())


def check_attributes(
    model: Model, attributes: dict[str, int], path: str, report: Report, *, quantized: bool
) -> None:
    """Whether positions are fractions and normals are as long as one."""
    accessors = model.list("accessors")
    if "POSITION" in attributes and not quantized:
        kind = accessors[attributes["POSITION"]]["componentType"]
        if kind != FLOAT:
            name = "MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT"
            report.add(name, f"{path}/POSITION", f"must be of component type {FLOAT}, is {kind}")
    if "NORMAL" in attributes and accessors[attributes["NORMAL"]]["componentType"] == FLOAT:
        values = model.accessor(attributes["NORMAL"])
        if values is not None and values.size <= MOST_NUMBERS:
            off = np.abs(np.linalg.norm(values.astype(float), axis=1) - 1) > UNIT_SLACK
            if off.any():
                text = f"{int(off.sum())} normals are not as long as 1"
                report.add("ACCESSOR_VECTOR3_NON_UNIT", f"{path}/NORMAL", text)


def check_indices(model: Model, number: int, most: int, path: str, report: Report) -> None:
    """Whether the indices of faces are whole numbers of corners that there are."""
    one = model.list("accessors")[number]
    if one["type"] != "SCALAR" or one["componentType"] not in INDEX_KINDS:
        name = "MESH_PRIMITIVE_INDICES_ACCESSOR_INVALID_FORMAT"
        report.add(name, path, f"must be SCALAR and of {list(INDEX_KINDS)}")
        return
    indices = model.accessor(number)
    if indices is not None and indices.max() >= most:
        text = f"names corner {int(indices.max())} of {most}"
        report.add("ACCESSOR_INDEX_OOB", path, text)


def check_nodes(model: Model, report: Report) -> None:
    """Whether every node stands in one place, and the nodes are a tree."""
    nodes = model.list("nodes")
    above: dict[int, int] = {}
    for n, one in enumerate(nodes):
        path = f"/nodes/{n}"
        if "matrix" in one and any(word in one for word in POSED):
            report.add("NODE_MATRIX_TRS", path, "has both a matrix and a pose")
        turn = one.get("rotation")
        if turn and abs(sum(part * part for part in turn) - 1) > ROTATION_SLACK:
            report.add("ROTATION_NON_UNIT", f"{path}/rotation", "is not as long as 1")
        for child in one.get("children", []):
            if int(child) in above:
                report.add("NODE_PARENT_OVERRIDE", path, f"node {child} has a parent already")
            above[int(child)] = n
    for n in range(len(nodes)):
        met, at = {n}, above.get(n)
        while at is not None and at not in met:
            met.add(at)
            at = above.get(at)
        if at == n:
            report.add("NODE_LOOP", f"/nodes/{n}", "is among its own descendants")
            return
