"""Shows a switch as it happens: a line for each second with the weights, who answered, and what is in flight.

A request counts in the second in which it ends. The text goes to standard error, so that results can go to standard output.
"""

import sys
import time
from typing import Callable

from .gateway import GatewayWatch
from .switch_clients import SwitchClients

_WIDTH = 30


class SwitchView:
    """`show` is to be called more often than once a second."""

    def __init__(self, clients: SwitchClients, watch: GatewayWatch, clusters: list[str]):
        self._clients, self._watch, self._clusters = clients, watch, clusters
        self._zero_s = time.monotonic()
        self._second = 0
        self._read = self._shown = 0  # requests: looked through; counted in a line

    def say(self, text: str) -> None:
        _write(f"         {time.monotonic() - self._zero_s:6.2f} s  {text}")

    def show(self, words: Callable[[], str]) -> None:
        """`words` says how the switch stands."""
        ended = self._clients.ended()
        for each in ended[self._read:]:
            if each.lost:
                self.say(f"LOST: {each.kind}, begun at {each.start_s - self._zero_s:.2f} s, after {each.duration_s:.2f} s, "
                         f"{each.node or each.backend or 'nobody'}: {each.error}")
        self._read = len(ended)
        passed = time.monotonic() - self._zero_s
        if passed < self._second + 1:
            return
        fresh, self._shown = ended[self._shown:], len(ended)
        self._second = int(passed)
        look = self._watch.now()
        bar = "".join(name[0] * round(look.percent.get(name, 0) * _WIDTH / 100) for name in self._clusters)[:_WIDTH]
        parts = "   ".join(f"{name} {look.percent.get(name, 0):3d} %  {sum(cluster_of(each.node) == name for each in fresh):3d} "
                           f"answers {look.in_flight.get(name, 0):3d} in flight" for name in self._clusters)
        _write(f"  {self._second:3d} s  [{bar:{_WIDTH}}]  {parts}   {words()}")


def cluster_of(node: str) -> str:
    """Of a node's name, as blue-node-1."""
    return node.rsplit("-node-", 1)[0] if "-node-" in node else ""


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
