//! A GoNext plugin in plain Rust, with nothing but the standard library.
//!
//! [`plugin`] says what the plugin does and is the file to change; [`abi`] is the boundary to the
//! host and the only place with `unsafe`; [`json`] and [`base64`] read and write what crosses it.
//! Everything but `abi` runs and is tested natively: `cargo test`.

#[cfg(target_family = "wasm")]
pub mod abi;
pub mod base64;
pub mod json;
pub mod plugin;
