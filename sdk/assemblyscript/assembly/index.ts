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
 * An instance of a plugin serves one call at a time. Whether it is used for the next call as it is, or
 * put back to how it was after start-up, the manifest's `limits.isolation` says.
 *
 * AssemblyScript has no closures and no `catch`: a handler keeps its state in the module's variables,
 * and says that it fails by `call.fail`. `throw`, and a failed `assert`, end the call and the instance;
 * the host reports the text.
 */

export { Json, JsonType } from "./json";
export { Call, HostStatus, Status } from "./call";
export { Request, Response, extValue } from "./http";
export { action, del, filter, get, post, put, route } from "./plugin";
export { audit, hostProblem, kv, log, nowMillis } from "./host";
