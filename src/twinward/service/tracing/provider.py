"""Tracing on a platform: scopes from its activations, looks on its record, areas from its city,
one warm lake.
"""

from __future__ import annotations

import threading

from twinward.core.geography import turn_degrees
from twinward.core.scope import Scope
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.presence.peacetime_flows import PeacetimeFlows
from twinward.decision.tracing.scoped_lake import PURPOSE
from twinward.decision.tracing.warm import warm_up
from twinward.service.access.activations import record_look, scope_for
from twinward.service.access.approvals import note_once, with_emergency_access
from twinward.service.city.context import zone_of
from twinward.service.intake.observations import city_bounds
from twinward.service.platform import Caller, Platform
from twinward.service.tracing.access_record import AccessRecord
from twinward.service.tracing.city_areas import CityAreas
from twinward.service.tracing.questions import AskableLake, Tracing


def local_zone(platform: Platform) -> str:
    """The zone in which nights are nights: the city's, else the setting's, else that of the sun.

    Neither the file of the city nor the settings need to name one; UTC would then make offices of
    homes in half of the world.
    """
    for zone in (zone_of(platform), platform.settings.timezone):
        if zone != "UTC":
            return zone
    bounds = city_bounds(platform)
    east = turn_degrees((bounds[0] + bounds[2]) / 2) if bounds is not None else 0.0
    hours = round(float(east) / 15.0)
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # the sign of these names is turned round


class TracingProvider:
    """What the questions of one process share; `of` gives each caller the questions in the
    caller's own name.
    """

    def __init__(self, platform: Platform, lake: AskableLake) -> None:
        self.platform = platform
        self.lake = lake
        self.city = CityAreas(list(platform.reference.areas.by_code.values()))
        self.levels = self.city.chain()
        self._warming = threading.Lock()
        self._is_warm = False

    def of(self, caller: Caller) -> Tracing:
        """The questions on behalf of a caller, cut to the caller's areas; who asked is put on
        record.
        """
        platform = self.platform

        def record(scope: Scope, look: AccessRecord) -> None:
            record_look(
                platform,
                caller,
                scope,
                PURPOSE,
                look.subject,
                look.question,
                persons=look.persons,
                words=look.words,
            )

        def note_flows(what: str) -> None:
            note_once(platform, caller, "flows_seen", what)

        def issue(purpose: str) -> Scope:
            platform.policy.require(caller, "trace")
            return scope_for(platform, caller, purpose)

        mine = platform.policy.jurisdiction(with_emergency_access(platform, caller))
        return Tracing(
            self.warm,
            issue,
            record,
            VenueRules(timezone=local_zone(platform)),
            self.city,
            platform.settings.k_anonymity,
            None if mine.ranges is None else mine.covers,
            platform.vault.point_mask(),
            platform.clock.now,
            fixed_flows=PeacetimeFlows(
                platform.workspace / "flows",
                platform.clock.now,
                platform.settings.timezone,
                self.city.lowest,
                self.levels,
                platform.settings.k_anonymity,
            ),
            note_flows=note_flows,
            strict=platform.managed,
        )

    def warm(self) -> AskableLake:
        """The lake, with kernels compiled before the first question is timed."""
        with self._warming:
            if not self._is_warm:
                self.lake.ask(warm_up)
                self._is_warm = True
        return self.lake
