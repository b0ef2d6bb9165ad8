// What sdk/vectors/README.md describes, with the AssemblyScript SDK.
import {
  Batch,
  Call,
  Cron,
  FetchRequest,
  HostResult,
  HostStatus,
  Json,
  NewJob,
  Request,
  Response,
  Rows,
  Run,
  Status,
  action,
  app,
  audit,
  cache,
  config,
  db,
  del,
  events,
  extValue,
  fetch,
  filter,
  get,
  hostProblem,
  hostReason,
  i18n,
  job,
  jobs,
  kv,
  log,
  metrics,
  nowMillis,
  post,
  put,
  secrets,
  span,
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

filter<string, bool>("kv.set_if_absent", (key: string, call: Call): bool => {
  const status = kv.setTextIfAbsent(key, call.arg<string>(0));
  if (status == HostStatus.Conflict) return false;
  check(call, status);
  return true;
});
filter<string>("db.query", (sql: string, call: Call): string => {
  return lines(call, db.query(sql, call.arg<Json>(0).items));
});
filter<string>("db.returning", (sql: string, call: Call): string => {
  return lines(call, db.execute(sql, call.arg<Json>(0).items));
});
filter<string, i64>("db.execute", (sql: string, call: Call): i64 => {
  const changed = db.execute(sql, call.arg<Json>(0).items);
  check(call, changed.status);
  return changed.value.affected;
});
filter<string>("db.batch", (name: string, call: Call): string => {
  const batch = new Batch()
    .execute("insert into t (name) values (?)", [Json.text(name)])
    .execute("delete from u")
    .enqueue(new NewJob("after").args(Json.object().set("name", Json.text(name))));
  const results = db.batch(batch);
  check(call, results.status);
  const counts = new Array<string>();
  for (let i = 0; i < results.value.length; i++) counts.push(results.value[i].affected.toString());
  return counts.join("|");
});
filter<string>("db.bytes", (sql: string, call: Call): string => {
  const bytes = Uint8Array.wrap(String.UTF8.encode(call.arg<string>(0)));
  const rows = db.query(sql, [db.bytes(bytes)]);
  check(call, rows.status);
  const data = rows.value.rows[0].bytes("data");
  check(call, data.status);
  return String.UTF8.decode(data.value.buffer);
});
filter<string>("db.error", (sql: string, call: Call): string => nameOf(db.execute(sql).status));
filter<string>("db.reason", (sql: string, call: Call): string => {
  const status = db.execute(sql).status;
  const reason = hostReason();
  return [(<i32>status).toString(), textOrNone(reason, "message"), textOrNone(reason, "sqlstate")].join("|");
});

action("events.emit", (call: Call): void => {
  check(call, events.emit(call.arg<string>(0), call.arg<Json>(1)));
});
action("span.event", (call: Call): void => {
  check(call, span.event(call.arg<string>(0), call.arg<Json>(1)));
});
action("cache.invalidate", (call: Call): void => {
  const list = call.arg<Json>(0).items;
  const tags = new Array<string>();
  for (let i = 0; i < list.length; i++) tags.push(list[i].as<string>());
  check(call, cache.invalidate(tags));
});
action("metrics.observe", (call: Call): void => {
  const kind = call.arg<Json>(2);
  const name = call.arg<string>(0);
  const value = call.arg<f64>(1);
  check(
    call,
    kind.isNull ? metrics.observe(name, value) : metrics.observe(name, value, Json.object().set("kind", kind)),
  );
});
filter<string, Json>("i18n.translate", (key: string, call: Call): Json => {
  const text = i18n.translate(key, call.arg<string>(0));
  return valueOf(call, new HostResult(text.status, Json.text(text.value)));
});
filter<string, Json>("i18n.format", (key: string, call: Call): Json => {
  const text = i18n.format(key, call.arg<string>(0), Json.object().set("count", call.arg<Json>(1)));
  return valueOf(call, new HostResult(text.status, Json.text(text.value)));
});

filter<Json, string>("jobs.enqueue", (value: Json, call: Call): string => {
  const variant = call.arg<string>(0);
  const wanted = new NewJob("send");
  if (!value.isNull) wanted.args(value);
  if (variant == "full") wanted.delayMillis(1500).idempotencyKey("k ü").priority(-5);
  if (variant == "at") wanted.at("2027-01-01T00:00:00Z");
  const enqueued = jobs.enqueue(wanted);
  check(call, enqueued.status);
  return enqueued.value.id + "|" + enqueued.value.created.toString();
});
action("cron.register", (call: Call): void => {
  const variant = call.arg<string>(0);
  let cron = new Cron("0 4 * * *", "nightly");
  if (variant == "full") {
    cron.zone("Europe/Zurich").args(Json.object().set("a", Json.int(1))).catchUp("once");
  }
  if (variant == "every") cron = Cron.everyMillis(60_000, "tick");
  check(call, jobs.schedule(cron));
});
job("echo", (run: Run, call: Call): void => {
  const parts = [run.id, run.name, run.args.toString(), run.idempotencyKey, run.attempt.toString()];
  log.info(parts.concat([run.scheduledAtMillis.toString(), run.deadlineMillis.toString()]).join("|"));
});
job("fail", (run: Run, call: Call): void => {
  if (run.args.is<string>()) call.fail(Status.Error, run.args.as<string>());
  else call.fail(Status.BadPayload, "args is not a text");
});
job("refuse", (run: Run, call: Call): void => call.fail(Status.BadPayload, run.args.as<string>()));
job("later", (run: Run, call: Call): void => call.retryIn(run.args.as<i64>(), "not yet"));
job("panic", (run: Run, call: Call): void => {
  throw new Error(run.args.as<string>());
});
job("once", (run: Run, call: Call): void => {
  const first = kv.setTextIfAbsent("done:" + run.idempotencyKey, run.id);
  if (first == HostStatus.Conflict) return;
  if (first != HostStatus.Ok) call.fail(Status.Error, hostProblem());
  else log.info("the effect");
});

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

function lines(call: Call, answer: HostResult<Rows>): string {
  check(call, answer.status);
  const lines = new Array<string>();
  for (let i = 0; i < answer.value.rows.length; i++) {
    const row = answer.value.rows[i];
    const column = row.column("name");
    let name = "none";
    if (column == null || !column.isNull) {
      const found = row.get<string>("name");
      check(call, found.status);
      name = found.value;
    }
    const id = row.get<i64>("id");
    check(call, id.status);
    lines.push(id.value.toString() + "=" + name);
  }
  if (answer.value.truncated) lines.push("...");
  return lines.join(";");
}

function textOrNone(reason: Json | null, name: string): string {
  if (reason == null) return "none";
  const member = reason.get(name);
  return member == null ? "none" : member.as<string>();
}

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
    case HostStatus.Conflict:
      return "conflict";
    case HostStatus.Rejected:
      return "rejected";
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
