"""The file of voters: several of one provider, and every problem told at once, by name, without secrets."""

from pathlib import Path

import pytest

from providers.voters import prompts
from thalas import env, roster

TWO = {
    "SHED_BASE_URL": "http://127.0.0.1:8080/v1",
    "SHED_MODEL": "tiny",
    "SHED_WEIGHT": "2.0",
    "SHED_MAX_TOKENS": "900",
    "SHED_REQUESTS_PER_MINUTE": "12",
    "ANTHROPIC_API_KEY": "sk-ant-1234567890",
    "USE_KEYS": "1",
}
FILE = """
[[voter]]
name = "shed-bold"
provider = "shed"
persona = "trend-follower"

[[voter]]
name = "shed"
provider = "shed"
model = "huge"
persona = "contrarian"
weight = 0.5
max_tokens = 1500
temperature = 0.2
seed = 7
effort = "low"
timeout = 9.5
price = "1/2"
"""


def read(folder: Path, text: str, **variables: str) -> env.Environment:
    """Return the environment whose file of voters holds *text*."""
    file = folder / "voters.toml"
    file.write_text(text)
    return env.read({**TWO, "THALAS_VOTERS_FILE": str(file), **variables})


def problems(folder: Path, text: str, **variables: str) -> list[str]:
    """Return what is wrong with such a file."""
    with pytest.raises(env.EnvironmentProblems) as caught:
        read(folder, text, **variables)
    return caught.value.problems


def voter(**changed: str) -> str:
    """Return one entry; a value is as TOML has it."""
    lines = {"name": '"x"', "provider": '"shed"', **changed}
    return "[[voter]]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


def test_a_provider_has_the_voters_of_the_file_and_the_others_their_own(tmp_path: Path) -> None:
    specs = roster.specs(read(tmp_path, FILE))
    assert [name for name, spec in specs.items() if spec.provider in ("shed", "anthropic")] == [
        "shed-bold",
        "shed",
        "anthropic",
    ]
    bold, contrary = specs["shed-bold"], specs["shed"]
    assert (bold.model, bold.weight, bold.max_tokens, bold.price) == ("tiny", 2.0, 900, "free")
    assert (contrary.model, contrary.weight, contrary.max_tokens, contrary.price) == (
        "huge",
        0.5,
        1500,
        "1/2",
    )
    assert (contrary.temperature, contrary.seed, contrary.effort, contrary.timeout_s) == (0.2, 7, "low", 9.5)
    assert {bold.base_url, contrary.base_url} == {"http://127.0.0.1:8080/v1"}
    assert {bold.requests_per_minute, contrary.requests_per_minute} == {12}
    assert bold.persona is not None
    assert contrary.persona is not None
    assert (bold.persona.name, contrary.persona.name) == ("trend-follower", "contrarian")


def test_they_share_their_providers_key_and_cap(tmp_path: Path) -> None:
    environment = read(tmp_path, FILE, SHED_API_KEY="k-1234567890", SHED_CAP_USD_PER_DAY="0.30")
    specs = roster.specs(environment)
    keys = {roster.api_key(environment, specs[name]) for name in ("shed-bold", "shed")}
    assert keys == {"k-1234567890"}
    assert str(roster.caps_usd(environment)["shed"]) == "0.30"


def test_another_model_does_not_inherit_what_belongs_to_the_first(tmp_path: Path) -> None:
    given = {"SHED_PRICE": "3/4", "SHED_TEMPERATURE": "0.9", "SHED_EFFORT": "high", "SHED_SEED": "5"}
    text = voter(name='"same"') + voter(name='"other"', model='"huge"')
    specs = roster.specs(read(tmp_path, text, **given, SHED_API_KEY="k-1234567890"))
    same, other = specs["same"], specs["other"]
    assert (same.price, same.temperature, same.effort, same.seed) == ("3/4", 0.9, "high", 5)
    # The list is asked for its price; where that knows none, the model is not asked.
    assert (other.price, other.temperature, other.effort, other.seed) == (None, None, None, 5)


def test_another_model_of_a_priced_server_on_this_machine_is_not_taken_for_free(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, voter(model='"huge"'), SHED_PRICE="3/4")
    assert line.endswith("voter 1 (x): price: shed's is that of tiny; state this model's, or free")


def test_what_is_free_is_free_with_any_model(tmp_path: Path) -> None:
    specs = roster.specs(read(tmp_path, voter(model='"huge"')))
    assert specs["x"].price == "free"


def test_a_persona_of_ones_own_is_a_file_beside_the_voters_file(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "miser.md").write_text("version: 3\n\nSpend nothing.\n")
    persona = roster.specs(read(tmp_path, voter(persona='"mine/miser.md"')))["x"].persona
    assert persona is not None
    assert (persona.name, persona.version, persona.text) == ("miser", 3, "Spend nothing.\n")


@pytest.mark.parametrize("name", prompts.personas())
def test_every_persona_of_the_house_can_be_named(tmp_path: Path, name: str) -> None:
    persona = roster.specs(read(tmp_path, voter(persona=f'"{name}"')))["x"].persona
    assert persona is not None
    assert persona.name == name


def test_another_persona_is_another_prompt(tmp_path: Path) -> None:
    environment = read(tmp_path, FILE)
    both, one = ["shed", "shed-bold"], ["shed", "shed"]
    assert len(roster.prompts_sha256(environment, both)) == 2
    assert len(roster.prompts_sha256(environment, one)) == 1
    assert roster.prompts_sha256(environment, ["trend"]) == [prompts.load().sha256]
    changed = read(tmp_path, FILE.replace("contrarian", "macro"))
    assert roster.prompts_sha256(changed, one) != roster.prompts_sha256(environment, one)


def test_who_is_not_offered_is_known_with_the_reason(tmp_path: Path) -> None:
    absent = roster.absent(read(tmp_path, FILE, USE_KEYS="0"))
    why = "USE_KEYS=1 is missing, without which no provider is asked"
    assert absent == {"shed-bold": why, "shed": why, "anthropic": why}
    far = {"FAR_BASE_URL": "https://far.example.org/v1", "FAR_MODEL": "m"}
    absent = roster.absent(read(tmp_path, FILE + voter(provider='"anthropic"'), SHED_ENABLED="0", **far))
    switched = "shed is switched off by its variable"
    assert absent == {"shed-bold": switched, "shed": switched, "far": "far has no key"}


# --- problems ------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_with_the_rest_of_the_environments(tmp_path: Path) -> None:
    text = (
        voter(name='"shed"')
        + voter(name='"shed"')
        + voter(name='"trend"')
        + voter(name='"emulated-bull"')
        + voter(name='"anthropic"')
        + voter(name='"a"', provider='"openai"')
        + voter(name='"b"', provider='"xai"')
        + voter(name='"c"', provider='"acme"')
        + voter(name='"d"', persona='"bull"')
        + voter(name='"e"', weight="101.0", max_tokens="1", wieght="1")
        + voter(name='"f"', api_key='"sk-hunter2"')
        + voter(name='"g"', provider='"anthropic"', seed="5")
        + voter(name='"Two Words"')
        + "[[voter]]\nprovider = 'shed'\n"
        + voter(name='"h"', persona='"nowhere/mine.md"')
        + voter(name='"i"', weight='"1"')
    )
    told = problems(tmp_path, text, THALAS_WEB_PORT="80")
    at = "THALAS_VOTERS_FILE: voter "
    assert told[0].startswith("THALAS_WEB_PORT=")
    assert told[1:] == [
        at + "2 (shed): name: an earlier voter of the file has it",
        at + "3 (trend): name: trend is another provider or a voter of the house; take another name",
        at + "4 (emulated-bull): name: emulated-bull is another provider or a voter of the house; "
        "take another name",
        at + "5 (anthropic): name: anthropic is another provider or a voter of the house; take another name",
        at + "6 (a): provider = 'openai': the environment does not configure it; set OPENAI_API_KEY",
        at + "7 (b): provider = 'xai': it is called grok here",
        at + "8 (c): provider = 'acme': the environment configures no such provider, but anthropic, shed",
        at + "9 (d): persona = 'bull': there is none of that name; known are contrarian, macro, "
        "risk-officer, trend-follower, or the path of a file of your own",
        at + "10 (e): weight: Input should be less than or equal to 100",
        at + "10 (e): max_tokens: Input should be greater than or equal to 64",
        at + "10 (e): wieght is no setting here; did you mean weight?",
        at + "11 (f): api_key is no setting here; known: name, provider, model, persona, weight, "
        "max_tokens, temperature, seed, effort, timeout, price",
        at + "11 (f): api_key: set by the provider's variables, not here",
        at + "12 (g): seed: anthropic takes none",
        at + "13: name: takes small letters, digits, _ . and -, at most 60, a letter or digit first",
        at + "14: name: Field required",
        at + "15 (h): persona = 'nowhere/mine.md': No such file or directory",
        at + "16 (i): weight: Input should be a valid number",
    ]
    assert "hunter2" not in "\n".join(told)


def test_a_provider_with_a_problem_of_its_own_is_told_about_once(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, voter(), SHED_WEIGHT="-1")
    assert line.startswith("SHED_WEIGHT=")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no [[voter]] table"),
        ("[voter]\nname = 'x'\n", "has no [[voter]] table"),
        ("voter = [1]\n", "voter 1: is no table"),
        ("model = 'm'\n" + voter(), "has model beside its [[voter]] tables"),
        ("[[voter]\n", "is not TOML: "),
    ],
)
def test_a_file_that_is_no_list_of_voters_is_told(tmp_path: Path, text: str, told: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith("THALAS_VOTERS_FILE")
    assert told in line


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(env.EnvironmentProblems, match="No such file or directory"):
        env.read({"THALAS_VOTERS_FILE": str(tmp_path / "none.toml")})
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(env.EnvironmentProblems, match="is not text in UTF-8"):
        env.read({"THALAS_VOTERS_FILE": str(tmp_path / "bytes.toml")})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"TOP-SECRET=1\n", "needs `version: <number>` in its first line and text after it"),
        (b"version: 1\n \n", "needs `version: <number>` in its first line and text after it"),
        (b"version: 1\n\xff", "is not text in UTF-8"),
        (b"version: 1\n" + b"x" * 8_000, "a persona has at most 8,000 bytes"),
    ],
)
def test_a_persona_that_cannot_be_read_is_told_and_not_shown(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "odd.md").write_bytes(content)
    (line,) = problems(tmp_path, voter(persona='"odd.md"'))
    assert line.startswith("THALAS_VOTERS_FILE: voter 1 (x): persona = 'odd.md': ")
    assert told in line
    assert "SECRET" not in line
