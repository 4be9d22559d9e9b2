"""Which TCP ports of this machine are free, for what is started here on loopback."""

from __future__ import annotations

import http
import http.client
import socket

from config.identifiers import Randomness, SystemRandomness

LOWEST = 10_000
HIGHEST = 32_768
"""Where Linux begins to hand out ports by itself (ip_local_port_range)."""
GRPC_OFFSET = 10_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
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


def free(count: int, randomness: Randomness | None = None, host: str = "127.0.0.1") -> list[int]:
    """`count` different free ports, each with port + 10,000 free too: there SeaweedFS looks for a server's gRPC.

    They lie below the range that the kernel hands out by itself, so that no passing connection takes one, and are
    chosen by chance, so that two starts at once rarely meet. Another program may still take one before it is used.
    """
    source = randomness or SystemRandomness()
    chosen: list[int] = []
    while len(chosen) < count:
        port = LOWEST + int.from_bytes(source.bytes(4)) % (HIGHEST - GRPC_OFFSET - LOWEST)
        if port not in chosen and is_free(port, host) and is_free(port + GRPC_OFFSET, host):
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
