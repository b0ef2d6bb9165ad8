//! Random modules that compute: every numeric instruction, load and store, on values at the edges
//! of their types. wasm-smith's modules rarely reach such values.
//!
//! A module's functions run a few rounds and write nearly all that they compute to the memory, one
//! value behind the other. A NaN gets one payload before an instruction can see its bits.

use crate::random::Random;
use crate::smith::{Sample, FUEL_NAME};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, Encode, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, Instruction, MemorySection, MemoryType, Module,
    TypeSection, ValType,
};
use Kind::{F32, F64, I32, I64};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    I32,
    I64,
    F32,
    F64,
}

const KINDS: [Kind; 4] = [I32, I64, F32, F64];

/// The instructions that compute: the first one, the last one, operands, result. Those with the
/// prefix 0xFC have 0x100 added.
const NUMERIC: [(u16, u16, &[Kind], Kind); 36] = [
    (0x45, 0x45, &[I32], I32),
    (0x46, 0x4F, &[I32, I32], I32),
    (0x50, 0x50, &[I64], I32),
    (0x51, 0x5A, &[I64, I64], I32),
    (0x5B, 0x60, &[F32, F32], I32),
    (0x61, 0x66, &[F64, F64], I32),
    (0x67, 0x69, &[I32], I32),
    (0x6A, 0x78, &[I32, I32], I32),
    (0x79, 0x7B, &[I64], I64),
    (0x7C, 0x8A, &[I64, I64], I64),
    (0x8B, 0x91, &[F32], F32),
    (0x92, 0x98, &[F32, F32], F32),
    (0x99, 0x9F, &[F64], F64),
    (0xA0, 0xA6, &[F64, F64], F64),
    (0xA7, 0xA7, &[I64], I32),
    (0xA8, 0xA9, &[F32], I32),
    (0xAA, 0xAB, &[F64], I32),
    (0xAC, 0xAD, &[I32], I64),
    (0xAE, 0xAF, &[F32], I64),
    (0xB0, 0xB1, &[F64], I64),
    (0xB2, 0xB3, &[I32], F32),
    (0xB4, 0xB5, &[I64], F32),
    (0xB6, 0xB6, &[F64], F32),
    (0xB7, 0xB8, &[I32], F64),
    (0xB9, 0xBA, &[I64], F64),
    (0xBB, 0xBB, &[F32], F64),
    (0xBC, 0xBC, &[F32], I32),
    (0xBD, 0xBD, &[F64], I64),
    (0xBE, 0xBE, &[I32], F32),
    (0xBF, 0xBF, &[I64], F64),
    (0xC0, 0xC1, &[I32], I32),
    (0xC2, 0xC4, &[I64], I64),
    (0x100, 0x101, &[F32], I32),
    (0x102, 0x103, &[F64], I32),
    (0x104, 0x105, &[F32], I64),
    (0x106, 0x107, &[F64], I64),
];

const I32_EQZ: u16 = 0x45;
const F64_GE: u16 = 0x66;
const I32_DIV_S: u16 = 0x6D;
const I32_REM_S: u16 = 0x6F;
const I32_REM_U: u16 = 0x70;
const I64_DIV_S: u16 = 0x7F;
const I64_REM_S: u16 = 0x81;
const I64_REM_U: u16 = 0x82;
const F32_COPYSIGN: u16 = 0x98;
const F64_COPYSIGN: u16 = 0xA6;
const I32_REINTERPRET: u16 = 0xBC;
const I64_REINTERPRET: u16 = 0xBD;

/// For each kind: the opcodes of its loads and of its stores. The first one is of its full size.
const LOADS: [&[u8]; 4] = [
    &[0x28, 0x2C, 0x2D, 0x2E, 0x2F],
    &[0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35],
    &[0x2A],
    &[0x2B],
];
const STORES: [&[u8]; 4] = [
    &[0x36, 0x3A, 0x3B],
    &[0x37, 0x3C, 0x3D, 0x3E],
    &[0x38],
    &[0x39],
];

/// The memory begins with a table of values for each kind, then there is room for stores. Loads are
/// from anywhere there.
const TABLE_BYTES: u32 = 256;
const ENTRY_BYTES: u32 = 8;
const SCRATCH: u32 = 4 * TABLE_BYTES;
const SCRATCH_BYTES: u32 = 512;

/// Results are in the second page.
const LOG: u32 = 1 << 16;
const LOG_MASK: i32 = 0xFFF8;

/// How many functions of a module have one instruction.
const PROBES: usize = 8;

// The globals.
const FUEL: u32 = 0;
const AT: u32 = 1;

// The locals: four parameters, then for each kind some variables and one for short use.
const VARIABLES: u32 = 3;
const FIRST_VARIABLE: u32 = 4;
const FIRST_SCRATCH: u32 = FIRST_VARIABLE + 4 * VARIABLES;
const STATE: u32 = FIRST_SCRATCH + 4;
const FIRST_COUNTER: u32 = STATE + 1;
const COUNTERS: u32 = 2;

impl Kind {
    fn index(self) -> usize {
        self as usize
    }

    fn is_float(self) -> bool {
        matches!(self, F32 | F64)
    }

    fn val_type(self) -> ValType {
        [ValType::I32, ValType::I64, ValType::F32, ValType::F64][self.index()]
    }

    fn block_type(self) -> BlockType {
        BlockType::Result(self.val_type())
    }

    fn scratch(self) -> u32 {
        FIRST_SCRATCH + self as u32
    }
}

/// An integer with these many bits, as often as not at an edge.
fn edge_integer(random: &mut Random, bits: u32) -> i64 {
    let least = i64::MIN >> (64 - bits);
    let value = match random.below(12) {
        0 => least,
        1 => !least,
        2 => least.wrapping_add(random.below(3) as i64),
        3 => (!least).wrapping_sub(random.below(3) as i64),
        4 => random.below(5) as i64 - 2,
        5 => random.below(140) as i64 - 4,
        // about 2^n
        6 | 7 => (1_i64 << random.below(bits.into())).wrapping_add(random.below(3) as i64 - 1),
        8 => -(1_i64 << random.below(u64::from(bits) - 1)) + random.below(3) as i64 - 1,
        // about the sign bits of the narrow types
        9 => {
            let sign = 1_i64 << [7, 8, 15, 16, 31, 32][random.below(6) as usize];
            let high = (random.next() as i64) & !(2 * sign - 1);
            high.wrapping_add(sign).wrapping_sub(random.below(2) as i64)
        }
        _ => random.next() as i64,
    };
    value << (64 - bits) >> (64 - bits)
}

fn edge_f64(random: &mut Random) -> f64 {
    const VALUES: [f64; 19] = [
        0.0,
        0.5,
        0.499_999_999_999_999_94,
        1.0,
        1.5,
        2.5,
        0.9,
        f64::INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        4_503_599_627_370_495.5,
        9_007_199_254_740_993.0,
        2_147_483_647.5,
        2_147_483_648.0,
        4_294_967_295.9,
        4_294_967_296.0,
        9_223_372_036_854_775_808.0,
        18_446_744_073_709_551_616.0,
    ];
    let value = match random.below(12) {
        0 => f64::NAN,
        1 => random.next() as i64 as f64,
        2 => random.next() as i32 as f64 / 4.0,
        3 => f64::from_bits(random.next()),
        4 => (random.below(80) as f64 - 40.0) / 4.0,
        5 => edge_integer(random, 64) as f64,
        _ => VALUES[random.below(VALUES.len() as u64) as usize],
    };
    let value = match random.below(6) {
        0 => f64::from_bits(value.to_bits().wrapping_add(1)),
        1 => f64::from_bits(value.to_bits().wrapping_sub(1)),
        _ => value,
    };
    if random.once_in(2) {
        -value
    } else {
        value
    }
}

fn edge_f32(random: &mut Random) -> f32 {
    const VALUES: [f32; 6] = [
        f32::MIN_POSITIVE,
        f32::MAX,
        1e-45,
        8_388_607.5,
        16_777_217.0,
        0.499_999_97,
    ];
    let value = match random.below(4) {
        0 => VALUES[random.below(VALUES.len() as u64) as usize],
        1 => f32::from_bits(random.next() as u32),
        _ => edge_f64(random) as f32,
    };
    match random.below(6) {
        0 => f32::from_bits(value.to_bits().wrapping_add(1)),
        1 => f32::from_bits(value.to_bits().wrapping_sub(1)),
        2 => -value,
        _ => value,
    }
}

/// The bits of a value of this kind.
fn edge(kind: Kind, random: &mut Random) -> u64 {
    match kind {
        I32 => edge_integer(random, 32) as u64,
        I64 => edge_integer(random, 64) as u64,
        F32 => edge_f32(random).to_bits().into(),
        F64 => edge_f64(random).to_bits(),
    }
}

/// An operand at which this instruction is easily wrong.
fn delicate(op: u16, kind: Kind, random: &mut Random) -> u64 {
    let whole = match op {
        I32_DIV_S | I64_DIV_S | I32_REM_S | I64_REM_S => [i64::MIN, -1, -1, 0],
        // Just above the middle of two floats, and of two doubles.
        0xB2..=0xB5 => [
            (1 << 24) + 1,
            i64::MIN | 1,
            (1 << 62) + (1 << 38) + 1,
            i64::MIN + (1 << 39) + 1,
        ],
        0xB7..=0xBA => [
            (1 << 53) + 1,
            i64::MIN | 1,
            (1 << 62) + (1 << 9) + 1,
            i64::MIN + (1 << 10) + 1,
        ],
        _ => [i64::MIN, -1, 0, 1],
    };
    let real = match op {
        0xA8..=0xAB | 0xAE..=0xB1 | 0x100..=0x107 => {
            let (below, limit) = range(op);
            let least = if kind == F32 {
                f64::from((below as f32).next_up())
            } else {
                below.next_up()
            };
            [below, least, limit, -0.9]
        }
        0x8D..=0x90 | 0x9B..=0x9E => [-0.5, 2.5, -0.2, 1e300],
        _ => [0.0, -0.0, f64::NAN, 2.0],
    };
    let number = random.below(4) as usize;
    match kind {
        I32 if whole[number] == i64::MIN => i32::MIN as u64,
        I32 | I64 => whole[number] as u64,
        F32 => (real[number] as f32).to_bits().into(),
        F64 => real[number].to_bits(),
    }
}

/// What this conversion takes: values between these two.
fn range(op: u16) -> (f64, f64) {
    match op {
        0xA8 | 0x100 => (-2_147_483_904.0, 2_147_483_648.0),
        0xAA | 0x102 => (-2_147_483_649.0, 2_147_483_648.0),
        0xA9 | 0xAB | 0x101 | 0x103 => (-1.0, 4_294_967_296.0),
        0xAE | 0x104 => (-9_223_373_136_366_403_584.0, 9_223_372_036_854_775_808.0),
        0xB0 | 0x106 => (-9_223_372_036_854_777_856.0, 9_223_372_036_854_775_808.0),
        _ => (-1.0, 18_446_744_073_709_551_616.0),
    }
}

/// Whether an instruction has operands at which it is easily wrong.
fn is_delicate(op: u16) -> bool {
    matches!(op,
        I32_DIV_S..=I32_REM_U | I64_DIV_S..=I64_REM_U | 0x8B..=0x91 | 0x96..=0x98
        | 0x99..=0x9F | 0xA4..=0xA6 | 0xA8..=0xAB | 0xAE..=0xBA | 0x100..=0x107)
}

/// A function's code as it grows.
struct Body<'r> {
    random: &'r mut Random,
    code: Vec<u8>,

    /// Whether some instructions may trap.
    traps: bool,

    /// The functions that it may call: results of these kinds, the first one's index.
    callees: Vec<(u32, Kind)>,

    /// How many loops are open.
    loops: u32,
}

impl Body<'_> {
    fn emit(&mut self, instruction: Instruction) {
        instruction.encode(&mut self.code);
    }

    fn op(&mut self, op: u16) {
        if op >= 0x100 {
            self.code.push(0xFC);
        }
        self.code.push(op as u8);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn get(&mut self, local: u32) {
        self.emit(Instruction::LocalGet(local));
    }

    fn number(&mut self, value: i32) {
        self.emit(Instruction::I32Const(value));
    }

    fn constant(&mut self, kind: Kind, bits: u64) {
        match kind {
            I32 => self.number(bits as i32),
            I64 => self.emit(Instruction::I64Const(bits as i64)),
            F32 => {
                self.code.push(0x43);
                self.code.extend((bits as u32).to_le_bytes());
            }
            F64 => {
                self.code.push(0x44);
                self.code.extend(bits.to_le_bytes());
            }
        }
    }

    fn float(&mut self, kind: Kind, value: f64) {
        let bits = if kind == F32 {
            (value as f32).to_bits().into()
        } else {
            value.to_bits()
        };
        self.constant(kind, bits);
    }

    fn access(&mut self, op: u8, offset: u32) {
        let widest = match op {
            0x2C | 0x2D | 0x30 | 0x31 | 0x3A | 0x3C => 0,
            0x2E | 0x2F | 0x32 | 0x33 | 0x3B | 0x3D => 1,
            0x29 | 0x2B | 0x37 | 0x39 => 3,
            _ => 2,
        };
        self.code.push(op);
        self.code.push(self.random.below(widest + 1) as u8);
        offset.encode(&mut self.code);
    }

    fn variable(&mut self, kind: Kind) -> u32 {
        match self.below(u64::from(VARIABLES) + 1) as u32 {
            0 => kind as u32,
            number => FIRST_VARIABLE + kind as u32 * VARIABLES + number - 1,
        }
    }

    /// One of the table's values, another one in each round.
    fn entry(&mut self, kind: Kind) {
        self.get(STATE);
        let shift = self.below(24) as i32;
        self.number(shift);
        self.op(0x76);
        self.number((TABLE_BYTES - ENTRY_BYTES) as i32);
        self.op(0x71);
        self.access(LOADS[kind.index()][0], kind as u32 * TABLE_BYTES);
    }

    /// An address below the bytes of the room for stores.
    fn address(&mut self, depth: u32) {
        self.expression(I32, depth.saturating_sub(1));
        if !self.traps || !self.random.once_in(16) {
            self.number(SCRATCH_BYTES as i32 - 1);
            self.op(0x71);
        }
    }

    fn leaf(&mut self, kind: Kind, depth: u32) {
        match self.below(8) {
            0..=2 => {
                let variable = self.variable(kind);
                self.get(variable);
            }
            3 | 4 => {
                let bits = edge(kind, self.random);
                self.constant(kind, bits);
            }
            5 | 6 if depth > 0 => {
                self.address(depth);
                let loads = LOADS[kind.index()];
                let load = loads[self.below(loads.len() as u64) as usize];
                let offset = self.below(SCRATCH.into()) as u32;
                self.access(load, offset);
            }
            _ => self.entry(kind),
        }
    }

    fn expression(&mut self, kind: Kind, depth: u32) {
        if depth == 0 {
            return self.leaf(kind, depth);
        }
        match self.below(24) {
            0..=2 => self.leaf(kind, depth),
            3 => {
                self.expression(kind, depth.saturating_sub(1));
                self.expression(kind, depth.saturating_sub(1));
                self.condition(depth.saturating_sub(1));
                self.emit(Instruction::Select);
            }
            4 => {
                self.condition(depth.saturating_sub(1));
                self.emit(Instruction::If(kind.block_type()));
                self.expression(kind, depth.saturating_sub(1));
                self.emit(Instruction::Else);
                self.expression(kind, depth.saturating_sub(1));
                self.emit(Instruction::End);
            }
            5 => {
                self.expression(kind, depth.saturating_sub(1));
                let variable = self.variable(kind);
                self.emit(Instruction::LocalTee(variable));
            }
            6 if kind == I32 => {
                // As Go's compiler emits its addresses.
                self.expression(I32, depth.saturating_sub(1));
                let extend = 0xAC + self.below(2) as u16;
                self.op(extend);
                let bits = edge(I64, self.random);
                self.constant(I64, bits);
                self.op(0x7C);
                self.op(0xA7);
            }
            _ => self.numeric(kind, depth),
        }
    }

    fn numeric(&mut self, kind: Kind, depth: u32) {
        let all: u64 = NUMERIC.iter().map(|each| count(each, kind)).sum();
        let mut number = self.below(all);
        for row in &NUMERIC {
            let here = count(row, kind);
            if number < here {
                return self.operation(row.0 + number as u16, row.2, depth);
            }
            number -= here;
        }
    }

    fn operation(&mut self, op: u16, operands: &[Kind], depth: u32) {
        let is_safe = !self.traps || self.random.once_in(2);
        let at_edge = is_delicate(op) && self.random.once_in(4);
        for (index, operand) in operands.iter().enumerate() {
            if at_edge {
                let bits = delicate(op, *operand, self.random);
                self.constant(*operand, bits);
            } else {
                self.expression(*operand, depth.saturating_sub(1));
            }
            match op {
                I32_DIV_S..=I32_REM_U | I64_DIV_S..=I64_REM_U if is_safe && index == 1 => {
                    self.divisor(op, *operand);
                }
                0xA8..=0xAB | 0xAE..=0xB1 if is_safe => self.convertible(op, *operand),
                I32_REINTERPRET | I64_REINTERPRET => self.one_nan(*operand),
                F32_COPYSIGN | F64_COPYSIGN if index == 1 => self.one_nan(*operand),
                _ => {}
            }
        }
        self.op(op);
    }

    /// Makes the topmost operand one that no dividend traps with.
    fn divisor(&mut self, op: u16, kind: Kind) {
        let (and, or) = if kind == I32 {
            (0x71, 0x72)
        } else {
            (0x83, 0x84)
        };
        if op == I32_DIV_S || op == I64_DIV_S {
            // Even, so it is not -1.
            self.constant(kind, -4_i64 as u64);
            self.op(and);
            self.constant(kind, 2);
        } else {
            self.constant(kind, 1);
        }
        self.op(or);
    }

    /// Makes the topmost operand one that can become an integer.
    fn convertible(&mut self, op: u16, kind: Kind) {
        let (below, limit) = range(op);
        let most = if kind == F32 {
            f64::from(f32::from_bits((limit as f32).to_bits() - 1))
        } else {
            f64::from_bits(limit.to_bits() - 1)
        };
        let inside = [-0.75, 0.99, 1.5, 123_456.75, most, most / 2.0][self.below(6) as usize];
        let (less, greater) = if kind == F32 {
            (0x5D, 0x5E)
        } else {
            (0x63, 0x64)
        };
        self.emit(Instruction::LocalTee(kind.scratch()));
        self.float(kind, inside);
        self.get(kind.scratch());
        self.float(kind, below);
        self.op(greater);
        self.get(kind.scratch());
        self.float(kind, limit);
        self.op(less);
        self.op(0x71);
        self.emit(Instruction::Select);
    }

    /// Gives the topmost operand one payload if it is a NaN.
    fn one_nan(&mut self, kind: Kind) {
        if !kind.is_float() {
            return;
        }
        self.emit(Instruction::LocalTee(kind.scratch()));
        self.float(kind, f64::NAN);
        self.get(kind.scratch());
        self.get(kind.scratch());
        self.op(if kind == F32 { 0x5B } else { 0x61 });
        self.emit(Instruction::Select);
    }

    /// An i32 that is as often as not a comparison, or the opposite of one.
    fn condition(&mut self, depth: u32) {
        if depth == 0 || self.random.once_in(3) {
            return self.expression(I32, depth);
        }
        let op = I32_EQZ + self.below(u64::from(F64_GE - I32_EQZ) + 1) as u16;
        let row = NUMERIC
            .iter()
            .find(|row| row.0 <= op && op <= row.1)
            .expect("a comparison");
        self.operation(op, row.2, depth);
        for _ in 0..self.below(4).saturating_sub(1) {
            self.op(I32_EQZ);
        }
    }

    /// Writes a value of this kind behind the one before.
    fn log(&mut self, kind: Kind, value: impl FnOnce(&mut Self)) {
        self.emit(Instruction::GlobalGet(AT));
        value(self);
        self.one_nan(kind);
        self.access(STORES[kind.index()][0], LOG);
        self.emit(Instruction::GlobalGet(AT));
        self.number(ENTRY_BYTES as i32);
        self.op(0x6A);
        self.number(LOG_MASK);
        self.op(0x71);
        self.emit(Instruction::GlobalSet(AT));
    }

    fn kind(&mut self) -> Kind {
        KINDS[self.below(4) as usize]
    }

    fn statements(&mut self, count: u64, depth: u32) {
        for _ in 0..count {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: u32) {
        let kind = self.kind();
        let inner = self.random.below(3) + 1;
        match self.below(32) {
            0..=14 => {
                self.expression(kind, depth);
                let variable = self.variable(kind);
                self.emit(Instruction::LocalSet(variable));
                self.log(kind, |body| body.get(variable));
            }
            15..=20 => self.log(kind, |body| body.expression(kind, depth)),
            21..=24 => {
                self.address(depth);
                self.expression(kind, depth);
                self.one_nan(kind);
                let stores = STORES[kind.index()];
                let store = stores[self.below(stores.len() as u64) as usize];
                let offset = SCRATCH + self.below(9) as u32;
                self.access(store, offset);
            }
            25 | 26 => {
                self.condition(depth);
                self.emit(Instruction::If(BlockType::Empty));
                self.statements(inner, depth.saturating_sub(1));
                if self.random.once_in(2) {
                    self.emit(Instruction::Else);
                    self.statements(inner, depth.saturating_sub(1));
                }
                self.emit(Instruction::End);
            }
            27 | 28 => {
                self.emit(Instruction::Block(BlockType::Empty));
                self.statements(inner, depth.saturating_sub(1));
                self.condition(depth);
                self.emit(Instruction::BrIf(0));
                self.statements(inner, depth.saturating_sub(1));
                self.emit(Instruction::End);
            }
            29 | 30 if self.loops < COUNTERS => self.short_loop(inner, depth),
            _ if !self.callees.is_empty() => {
                let (callee, result) =
                    self.callees[self.random.below(self.callees.len() as u64) as usize];
                self.log(result, |body| {
                    for kind in KINDS {
                        body.expression(kind, 1);
                    }
                    body.emit(Instruction::Call(callee));
                });
            }
            _ => self.log(kind, |body| body.expression(kind, depth)),
        }
    }

    fn short_loop(&mut self, count: u64, depth: u32) {
        let counter = FIRST_COUNTER + self.loops;
        let rounds = 1 + self.below(4) as i32;
        self.number(rounds);
        self.emit(Instruction::LocalSet(counter));
        self.emit(Instruction::Loop(BlockType::Empty));
        self.loops += 1;
        self.statements(count, depth.saturating_sub(1));
        self.loops -= 1;
        self.get(counter);
        self.number(1);
        self.op(0x6B);
        self.emit(Instruction::LocalTee(counter));
        if self.random.once_in(2) {
            self.number(0);
            self.op(0x4A);
        }
        self.emit(Instruction::BrIf(0));
        self.emit(Instruction::End);
    }

    /// The code of a function with one instruction, which may trap.
    fn probe(&mut self, op: u16, operands: &[Kind]) {
        for operand in operands {
            let bits = delicate(op, *operand, self.random);
            self.constant(*operand, bits);
        }
        self.op(op);
        self.emit(Instruction::End);
    }

    fn whole(&mut self, result: Kind) {
        self.get(0);
        let bits = self.random.next() as i32;
        self.number(bits);
        self.op(0x73);
        self.emit(Instruction::LocalSet(STATE));
        for kind in KINDS {
            for number in 0..VARIABLES {
                self.entry(kind);
                let variable = FIRST_VARIABLE + kind as u32 * VARIABLES + number;
                self.emit(Instruction::LocalSet(variable));
            }
        }
        let count = if self.random.once_in(12) {
            40
        } else {
            3 + self.below(10)
        };
        let depth = 2 + self.below(3) as u32;

        self.emit(Instruction::Loop(BlockType::Empty));
        self.get(STATE);
        self.number(1_664_525);
        self.op(0x6C);
        self.number(1_013_904_223);
        self.op(0x6A);
        self.emit(Instruction::LocalSet(STATE));
        for _ in 0..3 {
            let kind = self.kind();
            self.entry(kind);
            let variable = self.variable(kind);
            self.emit(Instruction::LocalSet(variable));
        }
        self.statements(count, depth);
        self.emit(Instruction::GlobalGet(FUEL));
        self.number(1);
        self.op(0x6B);
        self.emit(Instruction::GlobalSet(FUEL));
        self.emit(Instruction::GlobalGet(FUEL));
        self.number(0);
        self.op(0x4A);
        self.emit(Instruction::BrIf(0));
        self.emit(Instruction::End);
        self.expression(result, depth);
        self.emit(Instruction::End);
    }
}

/// How many instructions of a row have this result.
fn count(row: &(u16, u16, &[Kind], Kind), result: Kind) -> u64 {
    if row.3 == result {
        u64::from(row.1 - row.0) + 1
    } else {
        0
    }
}

/// The module of a seed.
pub fn sample(seed: u64) -> Sample {
    let mut random = Random(seed);
    let results: Vec<Kind> = (0..1 + random.below(4))
        .map(|_| KINDS[random.below(4) as usize])
        .collect();

    let mut types = TypeSection::new();
    for kind in KINDS {
        let parameters = KINDS.map(Kind::val_type);
        types.ty().function(parameters, [kind.val_type()]);
    }
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (index, result) in (0..).zip(&results) {
        functions.function(*result as u32);
        exports.export(&index.to_string(), ExportKind::Func, index);
        let callees = (0..).zip(results.iter().copied()).skip(index as usize + 1);
        let mut body = Body {
            traps: random.once_in(4),
            callees: callees.collect(),
            random: &mut random,
            code: Vec::new(),
            loops: 0,
        };
        body.whole(*result);
        let mut locals: Vec<(u32, ValType)> = KINDS
            .iter()
            .map(|kind| (VARIABLES, kind.val_type()))
            .collect();
        locals.extend(KINDS.iter().map(|kind| (1, kind.val_type())));
        locals.push((1 + COUNTERS, ValType::I32));
        let mut function = Function::new(locals);
        function.raw(body.code);
        code.function(&function);
    }

    let delicate: Vec<(u16, &[Kind], Kind)> = NUMERIC
        .iter()
        .flat_map(|row| (row.0..=row.1).map(|op| (op, row.2, row.3)))
        .filter(|(op, ..)| is_delicate(*op))
        .collect();
    for index in (results.len() as u32..).take(PROBES) {
        let (op, operands, result) = delicate[random.below(delicate.len() as u64) as usize];
        functions.function(result as u32);
        exports.export(&index.to_string(), ExportKind::Func, index);
        let mut body = Body {
            traps: true,
            callees: Vec::new(),
            random: &mut random,
            code: Vec::new(),
            loops: 0,
        };
        body.probe(op, operands);
        let mut function = Function::new([]);
        function.raw(body.code);
        code.function(&function);
    }

    let mut globals = GlobalSection::new();
    for name in [FUEL_NAME, "at"] {
        exports.export(name, ExportKind::Global, globals.len());
        let kind = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(kind, &ConstExpr::i32_const(0));
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 2,
        maximum: Some(2),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exports.export("memory", ExportKind::Memory, 0);
    let mut table = Vec::new();
    for kind in KINDS {
        for _ in 0..TABLE_BYTES / ENTRY_BYTES {
            table.extend(edge(kind, &mut random).to_le_bytes());
        }
    }
    table.extend((0..SCRATCH_BYTES).map(|_| random.next() as u8));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), table);

    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&code)
        .section(&data);
    Sample {
        wasm: module.finish(),
        fuel_global: FUEL,
        fuel: [2, 5, 10, 20][random.below(4) as usize],
    }
}
