//! The modules of `./bench engine` under wasmtime, as a host of foreign code uses it: Cranelift, the
//! pooling allocator, and epochs that end a call after its time limit.
//!
//! - `compute MODULE INDEX WARM-UP BATCH BATCHES` runs a kernel in one instance,
//! - `dispatch MODULE WARM-UP BATCH BATCHES` makes an instance, calls the smallest hook and drops it,
//! - `start MODULE WARM-UP BATCH BATCHES` makes an instance and drops it,
//! - `version` prints the version of the crate.
//!
//! What they print is in [`compute::measure`].

mod wasi;

use std::process::exit;
use std::thread;
use std::time::Duration;

use compute::measure::Pace;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module, ModuleExport,
    PoolingAllocationConfig, Result, Store, bail,
};

use crate::wasi::Wasi;

const TICK: Duration = Duration::from_millis(10);

/// 10 s, as long as ours have.
const TICKS_OF_A_CALL: u64 = 1_000;

/// More than any of the modules needs.
const INSTANCES: u32 = 16;
const MOST_TABLE_ELEMENTS: usize = 100_000;

/// What a pooled memory and a table keep between two instances, and clear by writing. Their rest goes
/// back to the system. More makes a new instance faster only where the kernel can say which pages
/// were written.
const KEPT_BYTES: usize = 128 * 1024;

const HOOK: &[u8] = b"h";
const PAYLOAD: &[u8] = br#"{"kind":"filter","value":1,"args":[]}"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("on-wasmtime: {error:?}");
        exit(1);
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["version"] => println!("{}", wasmtime_version()),
        ["compute", module, index, ..] => {
            compute(module, index.parse()?, &pace(&arguments[3..])?)?;
        }
        ["dispatch", module, ..] => dispatch(module, &pace(&arguments[2..])?)?,
        ["start", module, ..] => start(module, &pace(&arguments[2..])?)?,
        _ => bail!("usage: compute MODULE INDEX, dispatch MODULE, or start MODULE, and a pace"),
    }
    Ok(())
}

fn pace(arguments: &[String]) -> Result<Pace> {
    match Pace::from_arguments(arguments) {
        Some(pace) => Ok(pace),
        None => bail!("three numbers are needed: WARM-UP BATCH BATCHES"),
    }
}

/// A module that is ready to be instantiated.
struct Program {
    engine: Engine,
    module: Module,
    linked: InstancePre<Wasi>,
    initialize: Option<ModuleExport>,
}

impl Program {
    fn load(path: &str) -> Result<Program> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(INSTANCES)
            .total_memories(INSTANCES)
            .total_tables(INSTANCES)
            .table_elements(MOST_TABLE_ELEMENTS)
            .pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(KEPT_BYTES)
            .table_keep_resident(KEPT_BYTES);
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let ticks = engine.weak();
        thread::spawn(move || {
            while let Some(engine) = ticks.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        });
        let module = Module::from_file(&engine, path)?;
        let mut linker = Linker::new(&engine);
        wasi::link(&mut linker)?;
        let linked = linker.instantiate_pre(&module)?;
        let initialize = module.get_export_index("_initialize");
        Ok(Program { engine, module, linked, initialize })
    }

    fn instantiate(&self) -> Result<(Store<Wasi>, wasmtime::Instance)> {
        let mut store = Store::new(&self.engine, Wasi::new());
        store.set_epoch_deadline(TICKS_OF_A_CALL);
        let instance = self.linked.instantiate(&mut store)?;
        if let Some(export) = &self.initialize {
            let Some(initialize) = instance
                .get_module_export(&mut store, export)
                .and_then(|export| export.into_func())
            else {
                bail!("_initialize is not a function");
            };
            initialize.typed::<(), ()>(&store)?.call(&mut store, ())?;
        }
        Ok((store, instance))
    }

    fn export(&self, name: &str) -> Result<ModuleExport> {
        match self.module.get_export_index(name) {
            Some(export) => Ok(export),
            None => bail!("the module exports no {name}"),
        }
    }
}

fn compute(path: &str, index: i32, pace: &Pace) -> Result<()> {
    let program = Program::load(path)?;
    let (mut store, instance) = program.instantiate()?;
    let kernel = instance.get_typed_func::<i32, i32>(&mut store, "compute")?;
    pace.measure(|| {
        store.set_epoch_deadline(TICKS_OF_A_CALL);
        kernel.call(&mut store, index).expect("the kernel does not trap") as u32
    });
    Ok(())
}

fn start(path: &str, pace: &Pace) -> Result<()> {
    let program = Program::load(path)?;
    pace.measure(|| {
        drop(program.instantiate().expect("a slot of the pool"));
        0
    });
    Ok(())
}

/// A hook call as guest ABI v1 says, up to its result, which has no body.
fn dispatch(path: &str, pace: &Pace) -> Result<()> {
    let program = Program::load(path)?;
    let memory = program.export("memory")?;
    let alloc = program.export("gn_alloc")?;
    let free = program.export("gn_free")?;
    let handle = program.export("gn_handle_hook")?;
    let call = || -> Result<u32> {
        let (mut store, instance) = program.instantiate()?;
        let mut export = |export: &ModuleExport| {
            instance.get_module_export(&mut store, export).expect("it was looked up")
        };
        let memory = export(&memory).into_memory().expect("a memory");
        let [alloc, free, handle] =
            [&alloc, &free, &handle].map(|name| export(name).into_func().expect("a function"));
        let alloc = alloc.typed::<i32, i32>(&store)?;
        let free = free.typed::<(i32, i32), ()>(&store)?;
        let handle = handle.typed::<(i32, i32, i32, i32), i64>(&store)?;
        let mut write = |bytes: &[u8]| -> Result<(i32, i32)> {
            let at = alloc.call(&mut store, bytes.len() as i32)?;
            memory.write(&mut store, at as u32 as usize, bytes)?;
            Ok((at, bytes.len() as i32))
        };
        let name = write(HOOK)?;
        let payload = write(PAYLOAD)?;
        let result = handle.call(&mut store, (name.0, name.1, payload.0, payload.1))?;
        free.call(&mut store, payload)?;
        free.call(&mut store, name)?;
        Ok(result as u32)
    };
    pace.measure(|| call().expect("the hook does not trap"));
    Ok(())
}

fn wasmtime_version() -> &'static str {
    // Cargo tells a program only its own version; the lock file pins the crate's.
    include_str!("../Cargo.lock")
        .split_once("name = \"wasmtime\"\nversion = \"")
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or("unknown")
}
