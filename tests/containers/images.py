"""What the image is made of."""

import re

from tests.containers import dockerfiles, parts
from tests.containers.parts import Parts
from thalas import env


def packages_are_the_locked_ones_and_both_stages_have_one_python(seen: Parts) -> None:
    bases = {stage.base for stage in seen.stages}
    assert len(seen.stages) == 2
    (base,) = bases
    assert re.fullmatch(r"python:3\.13-slim-[a-z]+", base)
    (install,) = [words for words in seen.stages[0].all("RUN") if "install" in words]
    wanted = {"--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", "product.lock"}
    assert wanted <= set(install)
    made = ["python", "packages.py", "<", "requirements.lock", ">", "product.lock"]
    assert seen.stages[0].all("RUN").index(made) == seen.stages[0].all("RUN").index(install) - 1
    assert seen.stages[0].sources == ["requirements.lock", "containers/packages.py"]
    assert ["--from=packages", "/venv", "/venv"] in seen.image.all("COPY")
    assert seen.image.env["PATH"].startswith("/venv/bin:")
    assert seen.image.env["PYTHONDONTWRITEBYTECODE"] == "1"
    assert {"celery", "uvicorn", "flower", "psycopg-binary", "psycopg-pool"} <= parts.packages_of_the_image()


def what_is_copied_exists_and_reaches_the_build_and_nothing_else_does(seen: Parts) -> None:
    ignore = seen.texts[".dockerignore"]
    for path in [*seen.image.sources, *seen.stages[0].sources]:
        assert (env.BASE_DIR / path).exists(), path
        assert not dockerfiles.is_ignored(path, ignore), path
    kept_out = (".env", ".git/config", "var/django.secret", "tests/seeds.py", "thalas/__pycache__/env.pyc")
    assert [path for path in kept_out if not dockerfiles.is_ignored(path, ignore)] == []
    # A line that lets something in which is not copied is a line that has lost its reason.
    let_in = {line[1:] for line in ignore.splitlines() if line.startswith("!")}
    assert let_in == {*seen.image.sources, *seen.stages[0].sources}
