"""A correction re-issues: what a status took from its holder is signed anew when it is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from twinward.core.errors import AbsentError, ConflictError
from twinward.service.passes.issuing import Issued, Wish, issue_one
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.statuses import binding_status
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.passes.rows import HOLDINGS, PASSES, IssuedPass

LEAST = timedelta(minutes=20)  # what ends sooner is not worth a new pass
AGAIN = ("day", "paper", "family")  # a journey names its ends, which no record keeps: asked anew


def reissue(platform: Platform, caller: Caller, subject: str) -> Sequence[Issued]:
    """New passes for those of a person that a status revoked and that would still run: the same
    kind and end, another place. None while a status binds them, or where there are no keys.
    """
    now = platform.clock.now().replace(microsecond=0)
    with platform.store.read() as rows:
        if binding_status(rows, subject, now) is not None:
            return ()
        held = [row.id for row in rows.list_rows(HOLDINGS, subject=subject) if row.until > now]
        found = [rows.find(PASSES, name) for name in held]
    lost: dict[str, IssuedPass] = {}
    for row in found:
        if row is None or row.revoked_because != "status_changed" or row.kind not in AGAIN:
            continue
        if row.until > now + LEAST and row.until > lost.get(row.kind, row).until - LEAST:
            lost[row.kind] = row
    running = {row.kind for row in found if row is not None and row.state == "good"}
    try:
        signing = open_store(platform.workspace / FOLDER).signing(now)
    except (AbsentError, ConflictError):
        return ()
    made = []
    for kind, row in sorted(lost.items()):
        if kind not in running:
            wish = Wish(kind=kind, area=row.area, subject=subject, until=row.until)
            made.append(issue_one(platform, caller, wish, now, signing, []))
    return made
