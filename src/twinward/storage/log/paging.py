"""One page of a list with its total, cut to ranges of areas, at the cost of the page and not of the
table.

Keys come out of an index alone, bodies only of the rows shown. Many rows in range: walk the order's
index and skip what is outside. Few: gather what is inside and sort it. A planner without statistics
cannot know which, so the count, which the page needs anyway, decides.
"""

from __future__ import annotations

from twinward.storage.database.schema import Projection
from twinward.storage.database.statements import (
    ROW_FIELDS,
    Shape,
    SqlStatement,
    Statements,
    column_of,
    ordering,
    select,
    sorting,
    where,
)

# rows in range above which the order's index is walked: 50 rows of 4,000 in 300,000 are found in
# 3,750 steps
WALK_ABOVE = 4_000


def page_statement(
    statements: Statements,
    form: Projection,
    shapes: tuple[Shape, ...],
    *,
    within: int,
    between: str | None,
    order: str,
    walk: bool,
) -> SqlStatement:
    """Rows of one page; bound: as for `list_rows`."""

    def write() -> str:
        filters = statements.conditions(form, shapes, under=False, within=0, before=None)
        walks = walk or not within
        # another order's index holds the time too, and is read in its order; the time's is not
        other = order.removeprefix("-") not in (between, form.table.key)
        filters += _window(statements, form, between, by_area=not walks or other)
        keys = (
            _walked(statements, form, filters, within, order)
            if walks
            else _gathered(statements, form, filters, within, order)
        )
        key = column_of(form.current, "row_key")
        rows = select(form.current, ROW_FIELDS)
        return f"{rows} WHERE {key} IN ({keys}){ordering(form, order)}"

    return statements.kept(("page", form.name, shapes, within, between, order, walk), write)


def _window(
    statements: Statements, form: Projection, between: str | None, *, by_area: bool
) -> list[str]:
    """`by_area`: the index on area and time is to be taken by area; without statistics SQLite
    prefers the time, and reads the whole window for every range.
    """
    if between is None:
        return []
    name = form.column_name(between)
    kind = form.current.kind(name)
    # the plus hides it from indexes
    hidden = "+" if by_area and statements.is_sqlite else ""
    asked = f"{hidden}{column_of(form.current, name)}"
    since, until = statements.bind(kind, "since"), statements.bind(kind, "until")
    return [f"{asked} >= {since}", f"{asked} < {until}"]


def _walked(
    statements: Statements, form: Projection, filters: list[str], within: int, order: str
) -> str:
    # the unary plus keeps SQLite from taking an index on the area for it
    area = "+row_area" if statements.is_sqlite else column_of(form.current, "row_area")
    ranges = [statements.in_ranges(area, within)] if within else []
    keys = select(form.current, ("row_key",))
    return f"{keys}{where([*filters, *ranges])}{ordering(form, order)}{statements.page()}"


def _gathered(
    statements: Statements, form: Projection, filters: list[str], within: int, order: str
) -> str:
    table = form.current
    by = column_of(table, form.column_name(order.removeprefix("-")))
    area, key = column_of(table, "row_area"), column_of(table, "row_key")
    parts = [
        f"SELECT {key} AS row_key, {by} AS row_order FROM {table.name}"
        f"{where([statements.in_range(area, n), *filters])}"
        for n in range(within)
    ]
    order_by = sorting("anon_1.row_order", "anon_1.row_key", down=order.startswith("-"))
    found = f"({' UNION ALL '.join(parts)}) AS anon_1"
    return f"SELECT anon_1.row_key FROM {found} ORDER BY {order_by}{statements.page()}"


def count_statement(
    statements: Statements,
    form: Projection,
    shapes: tuple[Shape, ...],
    *,
    under: bool,
    within: int,
    between: str | None = None,
) -> SqlStatement:
    """How many rows; several ranges are counted one by one, each out of an index, for they share
    nothing.
    """

    def counted(n: int | None) -> str:
        found = statements.conditions(form, shapes, under=under, within=0, before=None)
        found += _window(statements, form, between, by_area=n is not None)
        if n is not None:
            found.append(statements.in_range(column_of(form.current, "row_area"), n))
        return f"SELECT count(*) AS count_{(n or 0) + 1} FROM {form.name}{where(found)}"

    def write() -> str:
        if not within:
            return counted(None)
        return f"SELECT {' + '.join(f'({counted(n)})' for n in range(within))} AS anon_1"

    return statements.kept(("count", form.name, shapes, under, within, between), write)
