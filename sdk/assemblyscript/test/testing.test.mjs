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
