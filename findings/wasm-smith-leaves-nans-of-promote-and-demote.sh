#!/usr/bin/env bash
# One expects: wasm-smith with `canonicalize_nans` gives modules whose NaN bits are the same in each engine. Its documentation promises that for all f32 and f64 operations.
# What happens: wasm-smith 0.263.0 canonicalizes after each `f32.add`, but after none of `f64.promote_f32` and `f32.demote_f64`.
# Why it matters: the standard lets engines choose the payload of a NaN there, too. Two right engines may differ, and then a differential fuzzer reports a fault that is not there.
# Needs: cargo 1.90 or newer. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cargo --version || exit 2
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "nans"
version = "0.1.0"
edition = "2021"

[dependencies]
arbitrary = "=1.5.0"
wasm-smith = "=0.263.0"
wasmparser = "=0.263.0"
TOML
cat > src/main.rs <<'RUST'
use arbitrary::Unstructured;
use std::collections::BTreeMap;
use wasmparser::{Operator, Parser, Payload};

fn main() {
    // How often each instruction occurs, and how often it is followed by what canonicalizes: a copy in a local, then a NaN.
    let mut seen: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut state: u64 = 1;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..2_048)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect();
        let config = wasm_smith::Config { canonicalize_nans: true, ..Default::default() };
        let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)) else { continue };
        let wasm = module.to_bytes();
        for payload in Parser::new(0).parse_all(&wasm) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
            let code: Vec<Operator> = body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
            for at in code.windows(3) {
                let (name, wide) = match at[0] {
                    Operator::F32Add => ("f32.add", false),
                    Operator::F64PromoteF32 => ("f64.promote_f32", true),
                    Operator::F32DemoteF64 => ("f32.demote_f64", false),
                    _ => continue,
                };
                let nan = match at[2] {
                    Operator::F32Const { value } => !wide && f32::from_bits(value.bits()).is_nan(),
                    Operator::F64Const { value } => wide && f64::from_bits(value.bits()).is_nan(),
                    _ => false,
                };
                let count = seen.entry(name).or_default();
                count.0 += 1;
                count.1 += u32::from(nan && matches!(at[1], Operator::LocalTee { .. }));
            }
        }
    }
    for (name, (all, canonical)) in seen {
        println!("{name}: {} in all, {} canonicalized", if all > 20 { "more than 20" } else { "few" },
            if canonical == all { "each" } else if canonical == 0 { "none" } else { "some" });
    }
}
RUST
cargo run --quiet --release 2>cargo.log >seen || { cat cargo.log; exit 2; }
cat seen
cat > expected <<'SEEN'
f32.add: more than 20 in all, each canonicalized
f32.demote_f64: more than 20 in all, none canonicalized
f64.promote_f32: more than 20 in all, none canonicalized
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: promote and demote are not canonicalized"
