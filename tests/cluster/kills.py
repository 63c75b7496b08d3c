"""How the cluster tests kill a coordinator."""
import contextlib
import random
import signal
import threading

from evenkeel_local import product
from evenkeel_local.api import ApiError
from evenkeel_local.cluster import Cluster
from evenkeel_local.failure import Failure
from evenkeel_local.waiting import wait_for


def kill_coordinator(cluster: Cluster) -> None:
    """SIGKILL to the one that runs in the cluster; returns when another one is Ready. Its pod is replaced as well, since a
    kubelet lets a container that ends often wait for minutes."""
    pod = wait_for(lambda: _pod(cluster), "a coordinator to be killed", deadline_s=90)
    with contextlib.suppress(Failure):  # It may be just between two lives.
        cluster.signal_program(cluster.control, "evenkeel-coordinator", signal.SIGKILL)
    with contextlib.suppress(ApiError):
        cluster.api.delete(f"/api/v1/namespaces/evenkeel/pods/{pod['metadata']['name']}", gracePeriodSeconds=0)
    wait_for(lambda: _another_is_up(cluster, pod["metadata"]["uid"]), "another coordinator", deadline_s=90)


def _pod(cluster: Cluster) -> dict:
    return cluster.api.get(f"/api/v1/namespaces/evenkeel/pods/{product.coordinator_pod(cluster)}")


def _another_is_up(cluster: Cluster, old: str) -> bool:
    pod = _pod(cluster)
    conditions = pod["status"].get("conditions", [])
    return pod["metadata"]["uid"] != old and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


class Nuisance:
    """Does something again and again at random instants, in a thread of its own, until it is ended or has done it so often."""

    def __init__(self, what, seed: int, times: int, pauses_s: tuple[float, float]):
        self.done = 0
        self._what, self._times, self._pauses_s = what, times, pauses_s
        self._dice = random.Random(seed)
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Nuisance":
        self._thread.start()
        return self

    def __exit__(self, *_args) -> None:
        self._over.set()
        self._thread.join(timeout=120)

    def check(self) -> None:
        """Raises what has ended it, if something did."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while self.done < self._times and not self._over.wait(self._dice.uniform(*self._pauses_s)):
                self._what()
                self.done += 1
        except Exception as failure:  # pylint: disable=broad-except  # Told to whoever asks.
            self._failure = failure
