"""Readings of one type in one unit: 45 cm of water and 0.45 m are one series."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twinward.edge.rules.units import conversion

# the usual unit of a type, and others of its own that are kept as they are
USUAL: dict[str, tuple[str, ...]] = {
    "temperature": ("C",), "humidity": ("%",), "wind_speed": ("m/s",), "noise": ("dB",),
    "pm25": ("ug/m3",), "water_level": ("m",), "water_depth": ("m",), "flow": ("m3/s",),
    "rainfall": ("mm", "mm/h", "l/m2"),
}  # fmt: skip
# the same of types that are told in units of their own as well (vehicles an hour, a currency),
# which are kept as they are sent
WHERE_IT_CAN: dict[str, tuple[str, ...]] = {
    "traffic": ("km/h",), "vehicle": ("km/h",), "delay": ("s",),
    "load": ("%",), "pump": ("%",), "mast": ("%",), "price": ("%",),
}  # fmt: skip


def in_usual_units(rows: pa.RecordBatch, found: dict[int, tuple[str, str]]) -> pa.RecordBatch:
    """Readings of one type in one unit, so that thresholds and series hold them together; a unit
    of another quantity, or that nobody knows, is put down in `found`.
    """
    kinds, units = rows.column("type"), rows.column("unit")
    value = rows.column("value").to_numpy(zero_copy_only=False).copy()
    words = np.array(units.to_pylist(), dtype=object)
    changed = False
    for kind in set(kinds.unique().to_pylist()) & (USUAL | WHERE_IT_CAN).keys():
        here = pc.and_(pc.equal(kinds, kind), pc.is_valid(units))
        of_kind = np.flatnonzero(here.to_numpy(zero_copy_only=False))
        for word in set(words[of_kind].tolist()):
            named = USUAL.get(kind) or WHERE_IT_CAN[kind]
            usual = next((one for one in named if conversion(word, one) is not None), None)
            places = of_kind[words[of_kind] == word]
            if usual is None and kind in WHERE_IT_CAN:
                continue
            if usual is None:
                why = f"unit {word}, a {kind} is in {' or '.join(USUAL[kind])}"
                found.update({k: ("bad_unit", why) for k in places.tolist() if k not in found})
                continue
            scale, offset = conversion(word, usual) or (1.0, 0.0)
            if (scale, offset) != (1.0, 0.0):
                value[places], words[places], changed = value[places] * scale + offset, usual, True
    if not changed:
        return rows
    null = rows.column("value").is_null().to_numpy(zero_copy_only=False)
    for name, column in (
        ("value", pa.array(value, pa.float64(), mask=null)),
        ("unit", pa.array(words.tolist(), pa.string())),
    ):
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), column)
    return rows
