"""Ports for servers whose ports must be known before they start."""
import socket


def free_ports(count):
    """Ports that are free now; all are held until all are known, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
