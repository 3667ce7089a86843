// @fastify/reply-from in Fastify, with node:http on both sides.
import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { announce, nodeContender, PREFIX } from "../harness/contender.ts";

const MODULES = ["fastify", "@fastify/reply-from"];
export const replyFrom = nodeContender("@fastify/reply-from", import.meta.filename, MODULES);

if (import.meta.main) {
  const { fastify } = await import("fastify");
  const { default: plugin } = await import("@fastify/reply-from");
  const app = fastify({ keepAliveTimeout: 60_000, bodyLimit: Number.MAX_SAFE_INTEGER });
  // Bodies go through as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  const keep = { keepAlive: true, maxSockets: 4096, maxFreeSockets: 4096 };
  app.register(plugin, {
    base: `http://127.0.0.1:${process.argv[2]}`,
    http: { agents: { "http:": new Agent(keep), "https:": new SecureAgent(keep) } },
  });
  app.all(`${PREFIX}*`, (request, reply) => reply.from(request.url));
  await app.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  announce(app.server.address());
}
