"""What the cluster tests play on: a real local cluster with Evenkeel in mode enforce, and two applications.

One cluster serves all test programs (`up` and `down` are fixtures of ctest); each test leaves it as it found it, which
`CalmCase.setUp` waits for. The applications are `helloworld` (four replicas, a Deployment) and `ledger` (a StatefulSet whose
pod must not run twice).
"""
import json
import os
import pathlib
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "local"))

from evenkeel_local import product  # noqa: E402
from evenkeel_local.cluster import Cluster  # noqa: E402
from evenkeel_local.failure import Failure  # noqa: E402
from evenkeel_local.progress import Progress  # noqa: E402
from evenkeel_local.waiting import wait_for  # noqa: E402

NAME = os.environ.get("EVENKEEL_TEST_CLUSTER", "test")
WORKERS = 3
APPLICATIONS = "stage"
HERE = pathlib.Path(__file__).resolve().parent


def cluster() -> Cluster:
    return Cluster(NAME)


def raise_stage() -> None:
    """The cluster, Evenkeel, its policy and the applications, all ready."""
    progress = Progress()
    stage = cluster()
    stage.up(workers=WORKERS, progress=progress)
    product.deploy(stage, progress)
    product.evenkeel(stage, "apply", "-f", str(HERE / "policy.yaml"))
    stage.kubectl("apply", "-f", str(HERE / "applications.yaml"))
    wait_until_calm(stage, progress)


def pods(stage: Cluster, selector: str = "") -> dict[str, dict]:
    """The applications' pods that are not on their way out, by uid."""
    query = {"labelSelector": selector} if selector else {}
    found = stage.api.get(f"/api/v1/namespaces/{APPLICATIONS}/pods", **query)
    return {pod["metadata"]["uid"]: pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]}


def is_ready(pod: dict) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def pods_on(stage: Cluster, node, selector: str = "") -> dict[str, dict]:
    return {uid: pod for uid, pod in pods(stage, selector).items() if pod["spec"].get("nodeName") == node.name}


def resources(stage: Cluster, *arguments: str) -> list[dict]:
    """What `evenkeel get ... -o json` lists."""
    return json.loads(product.evenkeel(stage, "get", *arguments, "-o", "json"))["items"]


def verdicts(stage: Cluster) -> dict[str, str]:
    return {node["name"].rsplit("/", 1)[1]: node.get("verdict", "VERDICT_UNSPECIFIED").removeprefix("VERDICT_")
            for node in resources(stage, "nodes")}


def decisions(stage: Cluster, kind: str = "", after: set[str] = frozenset()) -> list[dict]:
    """Decisions, newest first, of one kind (as FAILOVER) or of all, without those named in `after`."""
    return [d for d in resources(stage, "decisions")
            if d["name"] not in after and (not kind or d["kind"] == f"KIND_{kind}")]


def decision_names(stage: Cluster) -> set[str]:
    return {decision["name"] for decision in decisions(stage)}


def tainted(stage: Cluster) -> set[str]:
    """The nodes that carry a taint of Evenkeel's."""
    return {node["metadata"]["name"] for node in stage.api.get("/api/v1/nodes")["items"]
            if any(taint["key"].startswith("evenkeel.dev/") for taint in node["spec"].get("taints", []))}


def unrest(stage: Cluster) -> str:
    """What keeps the stage from being calm; empty when it is."""
    if taints := tainted(stage):
        return f"tainted: {', '.join(sorted(taints))}"
    found = pods(stage)
    waiting = [pod["metadata"]["name"] for pod in found.values() if not is_ready(pod)]
    if waiting or len(found) != 5:
        return f"{len(found)} of 5 pods there, not ready: {', '.join(waiting) or 'none'}"
    ill = {node: verdict for node, verdict in verdicts(stage).items() if verdict != "HEALTHY"}
    if ill or len(verdicts(stage)) != WORKERS + 1:
        return f"verdicts: {ill or verdicts(stage)}"
    for item in resources(stage, "clusters"):
        if item.get("blind") or item.get("apiState") != "API_STATE_READY":
            return f"blind: {item.get('blindReason', '')} {item.get('apiDetail', '')}"
    open_ones = [d["name"] for d in decisions(stage) if d["state"] == "STATE_OPEN"]
    return f"open: {', '.join(open_ones)}" if open_ones else ""


def wait_until_calm(stage: Cluster, progress: Progress | None = None) -> None:
    last = ["not asked yet"]

    def calm() -> bool:
        last[0] = unrest(stage)
        return not last[0]

    wait_for(calm, "the stage to be calm", 240, interval_s=0.5, progress=progress, state=lambda: last[0])


def fault_lasts(seconds: float) -> None:
    """A fault's length is part of the test: nothing is waited for."""
    time.sleep(seconds)


class StageCase(unittest.TestCase):
    """A test on the calm stage: all nodes on, all pods Ready, all verdicts HEALTHY, nothing tainted, nothing open."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stage = cluster()

    def setUp(self):
        self.stage.up()
        wait_until_calm(self.stage)
        self.known = decision_names(self.stage)
        self.pods_before = pods(self.stage)

    def wait(self, condition, what, deadline_s=60.0, interval_s=0.2):
        """Waits for a condition; that it never comes true fails the test with what is known of it."""
        try:
            return wait_for(condition, what, deadline_s, interval_s=interval_s)
        except Failure as failure:
            story = json.dumps(decisions(self.stage, after=self.known), indent=1)[:6000]
            self.fail(f"{failure}\nverdicts: {verdicts(self.stage)}\nnew decisions: {story}")

    def new_decisions(self, kind=""):
        return decisions(self.stage, kind, after=self.known)

    def assert_nothing_removed(self):
        """No pod was removed or replaced, no node tainted, no failover decided."""
        after = pods(self.stage)
        gone = [pod["metadata"]["name"] for uid, pod in self.pods_before.items() if uid not in after]
        self.assertEqual([], gone, "pods were removed")
        self.assertEqual(set(), tainted(self.stage))
        self.assertEqual([], self.new_decisions("FAILOVER"))

    def watch_that_nothing_is_removed(self, seconds):
        """Looks again and again for as long as a wrong verdict could still do harm."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assert_nothing_removed()
            time.sleep(0.5)

    def node_with(self, selector):
        """A worker that runs a pod of that selector."""
        for worker in self.stage.workers():
            if pods_on(self.stage, worker, selector):
                return worker
        self.fail(f"no worker runs a pod with {selector}")
