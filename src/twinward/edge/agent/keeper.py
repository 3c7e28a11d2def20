"""What the one thread that writes does with readings: each is kept and judged, rules and their
timers in the same transaction; local actions after it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec

from twinward.core.clock import Clock, from_us, to_us
from twinward.core.errors import InputError
from twinward.edge.agent.actions import LocalActions
from twinward.edge.agent.bundles import RuleBook, change_rules
from twinward.edge.agent.clock_watch import ClockWatch
from twinward.edge.agent.config import EdgeConfig, require_plain
from twinward.edge.agent.readings import FAULTS, Item, Reading, Refused, check_item, decode_item
from twinward.edge.agent.room import make_room
from twinward.edge.agent.signals import keep_signals
from twinward.edge.agent.store import Accepted, EdgeStore
from twinward.edge.agent.turns import Job
from twinward.edge.agent.writer import StoreWriter
from twinward.edge.profiles import Profile, get_profile
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.replay import TIMER_LAG_US
from twinward.edge.rules.rule import Memory, RuleSignal

LOG = logging.getLogger("twinward.edge")
ROOM_EVERY = 2000  # readings between two looks at the room that is left


class AcceptedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch; received = stored + duplicate + rejected."""

    received: int
    stored: int
    duplicate: int
    rejected: list[Refused]


class Stand(msgspec.Struct, frozen=True):
    """Where a device that may speak stands, and since when where it stood elsewhere before."""

    profile: Profile
    area: str
    place: str
    since_us: int


class SentReadings(msgspec.Struct, frozen=True, gc=False):
    """What one message holds; `kind` is the type of items that name none."""

    device: str
    items: Sequence[Item | bytes | msgspec.Raw]
    kind: str = ""


class Keeper(StoreWriter):
    """Owns the store; what others want written is handed in and answered when it is durable."""

    def __init__(self, config: EdgeConfig, store: EdgeStore, clock: Clock) -> None:
        super().__init__(store)
        self.config, self.clock = config, clock
        self.actions = LocalActions(config)
        self._book = RuleBook(config, store)
        self.alarmed = threading.Event()  # an alarm waits for the centre
        self._profiles: dict[str, Profile] = {}
        self.keys: dict[str, tuple[str, ...]] = {}  # of devices that the registry knows
        self._places: dict[str, str] = {}
        self.stands: dict[str, Stand] = {}  # read by other threads
        self._since_room = 0
        self._wanted: list[str] = []
        self._version = 0
        self._watch = ClockWatch(to_us(clock.now()))
        self._jump_us = 0
        self._settle()

    def stop(self) -> None:
        super().stop()
        self.actions.stop()

    def submit_items(self, device: str, raws: Sequence[bytes | msgspec.Raw]) -> Future[object]:
        """Items of one device; the future holds their `AcceptedBatch`."""
        return self.submit(lambda: self._take(device, raws), max(1, len(raws)))

    def submit_messages(self, sent: Sequence[SentReadings]) -> Future[object]:
        """A burst of messages, kept together or not at all; their devices' ids are plain."""
        size = sum(max(1, len(one.items)) for one in sent)
        return self.submit(lambda: self._take_messages(sent), size)

    # the thread ----------------------------------------------------------------------------

    def _settle(self) -> None:
        """Opens what was kept: devices where they stand, and what the rules remember."""
        now_us = to_us(self.clock.now())
        with self.store.transaction():
            for device in self.config.devices:
                self.store.place(device.id, device.profile, device.area, device.place, now_us)
            self.store.db.execute(
                "INSERT OR REPLACE INTO setting VALUES ('config_version', ?)",
                (self.config.version,),
            )
            rules = self._book.rules()
        self.config = msgspec.structs.replace(self.config, rules=rules)
        self.evaluator = Evaluator(rules, self._list_memories(), from_us=now_us)
        self._number = self._book.number()
        with self.store.transaction():
            self._meet_devices(now_us)

    def _meet_devices(self, now_us: int) -> None:
        """Devices that the store has and we did not know: what they said meanwhile goes on."""
        self._version = self.store.data_version()
        self.store.look_anew()
        if self._book.number() != self._number:  # somebody has applied a bundle
            self._run_rules(now_us)
        self.keys = self.store.list_keys()
        devices = self.store.list_devices()
        for name in self._profiles.keys() - {name for name, _ in devices}:
            del self._profiles[name]  # revoked: what it says now is held back
            self.stands.pop(name, None)
        for name, profile in devices:
            _, area, place = self.store.placed_at(name, now_us)
            self._places[name] = place or area
            since_us = self.store.moved_at(name)
            self.stands[name] = Stand(get_profile(profile), area, place, since_us)
            if name in self._profiles and self._profiles[name].id == profile:
                continue
            self._profiles[name] = get_profile(profile)
            self.evaluator.listen(name, profile)
            held = self.store.take_held(name, "unknown_device")
            again = [self._judge_again(one, self._profiles[name], now_us) for one in held]
            self._store_and_evaluate([one for one in again if one is not None], now_us)

    def take_rules(self, raw: str) -> None:
        """In the keeper's thread: the centre's order of rules; one that is refused is noted."""
        try:
            self._book.take(raw)
        except InputError as error:
            LOG.warning("rules are refused: %s", error)
            return
        self._run_rules(to_us(self.clock.now()))

    def _run_rules(self, now_us: int) -> None:
        """From now on the rules that are kept; alarms of rules that are no more end."""
        self._number, rules = self._book.number(), self._book.rules()
        if rules == self.config.rules:
            return
        fresh, gone, ended = change_rules(self.evaluator, rules, now_us)
        self._wanted = [*self._wanted, *keep_signals(self.store, self.config, ended, now_us)]
        self.store.db.executemany("DELETE FROM memory WHERE rule=?", [(name,) for name in gone])
        self.config = msgspec.structs.replace(self.config, rules=rules)
        self.evaluator = fresh
        for name, profile in self._profiles.items():
            fresh.listen(name, profile.id)

    def meet_anew(self) -> None:
        """In the keeper's thread: the registry has changed."""
        self._version = -1

    def _work_at_once(self, jobs: list[Job]) -> None:
        if self._in_doubt:
            self._forget_unkept()
        now_us = to_us(self.clock.now())
        due = self.evaluator.next_due()
        met = self.store.data_version() == self._version  # another process may admit a device
        self._jump_us = max(0, self._jump_us + self._watch.look(now_us))
        idle = met and not jobs and not self._jump_us
        if idle and (due is None or due > now_us - TIMER_LAG_US):
            return
        answers: list[object] = []
        with self.store.transaction():
            if not met:
                self._meet_devices(now_us)
            if self._jump_us:
                self._judge_ahead(now_us)
            answers = [self._attempt(job.work) for job in jobs]
            signals = self.evaluator.advance(now_us - TIMER_LAG_US, self._places)
            wanted = keep_signals(self.store, self.config, signals, now_us)
            self._keep_memories()
            self._look_for_room(now_us, sum(job.size for job in jobs))
        if self.store.kept_alarm:
            self.store.kept_alarm = False
            self.alarmed.set()
        self.actions.want([*self._wanted, *wanted])
        self._wanted, self._jump_us = [], 0
        for job, answer in zip(jobs, answers, strict=True):
            if isinstance(answer, BaseException):
                job.future.set_exception(answer)
            else:
                job.future.set_result(answer)

    # readings ------------------------------------------------------------------------------

    def _take_messages(self, sent: Sequence[SentReadings]) -> None:
        """Nobody answers a broker: why items were refused is kept for whoever asks."""
        codes: Counter[str] = Counter()
        for one in sent:
            account = self._take(one.device, one.items, one.kind)
            codes.update(refused.code for refused in account.rejected)
        now_us = to_us(self.clock.now())
        for code, count in sorted(codes.items()):
            self.store.note_loss(f"refused: {code}", "bulk", count, (now_us, now_us), now_us)

    def _take(
        self, device: str, raws: Sequence[Item | bytes | msgspec.Raw], kind: str = ""
    ) -> AcceptedBatch:
        require_plain(device)
        now_us = to_us(self.clock.now())
        profile = self._profiles.get(device)
        readings: list[Reading] = []
        at: list[int] = []
        refused: list[Refused] = []
        for index, raw in enumerate(raws):
            try:
                item = decode_item(raw, kind, device)
                reading = check_item(item, device, profile, now_us, self.config.edge.ahead_s)
                readings.append(self._unwrapped(reading, profile))
                at.append(index)
            except InputError as error:
                refused.append(Refused(index=index, code=error.code, message=error.message))
        accepted = self._store_and_evaluate(readings, now_us)
        if faults := [one for one in refused if one.code in FAULTS]:
            self.store.note_fault(device, faults[-1].message)
        refused += [
            Refused(
                index=at[place],
                code="conflict",
                message="this boot and seq were sent before with another body",
            )
            for place in accepted.conflict
        ]
        account = AcceptedBatch(
            received=len(raws),
            stored=len(accepted.stored),
            duplicate=len(accepted.duplicate),
            rejected=sorted(refused, key=lambda one: one.index),
        )
        self.store.count("received", account.received)
        self.store.count("stored", account.stored)
        self.store.count("duplicate", account.duplicate)
        self.store.count("rejected", len(account.rejected))
        return account

    def _unwrapped(self, reading: Reading, profile: Profile | None) -> Reading:
        """The number of a counter that goes back to 0, counted on from the last one heard."""
        wraps = profile.seq_wraps if profile else None
        last = self.store.last_heard(reading.device) if wraps else None
        if not wraps or last is None or last[0] != reading.boot:
            return reading
        ahead = (reading.seq - last[1]) % wraps
        seq = last[1] + (ahead if ahead < wraps / 2 else ahead - wraps)
        return msgspec.structs.replace(reading, seq=max(0, seq))

    def _store_and_evaluate(self, readings: list[Reading], now_us: int) -> Accepted:
        accepted = self.store.accept(readings, now_us)
        signals: list[RuleSignal] = []
        fresh = [readings[place] for place in accepted.stored if not readings[place].held]
        for one in sorted(fresh, key=lambda one: (one.occurred_us, one.seq)):
            signals += self.evaluator.read(
                one.device,
                self._profiles[one.device].id,
                self._places[one.device],
                one.type,
                one.occurred_us,
                one.value,
            )
        self._wanted = [
            *self._wanted,
            *keep_signals(self.store, self.config, signals, now_us),
        ]
        return accepted

    def _judge_again(self, reading: Reading, profile: Profile, now_us: int) -> Reading | None:
        """A reading that was held, its device now known; None (counted) where it is none."""
        raw = msgspec.json.encode(
            {
                "boot": reading.boot,
                "seq": reading.seq,
                "type": reading.type,
                "occurred_at": from_us(reading.occurred_us).isoformat(),
                "value": reading.value,
                "unit": reading.unit,
            }
        )
        try:
            again = check_item(
                decode_item(raw), reading.device, profile, now_us, self.config.edge.ahead_s
            )
        except InputError as error:
            span = (reading.occurred_us, reading.occurred_us)
            self.store.note_loss(f"refused: {error.code}", reading.lane, 1, span, now_us)
            self.store.count("refused", 1)
            return None
        return msgspec.structs.replace(again, digest=reading.digest)

    def _judge_ahead(self, now_us: int) -> None:
        """The clock was behind and is put right: readings that seemed to come from the future."""
        ahead_us = round(self.config.edge.ahead_s * 1e6)
        for reading in self.store.take_ahead(self._jump_us, ahead_us):
            profile = self._profiles.get(reading.device)
            again: Reading | None
            if profile is None:
                again = msgspec.structs.replace(reading, held="unknown_device")
            else:
                again = self._judge_again(reading, profile, max(now_us, reading.occurred_us))
            if again is not None:
                self._store_and_evaluate([again], now_us)

    # what goes with a transaction ----------------------------------------------------------

    def _keep_memories(self) -> None:
        self.store.db.executemany(
            "INSERT OR REPLACE INTO memory VALUES (?,?,?)",
            [(*key, msgspec.json.encode(self.evaluator.memories[key])) for key in self._changed()],
        )
        self.evaluator.changed.clear()

    def _changed(self) -> list[tuple[str, str]]:
        return sorted(key for key in self.evaluator.changed if key in self.evaluator.memories)

    def _forget_unkept(self) -> None:
        """The transaction is undone: so is what the rules thought of it."""
        since_us = self.evaluator.from_us
        self.config = msgspec.structs.replace(self.config, rules=self._book.rules())
        self._number = self._book.number()
        self.evaluator = Evaluator(self.config.rules, self._list_memories(), from_us=since_us)
        self._wanted = []
        self._profiles, self._version = {}, -1  # met anew, with what they said while held
        self._in_doubt = False

    def _list_memories(self) -> dict[tuple[str, str], Memory]:
        return {
            (rule, device): msgspec.json.decode(body, type=Memory)
            for rule, device, body in self.store.list_memories()
        }

    def _look_for_room(self, now_us: int, taken: int) -> None:
        """Now and then: `taken` readings came with this transaction."""
        self._since_room += taken
        if self._since_room < ROOM_EVERY:
            return
        self._since_room = 0
        make_room(self.store, self.config.edge.disk_mb * 1e6, now_us)
