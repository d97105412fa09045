"""Thalas refuses to start with a secret that can be guessed or a door that stands open."""

import pytest

from thalas import env, env_safety

KEY = "0123456789abcdef" * 4


def problems(**variables: str) -> list[str]:
    """Return the problems that these variables have."""
    with pytest.raises(env.EnvironmentProblems) as caught:
        env.read(variables)
    return caught.value.problems


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (KEY[:49], "is too short"),
        ("x" * 64, "is no secret"),
        ("abcabcabc" * 8, "is no secret"),
        ("django-insecure-" + KEY, "is no secret"),
        ("Changeme" + KEY, "is no secret"),
    ],
)
def test_a_key_that_is_short_monotonous_or_known_is_refused_and_not_shown(key: str, told: str) -> None:
    (line,) = problems(SECRET_KEY=key)
    assert line.startswith(f"SECRET_KEY=(value not shown): {told}")
    assert key not in line


def test_fifty_random_characters_are_key_enough() -> None:
    assert env.read({"SECRET_KEY": KEY[:50]}).house.secret_key is not None


@pytest.mark.parametrize("hosts", ["*", "thalas.example,*", "a, * ,b", "."])
def test_a_server_that_answers_to_every_name_is_refused(hosts: str) -> None:
    (line,) = problems(THALAS_ALLOWED_HOSTS=hosts)
    assert "must name the hosts" in line


@pytest.mark.parametrize("host", ["redis", "10.0.0.7", "redis.example.org:6380"])
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_broker_off_this_machine_without_a_password_is_refused(scheme: str, host: str) -> None:
    (line,) = problems(REDIS_URL=f"{scheme}://{host}/0")
    assert line.startswith("REDIS_URL=(value not shown): has no password")


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://localhost",
        "redis://[::1]:6379",
        "redis+socket:///run/broker.sock",
        f"redis://:{KEY}@redis:6379/0",
    ],
)
def test_a_broker_on_this_machine_or_with_a_password_will_do(url: str) -> None:
    assert env.read({"REDIS_URL": url}).house.redis_url is not None


@pytest.mark.parametrize("password", [*sorted(env_safety.KNOWN_PASSWORDS), "ThalaS", "p%61ssword"])
def test_a_password_that_everybody_tries_first_is_refused_off_this_machine(password: str) -> None:
    told = problems(DATABASE_URL=f"postgresql://u:{password}@db/d", REDIS_URL=f"redis://:{password}@broker")
    assert [line.split("=")[0] for line in told] == ["DATABASE_URL", "REDIS_URL"]
    assert all("everybody tries first" in line for line in told)
    assert env.read({"DATABASE_URL": f"postgresql://u:{password}@127.0.0.1/d"}).house.database_url


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://thalas.example", "https://thalas.example"),
        ("https://Thalas.Example/", "https://thalas.example"),
        ("https://thalas.example:443", "https://thalas.example"),
        ("https://thalas.example:8443/", "https://thalas.example:8443"),
    ],
)
def test_the_public_address_is_kept_as_a_browser_names_it(url: str, origin: str) -> None:
    assert env.read({"THALAS_PUBLIC_URL": url}).house.thalas_public_url == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://thalas.example",
        "thalas.example",
        "https://",
        "https://thalas.example/pages",
        "https://user:hunter2@thalas.example",
        "https://*.example",
        "https://thalas.example:port",
        "https://thalas.example?x=1",
        "https://a.example,https://b.example",
    ],
)
def test_a_public_address_is_https_and_a_name_and_nothing_else(url: str) -> None:
    (line,) = problems(THALAS_PUBLIC_URL=url)
    assert line.startswith("THALAS_PUBLIC_URL=(value not shown): ")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://u:hunter2@flower", "flower:5555", "https://"]
)
def test_the_link_to_flower_is_a_web_address_without_a_password(url: str) -> None:
    (line,) = problems(THALAS_FLOWER_URL=url)
    assert line.startswith("THALAS_FLOWER_URL=(value not shown): must be an http(s) address")
    assert "hunter2" not in line
