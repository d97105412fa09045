"""The container files and the code agree, and a rename on either side is noticed."""

import pytest

from tests.containers import parts, rules


@pytest.fixture(scope="module")
def seen() -> parts.Parts:
    """The container files as they lie in the repository."""
    return parts.read(parts.texts())


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_container_files_and_the_code_agree(rule: rules.Rule, seen: parts.Parts) -> None:
    rule(seen)


COMPOSE, IMAGE, IGNORE, GUIDE = parts.FILES
RENAMES = [
    # commands
    (COMPOSE, '"manage.py", "guard", "--name", "guard-2"', '"manage.py", "guardian", "--name", "guard-2"'),
    (COMPOSE, '"guard", "--name", "guard-2"', '"guard", "--name", "guard-1"'),
    (COMPOSE, "manage.py sync_voters", "manage.py seat_voters"),
    (COMPOSE, "manage.py migrate --no-input && ", ""),
    (COMPOSE, '"--queues=core"', '"--queues=cores"'),
    (COMPOSE, '"healthcheck", "beat"', '"health", "beat"'),
    (COMPOSE, '"pg_isready"', '"pg_is_ready"'),
    (COMPOSE, "--timeout-graceful-shutdown=3", "--timeout-graceful-shutdown=9"),
    (IMAGE, "thalas.asgi:application", "thalas.wsgi:application"),
    # ports
    (COMPOSE, '"--port=8000"', '"--port=8080"'),
    (COMPOSE, "{target: 8000", "{target: 8080"),
    (COMPOSE, 'THALAS_FLOWER_PORT: "5555"', 'THALAS_FLOWER_PORT: "5556"'),
    (COMPOSE, '["5432"]', '["5433"]'),
    (COMPOSE, "        port 6379", "        port 6380"),
    (COMPOSE, "redis:6379/0", "redis:6380/0"),
    (IMAGE, "EXPOSE 8000", "EXPOSE 8080"),
    # paths
    (COMPOSE, "THALAS_HOME: /var/lib/thalas", "THALAS_HOME: /var/lib/home"),
    (COMPOSE, "- /var/lib/thalas:size", "- /var/lib/home:size"),
    (COMPOSE, '"postgres:/var/lib/postgresql"', '"postgres:/var/lib/postgresql/data"'),
    (COMPOSE, '"redis:/data"', '"redis:/var/lib/redis"'),
    (COMPOSE, "        dir /data", "        dir /var/data"),
    (IMAGE, "0700 /var/lib/thalas", "0700 /var/lib/home"),
    (IMAGE, "COPY tasks ./tasks", "COPY task ./task"),
    (IMAGE, "COPY tasks ./tasks\n", ""),
    (IMAGE, "COPY --from=packages /venv /venv", "COPY --from=packages /env /env"),
    (IMAGE, "WORKDIR /app", "WORKDIR /srv"),
    (IGNORE, "!risk", "!risks"),
    (IGNORE, "*\n!requirements.lock", "!requirements.lock"),
    # variables
    (COMPOSE, "  DATABASE_URL:", "  DATABASE_URI:"),
    (COMPOSE, "  THALAS_WORKER_THREADS:", "  THALAS_WORKERS:"),
    (COMPOSE, "${THALAS_LOG_LEVEL:-INFO}", "${LOG_LEVEL:-INFO}"),
    (COMPOSE, "${THALAS_RETENTION_DAYS:-30}", "${THALAS_RETENTION_DAYS:-31}"),
    (COMPOSE, "FLOWER_BASIC_AUTH:", "FLOWER_AUTH:"),
    (COMPOSE, "      POSTGRES_DB:", "      POSTGRES_DATABASE:"),
    (COMPOSE, "      REDISCLI_AUTH:", "      REDIS_AUTH:"),
    (COMPOSE, "${FLOWER_PASSWORD:?set it in .env}", "hunter2"),
    (IMAGE, "DJANGO_SETTINGS_MODULE=thalas.settings", "DJANGO_SETTINGS=thalas.settings"),
    # what keeps a container in its place
    (COMPOSE, "  read_only: true", "  read_only: false"),
    (COMPOSE, "  cap_drop: [ALL]\n", ""),
    (COMPOSE, '"no-new-privileges:true"', '"no-new-privileges:false"'),
    (COMPOSE, 'user: "10001:10001"', 'user: "0:0"'),
    (COMPOSE, "host_ip: 127.0.0.1", "host_ip: 0.0.0.0"),
    (
        COMPOSE,
        'expose: ["5555"]',
        'ports: [{target: 5555, published: "5555", host_ip: 127.0.0.1, protocol: tcp}]',
    ),
    (COMPOSE, "inside: {internal: true}", "inside: {}"),
    (COMPOSE, "memory: 512m, ", ""),
    (COMPOSE, "stop_grace_period: 60s  # a vote", "stop_grace_period: 20s  # a vote"),
    (COMPOSE, "stop_grace_period: 15s\n  networks", "stop_grace_period: 15s\n  privileged: true\n  networks"),
    (COMPOSE, "redis: {condition: service_healthy}", "redis: {condition: service_started}"),
    (IMAGE, "USER 10001:10001", "USER 10002:10001"),
    (IMAGE, " --require-hashes", ""),
    (IMAGE, "FROM python:3.13-slim-trixie\n", "FROM python:latest\n"),
    # sums
    (COMPOSE, "max_connections=200", "max_connections=150"),
    (COMPOSE, "replicas: 2", "replicas: 3"),
    (COMPOSE, "maxmemory-policy noeviction", "maxmemory-policy allkeys-lru"),
    (COMPOSE, "appendonly yes", "appendonly no"),
    (GUIDE, "Up to 4 containers", "Up to 5 containers"),
    (GUIDE, "manage.py createsuperuser", "manage.py create_superuser"),
]


@pytest.mark.parametrize(("file", "old", "new"), RENAMES, ids=lambda text: text.strip()[:40])
def test_a_rename_turns_a_rule_red(file: str, old: str, new: str) -> None:
    texts = parts.texts()
    assert old in texts[file]
    changed = {**texts, file: texts[file].replace(old, new)}
    assert rules.first_red(changed) is not None
