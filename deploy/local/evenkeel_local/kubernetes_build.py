"""Kubernetes' programs, built once from Debian 12's source package and kept in the cache.

Debian ships the whole tree of Kubernetes 1.20.2 as source but only kubectl as a binary. What this builds is
published by one rename, so that a folder that exists is complete, whoever was interrupted while making it.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import commands
from .failure import Failure
from .locks import locked
from .progress import Progress
from .settings import CACHE

VERSION = "1.20.2"
SUITE = "bookworm"
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# The tree vendors reflect2 1.0.1, which calls reflect.mapiterinit as it was before Go 1.18: built with Debian's Go it
# iterates over maps in memory that is not its own, and an API server crashes now and then while it writes JSON
# (https://github.com/kubernetes/client-go/issues/1048). Debian has the release that mends it, 1.0.2.
_REFLECT2 = "github.com/modern-go/reflect2"
_MENDED = Path("/usr/share/gocode/src")

# Everything that decides what comes out is in here, and so in the cache's key.
_MAKE = ("make", "GOLDFLAGS=-s -w", "WHAT=" + " ".join(f"cmd/{program}" for program in PROGRAMS))
_ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GO111MODULE": "on",
    "GOFLAGS": "-mod=vendor",
    "KUBE_GIT_VERSION": f"v{VERSION}",  # There is no git tree to ask.
    "KUBE_GIT_COMMIT": "debian",
    "KUBE_GIT_TREE_STATE": "clean",
}


def folder() -> Path:
    """Where the programs are, or will be once they are built."""
    if given := os.environ.get("EVENKEEL_KUBERNETES"):
        return Path(given)
    recipe = repr((VERSION, SUITE, _REFLECT2, _MAKE, sorted(_ENVIRONMENT.items())))
    return CACHE / f"kubernetes-{VERSION}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"


def ensure(progress: Progress) -> Path:
    """Returns the folder with the programs, building them first when they are not there."""
    found = folder()
    if "EVENKEEL_KUBERNETES" in os.environ:
        missing = [program for program in PROGRAMS if not (found / program).exists()]
        if missing:
            raise Failure(f"EVENKEEL_KUBERNETES={found} lacks {', '.join(missing)}",
                          "name a folder that deploy/local/build-kubernetes filled, or unset the variable")
        return found
    if not found.exists():
        with locked(CACHE / "kubernetes.lock"):
            if not found.exists():
                _build(found, progress)
    return found


def _build(target: Path, progress: Progress) -> None:
    progress.done(f"building Kubernetes {VERSION} from Debian's source, once: about 8 minutes on two cores")
    # Always the same folder, since Go's cache goes by paths, too. The lock is held; what is there was interrupted.
    work = CACHE / "kubernetes-build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        tree = _fetch(work, progress)
        _make(tree, progress)
        built = work / "programs"
        built.mkdir()
        for program in PROGRAMS:
            shutil.move(tree / "_output/local/bin" / _platform() / program, built / program)
        built.rename(target)
        progress.done(f"Kubernetes {VERSION} is in {target}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fetch(work: Path, progress: Progress) -> Path:
    """Downloads, unpacks and patches the source; returns the tree."""
    progress.waiting("the source package of Kubernetes (10 MB)")
    lists = work / "lists"
    (lists / "partial").mkdir(parents=True)
    sources = work / "sources.list"
    sources.write_text(f"deb-src [signed-by={_KEYRING}] {_archive()} {SUITE} main\n")
    # Lists of our own: the machine's apt configuration stays as it is.
    options = ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=-",
               "-o", f"Dir::State::Lists={lists}", "-o", "APT::Get::Only-Source=true",
               "-o", "APT::Sandbox::User=root"]
    cure = "check that the Debian archive that apt uses can be reached"
    commands.run(["apt-get", *options, "update", "-qq"], cure=cure, timeout_s=300)
    commands.run(["sh", "-c", 'cd "$0" && exec "$@"', work, "apt-get", *options, "source", "--download-only", "-qq",
                  "kubernetes"], cure=cure, timeout_s=600)
    original = _only(work, f"kubernetes_*{VERSION}.orig.tar.*")
    commands.run(["tar", "xf", original, "-C", work], timeout_s=300)
    tree = _only(work, f"kubernetes-{VERSION}*")
    commands.run(["tar", "xf", _only(work, "kubernetes_*.debian.tar.*"), "-C", tree])
    for line in (tree / "debian/patches/series").read_text().splitlines():
        if line and not line.startswith("#"):
            commands.run(["patch", "-p1", "-s", "-d", tree, "-i", tree / "debian/patches" / line])
    _mend(tree)
    progress.done(f"source unpacked: {original.name}")
    return tree


def _mend(tree: Path) -> None:
    """Puts the mended reflect2 in the vendored one's place."""
    mended = _MENDED / _REFLECT2
    if not mended.is_dir():
        raise Failure(f"{mended} is not there",
                      "install golang-github-modern-go-reflect2-dev: deploy/packages/install cluster")
    vendored = tree / "vendor" / _REFLECT2
    shutil.rmtree(vendored)
    shutil.copytree(mended, vendored, ignore=shutil.ignore_patterns("go.mod", "*_test.go"))


def _archive() -> str:
    """The Debian mirror that this machine's apt takes its packages from."""
    targets = commands.run(["apt-get", "indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)"])
    match = re.search(rf"^Packages {SUITE} main (\S+)$", targets, re.MULTILINE)
    return match.group(1) if match else "http://deb.debian.org/debian/"


def _only(where: Path, pattern: str) -> Path:
    found = sorted(where.glob(pattern))
    if len(found) != 1:
        raise Failure(f"expected one {pattern} in the source package, found {len(found)}",
                      f"Debian's {SUITE} may carry another version by now: see kubernetes_build.py")
    return found[0]


def _platform() -> str:
    return "linux/" + commands.run(["go", "env", "GOARCH"]).strip()


def _make(tree: Path, progress: Progress) -> None:
    # The build system wants to see itself inside a GOPATH.
    inside = tree / ".go/src/k8s.io/kubernetes"
    inside.parent.mkdir(parents=True)
    inside.symlink_to("../../..")
    environment = {**os.environ, **_ENVIRONMENT, "HOME": str(tree.parent), "GOPATH": str(tree / ".go"),
                   "GOCACHE": str(CACHE / "go-build"), "PATH": f"/usr/lib/go/bin:{os.environ['PATH']}"}
    log = CACHE / "kubernetes-build.log"
    with open(log, "w", encoding="utf-8") as written:
        begun = time.monotonic()
        make = subprocess.Popen(_MAKE, cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=written,
                                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            while make.poll() is None:
                progress.waiting(f"compiling Kubernetes, {(time.monotonic() - begun) / 60:.1f} minutes so far"
                                 f" (log: {log})")
                time.sleep(1)
        finally:
            if make.returncode is None:
                os.killpg(make.pid, signal.SIGKILL)
                make.wait()
    if make.returncode != 0:
        tail = "    ".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-8:])
        raise Failure(f"building Kubernetes failed; the log's last lines:\n    {tail}",
                      f"the whole log is {log}; the build takes 6 GB of disk and 2 GB of memory")
