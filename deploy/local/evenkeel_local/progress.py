"""Progress for people: one line for each thing that is done, and on a terminal one that says what is waited for."""

import shutil
import sys
import threading
import time


class Progress:
    """Writes lines with the seconds since it was made. Threads may share one.

    On a terminal `waiting` is a line that is written over; elsewhere (a CI log) it is repeated every 15 seconds at
    most, so that a long step can be told from a dead one.
    """

    REPEAT_S = 15.0

    def __init__(self, stream=None, quiet: bool = False):
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._terminal = self._stream.isatty()
        self._pending = False
        self._said_at = self._start

    def done(self, text: str) -> None:
        """Something has happened."""
        with self._lock:
            self._line(text)

    def waiting(self, text: str) -> None:
        """What is being waited for just now; may be called as often as one likes."""
        if self._quiet:
            return
        with self._lock:
            if self._terminal:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write("\r\033[K" + f"{self._clock()}  ... {text}"[:width])
                self._stream.flush()
                self._pending = True
            elif time.monotonic() - self._said_at >= self.REPEAT_S:
                self._line(f"... {text}")

    def _clock(self) -> str:
        return f"{time.monotonic() - self._start:7.1f} s"

    def _line(self, text: str) -> None:
        if self._quiet:
            return
        erase = "\r\033[K" if self._pending else ""
        self._pending = False
        self._said_at = time.monotonic()
        self._stream.write(f"{erase}{self._clock()}  {text}\n")
        self._stream.flush()
