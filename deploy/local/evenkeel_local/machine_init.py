"""The first process of a local node: what firmware, kernel and systemd are to a real machine.

Started by machine.Machine.boot, it goes into the node's control groups and network namespace, makes new namespaces for
everything else, builds the node's own root folder, in which every path is where it is on a standard node, and then runs
the node's services: in order of what they wait for, again when they end, until it gets SIGTERM.

It is driven through a FIFO, a line a command: `start SERVICE` and `stop SERVICE` (which keeps it down). And a file that
somebody on the node puts into /run/evenkeel/restart is taken away, and the service that it stands for starts anew, as
systemd does with the units of deploy/kubernetes/extras/restart.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from . import cgroups, namespaces

_RESTART_AFTER_S = 1.0
_POLL_S = 0.05  # Only while a service waits for something.
_GRACE_S = 20.0
_FILES_OF_THE_HOST = ("passwd", "group", "nsswitch.conf", "protocols", "services", "ld.so.cache", "ld.so.conf",
                      "ld.so.conf.d", "alternatives", "os-release", "localtime", "ssl")
# What kubelet wants of a kernel, and sets where it is not so.
_KERNEL_SETTINGS = {"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10",
                    "kernel/panic_on_oops": "1", "kernel/keys/root_maxkeys": "1000000",
                    "kernel/keys/root_maxbytes": "25000000"}
_RESTARTS = Path("/run/evenkeel/restart")
_RESTARTED = {"kubelet": "kubelet", "runtime": "containerd"}
_FOLDERS_OF_THE_HOST = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def build_root(machine: dict) -> None:
    """Makes the node's root folder and moves into it; nothing of the host's but its programs can be seen then."""
    disk, root = Path(machine["disk"]), Path(machine["root"])
    root.mkdir(exist_ok=True)
    namespaces.mount("none", "/", flags=namespaces.PRIVATE | namespaces.RECURSIVE)
    namespaces.mount("root", root, "tmpfs", options="mode=755,size=1m")
    for name in ("dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "sys", "tmp", "usr", "var"):
        (root / name).mkdir()
    namespaces.bind("/usr", root / "usr")
    for name in _FOLDERS_OF_THE_HOST:
        there = Path("/", name)
        if there.is_symlink():
            (root / name).symlink_to(os.readlink(there))
        elif there.is_dir():
            (root / name).mkdir()
            namespaces.bind(there, root / name)
    for name in ("etc", "var"):
        namespaces.bind(disk / name, root / name)
    for name, options in (("run", "mode=755"), ("tmp", "mode=1777")):
        namespaces.mount(name, root / name, "tmpfs", options=options)
    for source, target in ((machine["kubernetes"], "opt/kubernetes"), (machine["images"], "opt/images")):
        (root / target).mkdir()
        namespaces.bind(source, root / target)
    namespaces.bind("/dev", root / "dev")
    namespaces.mount("proc", root / "proc", "proc")
    _mount_sysfs(root)
    _own_kernel_settings(root)
    _pivot(root)


def _mount_sysfs(root: Path) -> None:
    """/sys of this network namespace, with the control groups as this control group namespace shows them."""
    found = cgroups.hierarchies()
    links = [path for path in Path("/sys/fs/cgroup").iterdir() if path.is_symlink()]
    targets = [(link.name, os.readlink(link)) for link in links]
    namespaces.mount("sysfs", root / "sys", "sysfs")
    top = root / "sys/fs/cgroup"
    if found[0].mount != Path("/sys/fs/cgroup"):  # Version 1: a folder with a mount for each hierarchy.
        namespaces.mount("cgroup", top, "tmpfs", options="mode=755")
    for hierarchy in found:
        target = root / hierarchy.mount.relative_to("/")
        target.mkdir(exist_ok=True)
        namespaces.mount(hierarchy.kind, target, hierarchy.kind, options=hierarchy.options)
    for name, points_to in targets:
        (top / name).symlink_to(points_to)


def _own_kernel_settings(root: Path) -> None:
    """Puts files of the node's own over those in /proc/sys that are one for all nodes and the host.

    A node that boots has a new boot id, and everybody on it has to see that. And what a kubelet sets on its machine must
    not be set on the host, so it finds it set already.
    """
    files = {**_KERNEL_SETTINGS, "kernel/random/boot_id": str(uuid.uuid4())}
    for name, value in files.items():
        file = root / "run/sysctl" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
        file.chmod(0o444)
        if (setting := root / "proc/sys" / name).exists():
            namespaces.mount(file, setting, flags=namespaces.BIND)


def _pivot(root: Path) -> None:
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "mnt"], check=True)
    os.chdir("/")
    namespaces.detach("/mnt")
    # Containers may ask for mounts that propagate, which needs a shared root, as systemd makes it.
    namespaces.mount("none", "/", flags=namespaces.SHARED | namespaces.RECURSIVE)


def write_disk(machine: dict) -> None:
    """What the node's disk must hold before it boots; what is there already stays, as on a disk."""
    disk = Path(machine["disk"])
    for name in ("etc", "var/lib", "var/log/pods", "var/tmp", "var/lib/kubelet"):
        (disk / name).mkdir(parents=True, exist_ok=True)
    if not (disk / "var/run").is_symlink():
        (disk / "var/run").symlink_to("/run")
    for name in _FILES_OF_THE_HOST:
        source, target = Path("/etc", name), disk / "etc" / name
        if target.exists() or not source.exists():
            continue
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore_dangling_symlinks=True)
        else:
            shutil.copy(source, target)
    (disk / "etc/hostname").write_text(machine["name"] + "\n")
    (disk / "etc/hosts").write_text(f"127.0.0.1 localhost\n{machine['address']} {machine['name']}\n")
    (disk / "etc/resolv.conf").write_text("")
    if not (disk / "etc/machine-id").exists():
        (disk / "etc/machine-id").write_text(uuid.uuid4().hex + "\n")
    for path, content in machine["files"].items():
        target = disk / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(0o600)


class Service:
    """One program that is kept running.

    `after` names what has to be there before it starts: unix:PATH or tcp:HOST:PORT accept connections, done:SERVICE has
    ended well. A service with `once` runs to its end instead of for ever.
    """

    def __init__(self, description: dict):
        self.name: str = description["name"]
        self.argv: list[str] = description["argv"]
        self.after: list[str] = description.get("after", [])
        self.once: bool = description.get("once", False)
        self.wanted = True
        self.done = False
        self.process: subprocess.Popen | None = None
        self.not_before = 0.0

    def may_start(self, now: float, services: dict[str, "Service"]) -> bool:
        if not self.wanted or self.process or self.done or now < self.not_before:
            return False
        return all(self._is_there(condition, services) for condition in self.after)

    @staticmethod
    def _is_there(condition: str, services: dict[str, "Service"]) -> bool:
        kind, _, what = condition.partition(":")
        if kind == "done":
            return services[what].done
        if kind == "unix":
            connection, address = socket.socket(socket.AF_UNIX), what
        else:
            host, _, port = what.rpartition(":")
            connection, address = socket.socket(), (host, int(port))
        with connection:
            connection.settimeout(0.2)
            return connection.connect_ex(address) == 0

    def start(self) -> None:
        with open(f"/var/log/{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    def ended(self, status: int, now: float) -> None:
        self.process = None
        self.done = self.once and status == 0
        self.not_before = now + _RESTART_AFTER_S


class Init:
    """Process 1: starts and restarts services, reaps whatever is orphaned, and shuts down on SIGTERM."""

    def __init__(self, machine: dict, commands: int):
        self._services = {each["name"]: Service(each) for each in machine["services"]}
        self._commands = commands
        self._stopping = False
        self._wakeup, writing = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)
        _RESTARTS.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGIO, lambda *_: None)  # It wakes the select below; what it is about is looked up.
        self._restarts = os.open(_RESTARTS, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.fcntl(self._restarts, fcntl.F_NOTIFY, fcntl.DN_CREATE | fcntl.DN_RENAME | fcntl.DN_MULTISHOT)

    def _on_term(self, *_: object) -> None:
        self._stopping = True

    def run(self) -> None:
        while not self._stopping:
            now = time.monotonic()
            for service in self._services.values():
                if service.may_start(now, self._services):
                    service.start()
            waiting = any(each.wanted and not each.done and not each.process for each in self._services.values())
            readable, _, _ = select.select([self._wakeup, self._commands], [], [], _POLL_S if waiting else None)
            if self._wakeup in readable:
                os.read(self._wakeup, 4096)
            self._reap()
            self._restart_what_is_asked()
            if self._commands in readable:
                for line in os.read(self._commands, 65536).decode().splitlines():
                    self._obey(*line.split())
        self._shut_down()

    def _restart_what_is_asked(self) -> None:
        for name in os.listdir(_RESTARTS):  # By its path: closing a copy of the descriptor ends its notifications.
            os.unlink(_RESTARTS / name)
            service = self._services.get(_RESTARTED.get(name, ""))
            if service and service.process:
                service.process.kill()  # It is wanted, so it starts again.

    def _obey(self, verb: str, name: str) -> None:
        service = self._services[name]
        service.wanted = verb == "start"
        service.not_before = 0.0
        if not service.wanted and service.process:
            service.process.kill()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for service in self._services.values():
                if service.process and service.process.pid == pid:
                    service.process.returncode = status  # Popen must not wait for it again.
                    service.ended(status, time.monotonic())

    def _shut_down(self) -> None:
        """As systemd does: kubelet first, so that it does not restart what ends; then everybody, politely; then 9."""
        if (kubelet := self._services.get("kubelet")) and kubelet.process:
            kubelet.process.kill()
        os.kill(-1, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        # containerd and its shims would have to be told to stop each container; that only containers are left with
        # them shows in nobody else being there, so the grace period is for containers alone.
        while time.monotonic() < deadline and _containers():
            self._reap()
            time.sleep(_POLL_S)


def _containers() -> bool:
    """Whether a process lives that is in a container: its process namespace is not ours."""
    own = os.readlink("/proc/self/ns/pid")
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != own:
                    return True
            except OSError:
                continue
    return False


def main() -> None:
    machine = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    cgroups.enter(machine["cluster"], machine["name"])
    namespaces.enter(Path(machine["network_namespace"]))
    namespaces.unshare(namespaces.NEW_MOUNT | namespaces.NEW_CGROUP | namespaces.NEW_HOSTNAME | namespaces.NEW_IPC
                       | namespaces.NEW_PID)
    cgroups.enter_system(machine["cluster"], machine["name"])
    if os.fork() == 0:
        boot(machine)
    # The child is process 1 of the node; this one was only there to make it.


def boot(machine: dict) -> None:
    """Process 1, from its first moment to the node's end."""
    # The host's /proc, which is still mounted here, shows the number that the host knows this process by.
    host_pid = os.readlink("/proc/self")
    socket.sethostname(machine["name"])
    write_disk(machine)
    commands = os.open(machine["commands"], os.O_RDWR | os.O_NONBLOCK)  # Read and write: never at its end.
    record = Path(machine["record"])
    folder = os.open(record.parent, os.O_PATH)
    build_root(machine)
    os.environ.clear()
    os.environ["PATH"] = "/opt/kubernetes:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["HOME"] = "/root"
    init = Init(machine, commands)
    _publish(folder, record.name, host_pid)
    init.run()


def _publish(folder: int, name: str, text: str) -> None:
    """Tells Machine.boot, which waits for this file, that the node has booted, and as which process."""
    with open(os.open(name + ".part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=folder), "w",
              encoding="utf-8") as file:
        file.write(text)
    os.rename(name + ".part", name, src_dir_fd=folder, dst_dir_fd=folder)
    os.close(folder)


if __name__ == "__main__":
    main()
