"""What goes in and out: ports, networks, variables and secrets."""

from urllib.parse import urlsplit

from tests.containers import composed, parts
from tests.containers.parts import SETUP, Parts
from thalas import env, processes

# What the images of others read from their environment.
FOREIGN_VARIABLES = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"},
    "redis": {"REDISCLI_AUTH"},
}
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
    for field in ("thalas_web_port", "thalas_flower_port"):  # one address in all guides
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
        stated = env.HouseSettings.model_validate({field: default})
        assert getattr(stated, field) == getattr(env.HouseSettings(), field), name


def the_settings_take_every_service_s_environment_and_find_its_database_and_broker(seen: Parts) -> None:
    postgres = seen.foreign["postgres"].environment
    for service in seen.ours.values():
        told = parts.settings_of(seen.environment(service))
        assert told.engine == "django.db.backends.postgresql"
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
            if any(word in variable for word in ("PASSWORD", "SECRET", "AUTH", "KEY", "TOKEN", "_URL")):
                assert any(secret in value for secret in secrets), (name, variable)
        line = " ".join([*service.command, *(service.healthcheck.test if service.healthcheck else [])])
        assert not any(secret in line for secret in secrets), name
    assert not any("API_KEY" in text for name, text in seen.texts.items() if name != "docs/deployment.md")
