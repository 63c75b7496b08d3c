"""The load of Lab 2: Apache's `ab`, with so many clients that each ask again as soon as they are answered.

Each request has a connection of its own, so that a Service spreads them over all pods that are Ready by then.
"""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import cgroups
from .failure import Failure

# Those who ask come from elsewhere, and have no part in the CPU of the cluster: of a busy machine they get little.
_SHARES = 256
_GROUP = "load"
# More than any load here comes to; ab ends by itself then.
_MOST_REQUESTS = 2_000_000
_LONGEST_S = 3600
_END_S = 20.0


@dataclass(frozen=True)
class LoadResult:
    """What became of the requests, by ab's own count."""

    requests: int
    failed: int  # no answer, or another than success


class Load:
    """One run of ab, from the moment the object is made on. It runs in a control group of the cluster, so that `down` ends
    it too if this program could not."""

    def __init__(self, cluster: str, url: str, clients: int):
        """`url` as http://HOST:PORT/PATH; `clients` ask at the same time."""
        if not (program := shutil.which("ab") or shutil.which("ab", path="/usr/bin")):
            raise Failure("Apache's ab is not installed", "deploy/packages/install cluster")
        self._cluster, self._said = cluster, Path(tempfile.mkdtemp(prefix="evenkeel-load-")) / "ab.log"
        cgroups.create(cluster, _GROUP, shares=_SHARES)
        with open(self._said, "wb") as log:
            self._process = subprocess.Popen(
                # -l: the length of answers may vary; -r: a connection that breaks is counted, and does not end it.
                [program, "-q", "-l", "-r", "-s", "30", "-c", str(clients), "-t", str(_LONGEST_S), "-n",
                 str(_MOST_REQUESTS), url], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: cgroups.enter_system(cluster, _GROUP))
        self.begun_s, self.begun_wall_s = time.monotonic(), time.time()
        self.ended_s: float | None = None
        self.ended_wall_s: float | None = None

    def is_running(self) -> bool:
        """Whether it goes on. Raises Failure with its last words if it has ended by itself."""
        if self.ended_s is None and self._process.poll() is not None:
            raise Failure(f"ab ended by itself: {' '.join(self._text().split()[-40:])}")
        return self.ended_s is None

    def stop(self) -> LoadResult:
        """Ends the load and returns what became of it. To be called once."""
        self.is_running()
        self._process.send_signal(signal.SIGINT)  # ab then tells what it has counted.
        self.ended_s, self.ended_wall_s = time.monotonic(), time.time()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"ab did not end within {_END_S:g} s of being asked to") from None
        finally:
            self.close()
        text = self._text()
        shutil.rmtree(self._said.parent)
        complete = re.search(r"^Complete requests:\s+(\d+)", text, re.MULTILINE)
        if not complete:
            raise Failure(f"ab did not say what it has counted: {' '.join(text.split()[-40:])}")
        others = [re.search(pattern, text, re.MULTILINE)
                  for pattern in (r"^Failed requests:\s+(\d+)", r"^Non-2xx responses:\s+(\d+)")]
        return LoadResult(int(complete[1]), sum(int(each[1]) for each in others if each))

    def close(self) -> None:
        """Ends it without a word, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        cgroups.remove(self._cluster, _GROUP)

    def _text(self) -> str:
        return self._said.read_text(errors="replace")
