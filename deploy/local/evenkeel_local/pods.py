"""Watches the pods of an application, and says of each change when it was seen."""

import queue
import threading
import time
from dataclasses import dataclass

from .api import Api
from .failure import Failure


@dataclass(frozen=True)
class Pod:
    """What matters of a pod."""

    uid: str
    name: str
    node: str
    ready: bool
    leaving: bool

    @classmethod
    def of(cls, found: dict) -> "Pod":
        conditions = found["status"].get("conditions", [])
        return cls(found["metadata"]["uid"], found["metadata"]["name"], found["spec"].get("nodeName", ""),
                   any(each["type"] == "Ready" and each["status"] == "True" for each in conditions),
                   "deletionTimestamp" in found["metadata"])


@dataclass(frozen=True)
class Change:
    """A pod as it was and as it is, `at_s` on the monotonic clock; None where there was or is none."""

    at_s: float
    before: Pod | None
    after: Pod | None


class PodWatch:
    """Follows the pods with a selector in a thread of its own, over breaks of the watch."""

    def __init__(self, api: Api, namespace: str, selector: str):
        self._api, self._path, self._selector = api, f"/api/v1/namespaces/{namespace}/pods", selector
        self._pods: dict[str, Pod] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.changes: "queue.SimpleQueue[Change]" = queue.SimpleQueue()
        threading.Thread(target=self._follow, daemon=True).start()

    def pods(self) -> list[Pod]:
        with self._lock:
            return list(self._pods.values())

    def stop(self) -> None:
        """No change is reported from here on; the thread ends with its current wait."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                found = self._api.get(self._path, labelSelector=self._selector)
                now = {pod.uid: pod for pod in map(Pod.of, found["items"])}
                for uid in {*now, *self._pods}:
                    self._set(uid, now.get(uid))
                version = found["metadata"]["resourceVersion"]
                for kind, changed in self._api.watch(self._path, version, timeout_s=60,
                                                     labelSelector=self._selector):
                    if self._stopped.is_set():
                        return
                    if kind != "BOOKMARK":
                        pod = Pod.of(changed)
                        self._set(pod.uid, None if kind == "DELETED" else pod)
            except Failure:
                self._stopped.wait(0.5)  # The API server is away or has forgotten the version: list again.

    def _set(self, uid: str, pod: Pod | None) -> None:
        before = self._pods.get(uid)
        if before == pod:
            return
        with self._lock:
            if pod:
                self._pods[uid] = pod
            else:
                del self._pods[uid]
        self.changes.put(Change(time.monotonic(), before, pod))
