"""What a file may cost, and how readers say that they stopped."""

from __future__ import annotations

MOST_BYTES = 50_000_000  # of a file
MOST_TEXT = 2_000_000  # letters of all its parts
MOST_PAGES = 200  # of a PDF, and pictures of one file
MOST_OCR_PAGES = 20
MOST_PIXELS = 60_000_000
MOST_MEMBERS = 2000  # of a ZIP
MOST_INFLATED = 100_000_000
MOST_RATIO = 300  # of a member of a ZIP, from a megabyte on
MOST_DEPTH = 3  # a mail in a mail in a mail


class UnreadableError(Exception):
    """The file cannot be read; `code` says why and stays."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
