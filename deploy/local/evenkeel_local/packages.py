"""Debian packages: the project's own installer does the work, and does nothing when all are there."""

import subprocess

from .failure import Failure
from .settings import REPOSITORY


def ensure(*parts: str) -> None:
    """Installs what the parts (build, cluster, test) need. Its progress goes to standard error."""
    # Our standard output is for results (a path, a line of JSON), so the installer's goes to standard error.
    done = subprocess.run([REPOSITORY / "deploy/packages/install", *parts], stdin=subprocess.DEVNULL, check=False,
                          stdout=2)
    if done.returncode != 0:
        raise Failure("not all Debian packages could be installed", "see the installer's message above")
