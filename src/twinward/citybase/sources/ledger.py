"""The count of one source: read = kept + rejected, and each rejected row with its line and
reason in a file.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from twinward.core.errors import InputError


class SourceLedger:
    """Counts one source. `label` says file and block for messages; `name` is the source's name
    in reports.
    """

    def __init__(self, name: str, label: str) -> None:
        self.name, self.label = name, label
        self.read = 0
        self.rejected: list[tuple[int, str, str]] = []
        self.notes: Counter[str] = Counter()
        self.people: dict[str, float] = {}  # residents that were not taken, by why
        self.questions: list[str] = []  # rows a person should look at

    def reject(self, line: int, reason: str, row: object = "") -> None:
        """One row that cannot be used; `line` counts from 1 in the file (rows or features where it
        has no lines).

        Reports count by the part of `reason` before ": "; the file of rejected rows has all of it.
        """
        self.rejected.append((line, reason, str(row)[:500]))

    def note(self, what: str, count: int = 1) -> None:
        """Something done to rows that were kept (mended, snapped), counted."""
        self.notes[what] += count

    def lose(self, why: str, people: float) -> None:
        """Residents of the source who are not in the city."""
        self.people[why] = self.people.get(why, 0.0) + people

    def ask(self, line: int, what: str) -> None:
        """A row that was left out and looks like a slip: a person should say what is meant."""
        self.questions.append(f"{self.label}, line {line}: {what}")

    @property
    def kept(self) -> int:
        return self.read - len(self.rejected)

    def require_some(self, advice: str) -> None:
        """InputError when nothing of the source could be used."""
        if self.kept <= 0:
            if self.rejected and "`crs`" in self.rejected[0][1]:
                advice = 'set `crs` of this block in the city file, as crs = "EPSG:25832"'
            if self.rejected and "is no number" in self.rejected[0][1]:
                advice = "write plain figures; `thousands` and `decimal` of this block name signs"
            first = (
                f"; the first: line {self.rejected[0][0]}: {self.rejected[0][1]}"
                if self.rejected
                else ""
            )
            raise InputError(
                f"{self.label}: none of {self.read} rows can be used{first}",
                advice,
                code="empty_source",
            )

    def report(self) -> dict[str, object]:
        people = (
            {"people_left_out": {why: round(count) for why, count in self.people.items()}}
            if self.people
            else {}
        )
        reasons = Counter(reason.split(": ")[0] for _, reason, _ in self.rejected)
        return {
            "name": self.name,
            "read": self.read,
            "kept": self.kept,
            "rejected": len(self.rejected),
            "reasons": dict(reasons.most_common()),
            "notes": dict(self.notes),
            **people,
        }

    def write(self, directory: Path) -> None:
        """The rejected rows as `<directory>/<name>.csv`; no file when there are none."""
        if not self.rejected:
            return
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / f"{self.name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["line", "reason", "row"])
            writer.writerows(self.rejected)
