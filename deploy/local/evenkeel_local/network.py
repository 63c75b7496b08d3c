"""The cluster's wires: a switch in a network namespace of its own, a link to it for each node and for this machine.

Nothing of it is in this machine's own namespace but one link, so the machine's firewall, forwarding and bridges have
no part in a cluster's traffic, and taking the link and the namespaces away leaves nothing.
"""

import json
from pathlib import Path

from . import commands
from .addresses import Plan
from .failure import Failure

_NAMESPACES = Path("/run/netns")
_BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
PREFIX = "evenkeel."  # Names of clusters hold no dot, so no name is the beginning of another.


def namespace(cluster: str, what: str) -> str:
    """The network namespace of a node, or of the switch."""
    return f"{PREFIX}{cluster}.{what}"


def exists(name: str) -> bool:
    return (_NAMESPACES / name).exists()


def namespaces(cluster: str) -> list[str]:
    """All namespaces of a cluster, found by name and so without its records."""
    found = _NAMESPACES.glob(f"{namespace(cluster, '')}*") if _NAMESPACES.exists() else []
    return sorted(path.name for path in found)


def path_of(name: str) -> Path:
    return _NAMESPACES / name


def delete(name: str) -> None:
    commands.run(["ip", "netns", "delete", name])


class Network:
    """The network of one cluster."""

    def __init__(self, cluster: str, plan: Plan):
        self._plan = plan
        self._switch = namespace(cluster, "switch")
        self._cluster = cluster

    def ensure(self) -> None:
        """The switch, and this machine's link to it."""
        if not _BRIDGE_FILTER.exists() and not commands.succeeds(["modprobe", "br_netfilter"]):
            raise Failure("this kernel does not filter bridged packets, which Kubernetes' Services need",
                          "use a kernel with the module br_netfilter, such as Debian's own")
        if exists(self._switch) and _link_exists(self._plan.host_link):
            return
        self.remove()
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "switch", "type", "bridge", "forward_delay", "0")
        _ip("-n", self._switch, "link", "set", "switch", "up")
        _ip("link", "add", self._plan.host_link, "type", "veth", "peer", "name", "machine", "netns", self._switch)
        _ip("-n", self._switch, "link", "set", "machine", "master", "switch", "up")
        _ip("address", "add", f"{self._plan.host_address}/24", "dev", self._plan.host_link)
        _ip("link", "set", self._plan.host_link, "up")

    def attach(self, node: str, ordinal: int) -> None:
        """Makes a fresh network namespace for a node and links it to the switch."""
        name = namespace(self._cluster, node)
        if exists(name):
            delete(name)
        port = _port(ordinal)
        if _link_exists(port, self._switch):  # A deleted namespace takes its links along, but only a moment later.
            _ip("-n", self._switch, "link", "delete", port)
        _ip("netns", "add", name)
        # The same network card at every boot: its neighbours remember the address for half a minute.
        card = f"02:65:6b:00:{self._plan.index:02x}:{ordinal:02x}"
        _ip("-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", card, "netns",
            name)
        _ip("-n", self._switch, "link", "set", port, "master", "switch", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "address", "add", f"{self._plan.node_address(ordinal)}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "route", "add", "default", "via", self._plan.host_address)
        # Kubernetes' programs look for a cloud's metadata service here; being told at once that there is none saves a
        # node that boots 11 seconds of waiting for answers.
        _ip("-n", name, "route", "add", "unreachable", "169.254.0.0/16")
        commands.run(["nsenter", f"--net={path_of(name)}", "sysctl", "-qw", "net.ipv4.ip_forward=1",
                      "net.bridge.bridge-nf-call-iptables=1"])

    def attach_neighbour(self, name: str, number: int, link: str) -> None:
        """Links a namespace that is there already, and is no node's, to the switch: it calls the link so. What was linked
        under this number before is not any more."""
        port = _neighbour_port(number)
        if _link_exists(port, self._switch):
            _ip("-n", self._switch, "link", "delete", port)
        _ip("-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", link, "netns", name)
        _ip("-n", self._switch, "link", "set", port, "master", "switch", "up")
        _ip("-n", name, "address", "add", f"{self._plan.neighbour_address(number)}/24", "dev", link)
        _ip("-n", name, "link", "set", link, "up")

    def set_neighbour_link(self, number: int, up: bool) -> None:
        """Plugs the cable of a machine that is no node in or pulls it."""
        _ip("-n", self._switch, "link", "set", _neighbour_port(number), "up" if up else "down")

    def route_pods(self, ordinals: list[int], node: str | None = None, own: int | None = None) -> None:
        """Routes to the pods of the nodes with these ordinals: in a node's namespace, or on this machine."""
        where = ["-n", namespace(self._cluster, node)] if node else []
        for ordinal in ordinals:
            if ordinal != own:
                _ip(*where, "route", "replace", self._plan.pod_network(ordinal), "via",
                    self._plan.node_address(ordinal))

    def route_pods_for(self, name: str, ordinals: list[int]) -> None:
        """The same routes in the namespace of a machine that is no node."""
        for ordinal in ordinals:
            _ip("-n", name, "route", "replace", self._plan.pod_network(ordinal), "via", self._plan.node_address(ordinal))

    def route_to(self, there: str, via: str, node: str) -> None:
        """A node's route to a network that is not this cluster's, by way of a machine that is no node."""
        _ip("-n", namespace(self._cluster, node), "route", "replace", there, "via", via)

    @property
    def nodes_network(self) -> str:
        return self._plan.nodes_network

    @property
    def pod_networks(self) -> str:
        return self._plan.pod_networks

    def route_services(self, ordinal: int) -> None:
        """This machine's route to the Services' addresses, by way of one node."""
        _ip("route", "replace", self._plan.service_network, "via", self._plan.node_address(ordinal))

    def set_link(self, ordinal: int, up: bool) -> None:
        """Plugs a node's cable in or pulls it. Nothing that the node sends after that reaches anybody."""
        _ip("-n", self._switch, "link", "set", _port(ordinal), "up" if up else "down")

    def link_is_up(self, ordinal: int) -> bool:
        links = json.loads(_ip("-n", self._switch, "-json", "link", "show", _port(ordinal)))
        return "UP" in links[0]["flags"]

    def close_way(self, node: str, sources: list[str], port: int | None = None) -> None:
        """The node's firewall drops what comes from these addresses, for itself or its pods: to this TCP port, or all
        of it. The other way stays open. Before any translation of addresses, so a Service's port is what it names."""
        for source in sources:
            _firewall(node, self._cluster, "-A", "PREROUTING", "-s", source,
                      *(["-p", "tcp", "--dport", str(port)] if port else []), "-j", "DROP")

    def open_ways(self, node: str) -> None:
        """Ends what `close_way` did on this node; the table is used for nothing else."""
        _firewall(node, self._cluster, "-F", "PREROUTING")

    def detach(self, node: str) -> None:
        if exists(name := namespace(self._cluster, node)):
            delete(name)

    def remove(self) -> None:
        if _link_exists(self._plan.host_link):
            _ip("link", "delete", self._plan.host_link)
        if exists(self._switch):
            delete(self._switch)


def _port(ordinal: int) -> str:
    return f"node{ordinal}"


def _neighbour_port(number: int) -> str:
    return f"neighbour{number}"


def _firewall(node: str, cluster: str, *arguments: str) -> None:
    commands.run(["nsenter", f"--net={path_of(namespace(cluster, node))}", "iptables", "-w", "-t", "raw", *arguments])


def _ip(*arguments: str) -> str:
    return commands.run(["ip", *arguments])


def _link_exists(link: str, where: str | None = None) -> bool:
    return commands.succeeds(["ip", *(["-n", where] if where else []), "link", "show", link])
