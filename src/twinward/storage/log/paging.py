"""One page of a list with its total, cut to ranges of areas, at the cost of the page and not of the
table.

Keys come out of an index alone, bodies only of the rows shown. Many rows in range: walk the order's
index and skip what is outside. Few: gather what is inside and sort it. A planner without statistics
cannot know which, so the count, which the page needs anyway, decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from twinward.storage.database.schema import TEXT, Form
from twinward.storage.database.statements import (
    Shape,
    Statement,
    Statements,
    bind,
    conditions,
    in_range,
    ordering,
    page,
)

if TYPE_CHECKING:
    from twinward.storage.database.statements import Select

# rows in range above which the order's index is walked: 50 rows of 4,000 in 300,000 are found in
# 3,750 steps
WALK_ABOVE = 4_000


def page_statement(
    statements: Statements,
    form: Form,
    shapes: tuple[Shape, ...],
    *,
    within: int,
    between: str | None,
    order: str,
    walk: bool,
) -> Statement:
    """Rows of one page; bound: as for `list_rows`."""

    def build() -> sa.ClauseElement:
        table = form.current
        filters = conditions(form, table, shapes, under=False, within=0, before=None)
        walks = walk or not within
        # another order's index holds the time too, and is read in its order; the time's is not
        other = order.removeprefix("-") not in (between, form.table.key)
        filters += _window(statements, form, between, by_area=not walks or other)
        keys = (
            _walked(statements, form, filters, within, order)
            if walks
            else _gathered(form, filters, within, order)
        )
        fields = (table.c.row_area, table.c.row_recorded_at, table.c.row_subject, table.c.row_body)
        return (
            sa.select(*fields)
            .where(table.c.row_key.in_(keys))
            .order_by(*ordering(form, table, order))
        )

    return statements.kept(("page", form.name, shapes, within, between, order, walk), build)


def _window(
    statements: Statements, form: Form, between: str | None, *, by_area: bool
) -> list[sa.ColumnElement[bool]]:
    """`by_area`: the index on area and time is to be taken by area; without statistics SQLite
    prefers the time, and reads the whole window for every range.
    """
    if between is None:
        return []
    column = form.current.c[form.column_name(between)]
    asked: sa.ColumnElement[object] = column
    if by_area and statements.is_sqlite:
        asked = sa.literal_column(
            f"+{column.table.name}.{column.name}", column.type
        )  # the plus hides it from indexes
    return [asked >= bind(column, "since"), asked < bind(column, "until")]


def _walked(
    statements: Statements,
    form: Form,
    filters: list[sa.ColumnElement[bool]],
    within: int,
    order: str,
) -> Select:
    table = form.current
    # the unary plus keeps SQLite from taking an index on the area for it
    area: sa.ColumnElement[object] = table.c.row_area
    if statements.is_sqlite:
        area = sa.literal_column("+row_area", TEXT)
    clause = sa.select(table.c.row_key).where(*filters)
    if within:
        clause = clause.where(sa.or_(*(in_range(area, n) for n in range(within))))
    return page(clause.order_by(*ordering(form, table, order)))


def _gathered(form: Form, filters: list[sa.ColumnElement[bool]], within: int, order: str) -> Select:
    table = form.current
    column = table.c[form.column_name(order.removeprefix("-"))]
    parts = [
        sa.select(table.c.row_key, column.label("row_order")).where(
            in_range(table.c.row_area, n), *filters
        )
        for n in range(within)
    ]
    found = sa.union_all(*parts).subquery()
    by, key = found.c.row_order, found.c.row_key
    down = order.startswith("-")
    sorting = [by.desc().nulls_last(), key.desc()] if down else [by.asc().nulls_first(), key]
    return page(sa.select(key).order_by(*sorting))


def count_statement(
    statements: Statements,
    form: Form,
    shapes: tuple[Shape, ...],
    *,
    under: bool,
    within: int,
    between: str | None = None,
) -> Statement:
    """How many rows; several ranges are counted one by one, each out of an index, for they share
    nothing.
    """

    def counted(n: int | None) -> sa.Select[int]:
        found = conditions(form, form.current, shapes, under=under, within=0, before=None)
        found += _window(statements, form, between, by_area=n is not None)
        if n is not None:
            found.append(in_range(form.current.c.row_area, n))
        return sa.select(sa.func.count()).select_from(form.current).where(*found)

    def build() -> sa.ClauseElement:
        if not within:
            return counted(None)
        total: sa.ColumnElement[int] = counted(0).scalar_subquery()
        for n in range(1, within):
            total = total + counted(n).scalar_subquery()
        return sa.select(total)

    return statements.kept(("count", form.name, shapes, under, within, between), build)
