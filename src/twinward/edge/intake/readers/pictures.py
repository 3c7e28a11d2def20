"""Text in pictures. The picture is turned the right way up, read, and forgotten: nothing of it, and
nothing that its maker wrote beside it, leaves this process.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import MOST_PIXELS, UnreadableError

LEAST_SURE = 0.5
LONGEST_SIDE = 4000
SETTINGS = {
    "Global.log_level": "critical",
    "Det.limit_type": "max",  # else a narrow strip is blown up until its short side is 736
    "Det.limit_side_len": 1920,
    "EngineConfig.onnxruntime.intra_op_num_threads": 2,
}
_engine: list[Any] = []


def open_picture(data: bytes) -> Any:
    """RGB, the right way up; UnreadableError for a broken or huge one."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        picture: Any = Image.open(io.BytesIO(data))
        if picture.width * picture.height > MOST_PIXELS:
            raise UnreadableError("too_many_pixels")
        picture.load()
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    except UnreadableError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableError("too_many_pixels") from error
    except Exception as error:  # a decoder fails in any way it likes
        raise UnreadableError("broken_picture", str(error)) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture


def find_engine() -> Any | None:
    """The reader of letters, once; None where the extra `intake` is not installed."""
    if not _engine:
        try:
            import onnxruntime
            from rapidocr import RapidOCR

            onnxruntime.disable_telemetry_events()  # nothing is told to its maker

            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)  # it says what it read
            _engine.append(RapidOCR(params=SETTINGS))
        except ImportError:
            _engine.append(None)
    return _engine[0]


def read_picture(data: bytes, name: str = "picture") -> Part:
    """The lines of a picture; UnreadableError `no_ocr` where nothing can read it here."""
    return read_lines(open_picture(data), name)


def read_lines(picture: Any, name: str) -> Part:
    import numpy as np

    engine = find_engine()
    if engine is None:
        raise UnreadableError("no_ocr")
    answer = engine(np.asarray(picture)[:, :, ::-1])
    if answer.txts is None:
        return Part(name=name, text="", how="ocr", sure=0.0)
    rows = [
        (box, text, score)
        for box, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True)
        if score >= LEAST_SURE
    ]
    text = in_lines(rows)
    sure = sum(score for _, _, score in rows) / len(rows) if rows else 0.0
    return Part(name=name, text=text, how="ocr", sure=round(float(sure), 3))


def in_lines(rows: list[tuple[Any, str, float]]) -> str:
    """Pieces on one height are one line; a line that ends without a stop goes on in the next."""
    pieces = sorted(
        (
            (min(p[1] for p in box), max(p[1] for p in box), min(p[0] for p in box), text)
            for box, text, _ in rows
        ),
        key=lambda one: (one[0], one[2]),
    )
    lines: list[list[tuple[float, float, float, str]]] = []
    for piece in pieces:
        last = lines[-1] if lines else None
        if last is not None and piece[0] < (last[0][0] + last[0][1]) / 2:
            last.append(piece)
        else:
            lines.append([piece])
    texts = [" ".join(one[3] for one in sorted(line, key=lambda p: p[2])) for line in lines]
    return join_lines(texts)


def join_lines(lines: list[str]) -> str:
    """Lines of running text joined again: Chinese without a blank, Latin with one."""
    text = ""
    for line in lines:
        if not text:
            text = line
        elif re.search(r"[。！？!?.;；:：]$", text):
            text += "\n" + line
        elif re.search(r"[\u4e00-\u9fff，、]$", text) and re.match(r"[\u4e00-\u9fff\d]", line):
            text += line
        else:
            text += " " + line
    return text
