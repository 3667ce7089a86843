// nginx with one big file, over HTTP/1.1 on one port and HTTP/2 on another.
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, launchOn, type Running, scratch } from "../harness/launch.ts";

/** Both ports, and how to end it. */
export interface Files extends Running {
  readonly http2Port: number;
}

/** Serves `/app/huge`, of so many bytes, all of them 0. */
export async function startFiles(bytes: number): Promise<Files> {
  const [port, http2Port, directory] = [await freePort(), await freePort(), scratch()];
  mkdirSync(join(directory, "app"));
  const huge = join(directory, "app", "huge");
  writeFileSync(huge, "");
  truncateSync(huge, bytes);
  const file = join(directory, "nginx.conf");
  const user = process.getuid?.() === 0 ? `user ${userInfo().username} root;` : "";
  writeFileSync(
    file,
    `${user}
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${directory}/${name};`).join("\n")}
  access_log off;
  sendfile on;
  server { listen 127.0.0.1:${port}; root ${directory}; }
  server { listen 127.0.0.1:${http2Port} http2; root ${directory}; }
}
`,
  );
  const running = await launchOn(port, ["nginx", "-c", file, "-e", join(directory, "error.log")]);
  return { ...running, http2Port };
}
