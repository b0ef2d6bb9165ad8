#!/usr/bin/env bash
# One expects: a C constructor (`.init_array`) runs once in the life of an instance, before the first call, as in any shared library.
# What happens: where nothing calls `__wasm_call_ctors`, LLVM's linker wraps *each export* of a reactor-like module so that all constructors run again at
# each call. It takes the module for a command whose exports are programs of their own. State that a constructor sets up is set up anew, and what it allocates leaks.
# Why it matters: a plugin's ABI calls several exports for one request (allocate, handle, free). Each runs the constructors. The mend is an export that calls `__wasm_call_ctors`.
# Needs: Debian's clang and lld, Node.js. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
command -v clang >/dev/null && command -v wasm-ld >/dev/null || { echo "needs clang and wasm-ld"; exit 2; }
cat > plain.c <<'C'
static volatile int runs;
__attribute__((constructor)) static void construct(void) { runs++; }
__attribute__((export_name("count"))) int count(void) { return runs; }
C
cat plain.c - > mended.c <<'C'
extern void __wasm_call_ctors(void);
__attribute__((export_name("_initialize"))) void initialize(void) { __wasm_call_ctors(); }
C
counts() {
  clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry "$1.c" -o "$1.wasm"
  node -e '
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(require("fs").readFileSync(process.argv[1])));
    exports._initialize?.();
    console.log([1, 2, 3].map(() => exports.count()).join(" "));' "$1.wasm"
}
clang --version | head -n 1; wasm-ld --version
plain=$(counts plain); mended=$(counts mended)
echo "how often the constructor has run, at each of three calls: $plain"
echo "the same with an export that calls __wasm_call_ctors:       $mended"
# Seen with clang and lld 14.0.6: 1 2 3, then 1 1 1.
[ "$plain" = "1 2 3" ] && [ "$mended" = "1 1 1" ] || { echo "CHANGED"; exit 1; }
echo "seen: each call of an export runs the constructors again"
