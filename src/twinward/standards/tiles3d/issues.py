"""What is wrong with a tileset: issues with the names that the public validators give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

ERROR, WARNING, INFO = "ERROR", "WARNING", "INFO"
# faults that a reader can live with; every other name is an error
WARNINGS = {
    "ASSET_VERSION_UNKNOWN", "BUFFERS_WITHOUT_BUFFER_VIEWS", "EXTENSION_NOT_SUPPORTED",
    "EXTENSION_USED_BUT_NOT_FOUND", "IO_WARNING", "TEMPLATE_URI_MISSING_VARIABLE_NAME",
    "TILE_GEOMETRIC_ERRORS_INCONSISTENT", "TILE_REFINE_WRONG_CASE", "TYPE_UNEXPECTED",
}  # fmt: skip
INFOS = {"METADATA_SEMANTIC_UNKNOWN"}


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: its name, how bad it is, where it lies, and what lies beneath it."""

    name: str
    severity: str
    path: str
    message: str
    causes: tuple[Issue, ...] = ()


class Report:
    """The issues of one file, in the order in which they were met."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def add(self, name: str, path: str, message: str, severity: str = "") -> None:
        told = severity or (WARNING if name in WARNINGS else INFO if name in INFOS else ERROR)
        self.issues.append(Issue(name=name, severity=told, path=path, message=message))

    def add_inner(self, prefix: str, path: str, inner: Report) -> None:
        """What a part brought up as one issue: `CONTENT_VALIDATION_ERROR` and the like."""
        severity = worst(one.severity for one in inner.issues)
        if severity:
            name = f"{prefix}_{severity}"
            text = f"{path} has {len(inner.issues)} issues"
            self.issues.append(
                Issue(
                    name=name,
                    severity=severity,
                    path=path,
                    message=text,
                    causes=tuple(inner.issues),
                )
            )

    @property
    def errors(self) -> int:
        return sum(one.severity == ERROR for one in self.issues)

    @property
    def sound(self) -> bool:
        return not self.errors


def worst(severities: Iterable[str]) -> str:
    """The worst of them; empty without any."""
    found = set(severities)
    return next((one for one in (ERROR, WARNING, INFO) if one in found), "")


def flatten(issues: Iterable[Issue]) -> list[Issue]:
    """The issues at the bottom: each that has no cause beneath it."""
    found: list[Issue] = []
    for one in issues:
        found += flatten(one.causes) if one.causes else [one]
    return found


def count_names(issues: Iterable[Issue]) -> dict[str, int]:
    """How often each fault occurs, at the bottom."""
    return dict(sorted(Counter(one.name for one in flatten(issues)).items()))
