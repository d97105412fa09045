"""The environment, read here and nowhere else: every problem is told at once, then it is frozen.

Values come from the process environment first, then from the file `.env` beside `manage.py`.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from providers.markets import exchanges
from providers.markets.types import REPLAY
from providers.voters import vendors
from thalas import env_prices, env_providers, env_safety, env_secrets, env_voters
from thalas.env_prices import Prices
from thalas.env_providers import ProviderSettings, read_providers
from thalas.env_voters import Known, Seat

BASE_DIR = Path(__file__).resolve().parent.parent
# Not shown in problems. A link may have a password in it although it may not.
HIDDEN = {*env_secrets.SECRETS, "THALAS_PUBLIC_URL", "THALAS_FLOWER_URL", "MARKET_BASE_URL"}
# Perpetuals have what they are settled in behind a colon.
SYMBOL = re.compile(r"[A-Z0-9.-]{1,20}/[A-Z0-9.-]{1,20}(:[A-Z0-9.-]{1,20})?")
MOST_SYMBOLS = 50
NO_PRICES = Prices()
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
    thalas_local_llm_port: Port = 8012
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
    thalas_voters_file: Path | None = None
    thalas_prices_file: Path | None = None
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    market: str = REPLAY
    market_symbols: str = "BTC/USD,ETH/USD,LTC/USD"
    market_timeout: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 10.0
    market_base_url: Annotated[str, AfterValidator(env_providers.usable_url)] | None = None
    use_keys: bool = False
    emulator: bool = False
    local_llm: bool = False

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

    @field_validator("market")
    @classmethod
    def _is_a_known_market(cls, value: str) -> str:
        if value != REPLAY and value not in exchanges.known():
            close = difflib.get_close_matches(value, exchanges.known(), n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "such as kraken or coinbase"
            raise ValueError(f'must be "{REPLAY}" or an exchange that ccxt knows; {hint}')
        return value

    @field_validator("market_symbols")
    @classmethod
    def _are_symbols(cls, value: str) -> str:
        symbols = [one.strip().upper() for one in value.split(",") if one.strip()]
        if wrong := [one for one in symbols if not SYMBOL.fullmatch(one)]:
            raise ValueError(
                f"must be symbols such as BTC/USD with commas between, which {wrong[0]!r} is not"
            )
        if not 1 <= len(symbols) <= MOST_SYMBOLS:
            raise ValueError(f"must be 1 to {MOST_SYMBOLS} symbols")
        return ",".join(dict.fromkeys(symbols))

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
    """Everything the environment says, checked.

    voters   those that the file of voters adds, in its order
    prices   what the file of prices says
    secrets  what must be shown nowhere
    """

    house: HouseSettings
    providers: tuple[ProviderSettings, ...]
    notices: tuple[str, ...]
    voters: tuple[Seat, ...] = ()
    prices: Prices = NO_PRICES
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

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
    voters, prices, file_problems = _read_tables(providers, given)
    problems += file_problems
    if problems:
        raise EnvironmentProblems(problems)
    secrets = env_secrets.known((house, *providers)) | env_secrets.called_so(given)
    return Environment(house, providers, notices, voters, prices, secrets)


def _read_tables(
    providers: tuple[ProviderSettings, ...], given: Mapping[str, str]
) -> tuple[tuple[Seat, ...], Prices, list[str]]:
    """Return what the files of voters and of prices say, and what is wrong with them."""
    mentioned = env_providers.named(given)
    voters: tuple[Seat, ...] = ()
    prices, problems = NO_PRICES, list[str]()
    if file := given.get(env_prices.VARIABLE):
        prices, problems = env_prices.read_prices(Path(file).expanduser(), mentioned | set(vendors.VENDORS))
    if file := given.get(env_voters.VARIABLE):
        known = Known({provider.name: provider for provider in providers}, mentioned, prices)
        voters, wrong = env_voters.read_voters(Path(file).expanduser(), known)
        problems += wrong
    return voters, prices, problems


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
