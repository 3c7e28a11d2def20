"""Who may have infected each case, likeliest first: the answer to a question that has more than
one.
"""

from __future__ import annotations

import msgspec
import numpy as np

from twinward.decision.tracing.chains.stated import BACKWARD, FORWARD, INFECTOR
from twinward.decision.tracing.chains.table import LineList
from twinward.decision.tracing.chains.tree import Posterior

MOST_CANDIDATES = 10
LEAST_PROBABILITY = 0.01  # the first three are named however unlikely they are
ALWAYS = 3


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may have infected a case; `stated` when a contact or the list names the pair."""

    infector: str
    probability: float
    stated: bool


class CaseCandidates(msgspec.Struct, frozen=True, kw_only=True):
    """Who may have infected a case, likeliest first; `others` in the list who are not named;
    `outside` of it.
    """

    infectee: str
    candidates: list[Candidate]
    others: float
    outside: float


def is_stated(cases: LineList, infector: int, infectee: int) -> bool:
    """Whether the list or the contacts name the two, in whichever order."""
    return statement(cases, infector, infectee) != 0


def is_turned(cases: LineList, infector: int, infectee: int) -> bool:
    """Whether the contacts name the two only in the other order, the infectee first."""
    return statement(cases, infector, infectee) == BACKWARD


def statement(cases: LineList, infector: int, infectee: int) -> int:
    rows = slice(cases.contacts.start[infectee], cases.contacts.start[infectee + 1])
    value = cases.contacts.value[rows][cases.contacts.source[rows] == infector]
    return int(value[0]) & (FORWARD | BACKWARD | INFECTOR) if len(value) else 0


def list_candidates(cases: LineList, posterior: Posterior) -> list[CaseCandidates]:
    """For every case in the order of onset. What stand-ins carry (more infectors than columns)
    is in `others`.
    """
    exact = posterior.exact_columns
    who, probability = posterior.who[:, :exact], posterior.probability[:, :exact]
    order = np.argsort(-np.where(who >= 0, probability, -1.0), axis=1, kind="stable")[
        :, :MOST_CANDIDATES
    ]
    everybody = np.where(posterior.who >= 0, posterior.probability, 0.0).sum(axis=1)
    out = []
    for j, name in enumerate(cases.ids):
        named = [
            Candidate(infector=cases.ids[i], probability=round(p, 4), stated=is_stated(cases, i, j))
            for rank, (i, p) in enumerate(
                zip(who[j, order[j]].tolist(), probability[j, order[j]].tolist(), strict=True)
            )
            if i >= 0 and p > 0 and (p >= LEAST_PROBABILITY or rank < ALWAYS)
        ]
        rest = max(float(everybody[j]) - sum(one.probability for one in named), 0.0)
        outside = round(float(posterior.outside[j]), 4)
        out.append(
            CaseCandidates(infectee=name, candidates=named, others=round(rest, 4), outside=outside)
        )
    return out
