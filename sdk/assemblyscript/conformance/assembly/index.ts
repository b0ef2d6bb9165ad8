// What sdk/vectors/README.md describes, with the AssemblyScript SDK.
import {
  Call,
  FetchRequest,
  HostResult,
  HostStatus,
  Json,
  Request,
  Response,
  Status,
  action,
  app,
  audit,
  config,
  del,
  extValue,
  fetch,
  filter,
  get,
  hostProblem,
  kv,
  log,
  nowMillis,
  post,
  put,
  secrets,
} from "../../assembly/index";
export * from "../../assembly/abi";

filter<Json>("echo", (value: Json, call: Call): Json => value);
filter<string>("text", (text: string, call: Call): string => text + "!");
filter<i64>("int", (number: i64, call: Call): i64 => number);
filter<f64>("float", (number: f64, call: Call): f64 => number * 2);
filter<bool>("bool", (value: bool, call: Call): bool => !value);
filter<string>("args", (text: string, call: Call): string => {
  return text + "|" + call.arg<string>(0) + "|" + call.arg<i64>(1).toString();
});

filter<string>("ext_value", (text: string, call: Call): string => extValue(text));

action("log", (call: Call): void => {
  const level = call.arg<i32>(0);
  const text = call.arg<string>(1);
  if (call.status != Status.Ok) return;
  if (level == 0) log.debug(text);
  else if (level == 1) log.info(text);
  else if (level == 2) log.warn(text);
  else if (level == 3) log.error(text);
  else call.fail(Status.Error, "no level " + level.toString());
});
action("audit", (call: Call): void => {
  const event = call.arg<string>(0);
  const data = call.arg<Json>(1);
  if (call.status == Status.Ok) check(call, audit(event, data));
});
filter<Json, i64>("time", (value: Json, call: Call): i64 => nowMillis());

filter<string, Json>("kv.get", (key: string, call: Call): Json => {
  const found = kv.getText(key);
  if (found.status == HostStatus.NotFound) return Json.NULL;
  check(call, found.status);
  return Json.text(found.value);
});
action("kv.set", (call: Call): void => {
  const key = call.arg<string>(0);
  const value = call.arg<string>(1);
  if (call.status == Status.Ok) check(call, kv.setText(key, value));
});
filter<string, bool>("kv.del", (key: string, call: Call): bool => {
  const status = kv.remove(key);
  if (status == HostStatus.NotFound) return false;
  check(call, status);
  return true;
});
filter<string, i64>("kv.incr", (key: string, call: Call): i64 => {
  const delta = call.arg<i64>(0);
  if (call.status != Status.Ok) return 0;
  const sum = kv.increment(key, delta);
  check(call, sum.status);
  return sum.value;
});
filter<string>("kv.error", (key: string, call: Call): string => nameOf(kv.setText(key, "")));

filter<string, Json>("config.get", (key: string, call: Call): Json => valueOf(call, config.get(key)));
filter<string>("config.text", (key: string, call: Call): string => {
  const found = config.text(key, call.arg<string>(0));
  check(call, found.status);
  return found.value;
});
filter<string, i64>("config.int", (key: string, call: Call): i64 => {
  const found = config.int(key, call.arg<i64>(0));
  check(call, found.status);
  return found.value;
});
filter<string, bool>("config.bool", (key: string, call: Call): bool => {
  const found = config.bool(key, call.arg<bool>(0));
  check(call, found.status);
  return found.value;
});
filter<string>("config.error", (key: string, call: Call): string => nameOf(config.int(key, 0).status));
filter<string, Json>("secrets.get", (name: string, call: Call): Json => {
  const found = secrets.get(name);
  return valueOf(call, new HostResult(found.status, Json.text(found.value)));
});
filter<Json>("app.call", (request: Json, call: Call): Json => {
  const answer = app.call(call.arg<string>(0), request);
  check(call, answer.status);
  return answer.value;
});
filter<string>("app.error", (name: string, call: Call): string => nameOf(app.call(name, Json.NULL).status));
filter<string>("fetch", (url: string, call: Call): string => {
  const method = call.arg<string>(0);
  let request = new FetchRequest(method, url);
  if (method == "GET") request = FetchRequest.get(url).header("Accept", "text/plain");
  if (method == "PUT") {
    const body = Uint8Array.wrap(String.UTF8.encode("ü"));
    request = FetchRequest.put(url).header("content-type", "-").body("text/plain", body);
  }
  if (method == "DELETE") request = FetchRequest.del(url);
  if (method == "POST") {
    request = FetchRequest.post(url)
      .json(Json.object().set("a", Json.int(1)))
      .header("X-Key", "{{secret:KEY}}")
      .timeoutMillis(2500);
  }
  const answer = fetch(request);
  check(call, answer.status);
  const kind = answer.value.header("X-Kind");
  const text = answer.value.text();
  return [answer.value.status.toString(), kind == null ? "none" : kind, text == null ? "" : text].join("|");
});
filter<string>("fetch.error", (url: string, call: Call): string => nameOf(fetch(FetchRequest.get(url)).status));

filter<string>("fail", (text: string, call: Call): string => {
  call.fail(Status.Error, text);
  return "";
});
filter<string>("refuse", (text: string, call: Call): string => {
  call.fail(Status.BadPayload, text);
  return "";
});
filter<string>("panic", (text: string, call: Call): string => {
  throw new Error(text);
});

get("/hello/{name}", (request: Request): Response => {
  return Response.text("Hello, " + request.param("name") + "!");
});
const literal = (request: Request): Response => Response.html("<p>Hello, literal!</p>");
get("/hello/world", literal);
get("/hello/caf%C3%A9", literal);
post("/echo", (request: Request): Response => {
  const type = request.header("content-type");
  return Response.bytes(type == null ? "application/octet-stream" : type, request.body).header(
    "X-Method",
    request.method,
  );
});
post("/twice", (request: Request): Response => {
  const body = request.json();
  if (body == null) return request.bad("the body is not JSON");
  const a = body.get("a");
  if (a == null || !a.is<i64>()) return request.bad("a is not an integer");
  return Response.json(Json.object().set("a", Json.int(2 * a.as<i64>())));
});
get("/query", (request: Request): Response => {
  const x = request.queryParam("x");
  return Response.text(x == null ? "none" : x);
});
put("/items/{id}", (request: Request): Response => {
  return Response.text("put " + request.param("id")).status(201);
});
del("/items/{id}", (request: Request): Response => Response.empty(204));
get("/fail", (request: Request): Response => {
  request.call.fail(Status.Error, "no");
  return Response.empty(500);
});

function check(call: Call, status: HostStatus): void {
  if (status != HostStatus.Ok) call.fail(Status.Error, hostProblem());
}

/** The value; null when there is none. */
function valueOf(call: Call, found: HostResult<Json>): Json {
  if (found.status == HostStatus.NotFound) return Json.NULL;
  check(call, found.status);
  return found.value;
}

function nameOf(status: HostStatus): string {
  switch (status) {
    case HostStatus.Ok:
      return "none";
    case HostStatus.Denied:
      return "denied";
    case HostStatus.Internal:
      return "internal";
    case HostStatus.BadArguments:
      return "bad arguments";
    case HostStatus.NotFound:
      return "not found";
    case HostStatus.Quota:
      return "quota";
    case HostStatus.RateLimited:
      return "rate limited";
    case HostStatus.TimedOut:
      return "timed out";
    case HostStatus.Blocked:
      return "blocked";
    case HostStatus.UpstreamFailed:
      return "upstream failed";
    case HostStatus.WrongType:
      return "wrong type";
    default:
      return "other";
  }
}
