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
export { action, del, filter, get, post, put, route } from "./plugin";
export { app, audit, config, hostProblem, kv, log, nowMillis, secrets } from "./host";
