import { Call, Status } from "./call";
import { log } from "./host";
import { Request, Response } from "./http";
import { Run } from "./jobs";
import { Json, JsonType } from "./json";

/** Prefix of the filter that serves requests. The plugin's name follows it. */
const SERVE: string = "http.serve.";

/** The hook that asks a new plugin for its routes. */
const DESCRIBE: string = "gonext.describe";

abstract class Filter {
  abstract run(value: Json, call: Call): Json;
}

class TypedFilter<T, U> extends Filter {
  constructor(private readonly handler: (value: T, call: Call) => U) {
    super();
  }

  run(value: Json, call: Call): Json {
    if (!value.is<T>()) {
      call.fail(Status.BadPayload, "value is not of type " + nameof<T>());
      return Json.NULL;
    }
    return Json.of<U>(this.handler(value.as<T>(), call));
  }
}

class Served {
  constructor(
    public readonly method: string,
    public readonly path: string,
    public readonly handler: (request: Request) => Response,
  ) {}
}

const filters = new Map<string, Filter>();
const actions = new Map<string, (call: Call) => void>();
const routes = new Array<Served>();

/**
 * Handles the filter `name`: takes the value and returns the new value. T and U are `string`, `bool`,
 * `i32`, `i64`, `f64` or `Json`; U is T by default. For a value that is not a T, the call ends with a bad
 * payload and the handler does not run.
 */
export function filter<T, U = T>(name: string, handler: (value: T, call: Call) => U): void {
  filters.set(name, new TypedFilter<T, U>(handler));
}

/** Handles the action `name`. */
export function action(name: string, handler: (call: Call) => void): void {
  actions.set(name, handler);
}

/** Serves GET and HEAD at a path such as `/hello/{name}`. */
export function get(path: string, handler: (request: Request) => Response): void {
  route("GET", path, handler);
}

export function post(path: string, handler: (request: Request) => Response): void {
  route("POST", path, handler);
}

export function put(path: string, handler: (request: Request) => Response): void {
  route("PUT", path, handler);
}

/** Serves DELETE. */
export function del(path: string, handler: (request: Request) => Response): void {
  route("DELETE", path, handler);
}

/**
 * Serves a method, in upper case, at a path. Write the path as the manifest has it: the host names the
 * route by the manifest's text.
 */
export function route(method: string, path: string, handler: (request: Request) => Response): void {
  routes.push(new Served(method, path, handler));
}

/** What runs jobs. A plugin without jobs does not link it. */
let jobRunner: ((name: string, payload: ArrayBuffer) => Outcome) | null = null;

@lazy const jobHandlers = new Map<string, (run: Run, call: Call) => void>();

/**
 * Runs the job `name`. After `call.fail` with an error, or a panic, it is retried, as the manifest says.
 * `call.retryIn` asks for the time of the next attempt. After a bad payload it is not retried.
 */
export function job(name: string, handler: (run: Run, call: Call) => void): void {
  jobHandlers.set(name, handler);
  jobRunner = runNamedJob;
}

/** The result of a call: a status below 0, or a body, which may be empty. */
export class Outcome {
  constructor(
    public readonly status: Status,
    public readonly body: string,
  ) {}
}

/** Runs one hook. After a failure the log says why. */
export function run(hook: string, payload: ArrayBuffer): Outcome {
  if (hook == DESCRIBE) return new Outcome(Status.Ok, described());
  const isAction = actions.has(hook);
  const isFilter = filters.has(hook);
  if (!isAction && !isFilter && !(hook.startsWith(SERVE) && routes.length > 0)) {
    return failed(hook, Status.UnknownHook, "no handler of this name");
  }
  const document = Json.parse(payload);
  if (document == null) return failed(hook, Status.BadPayload, "the payload is not JSON");
  const kind = document.get("kind");
  if (kind == null || kind.as<string>() != (isAction ? "action" : "filter")) {
    return failed(hook, Status.BadPayload, "the payload is of another kind");
  }
  const args = document.get("args");
  const hasArgs = args != null && args.type == JsonType.Array;
  const call = new Call(hook, hasArgs ? args!.items : []);
  let body = "";
  if (isAction) {
    if (!hasArgs) return failed(hook, Status.BadPayload, "args is not an array");
    actions.get(hook)(call);
  } else {
    const value = document.get("value");
    if (value == null) return failed(hook, Status.BadPayload, "the payload has no value");
    const result = isFilter ? filters.get(hook).run(value, call) : serve(value, call);
    body = '{"value":' + result.toString() + "}";
  }
  return call.status == Status.Ok
    ? new Outcome(Status.Ok, body)
    : failed(hook, call.status, call.reason);
}

/** Runs one job. The body says when to run it again. After a failure the log says why. */
export function runJob(name: string, payload: ArrayBuffer): Outcome {
  const runner = jobRunner;
  return runner == null
    ? failed("job " + name, Status.UnknownHook, "no handler of this name")
    : runner(name, payload);
}

function runNamedJob(name: string, payload: ArrayBuffer): Outcome {
  const label = "job " + name;
  if (!jobHandlers.has(name)) return failed(label, Status.UnknownHook, "no handler of this name");
  const document = Json.parse(payload);
  const run = Run.of(name, document == null ? Json.NULL : document);
  if (run == null) return failed(label, Status.BadPayload, "the payload is not a job's");
  const call = new Call(name, []);
  jobHandlers.get(name)(run, call);
  if (call.status != Status.Ok) return failed(label, call.status, call.reason);
  if (call.retryMillis < 0) return new Outcome(Status.Ok, "");
  log.warn(label + ": " + call.reason);
  return new Outcome(Status.Ok, '{"retry_in_ms":' + call.retryMillis.toString() + "}");
}

/** The routes in the order of registration. */
function described(): string {
  let body = '{"value":{"routes":[';
  for (let i = 0; i < routes.length; i++) {
    const served = Json.object()
      .set("method", Json.text(routes[i].method))
      .set("path", Json.text(routes[i].path));
    body += (i > 0 ? "," : "") + served.toString();
  }
  return body + "]}}";
}

function failed(hook: string, status: Status, reason: string): Outcome {
  log.warn(hook + ": " + reason);
  return new Outcome(status, "");
}

function serve(value: Json, call: Call): Json {
  if (value.type == JsonType.Object && value.get("route") == null) {
    call.fail(
      Status.BadPayload,
      "the request has no route: this SDK needs GoNext 0.1.0 or newer",
    );
    return Json.NULL;
  }
  const request = Request.of(call, value);
  if (request == null) {
    call.fail(Status.BadPayload, "the value is not a request");
    return Json.NULL;
  }
  let found: Served | null = null;
  for (let i = 0; i < routes.length && found == null; i++) {
    if (routes[i].method == request.method && routes[i].path == request.route) found = routes[i];
  }
  if (found == null) {
    log.warn("no handler for " + request.method + " " + request.route);
    return Response.text("not found").status(404).toJson();
  }
  const response = found.handler(request);
  if (call.status == Status.BadPayload) {
    log.warn(call.hook + ": " + call.reason);
    call.status = Status.Ok;
    return Response.text("bad request").status(400).toJson();
  }
  return response.toJson();
}
