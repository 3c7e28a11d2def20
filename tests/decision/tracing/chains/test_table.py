"""Line lists as people write them: dates, places, statements, and clear errors for what cannot
be used.
"""

from __future__ import annotations

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import read_days
from twinward.decision.tracing.chains.table import build_line_list


@pytest.mark.parametrize(
    "cells",
    [
        ["2020-03-01", "2020-03-04", "", "2020-03-31"],
        ["2020/3/1", "2020/03/04", "NA", "2020-03-31"],
        ["2020-03-01T08:30:00+01:00", "2020-03-04 23:59:59", "nan", "2020-03-31"],
        ["20200301", "20200304", "?", "20200331"],
        ["01.03.2020", "4.3.2020", "-", "31.03.2020"],
        ["01/03/2020", "04/03/2020", "unknown", "31/03/2020"],
        ["03/01/2020", "03/04/2020", "", "03/31/2020"],
        ["1 Mar 2020", "04-mar-2020", "", "31 March 2020"],
        ["March 1, 2020", "Mar 4 2020", "", "Mar 31, 2020"],
        ["01/03/20", "04/03/20", "", "31/03/20"],
        ["3/1/20", "3/4/20", "n.a.", "3/31/20"],
        ["01.03.20", "4.3.20", "not known", "31.03.20"],
        ["20-03-01", "20-03-04", "", "20-03-31"],
        ["1-Mar-20", "4 Mar 20", "", "31-Mar-20"],
        ["2020年3月1日", "2020年3月4日", "未知", "2020年3月31日"],
        ["43891", "2020-03-04", "asymptomatic", "31 Mar 2020"],
        ["2020-03-01", "2020-03-04", "Asymptomatic at diagnosis", "2020-03-31"],
        ["43891", "43894.7", "", "43921"],
    ],
)
def test_common_forms_of_dates_are_read_alike(cells: list[str]) -> None:
    days = read_days("onset", cells)
    assert days[2] is None
    first = days[0]
    assert first is not None
    assert [None if day is None else day - first for day in days] == [0, 3, None, 30]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["03/04/2020", "05/06/2020"], "ambiguous_date"),
        (["13/04/2020", "04/13/2020"], "ambiguous_date"),
        (["2020-02-30"], "bad_date"),
        (["2020-13-01"], "bad_date"),
        (["yesterday"], "bad_date"),
        (["2020-03-01", "17"], "bad_date"),
        (["2020-03-01 noon"], "bad_date"),
        (["03/04/20", "05/06/20"], "ambiguous_date"),
    ],
)
def test_dates_that_mean_two_things_or_nothing_are_refused(cells: list[str], code: str) -> None:
    with pytest.raises(InputError) as error:
        read_days("onset", cells)
    assert error.value.code == code
    assert error.value.advice


def test_the_order_of_day_and_month_can_be_said() -> None:
    assert read_days("onset", ["03/04/2020"], "dmy") == [737518]
    assert read_days("onset", ["03/04/2020"], "mdy") == [737488]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": ["a", "b", "a"]}, "duplicate_id"),
        ({"id": ["a", "", "c"]}, "missing_id"),
        ({"onset": ["", "", ""]}, "no_dates"),
        ({"age": ["1", "old", "3"]}, "bad_number"),
        ({"x": ["1", "inf", "3"]}, "bad_number"),
        ({"imported": ["yes", "maybe", ""]}, "bad_flag"),
        ({"infector": ["", "b", ""]}, "self_link"),
        ({"infector": ["", "zz", ""]}, "unknown_id"),
        ({"infector": ["b", "c", "a"]}, "stated_cycle"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, list[str]], code: str) -> None:
    columns = {"id": ["a", "b", "c"], "onset": ["2020-01-01", "2020-01-03", "2020-01-05"], **change}
    with pytest.raises(InputError) as error:
        build_line_list(columns, {})
    assert error.value.code == code
    assert error.value.advice


def test_contacts_who_are_no_cases_are_left_out_and_counted_but_a_wrong_column_is_an_error() -> (
    None
):
    columns = {"id": ["a", "b", "c"], "onset": ["1", "3", "5"]}
    cases = build_line_list(columns, {}, [("a", "b"), ("a", "c"), ("b", "healthy aunt")])
    assert cases.contacts.stated == 2
    assert any("1 of 3 contact rows" in note for note in cases.notes)
    with pytest.raises(InputError) as error:
        build_line_list(columns, {}, [("2020-01-01", "x"), ("a", "c"), ("2020-01-02", "y")])
    assert error.value.code == "unknown_id"
    with pytest.raises(InputError) as error:
        build_line_list(columns, {}, [("a", "a")])
    assert error.value.code == "self_link"


def test_most_contacts_never_fall_ill_and_an_empty_cell_states_nothing() -> None:
    columns = {"id": ["a", "b", "c"], "onset": ["1", "3", "5"]}
    healthy = [("a", f"neighbour {n}") for n in range(9)]
    rows = [("a", "b"), *healthy, ("", "c"), ("NA", "b"), ("0", "a")]
    cases = build_line_list(columns, {}, rows)
    assert cases.contacts.stated == 1
    assert any("9 of 10 contact rows" in note for note in cases.notes)
    with pytest.raises(InputError) as error:
        build_line_list(columns, {}, [(f"2020-01-0{n}", "b") for n in range(1, 9)])
    assert error.value.code == "unknown_id"


def test_unknown_infectors_can_be_skipped_and_zero_means_unknown() -> None:
    columns = {"id": ["a", "b"], "onset": ["1", "3"], "infector": ["0", "gone"]}
    cases = build_line_list(columns, {}, skip_unknown=True)
    assert (cases.infector == -1).all()


def test_missing_onsets_fall_back_on_confirmation_less_the_usual_delay() -> None:
    columns = {
        "id": ["a", "b", "c", "d"],
        "onset": ["2020-01-01", "2020-01-02", "2020-01-03", ""],
        "confirmed": ["2020-01-04", "2020-01-05", "2020-01-06", "2020-01-20"],
    }
    cases = build_line_list(columns, {})
    assert cases.day.tolist() == [0, 1, 2, 16]
    assert cases.blur.tolist() == [0, 0, 0, 1]


def test_a_place_named_in_two_columns_is_one_place_but_bare_numbers_stay_apart() -> None:
    columns = {"id": ["a", "b"], "onset": ["1", "2"]}
    cases = build_line_list(columns, {"ward": ["Mercy", "Hope"], "visited": ["Hope", "Mercy"]})
    assert sorted(np.unique(cases.places).tolist()) == [0, 1]
    apart = build_line_list(columns, {"class": ["1", "2"], "shop": ["2", "1"]})
    assert len(apart.place_names) == 4
