"""Which TCP ports of this machine are free, for what is started here on loopback."""

from __future__ import annotations

import http
import http.client
import socket
from contextlib import ExitStack

HIGHEST = 65_535
GRPC_OFFSET = 10_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def free(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different free ports, each with port + 10,000 free too: there SeaweedFS looks for a server's gRPC.

    Another program may still take one before it is used: then start again.
    """
    chosen: list[int] = []
    with ExitStack() as held:
        while len(chosen) < count:
            probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            probe.bind((host, 0))
            port = probe.getsockname()[1]
            if port <= HIGHEST - GRPC_OFFSET and is_free(port + GRPC_OFFSET, host):
                chosen.append(port)
    return chosen


def serves(port: int, path: str = "/", host: str = "127.0.0.1") -> bool:
    """Whether an HTTP server answers a GET of `path` with anything but a server error."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
