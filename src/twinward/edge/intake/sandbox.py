"""A file is read in a process of its own, which ends by time and by memory whatever is in it,
writes no file and hands back nothing but text.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import msgspec

from twinward.core.errors import InputError, TooLargeError
from twinward.edge.intake.claim import ReadFile
from twinward.edge.intake.readers.limits import MOST_BYTES

READER = ("-m", "twinward.edge.intake.reader")  # it bounds its own processor time
NOWHERE = "/proc"  # nobody can make a file there: onnxruntime leaves one where it can
LONGEST_S = 600.0  # by the clock: on a busy machine two minutes of work take longer
WHY = {
    "empty": ("the file is empty", "send one that says something"),
    "encrypted": ("the file is locked with a password", "send it without one"),
    "broken_pdf": ("the PDF cannot be read", "print it into a new PDF, then send that"),
    "broken_zip": ("the file is damaged", "save it again, then send it"),
    "broken_xml": ("the file is damaged", "save it again, then send it"),
    "broken_picture": ("the picture cannot be read", "save it again, then send it"),
    "xml_entities": ("the file defines entities, which no office program writes", "save it anew"),
    "zip_bomb": ("the file would unpack to far more than it is", "send its parts one by one"),
    "unknown_zip": ("a ZIP is not unpacked", "send its parts one by one"),
    "too_many_pixels": ("the picture has too many pixels", "send a smaller one"),
    "too_deep": ("the file holds files within files", "send the inner ones"),
    "too_long": ("the recording is longer than four hours", "send a part of it"),
    "sound_format": ("only WAVE recordings are read", "convert it to WAVE (PCM)"),
    "video": (
        "films are not read: no model that could be had is good enough",
        "take the events that a camera makes of its own",
    ),
    "old_office": ("the file is of an office program before 2007", "save it as docx or xlsx"),
    "not_text": ("the file is no document", "send a document, picture, mail or text"),
    "no_ocr": (
        "this installation reads no letters in pictures",
        "install the extra `intake`: pip install 'twinward[intake]'",
    ),
    "no_pdf": (
        "this installation reads no PDF",
        "install the extra `intake`: pip install 'twinward[intake]'",
    ),
    "memory": ("the file needed more memory than it may have", "send a smaller one"),
    "time": ("the file took more than two minutes of work", "send a smaller one"),
    "crash": ("the file could not be read: its reader ended", "save it anew, then send it"),
}


class _Failure(msgspec.Struct, frozen=True):
    code: str


def read_file(data: bytes, longest_s: float = LONGEST_S) -> ReadFile:
    """What a file says; InputError `unreadable_<why>`."""
    if len(data) > MOST_BYTES:
        raise TooLargeError(f"a file is larger than {MOST_BYTES // 1_000_000} MB", "send its parts")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, *READER],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=longest_s,
            env=kept | {"OMP_NUM_THREADS": "2", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": NOWHERE},
        )
    except subprocess.TimeoutExpired as error:
        raise unreadable("time") from error
    if done.returncode == -signal.SIGXCPU:
        raise unreadable("time")
    if done.returncode != 0 or not done.stdout:
        raise unreadable("crash")
    try:
        return msgspec.json.decode(done.stdout, type=ReadFile)
    except msgspec.ValidationError:
        raise unreadable(msgspec.json.decode(done.stdout, type=_Failure).code) from None


def unreadable(why: str) -> InputError:
    message, advice = WHY[why]
    return InputError(message, advice, code=f"unreadable_{why}")
