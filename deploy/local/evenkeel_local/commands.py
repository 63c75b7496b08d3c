"""Runs other programs, and turns their failures into ones that can be read."""

import os
import subprocess
from pathlib import Path
from typing import Sequence

from .failure import Failure


def run(argv: Sequence[str | Path], *, cure: str = "", input_text: str | None = None, timeout_s: float = 60,
        environment: dict[str, str] | None = None) -> str:
    """Runs a program to its end and returns its standard output; raises Failure with its last words otherwise."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=input_text, stdin=None if input_text is not None else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout_s, check=False,
                              env={**os.environ, **environment} if environment else None)
    except FileNotFoundError:
        raise Failure(f"the program {words[0]} is not installed",
                      cure or "deploy/packages/install cluster") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"`{' '.join(words)}` was not done after {timeout_s:g} s", cure) from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise Failure(f"`{' '.join(words)}` failed: " + "\n    ".join(said[-8:]), cure)
    return done.stdout


def succeeds(argv: Sequence[str | Path], timeout_s: float = 60) -> bool:
    """Whether the program ends with exit code 0; what it says is dropped."""
    try:
        run(argv, timeout_s=timeout_s)
        return True
    except Failure:
        return False


def need_root(what: str) -> None:
    if os.geteuid() != 0:
        raise Failure(f"{what} needs root: it makes network namespaces, mounts and cgroups",
                      "run the same command with sudo")
