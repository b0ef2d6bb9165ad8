// What AssemblyScript's own standard library imports where JavaScript would answer.
import { Call, Json, action, filter } from "../../assembly/index";
export * from "../../assembly/abi";

action("console", (call: Call): void => {
  console.debug("a debug line");
  console.log("grüße, 世界 🌍");
  console.info("an info line");
  console.warn("a warning");
  console.error("an error");
  console.assert(true, "not this");
  console.assert(false, "but this");
  trace("nothing more");
  trace("numbers", 2, 1.5, -2);
  trace("all", 5, 1, 2, 3, 4, 5);
});

action("hostile", (call: Call): void => {
  console.log("one\nline\u001b[2J\u202eonly");
});

filter<Json, i64>("now", (value: Json, call: Call): i64 => Date.now());

filter<Json, f64>("passed", (value: Json, call: Call): f64 => {
  const began = performance.now();
  let now = began;
  while (now == began) now = performance.now();
  return now - began;
});

filter<Json, f64>("random", (value: Json, call: Call): f64 => Math.random());

action("exit", (call: Call): void => {
  process.exit(call.arg<i32>(0));
});
