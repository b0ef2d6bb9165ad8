//! Random valid modules of wasm-smith.

use crate::random::Random;
use arbitrary::Unstructured;
use wasm_smith::{Config, MemoryOffsetChoices, Module};
use wasmparser::{ElementItems, Parser, Payload, RefType, ValType};

/// The name under which the module exports it.
pub const FUEL_NAME: &str = "the fuel of its loops and calls";

const PAGE: u64 = 1 << 16;
const EXPORT_SECTION: u8 = 7;
const GLOBAL: u8 = 3;

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
    let instructions = [20, 40, 60, 100, 150, 200, 400, 1_200][random.below(8) as usize];
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
        disallow_traps: random.once_in(2),
        exceptions_enabled: random.once_in(2),
        max_tags: 4,
        tail_call_enabled: random.once_in(2),
        extended_const_enabled: random.once_in(2),
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        // What the engine does not admit.
        compact_imports_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}

pub struct Sample {
    pub wasm: Vec<u8>,

    /// The index of the global that it counts down.
    pub fuel_global: u32,

    /// The value of that global before each call.
    pub fuel: u32,
}

/// The module of a seed, always the same.
pub fn sample(seed: u64) -> Option<Sample> {
    let mut random = Random(seed);
    let config = config(&mut random);
    let bytes = config.max_instructions as u64 * (5 + random.below(40)) + 500;
    let input: Vec<u8> = (0..bytes).map(|_| random.next() as u8).collect();
    let mut module = Module::new(config, &mut Unstructured::new(&input)).ok()?;
    let fuel = [30, 100, 300, 1_000][random.below(4) as usize];
    let fuel_global = module.ensure_termination(fuel).ok()?;
    let wasm = with_exported_global(&module.to_bytes(), fuel_global)?;
    (!keeps_exceptions(&wasm)).then_some(Sample {
        wasm,
        fuel_global,
        fuel,
    })
}

/// Whether a table, a segment or an exception can hold exceptions, which the engine does not admit.
fn keeps_exceptions(wasm: &[u8]) -> bool {
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid module") {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().flatten());
            }
            Payload::TableSection(section) => {
                if section
                    .into_iter()
                    .flatten()
                    .any(|table| table.ty.element_type == RefType::EXNREF)
                {
                    return true;
                }
            }
            Payload::ElementSection(section) => {
                if section.into_iter().flatten().any(|element| {
                    matches!(element.items, ElementItems::Expressions(RefType::EXNREF, _))
                }) {
                    return true;
                }
            }
            Payload::TagSection(section) => {
                let mut tags = section.into_iter().flatten();
                let exception = ValType::Ref(RefType::EXNREF);
                if tags.any(|tag| {
                    types[tag.func_type_idx as usize]
                        .params()
                        .contains(&exception)
                }) {
                    return true;
                }
            }
            Payload::CodeSectionStart { .. } => return false,
            _ => {}
        }
    }
    false
}

/// The module with one export more, if it has any.
fn with_exported_global(module: &[u8], global: u32) -> Option<Vec<u8>> {
    let mut export = vec![FUEL_NAME.len() as u8];
    export.extend(FUEL_NAME.as_bytes());
    export.push(GLOBAL);
    leb(global, &mut export);

    let mut result = module[..8].to_vec();
    let mut has_exports = false;
    let mut at = 8;
    while at < module.len() {
        let start = at;
        let id = module[at];
        at += 1;
        let end = read_leb(module, &mut at) as usize + at;
        if id == EXPORT_SECTION {
            has_exports = true;
            let mut section = Vec::new();
            leb(read_leb(module, &mut at) + 1, &mut section);
            section.extend(&module[at..end]);
            section.extend(&export);
            result.push(EXPORT_SECTION);
            leb(section.len() as u32, &mut result);
            result.extend(section);
        } else {
            result.extend(&module[start..end]);
        }
        at = end;
    }
    has_exports.then_some(result)
}

fn leb(mut value: u32, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn read_leb(from: &[u8], at: &mut usize) -> u32 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = from[*at];
        *at += 1;
        value |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}
