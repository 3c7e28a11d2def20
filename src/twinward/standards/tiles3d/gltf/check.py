"""Checks a glTF file of a tile: its core first, then what its extensions say."""

from __future__ import annotations

from twinward.standards.tiles3d.gltf.core import check_core
from twinward.standards.tiles3d.gltf.features import check_features
from twinward.standards.tiles3d.gltf.lights import check_lights
from twinward.standards.tiles3d.gltf.model import Model, open_gltf
from twinward.standards.tiles3d.gltf.structural import check_metadata
from twinward.standards.tiles3d.issues import INFO, Report
from twinward.standards.tiles3d.sources import Source


def check_gltf(data: bytes, base: str, source: Source, report: Report) -> Model | None:
    """The model where it is sound enough to be looked into; what is wrong goes into `report`."""
    model = open_gltf(data, base, source, report)
    try:
        if model is None or not check_core(model, report):
            return None
        before = report.errors
        check_metadata(model, report)
        check_features(model, report)
        check_lights(model, report)
        if report.errors == before:
            for path in model.unused:
                report.add("UNUSED_OBJECT", path, "is not used", INFO)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        report.add("GLTF_INVALID", base, f"has a part that is not what it must be ({error})")
        return None
    return model
