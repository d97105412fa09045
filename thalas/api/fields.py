"""Bodies whose errors name each field with the value that was sent: for numbers, which are no secrets."""

from typing import Any, Self

from ninja import Schema
from pydantic import ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from risk.numbers import describe
from thalas.api.errors import Refused

# What pydantic says of these names our classes, which mean nothing to a client.
NO_OBJECT = ("model_type", "model_attributes_type")


class BadFields(Refused):
    """Fields that cannot be used, with what is wrong with each."""

    error = "Bad input"

    def __init__(self, details: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {what}" for name, what in details.items()))
        self.details.update(details)


class Told(Schema):
    """A body that tells the values it refuses; the outermost shape only."""

    model_config = ConfigDict(strict=True, extra="ignore")

    @model_validator(mode="wrap")
    @classmethod
    def tell(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate *data*.

        Raises:  BadFields.
        """
        try:
            return handler(data)
        except ValidationError as error:
            details: dict[str, str] = {}
            for item in error.errors(include_url=False):
                name = ".".join(str(part) for part in item["loc"]) or "body"
                details.setdefault(name, told(item))
            raise BadFields(details) from error


def told(item: Any) -> str:
    """Return what is wrong with a field, and what was sent in it."""
    what = str(item["msg"]).removeprefix("Value error, ")
    what = "Input should be an object" if item["type"] in NO_OBJECT else what
    return what if item["type"] == "missing" else f"{what}, not {describe(item['input'])}"
