"""Status lists and the public tree: everything a gate or a holder needs, as static signed bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.coding.texts import to_base64url
from twinward.core.errors import ConflictError, InputError
from twinward.edge.orders.public_tree import WrittenTree, page_files, write_tree
from twinward.security.passes import jws
from twinward.security.passes.batch_signing import decoy_places
from twinward.security.passes.ceremony import Signing, replace_file
from twinward.security.passes.status_list import Packed, pack, read_list, write_list
from twinward.service.console.basemap import Basemap
from twinward.service.console.workspaces import get_public
from twinward.service.passes.batch_folder import BatchFolder, list_batches
from twinward.service.passes.batches import delete_ended
from twinward.service.passes.issuing import TOKENS
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.list_places import (
    LIST_TTL_S,
    SHARD,
    address_of,
    decoys_of,
)
from twinward.service.passes.statuses import count_public
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.passes.rows import BATCHES, PASSES

PUBLISH = "publish"
LASTS = timedelta(days=14)
WEEKS_AHEAD = 3
REFRESH_S = 240  # gates come back after four to eight minutes, each at its own moment
LISTS = "lists"


def file_of(address: str) -> str:
    return address.removeprefix("tw:") + ".cwt"


def build_list(platform: Platform, address: str, at: datetime) -> Packed:
    """Revoked places and the decoys that are due."""
    size, decoys = list_of(platform, address)
    statuses = np.zeros(size, np.uint8)
    with platform.store.read() as rows:
        for row in rows.list_rows(PASSES, list_uri=address, state="revoked"):
            if row.index is not None:
                statuses[row.index] = 1
    year, week = address.removeprefix("tw:").partition(".")[0].split("w")
    end = datetime.fromisocalendar(int(year), int(week), 7).replace(tzinfo=at.tzinfo)
    lived = 1 - (end + timedelta(days=1) - at) / timedelta(weeks=WEEKS_AHEAD + 1)
    for place, share in decoys.items():
        if share <= lived:
            statuses[place] = 1
    return pack(statuses)


def list_of(platform: Platform, address: str) -> tuple[int, Mapping[int, float]]:
    """How many places a list has, and its decoys: a week's list, or that of a batch. A batch whose
    key is deleted has ended, and its list gets no further decoys.
    """
    folder = platform.workspace / FOLDER
    with platform.store.read() as rows:
        found = rows.list_rows(BATCHES, list_uri=address)
    if not found:
        return SHARD, decoys_of(folder, address).share
    kept = BatchFolder(folder, found[0].id)
    if not kept.path.exists():
        return found[0].places, {}
    return found[0].places, decoy_places(kept.read().plan, kept.key())


def addresses(platform: Platform, at: datetime) -> list[str]:
    """Lists of every week in which a pass may end, the same whether anybody has one or not; and
    those of batches that run.
    """
    near = {address_of(at + timedelta(weeks=number)) for number in range(WEEKS_AHEAD)}
    with platform.store.read() as rows:
        found = {row.list_uri for row in rows.list_rows(PASSES) if row.list_uri and row.until > at}
        ahead = {row.list_uri for row in rows.list_rows(BATCHES) if row.until > at}
    return sorted(near | ahead | {one for one in found if one is not None})


def write_lists(platform: Platform, caller: Caller) -> dict[str, bytes]:
    """A fresh signed list for each address; ConflictError when the clock went back behind one."""
    platform.policy.require(caller, PUBLISH)
    store = open_store(platform.workspace / FOLDER)
    at = platform.clock.now().replace(microsecond=0)
    signing = store.signing(at)
    made = {}
    for address in addresses(platform, at):
        path = platform.workspace / FOLDER / LISTS / file_of(address)
        packed = build_list(platform, address, at)
        if path.exists():
            packed = keep_growing(path.read_bytes(), packed, at)
        data = write_list(
            signing.private,
            signing.kid,
            address,
            packed,
            at=at,
            ttl_s=LIST_TTL_S,
            lasts_s=int(LASTS.total_seconds()),
        )
        replace_file(path, data, 0o600)
        made[file_of(address)] = data
    return made


def keep_growing(before: bytes, packed: Packed, at: datetime) -> Packed:
    """What was revoked stays so, and a list is never older than the one before it."""
    last = read_list(before)
    if at < last.issued_at:
        raise ConflictError(
            f"the clock says {at:%Y-%m-%d %H:%M}, before the last list of {last.issued_at:%H:%M}",
            "set the clock right, then publish",
            code="clock_back",
        )
    was = np.frombuffer(last.packed.data, np.uint8)
    return Packed(1, (was | np.frombuffer(packed.data, np.uint8)).tobytes())


def publish(platform: Platform, caller: Caller, folder: Path) -> WrittenTree:
    """The whole public tree: trust list, status lists, passes under their secret names, the
    verifier page, statistics; a manifest with its signature last.
    """
    lists = write_lists(platform, caller)
    store = open_store(platform.workspace / FOLDER)
    at = platform.clock.now().replace(microsecond=0)
    signing = store.signing(at)
    files = dict(page_files())
    files["trust.json"] = store.trust_file()
    files |= {f"lists/{name}": data for name, data in lists.items()}
    files["lists/index.json"] = msgspec.json.encode(
        {"issued_at": at, "refresh_s": REFRESH_S, "jitter_s": REFRESH_S, "lists": sorted(lists)}
    )
    files["public.json"] = msgspec.json.encode(get_public(platform, Basemap(platform), None))
    files["statistics.json"] = msgspec.json.encode(count_public(platform))
    files |= token_files(platform.workspace / FOLDER / TOKENS, at)
    delete_ended(platform.workspace / FOLDER, at)
    chunks, described = chunk_files(platform.workspace / FOLDER)
    files["b/index.json"] = msgspec.json.encode({"issued_at": at, "batches": described})
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", "name a folder", code="not_a_folder")
    return write_tree(folder, files, lambda data: sign_manifest(signing, data), chunks)


def sign_manifest(signing: Signing, data: bytes) -> str:
    header = {"kid": signing.kid.decode(), "typ": "twinward-manifest+jwt"}
    return jws.write_jws(signing.private, header, data)


def token_files(folder: Path, at: datetime) -> dict[str, bytes]:
    """Passes by their secret names, spread over folders; those that have ended are deleted."""
    found = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime <= at.timestamp():
            path.unlink()
        elif not path.name.endswith(".new"):
            found[f"p/{path.name[:2]}/{path.name}"] = path.read_bytes()
    return found


def chunk_files(folder: Path) -> tuple[dict[str, Path], list[dict[str, object]]]:
    """The files of running batches by their public names, and what a holder's page must know of
    each, the newest first.
    """
    chunks: dict[str, Path] = {}
    plans = []
    for one in list_batches(folder):
        plans.append(one.read().plan)
        chunks |= {f"b/{one.path.name}/{path.name}": path for path in one.chunk_files()}
    plans.sort(key=lambda plan: plan.issued_at, reverse=True)
    names = ("batch", "kind", "valid_from", "until", "passes", "chunk", "slot")
    return chunks, [{name: getattr(plan, name) for name in names} for plan in plans]


def describe_lists(lists: dict[str, bytes]) -> Sequence[dict[str, object]]:
    """Each list with its size and how many places it has, never how many are revoked."""
    return [
        {
            "file": name,
            "bytes": len(data),
            "places": len(read_list(data).packed),
            "sha256": to_base64url(hashlib.sha256(data).digest()),
        }
        for name, data in sorted(lists.items())
    ]
