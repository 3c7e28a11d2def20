"""The unit that a figure's name says, and the asking back of a report in another one."""

from __future__ import annotations

from twinward.core.errors import InputError
from twinward.edge.rules.units import convert, find_unit, fold_unit

# a figure says its unit at the end of its name (house rule 3); longer endings first
ENDINGS = {
    "_mm_h": "mm/h",
    "_ug_m3": "ug/m3",
    "_kg_m3": "kg/m3",
    "_kg_s": "kg/s",
    "_kw_m2": "kW/m2",
    "_m3_s": "m3/s",
    "_cm_s": "cm/s",
    "_m_s": "m/s",
    "_km": "km",
    "_mm": "mm",
    "_m2": "m2",
    "_ppm": "ppm",
    "_m": "m",
    "_g": "g",
}
# moment magnitude alone: body-wave, surface-wave and local magnitudes are other scales
NAMED = {"magnitude": ("mw", "1"), "aegl_grade": ("1",)}


def unit_of(figure: str) -> str | None:
    """The unit of a figure by its name; None where the name says none."""
    return next((unit for ending, unit in ENDINGS.items() if figure.endswith(ending)), None)


def require_figure_unit(figure: str, value: float, unit: str) -> None:
    """InputError `wrong_unit` for a value in another unit than the figure's: asked back with what
    it would be, never converted silently.
    """
    given = fold_unit(unit)
    if figure in NAMED:
        if given not in NAMED[figure]:
            known = " or ".join(NAMED[figure])
            raise InputError(
                f"{figure} is given in {unit}, not in {known}",
                "give the moment magnitude Mw" if figure == "magnitude" else "give the grade",
                code="wrong_unit",
            )
        return
    wanted = unit_of(figure)
    if wanted is None or given == fold_unit(wanted):
        return
    one = find_unit(unit)
    if one is not None and one == find_unit(wanted):
        return
    found = convert(value, unit, wanted)
    meant = "" if found is None else f"; {value:g} {unit} is {found:g} {wanted}"
    raise InputError(
        f"{figure} is given in {unit}, not in {wanted}{meant}",
        f"report it in {wanted}",
        code="wrong_unit",
    )
