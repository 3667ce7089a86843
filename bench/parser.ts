// How many nanoseconds does parsing a head take, from the bytes of a socket to the parsed head?
import { parseRequest } from "../src/http1/request.ts";
import { parseResponse } from "../src/http1/response.ts";
import { type Operation, timeAll } from "./harness/nano.ts";
import type { Options } from "./harness/options.ts";

const LIMITS = { uriBytes: 8192, headerBytes: 16_384, headers: 100, bodyBytes: 0 };

const SMALL_GET = ["GET /app/small HTTP/1.1", "Host: 127.0.0.1:8080"];
const BROWSER_GET = [
  "GET /api/v1/orders?page=2&size=50&sort=created HTTP/1.1",
  "Host: shop.example.org",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Referer: https://shop.example.org/orders",
  "Connection: keep-alive",
  "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=necessary",
  "Sec-Fetch-Dest: document",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: same-origin",
];
const POST = [
  "POST /api/v1/orders HTTP/1.1",
  "Host: shop.example.org",
  "Content-Type: application/json",
  "Content-Length: 1024",
  "x-request-id: 1f0c2f4e-8f0a-4f5e-9b1e-2b7b7d1c9a11",
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
];
const MANY = [
  "GET / HTTP/1.1",
  "Host: shop.example.org",
  ...Array.from({ length: 99 }, (_, index) => `x-field-${index}: ${"v".repeat(100)}`),
];
const SMALL_RESPONSE = [
  "HTTP/1.1 200 OK",
  "Server: origin",
  "Date: Thu, 01 Jan 2026 00:00:00 GMT",
  "Content-Type: text/plain",
  "Content-Length: 48",
  "Connection: keep-alive",
];

/** Prints the table; throws when a head that is timed is not parsed as it should be. */
export function run(options: Options): Promise<number> {
  const operations = [
    request("request: GET, 1 field", SMALL_GET),
    request("request: GET of a browser, 11 fields", BROWSER_GET),
    request("request: POST, 5 fields", POST),
    request("request: 100 fields, 11 KiB", MANY),
    response("response: 200, 5 fields", SMALL_RESPONSE),
  ];
  return timeAll("parser", operations, options);
}

function request(name: string, lines: readonly string[]): Operation {
  const bytes = bytesOf(lines);
  return {
    name,
    work() {
      const parsed = parseRequest(bytes, LIMITS);
      if (typeof parsed === "number" || "reason" in parsed) throw new Error(`${name}: refused`);
      return parsed.end;
    },
  };
}

function response(name: string, lines: readonly string[]): Operation {
  const bytes = bytesOf(lines);
  return {
    name,
    work() {
      const parsed = parseResponse(bytes, "GET", LIMITS);
      if (typeof parsed === "number" || "reason" in parsed) throw new Error(`${name}: refused`);
      return parsed.end;
    },
  };
}

function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
