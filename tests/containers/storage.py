"""What is written where, by whom, and how the broker keeps it."""

from tests.containers.parts import Parts
from thalas import env
from thalas.supervision.valkey import EmbeddedValkey

# Where the images of others keep their data: below it lies PGDATA since PostgreSQL 18; Valkey's workdir.
FOREIGN_DATA = {"postgres": "/var/lib/postgresql", "redis": "/data"}
# What they write besides, on a root that is read-only.
FOREIGN_SCRATCH = {"postgres": {"/tmp", "/var/run/postgresql"}, "redis": {"/tmp"}}


def processes_are_nobody_special(seen: Parts) -> None:
    ids = {word.split(":")[0] for words in seen.image.all("USER") for word in words}
    (user,) = ids
    for name, service in seen.compose.services.items():
        uid, gid = (int(part) for part in service.user.split(":"))
        assert uid >= 900, name
        assert gid >= 900, name
        assert name in seen.foreign or str(uid) == user, name
        assert service.init == (name in seen.ours), name
    made = [words for words in seen.image.all("RUN") if words[0] in ("groupadd", "useradd")]
    assert [words[-1] for words in made] == ["thalas", "thalas"]
    assert all(user in words for words in made)
    # Nothing that runs as root comes after: the last lines are the user's.
    assert [item.name for item in seen.image.instructions][-3:] == ["USER", "EXPOSE", "CMD"]


def what_is_written_lies_on_a_volume_or_in_memory(seen: Parts) -> None:
    for name, service in seen.compose.services.items():
        scratch = {path.split(":")[0] for path in service.tmpfs}
        assert all("size=" in path for path in service.tmpfs), name
        if name in seen.ours:
            assert scratch == {"/tmp", seen.environment(service)["THALAS_HOME"]}, name
            assert not service.volumes, name
            continue
        assert scratch == FOREIGN_SCRATCH[name], name
        assert service.volumes == [f"{name}:{FOREIGN_DATA[name]}"]
    assert set(seen.compose.volumes) == set(seen.foreign)


def the_home_in_the_image_belongs_to_the_user(seen: Parts) -> None:
    home = seen.image.env["THALAS_HOME"]
    (made,) = [words for words in seen.image.all("RUN") if words[0] == "install"]
    assert made == ["install", "--directory", "--owner", "10001", "--group", "10001", "--mode", "0700", home]
    assert seen.image.all("USER") == [["10001:10001"]]
    for service in seen.ours.values():
        assert service.environment["THALAS_HOME"] == home
        assert any(path.startswith(f"{home}:") and "uid=10001,gid=10001" in path for path in service.tmpfs)


def the_broker_keeps_its_messages_as_the_embedded_one_does(seen: Parts) -> None:
    argv = EmbeddedValkey(env.BASE_DIR / "var" / "broker").argv()[1:]
    embedded = dict(zip((word.removeprefix("--") for word in argv[::2]), argv[1::2], strict=True))
    stated = dict(line.split(" ", 1) for line in seen.foreign["redis"].command[-1].splitlines()[1:-1])
    for option in ("appendonly", "appendfsync", "aof-load-truncated", "maxmemory-policy", "save"):
        assert stated[option].strip('"') == embedded[option], option
    assert stated["requirepass"] == "$REDISCLI_AUTH"
    assert stated["dir"] == FOREIGN_DATA["redis"]
    assert seen.foreign["redis"].command[-1].startswith("exec valkey-server - <<OPTIONS\n")
