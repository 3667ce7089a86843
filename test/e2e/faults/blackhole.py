"""A port on which connections are neither accepted nor refused: its queue is full for ever.

Prints `blackhole on PORT`, and ends when its standard input does."""
import socket
import sys

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
held = []
while True:
    filler = socket.socket()
    filler.settimeout(0.2)
    try:
        filler.connect(listener.getsockname())
        held.append(filler)
    except socket.timeout:
        break
print(f"blackhole on {listener.getsockname()[1]}", flush=True)
sys.stdin.read()
