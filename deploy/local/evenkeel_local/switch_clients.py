"""The clients of Lab 4, of all four kinds that a switch of traffic could hurt. Each request is kept book of.

    fresh      a connection for each request
    keepalive  many requests on one connection
    slow       an answer that takes three seconds
    stream     an answer that goes on for three seconds

Run as a program of its own, so that nothing that watches the clusters disturbs its rhythm:

    python3 -m evenkeel_local.switch_clients HOST PORT

Requests start on time whether or not those before them have been answered; nothing is asked twice. Each writes one line of JSON
when it ends.
"""

import asyncio
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from .settings import PYTHON

FRESH, KEEPALIVE, SLOW, STREAM = KINDS = ("fresh", "keepalive", "slow", "stream")
# Slow ones and streams are an eighth each.
PER_SECOND = {FRESH: 90, KEEPALIVE: 90, SLOW: 30, STREAM: 30}
_PATHS = {FRESH: "/", KEEPALIVE: "/", SLOW: "/slow", STREAM: "/stream"}
_LIMITS_S = {FRESH: 8.0, KEEPALIVE: 8.0, SLOW: 12.0, STREAM: 12.0}
_SILENCE_S = 5.0  # Of a stream, between two pieces.


@dataclass(frozen=True)
class SwitchRequest:
    """One request and what became of it; `start_s` on the monotonic clock of this machine."""

    kind: str
    start_s: float
    duration_s: float
    node: str  # on which it was answered; empty when nobody answered
    backend: str  # that the gateway says it has asked; empty when it did not say
    error: str  # why it was lost; empty when it was not

    @property
    def lost(self) -> bool:
        return bool(self.error)


class _Asker:
    def __init__(self, host: str, port: int):
        self._host, self._port = host, port
        # Bounded by the requests that are under way at a time.
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, kind: str) -> SwitchRequest:
        start = time.monotonic()
        fields: dict[str, str] = {}
        error = ""
        try:
            await asyncio.wait_for(self._exchange(kind, fields), _LIMITS_S[kind])
        except asyncio.TimeoutError:
            error = f"no whole answer within {_LIMITS_S[kind]:g} s"
        except asyncio.IncompleteReadError:
            error = "the connection was closed in the midst of the answer" if fields else \
                "the connection was closed without an answer"
        except (OSError, ValueError) as problem:
            error = str(problem) or type(problem).__name__
        return SwitchRequest(kind, start, time.monotonic() - start, fields.get("x-node", ""),
                             fields.get("x-backend", ""), error)

    async def _exchange(self, kind: str, fields: dict[str, str]) -> None:
        reader, writer = await self._connection(kind)
        kept = kind == KEEPALIVE
        keep = False
        try:
            writer.write(f"GET {_PATHS[kind]} HTTP/1.1\r\nHost: {self._host}\r\n"
                         f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.split("\r\n")
            for line in filter(None, lines):
                name, _, value = line.partition(":")
                fields[name.lower()] = value.strip()
            if status.split(" ")[1:2] != ["200"]:
                raise ValueError(f"answer: {status}")
            await self._body(reader, fields)
            keep = kept and fields.get("connection", "").lower() != "close"
        finally:
            if keep:
                self._idle.append((reader, writer))
            else:
                writer.close()

    async def _connection(self, kind: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while kind == KEEPALIVE and self._idle:
            reader, writer = self._idle.pop(0)
            # One that the other side has closed in good order is not used again: that is no lost request.
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    @staticmethod
    async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> None:
        if fields.get("transfer-encoding", "").lower() != "chunked":
            await reader.readexactly(int(fields.get("content-length", "-")))
            return
        size = -1
        while size != 0:
            try:
                line = await asyncio.wait_for(reader.readuntil(b"\r\n"), _SILENCE_S)
            except asyncio.TimeoutError:
                raise ValueError(f"the stream was silent for {_SILENCE_S:g} s") from None
            size = int(line, 16)
            await reader.readexactly(size + 2)


async def _ask_for_ever(host: str, port: int) -> None:
    asker = _Asker(host, port)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    running: set[asyncio.Task] = set()  # Bounded: each ends within its limit.

    def finished(task: asyncio.Task) -> None:
        running.discard(task)
        print(json.dumps(astuple(task.result())), flush=True)

    async def ask_often(kind: str) -> None:
        begin = loop.time()
        number = 0
        while not stop.is_set():
            task = asyncio.create_task(asker.ask(kind))
            running.add(task)
            task.add_done_callback(finished)
            number += 1
            await asyncio.sleep(max(0.0, begin + number / PER_SECOND[kind] - loop.time()))

    await asyncio.gather(*(ask_often(kind) for kind in KINDS))
    await asyncio.gather(*running)


class SwitchClients:
    """The clients as another program sees them: started, listened to, stopped."""

    def __init__(self, host: str, port: int):
        self._process = subprocess.Popen([PYTHON, "-m", "evenkeel_local.switch_clients", host, str(port)],
                                         cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, start_new_session=True)
        self._ended: list[SwitchRequest] = []  # Bounded by the length of a run: 240 a second.
        self._new: "queue.SimpleQueue[SwitchRequest]" = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._new.put(SwitchRequest(*json.loads(line)))

    def ended(self) -> list[SwitchRequest]:
        """All requests that have ended so far, in the order in which they did. The same list each time, which grows."""
        while not self._new.empty():
            self._ended.append(self._new.get())
        return self._ended

    def stop(self) -> list[SwitchRequest]:
        """Returns all of them when the last one has ended."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        return self.ended()


if __name__ == "__main__":
    asyncio.run(_ask_for_ever(sys.argv[1], int(sys.argv[2])))
