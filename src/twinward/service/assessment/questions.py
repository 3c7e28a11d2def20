"""The five functions by name, and the question that each answers."""

from __future__ import annotations

QUESTIONS: dict[str, str] = {
    "analyse": "what changed",
    "describe": "where it stands",
    "diagnose": "why: which setting, area or gap drives it",
    "predict": "what comes next",
    "guide": "what to do first",
}
