"""The address plan: each cluster has a /16 of its own, and everything else follows from its index.

For index i (0..31) the network is 10.(64+i).0.0/16 and in it
    10.X.0.0/24       the nodes' own network: .1 this machine, .2 to .9 machines that are no nodes, .10 the control plane,
                      .11 and up the other nodes
    10.X.64.0/18      the Services' cluster IPs
    10.X.(128+k).0/24 the pods of the node with ordinal k
An index is allocated under a lock and kept in the cluster's state; a network that this machine already has a route
into is never taken.
"""

import ipaddress
import json
from dataclasses import dataclass

from . import commands
from .failure import Failure
from .settings import STATE

INDEXES = range(32)
MAX_ORDINAL = 99


@dataclass(frozen=True)
class Plan:
    """The addresses of one cluster."""

    index: int

    @property
    def _prefix(self) -> str:
        return f"10.{64 + self.index}"

    @property
    def network(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(f"{self._prefix}.0.0/16")

    @property
    def host_address(self) -> str:
        """This machine, as the nodes see it."""
        return f"{self._prefix}.0.1"

    def neighbour_address(self, number: int) -> str:
        """A machine beside the nodes: 2 to 9."""
        return f"{self._prefix}.0.{number}"

    @property
    def nodes_network(self) -> str:
        return f"{self._prefix}.0.0/24"

    @property
    def service_network(self) -> str:
        return f"{self._prefix}.64.0/18"

    @property
    def kubernetes_service_address(self) -> str:
        return f"{self._prefix}.64.1"

    @property
    def host_link(self) -> str:
        """The one network link that a cluster has outside its own namespaces."""
        return f"evenkeel{self.index}"

    @property
    def pod_networks(self) -> str:
        """All nodes' pods."""
        return f"{self._prefix}.128.0/17"

    def node_address(self, ordinal: int) -> str:
        return f"{self._prefix}.0.{10 + ordinal}"

    def pod_network(self, ordinal: int) -> str:
        return f"{self._prefix}.{128 + ordinal}.0/24"


def allocate(taken: set[int]) -> Plan:
    """The first plan that neither another cluster nor this machine's routes use; the caller holds the lock."""
    routes = _routes()
    for index in INDEXES:
        plan = Plan(index)
        if index not in taken and not any(plan.network.overlaps(route) for route in routes):
            return plan
    raise Failure(f"no free network for another cluster among 10.{64}.0.0/16 .. 10.{64 + INDEXES[-1]}.0.0/16",
                  f"take a cluster down that is not needed any more; those that are known: ls {STATE}")


def _routes() -> list[ipaddress.IPv4Network]:
    found = json.loads(commands.run(["ip", "-json", "-4", "route", "show"]) or "[]")
    return [ipaddress.IPv4Network(route["dst"], strict=False) for route in found if route["dst"] != "default"]
