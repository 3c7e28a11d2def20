"""Place codes: signed at the door, kept by the visitor, handed over by consent or by order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.core.errors import InputError, RefusedError
from twinward.service.access.activations import open_activation
from twinward.service.passes import place_codes, printing
from twinward.service.passes.keys import open_store, run_ceremony

HOUR = timedelta(hours=1)


@pytest.fixture
def door(desk: Desk, tmp_path: Path) -> tuple[Desk, str, bytes]:
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=tmp_path / "root.pem", at=START, issuer="Test city")
    text = place_codes.make_place_code(
        desk.platform, desk.me, place="hall-7", area=COMMUNITY, name="Market hall 市场"
    )
    return desk, text, open_store(folder).trust_file()


def test_a_visit_stays_with_the_visitor_until_they_agree(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    record = place_codes.check_in(text, trust, START) + place_codes.check_in(
        text, trust, START + 2 * HOUR
    )
    desk.clock.advance(5 * HOUR)
    with pytest.raises(RefusedError) as refused:
        place_codes.upload(desk.platform, desk.me, "s-1", record, consent=False)
    assert refused.value.code == "peacetime"
    found = place_codes.upload(desk.platform, desk.me, "s-1", record, consent=True)
    assert [(one.place, one.area, one.sure) for one in found.visits] == [
        ("hall-7", COMMUNITY, False)
    ] * 2
    assert found.visits[0].end - found.visits[0].begin == HOUR, "an end that is not known"
    rows = place_codes.to_rows(found.visits, {"hall-7": (121.48, 31.23)}).splitlines()
    assert rows[0] == "subject,time,lon,lat,error_m,place" and len(rows) == 5
    assert rows[1].endswith("121.48,31.23,50,hall-7")


def test_an_order_needs_an_activation_that_opens_tracing(door: tuple[Desk, str, bytes]) -> None:
    desk, text, trust = door
    record = place_codes.check_in(text, trust, START)
    for purposes, works in ((["care"], False), (["trace"], True)):
        order = open_activation(
            desk.platform,
            desk.me,
            hazard="epidemic",
            areas=["all"],
            purposes=purposes,
            days=3,
            by="centre",
            basis="article 41",
        )
        if works:
            assert place_codes.upload(
                desk.platform, desk.me, "s-1", record, consent=False, activation=order
            ).visits
        else:
            with pytest.raises(RefusedError):
                place_codes.upload(
                    desk.platform, desk.me, "s-1", record, consent=False, activation=order
                )


def test_what_cannot_have_been_is_left_out_and_counted(
    door: tuple[Desk, str, bytes], tmp_path: Path
) -> None:
    desk, text, trust = door
    good = place_codes.check_in(text, trust, START).decode()
    long = good.replace('"left":null', '"left":"2022-03-03T08:00:00Z"')
    forged = good.replace(text[40:44], "0000")
    early = good.replace("2022-03-01T08", "2022-02-20T08")
    ancient = good.replace("2022-03-01T08", "2021-12-01T08")
    ahead = good.replace("2022-03-01T08", "2022-04-01T08")
    record = "".join((good, good, long, forged, early, ancient, ahead)).encode()
    desk.clock.advance(HOUR)
    found = place_codes.upload(desk.platform, desk.me, "s-1", record, consent=True)
    assert len(found.visits) == 1 and sum(found.left_out.values()) == 6
    for bad in (b"{}", b"[1]", b"\xff", good.encode() * 2001):
        with pytest.raises(InputError):
            place_codes.upload(desk.platform, desk.me, "s-1", bad, consent=True)


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


def test_a_poster_is_printed(door: tuple[Desk, str, bytes]) -> None:
    _, text, _ = door
    assert printing.print_passes([text], issuer="Test city", zone="Asia/Shanghai").startswith(
        b"%PDF"
    )
