"""Amounts and counts in words: one death, two deaths; 865 masks and not 865 pieces of masks."""

from __future__ import annotations

# units that say no more than that things are counted
PLAIN_UNITS = frozenset({"pieces", "persons", "units", "people"})


def count(number: float, one: str, many: str | None = None) -> str:
    """`1 death`, `2 deaths`, `1,200 cities` with `many` where an s does not do."""
    return f"{number:,.0f} {one if round(number) == 1 else many or one + 's'}"


def amount(quantity: float, unit: str, title: str) -> str:
    """A quantity of a supply: `2 pumps` of the kind pumps, `865 masks` counted in pieces, `3 kits`
    of test kits as `3 test kits`, `40 doses of vaccine`.
    """
    name = title.strip().lower() if title.strip().istitle() else title.strip()
    words, plain = name.lower().split(), unit.strip().lower()
    said = f"{quantity:,.0f}" if abs(quantity - round(quantity)) < 0.05 else f"{quantity:,.1f}"
    if plain in PLAIN_UNITS or plain in words or plain.rstrip("s") in words:
        return f"{said} {name[:-1] if said == '1' and name.endswith('s') else name}"
    return f"{said} {unit} of {name}"
