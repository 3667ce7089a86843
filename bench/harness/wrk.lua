-- The request comes from the environment; the result goes out as one line of JSON, exact where
-- wrk's own report is rounded.
local bytes = tonumber(os.getenv("BENCH_BODY_BYTES") or "0")
if bytes > 0 then
  wrk.method = "POST"
  wrk.body = string.rep("b", bytes)
  wrk.headers["Content-Type"] = "application/octet-stream"
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'result {"requests":%d,"bytes":%d,"micros":%d,"p50Micros":%d,"p99Micros":%d,' ..
    '"statusErrors":%d,"connectErrors":%d,"readErrors":%d,"writeErrors":%d,"timeouts":%d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status, errors.connect, errors.read, errors.write,
    errors.timeout))
end
