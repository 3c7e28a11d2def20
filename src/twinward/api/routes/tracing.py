"""/v1/trace: questions about movement; POST, because each leaves a record and no pseudonym
belongs in an address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, describe
from twinward.api.http.problems import ERRORS
from twinward.api.http.questions import questions_of
from twinward.api.http.responses import answer, read_body
from twinward.core.errors import UNREADABLE, InputError, decoded, explain_decode_error
from twinward.core.messages import Instant
from twinward.service.platform import Platform

LIMIT_BYTES = 16_000_000  # room for the outlines of a city's areas
Listed = Annotated[int, msgspec.Meta(ge=0, le=5_000)]
Metres = Annotated[float, msgspec.Meta(ge=0, le=50_000)]
Minutes = Annotated[float, msgspec.Meta(ge=0, le=10_080)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
T = TypeVar("T", bound=msgspec.Struct)
GeoJson = dict[str, Any]


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`from` inclusive, `to` exclusive; what is missing follows from the newest data that the
    activation opens.
    """

    start: Instant | None = msgspec.field(default=None, name="from")
    end: Instant | None = msgspec.field(default=None, name="to")


class AskContacts(Window, frozen=True, kw_only=True):
    """Who shared place and time with a person."""

    subject: Word
    radius_m: Metres = 50.0
    minutes: Minutes = 15.0
    min_duration_min: Minutes = 15.0
    min_probability: Share = 0.0
    limit: Listed = 200


class AskBackward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and from whom a case may have been infected; `known` cases are listed first."""

    subject: Word
    onset: Instant
    known: Annotated[tuple[Word, ...], msgspec.Meta(max_length=1_000)] = ()
    limit: Listed = 50


class AskVisited(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who passed through areas and who stayed, in the `days` before `to`; everyone where no
    subject is named.
    """

    areas: GeoJson
    days: Annotated[float, msgspec.Meta(gt=0, le=366)]
    end: Instant | None = msgspec.field(default=None, name="to")
    subject: Word | None = None
    limit: Listed = 200


class AskDwell(Window, frozen=True, kw_only=True):
    """Who stayed in areas for more than `over_h` hours."""

    areas: GeoJson
    over_h: Annotated[float, msgspec.Meta(ge=0, le=8_784)] = 2.0
    limit: Listed = 200


class AskFlows(Window, frozen=True, kw_only=True):
    """How many moved between areas: a level of the city, or areas of one's own. Small counts are
    hidden.
    """

    level: Word | None = None
    areas: GeoJson | None = None
    view: Literal["od", "hub", "highway", "transferred"] = "od"
    per: Literal["hour", "day"] = "hour"


class AskCompanions(Window, frozen=True, kw_only=True):
    """Who shared several places with a person."""

    subject: Word
    radius_m: Metres = 50.0
    min_places: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 2
    min_minutes: Minutes = 15.0
    limit: Listed = 200


class AskChain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The likeliest transmission tree of an incident's cases."""

    incident: Word
    disease: Word | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0


class AskFile(Window, frozen=True, kw_only=True):
    """One person, one file."""

    subject: Word


def gives_asked(name: str, *, asked: bool = True) -> dict[int | str, dict[str, object]]:
    """The answer's schema for OpenAPI; with the fields of Asked where the answer itself does not
    hold them.
    """
    one = {"$ref": f"#/components/schemas/{name}"}
    schema = {"allOf": [one, {"$ref": "#/components/schemas/Asked"}]} if asked else one
    return {200: {"description": name, "content": {"application/json": {"schema": schema}}}}


async def reply(
    platform: Platform, request: Request, kind: type[T], work: Callable[[T], object]
) -> Response:
    """Read the question, answer it beside the event loop; stop when nobody waits any more."""
    body = await read_body(request, LIMIT_BYTES)
    try:
        asked = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        code = "time_without_zone" if "timezone" in str(error) else "bad_question"
        raise InputError(
            explain_decode_error(str(error), decoded(body)), "see /openapi.json", code=code
        ) from error
    except UNREADABLE as error:
        raise InputError(
            "the body is not JSON", "send one JSON object in UTF-8", code="bad_json"
        ) from error
    who = caller_of(platform, request).name
    return await questions_of(request).ask(request, who, lambda: answer(work(asked)))


def fields(asked: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(asked)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/trace", tags=["tracing"], responses=ERRORS)
    add_persons(routes, platform)
    add_crowds(routes, platform)
    add_files(routes, platform)
    return routes


def add_persons(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/contacts", responses=gives_asked("ContactAnswer"), openapi_extra=describe(AskContacts)
    )
    async def post_contacts(request: Request) -> Response:
        """Contacts of a person with minutes, nearest distance, setting, evidence, probabilities;
        likeliest first.
        """
        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskContacts, lambda asked: tracing.contacts(**fields(asked))
        )

    @routes.post(
        "/backward", responses=gives_asked("BackwardAnswer"), openapi_extra=describe(AskBackward)
    )
    async def post_backward(request: Request) -> Response:
        """Where and from whom a case may have been infected."""
        tracing = platform.tracing(caller_of(platform, request))

        def work(asked: AskBackward) -> object:
            return tracing.backward(asked.subject, asked.onset, frozenset(asked.known), asked.limit)

        return await reply(platform, request, AskBackward, work)

    @routes.post(
        "/companions",
        responses=gives_asked("CompanionAnswer"),
        openapi_extra=describe(AskCompanions),
    )
    async def post_companions(request: Request) -> Response:
        """Others whose stays overlap a person's at several places."""
        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskCompanions, lambda asked: tracing.companions(**fields(asked))
        )


def add_crowds(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/visited", responses=gives_asked("VisitedAnswer"), openapi_extra=describe(AskVisited)
    )
    async def post_visited(request: Request) -> Response:
        """Who passed through areas, and who stayed: two named answers."""
        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskVisited, lambda asked: tracing.visited(**fields(asked))
        )

    @routes.post("/dwell", responses=gives_asked("DwellAnswer"), openapi_extra=describe(AskDwell))
    async def post_dwell(request: Request) -> Response:
        """Long stays in areas."""
        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskDwell, lambda asked: tracing.dwell(**fields(asked))
        )

    @routes.post(
        "/flows", responses=gives_asked("FlowAnswer", asked=False), openapi_extra=describe(AskFlows)
    )
    async def post_flows(request: Request) -> Response:
        """Aggregates of movement with small counts hidden; open in peacetime, too."""
        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskFlows, lambda asked: tracing.flows(**fields(asked))
        )


def add_files(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/chain",
        responses=gives_asked("IncidentChain", asked=False),
        openapi_extra=describe(AskChain),
    )
    async def post_chain(request: Request) -> Response:
        """The transmission tree of an incident, with probabilities; which links are stated and
        which inferred.
        """
        from twinward.service.tracing.incident_chain import trace_incident

        caller = caller_of(platform, request)
        return await reply(
            platform,
            request,
            AskChain,
            lambda asked: trace_incident(platform, caller, **fields(asked)),
        )

    @routes.post(
        "/file", responses=gives_asked("PersonFile", asked=False), openapi_extra=describe(AskFile)
    )
    async def post_file(request: Request) -> Response:
        """One person, one file: places, contacts, cases, tests, isolation, tasks."""
        from twinward.service.tracing.case_file import make_file

        tracing = platform.tracing(caller_of(platform, request))
        return await reply(
            platform, request, AskFile, lambda asked: make_file(platform, tracing, **fields(asked))
        )
