"""Where a demo plays: a local cluster, or one that exists already and is given by its kubeconfig."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Protocol

from . import commands, kubernetes_build
from .api import Api
from .cluster import Cluster
from .failure import Failure
from .images import HELLOWORLD_IMAGE


class Site(Protocol):
    """What a demo needs of a cluster. Nodes are named as Kubernetes names them."""

    api: Api
    name: str
    application_image: str

    def kubectl(self, *arguments: str, input_text: str | None = None) -> str: ...

    def workers(self) -> dict[str, str]:
        """The addresses of the nodes that applications run on, by name."""

    def power_off(self, node: str) -> None: ...

    def power_on(self, node: str) -> None: ...

    def close(self) -> None: ...


class LocalSite:
    """A cluster of deploy/local."""

    application_image = HELLOWORLD_IMAGE

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.name = cluster.name
        self.api = cluster.api
        self.kubectl = cluster.kubectl

    def workers(self) -> dict[str, str]:
        return {node.name: self.cluster.address(node) for node in self.cluster.workers()}

    def power_off(self, node: str) -> None:
        self.cluster.power_off(self.cluster.node(node))

    def power_on(self, node: str) -> None:
        self.cluster.start(self.cluster.node(node))

    def close(self) -> None:
        pass


class ExistingSite:
    """Any cluster that kubectl reaches; how its machines are switched is told by commands with {node} in them."""

    def __init__(self, kubeconfig: Path, power_off: str, power_on: str, application_image: str):
        self._kubectl = [str(kubernetes_build.folder() / "kubectl"), "--kubeconfig", str(kubeconfig)]
        self._power = {"off": power_off, "on": power_on}
        self.application_image = application_image
        # Also the name of a control group, for which clouds' names hold too many slashes.
        self.name = re.sub(r"[^\w-]", "-", commands.run([*self._kubectl, "config", "current-context"]).strip())
        # kubectl knows every way to prove who one is; through its proxy we need to know none.
        self._proxy = subprocess.Popen([*self._kubectl, "proxy", "--port=0"], stdin=subprocess.DEVNULL, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        said = self._proxy.stdout.readline().split()
        if not said:
            raise Failure(f"the cluster of {kubeconfig} cannot be used",
                          f"try: kubectl --kubeconfig {kubeconfig} get nodes")
        self.api = Api(f"http://{said[-1]}")

    def kubectl(self, *arguments: str, input_text: str | None = None) -> str:
        return commands.run([*self._kubectl, *arguments], input_text=input_text)

    def workers(self) -> dict[str, str]:
        found = {}
        for node in self.api.get("/api/v1/nodes")["items"]:
            labels = node["metadata"].get("labels", {})
            if not any(f"node-role.kubernetes.io/{role}" in labels for role in ("control-plane", "master")):
                addresses = {each["type"]: each["address"] for each in node["status"]["addresses"]}
                found[node["metadata"]["name"]] = addresses["InternalIP"]
        return found

    def power_off(self, node: str) -> None:
        self._switch("off", node)

    def power_on(self, node: str) -> None:
        self._switch("on", node)

    def _switch(self, state: str, node: str) -> None:
        commands.run(["sh", "-c", self._power[state].replace("{node}", shlex.quote(node))], timeout_s=600,
                     cure=f"check the command given with --power-{state}")

    def close(self) -> None:
        self._proxy.kill()
        self._proxy.wait()
