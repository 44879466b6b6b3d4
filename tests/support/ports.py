"""Ports for servers that must be told one, and for addresses where nobody answers. Standard library only.

"Bind to 0, look, close, start the server there" loses the port to whoever asks next: a second worker's server of the
same kind then answers in its place. So a port is reserved for the life of this process by the UDP socket of the same
number, which takes nothing away from TCP and which no other test process can bind as well. The range lies below the one
from which systems take the ports of outgoing connections.
"""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
RANGE = range(20_000, 32_000)
_reserved: list[socket.socket] = []


def free_port() -> int:
    """Return a loopback port on which nobody listens, and which no other test process will be given."""
    for port in random.sample(RANGE, len(RANGE)):
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            holder.bind((HOST, port))
            with socket.socket() as probe:
                probe.bind((HOST, port))
        except OSError:
            holder.close()
        else:
            _reserved.append(holder)
            return port
    raise RuntimeError(f"no port is free between {RANGE.start} and {RANGE.stop}")
