#!/usr/bin/env bash
# One expects: `strip = true` in a Cargo profile removes names and debug information. What a later tool needs to read the module stays.
# What happens: for wasm32 it also removes the custom section `target_features`. wasm-opt reads its features from there, falls back to a smaller set
# without it, and then refuses the valid module that rustc wrote: rustc uses memory.copy by default.
# Why it matters: "strip, then optimise" fails, while "optimise" alone works. `strip = "debuginfo"` keeps the section and the function names.
# Needs: rustup's or any Rust with the target wasm32-wasip1, Node.js, npm. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
rustup target add wasm32-wasip1 >/dev/null 2>&1 || true
npm install --silent --no-audit --no-fund binaryen@132.0.0 >npm.log 2>&1 || { cat npm.log; exit 2; }
mkdir src
cat > src/lib.rs <<'RUST'
#[unsafe(no_mangle)]
pub extern "C" fn run(n: u32) -> usize {
    let mut v: Vec<u32> = (0..n).map(|x| x * 7 % 13).collect();
    v.copy_within(1.., 0);
    v.iter().map(|x| *x as usize).sum()
}
RUST
try() {
  cat > Cargo.toml <<TOML
[package]
name = "p"
version = "0.1.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[profile.release]
strip = $1
TOML
  cargo build -q --release --target wasm32-wasip1 || exit 2
  local file=target/wasm32-wasip1/release/p.wasm answer=optimised
  node_modules/.bin/wasm-opt -O $file -o optimised.wasm 2>err || answer="refused, $(grep -o 'require bulk memory' err | head -n 1)"
  node -e '
    const m = new WebAssembly.Module(require("fs").readFileSync(process.argv[1]));
    console.log(`strip = ${process.argv[2]}: target_features sections: ${WebAssembly.Module.customSections(m, "target_features").length}; wasm-opt -O: ${process.argv[3]}`);' $file "$1" "$answer"
}
rustc --version; node_modules/.bin/wasm-opt --version
{ try '"debuginfo"'; try true; } | tee seen
cat > expected <<'SEEN'
strip = "debuginfo": target_features sections: 1; wasm-opt -O: optimised
strip = true: target_features sections: 0; wasm-opt -O: refused, require bulk memory
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: stripping everything makes the module unreadable for wasm-opt's defaults"
