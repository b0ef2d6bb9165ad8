import { HostStatus } from "./call";
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

/** The limits of a function of the host, for its error messages. */
class Rules {
  constructor(
    public readonly capability: string,
    public readonly args: string,
    public readonly quota: string,
  ) {}
}

const KEY = "a key is 1 to 256 bytes of UTF-8 without NUL";
const KV_QUOTA = "see storage.kv in manifest.json";
const KV_GET = new Rules("kv.read", KEY, KV_QUOTA);
const KV_DEL = new Rules("kv.write", KEY, KV_QUOTA);
const KV_SET = new Rules("kv.write", KEY + ", a value at most 256 KiB", KV_QUOTA);
const KV_INCR = new Rules(
  "kv.write",
  KEY + ", its entry a decimal number, and the sum one of 64 bits",
  KV_QUOTA,
);
const AUDIT = new Rules(
  "audit.emit",
  "an event's name begins with the plugin's and a dot" +
    ", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
  "100 events a minute",
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
  /** The result of reading. The value is valid when the status is Ok. */
  export class Result<T> {
    constructor(
      public readonly status: HostStatus,
      public readonly value: T,
    ) {}
  }

  /** The value of `key`; NotFound when there is none. */
  export function get(key: string): Result<Uint8Array> {
    const name = String.UTF8.encode(key);
    return taken(gn_kv_get(changetype<usize>(name), name.byteLength), KV_GET);
  }

  /** The value of `key` as text. */
  export function getText(key: string): Result<string> {
    const found = get(key);
    return new Result(found.status, String.UTF8.decode(found.value.buffer));
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
  export function increment(key: string, delta: i64): Result<i64> {
    const name = String.UTF8.encode(key);
    const sum = taken(gn_kv_incr(changetype<usize>(name), name.byteLength, delta), KV_INCR);
    if (sum.status != HostStatus.Ok) return new Result<i64>(sum.status, 0);
    const number = Json.parse(sum.value.buffer);
    return number != null && number.is<i64>()
      ? new Result<i64>(HostStatus.Ok, number.as<i64>())
      : new Result<i64>(answered(HostStatus.Internal, KV_INCR), 0);
  }

  /** Copies the body of a packed answer and frees its block. */
  function taken(packed: u64, rules: Rules): Result<Uint8Array> {
    const block = <usize>(packed >> 32);
    const length = <i32>packed;
    if (block == 0) {
      const status: HostStatus = length < 0 ? length : HostStatus.Ok;
      return new Result(answered(status, rules), new Uint8Array(0));
    }
    const bytes = new Uint8Array(length);
    memory.copy(bytes.dataStart, block, length);
    heap.free(block);
    return new Result(HostStatus.Ok, bytes);
  }
}
