"""Container images as docker archives, made without a container engine, and the two that a cluster needs itself."""

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from pathlib import Path

from . import commands
from .failure import Failure
from .locks import locked
from .progress import Progress
from .services import PAUSE_IMAGE
from .settings import CACHE

_SOURCES = Path(__file__).resolve().parents[1] / "images"
HELLOWORLD_IMAGE = "evenkeel.dev/local/helloworld:1"
CPUBURNER_IMAGE = "evenkeel.dev/local/cpuburner:1"
WEB_IMAGE = "evenkeel.dev/local/web:1"
_GO = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o"]
_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def archive(reference: str, root: Path, entrypoint: list[str], target: Path) -> None:
    """Writes the folder `root` as an image with one layer; the same folder gives the same bytes."""
    layer = _tar({path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*"))})
    config = json.dumps({
        "architecture": _ARCHITECTURE, "os": "linux", "config": {"Entrypoint": entrypoint},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "evenkeel_local"}]}).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [reference], "Layers": ["layer.tar"]}]).encode()
    target.write_bytes(_tar({config_name: config, "layer.tar": layer, "manifest.json": manifest}))


def references(image: Path) -> list[str]:
    """The names under which a docker archive will be known once it is imported."""
    try:
        with tarfile.open(image) as opened:
            manifest = json.load(opened.extractfile("manifest.json"))
        return [tag for each in manifest for tag in each.get("RepoTags") or []]
    except (OSError, KeyError, tarfile.TarError, json.JSONDecodeError) as error:
        raise Failure(f"{image} is not a docker archive: {error}",
                      "make one with deploy/image/build, or with `docker save`") from None


def ensure(progress: Progress) -> list[Path]:
    """The archives of the pause container and of Lab 1's application, built once and kept in the cache."""
    return [_built("pause", PAUSE_IMAGE, ["gcc", "-static", "-Os", "-s", "-o"], "pause.c", progress),
            _built("helloworld", HELLOWORLD_IMAGE, _GO, "helloworld.go", progress)]


def cpuburner(progress: Progress) -> Path:
    """The archive of Lab 2's application, built once and kept in the cache."""
    return _built("cpuburner", CPUBURNER_IMAGE, _GO, "cpuburner.go", progress)


def web(progress: Progress) -> Path:
    """The archive of Lab 4's application, built once and kept in the cache."""
    return _built("web", WEB_IMAGE, _GO, "web.go", progress)


def _built(name: str, reference: str, compiler: list[str], source: str, progress: Progress) -> Path:
    """An image that holds one static program, compiled from one file."""
    text = (_SOURCES / source).read_bytes()
    key = hashlib.sha256(repr((reference, compiler, text)).encode()).hexdigest()[:8]
    target = CACHE / "images" / f"{name}-{key}.tar"
    if target.exists():
        return target
    with locked(CACHE / "images.lock"):
        if target.exists():
            return target
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            progress.waiting(f"the image {reference} to be built, once")
            root = Path(work, "root")
            root.mkdir()
            commands.run([*compiler, root / name, _SOURCES / source], timeout_s=600,
                         environment={"CGO_ENABLED": "0", "GOCACHE": str(CACHE / "go-build"), "GOFLAGS": "",
                                      "GO111MODULE": "off"})
            archive(reference, root, [f"/{name}"], Path(work, "image.tar"))
            Path(work, "image.tar").rename(target)
    progress.done(f"built the image {reference}")
    return target


def _tar(entries: dict[str, Path | bytes]) -> bytes:
    """A tar of files and folders that belong to root and have no times."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size, info.mode, stream = len(content), 0o644, io.BytesIO(content)
                tar.addfile(info, stream)
            elif content.is_dir():
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            else:
                info.size, info.mode = content.stat().st_size, content.stat().st_mode & 0o777
                with open(content, "rb") as file:
                    tar.addfile(info, file)
    return buffer.getvalue()
