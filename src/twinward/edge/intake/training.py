"""Learns `phrases/weights.tsv` from `phrases/*.txt`: multinomial logistic regression with a ridge,
the same on every run.

    python -m twinward.edge.intake.training [FOLDER]
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from twinward.edge.intake.features import counts, find_features
from twinward.edge.intake.weighing import WEIGHTS, Weights

RIDGE, MOST_STEPS = 0.05, 200
LEAST = 0.1  # a weight below it is not written
PHRASES = Path(__file__).parent / "phrases"


def read_phrases(folder: Path = PHRASES) -> list[tuple[str, str]]:
    """(phrase, kind) of every line."""
    return [
        (line, path.stem)
        for path in sorted(folder.glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def learn(phrases: Iterable[tuple[str, str]]) -> Weights:
    """The weights that tell these phrases apart."""
    told = list(phrases)
    kinds = sorted({kind for _, kind in told})
    rows: dict[str, int] = {}
    at: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for number, (text, _) in enumerate(told):
        found = find_features(text)
        for name in found:
            at.append(number)
            columns.append(rows.setdefault(name, len(rows)))
            values.append(counts(name) * len(found) ** -0.5)
    given = csr_matrix((values, (at, columns)), (len(told), len(rows)))
    truth = np.zeros((len(told), len(kinds)))
    truth[np.arange(len(told)), [kinds.index(kind) for _, kind in told]] = 1
    table, bias = solve(given, truth)
    return Weights(kinds=tuple(kinds), rows=rows, table=table, bias=bias)


def solve(
    given: csr_matrix, truth: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    features, kinds = given.shape[1], truth.shape[1]
    turned = given.T.tocsr()

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat[:-kinds].reshape(features, kinds)
        points = given @ table + flat[-kinds:]
        points -= points.max(axis=1, keepdims=True)
        logs = points - np.log(np.exp(points).sum(axis=1, keepdims=True))
        wrong = np.exp(logs) - truth
        slope = np.concatenate([(turned @ wrong + RIDGE * table).ravel(), wrong.sum(axis=0)])
        return float(-(logs * truth).sum() + RIDGE / 2 * (table**2).sum()), slope

    begin = np.zeros((features + 1) * kinds)
    found = minimize(cost, begin, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS}).x
    return (
        found[:-kinds].reshape(features, kinds).astype(np.float32),
        found[-kinds:].astype(np.float32),
    )


def digest(folder: Path = PHRASES) -> str:
    """Of all that the weights follow from."""
    made = hashlib.sha256()
    here = Path(__file__).parent
    for path in (*sorted(folder.glob("*.txt")), here / "kinds.toml", folder / "forms.tsv"):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:16]


def write(weights: Weights, told: str) -> str:
    lines = [
        "# Learnt from phrases/*.txt by `python -m twinward.edge.intake.training`; do not edit.",
        f"# of {told}",
        "\t".join(["feature", *weights.kinds]),
        "\t".join(["bias", *(f"{one:.3f}" for one in weights.bias)]),
    ]
    for name, row in sorted(weights.rows.items()):
        cells = [
            f"{kind}:{value:.2f}"
            for kind, value in enumerate(weights.table[row])
            if abs(value) >= LEAST
        ]
        if cells:
            lines.append("\t".join([name, *cells]))
    return "\n".join(lines) + "\n"


def main(folder: Path = PHRASES) -> None:
    text = write(learn(read_phrases(folder)), digest(folder))
    (folder / WEIGHTS).write_text(text, "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
