"""A claim is nothing until somebody answers for it; then it becomes what it stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import Desk
from twinward.cli.main import main
from twinward.core.errors import AbsentError, InputError
from twinward.edge.intake.reader import read_bytes
from twinward.service.documents import claims
from twinward.service.platform import local_admin

FLOOD = "黄浦区外滩街道积水深约40厘米。".encode()


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox has a test of its own; a process for each test would only cost time."""
    monkeypatch.setattr("twinward.service.documents.claims.read_file", read_bytes)


def street(desk: Desk) -> str:
    """The code of the one street of the text."""
    return next(
        code
        for code in desk.platform.reference.areas.by_code
        if desk.platform.reference.areas.name(code) == "外滩街道"
    )


def take(desk: Desk, data: bytes = FLOOD, **more: Any) -> claims.IntakeAnswer:
    return claims.take_in(desk.platform, desk.me, data, **more)


def kinds(desk: Desk) -> list[str]:
    return [one["type"] for one in desk.events()]


def test_a_claim_waits_and_nothing_follows(desk: Desk) -> None:
    answer = take(desk)
    desk.platform.loop.catch_up()
    (one,) = answer.claims
    assert (one.kind, one.area, one.quantity, one.unit) == ("flood", street(desk), 0.4, "m")
    assert one.status == "waiting" and not desk.incidents()
    assert kinds(desk) == ["ClaimRecorded", "ClaimTextNoted"]


def test_the_same_document_again_claims_nothing_new(desk: Desk) -> None:
    take(desk)
    again = take(desk)
    assert (again.recorded, again.known, len(again.claims)) == (0, 1, 1)


def test_an_accepted_claim_is_reported_and_opens_what_it_must(desk: Desk) -> None:
    (one,) = take(desk).claims
    done = claims.judge(desk.platform, desk.me, one.id, "AcceptClaim")
    desk.platform.loop.catch_up()
    assert (done.status, done.judged_by) == ("accepted", desk.me.name)
    reported = next(one for one in desk.events() if one["type"] == "HazardReported")
    assert reported["cause"] == next(
        one["id"] for one in desk.events() if one["type"] == "ClaimAccepted"
    )
    (incident,) = desk.incidents()
    assert (incident["hazard"], incident["area"]) == ("flood", "310101")


def test_a_correction_is_what_is_reported(desk: Desk) -> None:
    (one,) = take(desk).claims
    done = claims.judge(desk.platform, desk.me, one.id, "AcceptClaim", quantity=0.05)
    desk.platform.loop.catch_up()
    assert done.corrected == ("quantity",) and not desk.incidents()


def test_a_person_cannot_accept_in_the_name_of_a_rule(desk: Desk) -> None:
    (one,) = take(desk).claims
    done = claims.judge(desk.platform, desk.me, one.id, "AcceptClaim", rule="gauge mails")
    assert done.judged_by == desk.me.name


def test_a_rejected_claim_stays_on_record_and_is_judged_once(desk: Desk) -> None:
    (one,) = take(desk).claims
    no = claims.judge(desk.platform, desk.me, one.id, "RejectClaim", because="a film set")
    assert (no.status, no.because) == ("rejected", "a film set")
    with pytest.raises(InputError) as refused:
        claims.judge(desk.platform, desk.me, one.id, "AcceptClaim")
    assert refused.value.code == "already_judged"
    assert claims.list_claims(desk.platform, desk.me) == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("外滩街道新增确诊病例12例。", "CountReported"),
        ("外滩街道4人被困。", "JournalWritten"),
        ("外滩街道道路塌陷。", "HazardReported"),
        ("外滩街道居民闻到煤气味。", "HazardReported"),
        ("外滩街道仓库起火。", "HazardReported"),
    ],
)
def test_what_an_accepted_claim_becomes(desk: Desk, text: str, fact: str) -> None:
    (one,) = take(desk, text.encode()).claims
    claims.judge(desk.platform, desk.me, one.id, "AcceptClaim")
    desk.platform.loop.catch_up()
    assert fact in kinds(desk)


RULE = """[[accept]]
name = "gauge mails"
kinds = ["flood"]
sources = ["water-office"]
confidence = 0.8
most = 2.0
authorised_by = "Li, head of the water office"
"""


@pytest.mark.parametrize(
    ("source", "text", "accepted"),
    [
        ("water-office", FLOOD, 1),
        ("desk", FLOOD, 0),
        ("water-office", "外滩街道积水深约3米。".encode(), 0),
        ("water-office", "积水深约40厘米。".encode(), 0),
    ],
)
def test_a_rule_accepts_within_its_bounds(
    desk: Desk, source: str, text: bytes, accepted: int
) -> None:
    (desk.workspace / "intake.toml").write_text(RULE, "utf-8")
    answer = take(desk, text, source=source)
    assert answer.accepted == accepted
    assert answer.claims[0].judged_by == ("rule gauge mails" if accepted else "")


def test_a_bad_rule_is_told(desk: Desk) -> None:
    (desk.workspace / "intake.toml").write_text("[[accept]]\nname = 'x'\n", "utf-8")
    with pytest.raises(InputError) as refused:
        take(desk)
    assert refused.value.code == "bad_intake_rules"


def test_an_officer_of_another_area_sees_and_records_nothing(desk: Desk) -> None:
    other = msgspec.structs.replace(
        local_admin(), name="wu", role="community_officer", areas=("310115",)
    )
    answer = claims.take_in(desk.platform, other, FLOOD)
    assert (answer.recorded, answer.elsewhere, answer.claims) == (0, 1, [])
    (one,) = take(desk).claims
    with pytest.raises(AbsentError):
        claims.get_claim(desk.platform, other, one.id)
    assert claims.list_claims(desk.platform, other) == []


def test_canaries_are_in_no_byte_of_what_is_kept(desk: Desk) -> None:
    text = "外滩街道张金丝雀先生（13812345678）报告煤气泄漏。联系人：李金丝雀"
    take(desk, text.encode())
    desk.platform.store.write(lambda tx: None)
    kept = b"".join(one.read_bytes() for one in desk.workspace.rglob("*") if one.is_file())
    assert "金丝雀".encode() not in kept and b"13812345678" not in kept
    assert "金丝雀" not in json.dumps(desk.events(), default=str, ensure_ascii=False)


def test_the_sentence_of_a_refused_claim_is_in_no_byte_that_is_kept(desk: Desk) -> None:
    """Nobody's title gives the name away, so it is not hidden: whoever refuses the claim ends it."""
    text = "外滩街道积水，王金丝雀家被淹。"
    (one,) = take(desk, text.encode()).claims
    assert "王金丝雀" in one.span
    no = claims.judge(desk.platform, desk.me, one.id, "RejectClaim", because="a film set")
    assert (no.status, no.because, no.span, no.kind) == ("rejected", "a film set", "", "flood")
    (listed,) = claims.list_claims(desk.platform, desk.me, status="rejected")
    assert listed.span == ""
    desk.platform.store.write(lambda tx: None)
    assert "金丝雀" not in json.dumps(desk.events(), default=str, ensure_ascii=False)
    marks = ["金丝雀".encode(), "金丝雀".encode("gb18030"), json.dumps("金丝雀").encode()[1:-1]]
    for path in desk.workspace.rglob("*"):
        if path.is_file():
            assert not [mark for mark in marks if mark in path.read_bytes()], path.name


def test_a_claim_that_was_accepted_keeps_its_sentence(desk: Desk) -> None:
    first, second = (
        take(desk, one.encode()).claims[0] for one in ("外滩街道积水。", "外滩街道起火。")
    )
    claims.judge(desk.platform, desk.me, first.id, "AcceptClaim")
    claims.judge(desk.platform, desk.me, second.id, "RejectClaim", because="a film set")
    spans = {one.id: one.span for one in claims.list_claims(desk.platform, desk.me, status="all")}
    assert spans == {first.id: "外滩街道积水。", second.id: ""}


def test_the_verb_reads_lists_and_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Desk(tmp_path / "ws").close()
    file = tmp_path / "mail.txt"
    file.write_bytes(FLOOD)

    def do(*words: str) -> Any:
        assert main(["intake", *words, "--json", "--workspace", str(tmp_path / "ws")]) == 0
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    (one,) = do(str(file))["claims"]
    assert do("list")["claims"][0]["id"] == one["id"]
    assert do("accept", one["id"], "--quantity", "0.5")["corrected"] == ["quantity"]
    assert main(["intake", "accept", "--workspace", str(tmp_path / "ws")]) == 2
