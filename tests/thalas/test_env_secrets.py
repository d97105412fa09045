"""A secret may lie in a file; whatever is wrong with the file is told without what is in it."""

from pathlib import Path

import pytest

from thalas import env, env_secrets

KEY = "0123456789abcdef" * 4
WHOLE = {
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://u:hunter22@db/d",
    "REDIS_URL": "redis://:hunter22@broker:6379/0",
}


def problems(variables: dict[str, str]) -> list[str]:
    """Return the problems that these variables have."""
    with pytest.raises(env.EnvironmentProblems) as caught:
        env.read(variables)
    return caught.value.problems


def filed(folder: Path, content: str | bytes) -> str:
    """Return the path of a file that holds *content*."""
    path = folder / "secret"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_value_in_a_file_is_as_good_as_one_in_the_environment(name: str, tmp_path: Path) -> None:
    path = filed(tmp_path, f"{WHOLE[name]}\n")
    assert env.read({f"{name}_FILE": path}) == env.read({name: WHOLE[name]})


def test_a_voter_s_key_may_lie_in_a_file(tmp_path: Path) -> None:
    path = filed(tmp_path, "sk-hunter22")
    assert env.read({"OPENAI_API_KEY_FILE": path}) == env.read({"OPENAI_API_KEY": "sk-hunter22"})


def test_a_value_in_a_file_is_checked_like_any_other(tmp_path: Path) -> None:
    (line,) = problems({"SECRET_KEY_FILE": filed(tmp_path, "hunter22")})
    assert line.startswith("SECRET_KEY=(value not shown): is too short")


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("postgresql://u@db:5432/d", "postgresql://u:a%2Fb%40c@db:5432/d"),
        ("postgresql://u:@db/d?sslmode=require", "postgresql://u:a%2Fb%40c@db/d?sslmode=require"),
    ],
)
def test_the_database_s_password_is_filled_into_its_address(url: str, filled: str, tmp_path: Path) -> None:
    given = {"DATABASE_URL": url, "DATABASE_PASSWORD_FILE": filed(tmp_path, "a/b@c\n")}
    assert env.read(given) == env.read({"DATABASE_URL": filled})


def test_the_broker_s_password_is_filled_into_an_address_without_a_user(tmp_path: Path) -> None:
    given = {"REDIS_URL": "redis://broker:6379/0", "REDIS_PASSWORD_FILE": filed(tmp_path, "hunter22")}
    assert env.read(given) == env.read({"REDIS_URL": WHOLE["REDIS_URL"]})


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    path = filed(tmp_path, KEY)
    assert problems({"SECRET_KEY": KEY, "SECRET_KEY_FILE": path}) == [
        "SECRET_KEY_FILE and SECRET_KEY are both set; keep one"
    ]
    (line,) = problems({"REDIS_URL": WHOLE["REDIS_URL"], "REDIS_PASSWORD_FILE": path})
    assert line == "REDIS_URL has a password, and REDIS_PASSWORD_FILE is set; keep one"


def test_a_password_without_an_address_is_refused(tmp_path: Path) -> None:
    (line,) = problems({"DATABASE_PASSWORD_FILE": filed(tmp_path, "hunter22")})
    assert line == "DATABASE_PASSWORD_FILE is set without DATABASE_URL, into which it belongs"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hunter22\xff", "is not text in UTF-8"),
        (b"x" * (env_secrets.AT_MOST_BYTES + 1), "holds more than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_a_problem_told_by_its_path(
    content: bytes, told: str, tmp_path: Path
) -> None:
    path = filed(tmp_path, content)
    (line,) = problems({"SECRET_KEY_FILE": path})
    assert line.startswith(f"SECRET_KEY_FILE={path!r}: {told}")
    assert "hunter22" not in line


def test_a_file_that_cannot_be_read_is_a_problem_beside_all_others(tmp_path: Path) -> None:
    told = problems(
        {"SECRET_KEY_FILE": str(tmp_path / "none"), "REDIS_URL_FILE": str(tmp_path), "USE_KEYS": "x"}
    )
    assert told[0].endswith(f"{str(tmp_path)!r}: Is a directory")
    assert told[1].endswith("none': No such file or directory")
    assert told[2].startswith("USE_KEYS='x'")


def test_a_wrong_address_is_told_once_and_its_password_never(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://[db/d", "DATABASE_PASSWORD_FILE": filed(tmp_path, "hunter22")}
    (line,) = problems(given)
    assert line.startswith("DATABASE_URL=(value not shown): ")
    assert "hunter22" not in line


def test_other_names_that_end_in_file_are_let_be() -> None:
    assert env.read({"PROFILE_FILE": "/none", "POSTGRES_PASSWORD_FILE": "/none"}) == env.read({})


def test_what_logs_strike_out_is_every_secret_and_nothing_that_may_be_shown(tmp_path: Path) -> None:
    given = {
        "SECRET_KEY_FILE": filed(tmp_path, "0123456789abcdef" * 4),
        "DATABASE_URL": "postgresql://thalas:first%2Fword@localhost/thalas?sslpassword=second-word",
        "REDIS_URL": "rediss://:third-word@localhost/0",
        "OPENAI_API_KEY": "sk-openai",
        "OPENAI_BASE_URL": "https://gateway.example.org/v1/0a1b2c3d4e5f6a7b8c/openai-compatible",
        "MARKET_BASE_URL": "https://market.example.org/9f8e7d6c5b4a39281706",
        "FLOWER_BASIC_AUTH": "thalas:fourth-word",
        "SOME_TOOLS_TOKEN": "fifth-word",
        "GITHUB_PASSWORD": "password",
        "SOME_CREDENTIALS": "/home/thalas/credentials.json",
    }
    assert env.read(given).secrets == {
        *("0123456789abcdef" * 4, "first%2Fword", "first/word", "second-word", "third-word", "sk-openai"),
        *("0a1b2c3d4e5f6a7b8c", "9f8e7d6c5b4a39281706", "fourth-word", "fifth-word"),
    }
    assert "-word" not in repr(env.read(given))
