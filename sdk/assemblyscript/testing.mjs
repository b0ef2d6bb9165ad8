/**
 * Runs the hooks of a built module in Node.js, for tests. Log lines go to standard error. A test sets what
 * `config`, `secrets`, `app` and `fetch` return. The other functions of the host fail with "internal".
 */
import { readFile } from "node:fs/promises";

const INTERNAL = -2;
const NOT_FOUND = -4;
/** "internal" of the functions of env_net, whose statuses are other ones. */
const NET_INTERNAL = -7;
const LEVELS = ["debug", "info", "warn", "error"];

/** What the host answers. Each setting replaces an older one of the same name. */
class TestHost {
  config = {};
  secrets = new Map();
  functions = new Map();
  server = undefined;

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

  configValue(key) {
    if (key === "") return JSON.stringify(this.config);
    return Object.hasOwn(this.config, key) ? JSON.stringify(this.config[key]) : NOT_FOUND;
  }

  called(name, json) {
    const answer = this.functions.get(name);
    if (answer === undefined) return NOT_FOUND;
    return attempt(() => JSON.stringify(answer(JSON.parse(json)) ?? null));
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
 * Its `host` has `setConfig(key, value)`, `setSecret(name, value)`, `stub(name, request => answer)` and
 * `stubFetch(request => response)`. Without a setting there is no configuration, no secret and no function,
 * and `fetch` fails with "internal".
 *
 * Its `call` runs one hook. The payload is any value that JSON.stringify accepts. It returns the parsed
 * body of the result, or undefined without a body. A call that fails throws an Error with a `status`.
 */
export async function load(file) {
  let memory;
  const text = (at, length) => new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
  const utf16 = (at) =>
    at === 0
      ? ""
      : new TextDecoder("utf-16le").decode(
          new Uint8Array(memory.buffer, at, new DataView(memory.buffer).getUint32(at - 4, true)),
        );
  const refusesBody = () => packed(INTERNAL);
  const host = new TestHost();
  // A status, or a text in a block of the guest.
  const packed = (answer) => {
    if (typeof answer === "number") return BigInt.asUintN(32, BigInt(answer));
    const bytes = new TextEncoder().encode(answer);
    return (BigInt(block(bytes) >>> 0) << 32n) | BigInt(bytes.length);
  };
  const imports = {
    env: {
      gn_log: (level, at, length) => console.error(`[${LEVELS[level]}] ${text(at, length)}`),
      gn_time_ms: () => BigInt(Date.now()),
      gn_audit_emit: () => INTERNAL,
      gn_config_get: (at, length) => packed(host.configValue(text(at, length))),
      gn_secrets_get: (at, length) => packed(host.secrets.get(text(at, length)) ?? NOT_FOUND),
      gn_app_call: (at, length, json, jsonLength) =>
        packed(host.called(text(at, length), text(json, jsonLength))),
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
      gn_kv_get: refusesBody,
      gn_kv_set: refusesBody,
      gn_kv_del: refusesBody,
      gn_kv_incr: refusesBody,
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
  return {
    host,
    call(hook, payload) {
      const [name, json] = [hook, JSON.stringify(payload)].map((part) => new TextEncoder().encode(part));
      const [nameAt, jsonAt] = [block(name), block(json)];
      const packed = guest.gn_handle_hook(nameAt, name.length, jsonAt, json.length);
      guest.gn_free(nameAt, name.length);
      guest.gn_free(jsonAt, json.length);
      const [at, length] = [Number(BigInt.asUintN(32, packed >> 32n)), Number(BigInt.asIntN(32, packed))];
      if (at !== 0) {
        const body = JSON.parse(text(at, length));
        guest.gn_free(at, length);
        return body;
      }
      if (length < 0) {
        throw Object.assign(new Error(`${hook} failed with status ${length}`), { status: length });
      }
      return undefined;
    },
  };
}
