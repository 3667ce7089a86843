// Who is put before the service, and what each is told of it.
import { direct } from "../contenders/direct.ts";
import { haproxy, told } from "../contenders/haproxy.ts";
import { nginx } from "../contenders/nginx.ts";
import { sidecar } from "../contenders/tidegate.ts";
import type { Contender } from "../harness/contender.ts";

/** All services have so many. */
export const WORKERS = 16;

/** Tidegate that learns is OURS, HAProxy that knows is what it is compared with. */
export const OURS = "tidegate";
export const BASE = "haproxy-told";

export const CONTENDERS: readonly Contender[] = [
  ours(OURS, "adaptive"),
  ours("tidegate-told", WORKERS),
  told(WORKERS),
  { ...haproxy, name: "haproxy" },
  nginx,
  { ...direct, name: "none" },
];

function ours(name: string, limit: number | "adaptive"): Contender {
  return sidecar(name, {
    listener: ["forwarded: { trust: [127.0.0.0/8] }"],
    cluster: [`concurrency: { limit: ${limit} }`],
  });
}
