"""Calls the service at the address in argv[1] with gRPC's own library (its C core), and prints what came of it."""
import json
import sys

import grpc

PACKAGE = "/tidegate.testing.TestService/"
channel = grpc.insecure_channel(sys.argv[1])


def method(kind, name):
    return getattr(channel, kind)(
        PACKAGE + name,
        request_serializer=lambda message: json.dumps(message).encode(),
        response_deserializer=json.loads,
    )


def said(name, call):
    try:
        print(json.dumps([name, "OK", call()]))
    except grpc.RpcError as error:
        print(json.dumps([name, error.code().name, error.details()]))


unary = method("unary_unary", "Unary")
said("unary", lambda: len(unary({"sizes": [100000]})["body"]))
said("status", lambda: unary({"status": {"code": 5, "details": "\u263a %"}}))
said("unknown", lambda: method("unary_unary", "Unknown")({}))
said("input", lambda: method("stream_unary", "Input")({"body": "x" * n} for n in (1, 20, 300)))
said("output", lambda: [len(m["body"]) for m in method("unary_stream", "Output")({"sizes": [1, 70000]})])
said("duplex", lambda: len(list(method("stream_stream", "Duplex")({"sizes": [n]} for n in (1, 2, 3)))))
said("deadline", lambda: unary({"sleeps": True}, timeout=0.2))
said("after", lambda: unary({}))
