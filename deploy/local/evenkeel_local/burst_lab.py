"""Lab 3: the load rises to more than the machines carry. Where do the pods go, what does that cost, and when do they come home?"""

import contextlib
import queue
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import images, waiting
from .clients import Client
from .cluster import VIRTUAL, WORKER, Cluster
from .failure import Failure
from .load import Load
from .product import Command
from .progress import Progress
from .witness import Sight, Witness

_LABS = Path(__file__).resolve().parents[1] / "labs"
NAMESPACE, NAME = "lab3", "nginx-vn"
# As the manifests in labs/ have them.
MINIMUM, MAXIMUM = 2, 20
CLIENTS = 50
_STEADY_S = 15.0  # Without a change before a run.
_BURST_S = 120.0  # Until the burst has grown as far as it does.
_GROWN_S = 15.0  # Without a change of the replicas: it has.
_HOME_S = 420.0  # A machine boots, and the pods come home in parts.
_BACK_S = 300.0
_CALM_S = 10.0
_LIMIT_S = 5.0


@dataclass(frozen=True)
class BurstOutcome:
    """One run; None where something did not happen."""

    peak_virtual_pods: int
    drained_back_s: float | None  # since the second machine was Ready: no pod was on a virtual node, under load
    virtual_pods_at_end: int  # after the load, at the minimum
    ready_deficit_max: int  # pods fewer Ready than wanted, at worst, once as many had been Ready
    requests: int
    failed: int
    cost: str  # as Evenkeel has told it


def with_one_machine(cluster: Cluster, progress: Progress) -> None:
    """Raises it with one machine and one virtual node, or makes it so again.

    A machine that goes is emptied first, as an operator does.
    """
    if cluster.exists():
        for node in cluster.nodes:
            if node.role == WORKER and node.number > 1:
                # It may have been off, or the cluster: then nobody is there to be moved.
                with contextlib.suppress(Failure):
                    cluster.kubectl("drain", node.name, "--ignore-daemonsets", "--timeout=120s", timeout_s=150)
    cluster.up(workers=1, virtual=1, progress=progress)


class BurstLab:
    """The application with its Service on one machine and one virtual node; `run` makes it burst and brings it home."""

    def __init__(self, cluster: Cluster, evenkeel: Command, progress: Progress):
        self._cluster, self._evenkeel, self._progress = cluster, evenkeel, progress
        self._address = ""

    def prepare(self) -> None:
        """Deploys the application at its minimum, and its policies."""
        if not self._cluster.has_image(images.CPUBURNER_IMAGE):
            self._cluster.load_image(images.cpuburner(self._progress))
        self._cluster.kubectl("apply", "-f", str(_LABS / "nginx-vn.yaml"))
        self._evenkeel.apply(_LABS / "burst-policies.yaml")
        service = self._cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}")
        self._address = service["spec"]["clusterIP"]

    def run(self) -> BurstOutcome:
        """One burst and its way home, all under load, and the load's end."""
        begun_wall_s = time.time()
        with self.burst() as burst:
            view, load = burst.view, burst.load
            view.say("a second machine is booted")
            self._cluster.up(workers=2, progress=self._progress)
            machine_s = time.monotonic()
            view.say("it is Ready")
            self._follow(view, load, lambda: view.virtual == 0 and view.unbound == 0, _HOME_S, "all pods to come home")
            drained_s = time.monotonic() - machine_s
            self._follow(view, load, lambda: view.calm_s() > 5, 30, "calm")
            requests, failed = self.end_load(burst)
            sights = burst.witness.since(load.begun_s)
            return BurstOutcome(max(view.virtual_of(each) for each in sights), round(drained_s, 3), view.virtual,
                                ready_deficit(sights), requests, failed, self._cost(begun_wall_s))

    @contextlib.contextmanager
    def burst(self) -> Iterator["Burst"]:
        """The application under load, as soon as it has been steady and then has grown onto the virtual node."""
        with contextlib.ExitStack() as ended:
            witness = Witness(self._cluster.name, NAMESPACE, NAME)
            ended.callback(witness.stop)
            view = _View(witness, self._virtual_nodes())
            self._wait_until_steady(view)
            # Not before: until the application is there, nobody can be answered.
            client = Client(self._address, 80, _LIMIT_S)
            ended.callback(client.stop)
            load = Load(self._cluster.name, f"http://{self._address}/", CLIENTS)
            ended.callback(load.close)
            view.begin(load.begun_s)
            view.say(f"{CLIENTS} clients begin to ask")
            self._follow(view, load, lambda: view.virtual > 0 and view.calm_s() > _GROWN_S, _BURST_S, "a burst")
            yield Burst(witness, client, load, view)

    def end_load(self, burst: "Burst") -> tuple[int, int]:
        """Ends the load and waits for a calm end at the minimum. Returns how many requests there were of all clients, and how
        many of them were lost, which are told one by one."""
        view, load = burst.view, burst.load
        result = load.stop()
        view.say(f"the load ends: {result.requests} requests, {result.failed} of them failed")
        self._follow(view, None, lambda: _is_at_minimum(view.sight), _BACK_S, f"{MINIMUM} replicas to be left")
        # Pods that are told to go take a minute and more: each that is gone is a change.
        self._follow(view, None, lambda: view.calm_s() > _CALM_S, _BACK_S, "a calm end")
        requests = []
        with contextlib.suppress(queue.Empty):
            while True:
                requests.append(burst.client.ended.get_nowait())
        for each in requests:
            if each.failed:
                view.say(f"a request of {each.start_s - load.begun_s:.2f} s failed after {each.duration_s:.2f} s: {each.error}")
        return result.requests + len(requests), result.failed + sum(each.failed for each in requests)

    def _virtual_nodes(self) -> set[str]:
        return {node.name for node in self._cluster.nodes if node.role == VIRTUAL}

    def _cost(self, after_s: float) -> str:
        """Of the burst, as its last decision tells it: "..., 0.0134 USD"."""
        told = [each["summary"] for each in self._evenkeel.decisions("KIND_BURST", after_s)
                if each.get("summary", "").startswith("The burst is over")]
        return told[-1].rsplit(", ", 1)[-1] if told else ""

    def _follow(self, view: "_View", load: Load | None, until, deadline_s: float, what: str) -> None:
        begun = time.monotonic()
        while True:
            if load is not None:
                load.is_running()  # Raises when it has ended by itself.
            view.show()
            if until():
                return
            if time.monotonic() - begun > deadline_s:
                raise Failure(f"waited {deadline_s:g} s in vain for {what}: {view.state()}",
                              f"evenkeel get decisions; kubectl -n {NAMESPACE} get pods -o wide")
            time.sleep(0.1)

    def _wait_until_steady(self, view: "_View") -> None:
        def missing() -> str:
            view.look()
            at_home = view.virtual == 0 and view.sight.leaving == 0
            if not _is_at_minimum(view.sight) or not at_home or view.sight.endpoints != MINIMUM:
                return view.state()
            return "" if view.calm_s() > _STEADY_S else f"{MINIMUM} replicas for {view.calm_s():.0f} s"

        waiting.wait_for(lambda: not missing(), "a steady application", deadline_s=_BACK_S, interval_s=1,
                         progress=self._progress, state=missing)


@dataclass(frozen=True)
class Burst:
    """What goes on while one lasts."""

    witness: Witness
    client: Client
    load: Load
    view: "_View"


class _View:
    """What the witness sees, and a line a second of it on standard error: where the pods are."""

    def __init__(self, witness: Witness, virtual_nodes: set[str]):
        self._witness, self._virtual_nodes = witness, virtual_nodes
        self.sight = witness.now()
        self._zero_s = time.monotonic()
        self._second = 0

    def begin(self, zero_s: float) -> None:
        self._zero_s, self._second = zero_s, 0

    def look(self) -> None:
        self.sight = self._witness.now()

    def show(self) -> None:
        """To be called more often than once a second."""
        self.look()
        passed = time.monotonic() - self._zero_s
        if passed < self._second + 1:
            return
        self._second = int(passed)
        where = "  ".join(f"{node or 'no node'}: {number}" for node, number in sorted(self.sight.nodes.items()))
        leaving = f"  leaving: {self.sight.leaving}" if self.sight.leaving else ""
        _write(f"  {self._second:3d} s  replicas {self.sight.wanted:2d}, {self.sight.ready:2d} Ready  {where}{leaving}")

    def say(self, text: str) -> None:
        _write(f"         {time.monotonic() - self._zero_s:6.2f} s  {text}")

    def virtual_of(self, sight: Sight) -> int:
        return sum(number for node, number in sight.nodes.items() if node in self._virtual_nodes)

    @property
    def virtual(self) -> int:
        return self.virtual_of(self.sight)

    @property
    def unbound(self) -> int:
        return self.sight.nodes.get("", 0)

    def calm_s(self) -> float:
        """How long nothing has changed."""
        return time.monotonic() - self.sight.at_s

    def state(self) -> str:
        return (f"{self.sight.wanted} replicas wanted, {self.sight.ready} Ready, {self.virtual} on virtual nodes, "
                f"{self.unbound} without a node, {self.sight.leaving} leaving")


def _is_at_minimum(sight: Sight) -> bool:
    return sight.wanted == MINIMUM == len(sight.pods) == sight.ready


def without_surges(sights: list[Sight]) -> list[tuple[float, int, int]]:
    """When, how many were wanted, how many Ready. A number that is raised and set back to what it was was raised to replace
    pods: what was wanted is what it was all the time."""
    wanted = [each.wanted for each in sights]
    changes = [0] + [i for i in range(1, len(wanted)) if wanted[i] != wanted[i - 1]] + [len(wanted)]
    for before, begin, end in zip(changes, changes[1:], changes[2:]):
        if end < len(wanted) and sights[end].wanted == sights[before].wanted < sights[begin].wanted:
            wanted[begin:end] = [sights[before].wanted] * (end - begin)
    return [(each.at_s, number, each.ready) for each, number in zip(sights, wanted)]


def ready_deficit(sights: list[Sight]) -> int:
    """By how many pods Ready fell short of what was wanted at worst, after as many had been Ready: to scale out is no loss."""
    worst = whole = 0
    for _, wanted, ready in without_surges(sights):
        whole = min(whole, wanted)
        if ready >= wanted:
            whole = wanted
        worst = max(worst, whole - ready)
    return worst


def burst_table(outcomes: list[BurstOutcome]) -> str:
    """The outcomes, one run a line, and of several the median of the times."""
    titles = ("", "virtual at most", "drained back", "virtual at the end", "Ready short by", "requests lost", "cost")
    lines = [titles]
    for number, each in enumerate(outcomes, 1):
        lines.append((f"run {number}", str(each.peak_virtual_pods), _seconds(each.drained_back_s),
                      str(each.virtual_pods_at_end), str(each.ready_deficit_max), f"{each.failed} of {each.requests}",
                      each.cost or "-"))
    times = [each.drained_back_s for each in outcomes if each.drained_back_s is not None]
    if len(times) > 1:
        lines.append(("median", "", _seconds(statistics.median(times)), "", "", "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def _seconds(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.1f} s"


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
