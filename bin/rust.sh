# Finds the newest Rust on PATH. The sourcing script sets program, its name in messages.

# Sets rust, the directory of the newest cargo with a rustc beside it, rust_version, and target, the
# WASI target that this rustc has. A Rust with a target is preferred to a newer one without. target is
# empty when no Rust has one.
find_rust() {
  rust='' rust_version='' target=''
  old_ifs=$IFS
  IFS=:
  for directory in $PATH; do
    [ -x "$directory/cargo" ] && [ -x "$directory/rustc" ] || continue
    sysroot=$("$directory/rustc" --print sysroot 2>/dev/null) || continue
    found_version=$("$directory/rustc" --version)
    found_target=
    # wasm32-wasip1 is the name since Rust 1.78; wasm32-wasi is the older one, gone since 1.84.
    for candidate in wasm32-wasip1 wasm32-wasi; do
      if [ -d "$sysroot/lib/rustlib/$candidate/lib" ]; then
        found_target=$candidate
        break
      fi
    done
    if [ -n "$rust" ]; then
      [ -z "$target" ] || [ -n "$found_target" ] || continue
      if [ -n "$target" ] || [ -z "$found_target" ]; then
        newest=$(printf '%s\n%s\n' "$rust_version" "$found_version" | sort -V | tail -n 1)
        [ "$newest" != "$rust_version" ] || continue
      fi
    fi
    rust=$directory rust_version=$found_version target=$found_target
  done
  IFS=$old_ifs
  if [ -z "$rust" ]; then
    echo "$program: there is no cargo with a rustc beside it on PATH" >&2
    exit 3
  fi
}

# cargo with that Rust, whatever the environment says: it starts the compiler beside it.
run_cargo() {
  PATH=$rust:$PATH RUSTC=$rust/rustc "$rust/cargo" "$@"
}
