"""The core of glTF 2.0 as far as a tile depends on it: references, lengths, what is not used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from twinward.standards.tiles3d.gltf.compressed import is_fallback, packed_references
from twinward.standards.tiles3d.gltf.data import (
    check_attributes,
    check_bounds_of,
    check_indices,
    check_nodes,
)
from twinward.standards.tiles3d.gltf.model import COMPONENTS, WIDTHS, Model
from twinward.standards.tiles3d.gltf.rules import GLTF
from twinward.standards.tiles3d.issues import WARNING, Report
from twinward.standards.tiles3d.shapes import check, is_integer

SOLE = (
    "nodes",
    "meshes",
    "accessors",
    "bufferViews",
    "materials",
    "textures",
    "images",
    "samplers",
)
# what an attribute's name says of its accessor (glTF 2.0, section 3.7.2.1)
ATTRIBUTE_TYPES = {"POSITION": "VEC3", "NORMAL": "VEC3", "TANGENT": "VEC4"}


def check_core(model: Model, report: Report) -> bool:
    """Whether every reference leads somewhere and all data are there."""
    before = report.errors
    version = str(model.document["asset"].get("version", ""))
    if not version.startswith("2."):
        report.add("GLTF_INVALID", "/asset/version", f"{version!r} is not read")
        return False
    if version != "2.0":
        text = f"minor version of {version} is not known"
        report.add("UNKNOWN_ASSET_MINOR_VERSION", "/asset/version", text, WARNING)
    if not check(model.document, GLTF, "", report):
        return False
    _check_extensions(model, report)
    used = _check_references(model, report)
    if report.errors > before:
        return False
    _check_data(model, report)
    if report.errors > before:
        return False
    check_nodes(model, report)
    for n, mesh in enumerate(model.list("meshes")):
        for k, one in enumerate(mesh.get("primitives", [])):
            _check_primitive(model, one, f"/meshes/{n}/primitives/{k}", report)
    model.unused = [
        f"/{name}/{n}"
        for name in SOLE
        for n in range(len(model.list(name)))
        if (name, n) not in used
    ]
    return report.errors == before


def _check_extensions(model: Model, report: Report) -> None:
    used = set(model.list("extensionsUsed"))
    found: dict[str, str] = {}
    for path, one in _objects(model.document, ""):
        told = one.get("extensions")
        if isinstance(told, dict):
            found |= dict.fromkeys(told, path)
    for name in sorted(set(found) - used):
        report.add("UNDECLARED_EXTENSION", found[name], f"{name} is not in extensionsUsed")
    for name in sorted(set(model.list("extensionsRequired")) - used):
        report.add("UNUSED_EXTENSION_REQUIRED", "/extensionsRequired", f"{name} is not used")


def _objects(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            if key != "extras":
                yield from _objects(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            if isinstance(inner, (dict, list)):
                yield from _objects(inner, f"{path}/{n}")


def _references(model: Model) -> Iterator[tuple[str, str, Any]]:
    """(which list, where it is said, which one) of every reference of the core."""
    told = model.document
    if "scene" in told:
        yield "scenes", "/scene", told["scene"]
    for n, one in enumerate(model.list("scenes")):
        yield from (("nodes", f"/scenes/{n}/nodes", node) for node in one.get("nodes", []))
    for n, one in enumerate(model.list("nodes")):
        yield from (("nodes", f"/nodes/{n}/children", node) for node in one.get("children", []))
        for key, name in (("mesh", "meshes"), ("camera", "cameras"), ("skin", "skins")):
            if key in one:
                yield name, f"/nodes/{n}/{key}", one[key]
    for n, one in enumerate(model.list("meshes")):
        for k, part in enumerate(one.get("primitives", [])):
            path = f"/meshes/{n}/primitives/{k}"
            groups = [part.get("attributes", {}), *part.get("targets", [])]
            for group in groups:
                yield from (("accessors", f"{path}/{key}", v) for key, v in group.items())
            for key, name in (("indices", "accessors"), ("material", "materials")):
                if key in part:
                    yield name, f"{path}/{key}", part[key]
    for name, key, where in (
        ("accessors", "bufferView", "bufferViews"), ("bufferViews", "buffer", "buffers"),
        ("textures", "source", "images"), ("textures", "sampler", "samplers"),
        ("images", "bufferView", "bufferViews"),
    ):  # fmt: skip
        for n, one in enumerate(model.list(name)):
            if key in one:
                yield where, f"/{name}/{n}/{key}", one[key]
    yield from packed_references(
        {name: model.list(name) for name in ("textures", "bufferViews", "meshes")}
    )
    for path, one in _objects(told.get("materials", []), "/materials"):
        if path.endswith("Texture"):
            yield "textures", f"{path}/index", one.get("index")


def _of_extensions(model: Model) -> Iterator[tuple[str, Any]]:
    """What the extensions refer to: so that it does not count as not used."""
    metadata = model.extension("EXT_structural_metadata")
    for _, one in _objects(metadata or {}, ""):
        for key in ("values", "stringOffsets", "arrayOffsets"):
            yield "bufferViews", one.get(key)
        if "index" in one:
            yield "textures", one["index"]
    for _, one in _objects([model.list("meshes"), model.list("nodes")], ""):
        told = one.get("extensions")
        for name, inner in told.items() if isinstance(told, dict) else ():
            for _, part in _objects(inner, ""):
                if name == "EXT_mesh_features" and "index" in part:
                    yield "textures", part["index"]
                if name == "EXT_mesh_gpu_instancing":
                    yield from (("accessors", one) for one in part.get("attributes", {}).values())


def _check_references(model: Model, report: Report) -> set[tuple[str, int]]:
    used: set[tuple[str, int]] = set()
    for name, path, number in _references(model):
        if is_integer(number) and 0 <= number < len(model.list(name)):
            used.add((name, int(number)))
        else:
            report.add("UNRESOLVED_REFERENCE", path, f"{name} has no {number!r}")
    for name, number in _of_extensions(model):
        if is_integer(number):
            used.add((name, int(number)))
    return used


def _check_data(model: Model, report: Report) -> None:
    """Whether buffers, views, accessors and pictures are there and fit into one another."""
    model.load()
    for n, one in enumerate(model.list("buffers")):
        body = model.buffers[n]
        if body is None and is_fallback(one):
            continue
        if body is None:
            report.add("IO_ERROR", f"/buffers/{n}", f"{one.get('uri', 'it')!s:.60} cannot be read")
        elif len(body) < one.get("byteLength", 0):
            text = f"has {len(body)} bytes, not {one['byteLength']}"
            report.add("BUFFER_BYTE_LENGTH_MISMATCH", f"/buffers/{n}", text)
    for n, one in enumerate(model.list("bufferViews")):
        most = model.list("buffers")[one["buffer"]].get("byteLength", 0)
        if one.get("byteOffset", 0) + one.get("byteLength", 0) > most:
            report.add("BUFFER_VIEW_TOO_LONG", f"/bufferViews/{n}", "reaches beyond its buffer")
    for n, one in enumerate(model.list("accessors")):
        before = report.errors
        _check_accessor(model, one, f"/accessors/{n}", report)
        if report.errors == before:
            check_bounds_of(model, n, f"/accessors/{n}", report)
    for n, one in enumerate(model.list("images")):
        if model.picture_bytes(n) is None:
            report.add("IO_ERROR", f"/images/{n}", f"{one.get('uri', 'it')!s:.60} cannot be read")


def _check_accessor(model: Model, one: dict[str, Any], path: str, report: Report) -> None:
    if "bufferView" not in one:
        return
    view = model.list("bufferViews")[one["bufferView"]]
    size = np.dtype(COMPONENTS[one["componentType"]]).itemsize
    start, stride = one.get("byteOffset", 0), view.get("byteStride", size * WIDTHS[one["type"]])
    if (start + view.get("byteOffset", 0)) % size:
        report.add("ACCESSOR_OFFSET_ALIGNMENT", path, f"must begin at a multiple of {size}")
    if start + stride * (one["count"] - 1) + size * WIDTHS[one["type"]] > view["byteLength"]:
        report.add("ACCESSOR_TOO_LONG", path, "reaches beyond its view")


def _check_primitive(model: Model, one: dict[str, Any], path: str, report: Report) -> None:
    attributes, accessors = one.get("attributes", {}), model.list("accessors")
    counts = {accessors[n]["count"] for n in attributes.values()}
    if len(counts) > 1:
        report.add("MESH_PRIMITIVE_UNEQUAL_ACCESSOR_COUNT", path, f"has {sorted(counts)} corners")
        return
    for name, kind in ATTRIBUTE_TYPES.items():
        if name in attributes and accessors[attributes[name]]["type"] != kind:
            name_of = "MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT"
            report.add(name_of, f"{path}/{name}", f"must be {kind}")
    if "POSITION" in attributes and "max" not in accessors[attributes["POSITION"]]:
        name_of = "MESH_PRIMITIVE_POSITION_ACCESSOR_WITHOUT_BOUNDS"
        report.add(name_of, path, "POSITION needs min and max")
    quantized = "KHR_mesh_quantization" in model.list("extensionsUsed")
    check_attributes(model, attributes, path, report, quantized=quantized)
    if "indices" in one and counts:
        check_indices(model, one["indices"], min(counts), f"{path}/indices", report)
