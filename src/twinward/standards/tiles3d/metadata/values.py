"""Values of metadata in JSON: whether they have the structure and the range of their property."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.rules import INTEGERS
from twinward.standards.tiles3d.shapes import is_integer, is_number

SIZES = {"VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
NUMERIC = {"SCALAR", *SIZES}
LARGEST = {"FLOAT32": 3.4028234663852886e38, "FLOAT64": 1.7976931348623157e308}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What the values of a property are, as far as checking one needs it."""

    type: str
    component: str = ""
    names: frozenset[str] | None = None  # of an enumeration
    array: bool = False
    count: int | None = None

    @property
    def variable(self) -> bool:
        return self.array and self.count is None


def kind_of(prop: dict[str, Any], enums: dict[str, Any]) -> Kind:
    """The kind of a property of a sound schema."""
    told = enums.get(prop.get("enumType", ""))
    names = frozenset(one["name"] for one in told["values"]) if told else None
    return Kind(
        type=prop["type"],
        component=prop.get("componentType", ""),
        names=names,
        array=prop.get("array", False),
        count=prop.get("count"),
    )


def as_numbers(kind: Kind, *, floating: bool) -> Kind:
    """The kind of the minimum, maximum, offset or scale of a property."""
    if floating and kind.component in INTEGERS:
        return msgspec.structs.replace(kind, component="FLOAT64")
    return kind


def limits(component: str) -> tuple[float, float]:
    """The least and the most that a component can be."""
    if component in LARGEST:
        return -LARGEST[component], LARGEST[component]
    bits = int(component.lstrip("UINT"))
    if component.startswith("U"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def check_value(value: Any, kind: Kind, path: str, report: Report) -> bool:
    """Whether a value has the structure of its kind and lies in the range of its components."""
    if not kind.array:
        return _one(value, kind, path, report, "TYPE_MISMATCH")
    if not isinstance(value, list):
        report.add("TYPE_MISMATCH", path, f"must be of type array, is {value!r:.60}")
        return False
    if kind.count is not None and len(value) != kind.count:
        report.add("ARRAY_LENGTH_MISMATCH", path, f"must have {kind.count} elements")
        return False
    inner = "ARRAY_ELEMENT_TYPE_MISMATCH"
    held = [_one(v, kind, f"{path}/{n}", report, inner) for n, v in enumerate(value)]
    return all(held)


def _one(value: Any, kind: Kind, path: str, report: Report, name: str) -> bool:
    if kind.type == "SCALAR":
        return _component(value, kind.component, path, report, name)
    if kind.type in SIZES:
        if not isinstance(value, list):
            report.add(name, path, f"must be of type array, is {value!r:.60}")
            return False
        if len(value) != SIZES[kind.type]:
            report.add("ARRAY_LENGTH_MISMATCH", path, f"must have {SIZES[kind.type]} elements")
            return False
        inner = "ARRAY_ELEMENT_TYPE_MISMATCH"
        held = [
            _component(one, kind.component, f"{path}/{n}", report, inner)
            for n, one in enumerate(value)
        ]
        return all(held)
    expected = bool if kind.type == "BOOLEAN" else str
    if not isinstance(value, expected):
        report.add(name, path, f"must be of type {expected.__name__}, is {value!r:.60}")
        return False
    if kind.type == "ENUM" and kind.names is not None and value not in kind.names:
        report.add(
            "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND", path, f"no value is called {value!r}"
        )
        return False
    return True


def _component(value: Any, component: str, path: str, report: Report, name: str) -> bool:
    if not (is_integer(value) if component in INTEGERS else is_number(value)):
        report.add(name, path, f"must be of type {component}, is {value!r:.60}")
        return False
    low, high = limits(component)
    if not low <= value <= high:
        report.add("VALUE_NOT_IN_RANGE", path, f"{component} cannot be {value}")
        return False
    return True


def numbers_in(value: Any) -> list[float]:
    """Every number of a value, in order."""
    if isinstance(value, list):
        return [one for inner in value for one in numbers_in(inner)]
    return [value] if is_number(value) else []


def transformed(raw: list[float], prop: dict[str, Any], own: dict[str, Any]) -> list[float]:
    """Numbers as they are meant: normalised, scaled, moved (3D Metadata, "Transformations")."""
    component = prop.get("componentType", "")
    if prop.get("normalized") and component in INTEGERS:
        most = limits(component)[1]
        raw = [max(one / most, -1.0) for one in raw]
    scale = numbers_in(own.get("scale", prop.get("scale")))
    offset = numbers_in(own.get("offset", prop.get("offset")))
    if scale and len(raw) % len(scale) == 0:
        raw = [one * scale[n % len(scale)] for n, one in enumerate(raw)]
    if offset and len(raw) % len(offset) == 0:
        raw = [one + offset[n % len(offset)] for n, one in enumerate(raw)]
    return raw


def drop_none(raw: NDArray[Any], none: Any) -> NDArray[Any]:
    """Numbers without those that stand for none, element by element of what `none` is."""
    told = numbers_in(none)
    if not told or raw.size % len(told):
        return raw
    rows = raw.reshape(-1, len(told))
    return np.asarray(rows[~(rows == np.array(told)).all(axis=1)].ravel())


def check_limits(numbers: list[float], own: dict[str, Any], path: str, report: Report) -> bool:
    """Whether numbers, as they are meant, keep the minimum and maximum; one issue for each kept
    not at all.
    """
    sound = True
    for word, sign in (("min", 1), ("max", -1)):
        bound = numbers_in(own.get(word))
        if not bound or len(numbers) % len(bound):
            continue
        slack = [1e-6 * max(abs(one), 1e-3) for one in bound]
        broken = [
            one
            for n, one in enumerate(numbers)
            if sign * (one - bound[n % len(bound)]) < -slack[n % len(bound)]
        ]
        if broken:
            text = f"{len(broken)} values such as {broken[0]:g} are beyond the {word} {bound}"
            report.add("METADATA_VALUE_NOT_IN_RANGE", path, text)
            sound = False
    return sound


def check_extremes(numbers: list[float], own: dict[str, Any], path: str, report: Report) -> bool:
    """Whether the min and max that a column states are those of its values."""
    sound = True
    for word, most in (("min", min), ("max", max)):
        bound = numbers_in(own.get(word))
        if not bound or not numbers or len(numbers) % len(bound):
            continue
        found = [most(numbers[n :: len(bound)]) for n in range(len(bound))]
        if any(abs(a - b) > 1e-6 * max(abs(b), 1.0) for a, b in zip(found, bound, strict=True)):
            text = f"says {word} {bound}, its values have {found}"
            report.add("METADATA_VALUE_MISMATCH", f"{path}/{word}", text)
            sound = False
    return sound
