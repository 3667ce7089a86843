"""An HTTP/1.1 server made of h11, which knows nothing of Tidegate and accepts no nonsense.

Answers each request with a JSON description of what it saw. The target says how: `/length`,
`/chunks`, `/close` choose the framing, `/early` sends an informational response first, and
`/status/N` answers with N. Prints `listening on PORT`. A request that h11 refuses is printed.
"""
import hashlib
import json
import socket
import threading

import h11


def answer(connection, sock, request, body, trailers):
    seen = {
        "method": request.method.decode(),
        "target": request.target.decode("latin1"),
        "headers": [[n.decode("latin1"), v.decode("latin1")] for n, v in request.headers.raw_items()],
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "trailers": [[n.decode("latin1"), v.decode("latin1")] for n, v in trailers],
    }
    payload = json.dumps(seen).encode()
    path = seen["target"].split("?")[0]
    status = int(path.split("/")[2]) if path.startswith("/status/") else 200
    headers = [("Content-Type", "application/json")]
    if path == "/early":
        early = h11.InformationalResponse(status_code=103, headers=[("Link", "</a.css>")])
        sock.sendall(connection.send(early))
    if path == "/chunks":
        headers.append(("Transfer-Encoding", "chunked"))
    elif path == "/close":
        headers.append(("Connection", "close"))
    elif status not in (204, 304):
        headers.append(("Content-Length", str(len(payload))))
    sock.sendall(connection.send(h11.Response(status_code=status, headers=headers)))
    if seen["method"] != "HEAD" and status not in (204, 304):
        for start in range(0, len(payload), 100):
            sock.sendall(connection.send(h11.Data(data=payload[start : start + 100])))
    sock.sendall(connection.send(h11.EndOfMessage()))


def serve(sock):
    connection = h11.Connection(h11.SERVER)
    request, body, trailers = None, b"", []
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            print(f"refused: {error}", flush=True)
            return sock.close()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                sock.sendall(connection.send(go_on))
            try:
                connection.receive_data(sock.recv(65536))
            except ConnectionResetError:
                return sock.close()
        elif isinstance(event, h11.Request):
            request, body, trailers = event, b"", []
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            answer(connection, sock, request, body, event.headers)
            if connection.our_state is h11.MUST_CLOSE:
                return sock.close()
            connection.start_next_cycle()
        elif isinstance(event, h11.ConnectionClosed):
            return sock.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


main()
