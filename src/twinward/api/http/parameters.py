"""Query parameters: those that routes share; what a route does not know is refused by name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request

from twinward.core.clock import require_reach
from twinward.core.errors import InputError

At = Annotated[
    datetime | None, Query(description="as of this instant (RFC 3339 with zone); absent is now")
]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
Word = Annotated[str | None, Query(min_length=1, max_length=120)]
NOT_OF_ROUTES = ("_",)  # what browsers add so that nothing old is shown


class UnknownParameterError(InputError):
    """A query parameter that the route does not read."""

    status = 422


def list_parameters(dependant: Any) -> set[str]:
    """The query parameters of a route and of all that it depends on."""
    known = {field.alias for field in dependant.query_params}
    for one in dependant.dependencies:
        known |= list_parameters(one)
    return known


def require_known_parameters(request: Request) -> None:
    """UnknownParameterError for what the route does not read: a filter that is passed over
    gives an answer to another question.
    """
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is None or not request.query_params:
        return
    known = list_parameters(dependant)
    unknown = sorted(set(request.query_params) - known - set(NOT_OF_ROUTES))
    if unknown:
        raise UnknownParameterError(
            f"there is no parameter {', '.join(repr(name[:60]) for name in unknown[:5])} here",
            f"known: {', '.join(sorted(known))}" if known else "this address takes no parameters",
            code="unknown_parameter",
        )


def aware(at: datetime | None) -> datetime | None:
    """The instant asked for, if any; InputError where it has no zone or is out of reach."""
    return require_reach(at) if at is not None else None
