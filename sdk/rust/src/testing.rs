//! What the host answers in native tests.
//!
//! ```
//! use gonext::testing::Host;
//! use gonext::{app, config, fetch, secrets, FetchRequest, FetchResponse, HostError, Value};
//!
//! # fn main() -> Result<(), HostError> {
//! let host = Host::new();
//! host.set_config("greeting", "Hi");
//! host.set_secret("TOKEN", "t0p");
//! host.stub("posts.find", |request| Ok(Value::object([("id", request)])));
//! host.stub_fetch(|request| Ok(FetchResponse::new(200, request.url())));
//!
//! assert_eq!(config::text("greeting", "Hello")?, "Hi");
//! assert_eq!(config::int("limit", 10)?, 10);
//! assert_eq!(secrets::get("TOKEN")?.as_deref(), Some("t0p"));
//! assert_eq!(app::call::<Value>("posts.find", 7)?.to_json(), r#"{"id":7}"#);
//! assert_eq!(app::call::<Value>("posts.delete", 7), Err(HostError::NotFound));
//! assert_eq!(fetch(&FetchRequest::get("https://example.com/a"))?.text()?, "https://example.com/a");
//! # Ok(())
//! # }
//! ```

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::json;
use crate::{FetchRequest, FetchResponse, HostError, Value};

type Function = Rc<RefCell<dyn FnMut(Value) -> Result<Value, HostError>>>;
type Server = Rc<RefCell<dyn FnMut(&FetchRequest) -> Result<FetchResponse, HostError>>>;

#[derive(Default)]
struct Answers {
    config: Vec<(String, Value)>,
    secrets: HashMap<String, String>,
    functions: HashMap<String, Function>,
    server: Option<Server>,
}

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::default();
}

/// The host of one test. Its settings belong to the thread that made it, until it is dropped. Without
/// a setting there is no configuration, no secret and no function, and `fetch` fails with
/// [`HostError::Internal`].
pub struct Host {
    this_thread: PhantomData<*const ()>,
}

impl Host {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Host {
        clear();
        Host { this_thread: PhantomData }
    }

    /// Sets a value of the plugin's configuration.
    pub fn set_config(&self, key: &str, value: impl Into<Value>) {
        ANSWERS.with(|answers| {
            let config = &mut answers.borrow_mut().config;
            config.retain(|(known, _)| known != key);
            config.push((key.to_owned(), value.into()));
        });
    }

    /// Sets a secret.
    pub fn set_secret(&self, name: &str, value: &str) {
        ANSWERS.with(|answers| {
            answers.borrow_mut().secrets.insert(name.to_owned(), value.to_owned());
        });
    }

    /// Answers the calls of a function of the application.
    pub fn stub(
        &self,
        name: &str,
        function: impl FnMut(Value) -> Result<Value, HostError> + 'static,
    ) {
        let function: Function = Rc::new(RefCell::new(function));
        ANSWERS.with(|answers| {
            answers.borrow_mut().functions.insert(name.to_owned(), function);
        });
    }

    /// Answers the requests of `fetch`.
    pub fn stub_fetch(
        &self,
        server: impl FnMut(&FetchRequest) -> Result<FetchResponse, HostError> + 'static,
    ) {
        let server: Server = Rc::new(RefCell::new(server));
        ANSWERS.with(|answers| answers.borrow_mut().server = Some(server));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        clear();
    }
}

fn clear() {
    ANSWERS.with(|answers| answers.replace(Answers::default()));
}

pub(crate) fn config_get(key: &str) -> Result<Vec<u8>, HostError> {
    ANSWERS.with(|answers| {
        let config = Value::Object(answers.borrow().config.clone());
        let value = if key.is_empty() { Some(&config) } else { config.get(key) };
        value.map(|value| value.to_json().into_bytes()).ok_or(HostError::NotFound)
    })
}

pub(crate) fn secrets_get(name: &str) -> Result<Vec<u8>, HostError> {
    ANSWERS.with(|answers| {
        let secret = answers.borrow().secrets.get(name).cloned();
        secret.map(String::into_bytes).ok_or(HostError::NotFound)
    })
}

pub(crate) fn app_call(name: &str, request: &str) -> Result<Vec<u8>, HostError> {
    let function = ANSWERS.with(|answers| answers.borrow().functions.get(name).cloned());
    let function = function.ok_or(HostError::NotFound)?;
    let request = json::parse(request.as_bytes()).map_err(|_| HostError::Internal)?;
    let answer = function.borrow_mut()(request)?;
    Ok(answer.to_json().into_bytes())
}

pub(crate) fn http_fetch(request: &str) -> Result<Vec<u8>, HostError> {
    let server = ANSWERS.with(|answers| answers.borrow().server.clone());
    let server = server.ok_or(HostError::Internal)?;
    let request = FetchRequest::from_json_text(request).ok_or(HostError::Internal)?;
    let response = server.borrow_mut()(&request)?;
    Ok(response.to_json_text().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app, config, fetch, secrets};

    #[test]
    fn a_value_of_another_type_is_not_replaced_by_the_default() {
        let host = Host::new();
        host.set_config("limit", "many");
        assert_eq!(config::int("limit", 1), Err(HostError::WrongType("an integer in range")));
        assert_eq!(config::bool("limit", true), Err(HostError::WrongType("a boolean")));
        host.set_config("limit", 3);
        assert_eq!(config::int("limit", 1), Ok(3));
        assert_eq!(config::text("limit", ""), Err(HostError::WrongType("a text")));
    }

    #[test]
    fn null_and_a_missing_value_give_the_default() {
        let host = Host::new();
        host.set_config("limit", Value::Null);
        assert_eq!(config::int("limit", 5), Ok(5));
        assert_eq!(config::bool("other", true), Ok(true));
        assert_eq!(config::get::<Value>("other"), Ok(None));
    }

    #[test]
    fn an_empty_key_is_the_whole_configuration() {
        let host = Host::new();
        assert_eq!(config::get("").map(|it: Option<Value>| it.unwrap().to_json()), Ok("{}".into()));
        host.set_config("a", 1);
        host.set_config("b", true);
        let whole: Value = config::get("").unwrap().unwrap();
        assert_eq!(whole.to_json(), r#"{"a":1,"b":true}"#);
    }

    #[test]
    fn a_stub_keeps_state_and_can_fail() {
        let host = Host::new();
        let mut calls = 0;
        host.stub("posts.find", move |_| {
            calls += 1;
            if calls > 1 {
                return Err(HostError::TimedOut);
            }
            Ok(calls.into())
        });
        assert_eq!(app::call("posts.find", Value::Null), Ok(1));
        assert_eq!(app::call::<i64>("posts.find", Value::Null), Err(HostError::TimedOut));
    }

    #[test]
    fn a_request_reaches_the_stub_as_it_was_built() {
        let host = Host::new();
        host.stub_fetch(|request| {
            assert_eq!(request.method(), "POST");
            assert_eq!(request.header_value("content-type"), Some("application/json"));
            assert_eq!(request.body_bytes(), br#"{"a":1}"#);
            Ok(FetchResponse::new(418, "no").with_header("X-Kind", "tea"))
        });
        let request =
            FetchRequest::post("https://example.com/").json(Value::object([("a", 1.into())]));
        let response = fetch(&request).unwrap();
        assert_eq!((response.status(), response.header("x-kind")), (418, Some("tea")));
        let not_json = Err(HostError::UpstreamFailed("the body is not JSON"));
        assert_eq!(response.json::<Value>(), not_json);
    }

    #[test]
    fn nothing_of_a_host_is_left_after_it() {
        let host = Host::new();
        host.set_secret("TOKEN", "x");
        host.stub_fetch(|_| Ok(FetchResponse::new(204, "")));
        drop(host);
        assert_eq!(secrets::get("TOKEN"), Ok(None));
        assert_eq!(fetch(&FetchRequest::get("https://example.com/")), Err(HostError::Internal));
    }
}
