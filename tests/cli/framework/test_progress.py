"""Progress where no person is looking: a few lines, not a bar."""

from __future__ import annotations

import pytest

from twinward.cli.framework.progress import progress_lines


def test_each_quarter_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_lines("calibrate") as tell:
        for done in range(17):
            tell(f"{done} of 16 trials", done / 16)
    assert capsys.readouterr().err.splitlines() == [
        "calibrate: 4 of 16 trials (25%)",
        "calibrate: 8 of 16 trials (50%)",
        "calibrate: 12 of 16 trials (75%)",
        "calibrate: 16 of 16 trials (100%)",
    ]
