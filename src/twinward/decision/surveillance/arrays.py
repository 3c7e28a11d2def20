"""The array types of surveillance."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Floats = NDArray[Any]  # of float64
Ints = NDArray[Any]  # of int64
