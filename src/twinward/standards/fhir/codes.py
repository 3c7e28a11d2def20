"""The codes by which laboratories say what was tested for and what was found."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

Resource = dict[str, Any]

FINAL = {"final", "amended", "corrected", "appended"}
WITHDRAWN = {"cancelled", "entered-in-error"}
# SNOMED CT qualifiers, and the codes of HL7 v3 for an interpretation
POSITIVE = {"260373001", "10828004", "52101004", "POS", "DET", "RR"}
NEGATIVE = {"260415000", "260385009", "2667000", "NEG", "ND", "NR"}
UNCLEAR = {"419984006", "42425007", "82334004", "125154007", "373121007", "IND", "E"}
WORDS = {
    "positive": POSITIVE, "pos": POSITIVE, "detected": POSITIVE, "reactive": POSITIVE,
    "positiv": POSITIVE, "positivo": POSITIVE, "positif": POSITIVE, "阳性": POSITIVE,
    "陽性": POSITIVE, "检出": POSITIVE, "negative": NEGATIVE, "neg": NEGATIVE,
    "not detected": NEGATIVE, "undetected": NEGATIVE, "non-reactive": NEGATIVE,
    "negativ": NEGATIVE, "negativo": NEGATIVE, "négatif": NEGATIVE, "阴性": NEGATIVE,
    "陰性": NEGATIVE, "未检出": NEGATIVE, "inconclusive": UNCLEAR, "invalid": UNCLEAR,
    "indeterminate": UNCLEAR, "equivocal": UNCLEAR, "可疑": UNCLEAR,
    "detectado": POSITIVE, "détecté": POSITIVE, "nachgewiesen": POSITIVE, "present": POSITIVE,
    "rilevato": POSITIVE, "detetado": POSITIVE, "положительный": POSITIVE, "обнаружено": POSITIVE,
    "陽性反応": POSITIVE, "検出": POSITIVE, "양성": POSITIVE, "pozitif": POSITIVE,
    "non détecté": NEGATIVE, "no detectado": NEGATIVE, "não detectado": NEGATIVE,
    "não detetado": NEGATIVE, "nicht nachgewiesen": NEGATIVE, "non rilevato": NEGATIVE,
    "non reactive": NEGATIVE, "nonreactive": NEGATIVE, "absent": NEGATIVE,
    "none detected": NEGATIVE,
    "отрицательный": NEGATIVE, "не обнаружено": NEGATIVE, "検出せず": NEGATIVE, "不検出": NEGATIVE,
    "음성": NEGATIVE, "negatif": NEGATIVE, "reaktiv": POSITIVE, "nicht reaktiv": NEGATIVE,
    "presumptive positive": UNCLEAR, "unbestimmt": UNCLEAR, "indéterminé": UNCLEAR,
    "indeterminado": UNCLEAR, "灰区": UNCLEAR,
}  # fmt: skip

SARS2, FLU_A, FLU_B, FLU, RSV = (
    "sars-cov-2",
    "influenza-a",
    "influenza-b",
    "influenza",
    "rsv",
)
# LOINC codes of a single test -> the agent that it is for; a panel has no agent of its own
TESTS = {
    **dict.fromkeys(
        (
            "94500-6", "94309-2", "94533-7", "94534-5", "94559-2", "94314-2", "94316-7", "94565-9",
            "94759-8", "94845-5", "95406-5", "95409-9", "95425-5", "94558-4", "97097-0", "96119-3",
            "95209-3", "94306-8", "94310-0", "94315-9", "94502-2", "94640-0", "94641-8", "94660-8",
            "94756-4", "94757-2", "94758-0", "94760-6", "94767-1", "95608-6",
        ),
        SARS2,
    ),
    **dict.fromkeys(("92142-9", "80382-5", "76078-5", "43874-7", "88599-6", "34487-9"), FLU_A),
    **dict.fromkeys(("92141-1", "80383-3", "76080-1", "43895-2", "40982-1"), FLU_B),
    **dict.fromkeys(("92131-2", "85479-4", "76089-2", "88602-8"), RSV),
}  # fmt: skip
ORGANISMS = {"840533007": SARS2, "407479009": FLU_A, "407480007": FLU_B, "6415009": RSV}
DISEASES = {"840539006": SARS2, "1240581000000104": SARS2, "U07.1": SARS2, "6142004": FLU}
HAZARDS = {SARS2: "epidemic/sars-cov-2"}  # agent -> the hazard of the library that it belongs to
ASYMPTOMATIC = "189486241000119100"  # SNOMED CT: asymptomatic COVID-19


def listed(resource: object, name: str) -> list[Any]:
    found = resource.get(name) if isinstance(resource, dict) else None
    return found if isinstance(found, list) else []


def codes_in(concept: object) -> set[str]:
    return {str(coding.get("code")) for coding in listed(concept, "coding")}


def agent_of(concept: object) -> str | None:
    """What a test is for, where its code says so."""
    return next((TESTS[code] for code in sorted(codes_in(concept)) if code in TESTS), None)


def words_of(text: object) -> set[str]:
    """The codes of a result that is written in words, perhaps with a remark in brackets or after
    a comma: `DETECTED (Ct 24)`, `阳性(+)`.
    """
    if not isinstance(text, str):
        return set()
    whole = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
    if whole in WORDS:
        return WORDS[whole]
    short = re.split(r"[,;:.]", re.sub(r"\s*[(\[].*?[)\]]\s*", " ", whole), maxsplit=1)[0].strip()
    return WORDS.get(short, set())


def hazard_for(agent: str | None, asked: str | None) -> str | None:
    """The hazard of a positive result: what the reader was told, unless the test is of another."""
    own = HAZARDS.get(agent or "")
    if asked is None or agent is None:
        return asked or own
    fits = own is not None and (own == asked or own.startswith(f"{asked}/"))
    return asked if fits or agent.split("-")[0] in asked else None
