"""Evenkeel itself in a local cluster: compiled, packed into images, deployed from its real manifests, spoken to."""

import datetime
import hashlib
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import commands, packages, waiting
from .cluster import VIRTUAL, Cluster
from .failover_lab import Moments
from .failure import Failure
from .progress import Progress
from .settings import REPOSITORY

PROGRAMS = ("evenkeel-agent", "evenkeel-coordinator", "evenkeel")
NAMESPACE = "evenkeel"
_BUILD = REPOSITORY / "build/release"
PROGRAMS_FOLDER = _BUILD / "bin"
_MANIFESTS = REPOSITORY / "deploy/kubernetes"
_POLICY = REPOSITORY / "deploy/local/labs/failover-policy.yaml"
_SCALE_POLICY = REPOSITORY / "deploy/local/labs/scale-policy.yaml"
SCALE_POLICY_NAME = "hello-cpu"
_COORDINATOR = "evenkeel-coordinator"
_OPERATOR = "evenkeel-local-operator"
# Whom the demo and the tests are to Evenkeel: a Kubernetes account with the role that operators get.
_OPERATOR_MANIFEST = {"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _OPERATOR, "namespace": NAMESPACE}},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": _OPERATOR},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "evenkeel-operator"},
     "subjects": [{"kind": "ServiceAccount", "name": _OPERATOR, "namespace": NAMESPACE}]}]}


def build(progress: Progress) -> Path:
    """Compiles the programs as far as they are not, and returns their folder."""
    packages.ensure("build")
    if not (_BUILD / "build.ninja").exists():
        progress.waiting("cmake")
        commands.run(["cmake", "--preset", "release", "-S", REPOSITORY], timeout_s=300,
                     cure="remove build/release and try again")
    with subprocess.Popen(["ninja", "-C", _BUILD, *PROGRAMS], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "NINJA_STATUS": "[%f of %t] "}) as ninja:
        said = []
        for line in ninja.stdout:
            said.append(line)
            if line.startswith("["):
                progress.waiting(f"Evenkeel to be compiled {line.strip()}")
    if ninja.returncode != 0:
        raise Failure("Evenkeel could not be compiled:\n    " + "    ".join(said[-15:]),
                      "the whole story: ninja -C build/release")
    if "ninja: no work to do.\n" not in said:
        progress.done("Evenkeel is compiled")
    return PROGRAMS_FOLDER


def deploy(cluster: Cluster, progress: Progress) -> None:
    """Brings Evenkeel as it is in this tree into the cluster, and returns when every part of it is Ready.

    Done again, it replaces what has changed and leaves the rest running.
    """
    tag = bring_images(cluster, progress)
    folder = cluster.machine(cluster.control).disk / "var/lib/evenkeel"
    folder.mkdir(exist_ok=True)
    # The Service before the agents, to whom the kubelet tells its address.
    cluster.kubectl("apply", "-f", str(_MANIFESTS / "base/namespace.yaml"),
                    "-f", str(_MANIFESTS / "base/coordinator-service.yaml"))
    _ensure_certificates(cluster)
    cluster.kubectl("apply", "-f", "-", input_text=manifests(cluster, tag))
    cluster.kubectl("apply", "-f", "-", input_text=json.dumps(_OPERATOR_MANIFEST))
    _write_configuration(cluster)
    waiting.wait_for(lambda: not _unready(cluster), "Evenkeel to be Ready", deadline_s=180, interval_s=0.5,
                     progress=progress, state=lambda: _unready(cluster),
                     cure=f"kubectl --kubeconfig {cluster.kubeconfig} -n {NAMESPACE} get pods,events")
    command(cluster).run("status", "--wait", timeout_s=150)
    progress.done("Evenkeel watches over the cluster")


def bring_images(cluster: Cluster, progress: Progress) -> str:
    """Brings the programs of this tree to all nodes as images, and returns these images' tag."""
    programs = build(progress)
    tag = _tag(programs)
    if not cluster.has_image(f"evenkeel-agent:{tag}"):
        progress.waiting("the images to be on all nodes")
        archive = REPOSITORY / "build/image" / f"evenkeel-{cluster.name}.tar"
        commands.run([REPOSITORY / "deploy/image/build", "--programs", programs, "--output", archive, "--tag", tag],
                     timeout_s=120)
        cluster.load_image(archive)
        archive.unlink()
        progress.done(f"images evenkeel-*:{tag} are on all nodes of {cluster.name}")
    return tag


def manifests(cluster: Cluster, tag: str) -> str:
    """All that Evenkeel is in a cluster."""
    found = cluster.kubectl("kustomize", str(_MANIFESTS / "local"))
    found = re.sub(r"(image: evenkeel-\w+):dev", rf"\1:{tag}", found)
    return re.sub(r"(name: EVENKEEL_CLUSTER\n +value:) local", rf"\1 {cluster.name}", found)


def evenkeel(cluster: Cluster, *arguments: str) -> str:
    """Runs the `evenkeel` command as an operator of the cluster and returns its standard output."""
    return command(cluster).run(*arguments)


def command(cluster: Cluster) -> "Command":
    """The `evenkeel` command as an operator of the cluster."""
    return Command(cluster.name, {"EVENKEEL_CONFIG": str(configuration(cluster))})


def configuration(cluster: Cluster) -> Path:
    """The file that EVENKEEL_CONFIG has to name for this cluster."""
    return cluster.folder / "evenkeel/config.yaml"


def coordinator_pod(cluster: Cluster) -> str:
    """The name of the coordinator's pod."""
    found = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods",
                            labelSelector=f"app.kubernetes.io/name={_COORDINATOR}")["items"]
    if not found:
        raise Failure(f"no coordinator runs in the cluster {cluster.name}")
    return found[0]["metadata"]["name"]


@dataclass(frozen=True)
class Command:
    """The `evenkeel` command: for which cluster, and with which settings in its environment."""

    cluster: str
    environment: dict[str, str]

    def run(self, *arguments: str, input_text: str | None = None, timeout_s: float = 60) -> str:
        return commands.run([PROGRAMS_FOLDER / "evenkeel", *arguments], environment=self.environment,
                            input_text=input_text, timeout_s=timeout_s)

    def set_policy(self, mode: str) -> None:
        """Applies Lab 1's failover policy, with mode observe or enforce."""
        text = _POLICY.read_text().replace("CLUSTER", self.cluster).replace("MODE", mode)
        self.run("apply", "-f", "-", input_text=text)

    def set_scale_policy(self, mode: str, down: str = "5m", calm: str = "60s") -> None:
        """Applies Lab 2's scale policy: mode observe or enforce, its window of scaling in, and a panic's calm."""
        text = _SCALE_POLICY.read_text()
        for word, value in (("CLUSTER", self.cluster), ("MODE", mode), ("DOWN", down), ("CALM", calm)):
            text = text.replace(f": {word}\n", f": {value}\n")
        self.run("apply", "-f", "-", input_text=text)

    def apply(self, manifest: Path) -> None:
        """Applies the policies in a file, for this cluster."""
        self.run("apply", "-f", "-", input_text=manifest.read_text().replace(": CLUSTER\n", f": {self.cluster}\n"))

    def decisions(self, kind: str, after_s: float) -> list[dict]:
        """Decisions of a kind, as KIND_BURST, that were made after the wall clock's time, the oldest first."""
        found = [each for each in json.loads(self.run("get", "decisions", "-o", "json"))["items"]
                 if each["kind"] == kind and (intended_s(each) or 0) >= after_s]
        return sorted(found, key=intended_s)

    def delete_scale_policy(self) -> None:
        """Takes Lab 2's scale policy away, if it is there."""
        if any(each["metadata"]["name"] == SCALE_POLICY_NAME for each in
               json.loads(self.run("get", "policies", "-o", "json"))["items"]):
            self.run("delete", "policy", SCALE_POLICY_NAME)

    def scaler(self) -> dict | None:
        """What Lab 2's scaler says of itself; None where there is none."""
        found = json.loads(self.run("get", "scalers", "-o", "json"))["items"]
        return next((each for each in found if each["name"] == f"scalers/{SCALE_POLICY_NAME}"), None)

    def scale_decisions(self, after_s: float) -> list[dict]:
        """Decisions to change replicas that became durable after the wall clock's time, the oldest first; without those
        that a guard refused or that were only observed."""
        found = [each for each in json.loads(self.run("get", "decisions", "-o", "json"))["items"]
                 if each["kind"] == "KIND_SCALE" and each["state"] not in ("STATE_REFUSED", "STATE_OBSERVED")
                 and (intended_s(each) or 0) >= after_s]
        return sorted(found, key=intended_s)

    def failover_decision(self, node: str, after_s: float) -> dict:
        """The decision to fail this node over, made after the wall clock's time `after_s`."""
        def find() -> dict | None:
            for decision in json.loads(self.run("get", "decisions", "-o", "json"))["items"]:
                if (decision["kind"] == "KIND_FAILOVER" and decision.get("node") == node
                        and moment_s(decision["timings"]["detectTime"]) >= after_s):
                    return decision
            return None

        return waiting.wait_for(find, f"the decision on {node}", deadline_s=10)

    def moments(self, node: str, after_s: float) -> Moments:
        """When Evenkeel noticed the loss of the node, and when its verdict fell."""
        timings = self.failover_decision(node, after_s)["timings"]
        return Moments(*(moment_s(timings[name]) if name in timings else None for name in ("detectTime", "judgeTime")))


def intended_s(decision: dict) -> float | None:
    """When a decision became durable, on the wall clock; None: it never did."""
    text = decision.get("timings", {}).get("intendTime")
    return moment_s(text) if text else None


def replicas_of(decision: dict) -> tuple[int, int]:
    """Of a decision to change replicas: from how many, to how many."""
    action = next(each for each in decision["actions"] if each["kind"] == "KIND_SET_REPLICAS")
    return int(action["fromReplicas"]), int(action["toReplicas"])


def _tag(programs: Path) -> str:
    """The images' tag: what is in them decides, so that only a change makes new pods."""
    content = hashlib.sha256()
    for name in PROGRAMS:
        content.update((programs / name).read_bytes())
    return content.hexdigest()[:12]


def _ensure_certificates(cluster: Cluster) -> None:
    """The coordinator's certificate, made once for the cluster's life: a new one would not be noticed at once."""
    manifest = cluster.folder / "evenkeel/certificates.yaml"
    if not manifest.exists():
        manifest.parent.mkdir(mode=0o700, exist_ok=True)
        manifest.write_text(commands.run([_MANIFESTS / "make-certificates", "--directory", manifest.parent / "pki"]))
    cluster.kubectl("apply", "-f", str(manifest))


def _write_configuration(cluster: Cluster) -> None:
    """What the `evenkeel` command needs: where the coordinator is, how it proves itself, and who we are."""
    folder = configuration(cluster).parent
    if not (folder / "token").exists():
        answer = cluster.api.request(
            "POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{_OPERATOR}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"expirationSeconds": 365 * 24 * 3600}})
        (folder / "token").write_text(answer["status"]["token"])
        (folder / "token").chmod(0o600)
    service = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{_COORDINATOR}")
    configuration(cluster).write_text(f"""\
current-context: {cluster.name}
contexts:
- name: {cluster.name}
  cluster: {cluster.name}
  server: {service['spec']['clusterIP']}:7443
  server-name: {_COORDINATOR}.{NAMESPACE}.svc
  ca-file: pki/ca.crt
  token-file: token
""")


def unready_agents(cluster: Cluster) -> str:
    """How many agents are not yet up to date and Ready; empty when all are."""
    agents = cluster.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/evenkeel-agent")
    status = agents["status"]
    wanted = sum(node.role != VIRTUAL for node in cluster.nodes)  # As in clouds, virtual nodes have none.
    ready = min(status.get("updatedNumberScheduled", 0), status.get("numberReady", 0))
    is_told = status.get("observedGeneration") == agents["metadata"]["generation"]
    return "" if is_told and ready >= wanted else f"{ready} of {wanted} agents are Ready"


def _unready(cluster: Cluster) -> str:
    """What of Evenkeel is not yet up to date and Ready; empty when all is."""
    missing = [unready_agents(cluster)]
    coordinator = cluster.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{_COORDINATOR}")
    status = coordinator["status"]
    if (status.get("observedGeneration") != coordinator["metadata"]["generation"]
            or min(status.get("updatedReplicas", 0), status.get("readyReplicas", 0)) < 1):
        missing.append("the coordinator is not Ready")
    return ", ".join(filter(None, missing))


def moment_s(timestamp: str) -> float:
    """An API timestamp as seconds since 1970; they come with up to nine decimals, Python reads six."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", timestamp).replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(trimmed).timestamp()
