//! Runs modules in wasmi for a differential test in another process, which also answers for their
//! host functions.
//!
//! Requests on stdin, all numbers big-endian, values as 64 bits, names and modules with their length
//! (4 bytes) before them:
//!
//! - `M` MODULE: a new instance
//! - `C` NAME COUNT VALUES: calls an exported function; references are null
//! - `G` NAME: the value of an exported global
//! - `B`: the memory
//!
//! Answers on stdout: `R` COUNT VALUES; `T` TEXT for a trap; `X` TEXT for a module that is not
//! admitted; for `B` the bytes with their length.
//! Before that `H` INDEX COUNT VALUES for each call of an imported function, which is followed by
//! its results on stdin.

use std::cell::RefCell;
use std::io::{self, BufReader, BufWriter, Read, Write};

use wasmi::{
    Config, Engine, Error, Extern, ExternType, Func, FuncType, Instance, Linker, Memory, Module,
    Store, Val, ValType,
};

/// More than the modules' fuel lets them recurse.
const MOST_RECURSION: usize = 10_000;

thread_local! {
    static IN: RefCell<BufReader<io::Stdin>> = RefCell::new(BufReader::new(io::stdin()));
    static OUT: RefCell<BufWriter<io::Stdout>> = RefCell::new(BufWriter::new(io::stdout()));
}

fn number() -> io::Result<u32> {
    let mut bytes = [0; 4];
    IN.with_borrow_mut(|input| input.read_exact(&mut bytes))?;
    Ok(u32::from_be_bytes(bytes))
}

fn text() -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; number()? as usize];
    IN.with_borrow_mut(|input| input.read_exact(&mut bytes))?;
    Ok(bytes)
}

fn name() -> io::Result<String> {
    Ok(String::from_utf8_lossy(&text()?).into_owned())
}

fn value(kind: ValType) -> io::Result<Val> {
    let mut bytes = [0; 8];
    IN.with_borrow_mut(|input| input.read_exact(&mut bytes))?;
    let bits = u64::from_be_bytes(bytes);
    Ok(match kind {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(f32::from_bits(bits as u32).into()),
        ValType::F64 => Val::F64(f64::from_bits(bits).into()),
        _ => Val::default(kind),
    })
}

fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => *value as i64 as u64,
        Val::I64(value) => *value as u64,
        Val::F32(value) => value.to_bits().into(),
        Val::F64(value) => value.to_bits(),
        _ => 0,
    }
}

fn send(parts: &[&[u8]]) -> io::Result<()> {
    OUT.with_borrow_mut(|out| {
        parts.iter().try_for_each(|part| out.write_all(part))?;
        out.flush()
    })
}

fn send_values(head: &[u8], values: &[Val]) -> io::Result<()> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| bits(value).to_be_bytes())
        .collect();
    send(&[head, &(values.len() as u32).to_be_bytes(), &bytes])
}

fn send_text(head: &[u8], text: &[u8]) -> io::Result<()> {
    send(&[head, &(text.len() as u32).to_be_bytes(), text])
}

fn send_trap(error: &Error) -> io::Result<()> {
    let text = match error.as_trap_code() {
        Some(code) => format!("{code:?}"),
        None => format!("{error:?}"),
    };
    send_text(b"T", text.as_bytes())
}

fn import(index: u32, kind: &FuncType, arguments: &[Val], results: &mut [Val]) -> io::Result<()> {
    let head = [&b"H"[..], &index.to_be_bytes()].concat();
    send_values(&head, arguments)?;
    for (result, kind) in results.iter_mut().zip(kind.results()) {
        *result = value(*kind)?;
    }
    Ok(())
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(engine: &Engine, module: &Module) -> Result<Guest, Error> {
        let mut linker = Linker::new(engine);
        let mut index = 0;
        for each in module.imports() {
            if let ExternType::Func(kind) = each.ty() {
                let own = kind.clone();
                let number = index;
                index += 1;
                linker.func_new(
                    each.module(),
                    each.name(),
                    kind.clone(),
                    move |_, args, results| {
                        import(number, &own, args, results).map_err(|e| Error::new(e.to_string()))
                    },
                )?;
            }
        }
        let mut store = Store::new(engine, ());
        let instance = linker.instantiate_and_start(&mut store, module)?;
        Ok(Guest { store, instance })
    }

    fn export(&self, name: &str) -> Extern {
        self.instance
            .get_export(&self.store, name)
            .expect("an export")
    }

    fn function(&self, name: &str) -> Func {
        self.export(name).into_func().expect("a function")
    }

    fn memory(&self) -> Option<Memory> {
        self.instance
            .exports(&self.store)
            .find_map(|export| export.into_memory())
    }
}

/// Answers requests until stdin ends.
pub fn serve() -> io::Result<()> {
    let mut config = Config::default();
    config.set_max_recursion_depth(MOST_RECURSION);
    let engine = Engine::new(&config);
    let mut current: Option<Guest> = None;
    loop {
        let mut request = [0];
        if IN.with_borrow_mut(|input| input.read(&mut request))? == 0 {
            return Ok(());
        }
        if request == *b"M" {
            let module = match Module::new(&engine, text()?) {
                Ok(module) => module,
                Err(error) => {
                    send_text(b"X", error.to_string().as_bytes())?;
                    continue;
                }
            };
            match Guest::new(&engine, &module) {
                Ok(guest) => {
                    current = Some(guest);
                    send_values(b"R", &[])?;
                }
                Err(error) => send_trap(&error)?,
            }
            continue;
        }
        let guest = current.as_mut().expect("an instance");
        match &request {
            b"C" => {
                let function = guest.function(&name()?);
                let kind = function.ty(&guest.store);
                assert_eq!(kind.params().len(), number()? as usize);
                let arguments: io::Result<Vec<Val>> =
                    kind.params().iter().map(|kind| value(*kind)).collect();
                let mut results: Vec<Val> = kind
                    .results()
                    .iter()
                    .map(|kind| Val::default(*kind))
                    .collect();
                match function.call(&mut guest.store, &arguments?, &mut results) {
                    Ok(()) => send_values(b"R", &results)?,
                    Err(error) => send_trap(&error)?,
                }
            }
            b"G" => {
                let global = guest.export(&name()?).into_global().expect("a global");
                send_values(b"R", &[global.get(&guest.store)])?;
            }
            b"B" => {
                let memory = guest.memory().expect("a memory");
                send_text(b"", memory.data(&guest.store))?;
            }
            _ => panic!("no request {request:?}"),
        }
    }
}
