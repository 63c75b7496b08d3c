"""Joins the networks of several clusters' nodes and pods, as clouds' peerings do: a router with a cable to each, and routes on the nodes.

Services stay each cluster's own.
"""

from typing import Sequence

from . import commands
from .cluster import Cluster
from .neighbour import Neighbour

_NUMBER = 7  # In the address plan.


class Peering:
    """Making the object does nothing."""

    def __init__(self, clusters: Sequence[Cluster]):
        self._clusters = list(clusters)
        self._router = Neighbour("router", _NUMBER, clusters)

    def ensure(self) -> None:
        """Makes the router anew."""
        self._router.ensure()
        commands.run(["nsenter", f"--net={self._router.namespace_path}", "sysctl", "-qw", "net.ipv4.ip_forward=1"])
        for cluster in self._clusters:
            cluster.wires.route_pods_for(self._router.namespace, [node.ordinal for node in cluster.nodes])
        self.route()

    def route(self) -> None:
        """Tells the nodes. To be done again when one has booted: its routes are made anew, and these are no part of a cluster."""
        for cluster in self._clusters:
            for other in self._clusters:
                if other is not cluster:
                    for node in cluster.nodes:
                        for there in (other.wires.nodes_network, other.wires.pod_networks):
                            cluster.wires.route_to(there, self._router.address(cluster), node.name)
