"""Query parameters that a route does not know are refused by name, and never passed over."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from twinward.core.errors import InputError

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
