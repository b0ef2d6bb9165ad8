//! Writes random valid modules to stdout, and what they do in wasmtime, for the engine's
//! differential test.
//!
//! `modules SEED COUNT`: the module number i depends on SEED + i only, so `modules SEED 1` writes
//! one again. A module is written as its seed (8 bytes), the index of its fuel global (4), the
//! value of that before each call (4), whether its fuel is counted (1), its length (4), its bytes,
//! the length of its recording (4), and its recording: see [`record`]. All numbers are big-endian.
//!
//! Three of four modules are wasm-smith's. Such a module ends because it counts its loops and calls
//! in the fuel global, and executes `unreachable` when that is 0. The others compute: see
//! [`arithmetic`]. They count their rounds in the fuel global.

mod arithmetic;
mod random;
mod record;
mod smith;

use random::Random;
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::thread;

/// What the seed decides before the module, so that each of it is independent of the others.
const COMPUTES: u64 = 0xC0;
const METERED: u64 = 0xFE;

/// The module of a seed, always the same.
fn sample(seed: u64) -> Option<smith::Sample> {
    if Random(seed ^ COMPUTES).once_in(4) {
        Some(arithmetic::sample(seed))
    } else {
        smith::sample(seed)
    }
}

fn write(seed: u64, count: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let plain = record::Recorder::new(false)?;
    let metered = record::Recorder::new(true)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    for seed in (0..count).map(|each| seed.wrapping_add(each)) {
        if let Some(sample) = sample(seed) {
            let is_metered = Random(seed ^ METERED).once_in(2);
            let recorder = if is_metered { &metered } else { &plain };
            out.write_all(&seed.to_be_bytes())?;
            out.write_all(&sample.fuel_global.to_be_bytes())?;
            out.write_all(&sample.fuel.to_be_bytes())?;
            out.write_all(&[is_metered.into()])?;
            for bytes in [&sample.wasm, &recorder.record(&sample, seed)] {
                out.write_all(&(bytes.len() as u32).to_be_bytes())?;
                out.write_all(bytes)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .map_while(|argument| argument.parse().ok())
        .collect();
    let [seed, count] = numbers[..] else {
        return Err("usage: modules SEED COUNT".into());
    };
    thread::Builder::new()
        .stack_size(record::STACK_BYTES)
        .spawn(move || write(seed, count))?
        .join()
        .expect("the thread of the modules")
}
