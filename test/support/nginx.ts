// A real nginx as the service, with a folder of files.
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Address, parseAddress, tcpAddress } from "../../src/core/address.ts";
import { Child } from "./process.ts";
import { type Scratch, scratch } from "./scratch.ts";
import { tool } from "./tool.ts";

/** The 48 bytes that `/` answers. */
export const HELLO = "A small answer, as an API gives it, 48 bytes...\n";

export class Nginx {
  readonly address: Address;
  readonly #child: Child;
  readonly #folder: Scratch;

  private constructor(child: Child, folder: Scratch, address: Address) {
    this.#child = child;
    this.#folder = folder;
    this.address = address;
  }

  /**
   * Starts it with `files`, by name, on a free port or on a unix socket; with `http2`, which it then speaks, it
   * ends a session after so many requests.
   */
  static async start(
    files: Readonly<Record<string, Buffer>> = {},
    unix = false,
    http2?: number,
  ): Promise<Nginx> {
    const scratched = scratch();
    const folder = scratched.path;
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const path = parseAddress(`unix:${join(folder, "socket")}`);
    const address = unix && path !== undefined ? path : tcpAddress("127.0.0.1", await freePort());
    writeFileSync(join(folder, "nginx.conf"), config(folder, address, http2));
    const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
    const child = Child.start(tool("nginx"), args);
    // It listens before it says that its worker has started.
    await child.bell.until(
      () => /start worker process /.test(child.stderr) || child.ended !== undefined,
    );
    if (child.ended !== undefined) throw new Error(`nginx ended: ${child.stderr}`);
    return new Nginx(child, scratched, address);
  }

  async stop(): Promise<void> {
    await this.#child.kill("SIGQUIT");
    this.#folder.remove();
  }
}

function config(folder: string, address: Address, http2: number | undefined): string {
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
master_process on;
worker_processes 1;
pid ${folder}/pid;
error_log stderr notice;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests ${http2 ?? 1_000_000};
  client_max_body_size 64m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  default_type text/plain;
  gzip on;
  gzip_proxied any;
  gzip_min_length 1;
  gzip_types text/plain;
  server {
    listen ${address.text}${http2 === undefined ? "" : " http2"};
    root ${folder};
    location = / { return 200 "${HELLO.replace("\n", "\\n")}"; }
    location /put/ { dav_methods PUT DELETE; create_full_put_path on; }
  }
}
`;
}

/** Nothing else can tell nginx to choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}
