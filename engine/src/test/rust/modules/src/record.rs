//! Runs a module in wasmtime and writes down what can be seen: the recording that another engine
//! has to repeat.
//!
//! A recording is a sequence of events. All numbers are big-endian, counts and indexes have 32 bits,
//! values 64. Names, texts and lists begin with their length. A reference is the index of the
//! exported function that it refers to, -1 for null, and -2 for anything else. A NaN has one
//! payload.
//!
//! - `I`: the module is instantiated
//! - `C` NAME VALUES: the function of that name is called, with null for references; the fuel global
//!   is set before
//! - `H` INDEX ARGUMENTS RESULTS: the imported function of that index is called
//! - `R` VALUES: the end of an instantiation or a call
//! - `F` VALUE: the units of fuel that the call used which just returned, if fuel is counted
//! - `T` TEXT: a trap instead, by wasmtime's name for it
//! - `G` NAME VALUE: an exported global, at the end
//! - `E` NAME VALUES: an exported table of functions, at the end
//! - `M` NAME BYTES COUNT (OFFSET LINE)...: an exported memory and those of its lines of 64 bytes
//!   that are not all zero, at the end
//! - `X` TEXT: wasmtime does not run the module
//! - `Z`: the end of the recording

use crate::random::Random;
use crate::smith::{Sample, FUEL_NAME};
use std::collections::HashMap;
use std::ffi::c_void;
use wasmtime::{
    Config, Engine, Error, Extern, ExternType, Func, Instance, Module, OptLevel, Ref,
    RegallocAlgorithm, Store, ThrownException, Trap, Val, ValType,
};

/// How often each exported function is called.
const ROUNDS: u32 = 2;

const LINE: usize = 64;

/// The units of fuel before each call. No module uses as many.
const MUCH: u64 = 1 << 60;

/// More than the modules' fuel lets them recurse.
pub const STACK_BYTES: usize = 128 << 20;

const NULL: u64 = -1_i64 as u64;
const UNKNOWN: u64 = -2_i64 as u64;

pub struct Recorder {
    engine: Engine,
    is_metered: bool,
}

/// The recording and the random numbers of one module.
struct Log {
    bytes: Vec<u8>,
    random: Random,
}

impl Log {
    fn event(&mut self, kind: u8) {
        self.bytes.push(kind);
    }

    fn number(&mut self, number: usize) {
        self.bytes.extend((number as u32).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes.extend(text.as_bytes());
    }

    fn value(&mut self, bits: u64) {
        self.bytes.extend(bits.to_be_bytes());
    }

    fn values(&mut self, values: impl ExactSizeIterator<Item = u64>) {
        self.number(values.len());
        values.for_each(|bits| self.value(bits));
    }
}

fn random_integer(random: &mut Random, least: i64, most: i64) -> i64 {
    match random.below(8) {
        0 => least,
        1 => most,
        2 => random.next() as i64,
        3 => random.below(1 << 16) as i64,
        4 => 0,
        _ => random.below(40) as i64 - 20,
    }
}

fn random_real(random: &mut Random) -> f64 {
    match random.below(9) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3 => 0.0,
        4 => -0.0,
        5 => random.next() as i32 as f64,
        6 => random.next() as i64 as f64,
        7 => random.next() as i64 as f64 * 1e11,
        _ => (random.below(80) as f64 - 40.0) / 2.0,
    }
}

fn random_value(kind: &ValType, random: &mut Random) -> Val {
    match kind {
        ValType::I32 => Val::I32(random_integer(random, i32::MIN.into(), i32::MAX.into()) as i32),
        ValType::I64 => Val::I64(random_integer(random, i64::MIN, i64::MAX)),
        ValType::F32 => Val::F32((random_real(random) as f32).to_bits()),
        ValType::F64 => Val::F64(random_real(random).to_bits()),
        ValType::Ref(reference) => Val::null_ref(reference.heap_type()),
        ValType::V128 => unreachable!(),
    }
}

/// The bits of anything but a function.
fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        Val::F32(bits) if f32::from_bits(*bits).is_nan() => 0x7FC0_0000,
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) if f64::from_bits(*bits).is_nan() => 0x7FF8 << 48,
        Val::F64(bits) => *bits,
        Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) => NULL,
        _ => UNKNOWN,
    }
}

fn trap_name(error: &Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => format!("{trap:?}"),
        None if error.is::<ThrownException>() => "Exception".to_string(),
        None => format!("{error:?}"),
    }
}

impl Recorder {
    /// Of modules whose fuel is counted or not.
    pub fn new(is_metered: bool) -> Result<Recorder, Error> {
        let mut config = Config::new();
        config
            .cranelift_opt_level(OptLevel::None)
            .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass)
            .async_stack_size(STACK_BYTES)
            .max_wasm_stack(STACK_BYTES / 2)
            .memory_reservation(0)
            .memory_reservation_for_growth(0)
            .memory_guard_size(0)
            .memory_init_cow(false)
            .signals_based_traps(false)
            .wasm_backtrace_max_frames(None)
            .wasm_exceptions(true)
            .consume_fuel(is_metered);
        Ok(Recorder {
            engine: Engine::new(&config)?,
            is_metered,
        })
    }

    /// The recording of a module. The seed decides on the arguments and on what imported functions
    /// return.
    pub fn record(&self, sample: &Sample, seed: u64) -> Vec<u8> {
        let log = Log {
            bytes: Vec::new(),
            random: Random(!seed),
        };
        let mut store = Store::new(&self.engine, log);
        if self.is_metered {
            store.set_fuel(MUCH).expect("fuel is counted");
        }
        let refusal = self.run(sample, &mut store).err();
        let mut log = store.into_data();
        if let Some(error) = refusal {
            log.event(b'X');
            log.text(&error.to_string());
        }
        log.event(b'Z');
        log.bytes
    }

    fn run(&self, sample: &Sample, store: &mut Store<Log>) -> Result<(), Error> {
        let module = Module::new(&self.engine, &sample.wasm)?;
        let mut imports: Vec<Extern> = Vec::new();
        for import in module.imports() {
            if let ExternType::Func(kind) = import.ty() {
                let index = imports.len();
                let function = Func::new(
                    &mut *store,
                    kind.clone(),
                    move |mut caller, args, results| {
                        let log = caller.data_mut();
                        log.event(b'H');
                        log.number(index);
                        log.values(args.iter().map(bits));
                        for (result, kind) in results.iter_mut().zip(kind.results()) {
                            *result = random_value(&kind, &mut log.random);
                        }
                        log.values(results.iter().map(bits));
                        Ok(())
                    },
                );
                imports.push(function.into());
            }
        }

        store.data_mut().event(b'I');
        match Instance::new(&mut *store, &module, &imports) {
            Ok(instance) => {
                store.data_mut().event(b'R');
                store.data_mut().number(0);
                Guest::new(store, instance).call_and_look(sample.fuel);
            }
            Err(error) => {
                let name = trap_name(&error);
                store.data_mut().event(b'T');
                store.data_mut().text(&name);
            }
        }
        Ok(())
    }
}

struct Guest<'s> {
    store: &'s mut Store<Log>,
    exports: Vec<(String, Extern)>,

    /// The indexes of the functions in `exports`.
    functions: HashMap<*mut c_void, u64>,
}

impl Guest<'_> {
    fn new(store: &mut Store<Log>, instance: Instance) -> Guest<'_> {
        let exports: Vec<(String, Extern)> = instance
            .exports(&mut *store)
            .map(|export| (export.name().to_string(), export.into_extern()))
            .collect();
        let mut functions = HashMap::new();
        for (_, export) in &exports {
            if let Extern::Func(function) = export {
                let index = functions.len() as u64;
                functions
                    .entry(function.to_raw(&mut *store))
                    .or_insert(index);
            }
        }
        Guest {
            store,
            exports,
            functions,
        }
    }

    fn call_and_look(&mut self, units: u32) {
        let exports = std::mem::take(&mut self.exports);
        let fuel = exports
            .iter()
            .find(|(name, _)| name == FUEL_NAME)
            .and_then(|(_, export)| export.clone().into_global())
            .expect("the fuel's global");
        for _ in 0..ROUNDS {
            for (name, export) in &exports {
                if let Extern::Func(function) = export {
                    fuel.set(&mut *self.store, Val::I32(units as i32))
                        .expect("an i32");
                    self.call(name, function);
                }
            }
        }
        for (name, export) in &exports {
            self.look(name, export);
        }
    }

    fn call(&mut self, name: &str, function: &Func) {
        let kind = function.ty(&*self.store);
        let log = self.store.data_mut();
        let arguments: Vec<Val> = kind
            .params()
            .map(|kind| random_value(&kind, &mut log.random))
            .collect();
        log.event(b'C');
        log.text(name);
        log.values(arguments.iter().map(bits));
        if self.store.get_fuel().is_ok() {
            self.store.set_fuel(MUCH).expect("fuel is counted");
        }
        let mut results = vec![Val::I32(0); kind.results().len()];
        match function.call(&mut *self.store, &arguments, &mut results) {
            Ok(()) => {
                let values: Vec<u64> = results.iter().map(|value| self.bits(value)).collect();
                self.store.data_mut().event(b'R');
                self.store.data_mut().values(values.into_iter());
                if let Ok(left) = self.store.get_fuel() {
                    self.store.data_mut().event(b'F');
                    self.store.data_mut().value(MUCH - left);
                }
            }
            Err(error) => {
                let name = trap_name(&error);
                if error.is::<ThrownException>() {
                    self.store.take_pending_exception();
                }
                self.store.data_mut().event(b'T');
                self.store.data_mut().text(&name);
            }
        }
    }

    fn bits(&mut self, value: &Val) -> u64 {
        match value {
            Val::FuncRef(Some(function)) => {
                let raw = function.to_raw(&mut *self.store);
                self.functions.get(&raw).copied().unwrap_or(UNKNOWN)
            }
            _ => bits(value),
        }
    }

    fn look(&mut self, name: &str, export: &Extern) {
        match export {
            Extern::Global(global) => {
                let value = global.get(&mut *self.store);
                let value = self.bits(&value);
                let log = self.store.data_mut();
                log.event(b'G');
                log.text(name);
                log.value(value);
            }
            Extern::Table(table) => {
                let mut elements = Vec::new();
                for index in 0..table.size(&*self.store) {
                    elements.push(match table.get(&mut *self.store, index) {
                        Some(Ref::Func(function)) => self.bits(&Val::FuncRef(function)),
                        Some(reference) if reference.is_null() => NULL,
                        _ => UNKNOWN,
                    });
                }
                let log = self.store.data_mut();
                log.event(b'E');
                log.text(name);
                log.values(elements.into_iter());
            }
            Extern::Memory(memory) => {
                let (data, log) = memory.data_and_store_mut(&mut *self.store);
                log.event(b'M');
                log.text(name);
                log.number(data.len());
                let lines = || {
                    data.chunks_exact(LINE)
                        .enumerate()
                        .filter(|(_, line)| **line != [0; LINE])
                };
                log.number(lines().count());
                for (index, line) in lines() {
                    log.number(index * LINE);
                    log.bytes.extend(line);
                }
            }
            _ => {}
        }
    }
}
