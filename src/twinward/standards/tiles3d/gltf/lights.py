"""KHR_lights_punctual: lamps, and how they flash (MAXAR_temporal_light_traits)."""

from __future__ import annotations

from typing import Any

from twinward.standards.tiles3d.gltf.model import Model
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.shapes import is_number

LIGHTS, TRAITS = "KHR_lights_punctual", "MAXAR_temporal_light_traits"
WAVES = ("sine", "square", "triangle")
TYPES = ("directional", "point", "spot")
FAULT = "INVALID_GLTF_STRUCTURE"
PLAIN = ("amplitudeOffset", "amplitudeScale", "phaseOffset")


def check_lights(model: Model, report: Report) -> None:
    """Whether every lamp of a file is of a known type and flashes in a way that there is."""
    told = model.extension(LIGHTS)
    lights = told.get("lights", []) if isinstance(told, dict) else []
    if not isinstance(lights, list):
        report.add("TYPE_MISMATCH", f"/extensions/{LIGHTS}/lights", "must be of type array")
        return
    for n, light in enumerate(lights):
        path = f"/extensions/{LIGHTS}/lights/{n}"
        if not isinstance(light, dict):
            report.add("ARRAY_ELEMENT_TYPE_MISMATCH", path, "must be of type object")
            continue
        if light.get("type") not in TYPES:
            report.add("VALUE_NOT_IN_LIST", f"{path}/type", f"must be one of {list(TYPES)}")
        traits = light.get("extensions", {}).get(TRAITS)
        if traits is not None:
            check_traits(traits, f"{path}/extensions/{TRAITS}", report)
    for n, node in enumerate(model.list("nodes")):
        own = node.get("extensions", {}).get(LIGHTS)
        number = own.get("light") if isinstance(own, dict) else None
        if own is not None and not (isinstance(number, int) and 0 <= number < len(lights)):
            path = f"/nodes/{n}/extensions/{LIGHTS}/light"
            report.add("UNRESOLVED_REFERENCE", path, f"lights has no {number!r}")


def check_traits(traits: Any, path: str, report: Report) -> None:
    """How a lamp flashes: its wave, how often a second, for which share of the time."""
    flashing = traits.get("flashing") if isinstance(traits, dict) else traits
    if flashing is None:
        return
    if not isinstance(flashing, dict):
        report.add("TYPE_MISMATCH", f"{path}/flashing", "must be of type object")
        return
    wave, often, duty = (flashing.get(word) for word in ("waveform", "frequency", "duty"))
    wrong = [
        (wave not in WAVES, "waveform", f"must be one of {list(WAVES)}, is {wave!r}"),
        (not (is_number(often) and often > 0), "frequency", f"must be above 0, is {often!r}"),
        (
            duty is not None and not (is_number(duty) and 0 <= duty <= 1),
            "duty",
            f"must lie between 0 and 1, is {duty!r}",
        ),
        (
            duty is not None and wave in WAVES and wave != "square",
            "duty",
            f"is for a square wave, not a {wave} one",
        ),
        *(
            (word in flashing and not is_number(flashing[word]), word, "must be a number")
            for word in PLAIN
        ),
    ]
    for bad, word, text in wrong:
        if bad:
            report.add(FAULT, f"{path}/flashing/{word}", text)
