"""Dates as people write them: each spelling of a day is that day, a part of one is no day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinward.standards.written_dates import find_order, read_instant, read_written

DAY = date(2026, 11, 13)
REPORT = date(2026, 11, 20)
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-13", "2026/11/13", "2026.11.13", "13/11/2026", "11/13/2026", "13.11.2026",
        "13.11.26", "13/11/26", "13-11-2026", "2026-11-13 00:00:00", "2026-11-13T09:30:00+08:00",
        "13/11/2026 08:30", "20261113", "46339", "46339.5", "13 Nov 2026", "Nov 13, 2026",
        "13-Nov-26", "13th November 2026", "13. November 2026", "13 de novembro de 2026",
        "13 novembre 2026", "13 noviembre 2026", "2026年11月13日", "2026 年 11 月 13 号",
        "2026년 11월 13일", "１３／１１／２０２６", "2026-W46-5", " 2026-11-13 ", "about 13.11.2026",
        "约2026-11-13", "~ 13/11/2026", "Friday 13 November 2026", "Fri Nov 13 2026",
        "Fri, 13 Nov 2026 08:00:00 +0800", "13th of November 2026", "on 13/11/2026", "2026-Nov-13",
        "13NOV26", "Nov.13.2026", "'2026-11-13", "=DATE(2026,11,13)", "13/11/2026?",
        "13/11/2026 (approx)", "2026-11-13 08:30:00+08", "13/11/2026 08h30", "13/11/2026 08.30",
        "2026-317", "13112026", "2026-13-11", "26-11-13", "2026. 11. 13.", "13 11 2026", "46339,0",
        "١٣/١١/٢٠٢٦", "民國115年11月13日", "令和8年11月13日", "二〇二六年十一月十三日", "13/11/2569",
        "2026-11-13 上午8:30", "2026年11月13日 8时30分", "2026年11月13", "13 ноября 2026 г.",
        "13 marraskuuta 2026", "13 kasım 2026", "13 listopada 2026", "2026. november 13.",
        "13 tháng 11 năm 2026", "20261113083000", "20261113T083000+0800", "1794528000",
    ],
)  # fmt: skip
def test_every_spelling_of_a_day_is_that_day(text: str) -> None:
    assert read_written(text, near=REPORT).day == DAY


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("11/2026", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026年2月", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-W46", date(2026, 11, 9), date(2026, 11, 15)),
        ("W46 2026", date(2026, 11, 9), date(2026, 11, 15)),
        ("KW 46/2026", date(2026, 11, 9), date(2026, 11, 15)),
        ("2026年第46周", date(2026, 11, 9), date(2026, 11, 15)),
        ("November 2026", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026-11-00", date(2026, 11, 1), date(2026, 11, 30)),
        ("??/11/2026", date(2026, 11, 1), date(2026, 11, 30)),
        ("mid November 2026", date(2026, 11, 11), date(2026, 11, 20)),
        ("Ende November 2026", date(2026, 11, 21), date(2026, 11, 30)),
    ],
)
def test_a_part_of_a_date_is_an_interval_and_says_what_is_missing(
    text: str, first: date, last: date
) -> None:
    told = read_written(text)
    assert (told.day, told.first, told.last) == (None, first, last)
    assert "missing" in told.note


@pytest.mark.parametrize(
    "text",
    ["10-13/11/2026", "2026-11-10/2026-11-13", "2026-11-10 to 2026-11-13", "10. bis 13.11.2026"],
)
def test_two_days_are_those_between_which_it_lies(text: str) -> None:
    told = read_written(text, near=REPORT)
    assert (told.day, told.first, told.last) == (None, date(2026, 11, 10), DAY)
    assert "between" in told.note


@pytest.mark.parametrize(
    "text", ["13/11", "13.11.", "11月13日", "13 Nov", "about the 13th", "13日"]
)
def test_what_is_missing_of_a_day_is_taken_from_the_report_and_said(text: str) -> None:
    told = read_written(text, near=REPORT)
    assert told.day == DAY
    assert "missing" in told.note
    assert read_written(text).day is None
    assert read_written("about the 25th", near=REPORT).day == date(2026, 10, 25)
    assert read_written("12/30", near=REPORT).day == date(2025, 12, 30)


def test_a_month_and_two_digits_are_what_a_spreadsheet_makes_of_a_day_or_a_year() -> None:
    assert read_written("Nov-26", near=REPORT).day is None
    assert read_written("asymptomatic", near=REPORT).note == "there were no symptoms"


@pytest.mark.parametrize("text", ["yesterday", "30/02/2026", "13/13/2026", "2026-13-32", "12"])
def test_what_is_no_date_is_none_and_says_so(text: str) -> None:
    told = read_written(text)
    assert told.day is None
    assert told.note == "the date cannot be read"


@pytest.mark.parametrize("text", ["", "N/A", "unknown", "无", "?", "-", "k.A."])
def test_words_for_unknown_are_no_date_and_no_fault(text: str) -> None:
    assert read_written(text) == read_written("")


def test_the_order_of_day_and_month_is_possible_then_the_files_then_near_the_report() -> None:
    assert read_written("05/11/2026").day is None
    assert "cannot be told apart" in read_written("05/11/2026").note
    assert read_written("05/11/2026", order="mdy").day == date(2026, 5, 11)
    assert read_written("05/11/2026", near=REPORT).day == date(2026, 11, 5)
    assert read_written("09/10/2026", near=date(2026, 10, 20)).day is None  # both are near
    assert read_written("05.11.2026", order="mdy").day == date(2026, 11, 5)
    assert find_order(["05/11/2026", "13/11/2026", "x"]) == "dmy"
    assert find_order(["11/13/2026"]) == "mdy"
    assert find_order(["13/11/2026", "11/13/2026"]) is None


def test_two_digits_of_a_year_are_not_ahead_of_the_report() -> None:
    assert read_written("24/12/85", near=REPORT).day == date(1985, 12, 24)
    assert read_written("24/12/25", near=REPORT).day == date(2025, 12, 24)


def test_a_time_without_a_zone_is_by_the_citys_clock() -> None:
    assert read_instant("20/11/2026 08:30", SHANGHAI)[0] == datetime(
        2026, 11, 20, 0, 30, tzinfo=UTC
    )
    exact = "2026-11-20T08:30:00.125+01:00"
    assert read_instant(exact, SHANGHAI)[0] == datetime.fromisoformat(exact)


def test_clocks_that_are_put_forward_or_back_are_noted() -> None:
    at, note = read_instant("29.03.2026 02:30", BERLIN)
    assert at is not None and at.astimezone(UTC).hour == 1
    assert "put forward" in note
    at, note = read_instant("25.10.2026 02:30", BERLIN)
    assert at is not None and at.utcoffset() == timedelta(hours=2)
    assert "put back" in note


def test_a_day_alone_is_noon_or_now_where_noon_has_not_come() -> None:
    now = datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert read_instant("2026-11-20", SHANGHAI, now=now)[0] == now
    noon = datetime(2026, 11, 19, 12, tzinfo=SHANGHAI)
    assert read_instant("2026-11-19", SHANGHAI, now=now)[0] == noon
