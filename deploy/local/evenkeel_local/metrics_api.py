"""Samples for the HorizontalPodAutoscaler, where metrics-server is not at hand: it is no part of Debian.

It serves what metrics-server does (metrics.k8s.io/v1beta1, pods only), from where metrics-server has it (the kubelets'
/stats/summary) and as often as metrics-server's own manifest says. The API server forwards to it by an APIService, as to any
other; it runs on this machine, which a Service without a selector leads to.
"""

import http.server
import json
import ssl
import threading
import time
from typing import Any

from . import waiting
from .api import ApiError
from .certificates import Authority
from .cluster import Cluster
from .failure import Failure
from .progress import Progress

_RESOLUTION_S = 15
_GROUP_PATH = "/apis/metrics.k8s.io/v1beta1"
_NAMESPACE, _NAME = "kube-system", "evenkeel-local-metrics"
_SERVICE = f"/api/v1/namespaces/{_NAMESPACE}/services"
_ENDPOINTS = f"/api/v1/namespaces/{_NAMESPACE}/endpoints"
_API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
_API_SERVICE = "v1beta1.metrics.k8s.io"


class MetricsApi:
    """Serves from the moment it is made on until `stop`."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self._samples: dict[str, list[dict]] = {}  # PodMetrics by namespace; replaced as a whole
        self._stopped = threading.Event()
        authority, address = Authority(cluster.folder / "pki"), cluster.host_address
        authority.certificate("metrics", "/CN=metrics", [address])
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(authority.folder / "metrics.crt", authority.folder / "metrics.key")
        self._server = http.server.ThreadingHTTPServer((address, 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        threading.Thread(target=self._scrape, daemon=True).start()
        self._unregister()  # What a run left behind that was killed.
        self._register(address, self._server.server_port)

    def wait_until_served(self, progress: Progress) -> None:
        waiting.wait_for(lambda: self._cluster.api.get(f"{_GROUP_PATH}/pods")["items"], "the pods' samples to be served",
                         deadline_s=90, interval_s=1, progress=progress,
                         cure=f"kubectl get apiservice {_API_SERVICE} -o yaml")

    def stop(self) -> None:
        self._stopped.set()
        self._unregister()
        self._server.shutdown()
        self._server.server_close()

    def _register(self, address: str, port: int) -> None:
        name = {"name": _NAME, "namespace": _NAMESPACE}
        for path, body in (
                (_SERVICE, {"apiVersion": "v1", "kind": "Service", "metadata": name,
                            "spec": {"ports": [{"name": "https", "port": 443, "targetPort": port}]}}),
                (_ENDPOINTS, {"apiVersion": "v1", "kind": "Endpoints", "metadata": name, "subsets": [
                    {"addresses": [{"ip": address}], "ports": [{"name": "https", "port": port}]}]}),
                (_API_SERVICES, {
                    "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": _API_SERVICE},
                    "spec": {"service": name, "group": "metrics.k8s.io", "version": "v1beta1",
                             "insecureSkipTLSVerify": True, "groupPriorityMinimum": 100, "versionPriority": 100}})):
            self._cluster.api.request("POST", path, body)

    def _unregister(self) -> None:
        for path in (f"{_API_SERVICES}/{_API_SERVICE}", f"{_ENDPOINTS}/{_NAME}", f"{_SERVICE}/{_NAME}"):
            try:
                self._cluster.api.delete(path)
            except ApiError as error:
                if error.code != 404:
                    raise

    def _scrape(self) -> None:
        while True:
            samples: dict[str, list[dict]] = {}
            for node in self._cluster.nodes:
                try:
                    found = self._cluster.api.get(f"/api/v1/nodes/{node.name}/proxy/stats/summary",
                                                  only_cpu_and_memory="true")
                except Failure:
                    continue  # The other nodes' pods are served without this one's.
                for pod in found.get("pods") or []:
                    if sample := _pod_metrics(pod):
                        samples.setdefault(sample["metadata"]["namespace"], []).append(sample)
            self._samples = samples
            if self._stopped.wait(_RESOLUTION_S - time.monotonic() % _RESOLUTION_S):
                return

    def _answer(self, path: str) -> dict | None:
        if path == _GROUP_PATH:
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
                    "resources": [{"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics",
                                   "verbs": ["get", "list"]}]}
        namespace = path.removeprefix(f"{_GROUP_PATH}/namespaces/").removesuffix("/pods")
        if path == f"{_GROUP_PATH}/pods":
            items = [each for samples in self._samples.values() for each in samples]
        elif path == f"{_GROUP_PATH}/namespaces/{namespace}/pods":
            # The selector is not asked: an autoscaler looks only at samples whose pods are its own.
            items = self._samples.get(namespace, [])
        else:
            return None
        return {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}

    def _handler(self) -> type:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_GET(self) -> None:
                found = outer._answer(self.path.partition("?")[0].rstrip("/"))
                body = json.dumps(found or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
                                            "reason": "NotFound"}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _pod_metrics(pod: dict) -> dict | None:
    """One pod of /stats/summary as metrics-server serves it; None while a container has no figure yet."""
    containers, times = [], []
    for each in pod.get("containers") or []:
        cpu, memory = each.get("cpu", {}), each.get("memory", {})
        if "usageNanoCores" not in cpu or "workingSetBytes" not in memory:
            return None
        times.append(cpu["time"])
        containers.append({"name": each["name"], "usage": {"cpu": f"{cpu['usageNanoCores']}n",
                                                           "memory": f"{memory['workingSetBytes'] // 1024}Ki"}})
    if not containers:
        return None
    return {"metadata": {"name": pod["podRef"]["name"], "namespace": pod["podRef"]["namespace"]},
            "timestamp": min(times), "window": f"{_RESOLUTION_S}s", "containers": containers}
