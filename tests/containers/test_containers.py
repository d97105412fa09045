"""The container files and the code agree, and a rename on either side is noticed."""

import os
import shutil
import subprocess

import pytest

from tests.containers import parts, rules
from thalas import env


@pytest.fixture(scope="module")
def seen() -> parts.Parts:
    """The container files as they lie in the repository."""
    return parts.read(parts.texts())


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_container_files_and_the_code_agree(rule: rules.Rule, seen: parts.Parts) -> None:
    rule(seen)


def has_compose() -> bool:
    """Say whether Docker is here with its Compose plugin."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_compose(), reason="Docker Compose is not installed")
def test_compose_itself_takes_the_file_and_wants_each_secret() -> None:
    words = ["docker", "compose", "--env-file", os.devnull, "config", "--quiet"]

    def errors(given: dict[str, str]) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            words, env={**kept, **given}, cwd=env.BASE_DIR, capture_output=True, text=True, check=False
        )
        return done.stderr if done.returncode else ""

    assert errors(parts.SECRETS) == ""
    for name in parts.SECRETS:
        assert name in errors({**parts.SECRETS, name: ""})


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
    (COMPOSE, 'THALAS_METRICS_PORT: "9464"', 'THALAS_METRICS_PORT: "9465"'),
    (COMPOSE, 'expose: ["9464"]', 'expose: ["9465"]'),
    (COMPOSE, '"--port=9464"', '"--port=9465"'),
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
    (COMPOSE, '  THALAS_PUBLIC_URL: "${THALAS_PUBLIC_URL:-}"\n', ""),
    (COMPOSE, "${THALAS_PUBLIC_URL:-}", "${THALAS_PUBLIC_URL:-https://thalas.example}"),
    (COMPOSE, "  THALAS_FLOWER_URL:", "  THALAS_FLOWER:"),
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
    (
        COMPOSE,
        'expose: ["9464"]',
        'ports: [{target: 9464, published: "9464", host_ip: 127.0.0.1, protocol: tcp}]',
    ),
    (COMPOSE, "inside: {internal: true}", "inside: {}"),
    (COMPOSE, "memory: 512m, ", ""),
    (COMPOSE, "stop_grace_period: 60s  # a vote", "stop_grace_period: 20s  # a vote"),
    (COMPOSE, "stop_grace_period: 15s\n  networks", "stop_grace_period: 15s\n  privileged: true\n  networks"),
    (COMPOSE, "redis: {condition: service_healthy}", "redis: {condition: service_started}"),
    (IMAGE, "USER 10001:10001", "USER 10002:10001"),
    (IMAGE, " --require-hashes", ""),
    (IMAGE, "-r product.lock", "-r requirements.lock"),
    (IMAGE, "RUN python packages.py < requirements.lock > product.lock\n", ""),
    (IMAGE, "containers/packages.py", "containers/parts.py"),
    (IGNORE, "!containers/packages.py\n", ""),
    (IMAGE, "FROM python:3.13-slim-trixie\n", "FROM python:latest\n"),
    # sums
    (COMPOSE, "max_connections=200", "max_connections=150"),
    (COMPOSE, "replicas: 2", "replicas: 3"),
    (COMPOSE, "maxmemory-policy noeviction", "maxmemory-policy allkeys-lru"),
    (COMPOSE, "appendonly yes", "appendonly no"),
    (COMPOSE, 'THALAS_DB_POOL: "0"', 'THALAS_DB_POOL: "8"'),
    (COMPOSE, 'THALAS_DB_POOL_TIMEOUT_S: "1"', 'THALAS_DB_POOL_TIMEOUT_S: "2"'),
    (COMPOSE, "${THALAS_DB_POOL:-16}", "${THALAS_DB_POOL:-24}"),
    (COMPOSE, "session_timeout=4s", "session_timeout=40s"),
    (GUIDE, "Up to 5 containers", "Up to 6 containers"),
    (GUIDE, "4 s of idling", "10 s of idling"),
    (GUIDE, "1 s in `web`", "5 s in `web`"),
    (GUIDE, "manage.py createsuperuser", "manage.py create_superuser"),
]


@pytest.mark.parametrize(("file", "old", "new"), RENAMES, ids=lambda text: text.strip()[:40])
def test_a_rename_turns_a_rule_red(file: str, old: str, new: str) -> None:
    texts = parts.texts()
    assert old in texts[file]
    changed = {**texts, file: texts[file].replace(old, new)}
    assert rules.first_red(changed) is not None
