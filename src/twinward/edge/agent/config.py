"""`edge.toml`: this edge, its devices, rules and local actions, and where the centre is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.errors import InputError, explain_decode_error
from twinward.core.texts import require_name
from twinward.edge.agent.cameras import Camera
from twinward.edge.profiles import get_profile
from twinward.edge.rules.rule import DeviceRule, Severity, check_rules

ADVICE = "see docs/howto/run-an-edge.md"
# an id stands in topics, file names and `device/boot/seq`: no separator, no wildcard
PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class EdgeIdentity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """This edge. `disk_mb` bounds its file: above it the oldest routine readings are thinned.
    `rules_key`: the public key of the centre whose rule bundles it takes; without one, none.
    """

    id: Id
    listen: str = "127.0.0.1:8430"
    core: str = ""
    token_file: str = ""
    store: str = "edge.db"
    disk_mb: Annotated[float, msgspec.Meta(ge=1, le=1_000_000)] = 2000
    rules_key: Annotated[str, msgspec.Meta(pattern="^([A-Za-z0-9_-]{43})?$")] = ""
    ahead_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300  # a device's clock may be fast


class Mqtt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A broker. `straight`: this is the centre's own door for it; readings of known devices go to
    the centre without being kept here, and are acknowledged when the centre has them.
    """

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    topic: str = "twinward/{edge}/{device}/{type}"
    username: str = ""
    password_file: str = ""
    tls_ca: str = ""
    version: Literal["3.1.1", "5"] = "5"
    straight: bool = False


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that may speak. `key_sha256`: over HTTP it must then bring the key."""

    id: Id
    profile: str
    area: str = ""
    place: str = ""
    key_sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""


class LocalAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was authorised beforehand, and its bounds. `mqtt`: `text` is published at `target`;
    `screen`: the file `target` is written. At most `most_per_hour`, from `severity` on; one that
    could not be done within `expire_s` is not done late.
    """

    name: Id
    kind: Literal["mqtt", "screen"]
    target: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    text_end: str = ""  # done when the alarm ends; empty: nothing
    severity: Severity = "warning"
    most_per_hour: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 20
    expire_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 60
    authorised_by: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class GateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The box checks passes too. `public`: where the public tree is, an address or a folder;
    `root`: the issuer's root key, as `pass keys show` says it; `memory`: what the gate keeps.
    """

    public: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    place: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] = "gate"
    root: Annotated[str, msgspec.Meta(max_length=80)] = ""
    green_days: Annotated[float, msgspec.Meta(gt=0, le=14)] = 7.0
    needs_list: bool = False
    memory: str = "gate.json"
    screen: str = ""
    key_sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""


class CabinetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The box holds parcels: `store` is the ledger that `delivery cabinet init` made. A lock is
    told over MQTT (`{box}` stands for the box) or by a file; `key_sha256`: the courier's key.
    """

    store: Annotated[str, msgspec.Meta(min_length=1, max_length=400)] = "cabinet.db"
    lock_topic: Annotated[str, msgspec.Meta(max_length=200, pattern="^[^+#]*$")] = ""
    lock_text: Annotated[str, msgspec.Meta(max_length=200)] = "open {box}"
    lock_file: Annotated[str, msgspec.Meta(max_length=400)] = ""
    key_sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""


class EdgeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    edge: EdgeIdentity
    mqtt: Mqtt | None = None
    gate: GateConfig | None = None
    cabinet: CabinetConfig | None = None
    devices: tuple[Device, ...] = ()
    rules: tuple[DeviceRule, ...] = ()
    cameras: tuple[Camera, ...] = ()
    actions: tuple[LocalAction, ...] = ()
    version: str = ""  # of the file: the first digits of its hash
    folder: str = ""

    def path(self, name: str) -> Path:
        """A path of the file, relative to it."""
        return Path(self.folder, name)

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.edge.listen.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise InputError(
                f"edge.listen is {self.edge.listen!r}, which is no host and port",
                'write it like "127.0.0.1:8430"',
                code="bad_config",
            )
        return host.strip("[]"), int(port)


def load_config(path: Path) -> EdgeConfig:
    """The configuration, wholly checked; InputError says what is wrong where."""
    try:
        content = path.read_bytes()
        raw = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror})", ADVICE, code="bad_config"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name} is no TOML: {error}", ADVICE, code="bad_config") from error
    raw.pop("version", None)
    raw.pop("folder", None)
    try:
        config = msgspec.convert(raw, EdgeConfig)
    except msgspec.ValidationError as error:
        said = explain_decode_error(str(error), raw)
        raise InputError(f"{path.name}: {said}", ADVICE, code="bad_config") from error
    config = msgspec.structs.replace(
        config, version=digest_id(content, 12), folder=str(path.parent)
    )
    check(config)
    return config


def check(config: EdgeConfig) -> None:
    _ = config.address
    names = [config.edge.id, *(one.id for one in config.devices)]
    for name in names:
        require_plain(name)
    doubled = {name for name in names[1:] if names[1:].count(name) > 1}
    if doubled:
        raise InputError(
            f"device {min(doubled)} stands twice", "give each device its own id", code="bad_config"
        )
    for device in config.devices:
        get_profile(device.profile)
        require_name("place", device.place or "-")
    check_rules(config.rules)
    actions = {one.name for one in config.actions}
    for rule in config.rules:
        if rule.action and rule.action not in actions:
            raise InputError(
                f"rule {rule.id} does {rule.action!r}, which no [[actions]] names",
                ADVICE,
                code="bad_config",
            )
    for action in config.actions:
        if action.kind == "mqtt" and config.mqtt is None:
            raise InputError(
                f"action {action.name} publishes, but there is no [mqtt]", ADVICE, code="bad_config"
            )
    known = {one.id: one.profile for one in config.devices}
    for camera in config.cameras:
        if known.get(camera.device) != "camera-events" or config.mqtt is None:
            raise InputError(
                f"camera {camera.name} is no device {camera.device!r} of the profile camera-events "
                "that an [mqtt] brings",
                ADVICE,
                code="bad_config",
            )
    if config.mqtt is not None and "{device}" not in config.mqtt.topic:
        raise InputError("mqtt.topic must hold {device}", ADVICE, code="bad_config")
    if config.mqtt is not None and config.mqtt.straight and not config.edge.core:
        raise InputError("mqtt.straight needs edge.core", ADVICE, code="bad_config")


def require_plain(name: str) -> str:
    """The id itself; InputError unless the id can stand in a topic and in `device/boot/seq`."""
    if not PLAIN_ID.fullmatch(name):
        raise InputError(
            f"the id {name!r} holds more than letters, digits and _ . : -",
            "rename it",
            code="bad_id",
        )
    return name
