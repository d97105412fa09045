"""What every shape that goes out has in common."""

from pydantic import BaseModel, ConfigDict


class Out(BaseModel):
    """A shape that is filled from a dict or from an object's attributes.

    ninja's own `Schema` looks at both through a wrapper, which costs more than the rest of an answer.
    """

    model_config = ConfigDict(from_attributes=True)
