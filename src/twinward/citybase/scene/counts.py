"""What a scene's sources held: read, mended, left out, and why."""

from __future__ import annotations

from collections import Counter

from twinward.citybase.scene.validity.faults import FaultCount


class SceneCount:
    """Objects read; notes on what was mended or doubted; what was left out; faults of geometry."""

    def __init__(self) -> None:
        self.read = 0
        self.notes: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.faults = FaultCount()
