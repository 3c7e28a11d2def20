"""Textures as tables of numbers: where they are drawn from and what their channels say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.gltf.model import Model
from twinward.standards.tiles3d.issues import Report

NEAREST, LINEAR = 9728, 9729


def check_texture(
    model: Model, told: dict[str, Any], path: str, report: Report, *, blurred: bool = False
) -> bool:
    """Whether a texture of sound shape is there, can be read and has the channels asked for.
    `blurred`: it may be drawn between its texels, as metadata may and identifiers may not.
    """
    before, textures = report.errors, model.list("textures")
    if told["index"] >= len(textures):
        report.add("VALUE_NOT_IN_RANGE", f"{path}/index", f"there are {len(textures)} textures")
        return False
    texture = textures[int(told["index"])]
    samplers = model.list("samplers")
    allowed = [NEAREST, LINEAR] if blurred else [NEAREST]
    if "sampler" in texture and texture["sampler"] < len(samplers):
        sampler = samplers[texture["sampler"]]
        for word in ("minFilter", "magFilter"):
            if sampler.get(word, NEAREST) not in allowed:
                text = f"{word} must be one of {allowed}, is {sampler[word]}"
                report.add("VALUE_NOT_IN_LIST", path, text)
    texels = texels_of(model, told)
    channels = told.get("channels", [0])
    if texels is None and isinstance(texture.get("source"), int):
        report.add("IMAGE_DATA_INVALID", path, "its picture cannot be read")
    elif texels is not None:
        there = texels.shape[2]
        if len(channels) > there or max(channels) >= there:
            text = f"its picture has {there} channels, not {channels}"
            report.add("TEXTURE_CHANNELS_OUT_OF_RANGE", f"{path}/channels", text)
    return report.errors == before


def check_coordinates(
    told: dict[str, Any], attributes: dict[str, Any], path: str, report: Report
) -> bool:
    """Whether a primitive has the coordinates by which a texture is laid over it."""
    name = f"TEXCOORD_{int(told.get('texCoord', 0))}"
    if name not in attributes:
        report.add("IDENTIFIER_NOT_FOUND", f"{path}/texCoord", f"there is no {name}")
        return False
    return True


def texels_of(model: Model, told: dict[str, Any]) -> NDArray[np.uint8] | None:
    source = model.list("textures")[int(told["index"])].get("source")
    return model.picture(source) if source is not None else None


def channel_bytes(model: Model, told: dict[str, Any]) -> NDArray[np.uint8] | None:
    """The bytes [texel, channel] that a texture says, in the order of its channels."""
    texels = texels_of(model, told)
    if texels is None:
        return None
    channels = [int(one) for one in told.get("channels", [0])]
    return np.ascontiguousarray(texels[:, :, channels].reshape(-1, len(channels)))


def identifiers(bytes_of: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number of each texel, the first channel the lowest (EXT_mesh_features)."""
    places = 256 ** np.arange(bytes_of.shape[1], dtype=np.int64)
    return np.asarray(bytes_of.astype(np.int64) @ places)
