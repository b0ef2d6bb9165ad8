/**
 * Write GoNext plugins in AssemblyScript.
 *
 * ```ts
 * import { Call, Request, Response, filter, get } from "gonext/assembly";
 * export * from "gonext/assembly/abi";
 *
 * filter<string>("the_title", (title: string, call: Call): string => title.toUpperCase());
 * get("/hello/{name}", (request: Request): Response => Response.text("Hello, " + request.param("name") + "!"));
 * ```
 *
 * An instance of a plugin serves one call at a time. `limits.isolation` in the manifest decides
 * whether the host resets the instance to its state after start-up before the next call.
 *
 * AssemblyScript has no closures and no `catch`. A handler keeps its state in variables of the module,
 * and fails with `call.fail`. `throw` and a failed `assert` end the call and the instance, and the host
 * reports the text.
 *
 * Routes need a host of GoNext 0.1.0 or newer, which names the route in each request.
 */

export { Json, JsonType } from "./json";
export { Call, HostResult, HostStatus, Status } from "./call";
export { FetchRequest, FetchResponse, fetch } from "./fetch";
export { Request, Response, extValue } from "./http";
export { hostProblem, hostReason } from "./answer";
export { Batch, Row, Rows, db } from "./db";
export { Cron, Enqueued, NewJob, Run, jobs } from "./jobs";
export { action, del, filter, get, job, post, put, route } from "./plugin";
export {
  app,
  audit,
  cache,
  config,
  events,
  i18n,
  kv,
  log,
  metrics,
  nowMillis,
  secrets,
  span,
} from "./host";
