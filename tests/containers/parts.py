"""What is compared: the container files, and what the code itself says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from containers import packages
from tests.containers import composed, dockerfiles
from tests.containers.composed import Compose, Service
from tests.containers.dockerfiles import Image
from thalas import env, processes

FILES = ("docker-compose.yml", "Dockerfile", ".dockerignore", "docs/deployment.md")
# The one service that is no process of the table: what a release runs once.
SETUP = "migrate"
# Stand-ins for the secrets, each recognisable wherever it turns up.
SECRETS = {
    name: f"{name.lower().replace('_', '')}01234567890123456789012345678901234567890123456789"
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_PASSWORD")
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The container files, read."""

    texts: Mapping[str, str]
    compose: Compose
    stages: tuple[Image, ...]

    @property
    def image(self) -> Image:
        """The stage that becomes the image."""
        return self.stages[-1]

    @property
    def ours(self) -> dict[str, Service]:
        """The services that run our own image."""
        return {name: service for name, service in self.compose.services.items() if service.build}

    @property
    def foreign(self) -> dict[str, Service]:
        """The services that run somebody else's image."""
        return {name: service for name, service in self.compose.services.items() if not service.build}

    def environment(self, service: Service) -> dict[str, str]:
        """Return all variables that a process of one of our services finds set."""
        return {**self.image.env, **service.environment}

    def house(self, service: Service) -> env.HouseSettings:
        """Return the settings that *service* makes of its environment."""
        return env.read(self.environment(service)).house

    def commands(self, service: Service) -> dict[str, tuple[str, ...]]:
        """Return the process table as it is in a container with the settings of *service*."""
        return processes.commands(self.house(service), host="0.0.0.0")


def texts() -> dict[str, str]:
    """Return the files as they lie in the repository."""
    return {name: (env.BASE_DIR / name).read_text() for name in FILES}


def read(files: Mapping[str, str]) -> Parts:
    """Read the container files as they are where only the secrets are set."""
    return Parts(
        texts=files,
        compose=composed.read(files["docker-compose.yml"], SECRETS),
        stages=tuple(dockerfiles.read(files["Dockerfile"])),
    )


class Pool(BaseModel):
    """The bounds of one process's connections."""

    max_size: int
    timeout: float


class DatabaseOptions(BaseModel):
    """What the settings give to psycopg."""

    pool: Pool | None = None
    options: str


class Told(BaseModel):
    """What a process with a container's environment sees in its settings."""

    engine: str
    database: dict[str, str]
    options: DatabaseOptions
    broker: str
    hosts: list[str]
    redirect_exempt: list[str]


TELL = """
import json
from thalas import settings
row = settings.DATABASES["default"]
print(json.dumps({
    "engine": row["ENGINE"],
    "database": {key: str(row[key]) for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")},
    "options": row["OPTIONS"],
    "redirect_exempt": settings.SECURE_REDIRECT_EXEMPT,
    "broker": settings.BROKER_URL,
    "hosts": settings.ALLOWED_HOSTS,
}, default=str))
"""


def settings_of(environment: Mapping[str, str]) -> Told:
    """Return what the settings become under *environment*, in a process of their own."""
    return _settings_of(tuple(sorted(environment.items())))


@cache
def _settings_of(environment: Iterable[tuple[str, str]]) -> Told:
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        env={**dict(environment), "PATH": os.environ["PATH"]},
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Told.model_validate_json(done.stdout)


def packages_of_the_image() -> set[str]:
    """Return the packages that the image installs."""
    lock = (env.BASE_DIR / "requirements.lock").read_text()
    return set(re.findall(r"^([a-z0-9._-]+)==", packages.product(lock), flags=re.MULTILINE))
