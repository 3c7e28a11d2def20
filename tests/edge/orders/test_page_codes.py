"""The holder's page draws the QR code that another encoder draws, cell for cell."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from reportlab.graphics.barcode.qrencoder import (
    QR8bitByte,
    QRAlphaNum,
    QRCode,
    QRErrorCorrectLevel,
)

from twinward.edge.orders.public_tree import PAGE

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TEXTS = [
    "HELLO",
    "TW1:" + LETTERS * 6,
    "TW1:" + "AB1" * 80,
    "A" * 520,
    "https://passes.example/pass.html#123.abcDEF",
    "x" * 300,
]


def test_every_cell_is_that_of_another_encoder(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = f"""
import {{ qr }} from '{(PAGE / "qr.js").as_uri()}'
const masks = [0, 1, 2, 3, 4, 5, 6, 7]
console.log(JSON.stringify({json.dumps(TEXTS)}.map((text) => masks.map((mask) => qr(text, mask)))))
"""
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for text, drawn in zip(TEXTS, json.loads(done.stdout), strict=True):
        for mask, cells in enumerate(drawn):
            peer = QRCode((len(cells) - 17) // 4, QRErrorCorrectLevel.M)
            alpha = all(letter in LETTERS for letter in text)
            peer.addData((QRAlphaNum if alpha else QR8bitByte)(text))
            peer.makeImpl(False, mask)
            assert [[int(bool(one)) for one in row] for row in peer.modules] == cells, (text, mask)
