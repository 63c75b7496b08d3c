"""A local cluster: raised, found again, healed, looked into and taken down.

    cluster = Cluster("local")
    cluster.up(workers=2, progress=Progress())
    print(cluster.kubectl("get", "nodes"))
    cluster.power_off(cluster.node("node-1"))
    cluster.down()

A cluster has a control-plane node NAME-control, tainted as kubeadm's are, and any number of worker nodes NAME-node-1..
and virtual nodes NAME-virtual-1... All its state is one folder; what runs is found again through it, so a process that
uses this class may end and another go on. Commands on one cluster exclude each other by a lock in the folder.
"""

import concurrent.futures
import json
import re
import shutil
import signal
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from . import addresses, cgroups, commands, images, kubeconfig, kubernetes_build, network, services, waiting
from .api import Api, ApiError
from .certificates import Authority
from .failure import Failure
from .locks import locked
from .machine import Machine
from .progress import Progress
from .settings import STATE

CONTROL, WORKER, VIRTUAL = "control", "worker", "virtual"
_ZONES = 3
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Node:
    """A node as the cluster's record knows it. `number` counts within the role, `ordinal` in the address plan."""

    name: str
    role: str
    number: int
    ordinal: int

    @property
    def zone(self) -> str:
        """Round robin over three zones; the control plane stands where a cluster of two workers has nobody."""
        return f"zone-{(self.number - 1) % _ZONES + 1}"


class Cluster:
    """A local cluster by its name; making the object does nothing."""

    def __init__(self, name: str = "local"):
        if not _NAME.fullmatch(name):
            raise Failure(f"{name!r} cannot be a cluster's name",
                          "use at most 32 small letters, digits and dashes, beginning and ending with no dash")
        self.name = name
        self.folder = STATE / name
        self.kubeconfig = self.folder / "kubeconfig"

    # What is there

    def exists(self) -> bool:
        return self._record.exists()

    @property
    def nodes(self) -> list[Node]:
        """The control plane first, then workers, then virtual nodes."""
        return [Node(**each) for each in self._load()["nodes"]]

    def node(self, name: str) -> Node:
        """A node by its name, with or without the cluster's name before it."""
        for node in self.nodes:
            if name in (node.name, node.name.removeprefix(f"{self.name}-")):
                return node
        raise Failure(f"the cluster {self.name} has no node {name}",
                      "it has " + ", ".join(node.name for node in self.nodes))

    def workers(self) -> list[Node]:
        return [node for node in self.nodes if node.role == WORKER]

    @property
    def control(self) -> Node:
        return self.node(f"{self.name}-{CONTROL}")

    def address(self, node: Node) -> str:
        return self._plan.node_address(node.ordinal)

    @property
    def host_address(self) -> str:
        """This machine, as the nodes and their pods see it."""
        return self._plan.host_address

    def neighbour_address(self, number: int) -> str:
        """A machine beside the nodes (`neighbour.Neighbour`), as the nodes see it."""
        return self._plan.neighbour_address(number)

    @property
    def wires(self) -> network.Network:
        """The cluster's network, for machines that are no nodes."""
        return self._network

    def machine(self, node: Node) -> Machine:
        return Machine(self.name, node.name, node.ordinal, self.folder / "nodes" / node.name)

    @cached_property
    def api(self) -> Api:
        """The API server, as an administrator."""
        return Api.with_certificate(self._server, self._pki, "admin")

    def write_account_kubeconfig(self, path: Path, account: str) -> None:
        """A kubeconfig for a program outside of the cluster that is this service account, as NAMESPACE:NAME, to it."""
        certificate = account.replace(":", "-")
        Authority(self._pki).certificate(certificate, f"/CN=system:serviceaccount:{account}")
        self._write_kubeconfig(path, account, certificate)

    def kubectl(self, *arguments: str, input_text: str | None = None, timeout_s: float = 60) -> str:
        """Runs kubectl as an administrator and returns its standard output."""
        return commands.run([kubernetes_build.folder() / "kubectl", "--kubeconfig", self.kubeconfig, *arguments],
                            input_text=input_text, timeout_s=timeout_s)

    # Up and down

    def up(self, workers: int | None = None, virtual: int | None = None, progress: Progress | None = None) -> None:
        """Raises the cluster, or makes an existing one whole again and of the wanted size.

        Without numbers an existing cluster keeps its nodes, and a new one gets two workers. Returns when every node is
        Ready. Nodes that were powered off or cut off are brought back; what is up already is not touched.
        """
        progress = progress or Progress(quiet=True)
        kubernetes = kubernetes_build.ensure(progress)
        own_images = images.ensure(progress)
        with locked(self.folder / "lock"):
            self._allocate(workers, virtual, progress)
            self._write_credentials()
            self._network.ensure()
            for image in own_images:
                self._add_image(image)
            missing = [node for node in self.nodes if not self.machine(node).is_on()]
            for node in missing:
                self._boot(node, kubernetes)
            for node in self.nodes:
                self._network.set_link(node.ordinal, up=True)
                self._network.open_ways(node.name)
            for service in services.CONTROL_PLANE:
                machine = self.machine(self.control)
                machine.set_service(service, wanted=True)
            if missing:
                progress.done(f"booted {', '.join(node.name for node in missing)}")
            self._wait_until_ready(self.nodes, progress)
            self._forget_removed_nodes()

    def down(self) -> None:
        """Takes the cluster away with everything that belongs to it, whether its records are whole or not."""
        with locked(self.folder / "lock"):
            cgroups.kill_all(self.name)
            cgroups.remove(self.name)
            for name in network.namespaces(self.name):
                network.delete(name)  # Links go with their namespaces, this machine's own with its other end.
            with locked(STATE / "lock"):
                shutil.rmtree(self.folder)
                if not any(STATE.glob("*/")):
                    shutil.rmtree(STATE)
        if api := self.__dict__.pop("api", None):  # Raised again under this name, a cluster has another authority.
            api.close()

    # Nodes

    def start(self, node: Node, progress: Progress | None = None) -> None:
        """Plugs the node in and boots it, if it is off, and returns when it is Ready."""
        with locked(self.folder / "lock"):
            if not self.machine(node).is_on():
                self._boot(node, kubernetes_build.folder())
            self._network.set_link(node.ordinal, up=True)
        self._wait_until_ready([node], progress or Progress(quiet=True))

    def stop(self, node: Node) -> None:
        """Shuts the node down in good order."""
        with locked(self.folder / "lock"):
            self.machine(node).shut_down()

    def power_off(self, node: Node) -> None:
        """Like pulling the plug: no packet of the node says goodbye, and everything on it is gone."""
        with locked(self.folder / "lock"):
            self._network.set_link(node.ordinal, up=False)
            self.machine(node).kill()

    def partition(self, node: Node, source: Node | None = None, port: int | None = None) -> None:
        """Cuts the node off the network; everything on it goes on running. With `source` only one way of one pair: the
        node hears nothing more of `source` and its pods, which go on hearing it; with `port` of that only what is sent to
        this TCP port of the node or its pods."""
        with locked(self.folder / "lock"):
            if source is None:
                self._network.set_link(node.ordinal, up=False)
            else:
                self._network.close_way(node.name, [self._plan.node_address(source.ordinal),
                                                    self._plan.pod_network(source.ordinal)], port)

    def heal(self, node: Node) -> None:
        """Ends a node's partitions, of every kind."""
        with locked(self.folder / "lock"):
            self._network.set_link(node.ordinal, up=True)
            self._network.open_ways(node.name)

    def cut_pod_from_api(self, namespace: str, pod: str) -> None:
        """The API server hears nothing more of one pod, whatever else the pod reaches; `heal` of the control plane's
        node ends it. For a pod of that node, as the coordinator is."""
        found = self.api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
        if found["spec"]["nodeName"] != self.control.name:
            raise Failure(f"{namespace}/{pod} runs on {found['spec']['nodeName']}", "only pods of the control plane's node")
        with locked(self.folder / "lock"):
            for port in (services.API_PORT, 443):  # The server's own, and that of its Service.
                self._network.close_way(self.control.name, [found["status"]["podIP"]], port)

    def set_pod_network(self, namespace: str, pod: str, up: bool) -> None:
        """Cuts one pod off the network, or ends that; its node and the node's other pods keep theirs."""
        found = self.api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
        self.machine(self.node(found["spec"]["nodeName"])).set_pod_link(found["metadata"]["uid"], up)

    def signal_program(self, node: Node, program: str, number: signal.Signals = signal.SIGKILL) -> list[int]:
        """Sends a signal to every process of that name on the node, in containers too; returns how many there were."""
        return self.machine(node).signal_program(program, number)

    # The control plane

    def signal_api_server(self, number: signal.Signals) -> None:
        """SIGSTOP makes it hang, SIGCONT go on, SIGKILL crash (it comes back by itself)."""
        self.signal_program(self.control, "kube-apiserver", number)

    def set_api_server(self, up: bool) -> None:
        """Kills the API server and keeps it down, or starts it and waits until it answers."""
        self.machine(self.control).set_service("kube-apiserver", wanted=up)
        if up:
            self.wait_for_api()

    def wait_for_api(self, progress: Progress | None = None) -> None:
        waiting.wait_for(lambda: self.api.get("/readyz") == "ok", "the API server to be ready", deadline_s=90,
                         progress=progress, cure=f"see {self.log(self.control, 'kube-apiserver')}")

    # Images

    def load_image(self, archive: Path) -> list[str]:
        """Makes a docker archive known on every node, also on those that boot later; returns its names."""
        with locked(self.folder / "lock"):
            name = self._add_image(archive)
            on = [self.machine(node) for node in self.nodes if self.machine(node).is_on()]
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(lambda machine: machine.run("ctr", "-n", "k8s.io", "images", "import",
                                                          f"/opt/images/{name}", timeout_s=300), on))
        return images.references(archive)

    def has_image(self, reference: str) -> bool:
        """Whether `load_image` has brought an image of this name."""
        return any(reference in images.references(archive) for archive in self._images.glob("*.tar"))

    def log(self, node: Node, service: str) -> Path:
        """Where a service of a node writes what it has to say."""
        return self.machine(node).disk / "var/log" / f"{service}.log"

    # How it is done

    @property
    def _record(self) -> Path:
        return self.folder / "cluster.json"

    @property
    def _pki(self) -> Path:
        return self.folder / "pki"

    @property
    def _images(self) -> Path:
        return self.folder / "images"

    @property
    def _plan(self) -> addresses.Plan:
        return addresses.Plan(self._load()["index"])

    @property
    def _server(self) -> str:
        return f"https://{self.address(self.control)}:{services.API_PORT}"

    @property
    def _network(self) -> network.Network:
        return network.Network(self.name, self._plan)

    def _load(self) -> dict:
        try:
            return json.loads(self._record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Failure(f"there is no cluster {self.name} on this machine",
                          f"deploy/local/up --cluster {self.name}") from None

    def _save(self, index: int, nodes: list[Node]) -> None:
        part = self._record.with_suffix(".part")
        part.write_text(json.dumps({"index": index, "nodes": [asdict(node) for node in nodes]}, indent=1))
        part.rename(self._record)

    def _allocate(self, workers: int | None, virtual: int | None, progress: Progress) -> None:
        """Gives the cluster its addresses when it is new, and brings the record to the wanted nodes."""
        if not self.exists():
            with locked(STATE / "lock"):
                taken = {json.loads(record.read_text())["index"] for record in STATE.glob("*/cluster.json")}
                plan = addresses.allocate(taken)
                self._save(plan.index, [Node(f"{self.name}-{CONTROL}", CONTROL, 0, 0)])
            workers, virtual = 2 if workers is None else workers, virtual or 0
            progress.done(f"the cluster {self.name} has the network {plan.network}")
        nodes = self.nodes
        for role, prefix, wanted in ((WORKER, "node", workers), (VIRTUAL, "virtual", virtual)):
            if wanted is None:
                continue
            for node in [each for each in nodes if each.role == role and each.number > wanted]:
                self.machine(node).remove()
                self._network.detach(node.name)
                nodes.remove(node)
                progress.done(f"removed {node.name}")
            present = {node.number for node in nodes if node.role == role}
            for number in sorted(set(range(1, wanted + 1)) - present):
                free = set(range(1, addresses.MAX_ORDINAL + 1)) - {node.ordinal for node in nodes}
                if not free:
                    raise Failure(f"a local cluster holds at most {addresses.MAX_ORDINAL} nodes")
                nodes.append(Node(f"{self.name}-{prefix}-{number}", role, number, min(free)))
        order = (CONTROL, WORKER, VIRTUAL)
        self._save(self._plan.index, sorted(nodes, key=lambda node: (order.index(node.role), node.number)))

    def _write_credentials(self) -> None:
        """Certificates and kubeconfigs, as far as they are missing."""
        authority, address = Authority(self._pki), self.address(self.control)
        authority.ensure(self.name)
        authority.certificate(
            "apiserver", "/CN=kube-apiserver", [address, self._plan.kubernetes_service_address, "127.0.0.1"],
            ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"])
        for name, subject in (("admin", "/O=system:masters/CN=kubernetes-admin"),
                              ("apiserver-kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client"),
                              ("controller-manager", "/CN=system:kube-controller-manager"),
                              ("scheduler", "/CN=system:kube-scheduler"), ("kube-proxy", "/CN=system:kube-proxy")):
            authority.certificate(name, subject)
        for node in self.nodes:
            authority.certificate(node.name, f"/O=system:nodes/CN=system:node:{node.name}", [self.address(node)],
                                  [node.name])
        if not self.kubeconfig.exists():
            self._write_kubeconfig(self.kubeconfig, "kubernetes-admin", "admin")

    def _write_kubeconfig(self, path: Path, user: str, certificate: str) -> str:
        kubeconfig.write(path, cluster=self.name, server=self._server, user=user, pki=self._pki,
                         certificate=certificate)
        return path.read_text()

    def _boot(self, node: Node, kubernetes: Path) -> None:
        """Gives a node that is off a network and boots it."""
        machine, plan = self.machine(node), self._plan
        machine.remove_processes()
        self._network.attach(node.name, node.ordinal)
        ordinals = [each.ordinal for each in self.nodes]
        self._network.route_pods(ordinals, node.name, own=node.ordinal)
        self._network.route_pods([node.ordinal])
        if node.role == CONTROL:
            self._network.route_services(node.ordinal)
        for other in self.nodes:
            if other != node and self.machine(other).is_on():
                self._network.route_pods([node.ordinal], other.name)
        machine.folder.mkdir(parents=True, exist_ok=True)
        configs = machine.folder / "kubeconfigs"
        files = services.worker_files(
            plan, node.ordinal, self._pki, node.name,
            self._write_kubeconfig(configs / "kubelet", f"system:node:{node.name}", node.name),
            self._write_kubeconfig(configs / "kube-proxy", "system:kube-proxy", "kube-proxy"))
        labels = {"topology.kubernetes.io/zone": node.zone}
        taint = {CONTROL: f"{services.CONTROL_PLANE_TAINT}=:NoSchedule", VIRTUAL: services.VIRTUAL_TAINT}.get(node.role)
        if node.role == VIRTUAL:
            labels |= services.VIRTUAL_LABELS
        running = services.worker(plan, node.ordinal, node.name, self.address(self.control), labels, taint)
        if node.role == CONTROL:
            files |= services.control_plane_files(self._pki, {
                name: self._write_kubeconfig(configs / name, f"system:kube-{name}", name)
                for name in ("controller-manager", "scheduler")})
            running = services.control_plane(plan, self.address(node)) + running
        machine.boot({"address": self.address(node), "kubernetes": str(kubernetes), "images": str(self._images),
                      "files": files, "services": running})

    def _wait_until_ready(self, nodes: list[Node], progress: Progress) -> None:
        self.wait_for_api(progress)
        by_name = {node.name: node for node in nodes}
        missing = set(by_name)

        def ready() -> bool:
            for found in self.api.get("/api/v1/nodes")["items"]:
                name = found["metadata"]["name"]
                if name in missing and "podCIDR" not in found["spec"]:
                    self._introduce(by_name[name])
                if name in missing and self._is_ready(found, by_name[name]):
                    missing.discard(name)
                    progress.done(f"{name} is Ready")
            return not missing

        waiting.wait_for(ready, "nodes to be Ready", deadline_s=180, interval_s=0.3, progress=progress,
                         state=lambda: ", ".join(sorted(missing)),
                         cure=f"see what kubelet and containerd say: {self.folder}/nodes/*/disk/var/log/*.log")

    def _introduce(self, node: Node) -> None:
        """Tells the API what a kubelet that has just registered may not say, or cannot know, itself."""
        # When a kubelet hears of its pods' network it reports its state at once, and not with its next regular report
        # 10 seconds later. That is of use as soon as the state is Ready, for which its CSINode is the last condition.
        try:
            self.api.get(f"/apis/storage.k8s.io/v1/csinodes/{node.name}")
        except ApiError:
            return
        network_of_pods = self._plan.pod_network(node.ordinal)
        patch: dict = {"spec": {"podCIDR": network_of_pods, "podCIDRs": [network_of_pods]}}
        if node.role == CONTROL:
            patch["metadata"] = {"labels": {services.CONTROL_PLANE_TAINT: ""}}
        self.api.patch(f"/api/v1/nodes/{node.name}", patch)

    def _forget_removed_nodes(self) -> None:
        known = {node.name for node in self.nodes}
        for found in self.api.get("/api/v1/nodes")["items"]:
            if (name := found["metadata"]["name"]) not in known:
                self.api.delete(f"/api/v1/nodes/{name}")

    def _is_ready(self, found: dict, node: Node) -> bool:
        """Ready, and said so by the kubelet of this boot: the API shows the last boot's word for up to 40 seconds."""
        pid = self.machine(node).init_pid()
        status = found["status"]
        if pid is None or status["nodeInfo"]["bootID"] != Path(f"/proc/{pid}/root{services.BOOT_ID}").read_text().strip():
            return False
        return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", []))

    def _add_image(self, archive: Path) -> str:
        """Copies an archive to where all nodes see it, in place of an older one of the same name."""
        names = images.references(archive)
        if not names:
            raise Failure(f"the image in {archive} has no name", "give it one when it is made: docker save NAME:TAG")
        target = self._images / (re.sub(r"[^\w.-]", "_", names[0].rsplit(":", 1)[0]) + ".tar")
        self._images.mkdir(exist_ok=True)
        part = target.with_suffix(".part")
        shutil.copyfile(archive, part)
        part.rename(target)
        return target.name


def all_clusters() -> list[str]:
    """The names of all clusters on this machine, also of those whose records are lost."""
    named = {path.name for path in STATE.glob("*/")}
    running = {path.name.split(".")[1] for path in Path("/run/netns").glob(f"{network.PREFIX}*.*")}
    return sorted(named | running | cgroups.clusters())
