"""The file of prices: what models cost where the price list is wrong or knows nothing.

`THALAS_PRICES_FILE` names a TOML file with `[[price]]` tables; the first whose pattern fits a model counts.
A price in a provider's own variable, or in the file of voters, comes before it.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thalas import env_tables

VARIABLE = "THALAS_PRICES_FILE"
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=9, allow_inf_nan=False, strict=False)]


class PriceRow(BaseModel):
    """What models cost, in US dollars per million tokens.

    model     a name, or a pattern with * for any letters and ? for any one
    provider  None for any
    cached    of tokens that were read from a cache; None if they cost as much as others
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    model: Annotated[str, Field(min_length=1, max_length=100)]
    provider: str | None = None
    usd_in: Annotated[Usd | None, Field(alias="in")] = None
    usd_out: Annotated[Usd | None, Field(alias="out")] = None
    cached: Usd | None = None
    free: bool = False

    @model_validator(mode="after")
    def _is_one_price(self) -> Self:
        prices = (self.usd_in, self.usd_out, self.cached)
        if self.free and any(price is not None for price in prices):
            raise ValueError("says free and a price; keep one")
        if not self.free and (self.usd_in is None or self.usd_out is None):
            raise ValueError("needs in and out, or free = true")
        if self.usd_in is not None and self.cached is not None and self.cached > self.usd_in:
            raise ValueError("cached is dearer than in; were they mixed up?")
        return self

    def covers(self, provider: str, model: str) -> bool:
        """Say whether this is the price of *model* at *provider*."""
        return self.provider in (None, provider) and fnmatchcase(model, self.model)

    @property
    def stated(self) -> str:
        """The price as a provider's variable would state it."""
        if self.free:
            return "free"
        prices = (self.usd_in, self.usd_out, self.cached)
        return "/".join(f"{price:f}" for price in prices if price is not None)


@dataclass(frozen=True, slots=True)
class Prices:
    """The file's rows, in its order."""

    rows: tuple[PriceRow, ...] = ()

    def of(self, provider: str, model: str) -> str | None:
        """Return the price of *model* at *provider*, or None if the file has none."""
        return next((row.stated for row in self.rows if row.covers(provider, model)), None)


def read_prices(path: Path, providers: Collection[str]) -> tuple[Prices, list[str]]:
    """Return the prices in the file at *path*, and all that is wrong with it.

    providers  those that a row may name
    """
    tables, problems = env_tables.read(path, variable=VARIABLE, of="price", number=Decimal)
    rows: list[PriceRow] = []
    for number, table in enumerate(tables, start=1):
        row, wrong = _row(table)
        if row is not None:
            wrong = _misplaced(row, providers, rows)
            rows.append(row)
        problems += [f"{VARIABLE}: price {number}{_of(row)}: {why}" for why in wrong]
    return Prices(tuple(rows)), problems


def _of(row: PriceRow | None) -> str:
    return "" if row is None else f" ({row.model})"


def _row(table: object) -> tuple[PriceRow | None, list[str]]:
    try:
        return PriceRow.model_validate(table), []
    except ValidationError as error:
        return None, env_tables.told(error, PriceRow)


def _misplaced(row: PriceRow, providers: Collection[str], before: Sequence[PriceRow]) -> list[str]:
    wrong = []
    if row.provider is not None and row.provider not in providers:
        close = difflib.get_close_matches(row.provider, providers, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(providers))}"
        wrong.append(f"provider = {row.provider!r}: there is no such provider; {hint}")
    if any((one.provider, one.model) == (row.provider, row.model) for one in before):
        wrong.append("an earlier price is for the same")
    return wrong
