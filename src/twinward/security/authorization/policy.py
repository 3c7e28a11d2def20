"""The one decision: may this caller do this action, here, for this purpose; and the same rule as
ranges for lists.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, RefusedError
from twinward.core.scope import Scope
from twinward.security.authorization.jurisdictions import (
    EVERYWHERE,
    Areas,
    Jurisdiction,
    Jurisdictions,
    Ranges,
)
from twinward.security.authorization.roles import Roles, load_roles
from twinward.security.identity.people import Caller


class AccessDecision(msgspec.Struct, frozen=True):
    """Whether, and by which rule not. `code` is stable."""

    allowed: bool
    code: str = ""
    message: str = ""
    advice: str = ""


ALLOWED = AccessDecision(True)


class Policy:
    """Roles x jurisdictions x purposes of one workspace. `managed` takes persons away from the
    administrator.
    """

    def __init__(self, areas: Areas, *, managed: bool = False, roles: Roles | None = None) -> None:
        self.roles = roles or load_roles()
        self.managed = managed
        self._jurisdictions = Jurisdictions(areas)
        self._actions = {
            name: self.roles.actions_of(name, managed=managed) for name in self.roles.roles
        }
        self._everybody = self.roles.actions_of("", managed=managed)

    def jurisdiction(self, caller: Caller) -> Jurisdiction:
        return EVERYWHERE if caller.areas == ("all",) else self._jurisdictions.of(caller.areas)

    def subtree(self, areas: tuple[str, ...]) -> Jurisdiction:
        """The jurisdiction that a list of area codes makes."""
        return self._jurisdictions.of(areas)

    def count_shared(self, left: Jurisdiction, right: Jurisdiction) -> int:
        """How many areas of the city lie in both."""
        return sum(left.covers(code) and right.covers(code) for code in self._jurisdictions.codes)

    def decide(
        self,
        caller: Caller,
        action: str,
        *,
        area: str | None = None,
        department: str | None = None,
        scope: Scope | None = None,
    ) -> AccessDecision:
        """By role, then department, then place, then purpose. `area` None asks whether it may be
        done at all.

        A personal action on an `area` needs a scope; without an area only the role is asked, and
        the list that follows is cut to `ranges`.
        """
        if action not in self._actions.get(caller.role, self._everybody):
            return AccessDecision(
                False, "role_not_allowed", f"{caller.name} may not do this", self._who_may(action)
            )
        rule = self.roles.actions[action]
        if (
            rule.own_department
            and caller.department is not None
            and department not in (None, caller.department)
        ):
            message = f"{caller.name} answers for {caller.department}, not {department}"
            return AccessDecision(
                False, "wrong_department", message, "send it with the token of that department"
            )
        if area is None or rule.reach == "everywhere":
            return ALLOWED
        mine = self.jurisdiction(caller)
        if not (mine.concerns(area) if rule.reach == "around" else mine.covers(area)):
            return AccessDecision(
                False,
                "area_not_yours",
                f"{area} is outside {caller.name}'s jurisdiction",
                "ask its owner",
            )
        return self._by_purpose(caller, rule.purposes, area, scope) if rule.purposes else ALLOWED

    def _by_purpose(
        self, caller: Caller, purposes: tuple[str, ...], area: str, scope: Scope | None
    ) -> AccessDecision:
        if scope is None:
            return AccessDecision(
                False, "peacetime", "in peacetime nobody can be looked up", "an activation opens it"
            )
        mine = self.roles.roles[caller.role].purposes
        if not any(word in scope.purposes and word in mine for word in purposes):
            return AccessDecision(
                False,
                "purpose_not_open",
                f"{scope.activation} does not open this",
                "ask for its purpose",
            )
        if not self.subtree(scope.areas).covers(area):
            return AccessDecision(
                False,
                "area_not_open",
                f"{scope.activation} does not open {area}",
                "ask for its area",
            )
        return ALLOWED

    def _who_may(self, action: str) -> str:
        return "it takes one of: " + ", ".join(
            name for name, may in self._actions.items() if action in may
        )

    def require(
        self,
        caller: Caller,
        action: str,
        *,
        area: str | None = None,
        department: str | None = None,
        scope: Scope | None = None,
    ) -> None:
        """RefusedError with the decision's code unless it is allowed."""
        found = self.decide(caller, action, area=area, department=department, scope=scope)
        if not found.allowed:
            raise RefusedError(found.message, found.advice, code=found.code)

    def require_thing(
        self,
        caller: Caller,
        action: str,
        what: str,
        area: str | None,
        advice: str,
        *,
        scope: Scope | None = None,
    ) -> None:
        """AbsentError when there is no such thing (`area` None) or it is not the caller's: both
        answer alike.
        """
        seen = area is not None and self.decide(caller, action, area=area, scope=scope).allowed
        if not seen:
            raise AbsentError(f"there is no {what}", advice)

    def ranges(self, caller: Caller, scope: Scope | None = None) -> Ranges | None:
        """The ranges of area codes that a list is cut to: the caller's own and, with a scope,
        what it opens.
        """
        mine = self.jurisdiction(caller).ranges
        opened = self.subtree(scope.areas).ranges if scope is not None else None
        return mine if opened is None else opened if mine is None else intersect(mine, opened)


def intersect(left: Ranges, right: Ranges) -> Ranges:
    """What lies in both; each is sorted and free of overlaps, and so is the answer."""
    found: list[tuple[str, str]] = []
    n = m = 0
    while n < len(left) and m < len(right):
        low, high = max(left[n][0], right[m][0]), min(left[n][1], right[m][1])
        if low <= high:
            found.append((low, high))
        if left[n][1] < right[m][1]:
            n += 1
        else:
            m += 1
    return tuple(found)
