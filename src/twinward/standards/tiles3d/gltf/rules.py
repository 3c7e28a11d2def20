"""The rules of the JSON of glTF 2.0 (Khronos, annex of JSON schemas), as data."""

from __future__ import annotations

from twinward.standards.tiles3d.gltf.model import COMPONENTS, WIDTHS
from twinward.standards.tiles3d.rules import FLAG, INDEX, NUMBER, TEXT, array, mapped, must, thing
from twinward.standards.tiles3d.shapes import Rule

ONE_OR_MORE = Rule(kind="integer", least=1, required=True)
NOT_NEGATIVE = Rule(kind="number", least=0)
NUMBERS = array(NUMBER, 1, 16)
FILTERS = (9728, 9729)
WRAPS = Rule(among=(33071, 33648, 10497))
ACCESSOR = thing(
    bufferView=INDEX,
    byteOffset=INDEX,
    componentType=Rule(among=tuple(COMPONENTS), required=True),
    count=ONE_OR_MORE,
    type=Rule(kind="string", among=tuple(WIDTHS), required=True),
    normalized=FLAG,
    min=NUMBERS,
    max=NUMBERS,
    sparse=thing(),
)
BUFFER_VIEW = thing(
    buffer=must(INDEX),
    byteOffset=INDEX,
    byteLength=ONE_OR_MORE,
    byteStride=Rule(kind="integer", least=4),
    target=Rule(among=(34962, 34963)),
)
MATERIAL = thing(
    alphaMode=Rule(kind="string", among=("OPAQUE", "MASK", "BLEND")),
    alphaCutoff=NOT_NEGATIVE,
    doubleSided=FLAG,
    emissiveFactor=array(NOT_NEGATIVE, 3, 3),
    pbrMetallicRoughness=thing(
        baseColorFactor=array(NOT_NEGATIVE, 4, 4),
        metallicFactor=NOT_NEGATIVE,
        roughnessFactor=NOT_NEGATIVE,
    ),
)
PRIMITIVE = thing(
    attributes=must(mapped(INDEX, 1)),
    indices=INDEX,
    material=INDEX,
    mode=Rule(among=(0, 1, 2, 3, 4, 5, 6)),
    targets=array(mapped(INDEX, 1), 1),
)
NODE = thing(
    mesh=INDEX,
    camera=INDEX,
    skin=INDEX,
    name=TEXT,
    children=array(INDEX, 1, unique=True),
    matrix=array(NUMBER, 16, 16),
    translation=array(NUMBER, 3, 3),
    rotation=array(NUMBER, 4, 4),
    scale=array(NUMBER, 3, 3),
)
NAMES = array(TEXT, 1, unique=True)
GLTF = thing(
    asset=must(thing(version=must(TEXT), generator=TEXT, copyright=TEXT)),
    extensionsUsed=NAMES,
    extensionsRequired=NAMES,
    scene=INDEX,
    scenes=array(thing(nodes=array(INDEX, 1, unique=True)), 1),
    nodes=array(NODE, 1),
    meshes=array(thing(primitives=must(array(PRIMITIVE, 1)), weights=array(NUMBER, 1)), 1),
    accessors=array(ACCESSOR, 1),
    bufferViews=array(BUFFER_VIEW, 1),
    buffers=array(thing(uri=TEXT, byteLength=ONE_OR_MORE), 1),
    images=array(thing(uri=TEXT, mimeType=TEXT, bufferView=INDEX), 1),
    samplers=array(
        thing(
            magFilter=Rule(among=FILTERS),
            minFilter=Rule(among=(*FILTERS, 9984, 9985, 9986, 9987)),
            wrapS=WRAPS,
            wrapT=WRAPS,
        ),
        1,
    ),
    textures=array(thing(sampler=INDEX, source=INDEX), 1),
    materials=array(MATERIAL, 1),
)
