//! The boundary: guest ABI v1, what the host calls and what it offers.
//!
//! All `unsafe` of this plugin is here. It rests on three promises of the host: an instance serves
//! one call at a time; name and payload lie in blocks that came from [`gn_alloc`] and stay
//! untouched during the call; each block is given back once, with the size it was asked for.

use std::alloc::{alloc, dealloc, Layout};
use std::cell::RefCell;
use std::panic;
use std::slice;

use crate::plugin::{Level, Plugin, Status};

mod host {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn gn_log(level: i32, text: *const u8, length: usize);
        pub fn gn_panic(text: *const u8, length: usize);
    }

    extern "C" {
        /// Written by the linker: runs the constructors of the C library below `std`.
        pub fn __wasm_call_ctors();
    }
}

thread_local! {
    /// A module has one thread, so this is one plugin per instance.
    static PLUGIN: RefCell<Plugin> = RefCell::new(Plugin::default());
}

/// Runs once, before anything else.
///
/// A library that calls the constructors itself is a reactor to the linker; for any other it wraps
/// every export in code that runs constructors before and destructors after each call.
#[no_mangle]
pub extern "C" fn _initialize() {
    unsafe { host::__wasm_call_ctors() };
    panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        unsafe { host::gn_panic(text.as_ptr(), text.len()) };
    }));
}

#[no_mangle]
pub extern "C" fn on_activate() -> i32 {
    log(Level::Info, concat!("hello-rust ", env!("CARGO_PKG_VERSION"), " is active"));
    0
}

/// A block of `size` bytes, or null when there is no memory for it.
#[no_mangle]
pub extern "C" fn gn_alloc(size: usize) -> *mut u8 {
    match layout(size) {
        Some(layout) => unsafe { alloc(layout) },
        None => std::ptr::null_mut(),
    }
}

/// Gives a block back.
///
/// # Safety
///
/// `block` must be null, or come from [`gn_alloc`] or as a result with this `size`, and not have
/// been given back.
#[no_mangle]
pub unsafe extern "C" fn gn_free(block: *mut u8, size: usize) {
    if let (false, Some(layout)) = (block.is_null(), layout(size)) {
        dealloc(block, layout);
    }
}

/// The layout of a block of the ABI. One of no bytes is one byte long, because a null pointer means
/// that memory ran out.
fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 1).ok()
}

/// Runs one hook.
///
/// # Safety
///
/// Each pointer must point to as many readable bytes as its length says, unless that is 0.
#[no_mangle]
pub unsafe extern "C" fn gn_handle_hook(
    name: *const u8,
    name_length: usize,
    payload: *const u8,
    payload_length: usize,
) -> i64 {
    let payload = bytes(payload, payload_length);
    let result = match std::str::from_utf8(bytes(name, name_length)) {
        Ok(name) => PLUGIN.with(|plugin| plugin.borrow_mut().handle(name, payload, &mut log)),
        Err(_) => Err(Status::UnknownHook),
    };
    match result {
        Ok(None) => 0,
        Ok(Some(body)) => give_away(body.into_bytes()),
        Err(status) => i64::from(status as i32 as u32),
    }
}

/// # Safety
///
/// `start` must point to `length` readable bytes, unless `length` is 0.
unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        &[]
    } else {
        slice::from_raw_parts(start, length)
    }
}

/// Leaves `body` to the host, which hands it to [`gn_free`]: pointer in the high half, length in
/// the low one. A boxed slice has the layout that `gn_free` computes from its length; one of no
/// bytes has no block, and its pointer must not be freed.
fn give_away(body: Vec<u8>) -> i64 {
    let length = body.len();
    if length == 0 {
        return 0;
    }
    let start = Box::into_raw(body.into_boxed_slice()) as *mut u8;
    (start as usize as i64) << 32 | length as i64
}

fn log(level: Level, text: &str) {
    unsafe { host::gn_log(level as i32, text.as_ptr(), text.len()) };
}
