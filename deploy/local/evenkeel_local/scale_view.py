"""Shows a run of Lab 2 as it happens: a line for each second with load, CPU, replicas and latency, and what happened in it.

The text goes to standard error, so that results can go to standard output.
"""

import statistics
import sys
import time

from . import cgroups
from .clients import Request
from .witness import Sight

_GOOD, _LOST = ".", "x"


class ScaleView:
    """Times are seconds since the load began."""

    def __init__(self, cluster: str, request_millicores: int, target_percent: int, zero_s: float):
        """`zero_s`: when the load began, on the monotonic clock."""
        self._cluster, self._request, self._target, self._zero_s = cluster, request_millicores, target_percent, zero_s
        self._ended: list[Request] = []
        self._events: list[tuple[float, str]] = []
        self._cpu: dict[str, float] = {}
        self._at_s = zero_s
        self._next_second = 1

    def request(self, request: Request) -> None:
        self._ended.append(request)

    def event(self, at_s: float, text: str) -> None:
        """`at_s` on the monotonic clock."""
        self._events.append((at_s - self._zero_s, text))

    def show(self, clients: int, sight: Sight) -> None:
        """To be called more often than once a second: writes a line when a second is over. `clients` make the load."""
        now = time.monotonic()
        if now - self._zero_s < self._next_second:
            return
        times = [1000 * each.duration_s for each in self._ended if not each.failed]
        latency = f"{statistics.median(times):4.0f} ms" if times else "   - "
        marks = "".join(_LOST if each.failed else _GOOD for each in sorted(self._ended, key=lambda each: each.start_s))
        _write(f"  {self._next_second:3d} s  load {clients:3d}  CPU {self._percent(sight, now):>5} % of {self._target} %  "
               f"replicas {sight.wanted:2d}, {sight.ready:2d} Ready  latency {latency}  {marks}")
        for at_s, text in sorted(self._events):
            _write(f"         {at_s:6.2f} s  {text}")
        self._ended, self._events = [], []
        self._next_second = int(now - self._zero_s) + 1

    def _percent(self, sight: Sight, now: float) -> str:
        """What the pods have used on average since the last time, in percent of what they ask for."""
        used = {uid: cpu for uid, cpu in cgroups.pods_cpu_s(self._cluster).items() if uid in sight.pods}
        rates = [(cpu - self._cpu[uid]) / (now - self._at_s) for uid, cpu in used.items() if uid in self._cpu]
        self._cpu, self._at_s = used, now
        return f"{100_000 * statistics.mean(rates) / self._request:.0f}" if rates else "-"


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
