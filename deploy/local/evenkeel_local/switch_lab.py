"""Lab 4: an application's live traffic goes from a blue cluster to a green one, and back. How soon, and what is lost?"""

import contextlib
import math
import statistics
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Sequence

from . import images, waiting
from .cluster import Cluster
from .failure import Failure
from .gateway import LOOKS_S, PORT, Gateway, GatewayWatch
from .peering import Peering
from .pods import Pod
from .product import Command
from .progress import Progress
from .shared_coordinator import SharedCoordinator
from .switch_clients import FRESH, KEEPALIVE, KINDS, SwitchClients, SwitchRequest
from .switch_view import SwitchView, cluster_of
from .switches import GATEWAY, Status, Switch, give_back_what_is_open, joined_manifest, manifest

_LABS = Path(__file__).resolve().parents[1] / "labs"
NAMESPACE, NAME, NODE_PORT, REPLICAS = "lab4", "web", 30080, 3
# A Service of the first cluster with pods of both behind it.
JOINED, JOINED_PORT = "joined", 30081
_STEADY_S = 3.0  # Without a lost request before a run.
_SWITCH_S = 240.0
_MENDED_S = 60.0


@dataclass(frozen=True)
class Step:
    """One step of a switch."""

    to: str  # which cluster gets it
    weight: int  # percent of what is new
    moved_s: float | None  # from its decision to when the gateway was seen to spread requests so; None: it was not


@dataclass(frozen=True)
class SwitchOutcome:
    """One run; requests by kind of client."""

    steps: list[Step]
    # From the order, or the decision, to give everything back to when the last request has begun that the other cluster answered.
    rollback_s: float | None
    cut: int  # by Evenkeel's own ledger
    requests: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


class SwitchLab:
    """The application in both clusters, the gateway before them, one coordinator; `run` moves the traffic and measures."""

    def __init__(self, blue: Cluster, green: Cluster, progress: Progress):
        self.blue, self.green, self._progress = blue, green, progress
        self.gateway = Gateway((blue, green), NODE_PORT)
        self.coordinator = SharedCoordinator((blue, green), progress)
        # Nodes of one cluster can so be asked whether they reach those of the other.
        self.peering = Peering((blue, green))

    def prepare(self) -> None:
        """Deploys the application, starts the gateway with everything at blue, and the coordinator."""
        for cluster in (self.blue, self.green):
            if not cluster.has_image(images.WEB_IMAGE):
                cluster.load_image(images.web(self._progress))
            cluster.kubectl("apply", "-f", str(_LABS / "web.yaml"))
        for cluster in (self.blue, self.green):
            self.wait_until_well(cluster)
            self.fail(cluster, "mend")
        self.peering.ensure()
        self.gateway.start(self.blue)
        self._progress.done(f"{REPLICAS} replicas run in {self.blue.name} and in {self.green.name}, and HAProxy in front of them")
        joined = f"- name: {JOINED}\n  kind: endpoint-slices\n  cluster: {self.blue.name}\n"
        self.coordinator.deploy(self.gateway.gateways_yaml(GATEWAY) + joined)
        if give_back_what_is_open(self.command):  # An earlier run was ended in its midst, and may have had another blue.
            self.gateway.start(self.blue)

    @property
    def command(self) -> Command:
        return self.coordinator.command()

    @property
    def address(self) -> str:
        """Where clients ask the gateway: over green's network, since blue's may be what is lost."""
        return self.gateway.address(self.green)

    def manifest(self, from_: Cluster, to: Cluster) -> str:
        return manifest(NAME, from_.name, to.name, self.gateway.map, f"http://{self.address}:{PORT}/")

    def join(self) -> None:
        """Makes the Service with pods of both clusters, those of the first behind it."""
        address = self._found(self.blue)[0]["status"]["podIP"]
        text = (_LABS / "joined.yaml").read_text().replace("FIRST", self.blue.name).replace("ADDRESS", address)
        self.blue.kubectl("apply", "-f", "-", input_text=text)

        def answers() -> bool:
            with contextlib.closing(urllib.request.urlopen(f"http://{self.joined_address}:{JOINED_PORT}/", timeout=1)):
                return True

        waiting.wait_for(answers, "kube-proxy to serve the joined Service", deadline_s=60)

    @property
    def joined_address(self) -> str:
        return self.blue.address(self.blue.workers()[0])

    def joined_manifest(self, from_: Cluster, to: Cluster) -> str:
        return joined_manifest(from_.name, to.name, f"http://{self.joined_address}:{JOINED_PORT}/")

    def pods(self, cluster: Cluster) -> list[Pod]:
        return [Pod.of(each) for each in self._found(cluster)]

    @staticmethod
    def _found(cluster: Cluster) -> list[dict]:
        """Its pods that are not on their way out."""
        found = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=f"app={NAME}")["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    def wait_until_well(self, cluster: Cluster) -> None:
        def well() -> bool:
            pods = self.pods(cluster)
            return len(pods) == REPLICAS and all(pod.ready for pod in pods)

        waiting.wait_for(well, f"{REPLICAS} Ready replicas in {cluster.name}", deadline_s=120, progress=self._progress)

    def wait_until_running(self, cluster: Cluster) -> None:
        """Ready or not, so that they can be told to mend."""
        waiting.wait_for(lambda: len([pod for pod in self._found(cluster) if pod["status"].get("podIP")]) == REPLICAS,
                         f"{REPLICAS} replicas in {cluster.name}", deadline_s=120, progress=self._progress)

    def wait_until_answers(self, cluster: Cluster) -> None:
        """Every node of it forwards to pods that answer. The API shows for up to 40 seconds what was so before a node lost power."""
        def answers() -> bool:
            for node in cluster.workers():
                for _ in range(4 * REPLICAS):  # Each goes to any pod.
                    with contextlib.closing(urllib.request.urlopen(f"http://{cluster.address(node)}:{NODE_PORT}/", timeout=1)):
                        pass
            return True

        waiting.wait_for(answers, f"{cluster.name} to answer", deadline_s=120, progress=self._progress)

    def wait_until_calm(self) -> None:
        """The coordinator sees all there is."""
        waiting.wait_for(lambda: not self.coordinator.unrest(), "the coordinator to see all clusters", deadline_s=120,
                         progress=self._progress, state=self.coordinator.unrest)

    def fail(self, cluster: Cluster, how: str, pods: int = REPLICAS) -> None:
        """Tells so many of its pods how to fail (errors, slow, unready), or to mend."""
        for pod in self._found(cluster)[:pods]:
            if "podIP" not in pod["status"]:  # It is just being made anew on a node that has booted.
                raise Failure(f"pod {pod['metadata']['name']} has no address yet")
            request = urllib.request.Request(f"http://{pod['status']['podIP']}/fail?how={how}", method="POST")
            with contextlib.closing(urllib.request.urlopen(request, timeout=5)):
                pass

    @contextlib.contextmanager
    def watched(self) -> Iterator["Watched"]:
        """Clients that ask all the time, and all that is seen of them and of the gateway."""
        with contextlib.ExitStack() as ended:
            watch = GatewayWatch(self.gateway)
            ended.callback(watch.stop)
            clients = SwitchClients(self.address, PORT)
            ended.callback(clients.stop)
            self.wait_until_steady(clients)
            yield Watched(self, clients, watch, SwitchView(clients, watch, [self.blue.name, self.green.name]))

    def run(self, by_operator: bool) -> SwitchOutcome:
        """Blue to green, given back at 50 %; blue to green again, and committed; and back to blue."""
        with self.watched() as run:
            self._give_back(run, by_operator)
            for from_, to in ((self.blue, self.green), (self.green, self.blue)):
                run.go(from_, to)
        return run.outcome()

    def _give_back(self, run: "Watched", by_operator: bool) -> None:
        """At 50 % an operator changes his mind, or one of green's pods is not Ready any more: what is enough to go back, before
        any client has lost a request to it."""
        switch = run.start(self.blue, self.green)
        run.follow(switch, lambda status: run.watch.now().percent.get(self.green.name) == 50, "50 %")
        asked_s = None
        if by_operator:
            run.view.say(f"an operator wants everything back in {self.blue.name}")
            asked_s = switch.roll_back(self.blue.name)
        else:
            run.view.say(f"a pod of {self.green.name} is made to fail")
            self.fail(self.green, "unready", pods=1)
        try:
            run.follow(switch, lambda status: status.end, "the rollback")
        finally:
            self.fail(self.green, "mend")
        run.ended(switch, "rolled_back", asked_s)
        self.wait_until_well(self.green)

    def wait_until_steady(self, clients: SwitchClients) -> None:
        begun = time.monotonic()

        def steady() -> bool:
            lost = [each.start_s + each.duration_s for each in clients.ended() if each.lost]
            return time.monotonic() - max([begun, *lost]) > _STEADY_S

        waiting.wait_for(steady, "steady traffic", deadline_s=60, progress=self._progress)


class Watched:
    """What is seen while clients ask."""

    def __init__(self, lab: SwitchLab, clients: SwitchClients, watch: GatewayWatch, view: SwitchView):
        self._lab, self._clients, self.watch, self.view = lab, clients, watch, view
        self._wall_s = time.time() - time.monotonic()
        self._begun_s = time.monotonic()
        self._switches: list[tuple[Status, float | None]] = []  # that have ended, and when one was asked to go back

    def requests(self) -> list[SwitchRequest]:
        """Those that began once all was steady."""
        return [each for each in self._clients.ended() if each.start_s > self._begun_s]

    def start(self, from_: Cluster, to: Cluster, text: str = "") -> Switch:
        self._lab.wait_until_calm()
        self.view.say(f"the traffic is to go from {from_.name} to {to.name}")
        return Switch.start(self._lab.command, text or self._lab.manifest(from_, to), to.name)

    def follow(self, switch: Switch, until: Callable[[Status], object], what: str, deadline_s: float = _SWITCH_S,
               may_stop: bool = False) -> Status:
        """Looks on until it holds. A switch that ends before that, or stops where it may not, fails the run."""
        begun = time.monotonic()
        while True:
            status = switch.status()
            self.view.show(status.words)
            if until(status):
                return status
            if status.end or (status.stop and not may_stop) or time.monotonic() - begun > deadline_s:
                switch.close()
                raise Failure(f"waited in vain for {what}: {status.words()}; {'; '.join(status.findings) or status.gates} "
                              f"{status.said.get('outcome', '')}",
                              f"evenkeel explain {switch.decision}; see {self._lab.coordinator.log}")
            time.sleep(0.05)

    def go(self, from_: Cluster, to: Cluster) -> Status:
        """One switch from preflight to commit."""
        switch = self.start(from_, to)
        self.follow(switch, lambda status: status.phase == "holding", "the hold")
        self.view.say(f"{to.name} has everything: it is committed")
        switch.commit(to.name)
        self.follow(switch, lambda status: status.end, "the commit")
        return self.ended(switch, "committed")

    def ended(self, switch: Switch, end: str, asked_s: float | None = None) -> Status:
        """Takes the switch's last word in, once it has ended as it was meant to."""
        switch.close()
        status = switch.ask()
        if status.end != end:
            raise Failure(f"the switch has ended {status.words()}, and was to end {end.replace('_', ' ')}: "
                          f"{status.said.get('outcome', '')} {'; '.join(status.findings)}", f"evenkeel explain {switch.decision}")
        self._switches.append((status, asked_s))
        self.view.say(status.said.get("outcome", end))
        return status

    def outcome(self) -> SwitchOutcome:
        """To be asked for when the clients have been stopped: all requests have ended then."""
        steps = [step for status, _ in self._switches for step in self._steps(status)]
        backs = [self._rollback_s(status, asked_s) for status, asked_s in self._switches if status.end == "rolled_back"]
        requests = self.requests()
        return SwitchOutcome(steps, max(backs) if backs and None not in backs else None,
                             sum(status.cut() for status, _ in self._switches),
                             {kind: sum(each.kind == kind for each in requests) for kind in KINDS},
                             {kind: sum(each.kind == kind and each.lost for each in requests) for kind in KINDS})

    def _steps(self, status: Status) -> Iterator[Step]:
        to = status.said["spec"]["to"]
        for percent, decided_s, _ in status.begun_steps():
            seen_s = self.watch.has_percent_since(to, percent, decided_s - self._wall_s)
            yield Step(to, percent, None if seen_s is None else round(seen_s + self._wall_s - decided_s, 3))

    def _rollback_s(self, status: Status, asked_s: float | None) -> float | None:
        """By the gateway, and by the clients whose connection says nothing about who answers."""
        to, asked_s = status.said["spec"]["to"], asked_s or status.rollback_begun_s()
        if asked_s is None:
            return None
        asked_s -= self._wall_s
        gone_s = self.watch.has_percent_since(to, 0, asked_s)
        if gone_s is None:
            return None
        # Those that come when it gets some again are the next switch's.
        again_s = next((look.at_s for look in self.watch.changes() if look.at_s > gone_s and look.percent.get(to, 0) > 0), math.inf)
        last_s = max((each.start_s for each in self.requests() if each.kind in (FRESH, KEEPALIVE)
                      and cluster_of(each.node) == to and asked_s < each.start_s < again_s - LOOKS_S), default=asked_s)
        return round(max(gone_s, last_s) - asked_s, 3)


def answered_by(requests: Sequence[SwitchRequest]) -> Counter:
    """How many requests each cluster has answered, by the nodes' own word."""
    return Counter(cluster_of(each.node) for each in requests if not each.lost)


def switch_table(outcomes: list[SwitchOutcome]) -> str:
    """The outcomes, one run a line, and of several the worst."""
    titles = ("", "steps", "moved within", "given back within", *KINDS, "cut")
    lines = [titles]
    for number, each in enumerate(outcomes, 1):
        lines.append((f"run {number}", str(len(each.steps)), _seconds(_slowest(each)), _seconds(each.rollback_s),
                      *(f"{each.failed[kind]} of {each.requests[kind]}" for kind in KINDS), str(each.cut)))
    if len(outcomes) > 1:
        for name, choose in (("median", statistics.median), ("worst", max)):
            moved = [step.moved_s for each in outcomes for step in each.steps if step.moved_s is not None]
            back = [each.rollback_s for each in outcomes if each.rollback_s is not None]
            lines.append((name, "", _seconds(choose(moved) if moved else None), _seconds(choose(back) if back else None),
                          *("" for _ in KINDS), ""))
        lines.append(("all", str(sum(len(each.steps) for each in outcomes)), "", "",
                      *(f"{sum(each.failed[kind] for each in outcomes)} of {sum(each.requests[kind] for each in outcomes)}"
                        for kind in KINDS), str(sum(each.cut for each in outcomes))))
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def _slowest(outcome: SwitchOutcome) -> float | None:
    moved = [step.moved_s for step in outcome.steps]
    return None if None in moved or not moved else max(moved)


def _seconds(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2f} s"
