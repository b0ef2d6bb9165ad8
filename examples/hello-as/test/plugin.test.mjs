// Runs the plugin's hooks in Node.js: npm test.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "gonext/testing";

const plugin = await load("build/plugin.wasm");

test("the content is marked", () => {
  const payload = { kind: "filter", value: "a *b* c*", args: [] };
  assert.deepEqual(plugin.call("the_content", payload), { value: "a <em>b</em> c*" });
});

test("any post can be saved", () => {
  assert.equal(plugin.call("save_post", { kind: "action", args: [42] }), undefined);
});

test("the route greets", () => {
  const request = {
    method: "GET",
    route: "/hello/{name}",
    path: "/hello/Ada",
    query: "",
    headers: {},
    path_params: { name: "Ada" },
    body: "",
  };
  const { value } = plugin.call("http.serve.hello-as", { kind: "filter", value: request, args: [] });
  assert.equal(value.status, 200);
  assert.equal(Buffer.from(value.body, "base64").toString(), "Hello, Ada!");
});

test("a payload of another shape is refused", () => {
  const payload = { kind: "filter", value: 1, args: [] };
  assert.throws(() => plugin.call("the_content", payload), { status: -3 });
});
