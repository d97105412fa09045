"""Whether the model that answered is the one that was asked: a name may gain a date, and nothing else."""

import re

# 2024-08-06, 20251001, 05-20, 250414, 0125, and builds such as 001; "latest" is no name either.
DATE = re.compile(
    r"(?<![a-z0-9.])"
    r"(20\d\d-\d\d-\d\d|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|20\d{6}|\d{6}|\d{4}|0\d\d|latest)"
    r"(?![a-z0-9.])"
)


def is_as_asked(asked: str, answered: str) -> bool:
    """Say whether *answered* names the model *asked*, perhaps with its date or without its maker.

    Words may stand in another order, as routers write them; version numbers may not. A date that was
    asked for has to come back, and a tag such as ":20b" may be left out, but not be another.
    """
    want, got = _Name(asked), _Name(answered)
    if want.maker and got.maker and want.maker != got.maker:
        return False
    if want.tag and got.tag and want.tag != got.tag:
        return False
    return want.dates <= got.dates and (want.words, want.numbers) == (got.words, got.numbers)


class _Name:
    """A model's name, taken apart."""

    def __init__(self, name: str) -> None:
        rest = name.strip().casefold().removeprefix("models/")
        self.maker, _, rest = rest.rpartition("/")
        rest, _, tag = rest.partition(":")
        self.tag = "" if tag == "latest" else tag
        self.dates = set(DATE.findall(rest)) - {"latest"}
        parts = re.findall(r"[a-z0-9]+", DATE.sub("", rest))
        self.words = sorted(part for part in parts if not part.isdecimal())
        self.numbers = [part for part in parts if part.isdecimal()]
