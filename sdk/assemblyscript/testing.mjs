/**
 * Runs the hooks of a built module in Node.js, for tests. Log lines go to standard error. The other
 * functions of the host fail with "internal".
 */
import { readFile } from "node:fs/promises";

const INTERNAL = -2;
const LEVELS = ["debug", "info", "warn", "error"];

/**
 * Starts a plugin.
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
  const refusesBody = () => BigInt.asUintN(32, BigInt(INTERNAL));
  const imports = {
    env: {
      gn_log: (level, at, length) => console.error(`[${LEVELS[level]}] ${text(at, length)}`),
      gn_time_ms: () => BigInt(Date.now()),
      gn_audit_emit: () => INTERNAL,
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
