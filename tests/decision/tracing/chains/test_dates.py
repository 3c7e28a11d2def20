"""The date columns of a list are of one outbreak: what one shows holds for all, and strangers
are named.
"""

from __future__ import annotations

import pytest

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import read_dates
from twinward.decision.tracing.chains.days import place_in_time
from twinward.decision.tracing.chains.reconstruct import reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.table import build_line_list


def test_two_digits_of_a_year_take_the_century_that_the_other_column_shows() -> None:
    read = read_dates(
        {"onset": ["30/10/61", "15/11/61"], "confirmed": ["1861-11-03", "1861-11-19"]}
    )
    assert [c - o for o, c in zip(read["onset"], read["confirmed"], strict=True) if o and c] == [
        4,
        4,
    ]


def test_two_digits_alone_are_of_this_century_up_to_68() -> None:
    read = read_dates({"onset": ["13/11/26", "2026-11-14"]})
    assert read["onset"] == read_dates({"onset": ["2026-11-13", "2026-11-14"]})["onset"]


def test_the_order_of_day_and_month_is_taken_from_the_column_that_shows_it() -> None:
    read = read_dates(
        {"onset": ["03/04/2020", "05/04/2020"], "confirmed": ["13/04/2020", "20/04/2020"]}
    )
    assert read["onset"] == read_dates({"onset": ["2020-04-03", "2020-04-05"]})["onset"]


def test_numbers_beside_dates_are_days_of_a_spreadsheet_and_said() -> None:
    notes: list[str] = []
    read = read_dates(
        {"onset": ["44652", "", "44660"], "confirmed": ["", "2022-04-05", ""]}, None, notes
    )
    first, _, third = read["onset"]
    assert first is not None
    assert third is not None
    assert read["confirmed"][1] == first + 4 == third - 4
    assert "spreadsheet" in notes[0]


@pytest.mark.parametrize(
    "columns",
    [
        {"onset": ["3", "5"], "confirmed": ["2022-04-05", "2022-04-06"]},
        {"onset": ["3", "5"], "confirmed": ["44652", "44655"]},
    ],
)
def test_day_numbers_that_count_from_somewhere_else_than_the_other_column_are_refused(
    columns: dict[str, list[str]],
) -> None:
    with pytest.raises(InputError) as error:
        read_dates(columns)
    assert error.value.code == "mixed_dates"


def test_who_had_no_symptoms_stands_where_the_confirmation_puts_them() -> None:
    columns = {
        "id": ["a", "b", "c"],
        "onset": ["2020-03-01", "Asymptomatic", "2020-03-07"],
        "confirmed": ["2020-03-04", "2020-03-08", "2020-03-10"],
    }
    cases = build_line_list(columns, {})
    assert dict(zip(cases.ids, cases.day.tolist(), strict=True)) == {"a": 0, "b": 4, "c": 6}
    assert any("without symptoms" in note for note in cases.notes)


@pytest.mark.parametrize(
    "typed", ["2023-03-13", "2202-03-13", "1900-01-01", "2022-06-13", "2021-12-13"]
)
def test_one_mistyped_year_moves_nobody_elses_probability(typed: str) -> None:
    def ask(last: str) -> dict[tuple[str, str], float]:
        columns = {
            "id": list("12345"),
            "onset": ["2022-03-01", "2022-03-04", "2022-03-07", "2022-03-10", last],
            "household": ["h"] * 5,
        }
        answer = reconstruct_chain(
            build_line_list(columns, {}), get_serial_interval("sars-cov-2-omicron-ba2")
        )
        if last == typed:
            assert "5" in answer.unlinked
            assert any("5" in note and "year" in note for note in answer.notes)
        return {
            (link.infector, link.infectee): link.probability
            for link in answer.links
            if link.infectee != "5"
        }

    right, wrong = ask("2022-03-13"), ask(typed)
    assert right.keys() == wrong.keys() == {("1", "2"), ("2", "3"), ("3", "4")}
    assert all(abs(right[pair] - wrong[pair]) < 0.1 for pair in right)


@pytest.mark.parametrize(
    "onsets",
    [
        ("2022-04-01", "2022-04-04", "9999-12-31"),
        ("2022-04-01", "2022-04-04", "1900-01-01", "1900-01-01"),
        ("2022-04-01", "2022-04-04", "1970-01-01", "9999-12-31", "9999-12-31"),
        ("2022-04-01", "2022-04-04", "2032-04-07"),
    ],
)
def test_dates_that_stand_for_unknown_stretch_no_outbreak(onsets: tuple[str, ...]) -> None:
    notes: list[str] = []
    ids = [str(n) for n in range(len(onsets))]
    placed = place_in_time(ids, onsets, [""] * len(ids), None, notes)
    assert placed.dated.tolist() == [True, True] + [False] * (len(ids) - 2)
    assert placed.day[:2].tolist() == [0, 3]
    assert "check the year" in notes[0]


def test_classes_of_cases_and_ages_are_read_as_they_are_written() -> None:
    columns = {
        "id": list("abcdef"),
        "onset": [str(day) for day in range(6)],
        "imported": [
            "Imported",
            "Local case",
            "Epidemiologically linked with imported case",
            "",
            "possibly local",
            "Y",
        ],
        "age": ["80+", "<1", "30-39", "6 months", "over 65", "12"],
    }
    cases = build_line_list(columns, {})
    assert cases.imported.tolist() == [True, False, False, False, False, True]
    assert cases.age.tolist() == [80.0, 0.5, 35.0, 0.5, 65.0, 12.0]
