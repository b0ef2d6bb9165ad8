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
//! An instance of a plugin serves one call at a time, on one thread. `limits.isolation`
//! in the manifest decides whether the host resets the instance to its state after start-up before
//! the next call.
//!
//! [`plugin!`] exports the ABI. Everything else also compiles and runs natively, so that `cargo
//! test` can test a plugin (see [`Plugin::call`]). The host's functions exist only in WebAssembly.
//! Natively, `log` writes to standard error, and `gonext::testing::Host` stands for the host: it keeps
//! key-value entries, returns what a test sets, and records what the plugin sends.
//!
//! With the feature `serde`, `Json<T>` is a type of `serde` wherever the crate takes or gives a
//! [`Value`].
//!
//! Routes need a host of GoNext 0.1.0 or newer, which names the route in each request.

#[doc(hidden)]
pub mod abi;
mod base64;
pub mod db;
mod error;
mod fetch;
mod host;
mod http;
pub mod jobs;
pub mod json;
mod plugin;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(feature = "serde")]
mod typed;

pub use error::{Error, ErrorKind, HostError, Result};
pub use fetch::{fetch, FetchRequest, FetchResponse};
pub use host::{app, audit, cache, config, events, i18n, kv, log, metrics, now_ms, secrets, span};
pub use http::{ext_value, Request, Response};
pub use jobs::Job;
pub use json::{FromJson, Value};
pub use plugin::{Args, Plugin};
#[cfg(feature = "serde")]
pub use typed::Json;

/// The README's plugin is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
