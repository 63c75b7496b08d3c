"""mount(2), unshare(2) and setns(2), which Python 3.11 does not offer."""

import ctypes
import os
from pathlib import Path

BIND, RECURSIVE, PRIVATE, SHARED = 0x1000, 0x4000, 0x40000, 0x100000
_DETACH = 0x2
NEW_MOUNT, NEW_CGROUP, NEW_HOSTNAME, NEW_IPC, NEW_PID = 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags),
                       options.encode()), f"mount {source} at {target}")


def bind(source: str | Path, target: str | Path) -> None:
    """`source` and everything mounted below it, also at `target`."""
    mount(source, target, flags=BIND | RECURSIVE)


def detach(target: str | Path) -> None:
    _check(_libc.umount2(os.fsencode(target), _DETACH), f"unmount {target}")


def unshare(namespaces: int) -> None:
    """Leaves the namespaces named by NEW_* for new ones; a new process namespace is for children only."""
    _check(_libc.unshare(namespaces), "unshare namespaces")


def enter(namespace: Path) -> None:
    """Enters the namespace that this file stands for."""
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        _check(_libc.setns(descriptor, 0), f"enter {namespace}")
    finally:
        os.close(descriptor)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
