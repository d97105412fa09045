"""Which vendors there are, and how a voter is described: data only, cheap to read for every process."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from providers.voters.prompts import Prompt

ANALYST = "analyst"
OPENAI_CHAT = "openai_chat"
OPENAI_RESPONSES = "openai_responses"
ANTHROPIC_MESSAGES = "anthropic_messages"
GEMINI = "gemini"


class Enforced(StrEnum):
    """How far a provider holds a model to the ballot's schema."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"  # the ballot is the argument of a tool that has to be called
    JSON_OBJECT = "json_object"  # some JSON object; which one is told in words
    NONE = "none"  # told in words


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server lets us set, by its own names: steps into the request's body, joined by dots.

    None for what it does not take.
    max_temperature  the largest it allows
    always           what is sent with every request
    is_small         whether its models have little room: shown no candles, asked for no levels
    """

    enforced: Enforced = Enforced.JSON_SCHEMA
    max_tokens: str = "max_completion_tokens"
    temperature: str | None = "temperature"
    max_temperature: float = 2.0
    seed: str | None = "seed"
    effort: str | None = "reasoning_effort"
    always: tuple[tuple[str, str | bool], ...] = ()
    is_small: bool = False


RESPONSES = Abilities(max_tokens="max_output_tokens", seed=None, effort="reasoning.effort")
# The abilities of a server that no row below describes, by its wire.
WIRES: Mapping[str, Abilities] = MappingProxyType(
    {
        OPENAI_CHAT: Abilities(),
        OPENAI_RESPONSES: RESPONSES,
        ANTHROPIC_MESSAGES: Abilities(
            max_tokens="max_tokens", max_temperature=1.0, seed=None, effort="output_config.effort"
        ),
        GEMINI: Abilities(
            max_tokens="generationConfig.maxOutputTokens",
            temperature="generationConfig.temperature",
            seed="generationConfig.seed",
            effort="generationConfig.thinkingConfig.thinkingLevel",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A provider known by name, so that its key alone is enough to ask it.

    listed_as       what the price list calls it
    default_effort  how hard the default model is told to think; None leaves it to the model
    also            other names that begin its variables
    price           of the default model, where the list has none
    needs_key       whether its own server wants one
    """

    name: str
    wire: str
    base_url: str
    default_model: str
    listed_as: str
    abilities: Abilities
    default_effort: str | None = None
    also: tuple[str, ...] = ()
    price: str | None = None
    needs_key: bool = True

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the names of its variables begin with, the first the usual one."""
        return tuple(f"{name.upper()}_" for name in (self.name, *self.also))

    @property
    def key_names(self) -> str:
        """The variables that hold its key, for people."""
        return " or ".join(f"{prefix}API_KEY" for prefix in self.prefixes)


# Default models answer within seconds and leave the budget of tokens for the ballot: they think little,
# or are told to.
_ROWS = (
    Vendor(
        "anthropic",
        ANTHROPIC_MESSAGES,
        "https://api.anthropic.com",
        "claude-haiku-4-5",
        "anthropic",
        WIRES[ANTHROPIC_MESSAGES],
    ),
    Vendor(
        "deepseek",
        OPENAI_CHAT,
        "https://api.deepseek.com",
        "deepseek-flash",
        "deepseek",
        Abilities(
            enforced=Enforced.JSON_OBJECT,
            max_tokens="max_tokens",
            seed=None,
            effort=None,
            always=(("thinking.type", "disabled"),),
        ),
    ),
    Vendor(
        "gemini",
        GEMINI,
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-3.7-flash",
        "google",
        WIRES[GEMINI],
        default_effort="low",
    ),
    Vendor(
        "grok",
        OPENAI_RESPONSES,
        "https://api.x.ai/v1",
        "grok-4.3",
        "x-ai",
        RESPONSES,
        default_effort="low",
        also=("xai",),
    ),
    Vendor(
        "groq",
        OPENAI_CHAT,
        "https://api.groq.com/openai/v1",
        "openai/gpt-oss-120b",
        "groq",
        Abilities(),
        default_effort="low",
    ),
    Vendor(
        "mistral",
        OPENAI_CHAT,
        "https://api.mistral.ai/v1",
        "mistral-small-latest",
        "mistral",
        Abilities(max_tokens="max_tokens", seed="random_seed", max_temperature=1.5),
    ),
    Vendor(
        "ollama",
        OPENAI_CHAT,
        "http://127.0.0.1:11434/v1",
        "llama3.2",
        "ollama",
        Abilities(max_tokens="max_tokens"),
        price="free",
        needs_key=False,
    ),
    Vendor("openai", OPENAI_CHAT, "https://api.openai.com/v1", "gpt-5.4-mini", "openai", Abilities()),
    Vendor(
        "openrouter",
        OPENAI_CHAT,
        "https://openrouter.ai/api/v1",
        "anthropic/claude-haiku-4.5",
        "openrouter",
        # Without this, a server that knows no schema may be picked.
        Abilities(
            max_tokens="max_tokens",
            effort="reasoning.effort",
            always=(("provider.require_parameters", True),),
        ),
    ),
    Vendor(
        "perplexity",
        OPENAI_CHAT,
        "https://api.perplexity.ai",
        "sonar",
        "perplexity",
        Abilities(max_tokens="max_tokens", seed=None),
    ),
    Vendor(
        "qwen",
        OPENAI_CHAT,
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "qwen-plus",
        "qwen",
        # Only without thinking does it hold an answer to JSON.
        Abilities(
            enforced=Enforced.JSON_OBJECT,
            max_tokens="max_tokens",
            effort=None,
            always=(("enable_thinking", False),),
        ),
        also=("dashscope",),
        price="0.40/1.20",
    ),
    # The model of `make demo LOCAL_LLM=1`: on its own, one so small votes on a symbol again and again.
    Vendor(
        "smollm",
        OPENAI_CHAT,
        "http://127.0.0.1:8012/v1",
        "smollm2-135m-instruct",
        "smollm",
        Abilities(enforced=Enforced.TOOL, max_tokens="max_tokens", effort=None, is_small=True),
        price="free",
        needs_key=False,
    ),
    Vendor(
        "together",
        OPENAI_CHAT,
        "https://api.together.xyz/v1",
        "openai/gpt-oss-120b",
        "together",
        Abilities(max_tokens="max_tokens"),
        default_effort="low",
    ),
)
VENDORS: Mapping[str, Vendor] = MappingProxyType({vendor.name: vendor for vendor in _ROWS})


def abilities(provider: str, wire: str) -> Abilities:
    """Return what the server of *provider* lets us set when asked over *wire*, one of `WIRES`."""
    vendor = VENDORS.get(provider)
    return vendor.abilities if vendor is not None and vendor.wire == wire else WIRES[wire]


@dataclass(frozen=True, slots=True)
class VoterSpec:
    """Everything about a voter but its key.

    provider  a vendor's name, "analyst", or any other name for a server with a known wire
    price     "free", or US$ per million tokens "<in>/<out>" or "<in>/<out>/<read from a cache>";
              None asks the price list
    enforced  how the ballot's schema is enforced; None leaves it to the vendor's row
    seed, effort  None leaves them to the model
    requests_per_minute, tokens_per_minute  what the provider allows all its voters together; None: no limit
    persona   what it is told besides the instructions that all get
    """

    name: str
    provider: str
    wire: str
    model: str
    base_url: str
    weight: float
    max_tokens: int = 2_000
    temperature: float | None = None
    timeout_s: float = 12.0
    max_retries: int = 1
    price: str | None = None
    is_simulated: bool = False
    enforced: Enforced | None = None
    seed: int | None = None
    effort: str | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    persona: Prompt | None = None
