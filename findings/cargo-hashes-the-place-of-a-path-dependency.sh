#!/usr/bin/env bash
# One expects: a Rust module for WebAssembly that is built twice, in two directories, with --remap-path-prefix
# for each of them, has the same bytes.
# What happens: not if the project depends on a crate by a path that leads out of its workspace. Cargo hashes the absolute path
# of that crate into -C metadata, so its symbols have other hashes. Functions then come in another order or have other names, and
# no path is to be seen in the module. The same two crates in one workspace give the same bytes.
# Why it matters: "built twice, compared" says that a plugin differs where nothing does, and remapping paths does not cure it.
set -euo pipefail

command -v cargo >/dev/null || { echo "needs cargo with the target wasm32-wasip1" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
rustc --version

# project DIRECTORY: a module and the crate that it needs, beside it.
project() {
  mkdir -p "$1/plugin/src" "$1/kit/src"
  cat >"$1/kit/Cargo.toml" <<'TOML'
[package]
name = "kit"
version = "0.1.0"
edition = "2021"
TOML
  cat >"$1/kit/src/lib.rs" <<'RUST'
#[inline(never)]
pub fn longest<T: AsRef<str>>(all: &[T]) -> usize {
    all.iter().map(|one| one.as_ref().len()).max().unwrap_or(0)
}
RUST
  cat >"$1/plugin/Cargo.toml" <<'TOML'
[package]
name = "plugin"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
kit = { path = "../kit" }
TOML
  cat >"$1/plugin/src/lib.rs" <<'RUST'
#[no_mangle]
pub extern "C" fn longest(n: usize) -> usize {
    let all: Vec<String> = (0..n).map(|i| "x".repeat(i)).collect();
    kit::longest(&all)
}
RUST
}

# digest DIRECTORY: of the module that is built there.
digest() {
  (
    cd "$1/plugin"
    RUSTFLAGS="--remap-path-prefix=$1=/src" cargo build --quiet --release --target wasm32-wasip1
    target=target
    [ -d "$target" ] || target=../target
    sha256sum <"$target/wasm32-wasip1/release/plugin.wasm" | cut -d ' ' -f 1
  )
}

project "$work/one"
project "$work/two"
one=$(digest "$work/one")
two=$(digest "$work/two")
echo "a crate beside the project: $one"
echo "the same in another place:  $two"

for place in three four; do
  project "$work/$place"
  printf '[workspace]\nmembers = ["plugin", "kit"]\nresolver = "2"\n' >"$work/$place/Cargo.toml"
done
three=$(digest "$work/three")
four=$(digest "$work/four")
echo "both in one workspace:      $three"
echo "the same in another place:  $four"

if [ "$one" != "$two" ] && [ "$three" = "$four" ]; then
  echo "as described: the place of the crate is in the bytes unless both are in one workspace"
else
  echo "the behaviour has changed" >&2
  exit 1
fi
