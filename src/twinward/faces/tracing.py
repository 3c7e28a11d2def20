"""Who infected whom: a line list to the likeliest transmission tree with probabilities.

    import twinward as tw
    tree = tw.tracing.chain(line_list, id="case", onset="first_symptoms", household="home")
    tree.to_frame()          # infector, infectee, probability
    tree.plot()

Questions about persons of a workspace are asked of the workspace: `tw.open_platform(...)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.decision.tracing.chains.dates import ORDERS
from twinward.decision.tracing.chains.reconstruct import ChainAnswer, Link, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import (
    TABLE,
    SerialInterval,
    get_serial_interval,
)
from twinward.decision.tracing.chains.statistics import GenerationR, SuperSpreading
from twinward.decision.tracing.chains.table import build_line_list
from twinward.faces import plots
from twinward.faces.arguments import ArgumentError, require_choice, require_whole, speaks_python
from twinward.faces.frames import Columns, Result, as_text, read_columns, require_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Chain", "ChainAnswer", "Link", "SerialInterval", "chain", "list_serial_intervals"]


class Chain(Result):
    """A transmission tree; `answer` is all that is known of it, `notes` what a reader should know.

    Tables: `links` (infector, infectee, probability, stated, generation, setting), `generations`
    (cases and R with its 95 % interval), `super_spreading`.
    """

    def __init__(self, answer: ChainAnswer) -> None:
        self.answer = answer
        self.notes = answer.notes

    @property
    def summary(self) -> dict[str, object]:
        one = self.answer
        return {
            "cases": one.cases,
            "links": len(one.links),
            "stated": one.stated_links,
            "generations": one.generations,
            "unlinked": len(one.unlinked),
            "k": one.k,
            "top20_share": one.top20_share,
            "serial_interval_d": one.serial_interval.mean_d,
        }

    def list_tables(self) -> list[str]:
        return ["links", "generations", "super_spreading"]

    def _columns(self, table: str) -> Columns:
        tables: dict[str, tuple[Any, Sequence[Any]]] = {
            "links": (Link, self.answer.links),
            "generations": (GenerationR, self.answer.r_by_generation),
            "super_spreading": (SuperSpreading, self.answer.super_spreading),
        }
        kind, rows = tables[table]
        return {name: [getattr(row, name) for row in rows] for name in kind.__struct_fields__}

    def plot(self, axes: Axes | None = None) -> Axes:
        """R by generation; returns the matplotlib axes. `draw` writes the tree itself."""
        title = f"{self.answer.cases} cases, {len(self.answer.links)} links"
        return plots.plot_generations(self.answer.r_by_generation, title, axes)

    def draw(self, path: str | Path) -> Path:
        """Writes the tree as investigators draw it, to an .svg or .png file."""
        from twinward.report.chain_figure import draw_chain

        target = Path(path)
        require_choice("path", target.suffix.lower(), (".svg", ".png"))
        draw_chain(self.answer, target)
        return target


def list_serial_intervals() -> list[SerialInterval]:
    """The serial intervals that come with Twinward, by disease, each with its source."""
    return list(TABLE.values())


@speaks_python
def chain(
    linelist: object,
    *,
    id: str = "id",
    onset: str | None = None,
    confirmed: str | None = None,
    age: str | None = None,
    household: str | None = None,
    place: str | Sequence[str] | None = None,
    x: str | None = None,
    y: str | None = None,
    imported: str | None = None,
    infector: str | None = None,
    contacts: object = None,
    genetic: object = None,
    disease: str | SerialInterval | None = None,
    date_order: str | None = None,
    skip_unknown: bool = False,
    seed: int = 0,
) -> Chain:
    """The likeliest transmission tree of a line list.

    linelist: a data frame (pandas, polars, Arrow), a mapping of columns, rows, or a CSV or Parquet
        file; one row a case
    id … infector: which column holds what; onset or confirmed is needed; place may be several
        columns; x and y in metres; without onset and confirmed a column `onset` is taken
    contacts: a frame with the columns from and to (stated contacts, source to infectee)
    genetic: a frame with the columns from, to and distance
    disease: whose serial interval (`list_serial_intervals()`); estimated from the list when None
    date_order: "dmy" or "mdy" for dates like 03/04/2020
    skip_unknown: leave out stated infectors who are not in the list

    Raises ArgumentError (a ValueError) that names the argument, the column and the row.
    """
    table = read_columns("linelist", linelist)
    if onset is None and confirmed is None:
        onset = "onset"
    if (x is None) != (y is None):
        raise ArgumentError("x and y must be given together", argument="x" if x is None else "y")
    if date_order is not None:
        require_choice("date_order", date_order, ORDERS)
    asked = {
        "id": id,
        "onset": onset,
        "confirmed": confirmed,
        "age": age,
        "household": household,
        "x": x,
        "y": y,
        "imported": imported,
        "infector": infector,
    }
    given = {word: name for word, name in asked.items() if name is not None}
    places = [place] if isinstance(place, str) else list(place or ())
    require_columns("linelist", table, [*given.values(), *places])
    cases = build_line_list(
        {word: _texts(table[name]) for word, name in given.items()},
        {name: _texts(table[name]) for name in places},
        _pairs("contacts", contacts, ("from", "to")),
        _pairs("genetic", genetic, ("from", "to", "distance")),
        date_order=date_order,
        skip_unknown=skip_unknown,
    )
    interval = get_serial_interval(disease) if isinstance(disease, str) else disease
    return Chain(reconstruct_chain(cases, interval, require_whole("seed", seed, 0, 2**63 - 1)))


def _texts(cells: Sequence[object]) -> list[str]:
    return [as_text(cell) for cell in cells]


def _pairs(argument: str, data: object, words: tuple[str, ...]) -> list[Any]:
    if data is None:
        return []
    table = read_columns(argument, data)
    require_columns(argument, table, words)
    return list(zip(*(_texts(table[word]) for word in words), strict=True))
