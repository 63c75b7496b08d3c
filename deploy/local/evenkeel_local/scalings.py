"""Who scales the application of Lab 2: Evenkeel, or the HorizontalPodAutoscaler."""

import contextlib
from pathlib import Path
from typing import Protocol

from . import waiting
from .api import ApiError
from .cluster import Cluster
from .metrics_api import MetricsApi
from .product import Command, intended_s
from .progress import Progress

_HPA = Path(__file__).resolve().parents[1] / "labs/hpa.yaml"
_HPA_PATH = "/apis/autoscaling/v1/namespaces/lab2/horizontalpodautoscalers/hello-cpu"
# The calm that a panic needs before it ends, by default; with a short window it would be what is waited for.
_CALM = "60s"


class Scaling(Protocol):
    """What the lab needs of whoever scales."""

    name: str

    def begin(self) -> None:
        """From here on it scales, and nobody else does."""

    def unrest(self) -> str:
        """Why nothing can be measured yet; empty when it can."""

    def decided_wall_s(self, since_s: float) -> float | None:
        """When it first decided on a change after this time, both on the wall clock; None: it does not say."""

    def end(self) -> None:
        """It scales no more. May be called again."""


class EvenkeelScaling:
    """The lab's policy, enforced."""

    name = "Evenkeel"

    def __init__(self, cluster: Cluster, command: Command, down: str):
        """`down`: the window of scaling in, as 5m or 15s."""
        self._cluster, self._command, self._down = cluster, command, down

    def begin(self) -> None:
        remove_hpa(self._cluster)
        calm = self._down if self._down.endswith("s") else _CALM

        def accepted() -> bool:
            self._command.set_scale_policy("enforce", self._down, calm)
            return True

        # It is refused until the coordinator, too, has seen that the autoscaler is gone.
        waiting.wait_for(accepted, "the policy to be accepted", deadline_s=30, interval_s=0.5)

    def unrest(self) -> str:
        scaler = self._command.scaler()
        if scaler is None:
            return "there is no scaler yet"
        holds = {each["type"]: each.get("holds", False) for each in scaler.get("conditions", [])}
        for condition, wanted in (("Able", True), ("Active", True), ("Seen", True), ("Panic", False)):
            if holds.get(condition, not wanted) != wanted:
                return f"{condition} is {'not true' if wanted else 'true'}: {scaler.get('reason', '')}"
        return f"{scaler['openDecision']} is open" if scaler.get("openDecision") else ""

    def decided_wall_s(self, since_s: float) -> float | None:
        found = self._command.scale_decisions(since_s)
        return intended_s(found[0]) if found else None

    def end(self) -> None:
        self._command.delete_scale_policy()


class StockScaling:
    """Kubernetes' own controller, at its defaults, with samples as metrics-server brings them."""

    name = "stock"

    def __init__(self, cluster: Cluster, command: Command, progress: Progress):
        self._cluster, self._command, self._progress = cluster, command, progress
        self._metrics: MetricsApi | None = None

    def begin(self) -> None:
        self._command.delete_scale_policy()
        self._metrics = MetricsApi(self._cluster)
        self._metrics.wait_until_served(self._progress)
        self._cluster.kubectl("apply", "-f", str(_HPA))

    def unrest(self) -> str:
        status = self._cluster.api.get(_HPA_PATH).get("status", {})
        return "" if "currentCPUUtilizationPercentage" in status else "the autoscaler has no samples yet"

    def decided_wall_s(self, since_s: float) -> float | None:
        return None

    def end(self) -> None:
        remove_hpa(self._cluster)
        if self._metrics:
            self._metrics.stop()
            self._metrics = None


def remove_hpa(cluster: Cluster) -> None:
    """Deletes the lab's HorizontalPodAutoscaler, if it is there."""
    with contextlib.suppress(ApiError):
        cluster.api.delete(_HPA_PATH)
