// http-proxy on node:http, with a keep-alive agent as its documentation advises.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { announce, nodeContender, PREFIX } from "../harness/contender.ts";

export const httpProxy = nodeContender("http-proxy", import.meta.filename, ["http-proxy"]);

/** What is used of the package, which brings no types. */
interface Library {
  createProxyServer(options: { target: string; agent: Agent; xfwd: boolean }): {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(event: "error", listener: (e: Error, q: IncomingMessage, s: ServerResponse) => void): void;
  };
}

if (import.meta.main) {
  // As a string, so that types are not looked for where there are none.
  const { default: library }: { default: Library } = await import("http-proxy" as string);
  const proxy = library.createProxyServer({
    target: `http://127.0.0.1:${process.argv[2]}`,
    agent: new Agent({ keepAlive: true, maxSockets: 4096, maxFreeSockets: 4096 }),
    xfwd: true,
  });
  proxy.on("error", (_error, _request, response) => response.destroy());
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url?.startsWith(PREFIX)) proxy.web(request, response);
    else response.writeHead(404, { "content-type": "text/plain" }).end("no_route");
  });
  server.listen(0, "127.0.0.1", 4096, () => announce(server.address()));
}
