"""An HTTP/1.1 client made of h11. Takes a port, and on standard input a list of requests as JSON;
sends them one after the other over one connection, a new one where the last was closed, and
prints a list of what h11 read."""
import hashlib
import json
import socket
import sys

import h11


def body_of(wish):
    return bytes(wish.get("fill", "x"), "latin1") * wish.get("length", 0)


def exchange(connection, sock, wish):
    headers = [("Host", "a.test"), *wish.get("headers", [])]
    body = body_of(wish)
    if wish.get("chunks"):
        headers.append(("Transfer-Encoding", "chunked"))
    elif body:
        headers.append(("Content-Length", str(len(body))))
    request = h11.Request(method=wish["method"], target=wish["target"], headers=headers)
    sock.sendall(connection.send(request))
    step = wish.get("chunks") or max(len(body), 1)
    for start in range(0, len(body), step):
        sock.sendall(connection.send(h11.Data(data=body[start : start + step])))
    sock.sendall(connection.send(h11.EndOfMessage()))
    answer = {"interim": []}
    received = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(sock.recv(65536))
        elif isinstance(event, h11.InformationalResponse):
            answer["interim"].append(event.status_code)
        elif isinstance(event, h11.Response):
            answer["status"] = event.status_code
            raw = event.headers.raw_items()
            answer["headers"] = [[n.decode("latin1"), v.decode("latin1")] for n, v in raw]
        elif isinstance(event, h11.Data):
            received += event.data
        elif isinstance(event, h11.EndOfMessage):
            answer["body"] = received.decode("latin1")
            answer["sent"] = hashlib.sha256(body).hexdigest()
            return answer


def main():
    port, wishes = int(sys.argv[1]), json.load(sys.stdin)
    answers, sock, connection = [], None, None
    for wish in wishes:
        if sock is None:
            sock = socket.create_connection(("127.0.0.1", port))
            connection = h11.Connection(h11.CLIENT)
        answers.append(exchange(connection, sock, wish))
        if connection.their_state is h11.DONE and connection.our_state is h11.DONE:
            connection.start_next_cycle()
            answers[-1]["kept"] = True
        else:
            sock.close()
            sock = None
    json.dump(answers, sys.stdout)


main()
