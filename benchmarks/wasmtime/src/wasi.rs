//! The functions of WASI preview 1 that Rust's and Go's runtimes call in a guest without files, as a
//! host of plugins offers them. `wasmtime-wasi` would bring an executor and a file system along.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::{Caller, Linker, Result, bail};

const MODULE: &str = "wasi_snapshot_preview1";

const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const NOT_SUPPORTED: i32 = 58;

const MONOTONIC: i32 = 1;
const SUBSCRIPTION_BYTES: i32 = 48;
const EVENT_BYTES: usize = 32;

pub struct Wasi {
    began: Instant,
    random: u64,
}

impl Wasi {
    pub fn new() -> Wasi {
        Wasi { began: Instant::now(), random: 0x9e37_79b9_7f4a_7c15 }
    }

    fn nanos(&self, clock: i32) -> u64 {
        let since = match clock {
            MONOTONIC => self.began.elapsed(),
            _ => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        };
        since.as_nanos() as u64
    }
}

type Guest<'a> = Caller<'a, Wasi>;

/// Any other import is an error of linking.
pub fn link(linker: &mut Linker<Wasi>) -> Result<()> {
    linker.func_wrap(MODULE, "args_sizes_get", no_strings)?;
    linker.func_wrap(MODULE, "args_get", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(MODULE, "environ_sizes_get", no_strings)?;
    linker.func_wrap(MODULE, "environ_get", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(MODULE, "clock_time_get", |mut guest: Guest, id: i32, _: i64, at: i32| {
        let nanos = guest.data().nanos(id);
        write(&mut guest, at, &nanos.to_le_bytes())
    })?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.func_wrap(MODULE, "sched_yield", || SUCCESS)?;
    linker.func_wrap(MODULE, "poll_oneoff", poll)?;
    linker.func_wrap(MODULE, "proc_exit", |code: i32| -> Result<()> {
        bail!("the guest exits with {code}")
    })?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "fd_fdstat_get", |_: i32, _: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_fdstat_set_flags", |_: i32, _: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_prestat_get", |_: i32, _: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_prestat_dir_name", |_: i32, _: i32, _: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_close", |_: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_read", |_: i32, _: i32, _: i32, _: i32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "fd_seek", |_: i32, _: i64, _: i32, _: i32| BAD_DESCRIPTOR)?;
    Ok(())
}

fn write(guest: &mut Guest, at: i32, bytes: &[u8]) -> Result<i32> {
    let Some(memory) = guest.get_export("memory").and_then(|export| export.into_memory()) else {
        bail!("the guest exports no memory");
    };
    memory.write(guest, at as u32 as usize, bytes)?;
    Ok(SUCCESS)
}

fn read<const N: usize>(guest: &mut Guest, at: i32) -> Result<[u8; N]> {
    let Some(memory) = guest.get_export("memory").and_then(|export| export.into_memory()) else {
        bail!("the guest exports no memory");
    };
    let mut bytes = [0; N];
    memory.read(guest, at as u32 as usize, &mut bytes)?;
    Ok(bytes)
}

fn no_strings(mut guest: Guest, count: i32, bytes: i32) -> Result<i32> {
    write(&mut guest, count, &[0; 4])?;
    write(&mut guest, bytes, &[0; 4])
}

fn random_get(mut guest: Guest, at: i32, length: i32) -> Result<i32> {
    let mut state = guest.data().random;
    let bytes: Vec<u8> = (0..length as u32)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    guest.data_mut().random = state;
    write(&mut guest, at, &bytes)
}

/// Sleeps until the first of the subscribed times. There is nothing else to wait for.
fn poll(mut guest: Guest, subscriptions: i32, events: i32, count: i32, ready: i32) -> Result<i32> {
    let mut first: Option<(u64, u64)> = None;
    for i in 0..count {
        let at = subscriptions + i * SUBSCRIPTION_BYTES;
        let user_data: u64 = u64::from_le_bytes(read(&mut guest, at)?);
        let [tag]: [u8; 1] = read(&mut guest, at + 8)?;
        if tag != 0 {
            continue;
        }
        let clock = i32::from_le_bytes(read(&mut guest, at + 16)?);
        let time = u64::from_le_bytes(read(&mut guest, at + 24)?);
        let is_absolute = read::<1>(&mut guest, at + 40)?[0] & 1 == 1;
        let wait = if is_absolute { time.saturating_sub(guest.data().nanos(clock)) } else { time };
        if first.is_none_or(|(least, _)| wait < least) {
            first = Some((wait, user_data));
        }
    }
    let Some((wait, user_data)) = first else {
        return Ok(NOT_SUPPORTED);
    };
    sleep(Duration::from_nanos(wait));
    let mut event = [0; EVENT_BYTES];
    event[..8].copy_from_slice(&user_data.to_le_bytes());
    write(&mut guest, events, &event)?;
    write(&mut guest, ready, &1u32.to_le_bytes())
}

/// A guest writes when it panics: shown.
fn fd_write(mut guest: Guest, _: i32, vectors: i32, count: i32, written: i32) -> Result<i32> {
    let mut total = 0;
    for i in 0..count {
        let start = i32::from_le_bytes(read(&mut guest, vectors + i * 8)?);
        let length = i32::from_le_bytes(read(&mut guest, vectors + i * 8 + 4)?);
        for at in start..start.saturating_add(length) {
            eprint!("{}", read::<1>(&mut guest, at)?[0].escape_ascii());
        }
        total += length;
    }
    eprintln!();
    write(&mut guest, written, &total.to_le_bytes())
}
