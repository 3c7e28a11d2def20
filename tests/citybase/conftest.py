"""Small cities for the tests of the build."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

spec = importlib.util.spec_from_file_location(
    "small_city", Path(__file__).with_name("small_city.py")
)
assert spec is not None and spec.loader is not None
helper = importlib.util.module_from_spec(spec)
sys.modules["small_city"] = helper
spec.loader.exec_module(helper)


@pytest.fixture
def small_city(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small city into a fresh folder; see `small_city.small_city`."""

    def write(**options: Any) -> Path:
        path: Path = helper.small_city(tmp_path / "in", **options)
        return path

    return write
