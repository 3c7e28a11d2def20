"""What the extensions that pack a glTF file refer to, and which buffers they leave empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DRACO, MESHOPT = "KHR_draco_mesh_compression", "EXT_meshopt_compression"
MESHOPTS = (MESHOPT, "KHR_meshopt_compression")


def is_fallback(buffer: Any) -> bool:
    """Whether a buffer is only a length: what stands in it comes unpacked from another one."""
    told = buffer.get("extensions") if isinstance(buffer, dict) else None
    return isinstance(told, dict) and any(
        isinstance(told.get(name), dict) and told[name].get("fallback") is True for name in MESHOPTS
    )


def packed_references(lists: dict[str, list[Any]]) -> Iterator[tuple[str, str, Any]]:
    """(which list, where it is said, which one): pictures of textures in other formats (KTX2,
    WebP, AVIF), views of packed faces, buffers of packed views.
    """
    for n, texture in enumerate(lists.get("textures", [])):
        for name, told in extensions_of(texture):
            if "source" in told:
                yield "images", f"/textures/{n}/extensions/{name}/source", told["source"]
    for n, view in enumerate(lists.get("bufferViews", [])):
        for name, told in extensions_of(view):
            if name in MESHOPTS:
                yield "buffers", f"/bufferViews/{n}/extensions/{name}/buffer", told.get("buffer")
    for n, mesh in enumerate(lists.get("meshes", [])):
        for k, part in enumerate(mesh.get("primitives", [])):
            for name, told in extensions_of(part):
                if name == DRACO:
                    path = f"/meshes/{n}/primitives/{k}/extensions/{name}/bufferView"
                    yield "bufferViews", path, told.get("bufferView")


def extensions_of(one: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    told = one.get("extensions") if isinstance(one, dict) else None
    for name, inner in told.items() if isinstance(told, dict) else ():
        if isinstance(inner, dict):
            yield name, inner
