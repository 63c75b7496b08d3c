"""Waiting for a condition instead of for a time."""

import time
from typing import Callable, TypeVar

from .failure import Failure
from .progress import Progress

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, deadline_s: float, *, interval_s: float = 0.1,
             progress: Progress | None = None, state: Callable[[], str] | None = None, cure: str = "") -> T:
    """Asks `condition` until it returns something true, and returns that; raises Failure after `deadline_s`.

    A Failure or OSError inside `condition` counts as "not yet", for what is waited for is often only just coming up;
    the last one is told if it never does. `state` says what is missing, for the progress and for the failure.
    """
    deadline = time.monotonic() + deadline_s
    last = ""
    while True:
        try:
            if result := condition():
                return result
            last = ""
        except (Failure, OSError) as error:
            last = str(error)
        if time.monotonic() > deadline:
            details = state() if state else last
            raise Failure(f"waited {deadline_s:g} s in vain for {what}" + (f": {details}" if details else ""), cure)
        if progress:
            progress.waiting(what + (f": {state()}" if state else ""))
        time.sleep(interval_s)
