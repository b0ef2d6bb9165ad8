//! Write GoNext plugins in Rust.
//!
//! ```
//! use gonext::{Args, Plugin, Request, Response, Result};
//!
//! fn shout(text: String, _args: &Args) -> Result<String> {
//!     Ok(text.to_uppercase())
//! }
//!
//! fn hello(request: &Request) -> Result<Response> {
//!     Ok(Response::text(format!("Hello, {}!", request.param("name")?)))
//! }
//!
//! fn register(plugin: &mut Plugin) {
//!     plugin.filter("the_title", shout);
//!     plugin.get("/hello/{name}", hello);
//! }
//!
//! gonext::plugin!(register);
//! ```
//!
//! An instance of a plugin serves one call at a time, on one thread. Whether it is used for the next
//! call as it is, or put back to how it was after start-up, the manifest's `limits.isolation` says.
//!
//! The exports of the ABI come from [`plugin!`]; everything else also compiles and runs natively,
//! so that a plugin is tested with `cargo test` (see [`Plugin::call`]). The host's functions are
//! there in WebAssembly only: natively, `log` writes to standard error and `kv` answers
//! [`HostError::Internal`].

#[doc(hidden)]
pub mod abi;
mod base64;
mod error;
mod host;
mod http;
pub mod json;
mod plugin;

pub use error::{Error, HostError, Result};
pub use host::{audit, kv, log, now_ms};
pub use http::{ext_value, Request, Response};
pub use json::{FromJson, Value};
pub use plugin::{Args, Plugin};

/// The README's plugin is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
