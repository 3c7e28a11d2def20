"""Place codes: signed at the door, kept by the visitor, handed over by consent or by order, and
read by tracing with their own error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.app import compose
from twinward.core.errors import InputError, RefusedError
from twinward.security.passes.places import PlaceCode
from twinward.service.access.activations import open_activation
from twinward.service.passes import place_codes, printing, visits
from twinward.service.passes.keys import open_store, run_ceremony

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HALL = {
    "place": "hall-7",
    "area": COMMUNITY,
    "name": "Market hall 市场",
    "lon": 121.48,
    "lat": 31.23,
}


@pytest.fixture
def door(desk: Desk, tmp_path: Path) -> tuple[Desk, str, bytes]:
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=tmp_path / "root.pem", at=START, issuer="Test city")
    made = place_codes.make_place_code(desk.platform, desk.me, **HALL)  # type: ignore[arg-type]
    return desk, made.code, open_store(folder).trust_file()


def activate(desk: Desk, *purposes: str) -> str:
    return open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=list(purposes),
        days=3,
        by="centre",
        basis="article 41",
    )


def visit(text: str, trust: bytes, at: datetime, left: datetime | None = None) -> bytes:
    line = place_codes.check_in(text, trust, at)
    return place_codes.check_out(line, left) if left is not None else line


def test_a_visit_stays_with_the_visitor_until_they_agree(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    record = visit(text, trust, START) + visit(text, trust, START + 2 * HOUR, START + 3 * HOUR)
    desk.clock.advance(5 * HOUR)
    with pytest.raises(RefusedError) as refused:
        visits.upload(desk.platform, desk.me, "s-1", record, consent=False)
    assert refused.value.code == "peacetime"
    found = visits.upload(desk.platform, desk.me, "s-1", record, consent=True)
    assert [(one.place, one.area, one.sure) for one in found.visits] == [
        ("hall-7", COMMUNITY, False),
        ("hall-7", COMMUNITY, True),
    ]
    stay = found.visits[0].end - found.visits[0].begin
    assert timedelta(minutes=41) < stay < timedelta(minutes=42), "the median of an unknown stay"
    assert found.taken.stored == found.taken.received > 10
    again = visits.upload(desk.platform, desk.me, "s-1", record, consent=True)
    assert again.taken.stored == 0, "the same record is stored once"


def test_the_error_of_a_visit_does_not_average_out(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    desk.clock.advance(5 * HOUR)
    record = visit(text, trust, START, START + 2 * HOUR)
    (one,) = visits.upload(desk.platform, desk.me, "s-1", record, consent=True).visits
    fixes = visits.fixes_of(one)
    assert len(fixes) == 25
    mean_error = fixes[0][1] / len(fixes) ** 0.5
    assert mean_error == pytest.approx(50.0), "n fixes are as unsure as the venue is wide"


def trace(door: tuple[Desk, str, bytes], radius_m: int, start: Callable[[int], datetime]) -> float:
    """How sure tracing is that two who checked in at one place met; 0 where it found nobody."""
    desk, _, trust = door
    text = place_codes.make_place_code(
        desk.platform,
        desk.me,
        **(HALL | {"place": f"v-{radius_m}", "radius_m": radius_m}),  # type: ignore[arg-type]
    ).code
    begin = desk.clock.now()
    for number in range(2):
        at = begin + (start(number) - START)
        line = visit(text, trust, at, at + 2 * HOUR)
        desk.clock.advance(timedelta(0))
        now = desk.clock.now()
        desk.clock.advance(12 * HOUR)
        visits.upload(desk.platform, desk.me, f"s-{number}", line, consent=True)
        desk.clock.advance(now - desk.clock.now())
    desk.clock.advance(13 * HOUR)
    desk.platform.intake.open().drain()
    activate(desk, "trace")
    tracing = compose.make_tracing(desk.platform, desk.me)
    found = tracing.contacts(
        subject="s-0", start=begin - HOUR, end=desk.clock.now(), radius_m=10, minutes=5
    )
    return max((one["probability"] for one in found["contacts"]), default=0.0)


def test_tracing_finds_who_was_in_the_same_hall_and_says_how_unsure_that_is(
    door: tuple[Desk, str, bytes],
) -> None:
    """In a hall of fifty metres the two may never have come near: below the half from which a
    status may bind. In a small shop they did.
    """
    hall = trace(door, 50, lambda n: START + n * 30 * MINUTE)
    assert 0 < hall < 0.5


def test_in_a_small_shop_tracing_is_surer(door: tuple[Desk, str, bytes]) -> None:
    assert trace(door, 5, lambda n: START + n * 30 * MINUTE) > 0.5


def test_who_came_after_the_other_had_left_is_no_contact(door: tuple[Desk, str, bytes]) -> None:
    assert trace(door, 5, lambda n: START + n * 4 * HOUR) == 0.0


def test_an_order_needs_an_activation_that_opens_tracing(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    record = visit(text, trust, START)
    for purposes, works in ((("care",), False), (("trace",), True)):
        order = activate(desk, *purposes)
        if works:
            assert visits.upload(
                desk.platform, desk.me, "s-1", record, consent=False, activation=order
            ).visits
        else:
            with pytest.raises(RefusedError):
                visits.upload(
                    desk.platform, desk.me, "s-1", record, consent=False, activation=order
                )


def test_what_cannot_have_been_is_left_out_and_counted(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    good = visit(text, trust, START).decode()
    long = good.replace('"left":null', '"left":"2022-03-03T08:00:00Z"')
    zoneless = good.replace('"left":null', '"left":"2022-03-01T09:00:00"')
    forged = good.replace(text[40:44], "0000")
    early = good.replace("2022-03-01T08", "2022-02-20T08")
    ancient = good.replace("2022-03-01T08", "2021-12-01T08")
    ahead = good.replace("2022-03-01T08", "2022-04-01T08")
    lines = (good, good, long, zoneless, forged, early, ancient, ahead)
    desk.clock.advance(HOUR)
    found = visits.upload(desk.platform, desk.me, "s-1", "".join(lines).encode(), consent=True)
    assert len(found.visits) == 1 and sum(found.left_out.values()) == 7
    for bad in (b"{}", b"[1]", b"\xff", good.encode() * 2001):
        with pytest.raises(InputError):
            visits.upload(desk.platform, desk.me, "s-1", bad, consent=True)


def test_a_place_that_moved_or_shut_has_no_old_code_any_more(door: tuple[Desk, str, bytes]) -> None:
    desk, old, trust = door
    desk.clock.advance(HOUR)
    fresh = place_codes.make_place_code(desk.platform, desk.me, **HALL)  # type: ignore[arg-type]
    assert fresh.version == 2
    desk.clock.advance(HOUR)
    place_codes.close_place(desk.platform, desk.me, place="hall-7", area=COMMUNITY)
    desk.clock.advance(2 * HOUR)
    record = b"".join(
        (
            visit(old, trust, START + 10 * MINUTE),  # its own time: counts
            visit(old, trust, START + 90 * MINUTE),  # version 2 hangs there by now
            visit(fresh.code, trust, START + 95 * MINUTE),
            visit(fresh.code, trust, START + 3 * HOUR),  # shut
        )
    )
    found = visits.upload(desk.platform, desk.me, "s-1", record, consent=True)
    assert [one.version for one in found.visits] == [1, 2]
    assert found.left_out == {"an older code of the place, or the place was closed": 2}


def test_a_code_pasted_over_another_is_no_code_of_the_city(
    door: tuple[Desk, str, bytes], tmp_path: Path
) -> None:
    _, text, trust = door
    other = tmp_path / "other"
    run_ceremony(other, "init", root=tmp_path / "r2.pem", at=START, issuer="Somebody else")
    with pytest.raises(InputError, match="pasted over"):
        place_codes.check_in(text, open_store(other).trust_file(), START)
    with pytest.raises(InputError, match="not in force"):
        place_codes.check_in(text, trust, START + timedelta(days=400))
    for bad in ("TWP:", "hello", text + "A", text.lower()):
        with pytest.raises(InputError):
            place_codes.check_in(bad, trust, START)


@pytest.mark.parametrize(
    "fields", [{"radius_m": 0}, {"radius_m": 5000}, {"lat": 89.0}, {"lon": 200.0}, {"name": ""}]
)
def test_a_place_without_a_point_or_a_size_has_no_code(
    door: tuple[Desk, str, bytes], fields: dict[str, object]
) -> None:
    desk, _, _ = door
    with pytest.raises(InputError):
        place_codes.make_place_code(desk.platform, desk.me, **(HALL | fields))  # type: ignore[arg-type]


def test_a_visit_ends_once(door: tuple[Desk, str, bytes]) -> None:
    _, text, trust = door
    record = visit(text, trust, START, START + HOUR)
    for bad in (b"", record, visit(text, trust, START + 2 * HOUR)):
        at = START + HOUR
        with pytest.raises(InputError, match="not open"):
            place_codes.check_out(bad, at)


def test_a_poster_is_printed(door: tuple[Desk, str, bytes]) -> None:
    _, text, _ = door
    assert printing.print_passes([text], issuer="Test city", zone="Asia/Shanghai").startswith(
        b"%PDF"
    )
    assert PlaceCode.__struct_fields__[-3:] == ("lon", "lat", "radius_m")
