"""One coordinator for several local clusters, on a machine beside them; each cluster has its agents.

It is to each cluster what it would be inside: its service account, with the rights of deploy/kubernetes. Operators come with a
client certificate, since no cluster is to be needed to look after another one.
"""

import contextlib
import json
import re
import signal
import urllib.request
from pathlib import Path
from typing import Sequence

from . import commands, product, waiting
from .cluster import VIRTUAL, Cluster
from .failure import Failure
from .neighbour import Neighbour
from .product import NAMESPACE, PROGRAMS_FOLDER, Command
from .progress import Progress
from .settings import REPOSITORY

_NUMBER = 5  # In the address plan.
_PORT, _HTTP_PORT = 7443, 7445
_NAME = "evenkeel-coordinator"
_OPERATOR = "operator"
# What the coordinator is inside of a cluster; its rights are needed all the same.
_INSIDE = ("StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "Service", "PersistentVolume")
_KUBERNETES = REPOSITORY / "deploy/kubernetes"


class SharedCoordinator:
    """The coordinator of several clusters, and their agents. It and its data belong to the first cluster: they go with that."""

    def __init__(self, clusters: Sequence[Cluster], progress: Progress):
        self._clusters, self._progress = list(clusters), progress
        self._machine = Neighbour("coordinator", _NUMBER, clusters)
        self._process = None

    @property
    def folder(self) -> Path:
        return self._machine.folder

    def deploy(self, gateways_yaml: str) -> None:
        """Starts the coordinator anew, with what it remembers, and brings the agents; returns when every agent is heard."""
        product.build(self._progress)
        self._machine.ensure()
        certificates = self._ensure_certificates()
        (self.folder / "gateways.yaml").write_text(gateways_yaml)
        for cluster in self._clusters:
            cluster.write_account_kubeconfig(self.folder / f"{cluster.name}.kubeconfig", f"{NAMESPACE}:{_NAME}")
            self._deploy_agents(cluster, certificates)
        self._write_configuration()
        self.start()
        self._wait_for_agents()

    def start(self) -> None:
        """Starts it, and returns when it is ready."""
        clusters = [word for each in self._clusters
                    for word in ("--cluster", f"{each.name}={self.folder / each.name}.kubeconfig")]
        pki = self.folder / "pki"
        self._process = self._machine.start(
            [PROGRAMS_FOLDER / _NAME, *clusters, "--gateways-file", self.folder / "gateways.yaml",
             "--namespace", NAMESPACE, "--data", self.folder / "data", "--listen", f":{_PORT}", "--http-listen",
             f":{_HTTP_PORT}", "--certificate-file", pki / "server.crt", "--key-file", pki / "server.key",
             "--client-ca-file", pki / "ca.crt"], "coordinator.log")
        waiting.wait_for(self._is_ready, "the coordinator to be ready", deadline_s=60, cure=f"see {self.log}")

    def kill(self) -> None:
        """SIGKILL. Nobody starts it again but `start`."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def set_link(self, cluster: Cluster, up: bool) -> None:
        """Pulls its cable to one cluster, or plugs it in; the gateway's is another one."""
        self._machine.set_link(cluster, up)

    @property
    def log(self) -> Path:
        return self.folder / "coordinator.log"

    @property
    def configuration(self) -> Path:
        """The file that EVENKEEL_CONFIG has to name."""
        return self.folder / "config.yaml"

    def command(self) -> Command:
        """The `evenkeel` command as an operator of all clusters."""
        return Command(self._clusters[0].name, {"EVENKEEL_CONFIG": str(self.configuration)})

    def unrest(self) -> str:
        """What keeps the coordinator from knowing all clusters as they are; empty when nothing does."""
        listed = json.loads(self.command().run("get", "clusters", "-o", "json"))["items"]
        by_name = {each["name"].removeprefix("clusters/"): each for each in listed}
        for cluster in self._clusters:
            found = by_name.get(cluster.name)
            if found is None or found.get("blind") or found.get("apiState") != "API_STATE_READY":
                return f"{cluster.name} is not seen: {(found or {}).get('blindReason') or (found or {}).get('apiDetail', '')}"
            nodes = json.loads(self.command().run("get", "nodes", "--cluster", cluster.name, "-o", "json"))["items"]
            well = sum(each.get("verdict") == "VERDICT_HEALTHY" for each in nodes)
            wanted = sum(node.role != VIRTUAL for node in cluster.nodes)
            if well < wanted:
                return f"{well} of {wanted} nodes of {cluster.name} are known to be healthy"
        return ""

    def stop(self) -> None:
        self._machine.remove()

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise Failure(f"the coordinator ended: {self.log.read_text().strip()[-1000:]}")
        # The last cluster's side: the first one's may be what is broken.
        address = self._machine.address(self._clusters[-1])
        with contextlib.closing(urllib.request.urlopen(f"http://{address}:{_HTTP_PORT}/livez", timeout=2)) as answer:
            return answer.status == 200

    def _wait_for_agents(self) -> None:
        last = [""]

        def heard() -> bool:
            last[0] = next(filter(None, map(product.unready_agents, self._clusters)), "") or self.unrest()
            return not last[0]

        waiting.wait_for(heard, "the coordinator to see all clusters", deadline_s=180, interval_s=0.5,
                         progress=self._progress, state=lambda: last[0], cure=f"see {self.log}")
        self._progress.done("one coordinator watches over " + " and ".join(each.name for each in self._clusters))

    def _deploy_agents(self, cluster: Cluster, certificates: str) -> None:
        tag = product.bring_images(cluster, self._progress)
        cluster.kubectl("apply", "-f", str(_KUBERNETES / "base/namespace.yaml"))
        address = self._machine.address(cluster)
        documents = [each for each in product.manifests(cluster, tag).split("\n---\n") if not _is_inside(each)]
        text = "\n---\n".join(documents).replace("$(EVENKEEL_COORDINATOR_SERVICE_HOST):7443", f"{address}:{_PORT}")
        cluster.kubectl("apply", "-f", "-", input_text=certificates)
        cluster.kubectl("apply", "-f", "-", input_text=text)

    def _ensure_certificates(self) -> str:
        """The coordinator's certificate and an operator's, made once; returns what each cluster gets of it."""
        pki, manifest = self.folder / "pki", self.folder / "certificates.yaml"
        if not manifest.exists():
            made = commands.run([_KUBERNETES / "make-certificates", "--directory", pki])
            commands.run([_KUBERNETES / "make-certificates", "--directory", pki, "client", "evenkeel:operators", _OPERATOR])
            # Not the key: it stays here.
            manifest.write_text("\n---\n".join(each for each in made.split("\n---\n") if "\nkind: Secret\n" not in each))
        return manifest.read_text()

    def _write_configuration(self) -> None:
        server = self._machine.address(self._clusters[-1])
        contexts = "\n".join(f"""\
- name: {cluster.name}
  cluster: {cluster.name}
  server: {server}:{_PORT}
  server-name: {_NAME}.{NAMESPACE}.svc
  ca-file: pki/ca.crt
  client-certificate: pki/{_OPERATOR}.crt
  client-key: pki/{_OPERATOR}.key""" for cluster in self._clusters)
        self.configuration.write_text(f"current-context: {self._clusters[0].name}\ncontexts:\n{contexts}\n")


def _is_inside(document: str) -> bool:
    """Whether a manifest is of the coordinator as it runs inside of a cluster."""
    kind = re.search(r"^kind: (\w+)$", document, re.MULTILINE)
    name = re.search(r"^  name: ([\w-]+)$", document, re.MULTILINE)
    return bool(kind and name) and kind[1] in _INSIDE and name[1] == _NAME
