"""A configuration is wholly checked before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinward.core.errors import InputError
from twinward.edge.agent.config import EdgeConfig, load_config

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "run-an-edge.md"


def load(folder: Path, text: str) -> EdgeConfig:
    (folder / "edge.toml").write_text(text)
    return load_config(folder / "edge.toml")


def test_the_example_of_the_guide_is_one(tmp_path: Path) -> None:
    whole, login, broker, door, gate = re.findall(r"```toml\n(.*?)```", HOWTO.read_text(), re.S)
    assert load(tmp_path, whole).edge.token_file == "", "it runs on the centre's own machine"
    away = re.sub(r"^core = .*\n", login, whole, count=1, flags=re.M)
    assert load(tmp_path, away).edge.token_file == "gate-1.token"
    assert load(tmp_path, whole + broker).mqtt is not None
    assert load(tmp_path, door).mqtt is not None
    assert load(tmp_path, whole + gate).gate is not None  # the gate is a part that is added


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[edge", "no TOML"),
        ("", "edge"),
        ('[edge]\nid = "a/b"', "holds more than letters"),
        ('[edge]\nid = "a"\nlisten = "nowhere"', "no host and port"),
        ('[edge]\nid = "a"\nlisten = "127.0.0.1:99999"', "no host and port"),
        ('[edge]\nid = "a"\ndisk_mb = 0', "disk_mb"),
        ('[edge]\nid = "a"\ncolour = "red"', "colour"),
        ('[edge]\nid = "a"\n[[devices]]\nid = "d"\nprofile = "toaster"', "no device profile"),
        ('[edge]\nid = "a"\n[[rules]]\nid = "r"\nabove = 1\naction = "siren"', "no .* names"),
        ('[edge]\nid = "a"\n[mqtt]\nhost = "h"\ntopic = "all"', "must hold"),
        (
            '[edge]\nid = "a"\n' + '[[devices]]\nid = "d"\nprofile = "lift"\n' * 2,
            "stands twice",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_config(tmp_path / "no.toml")
