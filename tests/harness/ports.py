"""Ports for servers whose ports must be known before they start."""
import random
import socket

# Below those that the system gives to whoever asks for any: a server that is down for a moment finds its own again.
PORTS = range(22_000, 32_000)


def free_ports(count):
    """Ports that are free now; all are held until all are known, so that they differ."""
    sockets = []
    for port in random.sample(PORTS, len(PORTS)):
        try:
            sockets.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        if len(sockets) == count:
            break
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
