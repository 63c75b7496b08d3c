"""Shows a run as it happens: a line for each second with a mark for each request, and what happened in it.

A request may take a second until it has failed, so the lines come a little more than that later.
"""

import sys
import time
from dataclasses import dataclass, field

from .clients import LIMIT_S, Request

_LAG_S = LIMIT_S + 0.2
_GOOD, _LOST = ".", "x"


@dataclass
class Timeline:
    """Times are seconds since power-off; the text goes to standard error, so that results can go to standard output."""

    zero_s: float  # power-off, on the monotonic clock
    _requests: list[Request] = field(default_factory=list)
    _events: list[tuple[float, str]] = field(default_factory=list)
    _next_second: int = 0

    def request(self, request: Request) -> None:
        self._requests.append(request)

    def event(self, at_s: float, text: str) -> None:
        """`at_s` on the monotonic clock."""
        self._events.append((at_s - self.zero_s, text))

    def show(self, until_end: bool = False) -> None:
        """Writes the seconds that are complete."""
        while self._next_second + 1 + (0 if until_end else _LAG_S) < time.monotonic() - self.zero_s:
            self._show_second(self._next_second)
            self._next_second += 1

    def _show_second(self, second: int) -> None:
        def is_in(at_s: float) -> bool:
            return second <= at_s < second + 1

        requests = sorted((each for each in self._requests if is_in(each.start_s - self.zero_s)),
                          key=lambda each: each.start_s)
        marks = "".join(_LOST if each.failed else _GOOD for each in requests)
        pods = len({each.pod for each in requests if each.pod})
        _write(f"  {second:3d} s  {marks:<12} {pods} pods answer")
        for at_s, text in sorted(self._events):
            if is_in(at_s):
                _write(f"         {at_s:6.2f} s  {text}")


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
