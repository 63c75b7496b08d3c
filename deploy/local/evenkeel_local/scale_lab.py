"""Lab 2: the load rises, and falls again. When is more asked for, when does it help, and when is it given back?"""

import contextlib
import queue
import statistics
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Iterator

from . import images, waiting
from .clients import Client, Request
from .cluster import Cluster
from .failure import Failure
from .load import Load, LoadResult
from .progress import Progress
from .scale_view import ScaleView
from .scalings import Scaling
from .witness import Sight, Witness

_MANIFEST = Path(__file__).resolve().parents[1] / "labs/hello-cpu.yaml"
NAMESPACE, NAME = "lab2", "hello-cpu"
# As the manifests in labs/ have them.
MINIMUM, MAXIMUM, TARGET_PERCENT, REQUEST_MILLICORES = 2, 10, 50, 100
CLIENTS = 50
_LOAD_S = 45.0  # Longer when nobody has helped by then.
_HELP_S = 180.0  # The HorizontalPodAutoscaler may need more than a minute.
_BACK_S = 600.0  # Its window of scaling in takes 300 seconds.
_CALM_S = 10.0  # At the minimum, before a run is over: nobody may turn about.
_STEADY_S = 20.0  # Without a change before a run, longer than a period of the rates at which replicas are added.
_LIMIT_S = 5.0  # How long the client waits that measures the latency.


@dataclass(frozen=True)
class ScaleOutcome:
    """One run; None where something did not happen."""

    decided_s: float | None  # since the load began: more replicas were decided on
    first_ready_s: float | None  # since the load began: the first added pod was Ready
    at_minimum_s: float | None  # since the load ended: the minimum's pods were left, and no others
    requests: int
    failed: int
    reversals: int  # turns of direction, but for the one that the end of the load asks for


class ScaleLab:
    """The application with its Service; `run` puts it under load, lets it rest, and measures."""

    def __init__(self, cluster: Cluster, progress: Progress):
        self._cluster, self._progress = cluster, progress
        self._address = ""

    def prepare(self) -> None:
        """Deploys the application as it is at its minimum, and returns when it answers."""
        if not self._cluster.has_image(images.CPUBURNER_IMAGE):
            self._cluster.load_image(images.cpuburner(self._progress))
        self._cluster.kubectl("apply", "-f", str(_MANIFEST))
        service = self._cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}")
        self._address = service["spec"]["clusterIP"]

    @property
    def url(self) -> str:
        """Where this machine reaches the application, over its Service."""
        return f"http://{self._address}/"

    def witness(self) -> Witness:
        return Witness(self._cluster.name, NAMESPACE, NAME)

    def run(self, scaling: Scaling) -> ScaleOutcome:
        """One rise and fall of the load. Whoever scales has begun to."""
        with contextlib.ExitStack() as ended:
            witness = self.witness()
            ended.callback(witness.stop)
            client = Client(self._address, 80, _LIMIT_S)
            ended.callback(client.stop)
            self._wait_until_steady(scaling, witness)
            for _ in _drained(client.ended):
                pass
            load = Load(self._cluster.name, self.url, CLIENTS)
            ended.callback(load.close)
            run = _Run(self._cluster.name, witness, client, load)
            self._follow(run, _LOAD_S, until=lambda: run.first_ready_s is not None, deadline_s=_HELP_S,
                         what="an added pod to be Ready")
            result = load.stop()
            run.event(f"the load ends: {result.requests} requests, {result.failed} of them failed")
            self._follow(run, 0, until=lambda: run.at_minimum_s is not None, deadline_s=_BACK_S,
                         what=f"{MINIMUM} replicas to be left")
            self._follow(run, _CALM_S, until=lambda: True, deadline_s=_CALM_S + 1, what="a calm end")
            decided = scaling.decided_wall_s(load.begun_wall_s)
        run.take()
        return run.outcome(result, decided)

    def _follow(self, run: "_Run", at_least_s: float, until, deadline_s: float, what: str) -> None:
        """Looks on for so long, and then until the condition holds."""
        begun = time.monotonic()
        while True:
            run.take()
            passed = time.monotonic() - begun
            if passed >= at_least_s and until():
                return
            if passed > deadline_s:
                raise Failure(f"waited {deadline_s:g} s in vain for {what}: {run.state()}",
                              f"evenkeel describe scaler {NAME}; evenkeel get decisions; "
                              f"kubectl -n {NAMESPACE} describe deployment,hpa,pods")
            time.sleep(0.1)

    def _wait_until_steady(self, scaling: Scaling, witness: Witness) -> None:
        last = ["not looked yet"]

        def missing() -> str:
            sight = witness.now()
            if not _is_at_minimum(sight) or sight.endpoints != MINIMUM:
                return f"{sight.wanted} replicas wanted, {len(sight.pods)} there, {sight.ready} Ready"
            calm = time.monotonic() - sight.at_s
            return scaling.unrest() or ("" if calm > _STEADY_S else f"{MINIMUM} replicas for {calm:.0f} s")

        def steady() -> bool:
            last[0] = missing()
            return not last[0]

        waiting.wait_for(steady, "a steady application", deadline_s=_BACK_S, interval_s=1, progress=self._progress,
                         state=lambda: last[0])


class _Run:
    """What is seen of one run, from the moment at which the load begins."""

    def __init__(self, cluster: str, witness: Witness, client: Client, load: Load):
        self._witness, self._client, self._load = witness, client, load
        self._view = ScaleView(cluster, REQUEST_MILLICORES, TARGET_PERCENT, load.begun_s)
        self._requests: list[Request] = []
        self._shown = load.begun_s
        self.event(f"{CLIENTS} clients begin to ask, each again as soon as it is answered")

    def event(self, text: str) -> None:
        self._view.event(time.monotonic(), text)

    def take(self) -> None:
        """Takes in what has been seen since the last time."""
        running = self._load.is_running()
        for request in _drained(self._client.ended):
            self._requests.append(request)
            self._view.request(request)
        seen = self._witness.since(self._shown)
        for before, after in pairwise(seen):
            if before.wanted != after.wanted:
                self._view.event(after.at_s, f"from {before.wanted} to {after.wanted} replicas")
            if before.ready != after.ready:
                self._view.event(after.at_s, f"{after.ready} pods are Ready, {after.endpoints} get requests")
        self._shown = seen[-1].at_s
        self._view.show(CLIENTS if running else 0, seen[-1])

    @property
    def first_ready_s(self) -> float | None:
        return self._first(self._load.begun_s, lambda sight: sight.ready > MINIMUM)

    @property
    def at_minimum_s(self) -> float | None:
        return self._first(self._load.ended_s, _is_at_minimum)

    def _first(self, zero_s: float, holds) -> float | None:
        """When something was first seen since a time."""
        at = next((each.at_s for each in self._witness.since(zero_s) if holds(each)), None)
        return None if at is None else round(max(0.0, at - zero_s), 3)

    def state(self) -> str:
        sight = self._witness.now()
        return f"{sight.wanted} replicas wanted, {len(sight.pods)} there, {sight.ready} Ready"

    def outcome(self, result: LoadResult, decided_wall_s: float | None) -> ScaleOutcome:
        if decided_wall_s is not None:
            decided = round(decided_wall_s - self._load.begun_wall_s, 3)
        else:
            decided = self._first(self._load.begun_s, lambda sight: sight.wanted > MINIMUM)
        return ScaleOutcome(decided, self.first_ready_s, self.at_minimum_s, result.requests + len(self._requests),
                            result.failed + sum(each.failed for each in self._requests),
                            max(0, turns(self._witness.since(self._load.begun_s)) - 1))


def turns(sights: list[Sight]) -> int:
    """How often the number of wanted replicas went the other way than the time before."""
    steps = [after.wanted > before.wanted for before, after in pairwise(sights) if after.wanted != before.wanted]
    return sum(one != other for one, other in pairwise(steps))


def _is_at_minimum(sight: Sight) -> bool:
    return sight.wanted == MINIMUM == len(sight.pods) == sight.ready


def _drained(waiting_ones: "queue.SimpleQueue") -> Iterator:
    with contextlib.suppress(queue.Empty):
        while True:
            yield waiting_ones.get_nowait()


def scale_table(rows: dict[str, list[ScaleOutcome]]) -> str:
    """The outcomes side by side: each run, and for several runs of a kind their median and worst."""
    titles = ("", "decided", "first Ready", "at the minimum", "reversals", "requests lost")
    lines = [titles]
    for kind, outcomes in rows.items():
        for number, each in enumerate(outcomes, 1):
            name = kind if len(outcomes) == 1 else f"{kind}, run {number}"
            lines.append((name, *map(_seconds, _times(each)), str(each.reversals), f"{each.failed} of {each.requests}"))
        if len(outcomes) > 1:
            for name, choose in (("median", statistics.median), ("worst", max)):
                columns = [[figure for figure in column if figure is not None] for column in zip(*map(_times, outcomes))]
                lines.append((f"{kind}, {name}", *(_seconds(choose(column) if column else None) for column in columns),
                              f"{choose(each.reversals for each in outcomes):g}",
                              f"{choose(each.failed for each in outcomes):g}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def _times(outcome: ScaleOutcome) -> tuple[float | None, ...]:
    return (outcome.decided_s, outcome.first_ready_s, outcome.at_minimum_s)


def _seconds(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2f} s"
