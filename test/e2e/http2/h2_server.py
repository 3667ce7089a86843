"""An HTTP/2 server (prior knowledge) made of h2, which knows nothing of Tidegate and accepts no nonsense.

Answers each request with a JSON description of what it saw. The target says how: `/trailers` ends with
a trailer, `/early` sends an informational response first, `/status/N` answers with N and no body, `/large/N`
with N bytes, `/reset/N` resets the stream with code N, `/never` leaves it open, and `/goaway` answers and has
this connection be the last. Prints `listening on PORT`, `reset CODE` for each stream that the other side resets,
and what h2 refuses.
"""
import hashlib
import json
import socket
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError


class Stream:
    def __init__(self, headers):
        self.headers = headers
        self.trailers = []
        self.body = hashlib.sha256()
        self.length = 0
        self.unsent = b""
        self.trailing = None

    def pseudo(self, name):
        return dict(self.headers)[name]


class Serving:
    def __init__(self, sock):
        self.sock = sock
        self.connection = H2Connection(H2Configuration(client_side=False, header_encoding="latin1"))
        self.streams = {}

    def run(self):
        self.connection.initiate_connection()
        try:
            self.flush()
            while data := self.sock.recv(65536):
                for event in self.connection.receive_data(data):
                    self.hear(event)
                self.send_bodies()
                self.flush()
        except ProtocolError as error:
            print(f"refused: {type(error).__name__}: {error}", flush=True)
            self.flush()
        except OSError:
            pass
        self.sock.close()

    def flush(self):
        self.sock.sendall(self.connection.data_to_send())

    def hear(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, RequestReceived):
            self.streams[event.stream_id] = Stream(event.headers)
        elif isinstance(event, StreamReset):
            print(f"reset {int(event.error_code)}", flush=True)
            self.streams.pop(event.stream_id, None)
        elif isinstance(event, DataReceived):
            stream.body.update(event.data)
            stream.length += len(event.data)
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            stream.trailers = event.headers
        elif isinstance(event, StreamEnded):
            self.answer(event.stream_id, stream)

    def answer(self, stream_id, stream):
        _, kind, *rest = stream.pseudo(":path").split("?")[0].split("/")
        if kind == "never":
            return
        if kind == "reset":
            del self.streams[stream_id]
            return self.connection.reset_stream(stream_id, int(rest[0]))
        if kind == "early":
            self.connection.send_headers(stream_id, [(":status", "103"), ("link", "</a.css>")])
        status = rest[0] if kind == "status" else "200"
        bodiless = status in ("204", "304") or stream.pseudo(":method") == "HEAD"
        headers = [(":status", status), ("content-type", "application/json")]
        self.connection.send_headers(stream_id, headers, end_stream=bodiless)
        if bodiless:
            del self.streams[stream_id]
        elif kind == "large":
            stream.unsent = b"x" * int(rest[0])
        else:
            stream.unsent = self.description(stream)
        if kind == "trailers":
            stream.trailing = [("x-sum", stream.body.hexdigest())]
        if kind == "goaway":
            self.send_bodies()
            self.connection.close_connection(last_stream_id=stream_id)

    def description(self, stream):
        seen = {
            "headers": stream.headers,
            "length": stream.length,
            "sha256": stream.body.hexdigest(),
            "trailers": stream.trailers,
        }
        return json.dumps(seen).encode()

    def send_bodies(self):
        """Sends what the windows allow of each response that has begun."""
        for stream_id, stream in list(self.streams.items()):
            while stream.unsent:
                window = self.connection.local_flow_control_window(stream_id)
                size = min(window, self.connection.max_outbound_frame_size, len(stream.unsent))
                if size == 0:
                    break
                piece, stream.unsent = stream.unsent[:size], stream.unsent[size:]
                last = not stream.unsent and stream.trailing is None
                self.connection.send_data(stream_id, piece, end_stream=last)
                if stream.unsent:
                    continue
                if stream.trailing is not None:
                    self.connection.send_headers(stream_id, stream.trailing, end_stream=True)
                del self.streams[stream_id]


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Serving(sock).run, daemon=True).start()


main()
