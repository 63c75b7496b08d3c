"""Control groups of the nodes, in version 1 (one hierarchy a controller) and version 2 alike.

Each node has the group /evenkeel-local/CLUSTER/NODE in every hierarchy. Everything that runs on the node runs below
it, so the group says what belongs to a node, however it was started; the node itself sees it as the root.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .failure import Failure

_TOP = "evenkeel-local"
_SYSTEM = "system"
# Weights as version 1 has them (cpu.shares); version 2 (cpu.weight) has 100 for 1024.
_EQUAL_SHARES = 1024
# A real node keeps CPU for kubelet and runtime (kube-reserved). Here all nodes burn the same, so they have twice what the
# kubelet gives its pods on a machine with two cores.
_SYSTEM_SHARES = 4096


@dataclass(frozen=True)
class Hierarchy:
    """One mounted hierarchy of control groups."""

    mount: Path
    kind: str  # cgroup (version 1) or cgroup2
    options: str  # the controllers, as mount wants them; empty for version 2


def hierarchies() -> list[Hierarchy]:
    """Those that are mounted below /sys/fs/cgroup."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields, _, rest = line.partition(" - ")
        mount, (kind, _, options) = Path(fields.split()[4]), rest.split()
        if kind in ("cgroup", "cgroup2") and mount.is_relative_to("/sys/fs/cgroup"):
            controllers = [option for option in options.split(",") if option not in ("rw", "ro")]
            found.append(Hierarchy(mount, kind, ",".join(controllers) if kind == "cgroup" else ""))
    if not found:
        raise Failure("no control groups are mounted below /sys/fs/cgroup", "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
    return found


def create(cluster: str, node: str, shares: int = _EQUAL_SHARES) -> None:
    """Makes the node's groups, and in each the group `system` for what is not a container.

    `shares` is the node's part of a busy machine's CPU, where 1024 is what each node has.
    """
    for hierarchy in hierarchies():
        group = hierarchy.mount
        for part in (_TOP, cluster, node, _SYSTEM):
            if hierarchy.kind == "cgroup2" and part != _SYSTEM:
                _delegate(group)
            group = group / part
            group.mkdir(exist_ok=True)
            # A new cpuset of version 1 is empty, and nothing can run in it.
            for file in ("cpuset.cpus", "cpuset.mems"):
                if hierarchy.kind == "cgroup" and (group / file).exists():
                    (group / file).write_text((group.parent / file).read_text())
        _set_shares(group, _SYSTEM_SHARES)
        _set_shares(group.parent, shares)


def enter(cluster: str, node: str) -> None:
    """Moves the calling process into the node's own group, which a new control group namespace then has as its root."""
    for hierarchy in hierarchies():
        _move_to(hierarchy.mount / _TOP / cluster / node)


def enter_system(cluster: str, node: str) -> None:
    """Moves the calling process on into the node's group `system`, and lets groups for containers be made beside it.

    In version 2 a group that gives its controllers to groups below it must hold no processes itself.
    """
    for hierarchy in hierarchies():
        group = hierarchy.mount / _TOP / cluster / node
        _move_to(group / _SYSTEM)
        if hierarchy.kind == "cgroup2":
            _delegate(group)


def _move_to(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))


def _delegate(group: Path) -> None:
    """Version 2: lets the groups below this one have all its controllers."""
    controllers = (group / "cgroup.controllers").read_text().split()
    (group / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in controllers))


def _set_shares(group: Path, shares: int) -> None:
    if (group / "cpu.shares").exists():
        (group / "cpu.shares").write_text(str(shares))
    elif (group / "cpu.weight").exists():
        (group / "cpu.weight").write_text(str(max(1, shares * 100 // _EQUAL_SHARES)))


def pods_cpu_s(cluster: str) -> dict[str, float]:
    """CPU that each pod of a cluster has used since its start, by its uid."""
    found = {}
    for hierarchy in hierarchies():
        files = {"cgroup": "cpuacct.usage", "cgroup2": "cpu.stat"}
        if hierarchy.kind == "cgroup" and not (hierarchy.mount / files["cgroup"]).exists():
            continue
        for pattern in ("*/kubepods/pod*", "*/kubepods/*/pod*"):
            for group in (hierarchy.mount / _TOP / cluster).glob(pattern):
                try:
                    text = (group / files[hierarchy.kind]).read_text()
                except OSError:
                    continue  # It has just ended.
                # Microseconds in version 2, in the line usage_usec.
                used = int(text) / 1e9 if hierarchy.kind == "cgroup" else int(text.split()[1]) / 1e6
                uid = group.name.removeprefix("pod")
                found[uid] = max(used, found.get(uid, 0.0))
    return found


def processes(cluster: str, node: str | None = None) -> set[int]:
    """The processes of a node, or of a whole cluster, by this machine's process ids."""
    found = set()
    for group in _groups(cluster, node):
        try:
            found.update(int(word) for word in (group / "cgroup.procs").read_text().split())
        except OSError:
            continue  # The group went away, or is threaded and has its processes in a group above.
    found.discard(0)
    return found


def kill_all(cluster: str, node: str | None = None, timeout_s: float = 20) -> None:
    """SIGKILL to every process of a node or cluster until none is left."""
    deadline = time.monotonic() + timeout_s
    while remaining := processes(cluster, node):
        if time.monotonic() > deadline:
            raise Failure(f"processes {sorted(remaining)} of {node or cluster} do not die",
                          "look at their state: ps -o pid,stat,wchan,args -p PID (D: waits for a device)")
        for pid in remaining:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)


def remove(cluster: str, node: str | None = None) -> None:
    """Removes the groups of a node or cluster, and what is then empty above them."""
    for group in _groups(cluster, node):
        _remove(group)
    for hierarchy in hierarchies():
        for above in (hierarchy.mount / _TOP / cluster, hierarchy.mount / _TOP):
            try:
                above.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                break  # Other nodes or clusters are still in it.


def clusters() -> set[str]:
    """Clusters that have groups, found without their records."""
    return {group.name for hierarchy in hierarchies() for group in (hierarchy.mount / _TOP).glob("*/")}


def _groups(cluster: str, node: str | None) -> Iterator[Path]:
    """All groups of a node or cluster, the deepest first."""
    for hierarchy in hierarchies():
        top = hierarchy.mount / _TOP / cluster
        if node is not None:
            top = top / node
        for folder, _, _ in os.walk(top, topdown=False):
            yield Path(folder)


def _remove(group: Path) -> None:
    deadline = time.monotonic() + 5
    while group.exists():
        try:
            group.rmdir()
        except OSError as error:  # A process that was just killed leaves its group a moment later.
            if time.monotonic() > deadline:
                raise Failure(f"the control group {group} cannot be removed: {error.strerror}") from None
            time.sleep(0.02)
