"""The environment, read here and nowhere else: every problem is told at once, then it is frozen.

Values come from the process environment first, then from the file `.env` beside `manage.py`.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from thalas import env_safety, env_secrets
from thalas.env_providers import ProviderSettings, read_providers

BASE_DIR = Path(__file__).resolve().parent.parent
# Not shown in problems. A link may have a password in it although it may not.
HIDDEN = {*env_secrets.SECRETS, "THALAS_PUBLIC_URL", "THALAS_FLOWER_URL"}
Port = Annotated[int, Field(ge=1024, le=65535)]


class EnvironmentProblems(Exception):
    """The environment cannot be used; the text has one line for each problem."""

    def __init__(self, problems: list[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The environment has {len(problems)} problem(s):\n{lines}")
        self.problems = problems


class HouseSettings(BaseModel):
    """Settings of the house itself; each field is the variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    thalas_home: Path = BASE_DIR / "var"
    thalas_web_port: Port = 8000
    thalas_flower_port: Port = 5555
    thalas_metrics_port: Port = 9464
    thalas_emulator_port: Port = 8011
    thalas_replay_speed: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = 1440.0
    thalas_deadline_s: Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)] = 30.0
    thalas_retention_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    thalas_worker_threads: Annotated[int, Field(ge=1, le=1000)] = 100
    thalas_db_pool: Annotated[int, Field(ge=0, le=100)] = 16
    thalas_db_pool_timeout_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5.0
    thalas_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    thalas_allowed_hosts: str = "127.0.0.1,localhost,[::1]"
    thalas_public_url: str | None = None
    thalas_cors_origins: str = ""
    thalas_flower_url: str | None = None
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    use_keys: bool = False
    emulator: bool = False

    @field_validator("secret_key")
    @classmethod
    def _is_a_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            env_safety.check_key(value.get_secret_value())
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        env_safety.check_database(value.get_secret_value())
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_a_known_broker(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        known = ("redis://", "rediss://", "redis+socket://")
        if not value.get_secret_value().startswith(known):
            raise ValueError(f"must start with one of {', '.join(known)}")
        env_safety.check_broker(value.get_secret_value())
        return value

    @field_validator("thalas_allowed_hosts")
    @classmethod
    def _are_named(cls, value: str) -> str:
        env_safety.check_hosts(value)
        return value

    @field_validator("thalas_cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        return ",".join(env_safety.public_origin(one.strip()) for one in value.split(",") if one.strip())

    @field_validator("thalas_public_url")
    @classmethod
    def _is_public(cls, value: str | None) -> str | None:
        return None if value is None else env_safety.public_origin(value)

    @field_validator("thalas_flower_url")
    @classmethod
    def _is_a_link(cls, value: str | None) -> str | None:
        if value is not None:
            env_safety.check_link(value)
        return value


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything the environment says, checked."""

    house: HouseSettings
    providers: tuple[ProviderSettings, ...]
    notices: tuple[str, ...]

    @property
    def cap_usd_per_day(self) -> dict[str, Decimal]:
        """Return each provider's daily spending cap in US dollars."""
        return {provider.name: provider.cap_usd_per_day for provider in self.providers}


def read(variables: Mapping[str, str]) -> Environment:
    """Check *variables* and freeze them.

    Raises:  EnvironmentProblems naming every variable that cannot be used.
    """
    given = {name: value.strip() for name, value in variables.items() if value.strip()}
    given, problems = env_secrets.read_files(given)
    problems += _misspelt(given)
    house = HouseSettings()
    try:
        house = HouseSettings.model_validate({name.lower(): value for name, value in given.items()})
    except ValidationError as error:
        problems += _told(error, given)
    providers, notices, provider_problems = read_providers(given)
    problems += provider_problems
    if problems:
        raise EnvironmentProblems(problems)
    return Environment(house, providers, notices)


def _misspelt(given: Mapping[str, str]) -> list[str]:
    known = [name.upper() for name in HouseSettings.model_fields if name.startswith("thalas_")]
    known += ["THALAS_FIXTURES", "THALAS_SUPERVISED_IN"]  # tests; the supervisor's mark on its children
    problems = []
    for name in sorted(given):
        if name.startswith("THALAS_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"
            problems.append(f"{name} is not a setting of Thalas; {hint}")
    return problems


def _told(error: ValidationError, given: Mapping[str, str]) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(item["loc"][0]).upper()
        shown = "(value not shown)" if name in HIDDEN else repr(given.get(name, ""))
        lines.append(f"{name}={shown}: {item['msg'].removeprefix('Value error, ')}")
    return lines


@lru_cache(maxsize=1)
def load() -> Environment:
    """Read the process's own environment and `.env`, once."""
    from_file = {name: value for name, value in dotenv_values(BASE_DIR / ".env").items() if value}
    return read({**from_file, **os.environ})
