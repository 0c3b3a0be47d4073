"""Accepts one connection, sends some bytes and closes: listen.py ADDRESS PORT HEXADECIMAL."""

import socket
import sys

address, port, payload = sys.argv[1:]
with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.settimeout(5)
    server.bind((address, int(port)))
    server.listen()
    print("listening", flush=True)
    connection, _ = server.accept()
    with connection:
        connection.sendall(bytes.fromhex(payload))
