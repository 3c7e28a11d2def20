"""EXT_mesh_features and EXT_instance_features: which feature a corner, texel or instance is of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.gltf.model import Model
from twinward.standards.tiles3d.gltf.textures import (
    channel_bytes,
    check_coordinates,
    check_texture,
    identifiers,
)
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.rules import FEATURE_IDS
from twinward.standards.tiles3d.shapes import check

MESH, INSTANCE, INSTANCING = "EXT_mesh_features", "EXT_instance_features", "EXT_mesh_gpu_instancing"


def check_features(model: Model, report: Report) -> None:
    """The feature ids of every primitive and of every node with instances."""
    for n, mesh in enumerate(model.list("meshes")):
        for k, one in enumerate(mesh.get("primitives", [])):
            told = one.get("extensions", {}).get(MESH)
            if told is not None:
                path = f"/meshes/{n}/primitives/{k}/extensions/{MESH}"
                _check_ids(model, told, one.get("attributes", {}), path, report)
    for n, node in enumerate(model.list("nodes")):
        extensions = node.get("extensions", {})
        if INSTANCE in extensions:
            path = f"/nodes/{n}/extensions/{INSTANCE}"
            if INSTANCING not in extensions:
                text = f"needs {INSTANCING} on the same node"
                report.add("INVALID_GLTF_STRUCTURE", path, text)
                continue
            attributes = extensions[INSTANCING].get("attributes", {})
            _check_ids(model, extensions[INSTANCE], attributes, path, report)


def _check_ids(
    model: Model, told: Any, attributes: dict[str, Any], path: str, report: Report
) -> None:
    if not check(told, FEATURE_IDS, path, report):
        return
    for n, one in enumerate(told["featureIds"]):
        inner = f"{path}/featureIds/{n}"
        rows = _check_table(model, one, inner, report)
        found = _read_ids(model, one, attributes, inner, report)
        if found is not None:
            _check_found(found, one, rows, inner, report)


def _check_found(
    found: NDArray[Any], one: dict[str, Any], rows: int | None, path: str, report: Report
) -> None:
    ids = np.unique(found)
    ids = ids[ids != one.get("nullFeatureId", -1)]
    if len(ids) > one["featureCount"]:
        text = f"says {one['featureCount']} features and has {len(ids)}"
        report.add("FEATURE_COUNT_MISMATCH", f"{path}/featureCount", text)
    elif rows is not None and len(ids) and (ids.max() >= rows or ids.min() < 0):
        text = f"its property table has {rows} rows, no {int(ids.max())}"
        report.add("VALUE_NOT_IN_RANGE", path, text)


def _check_table(model: Model, one: dict[str, Any], path: str, report: Report) -> int | None:
    """How many rows the table of a feature id has; None where it has no table."""
    if "propertyTable" not in one:
        return None
    metadata = model.extension("EXT_structural_metadata")
    tables = metadata.get("propertyTables") if isinstance(metadata, dict) else None
    where = f"{path}/propertyTable"
    if not isinstance(tables, list):
        report.add("INVALID_GLTF_STRUCTURE", where, "the file has no property tables")
        return None
    if one["propertyTable"] >= len(tables):
        report.add("VALUE_NOT_IN_RANGE", where, f"there are {len(tables)} property tables")
        return None
    count = tables[one["propertyTable"]].get("count")
    return count if isinstance(count, int) else None


def _read_ids(
    model: Model, one: dict[str, Any], attributes: dict[str, Any], path: str, report: Report
) -> NDArray[Any] | None:
    if "texture" in one:
        told = one["texture"]
        sound = check_coordinates(told, attributes, f"{path}/texture", report)
        if not check_texture(model, told, f"{path}/texture", report) or not sound:
            return None
        values = channel_bytes(model, told)
        return identifiers(values) if values is not None else None
    if "attribute" not in one:
        return None
    name = f"_FEATURE_ID_{int(one['attribute'])}"
    if name not in attributes:
        report.add("IDENTIFIER_NOT_FOUND", f"{path}/attribute", f"there is no {name}")
        return None
    accessor = model.list("accessors")[attributes[name]]
    wrong = [
        text
        for bad, text in (
            (accessor.get("type") != "SCALAR", "must be SCALAR"),
            (bool(accessor.get("normalized")), "must not be normalized"),
        )
        if bad
    ]
    for text in wrong:
        report.add("INVALID_GLTF_STRUCTURE", f"{path}/attribute", f"{name} {text}")
    values = model.accessor(attributes[name]) if not wrong else None
    return values.ravel() if values is not None else None
