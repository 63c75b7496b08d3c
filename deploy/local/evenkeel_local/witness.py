"""The witness of Labs 2 and 3: watches a Deployment, its pods and its Service's endpoints by the Kubernetes API alone.

Run as a program of its own, which knows nothing of Evenkeel and is not disturbed by those who measure:

    python3 -m evenkeel_local.witness CLUSTER NAMESPACE NAME

Deployment and Service have the name NAME, the pods the label app=NAME. Each change of what it sees is one line of JSON.
"""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Callable

from .api import Api
from .cluster import Cluster
from .failure import Failure
from .pods import Pod
from .settings import PYTHON

_PAUSE_S = 0.3
_FIRST_S = 30.0


@dataclass(frozen=True)
class Sight:
    """What there was at one moment, `at_s` on the monotonic clock of this machine."""

    at_s: float
    wanted: int  # replicas that the Deployment is told to have
    ready: int  # Ready pods that are not going
    endpoints: int  # addresses that the Service sends requests to
    pods: list[str] = field(default_factory=list)  # uids of those that are not going
    nodes: dict[str, int] = field(default_factory=dict)  # how many of them each node has; "": not bound
    leaving: int = 0  # pods that are going: until they are gone they hold their room


class _Follower:
    """Keeps the objects of one list, in a thread of its own, over breaks of the watch."""

    def __init__(self, api: Api, path: str, query: dict[str, str], changed: Callable[[], None]):
        self._api, self._path, self._query, self._changed = api, path, query, changed
        self.objects: dict[str, dict] = {}  # Replaced as a whole and never changed, so anybody may read it.
        self.is_listed = False
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                found = self._api.get(self._path, **self._query)
                self.objects = {each["metadata"]["uid"]: each for each in found["items"]}
                self.is_listed = True
                self._changed()
                for kind, changed in self._api.watch(self._path, found["metadata"]["resourceVersion"], timeout_s=60,
                                                     **self._query):
                    if kind != "BOOKMARK":
                        others = {uid: each for uid, each in self.objects.items() if uid != changed["metadata"]["uid"]}
                        mine = {} if kind == "DELETED" else {changed["metadata"]["uid"]: changed}
                        self.objects = others | mine
                        self._changed()
            except Failure:
                time.sleep(_PAUSE_S)  # The API server is away or has forgotten the version: list again.


class _Watcher:
    """Puts the three lists together, and writes what they show whenever that changes."""

    def __init__(self, api: Api, namespace: str, name: str):
        self._lock = threading.Lock()
        self._lists: list[_Follower] = []
        self._last: Sight | None = None
        by_name = {"fieldSelector": f"metadata.name={name}"}
        for path, query in ((f"/apis/apps/v1/namespaces/{namespace}/deployments", by_name),
                            (f"/api/v1/namespaces/{namespace}/endpoints", by_name),
                            (f"/api/v1/namespaces/{namespace}/pods", {"labelSelector": f"app={name}"})):
            self._lists.append(_Follower(api, path, query, self._tell))
        self._tell()  # Whoever was listed before all three were here could not.

    def _tell(self) -> None:
        with self._lock:
            if len(self._lists) < 3 or not all(each.is_listed for each in self._lists):
                return
            deployments, endpoints, found = ([*each.objects.values()] for each in self._lists)
            everyone = [Pod.of(each) for each in found]
            pods = [pod for pod in everyone if not pod.leaving]
            now = Sight(time.monotonic(), sum(each["spec"].get("replicas", 0) for each in deployments),
                        sum(pod.ready for pod in pods),
                        sum(len(part.get("addresses") or []) for each in endpoints for part in each.get("subsets") or []),
                        sorted(pod.uid for pod in pods), dict(sorted(Counter(pod.node for pod in pods).items())),
                        len(everyone) - len(pods))
            if self._last is None or asdict(self._last) | {"at_s": 0} != asdict(now) | {"at_s": 0}:
                self._last = now
                print(json.dumps(asdict(now)), flush=True)


class Witness:
    """The witness as another program sees it: started, listened to, stopped."""

    def __init__(self, cluster: str, namespace: str, name: str):
        self._process = subprocess.Popen([PYTHON, "-m", "evenkeel_local.witness", cluster, namespace, name],
                                         cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, start_new_session=True)
        self._sights: list[Sight] = []  # Bounded by the length of a run: some at each change of a pod.
        self._new: "queue.SimpleQueue[Sight]" = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._sights.append(self._new.get(timeout=_FIRST_S))
        except queue.Empty:
            self.stop()
            raise Failure(f"the witness saw nothing within {_FIRST_S:g} s") from None

    def _read(self) -> None:
        for line in self._process.stdout:
            self._new.put(Sight(**json.loads(line)))

    def sights(self) -> list[Sight]:
        """All that it has seen so far, the oldest first; at least one."""
        while not self._new.empty():
            self._sights.append(self._new.get())
        return list(self._sights)

    def since(self, at_s: float) -> list[Sight]:
        """What held at a time, and all that has changed since."""
        seen = self.sights()
        before = [each for each in seen if each.at_s <= at_s]
        return before[-1:] + [each for each in seen if each.at_s > at_s]

    def now(self) -> Sight:
        return self.sights()[-1]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cluster, namespace, name = sys.argv[1:]
    _Watcher(Cluster(cluster).api, namespace, name)
    threading.Event().wait()


if __name__ == "__main__":
    main()
