"""The page about providers says what the code does, and its example works."""

import re
from decimal import Decimal
from pathlib import Path

from providers.voters import prompts, registry
from providers.voters.types import Opinion
from providers.voters.vendors import OPENAI_CHAT, VENDORS
from tests.providers.canned import canned
from tests.providers.voters.bodies import ballot, said
from tests.providers.voters.samples import brief
from thalas import env, roster
from thalas.env_providers import ProviderSettings

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()


def test_the_table_has_every_vendor_as_it_is() -> None:
    for vendor in VENDORS.values():
        keys = " or ".join(f"`{prefix}API_KEY`" for prefix in vendor.prefixes) if vendor.needs_key else "none"
        effort = f" {vendor.default_effort}" if vendor.default_effort else ""
        cells = (vendor.name, keys, vendor.wire, vendor.default_model, vendor.abilities.enforced)
        assert f"| {' | '.join(cells)} |{effort} |\n" in PAGE
    assert len(re.findall(r"^\| [a-z]+ \| (?:`|none)", PAGE, re.M)) == len(VENDORS)


def test_the_table_has_every_setting() -> None:
    told = set(re.findall(r"^\| `NAME_([A-Z_]+)`", PAGE, re.M))
    assert told == {field.upper() for field in ProviderSettings.model_fields} - {"NAME"}


def test_the_example_of_another_vendor_is_a_few_lines_and_votes() -> None:
    (example,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    lines = example.split()
    assert len(lines) <= 10
    variables = dict(line.split("=", 1) for line in lines)
    with canned() as served:
        served.answer(said(OPENAI_CHAT, ballot()))
        environment = env.read({**variables, "ACME_BASE_URL": served.base_url, "USE_KEYS": "1"})
        spec = roster.specs(environment)["acme"]
        voter = registry.build(spec, api_key=roster.api_key(environment, spec))
        answer = voter.ask(brief(), timeout_s=5)
    assert isinstance(answer.opinions[0], Opinion)
    assert b"Authorization: Bearer a-key-of-yours\r\n" in served.received[0]
    # 700 tokens at 0.15 and 50 at 0.60 US$ per million.
    assert answer.usage.cost_usd == Decimal("0.000135")


def test_the_examples_of_files_are_read(tmp_path: Path) -> None:
    voters, prices = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "quiet.md").write_text("version: 1\n\nSay little.\n")
    (tmp_path / "voters.toml").write_text(voters)
    (tmp_path / "prices.toml").write_text(prices)
    files = {"VOTERS": tmp_path / "voters.toml", "PRICES": tmp_path / "prices.toml"}
    given = {f"THALAS_{name}_FILE": str(file) for name, file in files.items()}
    llama = {"LLAMA_BASE_URL": "http://127.0.0.1:8080/v1", "LLAMA_MODEL": "m"}
    environment = env.read({**given, **llama, "ANTHROPIC_API_KEY": "sk-ant-1234567890", "USE_KEYS": "1"})
    specs = roster.specs(environment)
    assert {"claude-contrarian", "claude-quiet", "llama"} <= set(specs)
    assert environment.prices.of("acme", "acme-large") == "0.15/0.60/0.015"


def test_every_persona_and_every_variable_of_the_market_is_on_the_page() -> None:
    for name in prompts.personas():
        assert f"`{name}`" in PAGE
    fields = {name.upper() for name in env.HouseSettings.model_fields if name.startswith("market")}
    assert set(re.findall(r"^\| `(MARKET\w*)` \|", PAGE, re.M)) == fields
