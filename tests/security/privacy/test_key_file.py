"""A key file that was torn opens, loses nothing that was acknowledged, and is whole again."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest

from twinward.core.errors import StorageError
from twinward.security.privacy import key_file
from twinward.security.privacy.keys import Keyring

DAY = date(2026, 11, 29)


def keep(ring: Keyring, *subjects: str) -> dict[str, bytes]:
    sealed = {who: ring.seal(who, DAY, f"of {who}".encode()) for who in subjects}
    ring.flush()
    return sealed


def test_a_torn_tail_at_every_byte_is_cut_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "subjects.keys"
    sealed = keep(Keyring(path), "pd-1", "pd-2")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        path.write_bytes(whole[:end])
        ring = Keyring(path)
        assert ring.open("pd-1", DAY, sealed["pd-1"]) == b"of pd-1"
        later = keep(ring, "pd-3")
        assert Keyring(path).open("pd-3", DAY, later["pd-3"]) == b"of pd-3"
        assert Keyring(path).bad_lines == 0
        assert path.read_bytes().startswith(whole[:first])


def test_two_lines_that_an_earlier_release_ran_together_give_the_second_key(tmp_path: Path) -> None:
    path = tmp_path / "subjects.keys"
    sealed = keep(Keyring(path), "pd-1", "abc-2", "pd-3")
    lines = path.read_bytes().splitlines(keepends=True)
    for torn in (2, 9, 30, 40):
        path.write_bytes(lines[0][: len(lines[0]) - torn] + lines[1] + lines[2])
        ring = Keyring(path)
        assert ring.open("abc-2", DAY, sealed["abc-2"]) == b"of abc-2"
        assert ring.open("pd-3", DAY, sealed["pd-3"]) == b"of pd-3"
    assert ring.destroy_all({("abc-2", DAY)}) == 1
    assert Keyring(path).open("abc-2", DAY, sealed["abc-2"]) is None
    assert Keyring(path).open("pd-3", DAY, sealed["pd-3"]) == b"of pd-3"


@pytest.mark.parametrize(
    "bad", [b"noise\n", b"a\tb\n", b"\xff\xfe\t\t\n", b"a\t2026-13-01\t00\n", b"\n"]
)
def test_one_bad_line_closes_nothing(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "subjects.keys"
    sealed = keep(Keyring(path), "pd-1", "pd-2")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + bad + lines[1])
    ring = Keyring(path)
    assert [ring.open(who, DAY, text) for who, text in sealed.items()] == [b"of pd-1", b"of pd-2"]
    assert len(ring.list_keys()) == 2
    assert ring.destroy_all({("pd-1", DAY)}) == 1
    assert Keyring(path).open("pd-2", DAY, sealed["pd-2"]) == b"of pd-2"


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "subjects.keys"
    ring = Keyring(path)
    sealed = keep(ring, "pd-1")
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        ring.seal("pd-2", DAY, b"x")
        with pytest.raises(StorageError) as refused:
            ring.flush()
    assert refused.value.code == "disk_full"
    assert path.read_bytes() == before
    ring.drop(0)
    again = keep(ring, "pd-3")
    assert Keyring(path).open("pd-3", DAY, again["pd-3"]) == b"of pd-3"
    assert Keyring(path).open("pd-1", DAY, sealed["pd-1"]) == b"of pd-1"


def test_keys_of_what_was_undone_are_not_written(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "k")
    ring.seal("kept", DAY, b"x")
    mark = ring.pending()
    ring.seal("refused", DAY, b"x")
    ring.drop(mark)
    ring.flush()
    assert b"refused" not in (tmp_path / "k").read_bytes()
    assert [who for who, _ in ring.list_keys()] == ["kept"]


def test_noise_is_no_key() -> None:
    assert key_file.read_line(b"") == []
    assert key_file.read_line(bytes(60)) == []
