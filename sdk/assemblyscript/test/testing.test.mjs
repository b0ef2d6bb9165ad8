// Runs the conformance plugin with the test host: node --test, after it is built.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "../testing.mjs";

const started = () => load(new URL("../conformance/build/plugin.wasm", import.meta.url));
const filtered = (plugin, hook, value, ...args) =>
  plugin.call(hook, { kind: "filter", value, args }).value;

test("configuration is what the test set", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "config.int", "limit", 5), 5);
  assert.deepEqual(filtered(plugin, "config.get", ""), {});
  plugin.host.setConfig("limit", 3);
  plugin.host.setConfig("greeting", null);
  assert.equal(filtered(plugin, "config.int", "limit", 5), 3);
  assert.equal(filtered(plugin, "config.text", "greeting", "Hello"), "Hello");
  assert.deepEqual(filtered(plugin, "config.get", ""), { limit: 3, greeting: null });
  assert.throws(() => filtered(plugin, "config.text", "limit", ""), { status: -1 });
});

test("a secret is what the test set", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "secrets.get", "TOKEN"), null);
  plugin.host.setSecret("TOKEN", "t0p");
  assert.equal(filtered(plugin, "secrets.get", "TOKEN"), "t0p");
});

test("a stub answers the calls of its function", async () => {
  const plugin = await started();
  plugin.host.stub("posts.find", (id) => ({ id, title: "ü" }));
  assert.deepEqual(filtered(plugin, "app.call", 7, "posts.find"), { id: 7, title: "ü" });
  assert.equal(filtered(plugin, "app.error", "posts.delete"), "not found");
  plugin.host.stub("posts.slow", () => {
    throw Object.assign(new Error("slow"), { status: -13 });
  });
  assert.equal(filtered(plugin, "app.error", "posts.slow"), "timed out");
});

test("a request reaches the stub as it was built", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "fetch.error", "https://example.com/"), "internal");
  plugin.host.stubFetch((request) => {
    assert.equal(request.method, "POST");
    assert.equal(request.headers["Content-Type"], "application/json");
    assert.equal(request.body.toString(), '{"a":1}');
    assert.equal(request.timeoutMillis, 2500);
    return { status: 418, headers: { "X-Kind": "tea" }, body: "nö" };
  });
  assert.equal(filtered(plugin, "fetch", "https://example.com/", "POST"), "418|tea|nö");
  plugin.host.stubFetch(() => {
    throw Object.assign(new Error("blocked"), { status: -3 });
  });
  assert.equal(filtered(plugin, "fetch.error", "https://example.com/"), "blocked");
});

test("an assertion in a stub fails the test", async () => {
  const plugin = await started();
  plugin.host.stub("posts.find", (id) => assert.equal(id, 8));
  assert.throws(() => filtered(plugin, "app.call", 7, "posts.find"), { name: "AssertionError" });
});

test("entries are kept by the host of the test", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "kv.get", "a"), null);
  assert.equal(filtered(plugin, "kv.set_if_absent", "a", "1"), true);
  assert.equal(filtered(plugin, "kv.set_if_absent", "a", "2"), false);
  assert.equal(filtered(plugin, "kv.incr", "a", 4), 5);
  assert.equal(plugin.host.entries.get("a").toString(), "53");
  plugin.call("kv.set", { kind: "action", args: ["a", "ü"] });
  assert.equal(filtered(plugin, "kv.get", "a"), "ü");
  assert.throws(() => filtered(plugin, "kv.incr", "a", 1), { status: -1 });
  assert.equal(filtered(plugin, "kv.del", "a"), true);
  assert.equal(filtered(plugin, "kv.del", "a"), false);
});

test("a stub answers the statements of the database", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "db.error", "x"), "internal");
  plugin.host.stubDb((sql, args) => {
    if (sql === "fail") throw Object.assign(new Error("no"), { status: -14 });
    return args.length === 0 ? 2 : { columns: ["name", "id"], rows: [[null, "9007199254740993"], ["x", -7]] };
  });
  assert.equal(filtered(plugin, "db.query", "select", [1]), "9007199254740993=none;-7=x");
  assert.equal(filtered(plugin, "db.execute", "delete", []), 2);
  assert.equal(filtered(plugin, "db.error", "fail"), "rejected");
  plugin.host.stubDb((sql, args) => args.length + 1);
  assert.equal(filtered(plugin, "db.batch", "n"), "2|1");
  assert.deepEqual(plugin.host.calls, [["job_enqueue", { job: "after", args: { name: "n" } }]]);
});

test("a stub translates", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "i18n.translate", "hi", "de"), null);
  plugin.host.stubTranslate((key, locale, args) => `${key} ${locale} ${args?.count}`);
  assert.equal(filtered(plugin, "i18n.translate", "hi", "de"), "hi de undefined");
  assert.equal(filtered(plugin, "i18n.format", "hi", "de", 3), "hi de 3");
});

test("what a plugin sends is recorded", async () => {
  const plugin = await started();
  const acts = (hook, ...args) => plugin.call(hook, { kind: "action", args });
  acts("audit", "my.done", 1);
  acts("events.emit", "paid", { id: 7 });
  acts("span.event", "miss", {});
  acts("metrics.observe", "orders", 2.5, "x");
  acts("cache.invalidate", ["a", "b"]);
  acts("cron.register", "every");
  assert.deepEqual(plugin.host.calls, [
    ["audit_emit", { event: "my.done", data: 1 }],
    ["event_emit", "paid", { id: 7 }],
    ["span_event", "miss", {}],
    ["metric_observe", "orders", 2.5, { kind: "x" }],
    ["cache_invalidate", ["a", "b"]],
    ["cron_register", { schedule: { every_ms: 60000 }, handler_id: "tick" }],
  ]);
});

test("of jobs with one key the first is created", async () => {
  const plugin = await started();
  assert.equal(filtered(plugin, "jobs.enqueue", 1, "full"), "job-1|true");
  assert.equal(filtered(plugin, "jobs.enqueue", 1, "plain"), "job-2|true");
  assert.equal(filtered(plugin, "jobs.enqueue", 1, "full"), "job-1|false");
});

test("a job runs with its arguments, has its effect once, and asks for a retry", async () => {
  const plugin = await started();
  const payload = { kind: "job", id: "j", args: 500, idempotency_key: "k", attempt: 1 };
  assert.equal(plugin.runJob("once", payload), undefined);
  assert.equal(plugin.runJob("once", payload), undefined);
  assert.equal(Buffer.from(plugin.host.entries.get("done:k")).toString(), "j");
  assert.deepEqual(plugin.runJob("later", payload), { retry_in_ms: 500 });
  assert.throws(() => plugin.runJob("send", payload), { status: -4 });
  assert.throws(() => plugin.runJob("once", {}), { status: -3 });
});
