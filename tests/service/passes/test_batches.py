"""Passes signed ahead for a whole roster: sealed for each, cut off and gone on with, revocable."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.core.errors import AbsentError, InputError
from twinward.security.identity.people import Caller
from twinward.security.passes import tokens
from twinward.security.passes.batch_signing import (
    PASS,
    STATUS,
    book_secret,
    open_slot,
    slot_key,
)
from twinward.security.passes.gate import Gate
from twinward.security.passes.status_list import read_list
from twinward.service.access.activations import open_activation
from twinward.service.passes import batches, issuing, publishing, statuses
from twinward.service.passes.batch_folder import BatchFolder, book_key
from twinward.service.passes.keys import run_ceremony
from twinward.service.passes.revocations import revoke_all

FIRST, SECOND = (Caller(name=name, role="duty_officer") for name in ("wang-lihua", "li"))
HOUR = timedelta(hours=1)
MANY = 9000  # a chunk and a part of one


@pytest.fixture
def office(desk: Desk) -> Desk:
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=desk.workspace / "root.pem", at=START, issuer="Test city")
    return desk


def roster(folder: Path, count: int) -> Path:
    path = folder / "roster.txt"
    path.write_text("".join(f"s-{number:05}\n" for number in range(count)))
    return path


def sign(office: Desk, path: Path, batch: str = "", **more: object) -> batches.Ahead:
    name = batch or batches.begin(office.platform, office.me, path)
    return batches.sign_ahead(office.platform, office.me, name, path, workers=1, **more)  # type: ignore[arg-type]


def slot_of(office: Desk, batch: str, ordinal: int, subject: str) -> tuple[int, bytes]:
    """What the holder's page opens: one slot of a public file, with the key of their book."""
    folder = office.platform.workspace / "passes"
    plan = BatchFolder(folder, batch).read().plan
    data = (folder / "batches" / batch / f"{ordinal // plan.chunk:05}.bin").read_bytes()
    at = ordinal % plan.chunk * plan.slot
    secret = book_secret(book_key(folder), subject)
    return open_slot(data[at : at + plan.slot], slot_key(secret, batch))


def gate_of(office: Desk, folder: Path) -> Gate:
    publishing.publish(office.platform, office.me, folder)
    gate = Gate()
    gate.accept_trust((folder / "trust.json").read_bytes())
    for path in sorted((folder / "lists").glob("*.cwt")):
        gate.accept_list(path.read_bytes())
    return gate


def restrict(office: Desk, subject: str) -> str:
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
    made = statuses.set_status(
        office.platform,
        FIRST,
        subject=subject,
        area=COMMUNITY,
        value="restricted",
        reason_code="traced",
        reason="in the market hall",
        source="case-77",
        probability=0.8,
        activation=care,
        until=office.clock.now() + timedelta(days=7),
    )
    statuses.confirm(office.platform, SECOND, made.id)
    return made.id


def test_everybody_on_the_roster_opens_their_own_pass_and_a_gate_accepts_it(
    office: Desk, tmp_path: Path
) -> None:
    path = roster(tmp_path, MANY)
    done = sign(office, path)
    assert (done.passes, done.chunks, done.signed_now, done.doubled) == (MANY, 2, MANY, 0)
    gate = gate_of(office, tmp_path / "public")
    for ordinal in (0, 1, 8191, 8192, MANY - 1):
        kind, token = slot_of(office, done.batch, ordinal, f"s-{ordinal:05}")
        assert kind == PASS
        assert gate.verify(tokens.to_text(token), START + HOUR).answer == "ok"
    with pytest.raises(InputError):
        slot_of(office, done.batch, 0, "s-00001")
    index = json.loads((tmp_path / "public" / "b" / "index.json").read_bytes())
    assert [one["batch"] for one in index["batches"]] == [done.batch]
    assert len(json.dumps(index)) < 500
    public = tmp_path / "public" / "b" / done.batch
    assert sorted(one.name for one in public.iterdir()) == ["00000.bin", "00001.bin"]


def test_a_batch_that_was_cut_off_goes_on_and_signs_nothing_twice(
    office: Desk, tmp_path: Path
) -> None:
    path = roster(tmp_path, MANY)
    batch = batches.begin(office.platform, office.me, path)

    def power_fails(stage: str, share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sign(office, path, batch, tell=power_fails)
    folder = BatchFolder(office.platform.workspace / "passes", batch)
    before = {one.name: one.read_bytes() for one in folder.chunk_files()}
    assert list(before) == ["00000.bin"]
    done = sign(office, path, batch)
    assert (done.signed_now, done.passes) == (MANY - 8192, MANY)
    assert {one.name: one.read_bytes() for one in folder.chunk_files()}.items() >= before.items()
    assert sign(office, path, batch).signed_now == 0
    path.write_text(path.read_text() + "s-more\n")
    with pytest.raises(InputError, match="not the roster"):
        sign(office, path, batch)


def test_both_cores_sign_the_same_batch(office: Desk, tmp_path: Path) -> None:
    path = roster(tmp_path, 2 * 8192 + 5)
    batch = batches.begin(office.platform, office.me, path)
    done = batches.sign_ahead(office.platform, office.me, batch, path, workers=2)
    assert (done.signed_now, done.chunks) == (2 * 8192 + 5, 3)
    assert slot_of(office, batch, 2 * 8192 + 4, f"s-{2 * 8192 + 4:05}")[0] == PASS


def test_places_are_scattered_and_none_is_given_twice(office: Desk, tmp_path: Path) -> None:
    path = roster(tmp_path, MANY)
    done = sign(office, path)
    folder = BatchFolder(office.platform.workspace / "passes", done.batch)
    places = [folder.places(f"s-{number:05}")[0] for number in range(0, MANY, 97)]
    assert len(set(places)) == len(places)
    gaps = np.abs(np.diff(places))
    assert np.median(gaps) > (1 << folder.read().plan.bits) / 20, "neighbours lie far apart"
    assert folder.places("s-nobody") == []


def test_who_is_restricted_has_no_pass_and_is_told_and_others_cannot_see_it(
    office: Desk, tmp_path: Path
) -> None:
    status = restrict(office, "s-00003")
    done = sign(office, roster(tmp_path, 100))
    assert (done.told, done.passes) == (1, 99)
    kind, said = slot_of(office, done.batch, 3, "s-00003")
    assert kind == STATUS and json.loads(said)["s"] == status
    data = next(BatchFolder(office.platform.workspace / "passes", done.batch).path.glob("*.bin"))
    assert status.encode() not in data.read_bytes()


def test_a_status_after_the_batch_revokes_its_pass_in_the_batchs_list(
    office: Desk, tmp_path: Path
) -> None:
    done = sign(office, roster(tmp_path, 200))
    _, token = slot_of(office, done.batch, 7, "s-00007")
    assert (
        gate_of(office, tmp_path / "public").verify(tokens.to_text(token), START + HOUR).answer
        == "ok"
    )
    office.clock.advance(HOUR)
    restrict(office, "s-00007")
    office.clock.advance(HOUR)
    gate = gate_of(office, tmp_path / "public")
    assert gate.verify(tokens.to_text(token), START + 2 * HOUR).why_class == "revoked"
    _, other = slot_of(office, done.batch, 8, "s-00008")
    assert gate.verify(tokens.to_text(other), START + 2 * HOUR).answer == "ok"
    name = done.address.removeprefix("tw:") + ".cwt"
    listed = read_list((tmp_path / "public" / "lists" / name).read_bytes())
    assert len(listed.packed) == 1 << 16, "the list of the batch has its own size"


def test_a_holders_book_opens_each_batch_and_a_new_one_after_a_compromise(
    office: Desk, tmp_path: Path
) -> None:
    """A signer stolen at three in the morning: everybody is signed for anew, books stay good."""
    path = roster(tmp_path, 50)
    first = sign(office, path)
    book = batches.make_book(office.platform, office.me, "s-00011")
    assert book.link.startswith("pass.html#11.")
    folder = office.platform.workspace / "passes"
    stolen = json.loads((folder / "signers.json").read_text())["signers"][0]["jwk"]["kid"]
    office.clock.advance(HOUR)
    run_ceremony(
        folder, "compromise", root=office.workspace / "root.pem", at=office.clock.now(), kid=stolen
    )
    with pytest.raises(InputError, match=r"signs no more|in force"):
        sign(office, path, first.batch)
    again = sign(office, path)
    assert batches.make_book(office.platform, office.me, "s-00011") == book
    gate = gate_of(office, tmp_path / "public")
    later = office.clock.now() + HOUR
    old = slot_of(office, first.batch, 11, "s-00011")[1]
    new = slot_of(office, again.batch, 11, "s-00011")[1]
    assert gate.verify(tokens.to_text(old), later).why_class == "key_compromised"
    assert gate.verify(tokens.to_text(new), later).answer == "ok"
    with pytest.raises(AbsentError):
        batches.make_book(office.platform, office.me, "s-nobody")


def test_when_a_batch_has_ended_its_key_its_roll_and_its_files_are_gone(
    office: Desk, tmp_path: Path
) -> None:
    done = sign(office, roster(tmp_path, 50))
    gate_of(office, tmp_path / "public")
    folder = office.platform.workspace / "passes" / "batches" / done.batch
    assert folder.exists()
    office.clock.advance(timedelta(hours=40))
    gate_of(office, tmp_path / "public")
    assert not folder.exists()
    assert not list((tmp_path / "public" / "b").rglob("*.bin"))


@pytest.mark.parametrize("text", ["", "s-1\n\ns-2\n", "x" * 200 + "\n", "a\0b\n"])
def test_a_roster_that_names_nobody_is_refused(office: Desk, tmp_path: Path, text: str) -> None:
    path = tmp_path / "roster.txt"
    path.write_text(text)
    with pytest.raises(InputError):
        batches.begin(office.platform, office.me, path)


def test_a_roster_that_names_somebody_twice_says_so(office: Desk, tmp_path: Path) -> None:
    path = tmp_path / "roster.txt"
    path.write_text("s-1\ns-2\ns-1\n")
    assert sign(office, path).doubled == 1


def test_times_that_no_batch_may_have_are_refused(office: Desk, tmp_path: Path) -> None:
    path = roster(tmp_path, 3)
    for fields in (
        {"until": START + timedelta(days=9)},
        {"valid_from": START - HOUR},
        {"valid_from": START + timedelta(days=30)},
        {"kind": "gate"},
        {"kind": "travel"},
    ):
        with pytest.raises(InputError):
            batches.begin(office.platform, office.me, path, **fields)  # type: ignore[arg-type]
    with pytest.raises(AbsentError):
        sign(office, path, "batch-none")


def test_all_that_a_person_held_is_revoked_when_they_died_or_lost_their_book(
    office: Desk, tmp_path: Path
) -> None:
    done = sign(office, roster(tmp_path, 30))
    single = issuing.issue(
        office.platform,
        FIRST,
        issuing.Wish(
            kind="travel", area=COMMUNITY, subject="s-00004", journey=("Shanghai", "Nanjing")
        ),
    )[0]
    assert revoke_all(office.platform, office.me, "s-00004", "died")["revoked"] == 2
    assert revoke_all(office.platform, office.me, "s-00004", "died")["revoked"] == 0
    gate = gate_of(office, tmp_path / "public")
    for token in (single.token, tokens.to_text(slot_of(office, done.batch, 4, "s-00004")[1])):
        assert gate.verify(token, START + HOUR).why_class == "revoked"
    other = tokens.to_text(slot_of(office, done.batch, 5, "s-00005")[1])
    assert gate.verify(other, START + HOUR).answer == "ok"


def test_no_canary_of_a_person_is_in_any_public_byte_of_a_batch(
    office: Desk, tmp_path: Path
) -> None:
    """Pseudonyms, reasons, records, officers: sealed slots and the public page have none of them."""
    canaries = ["subject-CANARY-1", "subject-CANARY-2", "market hall", "case-77", FIRST.name]
    canaries.append(restrict(office, canaries[0]))
    assert min(map(len, canaries)) >= 7, "sealed bytes hold any short word by chance"
    path = tmp_path / "roster.txt"
    path.write_text(f"{canaries[0]}\n{canaries[1]}\ns-9\n")
    sign(office, path)
    gate_of(office, tmp_path / "public")
    for one in (tmp_path / "public").rglob("*"):
        if one.is_file():
            data = one.read_bytes()
            assert not [text for text in canaries if text.encode() in data], one
