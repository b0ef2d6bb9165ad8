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
 * Writes an event to the operator's audit log; its name begins with the plugin's. Takes the capability
 * `audit.emit`.
 */
export function audit(event: string, data: Json): HostStatus {
  const entry = Json.object().set("event", Json.text(event)).set("data", data);
  const bytes = String.UTF8.encode(entry.toString());
  return gn_audit_emit(changetype<usize>(bytes), bytes.byteLength);
}

/**
 * The plugin's own store of keys and values, which its instances share and which outlives them. Reading
 * takes the capability `kv.read`, everything else `kv.write`.
 */
export namespace kv {
  /** What reading answers: the value counts where the status is Ok. */
  export class Result<T> {
    constructor(
      public readonly status: HostStatus,
      public readonly value: T,
    ) {}
  }

  /** The value of `key`; NotFound where it has none. */
  export function get(key: string): Result<Uint8Array> {
    const name = String.UTF8.encode(key);
    return taken(gn_kv_get(changetype<usize>(name), name.byteLength));
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
    ).status;
  }

  export function setText(key: string, value: string): HostStatus {
    return set(key, Uint8Array.wrap(String.UTF8.encode(value)));
  }

  /** Removes `key`; NotFound where it was not there, as far as the host tells. */
  export function remove(key: string): HostStatus {
    const name = String.UTF8.encode(key);
    return taken(gn_kv_del(changetype<usize>(name), name.byteLength)).status;
  }

  /** Adds `delta` to the number at `key`, where none is 0; its value is the sum. */
  export function increment(key: string, delta: i64): Result<i64> {
    const name = String.UTF8.encode(key);
    const sum = taken(gn_kv_incr(changetype<usize>(name), name.byteLength, delta));
    if (sum.status != HostStatus.Ok) return new Result<i64>(sum.status, 0);
    const number = Json.parse(sum.value.buffer);
    return number != null && number.is<i64>()
      ? new Result<i64>(HostStatus.Ok, number.as<i64>())
      : new Result<i64>(HostStatus.Internal, 0);
  }

  /** The body of a packed answer, copied; its block, which the host took from us, is given back. */
  function taken(packed: u64): Result<Uint8Array> {
    const block = <usize>(packed >> 32);
    const length = <i32>packed;
    if (block == 0) return new Result(length < 0 ? length : HostStatus.Ok, new Uint8Array(0));
    const bytes = new Uint8Array(length);
    memory.copy(bytes.dataStart, block, length);
    heap.free(block);
    return new Result(HostStatus.Ok, bytes);
  }
}
