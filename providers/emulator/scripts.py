"""A script tells the emulator how to misbehave: a JSON file, read again at each request, or one header."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from providers.emulator.damages import Damage
from providers.emulator.latencies import Latency, Seconds
from providers.emulator.wires import End

EVERY_MODEL = "*"
Count = Annotated[int, Field(ge=0, strict=True)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Usage(_Value):
    """The numbers of tokens that an answer claims; those left out are counted from the bytes."""

    sent: Count | None = None
    received: Count | None = None
    cached: Count = 0
    reasoning: Count = 0


class RetryAfter(_Value):
    """How long a failure asks to wait, and how it says so; any other form can be put into *headers*.

    told  "seconds" or "date" in the header, "body" where the wire says it in its error
    """

    seconds: float
    told: Literal["seconds", "date", "body"] = "seconds"


class Rule(_Value):
    """What to do with one request; what is left out is as it would be without a script.

    latency_s     how long to wait before answering: so long, or drawn from a distribution
    body          the whole body: a string as it is, anything else as JSON
    content       the text of the message, in place of a ballot
    end           how the answer ends, in each wire's own words
    refusal       the message's refusal: ends as "refused", in these words
    finish_reason the wire's own word for the end, as it is
    action, confidence   the vote on every symbol
    usage         the tokens that are claimed; null leaves them out
    damage        what is done to the finished body
    drip_bytes_per_s     send the body one byte at a time
    cut_after_bytes      break the connection after so many bytes of the body
    reset         break the connection instead of answering, after the latency
    times         how many requests this rule is for; None for all
    """

    latency_s: Seconds | Latency | None = None
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = {}
    retry_after: RetryAfter | None = None
    body: JsonValue = None
    content: str | None = None
    end: End = End.STOP
    refusal: str | None = None
    finish_reason: str | None = None
    action: Literal["BUY", "SELL", "HOLD", "ABSTAIN"] | None = None
    confidence: float | None = None
    usage: Usage | None = Usage()
    damage: Damage | None = None
    drip_bytes_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    cut_after_bytes: Count | None = None
    reset: bool = False
    times: Annotated[int, Field(ge=1)] | None = None


Rules: TypeAlias = dict[str, list[Rule]]
NO_RULE = Rule()
_rules = TypeAdapter(Rules)


class ScriptError(Exception):
    """The script cannot be read; the message says where."""


def in_header(text: str) -> Rule:
    """Return the one rule that a request brings along.

    Raises:  ScriptError
    """
    try:
        return Rule.model_validate_json(text)
    except ValidationError as error:
        raise ScriptError(f"the header is no rule: {error}") from error


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
