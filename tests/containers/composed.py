"""The part of the compose format that docker-compose.yml may use; whatever is not named here is refused."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from thalas.processes import LOOPBACK

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z][A-Z0-9_]*)(?P<how>:-|:\?)(?P<rest>[^{}]*)\}|\$")
UNITS_S = {"s": 1, "m": 60, "h": 3600}

Duration = Annotated[str, Field(pattern=r"^\d+[smh]$")]
Size = Annotated[str, Field(pattern=r"^\d+[mg]$")]
Words = Annotated[list[str], Field(min_length=1)]


class Part(BaseModel):
    """Anything in the file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Limits(Part):
    """What one container may take."""

    cpus: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    memory: Size
    pids: Annotated[int, Field(ge=16)]


class Resources(Part):
    """The limits, and no reservations."""

    limits: Limits


class Deploy(Part):
    """How many containers, and what each may take."""

    resources: Resources
    replicas: Annotated[int, Field(ge=1)] = 1


class Port(Part):
    """A port of the container on a port, or one of several, of this machine."""

    target: int
    published: str
    host_ip: str
    protocol: Literal["tcp"]


class Healthcheck(Part):
    """How Docker asks a container how it is."""

    test: Words
    interval: Duration
    timeout: Duration
    retries: Annotated[int, Field(ge=1)]
    start_period: Duration
    start_interval: Duration


class Condition(Part):
    """What another service must have reached."""

    condition: Literal["service_healthy", "service_completed_successfully"]


class EnvFile(Part):
    """A file with variables."""

    path: str
    required: bool


class Logging(Part):
    """Where the lines go that a container writes, and when the oldest are dropped."""

    driver: Literal["json-file"]
    options: dict[Literal["max-size", "max-file"], str]


class Service(Part):
    """One service; what has no default here has to be said in the file."""

    image: str
    build: Literal["."] | None = None
    command: Words
    user: str
    read_only: Literal[True]
    cap_drop: Annotated[list[Literal["ALL"]], Field(min_length=1)]
    security_opt: Annotated[list[Literal["no-new-privileges:true"]], Field(min_length=1)]
    init: bool = False
    tmpfs: Words
    volumes: list[str] = []
    environment: dict[str, str]
    env_file: list[EnvFile] = []
    ports: list[Port] = []
    expose: list[str] = []
    networks: Annotated[list[Literal["inside", "outside"]], Field(min_length=1)]
    depends_on: dict[str, Condition] = {}
    restart: Literal["unless-stopped", "no"]
    stop_grace_period: Duration
    shm_size: Size | None = None
    healthcheck: Healthcheck | None = None
    logging: Logging
    deploy: Deploy


class Network(Part):
    """A network; an internal one has no way out and none in."""

    internal: bool = False


class Volume(Part):
    """A volume that Docker keeps."""


class Compose(BaseModel):
    """The whole file; its `x-` parts are building blocks and count where they are used."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: str
    services: dict[str, Service]
    networks: dict[str, Network]
    volumes: dict[str, Volume]


def read(text: str, given: Mapping[str, str]) -> Compose:
    """Return the file as Compose would see it where the variables *given* are set.

    Raises:  ValueError for a bare `$`, ValidationError for what the model does not know.
    """
    raw = yaml.safe_load(text)
    kept = {name: value for name, value in raw.items() if not name.startswith("x-")}
    return Compose.model_validate(filled(kept, given))


def filled(value: object, given: Mapping[str, str]) -> object:
    """Return *value* with the variables in all its strings put in."""
    if isinstance(value, dict):
        return {name: filled(item, given) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, given) for item in value]
    return VARIABLE.sub(lambda found: _put_in(found, given), value) if isinstance(value, str) else value


def _put_in(found: re.Match[str], given: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    if found[0] == "$":
        raise ValueError(f"a bare $ near {found.string[found.start() :][:30]!r}; write ${{NAME:?why}} or $$")
    return given.get(found["name"]) or (found["rest"] if found["how"] == ":-" else "")


def used(text: str) -> dict[str, set[tuple[str, str]]]:
    """Return each variable that *text* uses with how it is used: (":-", default) or (":?", message)."""
    uses: dict[str, set[tuple[str, str]]] = {}
    for found in VARIABLE.finditer(text):
        if found["name"]:
            uses.setdefault(found["name"], set()).add((found["how"], found["rest"]))
    return uses


def seconds(duration: str) -> int:
    """Return "15s", "2m" or "1h" in seconds."""
    return int(duration[:-1]) * UNITS_S[duration[-1]]


def is_loopback(port: Port) -> bool:
    """Say whether only this machine reaches *port*."""
    return port.host_ip == LOOPBACK
