// fast-proxy on node:http, with the agents that it makes itself: keep-alive, 2048 sockets.
import { createServer } from "node:http";
import { announce, nodeContender, PREFIX } from "../harness/contender.ts";

export const fastProxy = nodeContender("fast-proxy", import.meta.filename, ["fast-proxy"]);

if (import.meta.main) {
  const { fastProxy: library } = await import("fast-proxy");
  const { proxy } = library({ base: `http://127.0.0.1:${process.argv[2]}` });
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url?.startsWith(PREFIX)) proxy(request, response, request.url, {});
    else response.writeHead(404, { "content-type": "text/plain" }).end("no_route");
  });
  server.listen(0, "127.0.0.1", 4096, () => announce(server.address()));
}
