"""The console speaks its own words: it holds no text of the server's and reads none apart."""

from __future__ import annotations

import re
from pathlib import Path

from twinward.library.loading import load_library
from twinward.library.texts import load_texts

SOURCE = Path(__file__).resolve().parents[2] / "console" / "src"


def test_the_console_holds_no_sentence_of_the_server() -> None:
    known = {
        path: path.read_text("utf-8") for path in SOURCE.rglob("*.*") if path.suffix != ".d.ts"
    }
    said = {text for plan in load_library().plans.values() for text in plan.texts()}
    said |= {re.split(r"[{:;]", text)[0] for text in load_texts("en").values()}
    sentences = {text for text in said if len(text.split()) > 4}
    assert len(sentences) > 40
    held = {(path.name, text) for path, code in known.items() for text in sentences if text in code}
    assert not held
