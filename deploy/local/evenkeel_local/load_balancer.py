"""The load balancer in front of the cluster: a real HAProxy that does what a cloud's does, and no more.

Connections are forwarded (no HTTP is looked at) to a NodePort on each node in turn; a node is taken out when it fails
its health checks; nothing is tried twice. Any node may forward to any pod, so a node that lives still sends a share of
the connections to pods that do not, until Kubernetes tells it better.
"""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from . import cgroups, waiting
from .failure import Failure

# Health is checked four times a second and two failures count, which is quicker than a cloud does it. It has to be:
# this part of an outage is the load balancer's own, the same with and without Evenkeel.
_CONFIGURATION = """\
global
  maxconn 1000
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout check 250ms
  retries 0
listen application
  bind 127.0.0.1:{port}
  balance roundrobin
  default-server check inter 250ms fall 2 rise 2
{servers}
"""


class LoadBalancer:
    """One HAProxy on a port of the loopback interface. It runs in a control group of the cluster, so that `down` ends
    it too if this program could not."""

    def __init__(self, cluster: str, backends: dict[str, str]):
        """`backends`: ADDRESS:PORT by the node's name."""
        self._cluster = cluster
        self._folder = Path(tempfile.mkdtemp(prefix="evenkeel-load-balancer-"))
        self.host, self.port = "127.0.0.1", _free_port()
        servers = "\n".join(f"  server {name} {address}" for name, address in backends.items())
        file = self._folder / "haproxy.cfg"
        file.write_text(_CONFIGURATION.format(port=self.port, servers=servers))
        if not (program := shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")):
            raise Failure("HAProxy is not installed", "deploy/packages/install cluster")
        cgroups.create(cluster, "load-balancer")
        with open(self._folder / "haproxy.log", "wb") as log:
            self._process = subprocess.Popen(
                [program, "-db", "-f", file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: cgroups.enter_system(cluster, "load-balancer"))

    def wait_until_up(self) -> None:
        waiting.wait_for(self._answers, "the load balancer to reach the application", deadline_s=30)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise Failure(f"HAProxy ended: {(self._folder / 'haproxy.log').read_text().strip()}")
        with socket.create_connection((self.host, self.port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(1024)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        cgroups.remove(self._cluster, "load-balancer")
        shutil.rmtree(self._folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
