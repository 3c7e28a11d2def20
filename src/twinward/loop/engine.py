"""The loop's engine: reads the log from its own place, lets each policy answer, and asks the
twins; once each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from twinward.core.errors import TwinwardError
from twinward.core.messages import Command, Event, Fact, Outcome
from twinward.core.ports import Rows, Store, Transaction
from twinward.loop.case_tracing import CaseTracing
from twinward.loop.context import Policy, ReferenceData
from twinward.loop.follower import Follower
from twinward.loop.hazard_forecasts import HazardForecasting
from twinward.loop.policies import (
    arrivals,
    chain,
    claims,
    clauses,
    device_alarms,
    divide,
    feedback,
    gate,
    levels,
    link,
    mistakes,
    plan_end,
    responders,
    rounds,
    schedule,
    signals,
    supervision,
    trigger,
)
from twinward.loop.setting_aside import answer, judge
from twinward.twins.city import messages as c
from twinward.twins.coupling import COUPLING
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.faults.rows import FAULTS
from twinward.twins.twin import Twins

OFFSET = "loop"
BATCH = 500
# in how many ticks every open incident is judged once, when the loop follows a running clock
TICKS_A_ROUND = 10

# fact -> the policies that answer it, in this order; printed by `twinward incident explain`
POLICIES: dict[type[Fact], tuple[Policy, ...]] = {
    m.CaseReported: (trigger.case_reported,),
    m.CaseReclassified: (trigger.case_reclassified,),
    m.CaseAmended: (trigger.case_amended,),
    m.CountReported: (trigger.count_reported,),
    m.CountWithdrawn: (trigger.count_withdrawn,),
    m.PlaceAffected: (trigger.place_affected,),
    m.HazardReported: (trigger.hazard_reported,),
    m.ClaimAccepted: (claims.claim_accepted,),
    m.ManDown: (responders.man_down,),
    c.DeviceAlarmRaised: (device_alarms.alarm_is_told,),
    c.DeviceAlarmGrew: (device_alarms.alarm_is_told,),
    m.IncidentDeveloped: (
        levels.level_follows_figures,
        link.link_grown_area,
        schedule.schedule_grown_area,
        plan_end.plan_returns,
        gate.borne_out,
        clauses.judge_at_once,
        chain.chain_follows_figures,
    ),
    m.SignalRaised: (signals.tell_of_signal,),
    m.SignalJudged: (signals.signal_confirmed,),
    m.ArrivalsReported: (arrivals.arrivals_are_held_to_account,),
    m.QuarantineReported: (arrivals.quarantine_is_held_to_account,),
    m.ArrivalsUnaccounted: (arrivals.tell_of_unaccounted,),
    m.LinkFired: (chain.link_opens_incident,),
    m.CheckRecorded: (supervision.check_is_judged,),
    m.CheckMissed: (supervision.check_is_missed,),
    m.DefectOpened: (supervision.defect_is_ordered,),
    m.DefectFoundAgain: (supervision.again_is_told,),
    m.DefectMended: (supervision.mended_closes_task,),
    m.DefectDismissed: (supervision.dismissed_drops_task,),
    m.ObjectRetired: (supervision.retired_drops_tasks,),
    m.ActivationClosed: (supervision.persons_are_left,),
    m.WarningIssued: (chain.warning_is_told, chain.warning_opens_incident),
    m.WarningCancelled: (chain.warning_ends,),
    m.ResponseLevelSet: (link.plan_follows_level,),
    m.LevelCalled: (levels.tell_of_called_level,),
    m.ReportsHeld: (gate.tell_of_held,),
    m.ReportsConfirmed: (link.plan_follows_confirmation,),
    m.PlanAdopted: (
        link.level_follows_decision,
        link.link_by_duty,
        schedule.schedule_plan,
        clauses.send_messages,
        clauses.judge_at_once,
    ),
    m.ClauseStarted: (schedule.schedule_clause, clauses.send_messages, clauses.judge_at_once),
    m.ClauseStopped: (clauses.stopped_clause,),
    m.RoundBegun: (rounds.schedule_round,),
    m.PlanEnded: (plan_end.plan_is_over,),
    m.CaseJoined: (schedule.case_task,),
    m.ContactNamed: (schedule.contact_task,),
    m.TaskCreated: (divide.order_at_once,),
    m.TaskCompleted: (divide.order_next,),
    m.TaskDropped: (divide.order_next, mistakes.order_withdrawn),
    m.TaskFailed: (feedback.failure_goes_up,),
    m.ContactUpdated: (feedback.positive_contact_reopens,),
    m.IncidentClosed: (mistakes.closed_by_a_person,),
    m.IncidentReopened: (feedback.reopened_takes_level,),
}


class Loop:
    """Runs the policies over the log. `step` and `tick` are whole transactions: a crash repeats
    nothing.
    """

    def __init__(
        self,
        store: Store,
        twins: Twins,
        reference: ReferenceData,
        tracer: CaseTracing | None = None,
        forecaster: HazardForecasting | None = None,
    ) -> None:
        self.store = store
        self.tracer = tracer
        self.forecaster = forecaster
        self.twins = twins
        self.reference = reference
        self._follower = Follower("the loop", self._turn)
        self._ticker = Follower("the loop's clock", self._tick_turn)
        self._now: Callable[[], datetime] | None = None
        self._tick_every_s = 1.0
        self._ticks = 0

    def step(self, tx: Transaction) -> int:
        """Answer the next events; how many were read. One that cannot be answered is set aside."""
        events = tx.events_after(tx.get_offset(OFFSET), BATCH)
        for event in events:
            self._answer(tx, event)
        if events:
            tx.set_offset(OFFSET, events[-1].seq)
        return len(events)

    def _answer(self, tx: Transaction, event: Event) -> bool:
        return answer(self.twins, tx, OFFSET, event, lambda: self.answers(event, tx))

    def answers(self, event: Event, rows: Rows) -> Iterator[Command]:
        """The commands that follow from one event: the coupling's and each policy's."""
        if event.fact is None:
            return
        couple: Callable[[object, Event], Command | None] | None = COUPLING.get(type(event.fact))
        coupled = couple(event.fact, event) if couple else None
        if coupled is not None:
            yield coupled
        for policy in POLICIES.get(type(event.fact), ()):
            yield from policy(event.fact, event, rows, self.reference)

    def catch_up(self) -> None:
        """Answer everything that is in the log now, and what follows from the answers."""
        beside = [one for one in (self.tracer, self.forecaster) if one is not None]
        while self.store.write(self.step) or any(one.step() for one in beside):
            pass

    def tick(self, now: datetime, share: feedback.Share = feedback.WHOLE) -> list[Outcome]:
        """Do what time itself brings, as of `now`; judge only a share of the open incidents
        where one is given.
        """

        def work(tx: Transaction) -> list[Outcome]:
            return [
                outcome
                for about, area, commands in feedback.on_tick(now, tx, self.reference, share)
                for outcome in judge(self.twins, tx, about, area, commands)
            ]

        return self.store.write(work)

    def start(self, now: Callable[[], datetime] | None = None, tick_every_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`; tick by `now`, when given."""
        self._now, self._tick_every_s = now, tick_every_s
        self._follower.start()
        if now is not None:
            self._ticker.start()
        for beside in (self.tracer, self.forecaster):
            if beside is not None:
                beside.start()

    def _turn(self) -> None:
        if not self.store.write(self.step):
            self.store.wait_for(self.place(), self._tick_every_s)

    def _tick_turn(self) -> None:
        if self._now is None or self._ticker.wait(self._tick_every_s):
            return
        self.tick(self._now(), (self._ticks % TICKS_A_ROUND, TICKS_A_ROUND))
        self._ticks += 1

    def find_failure(self) -> TwinwardError | None:
        """Why the loop, its clock or its tracer does not go on just now, or None."""
        beside = [one.failure for one in (self.tracer, self.forecaster) if one is not None]
        return next(
            (one for one in (self._follower.failure, self._ticker.failure, *beside) if one), None
        )

    def answer_again(self) -> list[str]:
        """Try again what was set aside; the ids of the faults that are answered now."""

        def work(tx: Transaction) -> list[str]:
            answered = []
            for fault in tx.list_rows(FAULTS, status="open", reader=OFFSET):
                event = tx.find_event(fault.about)
                if event is not None and self._answer(tx, event):
                    answered.append(fault.id)
            return answered

        return self.store.write(work)

    def place(self) -> int:
        """The sequence number of the last event that was answered."""
        with self.store.read() as rows:
            return rows.get_offset(OFFSET)

    def stop(self) -> None:
        self._ticker.stop()
        self._follower.stop()
        for beside in (self.tracer, self.forecaster):
            if beside is not None:
                beside.stop()
