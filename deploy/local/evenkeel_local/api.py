"""A small client of the Kubernetes API: JSON over one kept-alive connection a thread, and watches."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator
from urllib.parse import urlencode, urlsplit

from .failure import Failure


class ApiError(Failure):
    """An answer other than success; `code` is its HTTP status."""

    def __init__(self, code: int, cause: str):
        super().__init__(cause)
        self.code = code


class Api:
    """Speaks to one API server; threads may share it."""

    def __init__(self, server: str, tls: ssl.SSLContext | None = None):
        self._server = urlsplit(server)
        self._tls = tls
        self._local = threading.local()

    @classmethod
    def with_certificate(cls, server: str, pki: Path, name: str) -> "Api":
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / f"{name}.crt", pki / f"{name}.key")
        return cls(server, context)

    def get(self, path: str, timeout_s: float = 10, **query: Any) -> Any:
        return self.request("GET", path, timeout_s=timeout_s, **query)

    def delete(self, path: str, **query: Any) -> Any:
        return self._until_answered(lambda: self.request("DELETE", path, **query))

    def patch(self, path: str, body: Any, **query: Any) -> Any:
        """A strategic merge patch."""
        return self._until_answered(
            lambda: self.request("PATCH", path, body, "application/strategic-merge-patch+json", **query))

    @staticmethod
    def _until_answered(request: Callable[[], Any]) -> Any:
        """Repeats what may be done twice, a few times, while the API server does not answer at all."""
        for _ in range(2):
            try:
                return request()
            except ApiError:
                raise
            except Failure:
                time.sleep(1)
        return request()

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json",
                timeout_s: float = 10, **query: Any) -> Any:
        """One request and its decoded answer: JSON, or text where the server answers with text."""
        target = path + ("?" + urlencode(query) if query else "")
        payload = None if body is None else json.dumps(body)
        try:
            connection = self._connection(timeout_s)
            connection.request(method, target, payload, {"Content-Type": content_type, "Accept": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._drop_connection()
            raise Failure(f"the API server {self._server.netloc} does not answer: {error}") from error
        text = data.decode(errors="replace")
        is_json = answer.headers.get_content_type() == "application/json"
        if answer.status >= 300:
            message = json.loads(text).get("message", text) if is_json else text
            raise ApiError(answer.status, f"{method} {path}: {answer.status}: {message.strip()}")
        return json.loads(text) if is_json else text

    def watch(self, path: str, version: str, timeout_s: float = 300, **query: Any) -> Iterator[tuple[str, dict]]:
        """The changes after a resource version, as (ADDED, MODIFIED or DELETED, object), until the server ends it.

        An object that is too old for the server (410) raises ApiError: list again and watch from there.
        """
        connection = self._new_connection(timeout_s)
        target = path + "?" + urlencode({"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true",
                                         "timeoutSeconds": int(timeout_s), **query})
        with contextlib.closing(connection):
            try:
                connection.request("GET", target, headers={"Accept": "application/json"})
                answer = connection.getresponse()
                if answer.status != 200:
                    raise ApiError(answer.status, f"watch {path}: {answer.status}")
                while line := answer.readline():
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        raise ApiError(change["object"].get("code", 0), change["object"].get("message", "watch ended"))
                    yield change["type"], change["object"]
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: it broke within a line
                raise Failure(f"the watch of {path} broke: {error}") from error

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        # A connection that the server closed meanwhile is found here and not in the middle of a request.
        if connection is None or connection.sock is None or _has_ended(connection.sock):
            self._drop_connection()
            connection = self._local.connection = self._new_connection(timeout_s)
            connection.connect()
        connection.sock.settimeout(timeout_s)
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the next request opens another."""
        self._drop_connection()

    def _drop_connection(self) -> None:
        if connection := getattr(self._local, "connection", None):
            connection.close()
            self._local.connection = None

    def _new_connection(self, timeout_s: float) -> http.client.HTTPConnection:
        host, port = self._server.hostname, self._server.port
        if self._tls:
            return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _has_ended(connection: socket.socket) -> bool:
    """Whether there is something to read on an idle connection, which can only be its end."""
    timeout = connection.gettimeout()
    connection.settimeout(0)
    try:
        connection.recv(1)
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(timeout)
