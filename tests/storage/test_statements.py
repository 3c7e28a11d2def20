"""What is written by hand for both databases says what SQLAlchemy would say, word for word."""

from __future__ import annotations

import re
from itertools import product

import pytest

from reference import toolkit_sql as toolkit
from twinward.app.compose import BEHAVIOUR
from twinward.storage.database.definitions import create_index, create_table
from twinward.storage.database.schema import Forms, Projection
from twinward.storage.database.statements import Shape, SqlStatement, Statements
from twinward.storage.log.paging import count_statement, page_statement

FORMS = Forms(BEHAVIOUR.tables)


def plain(text: str) -> str:
    """One text in one line, less the quotes around names and the brackets around an only
    condition, which the toolkit sets where it must.
    """
    bare = re.sub(r'"(?!C")(\w+)"', r"\1", text)
    tight = re.sub(r"\s*([()])\s*", r"\1", " ".join(bare.split()))
    return re.sub(r"WHERE\(([^()]*)\)ORDER", r"WHERE \1 ORDER", tight)


def same(ours: SqlStatement, theirs: SqlStatement) -> None:
    assert plain(ours.text) == plain(theirs.text)
    assert ours.names == theirs.names


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> tuple[Statements, toolkit.ToolkitStatements]:
    return Statements(request.param, FORMS), toolkit.ToolkitStatements(request.param, FORMS)


def shapes_of(form: Projection) -> list[tuple[Shape, ...]]:
    """No filter, each way of comparing, and several at once, over the columns that a table has."""
    names = sorted(form.kinds)
    ways = (("=", 1), ("null", 0), ("in", 1), ("in", 3))
    single = [((name, how, n),) for name in names for how, n in ways]
    single += [((name, "starts", 1),) for name in names if form.kinds[name].__name__ == "StrType"]
    mixed = tuple((name, *ways[n % len(ways)]) for n, name in enumerate(names))
    return [(), *single, mixed]


def test_tables_and_indexes_are_made_in_the_same_words(
    both: tuple[Statements, toolkit.ToolkitStatements],
) -> None:
    ours, theirs = both
    tables = sorted(FORMS.stored_tables(), key=lambda one: one.name)
    made = [create_table(one, sqlite=ours.is_sqlite) for one in tables]
    assert [plain(text) for text in made] == [plain(text) for text in theirs.create_tables()]
    indexed = [create_index(index, one) for one in tables for index in sorted(one.indexes)]
    assert [plain(text) for text in indexed] == [plain(text) for text in theirs.create_indexes()]


def test_rows_are_written_in_the_same_words(
    both: tuple[Statements, toolkit.ToolkitStatements],
) -> None:
    ours, theirs = both
    for table in FORMS.stored_tables():
        same(ours.insert(table.name), theirs.insert(table.name))
        same(ours.upsert(table.name), theirs.upsert(table.name))
        same(ours.delete(table.name), theirs.delete(table.name))
        key = table.key[0]
        same(ours.get(table.name, table.names, key), theirs.get(table.name, table.names, key))
    same(ours.upsert("source_counts", add=True), theirs.upsert("source_counts", add=True))


def test_the_log_is_read_in_the_same_words(
    both: tuple[Statements, toolkit.ToolkitStatements],
) -> None:
    ours, theirs = both
    for types, incident, back in product((0, 1, 3), (True, False), (True, False)):
        same(
            ours.list_events(types, incident=incident, back=back),
            theirs.list_events(types, incident=incident, back=back),
        )
    same(ours.count_asked(2), theirs.count_asked(2))
    same(ours.find_event(), theirs.find_event())


def test_rows_are_listed_in_the_same_words(
    both: tuple[Statements, toolkit.ToolkitStatements],
) -> None:
    ours, theirs = both
    for name, form in FORMS.items():
        other = theirs.forms[name]
        orders = [None, *(f"{sign}{one}" for one in sorted(form.kinds) for sign in ("", "-"))]
        for shapes in shapes_of(form):
            for under, within in ((True, 0), (False, 2)) if shapes else ((False, 1),):
                asked = {"under": under, "within": within, "before": None}
                ours_text = ours.list_rows(form, shapes, order=None, limited=False, **asked)
                same(ours_text, theirs.list_rows(other, shapes, order=None, limited=False, **asked))
        for order in orders:
            asked = {"under": False, "within": 0, "order": order, "limited": True}
            before = order.removeprefix("-") if order else None
            same(
                ours.list_rows(form, (), before=before, **asked),
                theirs.list_rows(other, (), before=before, **asked),
            )
        for area, after in product((True, False), (True, False)):
            same(
                ours.as_of(form, area=area, after=after),
                theirs.as_of(other, area=area, after=after),
            )


def test_pages_and_counts_are_asked_in_the_same_words(
    both: tuple[Statements, toolkit.ToolkitStatements],
) -> None:
    ours, theirs = both
    for name, form in FORMS.items():
        other = theirs.forms[name]
        instants = [one for one in sorted(form.kinds) if one.endswith("_at")][:1]
        shapes = shapes_of(form)[-1]
        for within, between in product((0, 1, 3), (None, *instants)):
            for under in (True, False) if not within else (False,):
                asked = {"under": under, "within": within, "between": between}
                same(
                    count_statement(ours, form, shapes, **asked),
                    toolkit.count_statement(theirs, other, shapes, **asked),
                )
            for walk, order in product(
                (True, False), [*sorted(form.kinds)[:4], f"-{form.table.key}"]
            ):
                asked = {"within": within, "between": between, "order": order, "walk": walk}
                same(
                    page_statement(ours, form, shapes, **asked),
                    toolkit.page_statement(theirs, other, shapes, **asked),
                )
