/**
 * Runs the hooks and jobs of a built module in Node.js, for tests. Log lines go to standard error. The host of
 * the test keeps key-value entries, returns what the test sets, and records what the plugin sends. Capabilities
 * and limits are not tested.
 */
import { readFile } from "node:fs/promises";

const INTERNAL = -2;
const BAD_ARGUMENTS = -3;
const NOT_FOUND = -4;
const CONFLICT = -11;
/** "internal" of the functions of env_net, whose statuses are other ones. */
const NET_INTERNAL = -7;
const LEVELS = ["debug", "info", "warn", "error"];

/** What the host answers. Each setting replaces an older one of the same name. */
class TestHost {
  /**
   * What the plugin sent so far, one array for each call: the name of the function without `gn_`, then its
   * arguments. The functions are `audit_emit`, `event_emit`, `span_event`, `metric_observe`, `cache_invalidate`,
   * `job_enqueue` and `cron_register`.
   */
  calls = [];
  /** The plugin's key-value entries: names and Uint8Arrays. */
  entries = new Map();
  config = {};
  secrets = new Map();
  functions = new Map();
  server = undefined;
  database = undefined;
  translator = undefined;
  jobKeys = [];

  /** Sets a value of the plugin's configuration: any value that JSON.stringify accepts. */
  setConfig(key, value) {
    this.config = { ...this.config, [key]: value };
  }

  /** Sets a secret. */
  setSecret(name, value) {
    this.secrets.set(name, value);
  }

  /**
   * Answers the calls of a function of the application. The function takes the request and returns the
   * answer. For an Error with a `status`, the plugin gets this status. Any other Error ends the call.
   */
  stub(name, answer) {
    this.functions.set(name, answer);
  }

  /**
   * Answers the requests of `fetch`. The function takes `{method, url, headers, body, timeoutMillis}` and
   * returns `{status, headers, body}`; a body is a text or a Uint8Array, and all but the status may be left
   * out. For an Error with a `status`, the plugin gets this status of `env_net`. Any other Error ends the
   * call.
   */
  stubFetch(answer) {
    this.server = answer;
  }

  /**
   * Answers the statements of `db`, one call for each. The function takes the SQL and the array of arguments. It
   * returns `{columns: [...], rows: [[...]]}`, or a number of changed rows. For an Error with a `status`, the
   * plugin gets this status. Any other Error ends the call.
   */
  stubDb(answer) {
    this.database = answer;
  }

  /** Translates: the function takes key, locale and arguments, and returns a text or undefined. */
  stubTranslate(answer) {
    this.translator = answer;
  }

  configValue(key) {
    if (key === "") return JSON.stringify(this.config);
    return Object.hasOwn(this.config, key) ? JSON.stringify(this.config[key]) : NOT_FOUND;
  }

  called(name, json) {
    const answer = this.functions.get(name);
    if (answer === undefined) return NOT_FOUND;
    return attempt(() => JSON.stringify(answer(JSON.parse(json)) ?? null));
  }

  record(...call) {
    this.calls.push(call);
    return 0;
  }

  set(key, value) {
    this.entries.set(key, value);
    return 0;
  }

  setIfAbsent(key, value) {
    return this.entries.has(key) ? CONFLICT : this.set(key, value);
  }

  increment(key, delta) {
    const old = new TextDecoder().decode(this.entries.get(key) ?? new TextEncoder().encode("0"));
    if (!/^-?[0-9]{1,19}$/.test(old)) return BAD_ARGUMENTS;
    const sum = BigInt(old) + delta;
    if (BigInt.asIntN(64, sum) !== sum) return BAD_ARGUMENTS;
    this.set(key, new TextEncoder().encode(sum.toString()));
    return sum.toString();
  }

  run(sql, args) {
    const answer = this.database(sql, args);
    return typeof answer === "number" ? { rows_affected: answer } : { truncated: false, ...answer };
  }

  queried(sql, json) {
    if (this.database === undefined) return INTERNAL;
    return attempt(() => JSON.stringify(this.run(sql, JSON.parse(json))));
  }

  batched(json) {
    if (this.database === undefined) return INTERNAL;
    const { statements, enqueue = [] } = JSON.parse(json);
    return attempt(() => {
      const results = statements.map(({ sql, args }) => this.run(sql, args));
      for (const job of enqueue) this.enqueued(job);
      return JSON.stringify({ results });
    });
  }

  /** Of jobs with one idempotency key, the first is created. The nth job has the id `job-n`. */
  enqueued(job) {
    this.record("job_enqueue", job);
    const key = job.idempotency_key;
    const known = key === undefined ? -1 : this.jobKeys.indexOf(key);
    if (known < 0) this.jobKeys.push(key);
    const place = known < 0 ? this.jobKeys.length : known + 1;
    return JSON.stringify({ id: `job-${place}`, created: known < 0 });
  }

  translated(key, locale) {
    const request = key.startsWith("{") ? JSON.parse(key) : { key };
    return this.translator?.(request.key, locale, request.args) ?? NOT_FOUND;
  }

  fetched(json) {
    if (this.server === undefined) return NET_INTERNAL;
    const { timeout_ms: timeoutMillis, body, ...request } = JSON.parse(json);
    return attempt(() => {
      const response = this.server({ ...request, body: Buffer.from(body, "base64"), timeoutMillis });
      const headers = Object.entries(response.headers ?? {});
      return JSON.stringify({
        status: response.status,
        headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
        body: Buffer.from(response.body ?? "").toString("base64"),
      });
    });
  }
}

function attempt(work) {
  try {
    return work();
  } catch (error) {
    if (Number.isInteger(error.status)) return error.status;
    throw error;
  }
}

/**
 * Starts a plugin.
 *
 * Its `host` has `setConfig(key, value)`, `setSecret(name, value)`, `stub(name, request => answer)`,
 * `stubFetch(request => response)`, `stubDb((sql, args) => answer)` and `stubTranslate((key, locale, args) =>
 * text)`. Without a setting there is no configuration, no secret, no function and no translation, and `fetch`
 * and `db` fail with "internal". Its `calls` are what the plugin sent, its `entries` are the key-value entries.
 *
 * Its `call` runs one hook, its `runJob` one job, whose result says when to run it again. The payload is any value that JSON.stringify accepts. It returns the parsed
 * body of the result, or undefined without a body. A call that fails throws an Error with a `status`.
 */
export async function load(file) {
  let memory;
  const text = (at, length) => new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
  const json = (at, length) => JSON.parse(text(at, length));
  const bytesAt = (at, length) => new Uint8Array(memory.buffer, at, length).slice();
  const utf16 = (at) =>
    at === 0
      ? ""
      : new TextDecoder("utf-16le").decode(
          new Uint8Array(memory.buffer, at, new DataView(memory.buffer).getUint32(at - 4, true)),
        );
  const host = new TestHost();
  // A status, or a text or bytes in a block of the guest.
  const packed = (answer) => {
    if (typeof answer === "number") return BigInt.asUintN(32, BigInt(answer));
    const bytes = typeof answer === "string" ? new TextEncoder().encode(answer) : answer;
    return (BigInt(block(bytes) >>> 0) << 32n) | BigInt(bytes.length);
  };
  const imports = {
    env: {
      gn_log: (level, at, length) => console.error(`[${LEVELS[level]}] ${text(at, length)}`),
      gn_time_ms: () => BigInt(Date.now()),
      gn_last_error: () => 0n,
      gn_audit_emit: (at, length) => host.record("audit_emit", json(at, length)),
      gn_event_emit: (at, length, data, dataLength) =>
        host.record("event_emit", text(at, length), json(data, dataLength)),
      gn_span_event: (at, length, data, dataLength) =>
        host.record("span_event", text(at, length), json(data, dataLength)),
      gn_metric_observe: (at, length, value, labels, labelsLength) =>
        host.record("metric_observe", text(at, length), value, json(labels, labelsLength)),
      gn_i18n_translate: (at, length, locale, localeLength) =>
        packed(host.translated(text(at, length), text(locale, localeLength))),
      gn_job_enqueue: (at, length) => packed(host.enqueued(json(at, length))),
      gn_cron_register: (at, length) => host.record("cron_register", json(at, length)),
      gn_config_get: (at, length) => packed(host.configValue(text(at, length))),
      gn_secrets_get: (at, length) => packed(host.secrets.get(text(at, length)) ?? NOT_FOUND),
      gn_app_call: (at, length, request, requestLength) =>
        packed(host.called(text(at, length), text(request, requestLength))),
      ...Object.fromEntries(
        ["debug", "log", "info", "warn", "error"].map((level) => [
          `console.${level}`,
          (at) => console.error(`[${level === "log" ? "info" : level}] ${utf16(at)}`),
        ]),
      ),
      "console.assert": (condition, at) => {
        if (condition === 0) console.error(`[error] Assertion failed: ${utf16(at)}`);
      },
      trace: (at, count, ...numbers) =>
        console.error(`[info] ${[utf16(at), numbers.slice(0, count).join(", ")].join(" ").trimEnd()}`),
      "Date.now": () => Date.now(),
      "performance.now": () => performance.now(),
      seed: () => Math.random(),
      "process.exit": (code) => {
        throw new Error(`the guest exited with ${code}`);
      },
      abort: (message, source, line, column) => {
        throw new Error(`${utf16(message)} (${utf16(source)}:${line}:${column})`);
      },
    },
    env_net: {
      gn_http_fetch: (at, length) => packed(host.fetched(text(at, length))),
    },
    gonext_data: {
      gn_kv_get: (at, length) => packed(host.entries.get(text(at, length)) ?? NOT_FOUND),
      gn_kv_set: (at, length, value, valueLength) =>
        packed(host.set(text(at, length), bytesAt(value, valueLength))),
      gn_kv_set_if_absent: (at, length, value, valueLength) =>
        packed(host.setIfAbsent(text(at, length), bytesAt(value, valueLength))),
      gn_kv_del: (at, length) => packed(host.entries.delete(text(at, length)) ? 0 : NOT_FOUND),
      gn_kv_incr: (at, length, delta) => packed(host.increment(text(at, length), delta)),
      gn_db_read: (at, length, args, argsLength) =>
        packed(host.queried(text(at, length), text(args, argsLength))),
      gn_db_write: (at, length, args, argsLength) =>
        packed(host.queried(text(at, length), text(args, argsLength))),
      gn_db_batch: (at, length) => packed(host.batched(text(at, length))),
      gn_cache_invalidate: (at, length) => packed(host.record("cache_invalidate", json(at, length))),
    },
  };
  const { instance } = await WebAssembly.instantiate(await readFile(file), imports);
  const guest = instance.exports;
  memory = guest.memory;
  guest._initialize?.();

  const block = (bytes) => {
    const at = guest.gn_alloc(bytes.length);
    new Uint8Array(memory.buffer).set(bytes, at);
    return at;
  };
  const run = (handler, name, payload) => {
    const [nameBytes, jsonBytes] = [name, JSON.stringify(payload)].map((part) =>
      new TextEncoder().encode(part),
    );
    const [nameAt, jsonAt] = [block(nameBytes), block(jsonBytes)];
    const packed = handler(nameAt, nameBytes.length, jsonAt, jsonBytes.length);
    guest.gn_free(nameAt, nameBytes.length);
    guest.gn_free(jsonAt, jsonBytes.length);
    const [at, length] = [Number(BigInt.asUintN(32, packed >> 32n)), Number(BigInt.asIntN(32, packed))];
    if (at !== 0) {
      const body = JSON.parse(text(at, length));
      guest.gn_free(at, length);
      return body;
    }
    if (length < 0) {
      throw Object.assign(new Error(`${name} failed with status ${length}`), { status: length });
    }
    return undefined;
  };
  return {
    host,
    call: (hook, payload) => run(guest.gn_handle_hook, hook, payload),
    runJob: (job, payload) => run(guest.gn_handle_job, job, payload),
  };
}
