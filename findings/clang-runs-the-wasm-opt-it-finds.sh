#!/usr/bin/env bash
# One expects: the same clang with the same flags writes the same module. Other tools on the PATH do not matter.
# What happens: when clang links for wasm32 with -O, its driver looks for a program named wasm-opt on the PATH and runs it on the result, unasked.
# wasm-opt drops the name section (and DWARF) unless it is given -g, so the traps of that build have no function names any more.
# Why it matters: a machine with binaryen builds another module than CI does, and backtraces lose their names. `clang --no-wasm-opt` stops
# it, but older versions of clang refuse that option.
# Needs: Debian's clang, lld, Node.js, npm. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
command -v clang >/dev/null && command -v wasm-ld >/dev/null || { echo "needs clang and wasm-ld"; exit 2; }
npm install --silent --no-audit --no-fund binaryen@132.0.0 >npm.log 2>&1 || { cat npm.log; exit 2; }
cat > plain.c <<'C'
__attribute__((noinline)) static int twice(int x) { return 2 * x + (x >> 3); }
__attribute__((export_name("run"))) int run(int x) { return twice(x) / (twice(x + 1) | 1); }
C
build() { clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry plain.c -o "$1"; }
names() { node -e '
  const m = new WebAssembly.Module(require("fs").readFileSync(process.argv[1]));
  console.log(WebAssembly.Module.customSections(m, "name").length ? "names" : "no names");' "$1"; }
clang --version | head -n 1
PATH=$(printf %s "$PATH" | tr : '\n' | while read -r d; do [ -x "$d/wasm-opt" ] || printf '%s:' "$d"; done) build without.wasm
PATH=$dir/node_modules/.bin:$PATH build with.wasm
echo "wasm-opt not on PATH: $(wc -c < without.wasm) bytes, $(names without.wasm)"
echo "wasm-opt on PATH:     $(wc -c < with.wasm) bytes, $(names with.wasm)"
# Seen with clang 14.0.6 and wasm-opt 132: 193 bytes with names; 126 bytes without.
if [ "$(names without.wasm)" = names ] && [ "$(names with.wasm)" = "no names" ]; then
  echo "seen: the same command wrote another module, without names, since wasm-opt was on the PATH"
else
  echo "CHANGED"; exit 1
fi
