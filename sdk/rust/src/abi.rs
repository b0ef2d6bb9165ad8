//! The boundary: guest ABI v1. All `unsafe` of the crate is here and in [`plugin!`](crate::plugin).
//!
//! It relies on three promises of the host. An instance serves one call at a time. Name and payload
//! lie in blocks from [`alloc`], and the host does not change them during the call. The host frees
//! each block once, with its size.

use std::alloc::Layout;
use std::cell::RefCell;
use std::slice;

use crate::plugin::Plugin;
#[cfg(target_family = "wasm")]
use crate::HostError;

/// Exports the ABI of a plugin. `register`, a function that takes `&mut Plugin`, adds its handlers.
/// Use it once, in the crate that is the plugin.
#[macro_export]
macro_rules! plugin {
    ($register:expr) => {
        // Elsewhere nothing calls it, and the compiler would warn of each handler.
        #[cfg(not(target_family = "wasm"))]
        #[allow(dead_code)]
        const _: fn(&mut $crate::Plugin) = $register;

        #[cfg(target_family = "wasm")]
        mod gonext_exports {
            use super::*;

            extern "C" {
                /// Written by the linker: runs the constructors of the C library below `std`.
                fn __wasm_call_ctors();
            }

            /// A library that calls the constructors itself is a reactor for the linker. In any
            /// other library the linker wraps every export in code that runs constructors before
            /// each call and destructors after it.
            #[no_mangle]
            pub extern "C" fn _initialize() {
                unsafe { __wasm_call_ctors() };
                $crate::abi::start($register);
            }

            #[no_mangle]
            pub extern "C" fn gn_alloc(size: usize) -> *mut u8 {
                $crate::abi::alloc(size)
            }

            #[no_mangle]
            pub unsafe extern "C" fn gn_free(block: *mut u8, size: usize) {
                $crate::abi::free(block, size)
            }

            #[no_mangle]
            pub unsafe extern "C" fn gn_handle_hook(
                name: *const u8,
                name_length: usize,
                payload: *const u8,
                payload_length: usize,
            ) -> i64 {
                $crate::abi::handle_hook(name, name_length, payload, payload_length)
            }

            #[no_mangle]
            pub unsafe extern "C" fn gn_handle_job(
                name: *const u8,
                name_length: usize,
                payload: *const u8,
                payload_length: usize,
            ) -> i64 {
                $crate::abi::handle_job(name, name_length, payload, payload_length)
            }

            #[no_mangle]
            pub extern "C" fn on_activate() -> i32 {
                $crate::abi::on_activate()
            }

            #[no_mangle]
            pub extern "C" fn on_deactivate() -> i32 {
                $crate::abi::on_deactivate()
            }
        }
    };
}

thread_local! {
    /// A module has one thread, so this is one plugin per instance.
    static PLUGIN: RefCell<Plugin> = RefCell::new(Plugin::new());
}

/// Runs once, before anything else.
pub fn start(register: fn(&mut Plugin)) {
    std::panic::set_hook(Box::new(|panic| host::panic(&panic.to_string())));
    PLUGIN.with(|plugin| register(&mut plugin.borrow_mut()));
}

pub fn on_activate() -> i32 {
    PLUGIN.with(|plugin| plugin.borrow_mut().activate())
}

pub fn on_deactivate() -> i32 {
    PLUGIN.with(|plugin| plugin.borrow_mut().deactivate())
}

/// Allocates a block of `size` bytes. Null: out of memory.
pub fn alloc(size: usize) -> *mut u8 {
    match layout(size) {
        Some(layout) => unsafe { std::alloc::alloc(layout) },
        None => std::ptr::null_mut(),
    }
}

/// Frees a block.
///
/// # Safety
///
/// `block` must be null, or a block of this `size` from [`alloc`] or from a result, which was not
/// freed before.
pub unsafe fn free(block: *mut u8, size: usize) {
    if let (false, Some(layout)) = (block.is_null(), layout(size)) {
        std::alloc::dealloc(block, layout);
    }
}

/// The layout of a block of the ABI. An empty block has one byte, because a null pointer means out
/// of memory.
fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 1).ok()
}

/// Runs one hook.
///
/// # Safety
///
/// Each pointer must point to as many readable bytes as its length says, unless the length is 0.
pub unsafe fn handle_hook(
    name: *const u8,
    name_length: usize,
    payload: *const u8,
    payload_length: usize,
) -> i64 {
    let name = String::from_utf8_lossy(bytes(name, name_length));
    let payload = bytes(payload, payload_length);
    answer(PLUGIN.with(|plugin| plugin.borrow_mut().call(&name, payload)))
}

/// Runs one job.
///
/// # Safety
///
/// As for [`handle_hook`].
pub unsafe fn handle_job(
    name: *const u8,
    name_length: usize,
    payload: *const u8,
    payload_length: usize,
) -> i64 {
    let name = String::from_utf8_lossy(bytes(name, name_length));
    let payload = bytes(payload, payload_length);
    answer(PLUGIN.with(|plugin| plugin.borrow_mut().call_job(&name, payload)))
}

fn answer(result: crate::Result<Option<String>>) -> i64 {
    match result {
        Ok(None) => 0,
        Ok(Some(body)) => give_away(body.into_bytes()),
        Err(error) => i64::from(error.status() as u32),
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

/// Passes `body` to the host, which frees it with [`free`]: pointer in the high half, length in the
/// low half. A boxed slice has the layout that `free` computes from its length. An empty slice has
/// no block, and its pointer must not be freed.
fn give_away(body: Vec<u8>) -> i64 {
    let length = body.len();
    if length == 0 {
        return 0;
    }
    let start = Box::into_raw(body.into_boxed_slice()) as *mut u8;
    (start as usize as i64) << 32 | length as i64
}

pub(crate) fn log(level: i32, text: &str) {
    host::log(level, text);
}

pub(crate) fn time_ms() -> i64 {
    host::time_ms()
}

pub(crate) use host::{
    app_call, audit_emit, cache_invalidate, config_get, cron_register, db_batch, db_read, db_write,
    event_emit, http_fetch, i18n_translate, job_enqueue, kv_del, kv_get, kv_incr, kv_set,
    kv_set_if_absent, metric_observe, secrets_get, span_event,
};

#[cfg(target_family = "wasm")]
mod host {
    use super::HostError;
    use crate::error::Rules;
    use crate::json::{self, Value};

    mod env {
        #[link(wasm_import_module = "env")]
        extern "C" {
            pub fn gn_log(level: i32, text: *const u8, length: usize);
            pub fn gn_panic(text: *const u8, length: usize);
            pub fn gn_time_ms() -> i64;
            pub fn gn_last_error() -> i64;
            pub fn gn_audit_emit(json: *const u8, length: usize) -> i32;
            pub fn gn_config_get(key: *const u8, length: usize) -> i64;
            pub fn gn_secrets_get(name: *const u8, length: usize) -> i64;
            pub fn gn_app_call(
                name: *const u8,
                length: usize,
                json: *const u8,
                json_length: usize,
            ) -> i64;
            pub fn gn_event_emit(
                name: *const u8,
                length: usize,
                json: *const u8,
                json_length: usize,
            ) -> i32;
            pub fn gn_span_event(
                name: *const u8,
                length: usize,
                json: *const u8,
                json_length: usize,
            ) -> i32;
            pub fn gn_metric_observe(
                name: *const u8,
                length: usize,
                value: f64,
                labels: *const u8,
                labels_length: usize,
            ) -> i32;
            pub fn gn_i18n_translate(
                key: *const u8,
                length: usize,
                locale: *const u8,
                locale_length: usize,
            ) -> i64;
            pub fn gn_job_enqueue(json: *const u8, length: usize) -> i64;
            pub fn gn_cron_register(json: *const u8, length: usize) -> i32;
        }
    }

    mod net {
        #[link(wasm_import_module = "env_net")]
        extern "C" {
            pub fn gn_http_fetch(json: *const u8, length: usize) -> i64;
        }
    }

    mod data {
        #[link(wasm_import_module = "gonext_data")]
        extern "C" {
            pub fn gn_kv_get(key: *const u8, length: usize) -> i64;
            pub fn gn_kv_set(
                key: *const u8,
                length: usize,
                value: *const u8,
                value_length: usize,
            ) -> i64;
            pub fn gn_kv_set_if_absent(
                key: *const u8,
                length: usize,
                value: *const u8,
                value_length: usize,
            ) -> i64;
            pub fn gn_kv_del(key: *const u8, length: usize) -> i64;
            pub fn gn_kv_incr(key: *const u8, length: usize, delta: i64) -> i64;
            pub fn gn_db_read(
                sql: *const u8,
                length: usize,
                args: *const u8,
                args_length: usize,
            ) -> i64;
            pub fn gn_db_write(
                sql: *const u8,
                length: usize,
                args: *const u8,
                args_length: usize,
            ) -> i64;
            pub fn gn_db_batch(json: *const u8, length: usize) -> i64;
            pub fn gn_cache_invalidate(tags: *const u8, length: usize) -> i64;
        }
    }

    type Answer = Result<Vec<u8>, HostError>;
    type Done = Result<(), HostError>;

    pub fn log(level: i32, text: &str) {
        unsafe { env::gn_log(level, text.as_ptr(), text.len()) };
    }

    pub fn panic(text: &str) {
        unsafe { env::gn_panic(text.as_ptr(), text.len()) };
    }

    pub fn time_ms() -> i64 {
        unsafe { env::gn_time_ms() }
    }

    /// Why the last failed function failed.
    fn reason() -> Option<Value> {
        let answer = body(unsafe { env::gn_last_error() }).ok()?;
        json::parse(&answer).ok()
    }

    pub fn audit_emit(json: &str) -> Done {
        done(unsafe { env::gn_audit_emit(json.as_ptr(), json.len()) }, &Rules::AUDIT)
    }

    pub fn kv_get(key: &str) -> Answer {
        taken(unsafe { data::gn_kv_get(key.as_ptr(), key.len()) }, &Rules::KV_GET)
    }

    pub fn kv_set(key: &str, value: &[u8]) -> Done {
        let answer =
            unsafe { data::gn_kv_set(key.as_ptr(), key.len(), value.as_ptr(), value.len()) };
        taken(answer, &Rules::KV_SET).map(drop)
    }

    /// Whether the entry was set.
    pub fn kv_set_if_absent(key: &str, value: &[u8]) -> Result<bool, HostError> {
        let answer = unsafe {
            data::gn_kv_set_if_absent(key.as_ptr(), key.len(), value.as_ptr(), value.len())
        };
        match body(answer) {
            Ok(_) => Ok(true),
            Err(-11) => Ok(false),
            Err(status) => Err(HostError::from_status(status, &Rules::KV_SET, reason)),
        }
    }

    pub fn kv_del(key: &str) -> Done {
        taken(unsafe { data::gn_kv_del(key.as_ptr(), key.len()) }, &Rules::KV_DEL).map(drop)
    }

    pub fn kv_incr(key: &str, delta: i64) -> Answer {
        taken(unsafe { data::gn_kv_incr(key.as_ptr(), key.len(), delta) }, &Rules::KV_INCR)
    }

    pub fn config_get(key: &str) -> Answer {
        taken(unsafe { env::gn_config_get(key.as_ptr(), key.len()) }, &Rules::CONFIG)
    }

    pub fn secrets_get(name: &str) -> Answer {
        taken(unsafe { env::gn_secrets_get(name.as_ptr(), name.len()) }, &Rules::SECRETS)
    }

    pub fn app_call(name: &str, json: &str) -> Answer {
        let answer =
            unsafe { env::gn_app_call(name.as_ptr(), name.len(), json.as_ptr(), json.len()) };
        taken(answer, &Rules::APP)
    }

    pub fn http_fetch(json: &str) -> Answer {
        body(unsafe { net::gn_http_fetch(json.as_ptr(), json.len()) })
            .map_err(|status| HostError::from_net_status(status, reason))
    }

    pub fn db_read(sql: &str, args: &str) -> Answer {
        let answer =
            unsafe { data::gn_db_read(sql.as_ptr(), sql.len(), args.as_ptr(), args.len()) };
        taken(answer, &Rules::DB_READ)
    }

    pub fn db_write(sql: &str, args: &str) -> Answer {
        let answer =
            unsafe { data::gn_db_write(sql.as_ptr(), sql.len(), args.as_ptr(), args.len()) };
        taken(answer, &Rules::DB_WRITE)
    }

    pub fn db_batch(json: &str) -> Answer {
        taken(unsafe { data::gn_db_batch(json.as_ptr(), json.len()) }, &Rules::DB_BATCH)
    }

    pub fn cache_invalidate(tags: &str) -> Done {
        let answer = unsafe { data::gn_cache_invalidate(tags.as_ptr(), tags.len()) };
        taken(answer, &Rules::CACHE).map(drop)
    }

    pub fn event_emit(name: &str, json: &str) -> Done {
        let status =
            unsafe { env::gn_event_emit(name.as_ptr(), name.len(), json.as_ptr(), json.len()) };
        done(status, &Rules::EVENT)
    }

    pub fn span_event(name: &str, json: &str) -> Done {
        let status =
            unsafe { env::gn_span_event(name.as_ptr(), name.len(), json.as_ptr(), json.len()) };
        done(status, &Rules::SPAN)
    }

    pub fn metric_observe(name: &str, value: f64, labels: &str) -> Done {
        let status = unsafe {
            env::gn_metric_observe(name.as_ptr(), name.len(), value, labels.as_ptr(), labels.len())
        };
        done(status, &Rules::METRIC)
    }

    pub fn i18n_translate(key: &str, locale: &str) -> Answer {
        let answer = unsafe {
            env::gn_i18n_translate(key.as_ptr(), key.len(), locale.as_ptr(), locale.len())
        };
        taken(answer, &Rules::TRANSLATE)
    }

    pub fn job_enqueue(json: &str) -> Answer {
        taken(unsafe { env::gn_job_enqueue(json.as_ptr(), json.len()) }, &Rules::JOB)
    }

    pub fn cron_register(json: &str) -> Done {
        done(unsafe { env::gn_cron_register(json.as_ptr(), json.len()) }, &Rules::CRON)
    }

    fn done(status: i32, rules: &Rules) -> Done {
        if status < 0 {
            return Err(HostError::from_status(status, rules, reason));
        }
        Ok(())
    }

    fn taken(packed: i64, rules: &Rules) -> Answer {
        body(packed).map_err(|status| HostError::from_status(status, rules, reason))
    }

    /// Takes the body of a packed answer, or returns its negative status. The host wrote the body
    /// into a block of our allocator, and a `Vec` whose capacity is that length frees the block. The
    /// pointer of an empty body has no meaning.
    fn body(packed: i64) -> Result<Vec<u8>, i32> {
        let start = (packed as u64 >> 32) as usize as *mut u8;
        let length = packed as i32;
        if start.is_null() {
            return if length < 0 { Err(length) } else { Ok(Vec::new()) };
        }
        if length == 0 {
            unsafe { super::free(start, 0) };
            return Ok(Vec::new());
        }
        Ok(unsafe { Vec::from_raw_parts(start, length as u32 as usize, length as u32 as usize) })
    }
}

#[cfg(not(target_family = "wasm"))]
mod host {
    pub fn log(level: i32, text: &str) {
        eprintln!("[{}] {text}", ["debug", "info", "warn", "error"][level as usize]);
    }

    pub fn panic(text: &str) {
        eprintln!("{text}");
    }

    pub fn time_ms() -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_millis() as i64)
    }

    pub(crate) use crate::testing::{
        app_call, audit_emit, cache_invalidate, config_get, cron_register, db_batch, db_read,
        db_write, event_emit, http_fetch, i18n_translate, job_enqueue, kv_del, kv_get, kv_incr,
        kv_set, kv_set_if_absent, metric_observe, secrets_get, span_event,
    };
}
