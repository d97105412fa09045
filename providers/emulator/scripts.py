"""A script tells the emulator how to misbehave: a JSON file, read again at each request."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

EVERY_MODEL = "*"


class Rule(BaseModel):
    """What to do with one request; what is left out is as it would be without a script.

    latency_s     how long to wait before answering
    body          the whole body: a string as it is, anything else as JSON
    content       the text of the message, in place of a ballot
    refusal       the message's refusal
    action, confidence   the vote on every symbol
    drip_bytes_per_s     send the body one byte at a time
    reset         break the connection instead of answering, after the latency
    times         how many requests this rule is for; None for all
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = {}
    body: JsonValue = None
    content: str | None = None
    refusal: str | None = None
    action: Literal["BUY", "SELL", "HOLD", "ABSTAIN"] | None = None
    confidence: float | None = None
    finish_reason: str = "stop"
    drip_bytes_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    reset: bool = False
    times: Annotated[int, Field(ge=1)] | None = None


Rules: TypeAlias = dict[str, list[Rule]]
NO_RULE = Rule()
_rules = TypeAdapter(Rules)


class ScriptError(Exception):
    """The script cannot be read; the message says where."""


class Script:
    """The rules in one file. A file that changes starts its counts again."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._text = b""
        self._rules: Rules = {}
        self._used: Counter[tuple[str, int]] = Counter()

    def next_rule(self, model: str) -> Rule:
        """Return the first rule for *model*, else for "*", that is not used up; count its use.

        Raises:  ScriptError
        """
        self._read()
        for name in (model, EVERY_MODEL):
            for place, rule in enumerate(self._rules.get(name, [])):
                if rule.times is None or self._used[name, place] < rule.times:
                    self._used[name, place] += 1
                    return rule
        return NO_RULE

    def _read(self) -> None:
        if self._path is None:
            return
        try:
            text = self._path.read_bytes().strip() or b"{}"
        except FileNotFoundError:
            text = b"{}"
        if text == self._text:
            return
        try:
            self._rules = _rules.validate_json(text)
        except ValidationError as error:
            raise ScriptError(f"{self._path.name} is no script: {error}") from error
        self._text = text
        self._used.clear()
