"""One node as a machine: booted, stopped, unplugged, cut off, and what runs on it looked at and signalled.

Seen from this machine a node is a folder (its disk, its record), a network namespace and a tree of control groups; seen
from inside it is a standard node (machine_init builds that view). What Kubernetes runs on it is services' matter.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cgroups, commands, network, waiting
from .failure import Failure
from .settings import PYTHON


@dataclass(frozen=True)
class Machine:
    """A node of the cluster `cluster`, with its number in the address plan; `folder` is all its state."""

    cluster: str
    name: str
    ordinal: int
    folder: Path

    @property
    def disk(self) -> Path:
        """The node's own / as far as it is kept over a power-off: etc and var; logs are in var/log."""
        return self.folder / "disk"

    @property
    def _record(self) -> Path:
        """Holds the number of the node's first process; written when it has booted."""
        return self.folder / "booted"

    @property
    def _commands(self) -> Path:
        return self.folder / "commands"

    def init_pid(self) -> int | None:
        """The node's first process as this machine numbers it; None when the node is off."""
        try:
            pid = int(self._record.read_text())
        except FileNotFoundError:
            return None
        # Numbers are used again; a process is the node's only while it is in the node's control groups.
        return pid if pid in cgroups.processes(self.cluster, self.name) else None

    def is_on(self) -> bool:
        return self.init_pid() is not None

    def boot(self, description: dict) -> None:
        """Starts the node, whose link must be there; `description` is what machine_init needs beside the paths."""
        self.remove_processes()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._record.unlink(missing_ok=True)
        self._commands.unlink(missing_ok=True)
        os.mkfifo(self._commands, 0o600)
        cgroups.create(self.cluster, self.name)
        paths = {"cluster": self.cluster, "name": self.name, "disk": str(self.disk),
                 "root": str(self.folder / "root"), "record": str(self._record), "commands": str(self._commands),
                 "network_namespace": str(network.path_of(network.namespace(self.cluster, self.name)))}
        file = self.folder / "machine.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({**description, **paths}, indent=1))
        log = self.folder / "boot.log"
        with open(log, "wb") as written:
            subprocess.run([PYTHON, "-m", "evenkeel_local.machine_init", file], check=False,
                           stdin=subprocess.DEVNULL, stdout=written, stderr=written, start_new_session=True,
                           cwd=Path(__file__).parents[1])
        try:
            waiting.wait_for(lambda: self._record.exists() or not cgroups.processes(self.cluster, self.name),
                             f"{self.name} to boot", deadline_s=20, interval_s=0.02)
        finally:
            if not self.is_on():
                said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise Failure(f"the node {self.name} did not boot: {said[-1]}", f"all it said is in {log}")

    def shut_down(self, timeout_s: float = 30) -> None:
        """Stops the node in good order: its containers get SIGTERM and some time."""
        if pid := self.init_pid():
            os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(Failure):  # Who does not end in time is ended.
                waiting.wait_for(lambda: not self.is_on(), f"{self.name} to shut down", deadline_s=timeout_s)
        self.remove_processes()

    def kill(self) -> None:
        """Ends everything on the node at once. Unplug its link first if its peers shall not be told."""
        if pid := self.init_pid():
            # The kernel takes the whole process namespace down with its first process.
            os.kill(pid, signal.SIGKILL)
        self.remove_processes()

    def remove_processes(self) -> None:
        """Makes sure that nothing of an earlier boot is left: no process, no control group."""
        cgroups.kill_all(self.cluster, self.name)
        cgroups.remove(self.cluster, self.name)
        self._record.unlink(missing_ok=True)

    def remove(self) -> None:
        self.remove_processes()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command_for(self, *argv: str) -> list[str]:
        """The command that runs `argv` on the node, as root, with the node's view of everything."""
        pid = self.init_pid()
        if pid is None:
            raise Failure(f"the node {self.name} is off", f"deploy/local/node start {self.name}")
        return ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root",
                "--wd", *argv]

    def run(self, *argv: str, timeout_s: float = 60) -> str:
        """Runs a program on the node to its end and returns what it wrote."""
        path = "/opt/kubernetes:/usr/sbin:/usr/bin:/sbin:/bin"
        return commands.run(self.command_for(*argv), timeout_s=timeout_s, environment={"PATH": path})

    def set_service(self, service: str, wanted: bool) -> None:
        """Starts a service of the node, or kills it and keeps it down."""
        if not self.is_on():
            raise Failure(f"the node {self.name} is off", f"deploy/local/node start {self.name}")
        known = [each["name"] for each in json.loads((self.folder / "machine.json").read_text())["services"]]
        if service not in known:
            raise Failure(f"{self.name} has no service {service}", f"its services are {', '.join(known)}")
        running = set(self.processes(service))
        with open(os.open(self._commands, os.O_WRONLY | os.O_NONBLOCK), "w", encoding="utf-8") as pipe:
            pipe.write(f"{'start' if wanted else 'stop'} {service}\n")
        if wanted:
            waiting.wait_for(lambda: self.processes(service), f"{service} on {self.name} to be up", deadline_s=15)
        else:
            # A process that ends loses its program's name before its sockets, and its control group last of all.
            waiting.wait_for(lambda: not running & cgroups.processes(self.cluster, self.name),
                             f"{service} on {self.name} to be down", deadline_s=15)

    def processes(self, program: str) -> list[int]:
        """The processes on the node, in containers too, whose program has this name; numbered as on this machine."""
        return [pid for pid in sorted(cgroups.processes(self.cluster, self.name)) if _program_of(pid) == program]

    def signal_program(self, program: str, number: signal.Signals) -> list[int]:
        """Sends a signal to every process with this program name on the node, and returns them."""
        found = self.processes(program)
        if not found:
            raise Failure(f"no process {program} runs on {self.name}",
                          f"see what does: deploy/local/node exec {self.name} ps ax")
        for pid in found:
            os.kill(pid, number)
        return found

    def set_pod_link(self, uid: str, up: bool) -> None:
        """Cuts a pod off the network, or ends that. The pod's own settings are not touched: its cable is pulled."""
        pids = [pid for pid in cgroups.processes(self.cluster, self.name) if _is_in_pod(pid, uid)]
        if not pids:
            raise Failure(f"the pod with uid {uid} does not run on {self.name}")
        links = json.loads(commands.run(["nsenter", "--target", str(pids[0]), "--net", "ip", "-json", "link", "show",
                                         "eth0"]))
        if "link_index" not in links[0]:
            raise Failure(f"the pod with uid {uid} uses the network of its node", "cut the node off instead")
        where = network.namespace(self.cluster, self.name)
        for link in json.loads(commands.run(["ip", "-n", where, "-json", "link", "show"])):
            if link["ifindex"] == links[0]["link_index"]:
                commands.run(["ip", "-n", where, "link", "set", link["ifname"], "up" if up else "down"])


def _program_of(pid: int) -> str:
    try:
        first = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return ""
    return os.path.basename(first.decode(errors="replace"))


def _is_in_pod(pid: int, uid: str) -> bool:
    try:
        return f"pod{uid}" in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return False
