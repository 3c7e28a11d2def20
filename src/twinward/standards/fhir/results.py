"""What a laboratory report found, result by result: a finding belongs to the test it stands at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from twinward.standards.fhir.bundle import Bundle, Entry
from twinward.standards.fhir.codes import (
    DISEASES,
    NEGATIVE,
    ORGANISMS,
    POSITIVE,
    UNCLEAR,
    agent_of,
    codes_in,
    listed,
    words_of,
)

DEEPEST = 5  # panels in panels


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test with its answer. `found`: positive, negative, unclear, or nothing that is coded."""

    agent: str | None
    test: str
    found: str
    status: str
    entry: Entry


def list_results(bundle: Bundle, report: Entry) -> list[TestResult]:
    """Every result of a report; of one without results what it concludes itself."""
    if report.kind == "Observation":
        return list(results_of(bundle, report))
    entries = [bundle.find(one, report) for one in listed(report.resource, "result")]
    found = [
        result for entry in entries if entry is not None for result in results_of(bundle, entry)
    ]
    if any(result.found for result in found):
        return found
    codes = {
        code for one in listed(report.resource, "conclusionCode") for code in codes_in(one)
    } | words_of(report.resource.get("conclusion"))
    agent = agent_of(report.resource.get("code"))
    named = next((DISEASES[code] for code in sorted(codes) if code in DISEASES), None)
    said = "positive" if named else say(codes)
    if not said or any(
        result.status not in ("", str(report.resource.get("status")).strip().lower())
        for result in found
    ):
        return found
    return [make_result(report.resource, named or agent, said, report)]


def results_of(bundle: Bundle, entry: Entry, depth: int = 0) -> Iterator[TestResult]:
    """The results of an observation: its own, of its components, of the members of a panel."""
    one = entry.resource
    codes = codes_in(one.get("valueCodeableConcept")) | words_of(one.get("valueString"))
    for concept in listed(one, "interpretation") if not say(codes) else ():
        codes |= codes_in(concept)
    codes |= words_of((one.get("valueCodeableConcept") or {}).get("text"))
    if isinstance(one.get("valueBoolean"), bool):
        codes |= POSITIVE if one["valueBoolean"] else NEGATIVE
    named = next((ORGANISMS[code] for code in sorted(codes) if code in ORGANISMS), None)
    agent = agent_of(one.get("code"))
    if named:
        yield make_result(one, named, "positive", entry)
    elif say(codes) or not (listed(one, "component") or listed(one, "hasMember")):
        yield make_result(one, agent, say(codes), entry)
    for part in listed(one, "component"):
        inner = codes_in(part.get("valueCodeableConcept")) | words_of(part.get("valueString"))
        for concept in listed(part, "interpretation") if not say(inner) else ():
            inner |= codes_in(concept)
        if say(inner):
            told = make_result(part, agent_of(part.get("code")) or agent, say(inner), entry)
            yield msgspec.structs.replace(told, status=str(one.get("status")).strip().lower())
    for reference in listed(one, "hasMember") if depth < DEEPEST else ():
        member = bundle.find(reference, entry)
        if member is not None and member.kind == "Observation":
            yield from results_of(bundle, member, depth + 1)


def make_result(one: dict[str, Any], agent: str | None, found: str, entry: Entry) -> TestResult:
    test = next(iter(sorted(codes_in(one.get("code")))), "")
    return TestResult(
        agent=agent,
        test=test,
        found=found,
        status=str(one.get("status") or "").strip().lower(),
        entry=entry,
    )


def say(codes: set[str]) -> str:
    """The finding, where the codes say one and no other."""
    words = [
        word
        for word, known in (("positive", POSITIVE), ("negative", NEGATIVE), ("unclear", UNCLEAR))
        if codes & known
    ]
    return words[0] if len(words) == 1 else ""


def parts_of(bundle: Bundle, report: Entry) -> set[int]:
    """The observations that are read as parts of this one, and not by themselves."""
    inner = [
        bundle.find(one, report)
        for name in ("result", "hasMember")
        for one in listed(report.resource, name)
    ]
    return {entry.place for entry in inner if entry is not None}
