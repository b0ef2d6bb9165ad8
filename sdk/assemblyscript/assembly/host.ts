import { Rules, answered, body, internal, netAnswered, parsed, taken, typeName, wrongType } from "./answer";
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
@external("gonext_data", "gn_kv_set_if_absent")
declare function gn_kv_set_if_absent(key: usize, length: i32, value: usize, valueLength: i32): u64;
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

@external("env", "gn_event_emit")
declare function gn_event_emit(name: usize, length: i32, json: usize, jsonLength: i32): i32;
@external("env", "gn_span_event")
declare function gn_span_event(name: usize, length: i32, json: usize, jsonLength: i32): i32;
@external("env", "gn_metric_observe")
declare function gn_metric_observe(
  name: usize,
  length: i32,
  value: f64,
  labels: usize,
  labelsLength: i32,
): i32;
@external("env", "gn_i18n_translate")
declare function gn_i18n_translate(key: usize, length: i32, locale: usize, localeLength: i32): u64;
@external("gonext_data", "gn_cache_invalidate")
declare function gn_cache_invalidate(tags: usize, length: i32): u64;

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
@lazy const LIMITS = "see the limits of this function";
@lazy const EVENT = new Rules("events.emit", "an event has a name and a JSON object", LIMITS);
@lazy const SPAN = new Rules("events.emit", "an event has a name and a JSON object of attributes", LIMITS);
@lazy const CACHE = new Rules("cache.invalidate", "at most 64 tags of 1 to 256 bytes", LIMITS);
@lazy const METRIC = new Rules(
  "metrics.observe",
  "the manifest declares no such metric, or not with these labels",
  LIMITS,
);
@lazy const TRANSLATE = new Rules("of this function", "a key, and a locale such as de-CH", LIMITS);

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

  /**
   * Sets `key` unless it has a value: then the status is Conflict, and the value stays. Of several calls at once,
   * on any number of hosts, one sets it.
   */
  export function setIfAbsent(key: string, value: Uint8Array): HostStatus {
    const name = String.UTF8.encode(key);
    return taken(
      gn_kv_set_if_absent(changetype<usize>(name), name.byteLength, value.dataStart, value.length),
      KV_SET,
    ).status;
  }

  export function setTextIfAbsent(key: string, value: string): HostStatus {
    return setIfAbsent(key, Uint8Array.wrap(String.UTF8.encode(value)));
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
      : internal<i64>(0);
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
    return typed<string>(get(key), fallback);
  }

  /** The integer of `key`, or `fallback` when it has no value or `null`. */
  export function int(key: string, fallback: i64): HostResult<i64> {
    return typed<i64>(get(key), fallback);
  }

  /** The boolean of `key`, or `fallback` when it has no value or `null`. */
  export function bool(key: string, fallback: boolean): HostResult<boolean> {
    return typed<boolean>(get(key), fallback);
  }

  function typed<T>(found: HostResult<Json>, fallback: T): HostResult<T> {
    const isMissing = found.status == HostStatus.NotFound;
    if (isMissing || (found.status == HostStatus.Ok && found.value.isNull)) {
      return new HostResult<T>(HostStatus.Ok, fallback);
    }
    if (found.status == HostStatus.Ok && !found.value.is<T>()) {
      return wrongType("it", typeName<T>(), fallback);
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
    const answer = gn_app_call(
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(json),
      json.byteLength,
    );
    return parsed(taken(answer, APP));
  }
}

/** Events for other plugins and for the application. */
export namespace events {
  /**
   * Emits an event: the action `event.<plugin>.<name>` of other plugins, after this call succeeded. `data` is an
   * object. Needs the capability `events.emit`.
   */
  export function emit(name: string, data: Json): HostStatus {
    const key = String.UTF8.encode(name);
    const json = String.UTF8.encode(data.toString());
    const status = gn_event_emit(
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(json),
      json.byteLength,
    );
    return answered(status, EVENT);
  }
}

/** The span of the current call, in the application's traces. */
export namespace span {
  /** Adds an event to the span. `attributes` is an object. Needs the capability `events.emit`. */
  export function event(name: string, attributes: Json): HostStatus {
    const key = String.UTF8.encode(name);
    const json = String.UTF8.encode(attributes.toString());
    const status = gn_span_event(
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(json),
      json.byteLength,
    );
    return answered(status, SPAN);
  }
}

/** The caches of the application. */
export namespace cache {
  /**
   * Makes the application drop what it has cached under these tags, on every node. Needs the capability
   * `cache.invalidate`.
   */
  export function invalidate(tags: Array<string>): HostStatus {
    const list = Json.array([]);
    for (let i = 0; i < tags.length; i++) list.items.push(Json.text(tags[i]));
    const json = String.UTF8.encode(list.toString());
    return taken(gn_cache_invalidate(changetype<usize>(json), json.byteLength), CACHE).status;
  }
}

/** The plugin's own metrics. */
export namespace metrics {
  /**
   * Adds to a counter, sets a gauge, or observes a value of a summary, as the manifest declares the metric.
   * `labels` is an object of texts. Needs the capability `metrics.observe`.
   */
  export function observe(name: string, value: f64, labels: Json = Json.object()): HostStatus {
    const key = String.UTF8.encode(name);
    const json = String.UTF8.encode(labels.toString());
    const status = gn_metric_observe(
      changetype<usize>(key),
      key.byteLength,
      value,
      changetype<usize>(json),
      json.byteLength,
    );
    return answered(status, METRIC);
  }
}

/** The texts in `locales/` of the plugin's bundle. */
export namespace i18n {
  /** The text of `key` in the language of `locale`, such as `de-CH`; NotFound when there is none. */
  export function translate(key: string, locale: string): HostResult<string> {
    const name = String.UTF8.encode(key);
    const language = String.UTF8.encode(locale);
    const answer = gn_i18n_translate(
      changetype<usize>(name),
      name.byteLength,
      changetype<usize>(language),
      language.byteLength,
    );
    const text = taken(answer, TRANSLATE);
    return new HostResult(text.status, String.UTF8.decode(text.value.buffer));
  }

  /** As `translate`, with values for the arguments in the text: an object. */
  export function format(key: string, locale: string, args: Json): HostResult<string> {
    const request = Json.object().set("key", Json.text(key)).set("args", args);
    return translate(request.toString(), locale);
  }
}

/** Sends a request in JSON; `fetch` builds it. */
export function sendRequest(json: string): HostResult<Json> {
  const bytes = String.UTF8.encode(json);
  const answer = body(gn_http_fetch(changetype<usize>(bytes), bytes.byteLength));
  return parsed(new HostResult(netAnswered(answer.status), answer.value));
}
