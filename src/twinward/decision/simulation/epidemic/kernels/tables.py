"""What the kernels read and write, as named tuples of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

# where a contact is drawn from
HOUSEHOLD, TEAM, SITE, CELL, TRANSPORT, RANDOM = range(6)
LAYERS = 6
# where an infection is counted
SETTINGS = (
    "household",
    "school_class",
    "school",
    "work_team",
    "workplace",
    "care_home",
    "hospital",
    "community",
    "transport",
    "random",
    "imported",
)
(
    IN_HOUSEHOLD,
    IN_CLASS,
    IN_SCHOOL,
    IN_WORK_TEAM,
    IN_WORKPLACE,
    IN_CARE_HOME,
    IN_HOSPITAL,
    IN_COMMUNITY,
    IN_TRANSPORT,
    IN_RANDOM,
    IMPORTED,
) = range(11)
NOBODY = 0xFFFFFFFF
NEVER = 255
CHUNK = 4096
QUANTILES = 4096
REFRACTORY_DAYS = 45  # nobody is infected again while the last infection may still run
# three delays of at most 250 days lie between an infection and the last event of its course
AGENDA_D = 1024
MAX_SLOTS = 65_536  # contacts of one resident in one layer and day
AGE_STEPS = 256  # immunity is tabled in steps of 8 days since the event
STEP_SHIFT = 3  # log2 of the days in a step
DAYS_PER_STEP = 1 << STEP_SHIFT


class CityTables(NamedTuple):
    """N residents, M members of sites, T teams, S sites, L leaf areas."""

    words: Any  # uint64[N, 2]: state, fixed
    recent: Any  # uint8[N] mark of the day of the last infection
    member: Any  # uint32[M] residents by site and team
    team_start: Any  # uint32[T+1]
    team_site: Any  # uint32[T]
    site_start: Any  # uint32[S+1]
    site_leaf: Any  # uint16[S]
    leaf_start: Any  # uint32[L+1]
    leaf_hospital: Any  # int32[L] the hospital that serves the leaf, -1 for none
    leaf_group: Any  # uint16[L] the area in which outcomes are counted
    leaf_zone: Any  # uint8[L] leaf areas under the same measures form a zone


class Mixing(NamedTuple):
    """By contact class (age, kind of site, lives with others)."""

    cumulative: Any  # float32[C, 6] transmission weight of layers 0..l
    contacts: Any  # float32[C, 6] contacts a day, the last slot of a layer only in part
    setting: Any  # int8[6, 8] setting of (layer, kind of site)


class SpreadTables(NamedTuple):
    """How an infectious contact infects. P days of infectiousness, S strains."""

    profile: Any  # float32[P+1] attempts by day since the end of latency; the last entry is 0
    cumulative: Any  # float64[P+1] attempts before each of these days
    susceptibility: Any  # float32[101] by age
    immunity: Any  # float32[S+1, S, 256] protection by last strain + 1, new strain, steps since
    vaccine: Any  # float32[4, S, 256] protection by doses, new strain, steps since


class Response(NamedTuple):
    """The measures of one day. Z zones, B age bands."""

    active: Any  # bool: any contact is restricted at all
    isolates: Any  # bool: somebody may be kept apart by a measure
    factor: Any  # float32[Z, B, 10] share of contacts that take place, by setting
    shield: Any  # float32[Z, B, 10] share of transmission that masks let through
    band: Any  # uint8[101] age band of an age
    crossing: Any  # float32 share of contacts between districts that take place
    ward_factor: Any  # float32 contacts of a patient with hospital staff


class Records(NamedTuple):
    """The infections of the last weeks, in the order in which they happened."""

    who: Any  # uint32
    day: Any  # int16 day of infection
    latent: Any  # uint8 days until infectious
    onset: Any  # uint8 days until symptoms, NEVER for none
    rate: Any  # float32 attempts relative to the mean
    cls: Any  # uint16 contact class
    strain: Any  # uint8
    setting: Any  # uint8
    parent: Any  # uint32 infector, NOBODY for none
    fixed: Any  # uint64 the resident's fixed word, so that it need not be fetched each day
    severe: Any  # bool will need a hospital
    next: Any  # int16 day of the next attempts


class Attempts(NamedTuple):
    """Buffers for the attempts of one chunk."""

    record: Any  # int32 position in the list of hits
    setting: Any  # uint8 (of the unsorted attempts: the layer)
    key: Any  # uint64 key of the contact slot
    thin: Any  # uint64 the attempt's name
    last: Any  # int64 end of the pool: who is met by one who drew themselves
    target: Any  # int64 position in the pool, then the resident met
    state: Any  # uint64 of those met who may be infected
    fixed: Any  # uint64


class Work(NamedTuple):
    """Buffers of one thread."""

    hits: Any  # int32[CHUNK+1]
    times: Any  # int32[CHUNK+1]
    source_state: Any  # uint64[CHUNK]
    source_fixed: Any  # uint64[CHUNK]
    # int32[CHUNK] where the row of the infector's zone and age band begins in the tables of
    # measures
    rows: Any
    stays: Any  # uint8[CHUNK] how the infector is kept apart
    layers: Any  # int64[LAYERS+1] where each layer's attempts begin
    raw: Attempts  # before sorting by layer
    buf: Attempts


class Proposals(NamedTuple):
    """Attempts that would infect, in the order of the records."""

    target: Any  # uint32
    source: Any  # uint32 index into the records
    setting: Any  # uint8
    state: Any  # uint64 of the target until now
    fixed: Any  # uint64 of the target


class History(NamedTuple):
    """Drawn at infection, as tables of QUANTILES equally likely values."""

    latent: Any  # uint8
    onset: Any  # uint8 days from the end of latency to symptoms
    sick: Any  # uint8 days from symptoms to recovery
    infectious: Any  # uint8 days of infectiousness without symptoms
    heterogeneity: Any  # float32 of mean 1
    quiet_rate: (
        Any  # float32[S] relative infectiousness without symptoms, times the strain's factor
    )
    loud_rate: Any  # float32[S] with symptoms
    symptomatic: Any  # float32[101]
    hospital: Any  # float32[S, 101] given symptoms
    spared: Any  # float32[4] share of hospital cases that doses prevent
    spared_again: Any  # float32 share of hospital cases that an earlier infection prevents


class Patients(NamedTuple):
    """Severe cases, a row each, and for each day of the agenda the first and last row of its
    chain.
    """

    who: Any  # uint32
    age: Any  # uint8
    kind: Any  # uint8 of the event to come
    stay: Any  # uint8 days in hospital
    to_icu: Any  # uint8 days to intensive care
    icu_stay: Any  # uint8 days in it
    needs_icu: Any  # bool
    luck: Any  # float64 by which they die or not
    risk: Any  # float64 of death at the end
    next: Any  # int32 row of the day's next event
    first: Any  # int32[AGENDA_D]
    last: Any  # int32[AGENDA_D]


class Care(NamedTuple):
    """What befalls severe cases."""

    delays: Any  # uint8[4, QUANTILES] days to admission, in hospital, to intensive care, in it
    icu_chance: Any  # float32[101] by age
    die_ward: Any  # float32[101]
    die_icu: Any  # float32[101]
    die_no_bed: Any  # float
    die_no_icu: Any  # float
    beds: Any  # int
    icu_beds: Any  # int
    apart: Any  # bool: patients are kept apart


class RunTally(NamedTuple):
    """What is counted as it happens; rows are days."""

    flows: Any  # int64[D+H, FLOWS]
    area: Any  # int64[D, groups]
    age: Any  # int64[D, bands of ten years]
    setting: Any  # int64[D, 11]
    strain: Any  # int64[D, S]


# flows between compartments, by the day on which they happen
FLOWS = (
    "infected_again",
    "infected_first",
    "to_presymptomatic",
    "to_asymptomatic",
    "to_mild",
    "asymptomatic_recovered",
    "mild_recovered",
)
F_AGAIN, F_FIRST, F_PRE, F_ASYM, F_MILD, F_ASYM_RECOVERED, F_MILD_RECOVERED = range(7)

# flows through the hospital; the first three are the kinds of leaving, in the order of the kernel
HOSPITAL_FLOWS = ("ward_left", "icu_left", "home_left", "died", "admitted", "to_icu", "turned_away")
H_DIED, H_ADMITTED, H_TO_ICU, H_TURNED_AWAY = range(3, 7)
