"""Sentences become claims: what, where, when, how much; and what is none."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twinward.edge.intake.claim import FoundClaim, Part, ReadFile
from twinward.edge.intake.extract import MOST_LETTERS, find_claims, shorten
from twinward.edge.intake.numbers import GREATEST, find_numbers
from twinward.edge.intake.places import Gazetteer, NamedPlace
from twinward.edge.intake.times import find_time

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 3, 2, 10, tzinfo=ZONE)
NAMES = Gazetteer(
    [
        NamedPlace(area="310101", name="黄浦区", others=("huangpu",)),
        NamedPlace(area="310101002", name="南京东路街道", others=("nanjing east road",)),
        NamedPlace(area="310101013", name="外滩街道", others=("waitan",)),
        NamedPlace(area="310101013001", name="新建社区"),
        NamedPlace(area="310115", name="浦东新区", others=("pudong",)),
        NamedPlace(area="310115004001", name="新建社区"),
    ]
)


def claims(text: str, name: str = "text") -> list[FoundClaim]:
    read = ReadFile(media="text", parts=[Part(name=name, text=text)])
    return find_claims(read, NAMES, NOW, ZONE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百二十人", 320),
        ("一万二千户", 12_000),
        ("12万", 120_000),
        ("两", 2),
        ("一点五", 1.5),
        ("１２３", 123),
        ("半米", 0.5),
        ("1,234.5", 1234.5),
        ("two dozen", 24),
        ("a hundred and twenty", 120),
        ("thirty-five", 35),
        ("一百零五", 105),
        ("三千零六十", 3060),
    ],
)
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    assert find_numbers(text)[0][2] == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2022年3月1日上午九时", "2022-03-01T09:00"),
        ("二〇二二年三月一日", "2022-03-01T00:00"),
        ("昨晚八点半", "2022-03-01T20:30"),
        ("3月1日14时20分", "2022-03-01T14:20"),
        ("今晨6时许", "2022-03-02T06:00"),
        ("前天下午", "2022-02-28T00:00"),
        ("on 1 March at 14:05", "2022-03-01T14:05"),
        ("yesterday at 8:30 pm", "2022-03-01T20:30"),
        ("at 11 pm", "2022-03-01T23:00"),
        ("2022-03-01 08:15", "2022-03-01T08:15"),
        ("30 February", None),
        ("at 25:00", None),
        ("12月31日", "2021-12-31T00:00"),
        ("in 2031-01-01", None),
    ],
)
def test_times_as_people_write_them(text: str, told: str | None) -> None:
    found = find_time(text, NOW, ZONE)
    assert (found and found.strftime("%Y-%m-%dT%H:%M")) == told


@pytest.mark.parametrize(
    ("text", "kind", "area", "quantity"),
    [
        ("黄浦区外滩街道积水深约40厘米。", "flood", "310101013", 0.4),
        ("外滩街道积水齐腰。", "flood", "310101013", 1.0),
        ("Flooding in Waitan, water about 2 feet deep.", "flood", "310101013", 0.6096),
        ("南京东路街道一处仓库起火，过火面积三百平方米。", "fire", "310101002", 300),
        ("Fire near Nanjing East Road, thick smoke.", "fire", "310101002", None),
        ("外滩街道报告新增确诊病例十二例。", "cases", "310101013", 12),
        ("Pudong reports 35 confirmed cases today.", "cases", "310115", 35),
        ("外滩街道急需口罩五百箱。", "missing_supplies", "310101013", 500),
        ("Waitan needs 200 blankets.", "missing_supplies", "310101013", 200),
        ("南京东路街道路面塌陷，车辆无法通行。", "road_blocked", "310101002", None),
        ("外滩街道居民闻到煤气味。", "gas_smell", "310101013", None),
        ("There is a smell of gas in Huangpu.", "gas_smell", "310101", None),
        ("浦东新区停电，影响一千二百户。", "power_out", "310115", 3120),
        ("外滩街道转移安置群众320人。", "displaced", "310101013", 320),
        ("A building collapsed in Huangpu, 4 people trapped.", "building_collapse", "310101", None),
        ("黄浦区某医院床位已满。", "hospital_full", "310101", None),
        ("浦东新区新建社区停水。", "water_out", "310115004001", None),
        ("黄浦区新建社区停水。", "water_out", "310101013001", None),
    ],
)
def test_a_sentence_is_a_claim(text: str, kind: str, area: str, quantity: float | None) -> None:
    found = {one.kind: one for one in claims(text)}
    assert kind in found, found
    one = found[kind]
    assert (one.area, one.quantity) == (area, pytest.approx(quantity) if quantity else None)
    assert one.span[one.start : one.end], "the words that made it are shown"


@pytest.mark.parametrize(
    "text",
    [
        "外滩街道没有发生火灾。",
        "No fire was seen in Huangpu.",
        "黄浦区举行火灾应急演练。",
        "This is a drill: fire in Huangpu.",
        "外滩街道火灾已扑灭。",
        "The fire in Huangpu is out.",
        "如遇火灾请拨打电话，黄浦区宣。",
        "The fire station of Huangpu is open.",
        "黄浦区今天天气晴朗。",
        "",
        "。。。。",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    assert claims(text) == []


def test_a_name_of_two_areas_is_told_apart_by_what_stands_near() -> None:
    (alone,) = claims("新建社区停水。")
    assert (alone.area, alone.confidence < 0.7) == ("", True)


def test_the_place_of_a_heading_holds_until_another_is_named() -> None:
    found = claims("外滩街道情况通报\n一处居民楼起火。\n南京东路街道积水30厘米。")
    assert {(one.kind, one.area) for one in found} == {
        ("fire", "310101013"),
        ("flood", "310101002"),
    }


def test_numbers_and_names_of_persons_are_not_repeated() -> None:
    text = "外滩街道王小明先生（电话13812345678）报告煤气泄漏。Mr John Canary reported a gas leak in Pudong."
    shown = " ".join(one.span for one in claims(text))
    assert shown and not any(one in shown for one in ("13812345678", "Canary", "王小明"))


def test_the_same_said_twice_is_one_claim() -> None:
    assert len(claims("外滩街道起火。\n外滩街道起火。\n外滩街道着火。")) == 1


def test_a_long_text_without_a_stop_is_read_in_time() -> None:
    assert claims("积水" * 10_000 + "外滩街道起火") is not None


@pytest.mark.parametrize(
    "text",
    [
        "亿亿亿亿年三月五日外滩街道积水50厘米。",
        "外滩街道积水" + "亿" * 300 + "米。",
        "Flood of " + "9" * 400 + " m in Pudong.",
        "0000年3月5日外滩街道积水50厘米。0001-01-01 00:00 外滩街道起火。",
        "Pudong: " + "hundred " * 70 + "people trapped",
    ],
)
def test_numbers_that_nobody_means_break_nothing(text: str) -> None:
    for one in claims(text):
        assert one.quantity is None or one.quantity <= GREATEST
        assert one.at is None or one.at.year > 1900


def test_no_more_is_weighed_than_a_hundred_pages_and_that_is_said() -> None:
    page = "外滩街道积水30厘米。"
    read = ReadFile(media="text", parts=[Part(name=str(n), text=page * 15_000) for n in range(4)])
    short = shorten(read)
    assert sum(len(one.text) for one in short.parts) == MOST_LETTERS
    assert short.notes == ["long_text"]
    assert shorten(ReadFile(media="text", parts=[Part(name="1", text=page)])).notes == []
