"""`import twinward` offers everything and loads nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import pytest

import twinward as tw


def test_importing_twinward_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import twinward;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new & {'numpy', 'numba', 'pandas', 'msgspec', 'matplotlib', 'pyarrow'}),"
        "sorted(name for name in sys.modules if name.startswith('twinward.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_every_name_that_is_offered_is_there_and_listed() -> None:
    for name in tw.__all__:
        assert getattr(tw, name) is not None
        assert name in dir(tw)


def test_every_face_says_what_it_is_and_offers_only_what_it_has() -> None:
    for name in ("city", "logistics", "planning", "simulation", "surveillance", "tracing"):
        face = getattr(tw, name)
        assert face.__doc__ and "import twinward as tw" in face.__doc__
        for offered in face.__all__:
            assert hasattr(face, offered), f"tw.{name}.{offered}"


def test_every_function_and_class_of_a_face_is_documented() -> None:
    for name in ("city", "logistics", "planning", "simulation", "surveillance", "tracing"):
        face = getattr(tw, name)
        for offered in face.__all__:
            one = getattr(face, offered)
            if getattr(one, "__module__", "").startswith("twinward.faces"):
                assert (one.__doc__ or "").strip(), f"tw.{name}.{offered} has no docstring"


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tw.nothing


def test_the_package_says_that_it_is_typed() -> None:
    assert (resources.files("twinward") / "py.typed").is_file()


def test_an_argument_error_is_a_value_error_and_a_twinward_error() -> None:
    error = tw.ArgumentError("days must be 1 to 60, got 90", "give fewer", argument="days")
    assert isinstance(error, ValueError)
    assert isinstance(error, tw.InputError)
    assert isinstance(error, tw.TwinwardError)
    assert (error.argument, error.code) == ("days", "bad_argument")
    assert str(error) == "days must be 1 to 60, got 90. give fewer"
