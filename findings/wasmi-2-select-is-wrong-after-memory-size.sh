#!/usr/bin/env bash
# One expects: `select` answers its first operand when the condition holds. `x == 0 ? 1 : x` is 1 for x = 0, wherever it stands. Rust, C and Go write it often.
# What happens: wasmi 2.0.0, a stable release of a WebAssembly interpreter, answers 0 when a memory.size or memory.grow comes before it in the same function.
# Without that instruction it answers 1. wasmi 1.1.0 and V8 answer 1 in both cases.
# Why it matters: the module is valid and nothing traps, so a plugin silently computes with a wrong number, for example divides by 0 after it has checked for 0.
# Needs: Rust 1.86 or newer, Node.js, npm. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund wabt@1.0.39 >npm.log 2>&1 || { cat npm.log; exit 2; }
cat > module.wat <<'WAT'
(module
  (memory 1)
  (func (export "plain") (param i32) (result i32)
    (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0))))
  (func (export "after_memory_size") (param i32) (result i32)
    (drop (memory.size))
    (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))))
WAT
node_modules/.bin/wat2wasm module.wat -o module.wasm || exit 2
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "p"
version = "0.1.0"
edition = "2021"
[dependencies]
wasmi_1 = { package = "wasmi", version = "=1.1.0" }
wasmi_2 = { package = "wasmi", version = "=2.0.0" }
TOML
cat > src/main.rs <<'RUST'
macro_rules! run {
    ($wasmi:ident, $wasm:expr, $name:expr) => {{
        let engine = $wasmi::Engine::default();
        let module = $wasmi::Module::new(&engine, $wasm).expect("a valid module");
        let mut store = $wasmi::Store::new(&engine, ());
        let instance = $wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module).expect("an instance");
        let function = instance.get_typed_func::<i32, i32>(&store, $name).expect("a function");
        function.call(&mut store, 0).expect("no trap")
    }};
}
fn main() {
    let wasm = std::fs::read("module.wasm").expect("module.wasm");
    for name in ["plain", "after_memory_size"] {
        println!("wasmi 1.1.0 {name}(0) = {}", run!(wasmi_1, &wasm, name));
        println!("wasmi 2.0.0 {name}(0) = {}", run!(wasmi_2, &wasm, name));
    }
}
RUST
cargo build -q || exit 2
rustc --version; node --version
{
  ./target/debug/p
  node -e '
    const exports = new WebAssembly.Instance(new WebAssembly.Module(require("fs").readFileSync("module.wasm"))).exports;
    for (const name of ["plain", "after_memory_size"]) console.log(`V8 ${name}(0) = ${exports[name](0)}`);'
} | tee seen
cat > expected <<'SEEN'
wasmi 1.1.0 plain(0) = 1
wasmi 2.0.0 plain(0) = 1
wasmi 1.1.0 after_memory_size(0) = 1
wasmi 2.0.0 after_memory_size(0) = 0
V8 plain(0) = 1
V8 after_memory_size(0) = 1
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: wasmi 2.0.0 answers 0 for x == 0 ? 1 : x behind memory.size"
