//! Writes random valid modules to stdout, for the engine's differential test.
//!
//! `modules SEED COUNT`: the module number i depends on SEED + i only, so `modules SEED 1` writes
//! one again. A module is written as its seed (8 bytes), the index of its fuel global (4), its
//! length (4), and its bytes. All numbers are big-endian.
//!
//! `modules run` runs modules in another engine: see [`reference`].
//!
//! A module ends because it counts its loops and calls in the fuel global, and executes
//! `unreachable` when that is 0.

mod reference;

use arbitrary::Unstructured;
use std::io::{self, BufWriter, Write};
use wasm_smith::{Config, MemoryOffsetChoices, Module};

const FUEL: u32 = 1_000;
const PAGE: u64 = 1 << 16;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `of` times.
    fn once_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// The host functions that a module may import. They have one type each.
fn imports() -> Vec<u8> {
    // (func), (func (param i32) (result i32)), (func (param f64 i64) (result f32 i64)),
    // (func (param i64) (result f64))
    let types: &[u8] = &[
        4, 0x60, 0, 0, 0x60, 1, 0x7F, 1, 0x7F, 0x60, 2, 0x7C, 0x7E, 2, 0x7D, 0x7E, 0x60, 1, 0x7E,
        1, 0x7C,
    ];
    let mut list = vec![4];
    for index in 0..4 {
        list.extend([3, b'e', b'n', b'v', 1, b'a' + index, 0, index]);
    }
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, section) in [(1, types), (2, &list[..])] {
        module.extend([id, section.len() as u8]);
        module.extend(section);
    }
    module
}

/// What the engine admits, and sizes that differ from module to module.
fn config(random: &mut Random) -> Config {
    let instructions = [20, 60, 150, 400, 1_200][random.below(5) as usize];
    let has_imports = random.once_in(3);
    Config {
        available_imports: has_imports.then(imports),
        max_imports: if has_imports { 4 } else { 0 },
        export_everything: true,
        allow_start_export: random.once_in(4),
        canonicalize_nans: true,
        max_data_segments: 4,
        max_element_segments: 4,
        max_elements: 10,
        max_exports: 50,
        min_funcs: 1,
        max_funcs: 1 + random.below(8) as usize,
        max_globals: 8,
        max_instructions: instructions,
        max_memories: 1,
        min_memories: u32::from(!random.once_in(8)),
        max_memory32_bytes: 8 * PAGE,
        memory_max_size_required: true,
        memory_offset_choices: MemoryOffsetChoices(90, 9, 1),
        max_tables: 3,
        max_table_elements: 50,
        table_max_size_required: true,
        max_types: 12,
        disallow_traps: random.once_in(3),
        exceptions_enabled: random.once_in(2),
        max_tags: 4,
        tail_call_enabled: random.once_in(2),
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        // What the engine does not admit.
        compact_imports_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}

fn module(seed: u64) -> Option<(u32, Vec<u8>)> {
    let mut random = Random(seed);
    let config = config(&mut random);
    let bytes = config.max_instructions as u64 * (5 + random.below(40)) + 500;
    let input: Vec<u8> = (0..bytes).map(|_| random.next() as u8).collect();
    let mut module = Module::new(config, &mut Unstructured::new(&input)).ok()?;
    let fuel = module.ensure_termination(FUEL).ok()?;
    Some((fuel, module.to_bytes()))
}

fn main() -> io::Result<()> {
    if std::env::args()
        .nth(1)
        .is_some_and(|argument| argument == "run")
    {
        return reference::serve();
    }
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().expect("a seed and a count"))
        .collect();
    let [seed, count] = numbers[..] else {
        eprintln!("usage: modules SEED COUNT, or modules run");
        std::process::exit(2);
    };
    let mut out = BufWriter::new(io::stdout().lock());
    for each in 0..count {
        let seed = seed.wrapping_add(each);
        if let Some((fuel, bytes)) = module(seed) {
            out.write_all(&seed.to_be_bytes())?;
            out.write_all(&fuel.to_be_bytes())?;
            out.write_all(&(bytes.len() as u32).to_be_bytes())?;
            out.write_all(&bytes)?;
        }
    }
    out.flush()
}
