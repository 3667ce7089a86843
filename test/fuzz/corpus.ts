// Where mutation begins: well-formed messages of many kinds, and every wire case that is known.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requestCases, responseCases } from "../conformance/cases.ts";

/** What a connection carries; `method` is that of the request which a response answers. */
export interface Sample {
  readonly method: string;
  readonly text: string;
}

/** Larger cases try limits, and cost time without more variety. */
const LARGEST = 4096;

const HOST = "Host: a.test\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

/** Requests that are accepted as they are. */
export const REQUESTS: readonly string[] = [
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a/b?c=d&e=%20 HTTP/1.1\r\n${HOST}User-Agent: x/1.0 (y; z)\r\nAccept: */*\r\n\r\n`,
  `GET http://a.test/abs?q HTTP/1.1\r\n${HOST}\r\n`,
  `GET http://[::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}Max-Forwards: 3\r\n\r\n`,
  `HEAD /h HTTP/1.1\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  `DELETE /d HTTP/1.1\r\n${HOST}Connection: close, x-a\r\nX-A: 1\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `PUT /p HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello\r\nyou\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\nX-Empty:\r\n\r\n`,
  `POST /c HTTP/1.1\r\n${HOST}${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
  `POST /c HTTP/1.1\r\n${HOST}${CHUNKED}5;a=b;c="d;e"\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n`,
  `POST /t HTTP/1.1\r\n${HOST}TE: trailers\r\nTrailer: X-Sum\r\n${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok`,
  `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `GET /o HTTP/1.0\r\n\r\n`,
  `GET /k HTTP/1.0\r\n${HOST}Connection: Keep-Alive\r\n\r\n`,
  `GET /m HTTP/1.1\r\n${HOST}X-L: 1\r\nx-l: 2\r\nCookie: a=b; c="d"\r\nX-O: caf\xe9 \xff\r\n\r\n`,
  `PROPFIND /dav HTTP/1.1\r\n${HOST}Depth: 1\r\nContent-Length:  4 \r\n\r\n<a/>`,
  `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n\r\nGET /3 HTTP/1.1\r\n${HOST}\r\n`,
  `POST /1 HTTP/1.1\r\n${HOST}${CHUNKED}1\r\nx\r\n0\r\n\r\nPOST /2 HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\ny`,
  `PATCH /1 HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
];

/** Responses that are accepted as they are. */
export const RESPONSES: readonly string[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 9\r\n\r\n<a>\r\n</a>",
  `HTTP/1.1 200 OK\r\n${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
  `HTTP/1.1 200 OK\r\nDate: x\r\n${CHUNKED}2;a=b\r\nok\r\n0a;c="d"\r\n0123456789\r\n0\r\n\r\n`,
  `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 7\r\nX-B:  c \r\n\r\n`,
  "HTTP/1.1 200 OK\r\n\r\nuntil the end",
  "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nuntil the end",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n',
  "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 404 \r\nContent-Length: 0\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d; Path=/\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00",
  "HTTP/1.1 503 Caf\xe9 ferm\xe9\r\nRetry-After: 3\r\nContent-Length: 1\r\n\r\n\xff",
];

const RESPONSE_METHODS = ["GET", "GET", "POST", "HEAD"];

/** Well-formed requests, several times over, and the request cases. */
export function requestSamples(): readonly Sample[] {
  const cases = [...requestCases(), ...found("found.json")].map(({ raw }) => raw);
  return [...REQUESTS, ...REQUESTS, ...REQUESTS, ...REQUESTS, ...cases]
    .filter((text) => text.length <= LARGEST)
    .map((text) => ({ method: "", text }));
}

/** Well-formed responses, several times over, and the response cases, to different requests. */
export function responseSamples(): readonly Sample[] {
  const cases = [...responseCases(), ...found("found-responses.json")].map(({ raw }) => raw);
  return [...RESPONSES, ...RESPONSES, ...RESPONSES, ...cases]
    .filter((text) => text.length <= LARGEST)
    .flatMap((text) => RESPONSE_METHODS.map((method) => ({ method, text })));
}

/** What earlier campaigns found. */
function found(name: string): readonly { readonly raw: string }[] {
  const path = join(import.meta.dirname, "..", "conformance", "cases", name);
  return JSON.parse(readFileSync(path, "utf8"));
}
