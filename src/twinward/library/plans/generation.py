"""Makes plans: from a base plan and variables (which areas, which measures, how strong, when),
or from blocks.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.library.hazards.measures import check_measures
from twinward.library.plans.plan import AFFECTED, Plan
from twinward.library.plans.plan_options import draw_plans

if TYPE_CHECKING:
    from twinward.library.hazards.measures import Measure

MOST = 1000
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
TRIES_EACH = 200
PERSONAL = {
    "symptomatic_testing",
    "case_isolation",
    "household_quarantine",
}  # about the found, everywhere, always
# how strong: the fields that a variant may change when nobody says which
STRENGTHS: dict[str, tuple[object, ...]] = {
    "contact_tracing.tracers_per_100k": (15.0, 30.0, 60.0),
    "mass_testing.every_d": (2, 3, 7),
    "masks.coverage": (0.5, 0.7, 0.9),
    "gathering_limit.persons": (2.0, 10.0),
    "workplace_closure.coverage": (0.3, 0.5, 0.7),
    "distancing.reduction": (0.3, 0.5),
    "lockdown.reduction": (0.7, 0.9),
    "vaccination.doses_per_100k_day": (400.0, 800.0),
}
Variables = Mapping[str, Sequence[Any]]


def generate_plans(
    count: int,
    seed: int,
    *,
    base: Plan | None = None,
    variables: Variables | None = None,
    areas: Sequence[str] = (),
) -> list[Plan]:
    """`count` different plans: variants of the base, or of blocks in `areas` (none: the whole
    city).
    """
    if base is None and variables:
        raise InputError("variables vary a plan", "name it with --base", code="no_base")
    if base is None:
        return draw_plans(count, seed, areas)
    return vary_plan(base, variables or usual_variables(base, areas), count, seed) if count else []


def usual_variables(base: Plan, areas: Sequence[str] = ()) -> dict[str, tuple[object, ...]]:
    """Every measure of the base on or off, its strengths, where, and three starts."""
    kinds = list(dict.fromkeys(kind_of(m) for m in base.measures if kind_of(m) not in PERSONAL))
    variables: dict[str, tuple[object, ...]] = {
        "start_day": (0, 3, 7),
        "areas": ("+".join(areas) or AFFECTED, "city"),
    }
    variables |= dict.fromkeys(kinds, ("on", "off"))
    return variables | {
        name: values for name, values in STRENGTHS.items() if name.partition(".")[0] in kinds
    }


def kind_of(measure: Measure) -> str:
    return str(measure.__struct_config__.tag)


def parse_variables(words: Sequence[str]) -> dict[str, tuple[object, ...]]:
    """From `NAME=VALUE,VALUE,…`; numbers are read as numbers."""
    found: dict[str, tuple[object, ...]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not name or not values:
            raise InputError(
                f"{word!r} is no variable", "write NAME=VALUE,VALUE,…", code="bad_variable"
            )
        found[name.strip()] = tuple(read_value(value.strip()) for value in values.split(","))
    return found


def read_value(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def vary_plan(base: Plan, variables: Variables | None, count: int, seed: int) -> list[Plan]:
    """`count` different valid plans; the same base, variables and seed give the same plans in the
    same order.

    variables: `start_day` (days added to every start), `areas` (`affected`, `city`, or codes joined
    by +), KIND (on or off), KIND.FIELD (values). None: the usual ones. InputError for a variable
    that the base does not have, or when there are not so many different plans.
    """
    variables = dict(variables) if variables else usual_variables(base)
    check_variables(base, variables)
    if not 1 <= count <= MOST:
        raise InputError(f"{count} variants cannot be made", f"say 1 to {MOST}", code="bad_count")
    found: dict[str, Plan] = {}
    for choice in choices_of(variables, count, seed):
        plan = apply_choice(base, choice)
        if plan is not None:
            found.setdefault(plan.id, plan)
        if len(found) == count:
            return list(found.values())
    raise InputError(
        f"only {len(found)} different plans come of these variables",
        "ask for fewer, or give more values",
        code="too_few_variants",
    )


def check_variables(base: Plan, variables: Variables) -> None:
    kinds = {kind_of(measure): measure for measure in base.measures}
    for name, values in variables.items():
        kind, _, field = name.partition(".")
        wrong = [value for value in values if not fits(name, value, field)]
        if wrong:
            raise InputError(f"{name} cannot be {wrong[0]!r}", said_of(name), code="bad_variable")
        if name in ("start_day", "areas") or (
            kind in kinds and (not field or field in kinds[kind].__struct_fields__)
        ):
            continue
        known = ", ".join(["start_day", "areas", *kinds])
        raise InputError(
            f"plan {base.id} has nothing called {name!r}",
            f"vary {known}, or KIND.FIELD",
            code="bad_variable",
        )


def fits(name: str, value: object, field: str) -> bool:
    """Whether a variable may have the value; what a field may be, the measure itself says."""
    if name == "start_day":
        return type(value) is int and value >= 0
    return name == "areas" or bool(field) or value in ("on", "off")


def said_of(name: str) -> str:
    return (
        "days from 0 on, as 0,3,7"
        if name == "start_day"
        else "on or off; a strength is KIND.FIELD=VALUE,VALUE"
    )


def choices_of(variables: Variables, count: int, seed: int) -> Any:
    """All choices in a drawn order when they are few, else drawn one by one."""
    names, chance = list(variables), generator(seed, "library.variants")
    if math.prod(len(values) for values in variables.values()) <= 4096:
        every = list(itertools.product(*variables.values()))
        yield from (
            dict(zip(names, every[int(n)], strict=True)) for n in chance.permutation(len(every))
        )
        return
    for _ in range(count * TRIES_EACH):
        yield {
            name: values[int(chance.integers(len(values)))] for name, values in variables.items()
        }


def apply_choice(base: Plan, choice: Mapping[str, object]) -> Plan | None:
    """The base with this choice, under an id that says which; None when the measures then
    contradict each other.
    """
    off = {name for name, value in choice.items() if value == "off"}
    entries: list[dict[str, Any]] = []
    for measure in base.measures:
        kind = kind_of(measure)
        if kind in off:
            continue
        entry = msgspec.to_builtins(measure)
        entry |= {
            name.partition(".")[2]: v for name, v in choice.items() if name.startswith(f"{kind}.")
        }
        if kind not in PERSONAL:
            entry["start_day"] += choice.get("start_day", 0)
            entry["areas"] = areas_of(choice["areas"]) if "areas" in choice else entry["areas"]
        entries.append(entry)
    name = hashlib.sha256(msgspec.json.encode(entries, order="sorted")).hexdigest()[:8]
    told = {
        key: value
        for key, value in choice.items()
        if key.partition(".")[0] not in off or value == "off"
    }
    plain = msgspec.to_builtins(base) | {
        "id": f"{base.id}-{name}",
        "title": f"{base.title} ({', '.join(f'{key} {value}' for key, value in told.items())})",
        "source": f"made from {base.id} {base.version} by variables",
        "measures": entries,
        "standard": False,
        "made": {
            "from": f"{base.id} {base.version}",
            "choices": ", ".join(f"{key} {value}" for key, value in told.items()),
        },
    }
    plain["authority"] = plain["authority"] | {"automatic": False}
    plain["tasks"] = without_measures(plain["tasks"], off)
    try:
        plan = msgspec.convert(plain, Plan)
        check_measures(plan.measures)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the variables give no plan: {error}", "mend the value", code="bad_variable"
        ) from error
    except InputError:
        return None
    return plan


def areas_of(word: object) -> list[str]:
    return [] if word == "city" else str(word).split("+")


def without_measures(tasks: list[dict[str, Any]], off: set[str]) -> list[dict[str, Any]]:
    """The tasks that do not order what was taken out; who waited for one of those waits for what
    it waited for.
    """
    off = off | ({"area_lockdown"} if "lockdown" in off else set())
    gone = {task["key"]: task["after"] for task in tasks if task.get("measure") in off}

    def before(keys: Sequence[str]) -> list[str]:
        return list(
            dict.fromkeys(k for key in keys for k in (before(gone[key]) if key in gone else [key]))
        )

    return [task | {"after": before(task["after"])} for task in tasks if task["key"] not in gone]


def write_toml(plan: Plan) -> str:
    """The plan as a TOML file that reads back to the same plan."""
    whole = msgspec.json.decode(msgspec.json.encode(plan))
    plain = {key: value for key, value in whole.items() if value not in (None, {}, [])}
    heads = [f"{key} = {toml_value(value)}" for key, value in plain.items() if not is_table(value)]
    parts = ["\n".join(heads)]
    for key, value in plain.items():
        for item in (
            value
            if is_table(value) and isinstance(value, list)
            else [value]
            if is_table(value)
            else []
        ):
            mark = f"[[{key}]]" if isinstance(value, list) else f"[{key}]"
            rows = [toml_line(name, x) for name, x in item.items() if x is not None]
            parts.append("\n".join([mark, *rows]))
    return "\n\n".join(parts) + "\n"


def is_table(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def toml_line(name: str, value: object) -> str:
    """A key, quoted where it is more than a word, with its value."""
    key = name if BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f"{key} = {toml_value(value)}"


def toml_value(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(toml_line(key, x) for key, x in value.items() if x is not None) + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(x) for x in value) + "]"
    return json.dumps(value, ensure_ascii=False)
