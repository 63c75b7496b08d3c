"""What all the executables in deploy/local share: how they end, and the arguments that several of them take."""

import argparse
import signal
import sys
from typing import Callable

from .failure import Failure


def main_of(main: Callable[[], int]) -> int:
    """Runs a program's main function: a Failure is told in plain words, Ctrl-C and SIGTERM let `finally` clean up."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return main()
    except Failure as failure:
        print(f"\n{sys.argv[0]}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{sys.argv[0]}: interrupted", file=sys.stderr)
        return 130


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def add_cluster(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--cluster", metavar="NAME", default="local",
                        help="which of the clusters on this machine (default: local)")
