#!/usr/bin/env bash
# One expects: `wasm-opt --all-features` lets the optimiser *use* what newer proposals offer. A module that needs none of them stays
# readable for every engine of WebAssembly 2.0.
# What happens: the flag also changes how the import section is written. Two imports from one module name are grouped in the encoding of the
# compact import section proposal, although nothing in the module asks for it. Node 20 then refuses the module.
# Why it matters: a plugin's build that adds the flag for one feature gets a module that a host refuses with an unknown kind of import.
# Needs: Node.js 20, npm. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund binaryen@132.0.0 >npm.log 2>&1 || { cat npm.log; exit 2; }
cat > plain.wat <<'WAT'
(module (import "env" "a" (func $a)) (import "env" "b" (func $b)) (func (export "run") (call $a) (call $b)))
WAT
bin=node_modules/.bin
$bin/wasm-opt --version
$bin/wasm-as plain.wat -o plain.wasm
$bin/wasm-opt plain.wasm -o default.wasm 2>/dev/null
$bin/wasm-opt --all-features plain.wasm -o all.wasm 2>/dev/null
for f in default all; do
  printf '%-8s %s: ' "$f" "$(od -An -tx1 -v $f.wasm | tr -d ' \n' | cut -c17-100)"
  node -e '
    try { new WebAssembly.Module(require("fs").readFileSync(process.argv[1])); console.log("compiles"); }
    catch (e) { console.log("refused: " + e.message.replace(/^WebAssembly.Module\(\): /, "")); }' $f.wasm
done | tee seen
# Seen: default compiles; all: "unknown import kind 0x7e".
if grep -q '^default .*compiles$' seen && grep -q '^all .*refused: unknown import kind' seen; then
  echo "seen: the flag alone changed the encoding of the imports"
else
  echo "CHANGED"; exit 1
fi
