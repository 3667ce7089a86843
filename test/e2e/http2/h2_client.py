"""An HTTP/2 client (prior knowledge) made of h2. Takes a port, and on standard input a list of lists of requests
as JSON; sends each list at once over one connection, one list after the other, and prints what h2 read of each
request, in the order of the lists. `cancel` resets a request once so many bytes of its body have been read, or at
once when it is 0. What h2 refuses ends the program with an error.
"""
import hashlib
import json
import socket
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)


class Request:
    def __init__(self, wish):
        self.wish = wish
        self.unsent = b"x" * wish.get("length", 0)
        self.body = b""
        self.over = False
        self.answer = {"interim": [], "sent": hashlib.sha256(self.unsent).hexdigest()}

    @property
    def headers(self):
        wish = self.wish
        headers = [(":method", wish["method"]), (":scheme", "http"), (":authority", "a.test")]
        headers += [(":path", wish["target"]), *wish.get("headers", [])]
        if wish.get("declared"):
            headers.append(("content-length", str(len(self.unsent))))
        return headers

    @property
    def bodiless(self):
        return not self.unsent and "trailers" not in self.wish


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = H2Connection(H2Configuration(client_side=True, header_encoding="latin1"))
        self.connection.initiate_connection()
        self.requests = {}

    def ask(self, wishes):
        self.requests = {}
        for wish in wishes:
            request = Request(wish)
            stream_id = self.connection.get_next_available_stream_id()
            self.requests[stream_id] = request
            self.connection.send_headers(stream_id, request.headers, end_stream=request.bodiless)
            if wish.get("cancel") == 0:
                self.cancel(stream_id, request)
        while True:
            self.send_bodies()
            self.sock.sendall(self.connection.data_to_send())
            if all(request.over for request in self.requests.values()):
                return [request.answer for request in self.requests.values()]
            data = self.sock.recv(65536)
            if not data:
                raise SystemExit("the connection has ended")
            for event in self.connection.receive_data(data):
                self.hear(event)

    def cancel(self, stream_id, request):
        self.connection.reset_stream(stream_id, ErrorCodes.CANCEL)
        request.over = True
        request.unsent = b""

    def hear(self, event):
        if isinstance(event, ConnectionTerminated):
            raise SystemExit(f"GOAWAY with {event.error_code}")
        stream_id = getattr(event, "stream_id", None)
        request = self.requests.get(stream_id)
        if request is None:
            return
        answer = request.answer
        if isinstance(event, InformationalResponseReceived):
            answer["interim"].append(int(dict(event.headers)[":status"]))
        elif isinstance(event, ResponseReceived):
            answer["headers"] = event.headers
            answer["status"] = int(dict(event.headers)[":status"])
        elif isinstance(event, DataReceived):
            request.body += event.data
            if not request.over:
                self.connection.acknowledge_received_data(event.flow_controlled_length, stream_id)
            if 0 < request.wish.get("cancel", 0) <= len(request.body) and not request.over:
                self.cancel(stream_id, request)
        elif isinstance(event, TrailersReceived):
            answer["trailers"] = event.headers
        elif isinstance(event, StreamReset):
            answer["reset"] = int(event.error_code)
            request.over = True
        elif isinstance(event, StreamEnded):
            answer["length"] = len(request.body)
            answer["body"] = request.body[:4096].decode("latin1")
            request.over = True

    def send_bodies(self):
        """Sends what the windows allow of each request, and its trailers behind it."""
        for stream_id, request in self.requests.items():
            if request.over or request.bodiless or request.answer.get("ended"):
                continue
            trailers = request.wish.get("trailers")
            while request.unsent:
                window = self.connection.local_flow_control_window(stream_id)
                size = min(window, self.connection.max_outbound_frame_size, len(request.unsent))
                if size == 0:
                    break
                piece, request.unsent = request.unsent[:size], request.unsent[size:]
                last = not request.unsent and trailers is None
                self.connection.send_data(stream_id, piece, end_stream=last)
            if not request.unsent:
                request.answer["ended"] = True
                if trailers is not None:
                    self.connection.send_headers(stream_id, trailers, end_stream=True)


def main():
    client = Client(int(sys.argv[1]))
    json.dump([client.ask(wishes) for wishes in json.load(sys.stdin)], sys.stdout)


main()
