"""One person is one subject, two are two: by document, name and telephone together, never by a
telephone alone; who may be one is offered, merged and unmerged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.security.privacy.phones import dialling_of
from twinward.security.privacy.vault import Arriving, Identity, Vault


def open_vault(folder: Path) -> Vault:
    return Vault(folder, dialling=dialling_of("Asia/Shanghai"))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    found = open_vault(tmp_path / "vault")
    yield found
    found.close()


def keep(vault: Vault, **fields: str) -> str:
    return vault.keep(Identity(**fields))


def test_the_same_words_in_other_spellings_are_one_person(vault: Vault) -> None:
    first = keep(vault, name="Li Example", phone="+86 139 0000 1111")
    assert keep(vault, name="LI  EXAMPLE", phone="139-0000-1111") == first
    assert keep(vault, name="Example, Li", phone="008613900001111") == first
    assert vault.list_doubles() == []


def test_a_telephone_alone_makes_nobody_one_person(vault: Vault) -> None:
    mother = keep(vault, name="Mother Example", phone="139 0000 1111")
    child = keep(vault, name="Child Example", phone="13900001111")
    nameless = keep(vault, phone="13900001111")
    assert len({mother, child, nameless}) == 3
    assert {pair.why for pair in vault.list_doubles()} == {"the same telephone"}
    assert vault.open(mother).name == "Mother Example"
    assert vault.open(child).name == "Child Example"


def test_a_document_is_kept_to_through_changes_of_name_and_telephone(vault: Vault) -> None:
    first = keep(vault, document="D-77", name="Li", phone="13900001111")
    assert keep(vault, document="d77", name="Li Lei", phone="13800002222") == first
    assert keep(vault, document="D 77", name="李雷") == first  # another script cannot be compared
    known = vault.open(first)
    assert known.name == "Li Lei"
    assert {one.name for one in known.also} == {"Li", "Li Lei", "李雷"}


def test_a_document_on_two_names_is_two_persons_and_a_question(vault: Vault) -> None:
    ours = keep(vault, document="4711", name="Ann Alpha", phone="13900001111")
    theirs = keep(vault, document="4711", name="Ben Beta")
    assert ours != theirs
    assert vault.open(ours).name == "Ann Alpha"
    assert vault.open(ours).also == ()
    (pair,) = vault.list_doubles()
    assert "another name" in pair.why
    assert keep(vault, document="4711", name="Ben Beta") == theirs


def test_a_record_number_counts_only_in_the_house_that_gave_it(vault: Vault) -> None:
    one = keep(vault, document="1001", issuer="urn:hospital:a", name="Ann Alpha")
    other = keep(vault, document="1001", issuer="urn:hospital:b", name="Ben Beta")
    silent = keep(vault, document="1001", issuer="urn:hospital:c")
    assert len({one, other, silent}) == 3
    assert keep(vault, document="1001", issuer="urn:hospital:b", name="Beta, Ben") == other


def test_noughts_lost_in_front_are_one_person_with_the_name_and_a_question_without(
    vault: Vault,
) -> None:
    first = keep(vault, document="0012345", name="Ann Alpha")
    assert keep(vault, document="12345") != first
    assert "noughts" in vault.list_doubles()[0].why
    other = keep(vault, document="0077", name="Ben Beta")
    assert keep(vault, document="77", name="Ben Beta") == other


def test_a_document_learned_later_joins_the_person_of_that_name_and_telephone(vault: Vault) -> None:
    first = keep(vault, name="Ann Alpha", phone="13900001111")
    assert keep(vault, document="D1", name="Ann Alpha", phone="13900001111") == first
    assert keep(vault, document="D1") == first
    other = keep(vault, document="D2", name="Ann Alpha", phone="13900001111")
    assert other != first
    assert "another document" in vault.list_doubles()[0].why


def test_strangers_of_one_name_are_told_apart_by_where_they_live(vault: Vault) -> None:
    here = keep(vault, name="Wei Zhang", reported_in="310101")
    assert keep(vault, name="wei zhang", reported_in="310101") == here
    assert keep(vault, name="Wei Zhang", reported_in="310115") != here
    assert keep(vault, name="Wei Zhang", address="1 Road") != here


def test_an_accent_at_one_address_is_a_question(vault: Vault) -> None:
    one = keep(vault, name="Élise Exemple", address="7 Road")
    assert keep(vault, name="Elise Exemple", address="7  road") != one
    assert keep(vault, name="Exemple", address="8 Road") != one
    assert len(vault.list_doubles()) == 1


@pytest.mark.parametrize("word", ["N/A", "无", "0", "Unknown", "k.A.", "1.39E+10"])
def test_words_for_no_document_merge_nobody(vault: Vault, word: str) -> None:
    one = keep(vault, name="Ann Alpha", document=word, phone=word)
    assert keep(vault, name="Ben Beta", document=word, phone=word) != one
    with pytest.raises(InputError) as refused:
        keep(vault, document=word, phone=word)
    assert refused.value.code == "no_identity"


def test_naming_somebody_writes_nothing(vault: Vault, tmp_path: Path) -> None:
    subject = vault.pseudonym(Identity(name="Ann Alpha", document="D1"))
    with pytest.raises(AbsentError):
        vault.open(subject)
    db = sqlite3.connect(tmp_path / "vault" / "vault.sqlite")
    assert db.execute("SELECT count(*) FROM person_keys").fetchone() == (0,)
    db.close()


def test_persons_of_one_batch_are_compared_with_each_other(vault: Vault) -> None:
    arriving = Arriving()
    one = vault.pseudonym(Identity(document="9", name="Ann Alpha"), arriving)
    other = vault.pseudonym(Identity(document="9", name="Ben Beta"), arriving)
    again = vault.pseudonym(Identity(document="9", name="Ann Alpha"), arriving)
    assert one == again != other
    vault.keep(Identity(document="9", name="Ann Alpha"), one)
    vault.keep(Identity(document="9", name="Ben Beta"), other)
    assert vault.pseudonym(Identity(document="9", name="Ben Beta")) == other


def test_two_who_are_one_are_merged_and_unmerged_again(vault: Vault) -> None:
    one = keep(vault, name="Ann Alpha", phone="13900001111")
    other = keep(vault, name="Anna Alphabet", phone="13900001111")
    vault.merge(other, one, "she said so")
    assert keep(vault, name="Anna Alphabet", phone="13900001111") == one
    assert [pair.state for pair in vault.list_doubles(None)] == ["merged"]
    assert vault.list_doubles() == []
    assert {vault.open(other).name, *(p.name for p in vault.open(other).also)} >= {"Ann Alpha"}
    with pytest.raises(ConflictError):
        vault.merge(one, other, "again")
    assert vault.unmerge(other, "two sisters") == one
    assert keep(vault, name="Anna Alphabet", phone="13900001111") == other
    assert [pair.state for pair in vault.list_doubles(None)] == ["apart"]
    with pytest.raises(ConflictError):
        vault.unmerge(other, "again")


def test_persons_of_an_earlier_release_are_found_again(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "vault")
    subject = keep(vault, document="D1", name="Ann Alpha")
    vault.close()
    db = sqlite3.connect(tmp_path / "vault" / "vault.sqlite")
    for table in ("person_keys", "likely_doubles", "merged_persons", "other_identities"):
        db.execute(f"DROP TABLE {table}")
    db.commit()
    db.close()
    vault = open_vault(tmp_path / "vault")
    assert vault.pseudonym(Identity(document="d1", name="Ann Alpha")) == subject
    assert vault.open(subject).name == "Ann Alpha"
    vault.close()


def test_nothing_readable_is_in_the_index(vault: Vault, tmp_path: Path) -> None:
    keep(vault, name="Ann Alpha", phone="13900001111", document="D-0815", address="1 Road")
    keep(vault, name="Ben Beta", phone="13900001111")
    for path in (tmp_path / "vault").iterdir():
        content = path.read_bytes().lower()
        assert not any(word in content for word in (b"alpha", b"1390000", b"d0815", b"1 road"))


def test_whoever_is_forgotten_leaves_no_key_and_no_double(vault: Vault, tmp_path: Path) -> None:
    one = keep(vault, name="Ann Alpha", phone="13900001111")
    other = keep(vault, name="Ben Beta", phone="13900001111")
    vault.merge(other, one, "by mistake")
    assert vault.forget_all_but({one}, {other}) == 1
    assert vault.list_doubles(None) == []
    assert vault.open(one).also == ()
    vault.forget_all_but(set(), {one})
    db = sqlite3.connect(tmp_path / "vault" / "vault.sqlite")
    assert db.execute("SELECT count(*) FROM person_keys").fetchone() == (0,)
    db.close()


def test_a_new_key_seals_everything_that_was_said(vault: Vault) -> None:
    subject = keep(vault, document="D1", name="Li")
    keep(vault, document="D1", name="Li Lei")
    vault.rotate()
    assert msgspec.structs.asdict(vault.open(subject).also[0])["name"] == "Li"


def test_a_key_that_another_process_has_turned_makes_nobody_a_stranger(tmp_path: Path) -> None:
    vault, other = open_vault(tmp_path / "vault"), open_vault(tmp_path / "vault")
    subject = keep(vault, document="D1", name="Ann Alpha")
    other.rotate()
    assert keep(vault, document="D1", name="Ann Alpha", phone="13900001111") == subject
    vault.close()
    other.close()
