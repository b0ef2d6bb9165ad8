import { HostResult, HostStatus } from "./call";
import { Json } from "./json";

@external("env", "gn_log")
declare function gn_log(level: i32, text: usize, length: i32): void;
@external("env", "gn_time_ms")
declare function gn_time_ms(): i64;
@external("env", "gn_audit_emit")
declare function gn_audit_emit(json: usize, length: i32): i32;
@external("gonext_data", "gn_kv_get")
declare function gn_kv_get(key: usize, length: i32): u64;
@external("gonext_data", "gn_kv_set")
declare function gn_kv_set(key: usize, length: i32, value: usize, valueLength: i32): u64;
@external("gonext_data", "gn_kv_del")
declare function gn_kv_del(key: usize, length: i32): u64;
@external("gonext_data", "gn_kv_incr")
declare function gn_kv_incr(key: usize, length: i32, delta: i64): u64;

@external("env", "gn_config_get")
declare function gn_config_get(key: usize, length: i32): u64;
@external("env", "gn_secrets_get")
declare function gn_secrets_get(name: usize, length: i32): u64;
@external("env", "gn_app_call")
declare function gn_app_call(name: usize, length: i32, json: usize, jsonLength: i32): u64;
@external("env_net", "gn_http_fetch")
declare function gn_http_fetch(json: usize, length: i32): u64;

/**
 * The limits of a function of the host, for its error messages. All are lazy: a plugin links only those that
 * it uses.
 */
class Rules {
  constructor(
    public readonly capability: string,
    public readonly args: string,
    public readonly quota: string,
  ) {}
}

@lazy const KEY = "a key is 1 to 256 bytes of UTF-8 without NUL";
@lazy const KV_QUOTA = "see storage.kv in manifest.json";
@lazy const KV_GET = new Rules("kv.read", KEY, KV_QUOTA);
@lazy const KV_DEL = new Rules("kv.write", KEY, KV_QUOTA);
@lazy const KV_SET = new Rules("kv.write", KEY + ", a value at most 256 KiB", KV_QUOTA);
@lazy const KV_INCR = new Rules(
  "kv.write",
  KEY + ", its entry a decimal number, and the sum one of 64 bits",
  KV_QUOTA,
);
@lazy const AUDIT = new Rules(
  "audit.emit",
  "an event's name begins with the plugin's and a dot" +
    ", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
  "100 events a minute",
);
@lazy const APP_QUOTA = "see the application's limits";
@lazy const CONFIG = new Rules("of this function", "a key has at most 256 bytes of UTF-8", APP_QUOTA);
@lazy const SECRETS = new Rules(
  "secrets.keys for this name",
  "a name has at most 128 bytes of UTF-8",
  APP_QUOTA,
);
@lazy const APP = new Rules(
  "of this function",
  "the application does not accept this request",
  APP_QUOTA,
);

let problem: string = "";

/**
 * Why the last failed function of the host failed, with the capability or the limit, as a text for
 * people: `call.fail(Status.Error, hostProblem())`.
 */
export function hostProblem(): string {
  return problem;
}

/** Keeps the problem, and returns the status. */
function answered(status: HostStatus, rules: Rules): HostStatus {
  switch (status) {
    case HostStatus.Ok:
      break;
    case HostStatus.Denied:
      problem =
        "denied by the host: the capability " +
        rules.capability +
        " is not requested in manifest.json or not granted";
      break;
    case HostStatus.Internal:
      problem = "the host failed";
      break;
    case HostStatus.BadArguments:
      problem = "the host did not accept the arguments: " + rules.args;
      break;
    case HostStatus.NotFound:
      problem = "not found";
      break;
    case HostStatus.Quota:
      problem = "the quota is used up: " + rules.quota;
      break;
    default:
      problem = "the host answered " + status.toString();
  }
  return status;
}

/** Keeps the problem of a function of the application, and returns the status. */
function appAnswered(status: HostStatus): HostStatus {
  if (status == HostStatus.RateLimited) {
    problem = "the rate limit is reached: " + APP_QUOTA;
    return status;
  }
  if (status == HostStatus.TimedOut) {
    problem = "timed out: the function may have run or not";
    return status;
  }
  return answered(status, APP);
}

/** Keeps the problem, and returns the status, for a status of `env_net`. */
function netAnswered(status: i32): HostStatus {
  switch (status) {
    case 0:
      return HostStatus.Ok;
    case -1:
      problem =
        "the host did not accept the arguments: a request has a method, a URL of http or https, and" +
        " headers that HTTP allows; in JSON it has at most 1 MiB";
      return HostStatus.BadArguments;
    case -2:
      problem =
        "denied by the host: the capability http.fetch is not requested in manifest.json or not granted";
      return HostStatus.Denied;
    case -3:
      problem =
        "blocked by the host: the URL's origin is not in http.fetch.allow in manifest.json, or the" +
        " operator does not allow its address";
      return HostStatus.Blocked;
    case -4:
      problem = "the rate limit is reached: see http.fetch.rate_per_minute in manifest.json";
      return HostStatus.RateLimited;
    case -5:
      problem = "the request failed: the server did not give a complete answer in time";
      return HostStatus.UpstreamFailed;
    case -6:
      problem = "not found";
      return HostStatus.NotFound;
    case -7:
      problem = "the host failed";
      return HostStatus.Internal;
    default:
      problem = "the host answered " + status.toString();
      // One that no function of this SDK has a name for.
      return <HostStatus>-100;
  }
}

/** Lines for the plugin's log. */
export namespace log {
  export function debug(text: string): void {
    write(0, text);
  }

  export function info(text: string): void {
    write(1, text);
  }

  export function warn(text: string): void {
    write(2, text);
  }

  export function error(text: string): void {
    write(3, text);
  }

  function write(level: i32, text: string): void {
    const bytes = String.UTF8.encode(text);
    gn_log(level, changetype<usize>(bytes), bytes.byteLength);
  }
}

/** The host's clock, in milliseconds since 1970. */
export function nowMillis(): i64 {
  return gn_time_ms();
}

/**
 * Writes an event to the operator's audit log. The event's name begins with the plugin's name. Needs the
 * capability `audit.emit`.
 */
export function audit(event: string, data: Json): HostStatus {
  const entry = Json.object().set("event", Json.text(event)).set("data", data);
  const bytes = String.UTF8.encode(entry.toString());
  return answered(gn_audit_emit(changetype<usize>(bytes), bytes.byteLength), AUDIT);
}

/**
 * The plugin's own key-value store. All instances of the plugin share it, and it outlives them. Reading
 * needs the capability `kv.read`, all else `kv.write`.
 */
export namespace kv {
  /** The value of `key`; NotFound when there is none. */
  export function get(key: string): HostResult<Uint8Array> {
    const name = String.UTF8.encode(key);
    return taken(gn_kv_get(changetype<usize>(name), name.byteLength), KV_GET);
  }

  /** The value of `key` as text. */
  export function getText(key: string): HostResult<string> {
    const found = get(key);
    return new HostResult(found.status, String.UTF8.decode(found.value.buffer));
  }

  export function set(key: string, value: Uint8Array): HostStatus {
    const name = String.UTF8.encode(key);
    return taken(
      gn_kv_set(changetype<usize>(name), name.byteLength, value.dataStart, value.length),
      KV_SET,
    ).status;
  }

  export function setText(key: string, value: string): HostStatus {
    return set(key, Uint8Array.wrap(String.UTF8.encode(value)));
  }

  /** Removes `key`; NotFound when there was none, if the host reports that. */
  export function remove(key: string): HostStatus {
    const name = String.UTF8.encode(key);
    return taken(gn_kv_del(changetype<usize>(name), name.byteLength), KV_DEL).status;
  }

  /** Adds `delta` to the number at `key`; the value is the sum. A missing entry counts as 0. */
  export function increment(key: string, delta: i64): HostResult<i64> {
    const name = String.UTF8.encode(key);
    const sum = taken(gn_kv_incr(changetype<usize>(name), name.byteLength, delta), KV_INCR);
    if (sum.status != HostStatus.Ok) return new HostResult<i64>(sum.status, 0);
    const number = Json.parse(sum.value.buffer);
    return number != null && number.is<i64>()
      ? new HostResult<i64>(HostStatus.Ok, number.as<i64>())
      : new HostResult<i64>(answered(HostStatus.Internal, KV_INCR), 0);
  }
}

/**
 * The plugin's configuration: the values that the operator set, and the defaults of `config.schema` in the
 * manifest. All calls of one run see the same values. It needs no capability.
 */
export namespace config {
  /** The value of `key`; NotFound when there is none. An empty key stands for the whole object. */
  export function get(key: string): HostResult<Json> {
    const name = String.UTF8.encode(key);
    return parsed(taken(gn_config_get(changetype<usize>(name), name.byteLength), CONFIG));
  }

  /** The text of `key`, or `fallback` when it has no value or `null`. */
  export function text(key: string, fallback: string): HostResult<string> {
    return typed<string>(get(key), fallback, "a text");
  }

  /** The integer of `key`, or `fallback` when it has no value or `null`. */
  export function int(key: string, fallback: i64): HostResult<i64> {
    return typed<i64>(get(key), fallback, "an integer in range");
  }

  /** The boolean of `key`, or `fallback` when it has no value or `null`. */
  export function bool(key: string, fallback: boolean): HostResult<boolean> {
    return typed<boolean>(get(key), fallback, "a boolean");
  }

  function typed<T>(found: HostResult<Json>, fallback: T, wanted: string): HostResult<T> {
    const isMissing = found.status == HostStatus.NotFound;
    if (isMissing || (found.status == HostStatus.Ok && found.value.isNull)) {
      return new HostResult<T>(HostStatus.Ok, fallback);
    }
    if (found.status == HostStatus.Ok && !found.value.is<T>()) {
      problem = "the host's value has another type: it is not " + wanted;
      return new HostResult<T>(HostStatus.WrongType, fallback);
    }
    return new HostResult<T>(found.status, found.value.as<T>());
  }
}

/** The secrets that the manifest names in `secrets.keys`. Do not write them to the log. */
export namespace secrets {
  /**
   * The secret of this name; NotFound when the operator has not set it, Denied for one that only the host
   * may use (`inject_only`).
   */
  export function get(name: string): HostResult<string> {
    const key = String.UTF8.encode(name);
    const found = taken(gn_secrets_get(changetype<usize>(key), key.byteLength), SECRETS);
    return new HostResult(found.status, String.UTF8.decode(found.value.buffer));
  }
}

/** The functions of the application that runs the host. */
export namespace app {
  /**
   * Calls the function `name`; NotFound when the application has no such function. It needs the capability
   * that the application gave the function.
   */
  export function call(name: string, request: Json): HostResult<Json> {
    const key = String.UTF8.encode(name);
    const json = String.UTF8.encode(request.toString());
    const answer = body(
      gn_app_call(changetype<usize>(key), key.byteLength, changetype<usize>(json), json.byteLength),
    );
    return parsed(new HostResult(appAnswered(answer.status), answer.value));
  }
}

/** Sends a request in JSON; `fetch` builds it. */
export function sendRequest(json: string): HostResult<Json> {
  const bytes = String.UTF8.encode(json);
  const answer = body(gn_http_fetch(changetype<usize>(bytes), bytes.byteLength));
  return parsed(new HostResult(netAnswered(answer.status), answer.value));
}

/** The JSON of an answer. */
function parsed(answer: HostResult<Uint8Array>): HostResult<Json> {
  if (answer.status != HostStatus.Ok) return new HostResult(answer.status, Json.NULL);
  const value = Json.parse(answer.value.buffer);
  return value == null ? internal<Json>(Json.NULL) : new HostResult(HostStatus.Ok, value);
}

/** What the host answered is not what it should be. */
export function internal<T>(value: T): HostResult<T> {
  problem = "the host failed";
  return new HostResult<T>(HostStatus.Internal, value);
}

/** Keeps the problem of a request for which no answer came. */
export function upstreamFailed(): HostStatus {
  return netAnswered(-5);
}

function taken(packed: u64, rules: Rules): HostResult<Uint8Array> {
  const answer = body(packed);
  answered(answer.status, rules);
  return answer;
}

/** Copies the body of a packed answer and frees its block. Without a body: its status. */
function body(packed: u64): HostResult<Uint8Array> {
  const block = <usize>(packed >> 32);
  const length = <i32>packed;
  if (block == 0) {
    const status: HostStatus = length < 0 ? length : HostStatus.Ok;
    return new HostResult(status, new Uint8Array(0));
  }
  const bytes = new Uint8Array(length);
  memory.copy(bytes.dataStart, block, length);
  heap.free(block);
  return new HostResult(HostStatus.Ok, bytes);
}
