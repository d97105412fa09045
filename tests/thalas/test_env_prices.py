"""The file of prices: patterns, exact money, and every problem told at once."""

from decimal import Decimal
from pathlib import Path

import pytest

from providers.voters import registry
from tests.providers.voters.samples import KEY, brief
from thalas import env, roster

OPENAI = {"OPENAI_API_KEY": "sk-1234567890", "USE_KEYS": "1"}
FILE = """
[[price]]
model = "acme-*"
in = 0.15
out = 0.60
cached = 0.015

[[price]]
provider = "openai"
model = "gpt-5.?-mini"
in = 1
out = 2

[[price]]
model = "tiny*"
free = true
"""


def read(folder: Path, text: str, **variables: str) -> env.Environment:
    """Return the environment whose file of prices holds *text*."""
    file = folder / "prices.toml"
    file.write_text(text)
    return env.read({**OPENAI, "THALAS_PRICES_FILE": str(file), **variables})


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong with such a file."""
    with pytest.raises(env.EnvironmentProblems) as caught:
        read(folder, text)
    return caught.value.problems


def price(**changed: str) -> str:
    """Return one entry; a value is as TOML has it, an empty one leaves the line out."""
    lines = {"model": '"m"', "in": "1", "out": "2", **changed}
    return "[[price]]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items() if value)


def test_the_first_pattern_that_fits_a_model_of_the_provider_counts(tmp_path: Path) -> None:
    prices = read(tmp_path, FILE).prices
    assert prices.of("acme", "acme-large") == "0.15/0.60/0.015"
    assert prices.of("openai", "gpt-5.4-mini") == "1/2"
    assert prices.of("openrouter", "gpt-5.4-mini") is None
    assert prices.of("openai", "gpt-5.44-mini") is None
    assert prices.of("shed", "tiny-2") == "free"
    assert prices.of("openai", "ACME-large") is None


def test_a_price_of_the_file_comes_before_the_list_and_after_the_providers_own(tmp_path: Path) -> None:
    assert roster.specs(read(tmp_path, FILE))["openai"].price == "1/2"
    assert roster.specs(read(tmp_path, FILE, OPENAI_PRICE="3/4"))["openai"].price == "3/4"
    shed = {"SHED_BASE_URL": "http://127.0.0.1:8080/v1", "SHED_MODEL": "acme-home"}
    assert roster.specs(read(tmp_path, FILE, **shed))["shed"].price == "0.15/0.60/0.015"


def test_a_voter_is_charged_by_the_file(tmp_path: Path) -> None:
    shed = {"SHED_BASE_URL": "https://shed.example.org/v1", "SHED_MODEL": "acme-1", "SHED_API_KEY": KEY}
    spec = roster.specs(read(tmp_path, FILE, **shed))["shed"]
    cost = registry.price(spec)
    # 1,000 × 0.15 + 100 × 0.60 = 210 millionths.
    assert cost.likely_usd(1_000, 100) == Decimal("0.00021")
    raw = {"usage": {"prompt_tokens": 1_000, "completion_tokens": 100}}
    usage = cost.usage(raw | {"usage": raw["usage"] | {"prompt_tokens_details": {"cached_tokens": 400}}})
    assert usage is not None
    # 600 × 0.15 + 400 × 0.015 + 100 × 0.60 = 156 millionths.
    assert usage.cost_usd == Decimal("0.000156")
    assert registry.build(spec, api_key=KEY).worst_case(brief()).cost_usd > 0


def test_what_a_voter_of_the_file_of_voters_lacks_may_stand_there(tmp_path: Path) -> None:
    voters = tmp_path / "voters.toml"
    voters.write_text('[[voter]]\nname = "x"\nprovider = "shed"\nmodel = "acme-2"\n')
    shed = {"SHED_BASE_URL": "http://127.0.0.1:8080/v1", "SHED_MODEL": "m", "SHED_PRICE": "3/4"}
    environment = read(tmp_path, FILE, **shed, THALAS_VOTERS_FILE=str(voters))
    assert roster.specs(environment)["x"].price == "0.15/0.60/0.015"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = (
        price()
        + price()
        + price(free="true")
        + price(out="")
        + price(model='"n"', **{"in": "-1"})
        + price(model='"o"', **{"in": "nan"})
        + price(model='"p"', cached="1.5")
        + price(model='"q"', input="1")
        + price(model='"r"', provider='"opnai"')
        + price(model='"s"', out='"cheap"')
        + price(model='"t"', out="0.0000000001")
        + price(model="")
    )
    at = "THALAS_PRICES_FILE: price "
    assert problems(tmp_path, text) == [
        at + "2 (m): an earlier price is for the same",
        at + "3: says free and a price; keep one",
        at + "4: needs in and out, or free = true",
        at + "5: in: Input should be greater than or equal to 0",
        at + "6: in: Input should be a finite number",
        at + "7: cached is dearer than in; were they mixed up?",
        at + "8: input is no setting here; known: model, provider, in, out, cached, free",
        at + "9 (r): provider = 'opnai': there is no such provider; did you mean openai?",
        at + "10: out: Input should be a valid decimal",
        at + "11: out: Decimal input should have no more than 9 decimal places",
        at + "12: model: Field required",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "has no [[price]] table"), ("[[price]", "is not TOML"), ("x = 1\n", "has x beside its [[price]]")],
)
def test_a_file_that_is_no_list_of_prices_is_told(tmp_path: Path, text: str, told: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith("THALAS_PRICES_FILE=")
    assert told in line
