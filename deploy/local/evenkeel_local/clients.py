"""The client of the labs: asks the application ten times a second, as browsers and services do, and keeps book.

Run as a program of its own, so that nothing that watches the cluster disturbs its rhythm:

    python3 -m evenkeel_local.clients HOST PORT LIMIT

Requests are alternately made on a fresh connection and on one that is kept alive, each with a limit of LIMIT
seconds, and start on time whether or not those before them have been answered. Each writes one line of JSON when it ends.
"""

import asyncio
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .settings import PYTHON

INTERVAL_S = 0.1
LIMIT_S = 1.0


@dataclass(frozen=True)
class Request:
    """One request and what became of it; `start_s` on the monotonic clock of this machine."""

    start_s: float
    duration_s: float
    kept_alive: bool
    pod: str  # which pod answered; empty when it failed
    error: str  # why it failed; empty when it did not

    @property
    def failed(self) -> bool:
        return bool(self.error)


class _Asker:
    """Makes the requests, and keeps one idle connection for those that want it."""

    def __init__(self, host: str, port: int, limit_s: float):
        self._host, self._port, self._limit_s = host, port, limit_s
        self._idle: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, kept_alive: bool) -> Request:
        start = time.monotonic()
        pod = error = ""
        try:
            pod = await asyncio.wait_for(self._exchange(kept_alive), self._limit_s)
        except asyncio.TimeoutError:
            error = f"no answer within {self._limit_s:g} s"
        except asyncio.IncompleteReadError:
            error = "the connection was closed without an answer"
        except (OSError, ValueError) as problem:
            error = str(problem) or type(problem).__name__
        return Request(start, time.monotonic() - start, kept_alive, pod, error)

    async def _exchange(self, kept_alive: bool) -> str:
        connection, self._idle = (self._idle, None) if kept_alive else (None, self._idle)
        # A connection that the other side has closed in good order is not used again: that is no failed request.
        if connection is None or connection[0].at_eof():
            connection = await asyncio.open_connection(self._host, self._port)
        reader, writer = connection
        try:
            writer.write(f"GET / HTTP/1.1\r\nHost: {self._host}\r\n"
                         f"Connection: {'keep-alive' if kept_alive else 'close'}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            status, *headers = head.split("\r\n")
            if " 200 " not in status + " ":
                raise ValueError(f"answer: {status}")
            fields = dict(line.split(": ", 1) for line in headers if line)
            body = await reader.readexactly(int(fields["content-length"]))
            if kept_alive and fields.get("connection") != "close" and self._idle is None:
                self._idle, writer = (reader, writer), None
            return body.decode().split()[-1]
        finally:
            if writer is not None:
                writer.close()


async def _ask_for_ever(host: str, port: int, limit_s: float) -> None:
    asker = _Asker(host, port, limit_s)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    running: set[asyncio.Task] = set()  # At most limit_s / INTERVAL_S of them, for each ends within its limit.

    def finished(task: asyncio.Task) -> None:
        running.discard(task)
        print(json.dumps(asdict(task.result())), flush=True)

    number, begin = 0, loop.time()
    while not stop.is_set():
        task = asyncio.create_task(asker.ask(kept_alive=number % 2 == 1))
        running.add(task)
        task.add_done_callback(finished)
        number += 1
        try:
            await asyncio.wait_for(stop.wait(), max(0.0, begin + number * INTERVAL_S - loop.time()))
        except asyncio.TimeoutError:
            pass
    await asyncio.gather(*running)


class Client:
    """The client as another program sees it: started, listened to, stopped."""

    def __init__(self, host: str, port: int, limit_s: float = LIMIT_S):
        self._process = subprocess.Popen([PYTHON, "-m", "evenkeel_local.clients", host, str(port), str(limit_s)],
                                         cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, start_new_session=True)
        self.ended: "queue.SimpleQueue[Request]" = queue.SimpleQueue()  # Bounded by the length of a run: ten a second.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.ended.put(Request(**json.loads(line)))

    def stop(self) -> None:
        """Returns when the last request has ended and is in `ended`."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()


if __name__ == "__main__":
    asyncio.run(_ask_for_ever(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
