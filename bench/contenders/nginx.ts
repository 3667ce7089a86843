// nginx, one worker, with kept upstream connections; bodies are streamed, not spooled to disk.
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Contender, commandAvailable, PREFIX } from "../harness/contender.ts";
import { freePort, launchOn, scratch } from "../harness/launch.ts";

export const nginx: Contender = {
  name: "nginx",
  available: () => commandAvailable("nginx", "-v"),
  async start(origin) {
    const port = await freePort();
    const directory = scratch();
    const file = join(directory, "nginx.conf");
    writeFileSync(file, config(port, origin.port, directory));
    return launchOn(port, ["nginx", "-c", file, "-e", join(directory, "error.log")]);
  },
};

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

function config(port: number, originPort: number, directory: string): string {
  // Only root may, and must, name the user of the worker: the directory is this user's alone.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username} root;` : "";
  const paths = TEMPORARY.map((name) => `  ${name}_temp_path ${directory}/${name};`).join("\n");
  return `${user}
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 8192; }
http {
${paths}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  client_max_body_size 0;
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 2048;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location ${PREFIX} {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
    location / { return 404 "no_route"; }
  }
}
`;
}
