"""Where things are on this machine, and the environment variables that move them."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

# Debian's own: a node's root folder holds nothing of other interpreters, and a test may have been started by one.
PYTHON = "/usr/bin/python3"

# Every cluster has a folder here; nothing is left of it after `down`.
STATE = Path(os.environ.get("EVENKEEL_LOCAL_STATE", "/var/lib/evenkeel-local"))

# What is expensive to make and the same for every clone: Kubernetes, Go's build cache, the images of the labs.
CACHE = Path(os.environ.get("EVENKEEL_CACHE", "/var/cache/evenkeel"))

ENVIRONMENT_HELP = f"""\
environment:
  EVENKEEL_LOCAL_STATE  the folder that holds the clusters' state (now {STATE})
  EVENKEEL_CACHE        the folder for what is built once, Kubernetes above all (now {CACHE})
  EVENKEEL_KUBERNETES   a folder with Kubernetes' programs, to use instead of building them
"""
