"""The environment is read whole: every problem is told by name at once, and no secret ever is."""

import pytest
from pydantic import SecretStr, ValidationError

from thalas import env

KEY = "0123456789abcdef" * 4


def problems(**variables: str) -> list[str]:
    """Return the problems that these variables have."""
    with pytest.raises(env.EnvironmentProblems) as caught:
        env.read(variables)
    return caught.value.problems


def test_an_empty_environment_will_do() -> None:
    house = env.read({}).house
    assert house.thalas_home == env.BASE_DIR / "var"
    assert (house.thalas_web_port, house.thalas_flower_port, house.thalas_metrics_port) == (8000, 5555, 9464)
    assert house.thalas_emulator_port == 8011
    assert (house.thalas_replay_speed, house.thalas_deadline_s, house.thalas_retention_days) == (1440, 30, 30)
    assert (house.use_keys, house.emulator, house.database_url, house.redis_url) == (False, False, None, None)
    assert env.read({}).providers == ()


def test_blank_values_are_as_good_as_none() -> None:
    assert env.read({"THALAS_WEB_PORT": " ", "OPENAI_API_KEY": "", "USE_KEYS": ""}) == env.read({})


def test_values_are_read_with_their_surrounding_blanks_off() -> None:
    house = env.read({"THALAS_WEB_PORT": " 9000 ", "USE_KEYS": " 1 "}).house
    assert (house.thalas_web_port, house.use_keys) == (9000, True)


def test_all_problems_are_told_at_once_each_with_its_variable() -> None:
    told = problems(
        THALAS_WEB_PORT="80",
        THALAS_DEADLINE_S="nan",
        THALAS_REPLAY_SPEED="0",
        THALAS_RETENTION_DAYS="a month",
        THALAS_LOG_LEVEL="LOUD",
        THALAS_WEB_PROT="8000",
        SECRET_KEY="short",
        DATABASE_URL="mysql://u:hunter2@h/d",
        REDIS_URL="http://u:hunter2@h",
        THALAS_ALLOWED_HOSTS="*",
        THALAS_PUBLIC_URL="http://thalas.example",
        USE_KEYS="perhaps",
        OPENAI_API_KEY="sk-1234567890",
        OPENAI_WEIGHT="-1",
        SHED_BASE_URL="ftp://shed",
        SHED_MODEL="m",
    )
    names = [line.split("=")[0].split(" ")[0] for line in told]
    assert sorted(names) == sorted(
        [
            "THALAS_WEB_PORT",
            "THALAS_DEADLINE_S",
            "THALAS_REPLAY_SPEED",
            "THALAS_RETENTION_DAYS",
            "THALAS_LOG_LEVEL",
            "THALAS_WEB_PROT",
            "SECRET_KEY",
            "DATABASE_URL",
            "REDIS_URL",
            "THALAS_ALLOWED_HOSTS",
            "THALAS_PUBLIC_URL",
            "USE_KEYS",
            "OPENAI_WEIGHT",
            "SHED_BASE_URL",
        ]
    )
    text = str(env.EnvironmentProblems(told))
    assert text.startswith("The environment has 14 problem(s):\n  - ")
    assert text.count("\n") == 14


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("THALAS_WEB_PORT", "80", "THALAS_WEB_PORT='80': Input should be greater than or equal to 1024"),
        ("THALAS_WEB_PORT", "x", "THALAS_WEB_PORT='x': Input should be a valid integer"),
        ("THALAS_DEADLINE_S", "0", "THALAS_DEADLINE_S='0': Input should be greater than or equal to 1"),
        ("THALAS_DEADLINE_S", "inf", "THALAS_DEADLINE_S='inf': Input should be a finite number"),
        ("THALAS_LOG_LEVEL", "LOUD", "THALAS_LOG_LEVEL='LOUD': Input should be 'DEBUG', 'INFO', "),
        ("SECRET_KEY", "short", "SECRET_KEY=(value not shown): is too short; give at least 50 random"),
        ("DATABASE_URL", "mysql://h", "DATABASE_URL=(value not shown): must start with sqlite:/// or "),
        ("REDIS_URL", "http://h", "REDIS_URL=(value not shown): must start with one of redis://, "),
    ],
)
def test_a_problem_names_the_variable_its_value_and_what_would_do(name: str, value: str, told: str) -> None:
    (line,) = problems(**{name: value})
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("misspelt", "told"),
    [
        ("THALAS_WEBPORT", "THALAS_WEBPORT is not a setting of Thalas; did you mean THALAS_WEB_PORT?"),
        ("THALAS_DEADLINE", "THALAS_DEADLINE is not a setting of Thalas; did you mean THALAS_DEADLINE_S?"),
        ("THALAS_XYZQ_9", "THALAS_XYZQ_9 is not a setting of Thalas; known: THALAS_ALLOWED_HOSTS, "),
    ],
)
def test_a_misspelt_name_of_ours_gets_a_suggestion(misspelt: str, told: str) -> None:
    (line,) = problems(**{misspelt: "1"})
    assert line.startswith(told)


def test_names_that_are_not_ours_are_let_be() -> None:
    env.read({"PATH": "/bin", "HOME": "/root", "ANTHROPIC_API_KEY": "sk-1", "PORT": "80"})


def test_no_secret_is_ever_in_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2-hunter2"
    told = problems(
        SECRET_KEY=secret,
        DATABASE_URL=f"mysql://u:{secret}@h/d",
        REDIS_URL=f"http://u:{secret}@h",
        OPENAI_API_KEY=secret,
        OPENAI_BASE_URL=f"https://user:{secret}@example.org/v1",
        OPENAI_TIMEOUT="-1",
    )
    assert len(told) == 5
    assert secret not in "\n".join(told)
    good = env.read(
        {"SECRET_KEY": KEY, "DATABASE_URL": "postgresql://u:hunter2@h/d", "OPENAI_API_KEY": secret}
    )
    for shown in (repr(good), str(good), repr(good.house), repr(good.providers)):
        assert secret not in shown
        assert "hunter2" not in shown
        assert KEY not in shown


def test_what_was_read_is_frozen_and_can_be_a_key() -> None:
    house = env.read({"SECRET_KEY": KEY}).house
    with pytest.raises(ValidationError, match="frozen"):
        setattr(house, "use_keys", True)  # noqa: B010  # plainly written, the type checker sees it first
    assert hash(env.read({"OPENAI_API_KEY": "k"})) == hash(env.read({"OPENAI_API_KEY": "k"}))
    assert house.secret_key == SecretStr(KEY)


@pytest.mark.parametrize(
    "url", ["sqlite:////tmp/t.sqlite3", "postgresql://u:p@127.0.0.1:5432/thalas", "postgresql://u@/d?host=/s"]
)
def test_both_databases_can_be_named(url: str) -> None:
    assert env.read({"DATABASE_URL": url}).house.database_url == SecretStr(url)


def test_a_database_url_whose_port_is_no_number_is_a_problem_and_not_a_crash() -> None:
    (line,) = problems(DATABASE_URL="postgresql://u:hunter2@h:port/d")
    assert line.startswith("DATABASE_URL=(value not shown): ")
    assert "hunter2" not in line


# --- the market ----------------------------------------------------------------------------------


def test_the_market_is_the_replay_unless_an_exchange_is_named() -> None:
    assert env.read({}).house.market == "replay"
    house = env.read({"MARKET": "kraken", "MARKET_SYMBOLS": "btc/usd, ETH/USD,BTC/USD, BTC/USDT:USDT"}).house
    assert (house.market, house.market_symbols) == ("kraken", "BTC/USD,ETH/USD,BTC/USDT:USDT")
    assert (house.market_timeout, house.market_base_url) == (10.0, None)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MARKET", "krakken", "did you mean kraken"),
        ("MARKET", "Kraken", "did you mean kraken"),
        ("MARKET", "nasdaq", 'must be "replay" or an exchange that ccxt knows'),
        ("MARKET", "base", "an exchange that ccxt knows"),
        ("MARKET_SYMBOLS", "BTC", "which 'BTC' is not"),
        ("MARKET_SYMBOLS", ",", "1 to 50 symbols"),
        ("MARKET_SYMBOLS", ",".join(f"A{i}/USD" for i in range(51)), "1 to 50 symbols"),
        ("MARKET_TIMEOUT", "0", "greater than 0"),
        ("MARKET_BASE_URL", "http://example.org", "must be https unless the server is on this machine"),
    ],
)
def test_a_market_that_cannot_be_used_is_told_with_what_would_be_right(
    name: str, value: str, told: str
) -> None:
    (line,) = problems(**{name: value})
    assert line.startswith(f"{name}=")
    assert told in line


def test_the_address_of_a_market_is_not_shown_with_a_password_in_it() -> None:
    (line,) = problems(MARKET_BASE_URL="https://me:hunter2@example.org")
    assert "hunter2" not in line
