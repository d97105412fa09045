"""What is planted where: a secret of its own in every place of the environment that may hold one.

The places are read out of the code and the files that people copy, so that a new one cannot be forgotten.
"""

import ast
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel, SecretStr

from providers.voters.vendors import VENDORS, WIRES
from tests.doors import canaries
from thalas import env, env_secrets
from thalas.env import HouseSettings
from thalas.env_providers import ProviderSettings

# By its name a variable holds a secret, or an address, which may have one in it.
SECRET = re.compile(r"\b[A-Z][A-Z0-9_]*_(KEY|SECRET|PASSWORD|TOKEN|AUTH|URL|DSN|CREDENTIALS)(_FILE)?\b")
FILES = (".env.example", "docker-compose.yml", "Dockerfile")
ROOMS = ("thalas", "providers", "tasks", "beat_schedule", "risk")
# What the name of a provider goes before.
NO_VARIABLE = {"API_KEY", "BASE_URL"}
# A password in them, or anything behind the host, is refused at the start: nothing to plant.
PUBLIC = {"THALAS_PUBLIC_URL", "THALAS_FLOWER_URL"}
# A key may hold whatever shows; these letters are written in another way in JSON, in HTML and in addresses.
NOBODY = "127.0.0.1:1"  # where nothing listens
AWKWARD = '/+"\\&<%=~'


def awkward() -> str:
    """Return a secret that changes its looks wherever it is quoted."""
    return canaries.canary()[:30] + AWKWARD + canaries.canary()[:30]


@dataclass(frozen=True)
class Plan:
    """What is planted, and the *marker*: no secret, so that it shows wherever something shows at all.

    variables  the environment that all of it makes
    """

    folder: Path
    marker: str = field(default_factory=lambda: f"marker{canaries.canary()[:26]}")
    planted: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str, secret: str = "") -> str:
        """Return a new secret, or *secret*, that must not be seen again."""
        return self.planted.setdefault(name, secret or canaries.canary())

    def put_in(self, variable: str, secret: str = "", *, into_file: bool = False) -> str:
        """Plant a secret in *variable*, or in the file that it names, and return it."""
        made = self.plant(variable, secret)
        if into_file:
            path = self.folder / variable
            path.write_text(f"{made}\n")
            self.variables[f"{variable}_FILE"] = str(path)
        else:
            self.variables[variable] = made
        return made


def plant_providers(plan: Plan, *, server: str, nobody: Mapping[str, str], asked: Container[str]) -> None:
    """Plant a key for each vendor, and for each wire a server that cannot be reached in each way.

    server  where they are asked, each with a token of its own in the path
    nobody  why a server cannot be reached, with an address for which that is true
    asked   those of the last that are asked all the same
    """
    for number, vendor in enumerate(VENDORS.values()):
        first, *others = vendor.prefixes
        key = plan.put_in(f"{first}API_KEY", awkward() if number % 2 else "", into_file=number % 3 == 0)
        for prefix in others:  # another name of the same, which must say the same
            plan.put_in(f"{prefix}API_KEY", key, into_file=number % 3 == 0)
        _address(plan, first, server, vendor.name)
    _other(plan, "LLAMA_", "openai_chat", server)
    _other(plan, f"{plan.marker.upper()}_", "openai_chat", server)
    for wire in WIRES:
        for why, address in nobody.items():
            _other(plan, f"{wire}_{why}_".upper(), wire, address)
            plan.variables[f"{wire}_{why}_ENABLED".upper()] = str(why in asked)


def _other(plan: Plan, prefix: str, wire: str, server: str) -> None:
    plan.put_in(f"{prefix}API_KEY")
    _address(plan, prefix, server, prefix.lower()[: env_secrets.LONG_FOR_A_WORD - 1].strip("_"))
    plan.variables.update({f"{prefix}WIRE": wire, f"{prefix}MODEL": "a-model"})


def _address(plan: Plan, prefix: str, server: str, name: str) -> None:
    token = plan.plant(f"{prefix}BASE_URL")
    plan.variables.update({f"{prefix}BASE_URL": f"{server}/{token}/{name}/v1", f"{prefix}PRICE": "free"})
    plan.variables.update({f"{prefix}TIMEOUT": "1", f"{prefix}MAX_RETRIES": "0"})


def plant_house(plan: Plan, *, broker: str, database: str) -> None:
    """Plant what the house's own parts are opened with, and what other programs' variables hold.

    broker    address without a password, `redis://host:port/0`
    database  address with the password planted, if it takes one
    """
    for name in ("SECRET_KEY", "REDIS_PASSWORD", *(["DATABASE_PASSWORD"] if "@" in database else [])):
        plan.put_in(name, into_file=True)
    plan.variables.update({"REDIS_URL": broker, "DATABASE_URL": database, "THALAS_LOG_LEVEL": "DEBUG"})
    for name in ("POSTGRES_PASSWORD", "FLOWER_PASSWORD", "REDISCLI_AUTH", "AWS_SECRET_ACCESS_KEY"):
        plan.put_in(name)
    plan.variables["FLOWER_BASIC_AUTH"] = f"thalas:{plan.plant('FLOWER_BASIC_AUTH')}"
    plan.variables["USE_KEYS"] = "1"


def cut_off(plan: Plan) -> dict[str, str]:
    """Return the environment of a process that reaches neither broker nor database nor market.

    Here the secrets stand in the addresses themselves.
    """
    away = replace(plan, variables=plan.variables.copy())
    away.put_in("DATABASE_PASSWORD", into_file=True)
    del away.variables["REDIS_PASSWORD_FILE"]
    return {
        **away.variables,
        "DATABASE_URL": f"postgresql://thalas@{NOBODY}/thalas?sslpassword={plan.plant('DATABASE_URL')}",
        "REDIS_URL": f"redis://:{plan.plant('REDIS_URL')}@{NOBODY}/0",
        "THALAS_DB_POOL": "0",  # a pool waits for a database that is away
        "MARKET": "kraken",
        "MARKET_BASE_URL": f"http://{NOBODY}/{plan.plant('MARKET_BASE_URL')}",
    }


def may_hold_secrets() -> set[str]:
    """Return each variable that the code or the files that people copy know and that may hold a secret."""
    found = {*env_secrets.SECRETS, *env_secrets.PASSWORDS, *_said_in_files(), *_said_in_code()}
    found |= {name.upper() for name in HouseSettings.model_fields if _is_secret(HouseSettings, name)}
    for prefix in (prefix for vendor in VENDORS.values() for prefix in vendor.prefixes[:1]):
        found |= {
            prefix + name.upper()
            for name in ProviderSettings.model_fields
            if _is_secret(ProviderSettings, name)
        }
    return {name.removesuffix("_FILE") for name in found | env.HIDDEN} - NO_VARIABLE


def _is_secret(settings: type[BaseModel], name: str) -> bool:
    return name.endswith("_url") or SecretStr in _types(settings.model_fields[name].annotation)


def _types(annotation: object) -> set[object]:
    if get_origin(annotation) in (UnionType, Annotated) or get_args(annotation):
        return {one for part in get_args(annotation) for one in _types(part)}
    return {annotation}


def _said_in_files() -> Iterator[str]:
    for name in FILES:
        yield from (found[0] for found in SECRET.finditer((env.BASE_DIR / name).read_text()))


def _said_in_code() -> Iterator[str]:
    """Yield every text in the code that reads like the name of such a variable."""
    for path in (path for room in ROOMS for path in (env.BASE_DIR / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (found[0] for found in SECRET.finditer(node.value))
