"""Passes issued, revoked and published: checked at a gate from the public tree alone."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.security.identity.people import Caller
from twinward.security.passes.gate import Gate
from twinward.security.passes.status_list import read_list
from twinward.service.access.activations import open_activation
from twinward.service.passes import issuing, objections, printing, publishing, statuses
from twinward.service.passes.declarations import declare, read_declaration
from twinward.service.passes.keys import run_ceremony
from twinward.service.passes.verification import verify_at_gate, verify_token

FIRST, SECOND, THIRD = (
    Caller(name=name, role="duty_officer") for name in ("wang-lihua", "li", "zhao")
)
HOUR = timedelta(hours=1)


@pytest.fixture
def office(desk: Desk) -> Desk:
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=desk.workspace / "root.pem", at=START, issuer="Test city")
    return desk


def wish(**fields: object) -> issuing.Wish:
    return issuing.read_wish(
        certificate=None, **({"kind": "day", "area": COMMUNITY, "subject": "s-1"} | fields)
    )


def one(office: Desk, **fields: object) -> issuing.Issued:
    return issuing.issue(office.platform, FIRST, wish(**fields))[0]


def gate_of(folder: Path) -> Gate:
    """A gate that has nothing but the public tree."""
    gate = Gate()
    gate.accept_trust((folder / "trust.json").read_bytes())
    for path in sorted((folder / "lists").glob("*.cwt")):
        gate.accept_list(path.read_bytes())
    return gate


def publish(office: Desk, folder: Path) -> Gate:
    publishing.publish(office.platform, office.me, folder)
    return gate_of(folder)


def test_a_pass_is_good_at_a_gate_until_it_is_revoked(office: Desk, tmp_path: Path) -> None:
    made = one(office)
    gate = publish(office, tmp_path / "public")
    assert gate.verify(made.token, START + HOUR).answer == "ok"
    office.clock.advance(HOUR)
    issuing.revoke(office.platform, FIRST, made.pass_id, "lost")
    with pytest.raises(ConflictError):
        issuing.revoke(office.platform, FIRST, made.pass_id, "lost")
    publishing.publish(office.platform, office.me, tmp_path / "public")
    for path in (tmp_path / "public" / "lists").glob("*.cwt"):
        gate.accept_list(path.read_bytes())
    assert gate.verify(made.token, START + 2 * HOUR).why_class == "revoked"


def test_a_gate_token_lives_minutes_and_has_no_place_in_a_list(office: Desk) -> None:
    made = one(office, kind="gate", subject=None)
    assert (made.index, made.until - made.valid_from) == (None, timedelta(minutes=15))
    with pytest.raises(ConflictError):
        issuing.revoke(office.platform, FIRST, made.pass_id, "lost")


def test_the_tokens_of_one_day_share_nothing_that_could_be_joined(office: Desk) -> None:
    made = issuing.issue(office.platform, FIRST, wish(), 8)
    assert len({item.token for item in made}) == len({item.index for item in made}) == 8
    assert len({item.link for item in made}) == 8
    gaps = sorted(item.index or 0 for item in made)
    assert max(b - a for a, b in pairwise(gaps)) > 100, "random places"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "bus"},
        {"kind": "travel"},
        {"kind": "travel", "subject": None, "journey": ("A", "B")},
        {"until": START + timedelta(days=30)},
        {"until": START - HOUR},
        {"holder": "x" * 99},
        {"content": "x" * 9999},
        {"area": "999999"},
    ],
)
def test_what_no_pass_may_be_is_refused(office: Desk, fields: dict[str, object]) -> None:
    with pytest.raises(InputError):
        one(office, **fields)
    with pytest.raises(InputError):
        issuing.issue(office.platform, FIRST, wish(), 51)
    with pytest.raises(AbsentError):
        issuing.revoke(office.platform, FIRST, "pass-nobody", "lost")


def test_without_keys_nothing_is_issued(desk: Desk) -> None:
    with pytest.raises(AbsentError, match="no pass keys"):
        one(desk)


def restrict(office: Desk, **fields: object) -> str:
    care = open_activation(
        office.platform,
        office.me,
        hazard="epidemic/covid19",
        areas=["all"],
        purposes=["care"],
        days=20,
        by="centre",
        basis="article 41",
    )
    asked: dict[str, object] = {
        "subject": "s-1",
        "area": COMMUNITY,
        "value": "restricted",
        "reason_code": "traced",
        "reason": "in the market hall",
        "source": "case-77",
        "probability": 0.8,
        "activation": care,
        "until": office.clock.now() + timedelta(days=7),
    }
    made = statuses.set_status(office.platform, FIRST, **(asked | fields))
    statuses.confirm(office.platform, SECOND, made.id)
    return made.id


def test_a_wrong_status_far_from_home_is_contested_by_sms_and_lifted_in_time(
    office: Desk, tmp_path: Path
) -> None:
    """Three hundred kilometres from home; the phone can send a message, nothing else."""
    public = tmp_path / "public"
    before = one(office, kind="travel", journey=("Shanghai", "Nanjing"))
    status = restrict(office)
    gate = publish(office, public)
    assert gate.verify(before.token, START + HOUR).why_class == "revoked"
    with pytest.raises(RefusedError) as refused:
        one(office)
    assert "market hall" in str(refused.value) and "object" in str(refused.value).lower()
    receipt = objections.read_message(office.platform, THIRD, f"YY {status} 我当时在南京")
    assert one(office).token, "while it is looked at again the status binds nobody"
    office.clock.advance(3 * HOUR)
    done = objections.decide(
        office.platform, THIRD, receipt.receipt, upheld=True, because="another person of that name"
    )
    assert done.decided_at is not None and done.decided_at < receipt.due_at
    again = one(office, kind="travel", journey=("Nanjing", "Shanghai"))
    gate = publish(office, public)
    assert gate.verify(again.token, office.clock.now() + HOUR).answer == "ok"
    assert gate.verify(before.token, office.clock.now() + HOUR).why_class == "revoked"
    assert any("restricted" in line for line in again.look_back), "the look-back says what was"


def test_no_phone_at_all_a_paper_pass_a_paper_objection_and_a_familys_cards(
    office: Desk, tmp_path: Path
) -> None:
    """The street office does it all: status asked, objection on paper through the daughter, a card
    in large print, one page for each of the family; the guard scans paper.
    """
    status = restrict(office)
    shown = statuses.get_status(office.platform, FIRST, status)
    assert "on paper" in shown.statement.en and "书面" in shown.statement.zh
    receipt = objections.lodge(
        office.platform,
        THIRD,
        status,
        channel="paper",
        reason="I was in hospital that day",
        proxy="daughter",
    )
    objections.decide(
        office.platform, THIRD, receipt.receipt, upheld=True, because="hospital record seen"
    )
    card = one(office, kind="paper", holder="Z*** 1941")
    family = [one(office, kind="family", subject=f"s-{n}", holder=f"child {n}") for n in (2, 3)]
    pdf = printing.print_passes(
        [card.token, *(item.token for item in family)], issuer="Test city", zone="Asia/Shanghai"
    )
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") == 3
    assert pdf == printing.print_passes(
        [card.token, *(item.token for item in family)], issuer="Test city", zone="Asia/Shanghai"
    )
    gate = publish(office, tmp_path / "public")
    for token in (card.token, *(item.token for item in family)):
        assert gate.verify(token, START + HOUR).answer == "ok"
    for bad in ([], ["hello"], [card.token] * 13, [card.token[:-3]]):
        with pytest.raises(InputError):
            printing.print_passes(bad, issuer="x", zone="Asia/Shanghai")
    with pytest.raises(InputError):
        printing.print_passes([card.token], issuer="x", zone="Moon/Base")


def test_a_certificate_goes_out_as_an_eu_certificate_and_can_be_revoked(
    office: Desk, tmp_path: Path
) -> None:
    file = {
        "name": {"fnt": "ZHANG", "gnt": "SAN"},
        "birth": "1954-01-02",
        "statement": {
            "tg": "840539006",
            "tt": "LP6464-4",
            "sc": "2022-03-01T06:00:00Z",
            "tr": "260415000",
            "tc": "Station",
            "co": "CN",
            "is": "Test city",
            "ci": "URN:UVCI:01:CN:1",
        },
    }
    made_wish = issuing.read_wish(
        certificate=json.dumps(file).encode(), kind="test", area=COMMUNITY, subject="s-1"
    )
    made = issuing.issue(office.platform, FIRST, made_wish)[0]
    publish(office, tmp_path / "public")
    trust = (tmp_path / "public" / "trust.json").read_bytes()

    def answer() -> str:
        lists = [path.read_bytes() for path in (tmp_path / "public" / "lists").glob("*.cwt")]
        found = verify_token(made.token.encode(), trust, lists, at=office.clock.now() + HOUR)
        return found.verdict.answer

    assert made.token.startswith("HC1:") and answer() == "ok"
    paper = printing.print_passes([made.token], issuer="Test city", zone="Asia/Shanghai")
    assert paper.startswith(b"%PDF"), "a certificate goes on paper too"
    issuing.revoke(office.platform, FIRST, made.pass_id, "issued_in_error")
    publish(office, tmp_path / "public")
    assert answer() == "not_ok"
    with pytest.raises(InputError):
        issuing.read_wish(certificate=b"{}", kind="test", area=COMMUNITY)


def test_a_signer_compromised_at_three_in_the_morning(office: Desk, tmp_path: Path) -> None:
    """What the stolen key signs is believed nowhere once the trust list came; all is issued anew."""
    public, folder = tmp_path / "public", office.platform.workspace / "passes"
    before = one(office)
    gate = publish(office, public)
    stolen = json.loads((folder / "signers.json").read_text())["signers"][0]["jwk"]["kid"]
    office.clock.advance(HOUR)
    run_ceremony(
        folder, "compromise", root=office.workspace / "root.pem", at=office.clock.now(), kid=stolen
    )
    assert not (folder / f"{stolen}.pem").exists()
    again = one(office)
    publishing.publish(office.platform, office.me, public)
    gate.accept_trust((public / "trust.json").read_bytes())
    for path in (public / "lists").glob("*.cwt"):
        gate.accept_list(path.read_bytes())
    later = office.clock.now() + HOUR
    assert gate.verify(before.token, later).why_class == "key_compromised"
    assert gate.verify(again.token, later).answer == "ok"


def test_lists_only_grow_and_a_clock_that_went_back_publishes_nothing(
    office: Desk, tmp_path: Path
) -> None:
    publish(office, tmp_path / "public")
    before = {
        path.name: read_list(path.read_bytes())
        for path in (tmp_path / "public" / "lists").glob("*.cwt")
    }
    office.clock.advance(timedelta(days=2))
    publish(office, tmp_path / "public")
    for name, was in before.items():
        now = read_list((tmp_path / "public" / "lists" / name).read_bytes())
        assert now.issued_at > was.issued_at
        assert not (was.packed.statuses() & ~now.packed.statuses() & 1).any(), "nothing comes free"
    office.clock.advance(-timedelta(days=2))
    with pytest.raises(ConflictError, match="before the last list"):
        publishing.publish(office.platform, office.me, tmp_path / "public")


def test_no_canary_is_in_any_public_byte(office: Desk, tmp_path: Path) -> None:
    """The pseudonym, the reason, the record, the officer: the tree has none of them."""
    canaries = ("subject-CANARY-1", "reason-CANARY", "source-CANARY", FIRST.name, COMMUNITY)
    one(office, subject=canaries[0], holder="")
    restrict(office, subject=canaries[0], reason=canaries[1], source=canaries[2])
    publish(office, tmp_path / "public")
    names = ""
    for path in (tmp_path / "public").rglob("*"):
        names += path.as_posix()
        if path.is_file():
            data = path.read_bytes()
            assert not [one for one in canaries if one.encode() in data], path
    assert not [one for one in canaries if one in names.removeprefix(str(tmp_path))]


def test_the_tree_removes_what_ended_and_never_what_is_not_its_own(
    office: Desk, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    made = one(office)
    publish(office, public)
    assert (public / "p" / made.link[:2] / made.link).read_text().strip() == made.token
    office.clock.advance(timedelta(days=2))
    publish(office, public)
    assert not (public / "p" / made.link[:2] / made.link).exists()
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("keep me")
    with pytest.raises(InputError, match="something else"):
        publishing.publish(office.platform, office.me, other)
    assert (other / "letter.txt").read_text() == "keep me"


def test_a_gates_file_remembers_lists_and_time_and_no_token(office: Desk, tmp_path: Path) -> None:
    made = one(office)
    publish(office, tmp_path / "public")
    trust = (tmp_path / "public" / "trust.json").read_bytes()
    old = [path.read_bytes() for path in (tmp_path / "public" / "lists").glob("*.cwt")]
    office.clock.advance(HOUR)
    issuing.revoke(office.platform, FIRST, made.pass_id, "lost")
    publish(office, tmp_path / "public")
    new = [path.read_bytes() for path in (tmp_path / "public" / "lists").glob("*.cwt")]
    memory, token, later = tmp_path / "gate.json", made.token.encode(), START + 2 * HOUR
    assert verify_at_gate(memory, token, trust, old, at=START + HOUR).verdict.answer == "ok"
    assert verify_at_gate(memory, token, trust, new, at=later).verdict.why_class == "revoked"
    assert verify_at_gate(memory, token, trust, at=later).verdict.why_class == "revoked"
    with pytest.raises(InputError, match="older"):
        verify_at_gate(memory, token, trust, old, at=later)
    assert verify_at_gate(memory, token, trust, at=START - HOUR).verdict.why_class == "clock"
    assert made.token not in memory.read_text() and made.link not in memory.read_text()
    memory.write_text("{broken")
    with pytest.raises(InputError):
        verify_at_gate(memory, token, trust, at=later)


def test_a_statement_is_signed_by_the_person_and_sealed_by_the_city(
    office: Desk, tmp_path: Path
) -> None:
    signed = declare("I have no fever and met no case. 我没有发热。", tmp_path / "mine.pem", START)
    found = read_declaration(signed, START + HOUR)
    made = one(office, kind="declaration", content=found.content)
    assert publish(office, tmp_path / "public").verify(made.token, START + HOUR).answer == "ok"
    again = declare("I have no fever and met no case. 我没有发热。", tmp_path / "mine.pem", START)
    assert read_declaration(again, START).key == found.key, "one key, one person"
    other = declare("I have fever", tmp_path / "other.pem", START)
    token, _, key = signed.partition("~")
    for bad in (
        f"{token}~{other.partition('~')[2]}",
        f"{other.partition('~')[0]}~{key}",
        token,
        "",
        "~",
        token[:-3] + "AAA~" + key,
    ):
        with pytest.raises(InputError):
            read_declaration(bad, START + HOUR)
    with pytest.raises(InputError, match="not signed today"):
        read_declaration(signed, START + 3 * 24 * HOUR)
    for text in ("", " ", "x" * 5000):
        with pytest.raises(InputError):
            declare(text, tmp_path / "mine.pem", START)


def test_the_clock_of_a_paper_runs_from_when_it_was_received(office: Desk) -> None:
    status = restrict(office)
    office.clock.advance(10 * HOUR)
    found = objections.lodge(
        office.platform,
        THIRD,
        status,
        channel="paper",
        reason="typed in late",
        received=START + HOUR,
    )
    assert found.due_at == START + 25 * HOUR


def test_what_a_wrong_status_took_is_signed_anew_when_the_objection_is_upheld(
    office: Desk, tmp_path: Path
) -> None:
    """The correction is an event, and the holder has a pass again without asking for it."""
    before = one(office)
    status = restrict(office)
    receipt = objections.lodge(
        office.platform, THIRD, status, channel="paper", reason="another person of that name"
    )
    done = objections.decide(
        office.platform, THIRD, receipt.receipt, upheld=True, because="seen at the hospital"
    )
    assert len(done.reissued) == 1
    gate = publish(office, tmp_path / "public")
    (link,) = done.reissued
    token = (tmp_path / "public" / "p" / link[:2] / link).read_text().strip()
    assert gate.verify(token, START + HOUR).answer == "ok"
    assert gate.verify(token, START + HOUR).until == before.until, "the same end as before"
    assert gate.verify(before.token, START + HOUR).why_class == "revoked"
    with pytest.raises(ConflictError):  # what was lifted needs no further objection
        objections.lodge(office.platform, THIRD, status, channel="paper", reason="once more")


def test_a_rejected_objection_gives_no_pass(office: Desk) -> None:
    one(office)
    status = restrict(office)
    receipt = objections.lodge(
        office.platform, THIRD, status, channel="phone", reason="it is wrong"
    )
    done = objections.decide(
        office.platform, THIRD, receipt.receipt, upheld=False, because="the camera shows it"
    )
    assert done.reissued == []
    with pytest.raises(RefusedError):
        one(office)
