"""Small instances made by arithmetic, and the published ones where they are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twinward.core.chance import generator

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "location_routing"


def published(name: str) -> str:
    """The text of a published instance; skips the test where the shared data are not beside the
    project.
    """
    path = SHARED / name
    if not path.is_file():
        pytest.skip(
            f"the published instance {name} is not beside the project "
            f"(../shared/data/location_routing)"
        )
    return path.read_text()


def random_graph(n: int, p: int, seed: int) -> str:
    """A connected graph in OR-Library form with whole costs from 1 to 100."""
    rng = generator(seed, "test-orlib")
    edges = [(i, i + 1) for i in range(1, n)] + [
        tuple(rng.choice(n, 2, replace=False) + 1) for _ in range(2 * n)
    ]
    rows = [f"{a} {b} {rng.integers(1, 101)}" for a, b in edges]
    return f" {n} {len(rows)} {p}\n" + "\n".join(rows)


def dense_graph(n: int, p: int, seed: int) -> str:
    """Made as the published p-median instances are: n * n / 50 random edges with costs of 1 to
    100; nodes renamed.
    """
    rng = generator(seed, "test-orlib-dense")
    edges = [(i, i + 1) for i in range(n - 1)] + [
        rng.choice(n, 2, replace=False) for _ in range(n * n // 50 - n + 1)
    ]
    name = rng.permutation(n) + 1
    rows = [f"{name[a]} {name[b]} {rng.integers(1, 101)}" for a, b in edges]
    return f" {n} {len(rows)} {p}\n" + "\n".join(rows)


def random_rounds(
    n: int, seed: int, *, windows: bool = False, label: str = "order"
) -> tuple[str, dict[int, int]]:
    """A VRPLIB text of n nodes and {node number: its place in the unlabelled instance}.

    With `label` "mixed" the node numbers are permuted, the depot is not the first, and the sections
    come in another order: the same instance under other names.
    """
    rng = generator(seed, "test-vrplib")
    xy = rng.integers(0, 100, (n, 2))
    demand = np.concatenate([[0], rng.integers(1, 20, n - 1)])
    early = rng.integers(0, 200, n)
    number = np.arange(1, n + 1) if label == "order" else rng.permutation(n) + 1
    order = np.arange(n) if label == "order" else rng.permutation(n)
    blocks = [
        ["NODE_COORD_SECTION", *(f"{number[i]} {xy[i, 0]} {xy[i, 1]}" for i in order)],
        ["DEMAND_SECTION", *(f"{number[i]} {demand[i]}" for i in order[::-1])],
        ["DEPOT_SECTION", str(number[0]), "-1"],
    ]
    if windows:
        late = [
            f"{number[i]} {early[i]} {early[i] + 150}" if i else f"{number[0]} 0 800" for i in order
        ]
        blocks.append(["TIME_WINDOW_SECTION", *late])
    if label != "order":
        blocks.reverse()
    keys = ["NAME : made", f"DIMENSION : {n}", "CAPACITY : 60", "EDGE_WEIGHT_TYPE : EUC_2D"]
    keys += ["TYPE : CVRPTW", "SERVICE_TIME : 5"] if windows else ["TYPE : CVRP"]
    text = "\n".join([*keys, *(line for block in blocks for line in block), "EOF"])
    return text, {int(number[i]): i for i in range(n)}
