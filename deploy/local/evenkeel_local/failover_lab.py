"""Lab 1: a node's machine stops. What do the application's clients see, and for how long?"""

import contextlib
import queue
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from . import waiting
from .clients import LIMIT_S, Client, Request
from .failure import Failure
from .images import HELLOWORLD_IMAGE
from .load_balancer import LoadBalancer
from .pods import Change, Pod, PodWatch
from .progress import Progress
from .sites import Site
from .timeline import Timeline

_MANIFEST = Path(__file__).resolve().parents[1] / "labs/helloworld.yaml"
NAMESPACE = "lab1"
REPLICAS = 4
_SELECTOR = "app=helloworld"
_STEADY_S = 3.0  # Without a lost request before the power goes.
_CALM_S = 4.0  # Without one afterwards, with all replicas back, before a run is over.
# How long Kubernetes alone takes by default, and some more.
_DEADLINE_S = 420.0


@dataclass(frozen=True)
class Moments:
    """When a failure was noticed and when it was judged; wall clock, seconds since 1970. None: it was not."""

    detected: float | None = None
    judged: float | None = None


@dataclass(frozen=True)
class Outcome:
    """One run, in seconds since power-off; None where something did not happen."""

    detected_s: float | None
    judged_s: float | None
    traffic_clean_s: float  # start of the last failed request; 0 when none failed
    replicas_restored_s: float | None
    requests: int  # that were made from power-off on
    failed: int


class FailoverLab:
    """The application, a load balancer before it and a client; `run` powers a node off and measures."""

    def __init__(self, site: Site, progress: Progress):
        self._site, self._progress = site, progress
        self._balancer: LoadBalancer | None = None

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """Deploys the application with its load balancer, and takes the load balancer away again."""
        self._site.kubectl("apply", "-f", "-", input_text=_MANIFEST.read_text().replace(
            HELLOWORLD_IMAGE, self._site.application_image))
        self._spread(patience_s=20)
        service = self._site.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/helloworld")
        port = service["spec"]["ports"][0]["nodePort"]
        self._balancer = LoadBalancer(self._site.name, {name: f"{address}:{port}" for name, address
                                                       in self._site.workers().items()})
        try:
            self._balancer.wait_until_up()
            self._progress.done(f"{REPLICAS} replicas run behind a load balancer over "
                                + ", ".join(self._site.workers()))
            yield
        finally:
            self._balancer.stop()

    def victim(self) -> str:
        """The worker node with the most replicas."""
        pods = [pod for pod in self._pods() if not pod.leaving]
        return max(self._site.workers(), key=lambda name: sum(pod.node == name for pod in pods))

    def run(self, node: str, moments: Callable[[str, float], Moments] | None) -> Outcome:
        """Powers the node off and watches until its loss is made good.

        `moments` tells, for a node and the wall clock's time of power-off, what Evenkeel's decision says; without it
        they are Kubernetes' own: the node NotReady, its pods' removal asked for.
        """
        client = Client(self._balancer.host, self._balancer.port)
        watch = PodWatch(self._site.api, NAMESPACE, _SELECTOR)
        try:
            self._wait_until_steady(client)
            run = _Run(node, watch.pods())
            self._site.power_off(node)
            self._follow(run, client, watch)
        finally:
            watch.stop()
            client.stop()
        run.take(client, watch)
        run.timeline.show(until_end=True)
        found = moments(node, run.zero_wall_s) if moments else Moments(run.not_ready_wall_s, run.removal_wall_s)
        return run.outcome(found)

    def power_on(self, node: str) -> None:
        self._progress.waiting(f"{node} to boot")
        self._site.power_on(node)
        self._progress.done(f"{node} has booted again")

    def restore(self, node: str, by_itself: bool) -> None:
        """Returns when everything is as it was before the run: the node takes pods, and the replicas are spread.

        Kubernetes alone moves no pod onto a node because it is back; with `by_itself` somebody does, and gets the time.
        """
        waiting.wait_for(lambda: not self._taints(node), f"{node} to take pods again", deadline_s=180,
                         progress=self._progress, state=lambda: f"it has the taints {', '.join(self._taints(node))}")
        self._spread(patience_s=60 if by_itself else 0)

    def _spread(self, patience_s: float) -> None:
        """Returns when the replicas are Ready and spread over the nodes; sees to it if they are not in that time."""
        try:
            waiting.wait_for(self._is_spread, "the replicas to be spread over the nodes", deadline_s=patience_s,
                             progress=self._progress)
        except Failure:
            self._start_afresh()
            self._wait_until_spread()

    def _start_afresh(self) -> None:
        """Replaces all replicas at once; new ones are spread over all nodes."""
        deployment = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/helloworld"
        self._site.api.patch(deployment, {"spec": {"replicas": 0}})

        def none_left() -> bool:
            # Nobody uses them now, and a kubelet that waits for their good end can take a minute for it.
            self._site.api.delete(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=_SELECTOR, gracePeriodSeconds=0)
            return not self._pods()

        waiting.wait_for(none_left, "the replicas to end", deadline_s=60, interval_s=1, progress=self._progress)
        self._site.api.patch(deployment, {"spec": {"replicas": REPLICAS}})

    def _follow(self, run: "_Run", client: Client, watch: PodWatch) -> None:
        while True:
            run.take(client, watch)
            run.timeline.show()
            if run.is_over():
                return
            if time.monotonic() - run.zero_s > _DEADLINE_S:
                raise Failure(f"the loss of {run.node} was not made good within {_DEADLINE_S:g} s: {run.state()}",
                              f"kubectl -n {NAMESPACE} get pods -o wide; evenkeel get decisions")
            with contextlib.suppress(Failure):  # A busy API server is asked again.
                if run.not_ready_wall_s is None and not self._is_ready(run.node):
                    run.node_is_not_ready()
            time.sleep(0.1)

    def _wait_until_steady(self, client: Client) -> None:
        last_lost = time.monotonic()

        def steady() -> bool:
            nonlocal last_lost
            for request in _drained(client.ended):
                if request.failed:
                    last_lost = request.start_s
            return time.monotonic() - last_lost > _STEADY_S

        waiting.wait_for(steady, "steady traffic", deadline_s=60, progress=self._progress)

    def _wait_until_spread(self) -> None:
        waiting.wait_for(self._is_spread, f"{REPLICAS} replicas, spread over the nodes", deadline_s=120,
                         progress=self._progress,
                         state=lambda: ", ".join(f"{pod.name} {'Ready' if pod.ready else 'not Ready'} on "
                                                 f"{pod.node or 'no node'}" for pod in self._pods()),
                         cure=f"kubectl -n {NAMESPACE} describe pods")

    def _is_spread(self) -> bool:
        # Pods that were moved away can take a quarter of a minute until their kubelet lets them go; they do not count.
        pods = [pod for pod in self._pods() if not pod.leaving]
        on = [sum(pod.node == name for pod in pods) for name in self._site.workers()]
        return len(pods) == REPLICAS and all(pod.ready for pod in pods) and max(on) - min(on) <= 1

    def _pods(self) -> list[Pod]:
        found = self._site.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=_SELECTOR)
        return [Pod.of(each) for each in found["items"]]

    def _is_ready(self, node: str) -> bool:
        conditions = self._site.api.get(f"/api/v1/nodes/{node}")["status"]["conditions"]
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _taints(self, node: str) -> list[str]:
        return [taint["key"] for taint in self._site.api.get(f"/api/v1/nodes/{node}")["spec"].get("taints", [])]


class _Run:
    """What is seen of one run, from the moment it is made on: that is when the power goes."""

    def __init__(self, node: str, pods: list[Pod]):
        self.node = node
        self.zero_s, self.zero_wall_s = time.monotonic(), time.time()
        self.timeline = Timeline(self.zero_s)
        self.not_ready_wall_s: float | None = None
        self.removal_wall_s: float | None = None
        self._pods = {pod.uid: pod for pod in pods}
        self._requests: list[Request] = []
        self._restored_s: float | None = None
        staying = [pod for pod in pods if not pod.leaving]
        self.timeline.event(self.zero_s, f"power off {node}, with {sum(pod.node == node for pod in staying)} of"
                                         f" {len(staying)} replicas")

    def take(self, client: Client, watch: PodWatch) -> None:
        """Takes in what has been seen since the last time."""
        for request in _drained(client.ended):
            self._take_request(request)
        for change in _drained(watch.changes):
            self._take_change(change)

    def _take_request(self, request: Request) -> None:
        # A request that was under way when the power went has lost as much as one that came after.
        if request.start_s + request.duration_s < self.zero_s:
            return
        self._requests.append(request)
        self.timeline.request(request)

    def _take_change(self, change: Change) -> None:
        pod = change.after or change.before
        if change.after:
            self._pods[pod.uid] = pod
        else:
            self._pods.pop(pod.uid, None)
        if change.at_s < self.zero_s:
            return
        was_leaving = change.before is not None and change.before.leaving
        if pod.node == self.node and not was_leaving and (change.after is None or pod.leaving):
            self.timeline.event(change.at_s, f"{pod.name} on {pod.node} is {'gone' if not change.after else 'to go'}")
            if self.removal_wall_s is None:
                self.removal_wall_s = self._wall(change.at_s)
        was_ready = change.before is not None and change.before.ready
        if change.after and pod.ready and not was_ready and pod.node != self.node:
            ready = self._ready_elsewhere()
            self.timeline.event(change.at_s, f"{pod.name} is Ready on {pod.node}: {ready} of {REPLICAS}")
            if ready == REPLICAS and self._restored_s is None:
                self._restored_s = change.at_s

    def node_is_not_ready(self) -> None:
        now = time.monotonic()
        self.not_ready_wall_s = self._wall(now)
        self.timeline.event(now, f"Kubernetes says that {self.node} is NotReady")

    def is_over(self) -> bool:
        calm_since = max([self._restored_s or 0, *(each.start_s for each in self._requests if each.failed)])
        return self._restored_s is not None and time.monotonic() - calm_since > _CALM_S + LIMIT_S

    def state(self) -> str:
        return f"{self._ready_elsewhere()} replicas are Ready on other nodes"

    def outcome(self, moments: Moments) -> Outcome:
        failed = [each for each in self._requests if each.failed]

        def since(wall_s: float | None) -> float | None:
            return None if wall_s is None else round(wall_s - self.zero_wall_s, 3)

        return Outcome(since(moments.detected), since(moments.judged),
                       round(max([0.0, *(each.start_s - self.zero_s for each in failed)]), 3),
                       round(self._restored_s - self.zero_s, 3), len(self._requests), len(failed))

    def _wall(self, at_s: float) -> float:
        return self.zero_wall_s + at_s - self.zero_s

    def _ready_elsewhere(self) -> int:
        return sum(pod.ready and pod.node != self.node and not pod.leaving for pod in self._pods.values())


def _drained(waiting_ones: "queue.SimpleQueue") -> Iterator:
    with contextlib.suppress(queue.Empty):
        while True:
            yield waiting_ones.get_nowait()


def table(rows: dict[str, list[Outcome]]) -> str:
    """The outcomes side by side: each run, and for several runs of a kind their median and worst."""
    titles = ("", "detected", "judged", "traffic clean", "replicas restored", "requests lost")
    lines = [titles]
    for kind, outcomes in rows.items():
        for number, outcome in enumerate(outcomes, 1):
            name = kind if len(outcomes) == 1 else f"{kind}, run {number}"
            lines.append((name, *_times(outcome), f"{outcome.failed} of {outcome.requests}"))
        if len(outcomes) > 1:
            for name, choose in (("median", statistics.median), ("worst", max)):
                columns = zip(*(_figures(outcome) for outcome in outcomes))
                figures = [[figure for figure in column if figure is not None] for column in columns]
                chosen = [choose(column) if column else None for column in figures]
                lines.append((f"{kind}, {name}", *map(_seconds, chosen[:-1]), f"{chosen[-1]:g}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def _figures(outcome: Outcome) -> tuple[float | None, ...]:
    return (outcome.detected_s, outcome.judged_s, outcome.traffic_clean_s, outcome.replicas_restored_s,
            outcome.failed)


def _times(outcome: Outcome) -> list[str]:
    return [_seconds(figure) for figure in _figures(outcome)[:-1]]


def _seconds(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2f} s"
