//! The guest: every kernel as an export, and three hooks of guest ABI v1.
//!
//! All `unsafe` is here. It rests on what the ABI says of the host: an instance serves one call at
//! a time; name and payload lie in blocks from [`gn_alloc`]; each block is given back once, with
//! the size it was asked for.

use std::alloc::{alloc, dealloc, Layout};
use std::slice;

use crate::kernels::{self, Kernels};

const BAD_PAYLOAD: i32 = -3;
const UNKNOWN_HOOK: i32 = -4;

thread_local! {
    /// A module has one thread. Made at the first use, so that an instance which only serves
    /// hooks is as small as a plugin is.
    static KERNELS: Kernels = Kernels::new();
}

extern "C" {
    /// Written by the linker: runs the constructors of the C library below `std`.
    fn __wasm_call_ctors();
}

/// Runs once. A library that calls the constructors itself is a reactor to the linker; for any
/// other it wraps every export in code that runs constructors and destructors around each call.
#[no_mangle]
pub extern "C" fn _initialize() {
    unsafe { __wasm_call_ctors() };
}

/// Runs the kernel at this place in [`kernels::ALL`] and answers its checksum.
#[no_mangle]
pub extern "C" fn compute(index: usize) -> u32 {
    let (_, kernel) = kernels::ALL[index];
    KERNELS.with(kernel)
}

#[no_mangle]
pub extern "C" fn gn_alloc(size: usize) -> *mut u8 {
    match layout(size) {
        Some(layout) => unsafe { alloc(layout) },
        None => std::ptr::null_mut(),
    }
}

/// # Safety
///
/// `block` must come from [`gn_alloc`] or as a result with this `size`.
#[no_mangle]
pub unsafe extern "C" fn gn_free(block: *mut u8, size: usize) {
    if let Some(layout) = layout(size) {
        dealloc(block, layout);
    }
}

/// A block of no bytes is one byte long: null means that memory ran out.
fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 1).ok()
}

/// Runs one hook: `done` does nothing, `echo` answers its payload, `json` parses it.
///
/// # Safety
///
/// Each pointer must point to as many readable bytes as its length says.
#[no_mangle]
pub unsafe extern "C" fn gn_handle_hook(
    name: *const u8,
    name_length: usize,
    payload: *const u8,
    payload_length: usize,
) -> i64 {
    let payload = slice::from_raw_parts(payload, payload_length);
    match slice::from_raw_parts(name, name_length) {
        b"done" => 0,
        b"echo" => give_away(payload.to_vec()),
        b"json" => match kernels::parse(payload) {
            Some(_) => 0,
            None => status(BAD_PAYLOAD),
        },
        _ => status(UNKNOWN_HOOK),
    }
}

fn status(code: i32) -> i64 {
    i64::from(code as u32)
}

/// Leaves `body` to the host: pointer in the high half, length in the low one. A boxed slice has
/// the layout that [`gn_free`] computes from its length.
fn give_away(body: Vec<u8>) -> i64 {
    let length = body.len();
    if length == 0 {
        return 0;
    }
    let start = Box::into_raw(body.into_boxed_slice()) as *mut u8;
    (start as usize as i64) << 32 | length as i64
}
