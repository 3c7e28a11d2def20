"""Two hundred files that are broken or mean harm: each is refused with a sentence or read right, in
time and in memory; none ends the reader, none leaves a file.
"""

from __future__ import annotations

import os
import resource
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.intake.broken import Broken, all_of, quick
from twinward.core.errors import InputError, TwinwardError
from twinward.edge.intake import sandbox
from twinward.edge.intake.reader import read_bytes
from twinward.edge.intake.readers.limits import UnreadableError

QUICK = quick()
NEVER = ("crash", "time")
SEED = int(os.environ.get("TWINWARD_SEED", "19"))
EXTRA = all(find_spec(one) is not None for one in ("rapidocr", "pypdfium2"))


def judge(one: Broken, code: str, read: str) -> str:
    """What is wrong with what came of it; empty where it is right."""
    if code:
        good = code in sandbox.WHY and code not in NEVER
        expected = not (one.codes or one.says) or code in one.codes
        return "" if good and expected else f"{one.name}: refused with {code}"
    if one.codes and not one.says and one.name.split()[0] != "half":
        return f"{one.name}: read, {read[:60]!r}"
    return "" if one.says in read else f"{one.name}: {one.says} is not in {read[:60]!r}"


@pytest.mark.parametrize("one", QUICK, ids=[one.name for one in QUICK])
def test_each_is_refused_with_a_sentence_or_read_right(one: Broken) -> None:
    if one.data.startswith(b"%PDF") and not EXTRA:
        pytest.skip("the extra intake is not installed")
    try:
        found = read_bytes(one.data)
    except UnreadableError as error:
        assert judge(one, error.code, "") == ""
    else:
        assert judge(one, "", "\n".join(part.text for part in found.parts)) == ""


@pytest.mark.slow
@pytest.mark.skipif(not EXTRA, reason="the extra intake is not installed")
def test_two_hundred_of_them_in_the_process_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    print("seed", SEED)  # noqa: T201
    wrong: list[str] = []
    refused, longest, before_s = 0, (0.0, ""), 0.0
    with open(os.environ.get("TWINWARD_SAY", os.devnull), "a", buffering=1) as out:
        for number, one in enumerate(all_of(SEED)):
            try:
                read = sandbox.read_file(one.data)
            except TwinwardError as error:
                refused += 1
                assert isinstance(error, InputError) and error.message and error.advice
                wrong.append(judge(one, str(error.code).removeprefix("unreadable_"), ""))
            else:
                wrong.append(judge(one, "", "\n".join(part.text for part in read.parts)))
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            work_s = used.ru_utime + used.ru_stime
            longest = max(longest, (round(work_s - before_s, 1), one.name))
            out.write(f"{number} {one.name}: {work_s - before_s:.1f} s {wrong[-1]}\n")
            before_s = work_s
        out.write(
            f"seed {SEED}: {len(wrong)} files, {refused} refused, longest {longest}, largest "
            f"{used.ru_maxrss >> 10} MB, {work_s:.0f} s of processor\n"
        )
    assert len(wrong) == 200
    assert [one for one in wrong if one] == []
    assert list(tmp_path.rglob("*")) == []
