"""What goes in and out: ports, networks, variables and secrets."""

import re
from urllib.parse import urlsplit

from tests.containers import composed, parts
from tests.containers.parts import SETUP, Parts
from thalas import env, processes
from thalas.management.commands import healthcheck

# What the images of others read from their environment.
FOREIGN_VARIABLES = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"},
    "redis": {"REDISCLI_AUTH"},
}
SECRET_WORDS = ("PASSWORD", "SECRET", "AUTH", "KEY", "TOKEN", "_URL")
ADDRESSES = {"THALAS_PUBLIC_URL", "THALAS_FLOWER_URL", "THALAS_CORS_ORIGINS"}  # shown to everybody
# What Python and libraries read; everything else in the image's environment is a setting of ours.
PLAIN_VARIABLES = {
    "PATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "DJANGO_SETTINGS_MODULE",
    "OPENBLAS_NUM_THREADS",
}


def ports_are_those_of_the_settings(seen: Parts) -> None:
    web, flower = seen.ours["web"], seen.ours["flower"]
    assert [port.target for port in web.ports] == [seen.house(web).thalas_web_port]
    first, last = (int(port) for port in web.ports[0].published.split("-"))
    assert last - first + 1 == web.deploy.replicas
    assert flower.expose == [str(seen.house(flower).thalas_flower_port)]
    metrics = seen.ours["metrics"]
    assert metrics.expose == [str(seen.house(metrics).thalas_metrics_port)]
    for field in (
        "thalas_web_port",
        "thalas_flower_port",
        "thalas_metrics_port",
    ):  # one address in all guides
        assert getattr(seen.house(web), field) == getattr(env.HouseSettings(), field)
    told = parts.settings_of(seen.environment(web))
    assert seen.foreign["postgres"].expose == [told.database["PORT"]]
    assert seen.foreign["redis"].expose == [str(urlsplit(told.broker).port)]
    assert f"port {urlsplit(told.broker).port}" in seen.foreign["redis"].command[-1].splitlines()


def only_the_web_is_published_and_only_to_this_machine(seen: Parts) -> None:
    for name, service in seen.compose.services.items():
        assert all(composed.is_loopback(port) for port in service.ports), name
    assert [name for name, service in seen.compose.services.items() if service.ports] == ["web"]


def only_who_needs_it_has_a_way_out(seen: Parts) -> None:
    assert seen.compose.networks["inside"].internal
    assert not seen.compose.networks["outside"].internal
    ways_out = {name for name, service in seen.compose.services.items() if "outside" in service.networks}
    assert ways_out == {"web", "worker-votes"}  # to be published; to ask the models
    assert all("inside" in service.networks for service in seen.compose.services.values())


def every_variable_is_one_that_somebody_reads(seen: Parts) -> None:
    settings = {name.upper() for name in env.HouseSettings.model_fields}
    assert set(seen.image.env) <= settings | PLAIN_VARIABLES
    for name, service in seen.ours.items():
        needed = set(processes.variables(name, flower_password=""))
        assert set(service.environment) <= settings | needed, name
        assert needed <= set(seen.environment(service)), name
    for name, service in seen.foreign.items():
        assert set(service.environment) == FOREIGN_VARIABLES[name], name


def variables_of_the_shell_are_settings_with_the_same_default_or_required_secrets(seen: Parts) -> None:
    uses = composed.used(seen.texts["docker-compose.yml"])
    assert {name for name, ways in uses.items() for how, _ in ways if how == ":?"} == set(parts.SECRETS)
    for name in set(uses) - set(parts.SECRETS):
        field = name.lower()
        assert field in env.HouseSettings.model_fields, name
        ((_, default),) = uses[name]  # used twice with two defaults would be two settings
        stated = env.read({name: default}).house
        assert getattr(stated, field) == getattr(env.HouseSettings(), field), name


def what_people_set_in_the_shell_reaches_every_process(seen: Parts) -> None:
    """A setting that only some see would make them disagree about the same run."""
    shared = {name for name in composed.used(seen.texts["docker-compose.yml"]) if name.startswith("THALAS_")}
    wanted = {name.upper() for name in env.HouseSettings.model_fields if name.startswith("thalas_")}
    servers = {f"THALAS_{name}_PORT" for name in ("WEB", "FLOWER", "METRICS", "EMULATOR", "LOCAL_LLM")}
    inner = servers | {"THALAS_HOME"}
    assert shared == wanted - inner - {"THALAS_DB_POOL_TIMEOUT_S"}
    for name, service in seen.ours.items():
        assert shared <= set(service.environment), name


def what_a_process_needs_besides_is_the_same_in_its_container(seen: Parts) -> None:
    for name in set(seen.ours) - {SETUP}:
        wanted = processes.variables(name, flower_password=parts.SECRETS["FLOWER_PASSWORD"])
        found = seen.environment(seen.ours[name])
        assert {variable: found.get(variable) for variable in wanted} == wanted, name


def behind_a_public_address_pages_are_safe_and_the_checks_of_health_still_get_through(seen: Parts) -> None:
    told = parts.settings_of(
        {**seen.environment(seen.ours["web"]), "THALAS_PUBLIC_URL": "https://thalas.example"}
    )
    assert "thalas.example" in told.hosts
    assert any(re.match(pattern, healthcheck.WEB_PATH.lstrip("/")) for pattern in told.redirect_exempt)


def the_settings_take_every_service_s_environment_and_find_its_database_and_broker(seen: Parts) -> None:
    postgres = seen.foreign["postgres"].environment
    for service in seen.ours.values():
        told = parts.settings_of(seen.environment(service))
        assert told.engine == "thalas.postgresql"
        assert told.database == {
            "NAME": postgres["POSTGRES_DB"],
            "USER": postgres["POSTGRES_USER"],
            "PASSWORD": postgres["POSTGRES_PASSWORD"],
            "HOST": "postgres",
            "PORT": "5432",
        }
        password = seen.foreign["redis"].environment["REDISCLI_AUTH"]
        assert told.broker == f"redis://:{password}@redis:6379/0"
        assert "*" not in told.hosts


def flower_asks_for_a_password_that_must_be_set(seen: Parts) -> None:
    wanted = processes.variables("flower", flower_password=parts.SECRETS["FLOWER_PASSWORD"])
    found = seen.environment(seen.ours["flower"])
    assert {name: found.get(name) for name in wanted} == wanted
    assert not seen.ours["flower"].ports
    assert seen.ours["flower"].networks == ["inside"]


def only_who_asks_models_or_seats_them_is_given_the_keys(seen: Parts) -> None:
    given = {name for name, service in seen.compose.services.items() if service.env_file}
    assert given == {SETUP, "worker-votes"}
    for name in given:
        assert [(file.path, file.required) for file in seen.ours[name].env_file] == [(".env", False)]


def no_secret_is_written_in_a_file_or_on_a_command_line(seen: Parts) -> None:
    secrets = set(parts.SECRETS.values())
    for name, service in seen.compose.services.items():
        for variable, value in service.environment.items():
            is_secret = any(word in variable for word in SECRET_WORDS) and variable not in ADDRESSES
            if is_secret:
                assert any(secret in value for secret in secrets), (name, variable)
        line = " ".join([*service.command, *(service.healthcheck.test if service.healthcheck else [])])
        assert not any(secret in line for secret in secrets), name
    assert not any("API_KEY" in text for name, text in seen.texts.items() if name != "docs/deployment.md")
