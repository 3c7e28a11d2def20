"""The gate profile of the agent: checks passes by itself, with lists that it fetches when it can.

A guard gets one of four answers, in words and with a sign, and sees how old the lists are; never
why, nor anything of the holder. What the box keeps is the gate's memory: lists, a floor for its
clock, counts by hour. It loads numpy and cryptography, and only where `[gate]` is configured.
"""

from __future__ import annotations

import json
import logging
import random
import threading
from datetime import datetime
from pathlib import Path

import httpx
import msgspec

from twinward.core.clock import Clock
from twinward.core.errors import InputError, TwinwardError
from twinward.edge.agent.config import EdgeConfig, GateConfig
from twinward.security.passes.ceremony import replace_file
from twinward.security.passes.gate import Gate, open_gate
from twinward.security.passes.trust import read_trust
from twinward.security.passes.verifier import Answer, VerifierPolicy

LOG = logging.getLogger("twinward.edge")
SIGNS: dict[Answer, tuple[str, str, str]] = {
    "ok": ("✓", "OK", "通过"),
    "not_ok": ("✗", "NOT OK", "不通过"),
    "ask_a_person": ("?", "ASK A PERSON", "人工核验"),
    "cannot_tell": ("…", "CANNOT TELL", "无法判断"),
}
KEEP_EVERY_S = 30.0
REFRESH_S, JITTER_S = 240, 240  # a list is at every gate within eight minutes, each at its own
AGAIN_S = 60.0  # after a fetch that failed
MOST_BYTES = 8 << 20  # of a file of the tree
MOST_LISTS = 200
MOST_HOURS = 14 * 24  # of counts


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the guard's screen shows of one pass."""

    answer: Answer
    sign: str
    words: dict[str, str]
    state: str
    list_age_s: int | None


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate shows of itself. `state`: green, degraded: check by hand, or no lists yet;
    `clock_doubt`: its clock stands before what was signed and seen.
    """

    place: str
    state: str
    words: dict[str, str]
    list_age_s: int | None
    trust_version: int
    lists: int
    clock_doubt: bool
    fetched: str
    counts: dict[str, dict[str, int]]


class GateDoor:
    """A gate with its memory on disk and a thread that fetches."""

    def __init__(self, config: EdgeConfig, asked: GateConfig, clock: Clock) -> None:
        self.config, self.asked, self.clock = config, asked, clock
        self.memory = config.path(asked.memory)
        policy = VerifierPolicy(
            place=asked.place,
            green_s=int(asked.green_days * 86_400),
            needs_list=asked.needs_list,
        )
        self.gate = (
            open_gate(self.memory.read_bytes(), policy) if self.memory.exists() else Gate(policy)
        )
        self.fetched = ""
        self._lock = threading.Lock()
        self._changed = False
        self._stop = threading.Event()
        self._jitter = random.Random(config.edge.id)
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=20)
        self.keep()

    def check(self, code: str) -> Shown:
        """The answer to a code; without any trust list the gate cannot tell."""
        at = self.clock.now()
        with self._lock:
            if self.gate.trust is None:
                return self._shown("cannot_tell", at)
            verdict = self.gate.verify(code, at)
            self._changed = True
            return self._shown(verdict.answer, at)

    def _shown(self, answer: Answer, at: datetime) -> Shown:
        sign, english, chinese = SIGNS[answer]
        return Shown(
            answer=answer,
            sign=sign,
            words={"en": english, "zh": chinese},
            state=self._state(at),
            list_age_s=self._age(at),
        )

    def face(self) -> Face:
        """The state of the gate, for its screen and for `edge status`."""
        at = self.clock.now()
        with self._lock:
            state, floor = self._state(at), self.gate.floor
            doubt = floor is not None and (floor - at).total_seconds() > self.gate.policy.skew_s
            return Face(
                place=self.asked.place,
                state=state,
                words=WORDS[state],
                list_age_s=self._age(at),
                trust_version=self.gate.trust.version if self.gate.trust else 0,
                lists=len(self.gate.lists),
                clock_doubt=doubt,
                fetched=self.fetched,
                counts={hour: dict(counts) for hour, counts in self.gate.counts.items()},
            )

    def _age(self, at: datetime) -> int | None:
        """Of the oldest list that is still of use; a week's list that nobody renews has ended."""
        live = [
            one.issued_at
            for one in self.gate.lists.values()
            if one.expires_at is None or at < one.expires_at
        ] or [one.issued_at for one in self.gate.lists.values()]
        return int((at - min(live)).total_seconds()) if live else None

    def _state(self, at: datetime) -> str:
        age = self._age(at)
        if self.gate.trust is None or age is None:
            return NO_LISTS
        late = age > self.gate.policy.green_s or self.gate.trust.is_stale(at)
        return DEGRADED if late else GREEN

    # fetching ------------------------------------------------------------------------------

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stop.is_set():
            try:
                if wait_s <= 0:
                    wait_s = AGAIN_S
                    if self.refresh():
                        wait_s = REFRESH_S + self._jitter.random() * JITTER_S
                self.keep()
            except Exception as error:  # a full disk, a list that nobody can read: tried again
                LOG.exception("the gate could not fetch or keep its lists")
                self.fetched = f"not kept: {type(error).__name__}"
            self._stop.wait(min(KEEP_EVERY_S, wait_s))
            wait_s -= KEEP_EVERY_S

    def refresh(self) -> bool:
        """Fetches trust list and status lists; what cannot be had or is older changes nothing."""
        try:
            with TreeSource(self.asked.public, self.config.path("")) as source:
                self._take_trust(source.get("trust.json"))
                names = json.loads(source.get("lists/index.json"))["lists"]
                for name in names[:MOST_LISTS]:
                    self._take_list(source.get(f"lists/{Path(str(name)).name}"))
            self.fetched = f"fetched at {self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        except (TwinwardError, OSError, ValueError, KeyError, TypeError, httpx.HTTPError) as error:
            self.fetched = f"not fetched: {error}"
            return False
        return True

    def _take_trust(self, data: bytes) -> None:
        fresh = read_trust(data)
        if self.asked.root and fresh.root.decode() != self.asked.root:
            raise InputError(
                "another root signed the trust list",
                "see `twinward pass keys show`",
                code="bad_trust",
            )
        with self._lock:
            self.gate.accept_trust(data)
            self._changed = True

    def _take_list(self, data: bytes) -> None:
        with self._lock:
            self.gate.accept_list(data)
            self._changed = True

    def _keep_memory(self, stored: bytes) -> None:
        try:
            replace_file(self.memory, stored, 0o600)
        except OSError:
            self._changed = True  # it is still to be kept
            raise

    def keep(self) -> None:
        """The memory on disk, and the face on the screen, where one is named."""
        with self._lock:
            for hour in sorted(self.gate.counts)[:-MOST_HOURS]:
                del self.gate.counts[hour]
            stored = self.gate.store() if self._changed else b""
            self._changed = False
        if stored:
            self._keep_memory(stored)
        if self.asked.screen:
            face = self.face()
            age = f"{face.list_age_s // 3600} h" if face.list_age_s is not None else "-"
            text = f"{face.place}: {face.words['en']} · {face.words['zh']} ({age})\n"
            replace_file(self.config.path(self.asked.screen), text.encode(), 0o644)


GREEN, DEGRADED, NO_LISTS = "green", "degraded: check by hand", "no lists yet"
WORDS = {
    GREEN: {"en": "Lists are fresh", "zh": "名单有效"},
    DEGRADED: {"en": "Degraded: check by hand", "zh": "名单过旧，请人工核验"},
    NO_LISTS: {"en": "No lists yet: check by hand", "zh": "尚无名单，请人工核验"},
}


class TreeSource:
    """The public tree: an address, or a folder such as a stick that somebody carries."""

    def __init__(self, public: str, folder: Path) -> None:
        self.public = public.rstrip("/")
        web = self.public.startswith(("http://", "https://"))
        self.client = httpx.Client(timeout=20.0, follow_redirects=False) if web else None
        self.folder = folder / self.public

    def __enter__(self) -> TreeSource:
        return self

    def __exit__(self, *_: object) -> None:
        if self.client is not None:
            self.client.close()

    def get(self, name: str) -> bytes:
        """One file; InputError for a redirection, another answer than 200, or too many bytes."""
        if self.client is None:
            data = (self.folder / name).read_bytes()
        else:
            answer = self.client.get(f"{self.public}/{name}")
            if answer.status_code != 200:
                raise InputError(f"{name}: answer {answer.status_code}", code="bad_tree")
            data = answer.content
        if len(data) > MOST_BYTES:
            raise InputError(f"{name} has {len(data):,} bytes", code="bad_tree")
        return data
