"""The gateway of Lab 4: a real HAProxy before two clusters, set up as deploy/haproxy/README.md says, and who looks at it.

Requests are spread by a map; each server is a node's NodePort. HAProxy tries nothing twice, so that whatever is lost is seen.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Sequence

from . import waiting
from .cluster import Cluster
from .failure import Failure
from .neighbour import Neighbour

PORT = 80
SIDE_HEADER = "x-backend"
_NUMBER = 6  # In the address plan.
_HUNDREDTHS = 100
LOOKS_S = 0.05
_SOCKET_S = 2.0
_CONFIGURATION = """\
global
  stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
  maxconn 4000
defaults
  mode http
  # A first packet that is lost on the way is sent again after a second: that is no lost request.
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout check 1s
  retries 0
  # Kept-alive connections end in good order at a reload.
  option idle-close-on-response
frontend web
  bind :{port}
  http-request set-var(txn.evenkeel_canary) req.hdr(x-evenkeel-canary)
  use_backend %[str(canary/),concat(,txn.evenkeel_canary),map_str({map})] if {{ str(canary/),concat(,txn.evenkeel_canary),map_str({map}) -m found }}
  use_backend %[rand(100),map_str({map})]
{backends}
"""
_BACKEND = """\
backend {name}
  option httpchk GET /alive
  http-response set-header {header} %[be_name]
  default-server check inter 300ms fall 2 rise 1
{servers}
"""


@dataclass(frozen=True)
class Look:
    """What HAProxy did at a moment, `at_s` on the monotonic clock: of each backend its percent of what is new, and what it has
    in flight. `worker` is another one after each reload."""

    at_s: float
    percent: dict[str, int]
    in_flight: dict[str, int]
    worker: str


class Gateway:
    """HAProxy in front of the NodePorts of several clusters; each cluster is a backend of its name."""

    def __init__(self, clusters: Sequence[Cluster], node_port: int):
        self._clusters, self._node_port = list(clusters), node_port
        self._machine = Neighbour("gateway", _NUMBER, clusters)
        self.folder = self._machine.folder
        self.map = self.folder / "web.map"
        self.socket, self._master_socket = self.folder / "admin.sock", self.folder / "master.sock"
        self._process: subprocess.Popen | None = None

    def address(self, cluster: Cluster) -> str:
        """Where it is asked, over that cluster's network."""
        return self._machine.address(cluster)

    def start(self, first: Cluster) -> None:
        """Starts it anew, with everything going to one cluster."""
        if not (program := shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")):
            raise Failure("HAProxy is not installed", "deploy/packages/install cluster")
        self._machine.ensure()
        if self._process:
            self._process.wait()  # It was ended with all that ran there.
        for cluster in self._clusters:
            self._forget_connections(cluster)
        for stale in self.folder.glob("*"):
            stale.unlink()
        self.map.write_text("".join(f"{number} {first.name}\n" for number in range(_HUNDREDTHS)))
        file = self.folder / "haproxy.cfg"
        file.write_text(_CONFIGURATION.format(folder=self.folder, port=PORT, map=self.map,
                                              backends="\n".join(map(self._backend, self._clusters))))
        self._process = self._machine.start([program, "-W", "-S", self._master_socket, "-f", file], "haproxy.log")
        waiting.wait_for(self._serves, "the gateway to reach both clusters", deadline_s=60,
                         cure=f"see {self.folder}/haproxy.log")

    def gateways_yaml(self, name: str) -> str:
        """Of this gateway, for the coordinator's --gateways-file."""
        return (f"gateways:\n- name: {name}\n  kind: haproxy\n  socket: unix:{self.socket}\n"
                f"  masterSocket: unix:{self._master_socket}\n  keepFiles: true\n")

    def reload(self) -> None:
        """As `systemctl reload haproxy` does; returns when another process serves."""
        before = self.look().worker
        os.kill(self._process.pid, signal.SIGUSR2)
        waiting.wait_for(lambda: self.look().worker != before, "HAProxy to be reloaded", deadline_s=30, interval_s=0.05)

    def look(self) -> Look:
        info, entries, stat = (self._ask(command) for command in ("show info", f"show map {self.map}", "show stat"))
        at_s = time.monotonic()
        percent = {cluster.name: 0 for cluster in self._clusters}
        for line in entries.splitlines():
            _, key, value = line.split(" ", 2)
            if key.isdigit():
                percent[value] = percent.get(value, 0) + 1
        in_flight = {}
        columns: list[str] = []
        for line in stat.splitlines():
            cells = line.removeprefix("# ").split(",")
            if line.startswith("# "):
                columns = cells
            elif len(cells) > 1 and cells[1] == "BACKEND":
                in_flight[cells[0]] = int(cells[columns.index("scur")])
        worker = next((line.split(": ")[1] for line in info.splitlines() if line.startswith("Pid: ")), "")
        return Look(at_s, percent, in_flight, worker)

    def stop(self) -> None:
        self._machine.remove()

    def _forget_connections(self, cluster: Cluster) -> None:
        """Has the nodes forget the gateway's earlier connections. Those whose end no packet has told, because the gateway was taken
        away or a pod died with its node, are kept for up to a day; a new one from the same port would be sent after the old one."""
        forget = f"conntrack -D -s {self.address(cluster)} 2>&1 || test $? = 1"  # 1: there was none
        for node in cluster.nodes:
            cluster.machine(node).run("sh", "-c", forget)

    def _backend(self, cluster: Cluster) -> str:
        servers = "\n".join(f"  server {node.name} {cluster.address(node)}:{self._node_port}" for node in cluster.workers())
        return _BACKEND.format(name=cluster.name, header=SIDE_HEADER, servers=servers)

    def _serves(self) -> bool:
        if self._process.poll() is not None:
            raise Failure(f"HAProxy ended: {(self.folder / 'haproxy.log').read_text().strip()[-1000:]}")
        rows = [line.split(",") for line in self._ask("show stat").splitlines()]
        columns = [each.removeprefix("# ") for each in rows[0]]
        # "UP" while only the first check is out, "L7OK" once it has come back well.
        servers = [row for row in rows[1:] if len(row) > 1 and row[1] not in ("FRONTEND", "BACKEND")]
        return bool(servers) and all(row[columns.index("check_status")] == "L7OK" for row in servers)

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SOCKET_S)
            connection.connect(str(self.socket))
            connection.sendall(f"{command}\n".encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode().rstrip("\n")


class GatewayWatch:
    """Looks at a gateway twenty times a second, knows nothing of Evenkeel, and keeps what has changed."""

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._looks = [gateway.look()]  # Bounded by the length of a run; one for each change of the shares.
        self._last = self._looks[0]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stopped.wait(LOOKS_S):
            with contextlib.suppress(OSError, ValueError, IndexError):  # In the midst of a reload.
                self._last = self._gateway.look()
                if (self._last.percent, self._last.worker) != (self._looks[-1].percent, self._looks[-1].worker):
                    self._looks.append(self._last)

    def now(self) -> Look:
        return self._last

    def changes(self) -> list[Look]:
        """Each change of shares or of the process, and how it was at the beginning."""
        return list(self._looks)

    def has_percent_since(self, backend: str, percent: int, after_s: float) -> float | None:
        """When it was first seen after a time that the backend has so much; None: it was not."""
        looks = self.changes()
        for look, later in zip(looks, [*looks[1:], None]):
            if look.percent.get(backend, 0) == percent and (later is None or later.at_s > after_s):
                return max(after_s, look.at_s)
        return None

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
