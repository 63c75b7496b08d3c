"""A machine that is no node: a network namespace with a cable to the switch of each of several clusters.

Gateways, and a coordinator that watches several clusters, stand on one. Whatever runs there is in a control group of the first
cluster, so that this cluster's `down` ends it too.
"""

import subprocess
from pathlib import Path
from typing import Sequence

from . import cgroups, commands, namespaces, network
from .cluster import Cluster


class Neighbour:
    """One such machine by its name; making the object does nothing. `number` is its place in the address plan: 2 to 9."""

    def __init__(self, name: str, number: int, clusters: Sequence[Cluster]):
        self.name = name
        self._number, self._clusters = number, list(clusters)
        self._namespace = network.namespace(self._clusters[0].name, name)
        self.folder = self._clusters[0].folder / name

    def address(self, cluster: Cluster) -> str:
        """As that cluster's nodes, and this machine, see it."""
        return cluster.neighbour_address(self._number)

    @property
    def namespace(self) -> str:
        return self._namespace

    @property
    def namespace_path(self) -> Path:
        return network.path_of(self._namespace)

    def ensure(self) -> None:
        """Makes it as if it had just been plugged in: nothing runs there, and every cable is in."""
        self.remove()
        commands.run(["ip", "netns", "add", self._namespace])
        commands.run(["ip", "-n", self._namespace, "link", "set", "lo", "up"])
        for index, cluster in enumerate(self._clusters):
            cluster.wires.attach_neighbour(self._namespace, self._number, f"eth{index}")
        cgroups.create(self._clusters[0].name, self.name)
        self.folder.mkdir(exist_ok=True)

    def start(self, argv: Sequence[str | Path], log: str, environment: dict[str, str] | None = None) -> subprocess.Popen:
        """Runs a program there until it ends or is ended; what it says goes on the file `log` in the folder."""
        def enter() -> None:
            cgroups.enter_system(self._clusters[0].name, self.name)
            namespaces.enter(self.namespace_path)

        with open(self.folder / log, "ab") as said:
            return subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                    env=environment, start_new_session=True, preexec_fn=enter)

    def set_link(self, cluster: Cluster, up: bool) -> None:
        """Plugs the cable to one cluster in or pulls it."""
        cluster.wires.set_neighbour_link(self._number, up)

    def remove(self) -> None:
        """Ends what runs there, and takes the machine away; its folder stays."""
        cgroups.kill_all(self._clusters[0].name, self.name)
        cgroups.remove(self._clusters[0].name, self.name)
        if network.exists(self._namespace):
            network.delete(self._namespace)
