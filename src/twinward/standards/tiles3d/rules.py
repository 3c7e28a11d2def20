"""The rules of the JSON of 3D Tiles 1.1 (OGC 22-025r4, annex of JSON schemas), as data."""

from __future__ import annotations

from twinward.standards.tiles3d.shapes import IDENTIFIER, Rule

MANY = 1 << 62
SOME = (1, MANY)
TEXT = Rule(kind="string")
NAME = Rule(kind="string", sizes=SOME)
FLAG = Rule(kind="boolean")
NUMBER = Rule(kind="number")
INDEX = Rule(kind="integer", least=0)
ANY = Rule()


def must(rule: Rule) -> Rule:
    """The same rule for a member that has to be there."""
    from msgspec.structs import replace

    return replace(rule, required=True)


def array(items: Rule, least: int = 0, most: int = MANY, *, unique: bool = False) -> Rule:
    return Rule(kind="array", items=items, sizes=(least, most), unique=unique)


def mapped(items: Rule, least: int = 0, pattern: str = "") -> Rule:
    return Rule(kind="map", items=items, sizes=(least, MANY), pattern=pattern)


def thing(**members: Rule) -> Rule:
    return Rule(kind="object", members=members)


COMPONENTS = (
    "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "FLOAT32", "FLOAT64",
)  # fmt: skip
INTEGERS = COMPONENTS[:8]
TYPES = (
    "SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4", "STRING", "BOOLEAN", "ENUM",
)  # fmt: skip
OFFSETS = ("UINT8", "UINT16", "UINT32", "UINT64")

PROPERTY = Rule(
    kind="object",
    members={
        "name": NAME,
        "description": NAME,
        "type": Rule(kind="string", among=TYPES, required=True),
        "componentType": Rule(kind="string", among=COMPONENTS),
        "enumType": TEXT,
        "array": FLAG,
        "count": Rule(kind="integer", least=2),
        "normalized": FLAG,
        "required": FLAG,
        "semantic": NAME,
    },
)
CLASS = thing(name=NAME, description=NAME, properties=mapped(PROPERTY, 1, IDENTIFIER))
VALUE = thing(name=must(NAME), description=NAME, value=must(Rule(kind="integer")))
ENUM = thing(
    name=NAME,
    description=NAME,
    valueType=Rule(kind="string", among=INTEGERS),
    values=must(array(VALUE, 1)),
)
SCHEMA = thing(
    id=Rule(kind="string", pattern=IDENTIFIER, required=True),
    name=NAME,
    description=NAME,
    version=NAME,
    classes=mapped(CLASS, 1, IDENTIFIER),
    enums=mapped(ENUM, 1, IDENTIFIER),
)
ENTITY_MEMBERS = {"class": must(TEXT), "properties": mapped(ANY, 1, IDENTIFIER)}
ENTITY = Rule(kind="object", members=ENTITY_MEMBERS)
PROPERTY_TABLE = Rule(
    kind="object",
    members={
        "name": NAME,
        "class": must(TEXT),
        "count": Rule(kind="integer", least=1, required=True),
        "properties": mapped(
            thing(
                values=must(INDEX),
                arrayOffsets=INDEX,
                stringOffsets=INDEX,
                arrayOffsetType=Rule(among=OFFSETS),
                stringOffsetType=Rule(among=OFFSETS),
            ),
            1,
        ),
    },
)
STATISTICS = thing(
    classes=mapped(thing(count=Rule(kind="integer", least=0), properties=mapped(thing(), 1)), 1)
)

BUFFER = thing(name=NAME, uri=TEXT, byteLength=Rule(kind="integer", least=1, required=True))
BUFFER_VIEW = thing(
    name=NAME,
    buffer=must(INDEX),
    byteOffset=must(INDEX),
    byteLength=Rule(kind="integer", least=1, required=True),
)
BUFFERS = thing(buffers=array(BUFFER, 1), bufferViews=array(BUFFER_VIEW, 1))
AVAILABILITY = thing(bitstream=INDEX, availableCount=INDEX, constant=Rule(among=(0, 1)))
SUBTREE = thing(
    propertyTables=array(PROPERTY_TABLE, 1),
    tileAvailability=must(AVAILABILITY),
    contentAvailability=array(AVAILABILITY, 1),
    childSubtreeAvailability=must(AVAILABILITY),
    tileMetadata=INDEX,
    contentMetadata=array(INDEX, 1),
    subtreeMetadata=ENTITY,
)

VOLUME = thing(box=array(NUMBER, 12, 12), region=array(NUMBER, 6, 6), sphere=array(NUMBER, 4, 4))
S2 = "3DTILES_bounding_volume_S2"
S2_VOLUME = thing(token=must(TEXT), minimumHeight=must(NUMBER), maximumHeight=must(NUMBER))
CONTENT = thing(uri=must(TEXT), metadata=ENTITY, group=INDEX)
POSITIVE = Rule(kind="integer", least=1, required=True)
IMPLICIT = thing(
    subdivisionScheme=Rule(among=("QUADTREE", "OCTREE"), required=True),
    availableLevels=POSITIVE,
    subtreeLevels=POSITIVE,
    subtrees=must(thing(uri=must(TEXT))),
)
TILE = thing(
    geometricError=Rule(kind="number", least=0, required=True),
    transform=array(NUMBER, 16, 16),
    metadata=ENTITY,
    implicitTiling=IMPLICIT,
    children=array(Rule(kind="object"), 1),
)
TILESET = thing(
    asset=must(thing(version=must(TEXT), tilesetVersion=TEXT)),
    properties=mapped(thing(maximum=must(NUMBER), minimum=must(NUMBER))),
    schemaUri=TEXT,
    groups=array(ENTITY, 1),
    metadata=ENTITY,
    geometricError=Rule(kind="number", least=0, required=True),
    root=must(Rule(kind="object")),
    extensionsUsed=array(TEXT, 1, unique=True),
    extensionsRequired=array(TEXT, 1, unique=True),
)

TEXTURE = thing(index=must(INDEX), texCoord=INDEX, channels=array(INDEX, 1))
FEATURE_ID = thing(
    featureCount=Rule(kind="integer", least=1, required=True),
    nullFeatureId=INDEX,
    label=Rule(kind="string", pattern=IDENTIFIER),
    attribute=INDEX,
    texture=TEXTURE,
    propertyTable=INDEX,
)
FEATURE_IDS = thing(featureIds=must(array(FEATURE_ID, 1)))
PROPERTY_TEXTURE = Rule(
    kind="object",
    members={"name": NAME, "class": must(TEXT), "properties": mapped(TEXTURE, 1)},
)
PROPERTY_ATTRIBUTE = Rule(
    kind="object",
    members={
        "name": NAME,
        "class": must(TEXT),
        "properties": mapped(thing(attribute=must(NAME)), 1),
    },
)
STRUCTURAL = thing(
    schemaUri=TEXT,
    propertyTables=array(PROPERTY_TABLE, 1),
    propertyTextures=array(PROPERTY_TEXTURE, 1),
    propertyAttributes=array(PROPERTY_ATTRIBUTE, 1),
)
PRIMITIVE_METADATA = thing(propertyTextures=array(INDEX, 1), propertyAttributes=array(INDEX, 1))
