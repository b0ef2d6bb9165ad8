//! What the host answers in native tests.
//!
//! ```
//! use gonext::testing::Host;
//! use gonext::db::{self, Rows};
//! use gonext::{app, config, events, fetch, kv, params, secrets};
//! use gonext::{ErrorKind, FetchRequest, FetchResponse, HostError, Value};
//!
//! # fn main() -> Result<(), HostError> {
//! let host = Host::new();
//! host.set_config("greeting", "Hi");
//! host.set_secret("TOKEN", "t0p");
//! host.stub("posts.find", |request| Ok(Value::object([("id", request)])));
//! host.stub_fetch(|request| Ok(FetchResponse::new(200, request.url())));
//! host.stub_db(|_sql, params| Ok(Rows::of(&["id"], vec![params.to_vec()])));
//!
//! assert_eq!(config::text("greeting", "Hello")?, "Hi");
//! assert_eq!(config::int("limit", 10)?, 10);
//! assert_eq!(secrets::get("TOKEN")?.as_deref(), Some("t0p"));
//! assert_eq!(app::call::<Value>("posts.find", 7)?.to_json(), r#"{"id":7}"#);
//! assert_eq!(app::call::<Value>("posts.delete", 7).unwrap_err().kind(), ErrorKind::NotFound);
//! assert_eq!(fetch(&FetchRequest::get("https://example.com/a"))?.text()?, "https://example.com/a");
//! let rows = db::query("select id from post where id = ?", params![7])?;
//! assert_eq!(rows.first().unwrap().get::<i64>("id")?, 7);
//! assert!(kv::set_if_absent("seen", "1")?);
//! assert!(!kv::set_if_absent("seen", "2")?);
//!
//! events::emit("post.read", Value::object([("id", 7.into())]))?;
//! assert_eq!(host.calls(), [r#"event_emit "post.read" {"id":7}"#]);
//! # Ok(())
//! # }
//! ```

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::db::Rows;
use crate::json;
use crate::{ErrorKind, FetchRequest, FetchResponse, HostError, Value};

type Stub<Arguments, Answer> = Rc<RefCell<dyn FnMut(Arguments) -> Result<Answer, HostError>>>;
type Server = Rc<RefCell<dyn FnMut(&FetchRequest) -> Result<FetchResponse, HostError>>>;
type Database = Rc<RefCell<dyn FnMut(&str, &[Value]) -> Result<Rows, HostError>>>;
type Translator = Rc<RefCell<dyn FnMut(&str, &str, &Value) -> Option<String>>>;

#[derive(Default)]
struct Answers {
    entries: HashMap<String, Vec<u8>>,
    config: Vec<(String, Value)>,
    secrets: HashMap<String, String>,
    functions: HashMap<String, Stub<Value, Value>>,
    server: Option<Server>,
    database: Option<Database>,
    translator: Option<Translator>,
    /// The idempotency keys of jobs, in the order of the jobs.
    jobs: Vec<Option<Value>>,
    calls: Vec<String>,
}

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::default();
}

/// The host of one test. What it holds belongs to the thread that made it, until it is dropped.
/// Without a setting there is no configuration, no secret, no function and no translation, and `fetch`
/// and `db` fail with [`ErrorKind::Internal`]. Capabilities and limits are not tested.
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
        with(|answers| {
            answers.config.retain(|(known, _)| known != key);
            answers.config.push((key.to_owned(), value.into()));
        });
    }

    /// Sets a secret.
    pub fn set_secret(&self, name: &str, value: &str) {
        with(|answers| answers.secrets.insert(name.to_owned(), value.to_owned()));
    }

    /// Answers the calls of a function of the application.
    pub fn stub(
        &self,
        name: &str,
        function: impl FnMut(Value) -> Result<Value, HostError> + 'static,
    ) {
        let function: Stub<Value, Value> = Rc::new(RefCell::new(function));
        with(|answers| answers.functions.insert(name.to_owned(), function));
    }

    /// Answers the requests of `fetch`.
    pub fn stub_fetch(
        &self,
        server: impl FnMut(&FetchRequest) -> Result<FetchResponse, HostError> + 'static,
    ) {
        with(|answers| answers.server = Some(Rc::new(RefCell::new(server))));
    }

    /// Answers the statements of `db`, one call for each: with [`Rows::of`] or [`Rows::affected`].
    pub fn stub_db(
        &self,
        database: impl FnMut(&str, &[Value]) -> Result<Rows, HostError> + 'static,
    ) {
        with(|answers| answers.database = Some(Rc::new(RefCell::new(database))));
    }

    /// Translates: takes key, locale and arguments.
    pub fn stub_translate(
        &self,
        translator: impl FnMut(&str, &str, &Value) -> Option<String> + 'static,
    ) {
        with(|answers| answers.translator = Some(Rc::new(RefCell::new(translator))));
    }

    /// What the plugin sent so far, one text for each call: the name of the function without `gn_`, then
    /// its arguments in JSON. The functions are `audit_emit`, `event_emit`, `span_event`,
    /// `metric_observe`, `cache_invalidate`, `job_enqueue` and `cron_register`.
    pub fn calls(&self) -> Vec<String> {
        with(|answers| answers.calls.clone())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        clear();
    }
}

fn with<T>(work: impl FnOnce(&mut Answers) -> T) -> T {
    ANSWERS.with(|answers| work(&mut answers.borrow_mut()))
}

fn clear() {
    ANSWERS.with(|answers| answers.replace(Answers::default()));
}

fn record(function: &str, arguments: &[&str]) {
    let mut call = function.to_owned();
    for argument in arguments {
        call = call + " " + argument;
    }
    with(|answers| answers.calls.push(call));
}

fn quoted(text: &str) -> String {
    Value::from(text).to_json()
}

fn parsed(text: &str) -> Result<Value, HostError> {
    json::parse(text.as_bytes()).map_err(|_| HostError::internal())
}

fn or_missing<T>(found: Option<T>) -> Result<T, HostError> {
    found.ok_or_else(|| ErrorKind::NotFound.into())
}

pub(crate) fn kv_get(key: &str) -> Result<Vec<u8>, HostError> {
    or_missing(with(|answers| answers.entries.get(key).cloned()))
}

pub(crate) fn kv_set(key: &str, value: &[u8]) -> Result<(), HostError> {
    with(|answers| answers.entries.insert(key.to_owned(), value.to_vec()));
    Ok(())
}

pub(crate) fn kv_set_if_absent(key: &str, value: &[u8]) -> Result<bool, HostError> {
    if kv_get(key).is_ok() {
        return Ok(false);
    }
    kv_set(key, value).map(|()| true)
}

pub(crate) fn kv_del(key: &str) -> Result<(), HostError> {
    or_missing(with(|answers| answers.entries.remove(key))).map(drop)
}

pub(crate) fn kv_incr(key: &str, delta: i64) -> Result<Vec<u8>, HostError> {
    let old = kv_get(key).unwrap_or_else(|_| b"0".to_vec());
    let old = std::str::from_utf8(&old).ok().and_then(|text| text.parse::<i64>().ok());
    let sum = old
        .and_then(|number| number.checked_add(delta))
        .ok_or_else(|| HostError::new(ErrorKind::BadArguments, "the entry is not a number"))?
        .to_string()
        .into_bytes();
    kv_set(key, &sum).map(|()| sum)
}

pub(crate) fn config_get(key: &str) -> Result<Vec<u8>, HostError> {
    let config = Value::Object(with(|answers| answers.config.clone()));
    let value = if key.is_empty() { Some(&config) } else { config.get(key) };
    or_missing(value.map(|value| value.to_json().into_bytes()))
}

pub(crate) fn secrets_get(name: &str) -> Result<Vec<u8>, HostError> {
    or_missing(with(|answers| answers.secrets.get(name).cloned())).map(String::into_bytes)
}

pub(crate) fn app_call(name: &str, request: &str) -> Result<Vec<u8>, HostError> {
    let function = or_missing(with(|answers| answers.functions.get(name).cloned()))?;
    let answer = function.borrow_mut()(parsed(request)?)?;
    Ok(answer.to_json().into_bytes())
}

pub(crate) fn http_fetch(request: &str) -> Result<Vec<u8>, HostError> {
    let server = with(|answers| answers.server.clone()).ok_or_else(HostError::internal)?;
    let request = FetchRequest::from_json_text(request).ok_or_else(HostError::internal)?;
    let response = server.borrow_mut()(&request)?;
    Ok(response.to_json_text().into_bytes())
}

pub(crate) fn db_read(sql: &str, args: &str) -> Result<Vec<u8>, HostError> {
    Ok(statement(sql, &parsed(args)?)?.to_json().into_bytes())
}

pub(crate) fn db_write(sql: &str, args: &str) -> Result<Vec<u8>, HostError> {
    db_read(sql, args)
}

pub(crate) fn db_batch(request: &str) -> Result<Vec<u8>, HostError> {
    let request = parsed(request)?;
    let items = |name: &str| request.get(name).and_then(Value::as_array).unwrap_or_default();
    let results: Result<Vec<Value>, HostError> = items("statements")
        .iter()
        .map(|it| match (it.get("sql").and_then(Value::as_str), it.get("args")) {
            (Some(sql), Some(args)) => statement(sql, args),
            _ => Err(HostError::internal()),
        })
        .collect();
    let results = results?;
    for job in items("enqueue") {
        job_enqueue(&job.to_json())?;
    }
    Ok(Value::object([("results", Value::Array(results))]).to_json().into_bytes())
}

fn statement(sql: &str, args: &Value) -> Result<Value, HostError> {
    let database = with(|answers| answers.database.clone()).ok_or_else(HostError::internal)?;
    let rows = database.borrow_mut()(sql, args.as_array().unwrap_or_default())?;
    Ok(rows.to_value())
}

pub(crate) fn audit_emit(json: &str) -> Result<(), HostError> {
    record("audit_emit", &[json]);
    Ok(())
}

pub(crate) fn event_emit(name: &str, json: &str) -> Result<(), HostError> {
    record("event_emit", &[&quoted(name), json]);
    Ok(())
}

pub(crate) fn span_event(name: &str, json: &str) -> Result<(), HostError> {
    record("span_event", &[&quoted(name), json]);
    Ok(())
}

pub(crate) fn metric_observe(name: &str, value: f64, labels: &str) -> Result<(), HostError> {
    record("metric_observe", &[&quoted(name), &Value::from(value).to_json(), labels]);
    Ok(())
}

pub(crate) fn cache_invalidate(tags: &str) -> Result<(), HostError> {
    record("cache_invalidate", &[tags]);
    Ok(())
}

pub(crate) fn cron_register(json: &str) -> Result<(), HostError> {
    record("cron_register", &[json]);
    Ok(())
}

/// Of jobs with one idempotency key, the first is created. The nth job has the id `job-n`.
pub(crate) fn job_enqueue(json: &str) -> Result<Vec<u8>, HostError> {
    let key = parsed(json)?.get("idempotency_key").cloned();
    record("job_enqueue", &[json]);
    let (place, created) = with(|answers| {
        let known = answers.jobs.iter().position(|old| key.is_some() && *old == key);
        if known.is_none() {
            answers.jobs.push(key);
        }
        (known.map_or(answers.jobs.len(), |place| place + 1), known.is_none())
    });
    let id = format!("job-{place}");
    let answer = Value::object([("id", id.into()), ("created", created.into())]);
    Ok(answer.to_json().into_bytes())
}

pub(crate) fn i18n_translate(key: &str, locale: &str) -> Result<Vec<u8>, HostError> {
    let translator = or_missing(with(|answers| answers.translator.clone()))?;
    let request = if key.starts_with('{') { parsed(key)? } else { Value::Null };
    let name = request.get("key").and_then(Value::as_str).unwrap_or(key);
    let args = request.get("args").unwrap_or(&Value::Null);
    let text = translator.borrow_mut()(name, locale, args);
    or_missing(text).map(String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Batch;
    use crate::jobs::{Cron, NewJob};
    use crate::{
        app, audit, cache, config, db, events, fetch, i18n, jobs, kv, metrics, secrets, span,
    };
    use crate::{params, Error, Plugin};

    fn kind_of<T: std::fmt::Debug>(result: Result<T, HostError>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn a_value_of_another_type_is_not_replaced_by_the_default() {
        let host = Host::new();
        host.set_config("limit", "many");
        let wrong = |error: HostError| (error.kind(), error.to_string());
        let text = "the host's value has another type: it is not ".to_owned();
        assert_eq!(
            config::int("limit", 1).map_err(wrong),
            Err((ErrorKind::WrongType, text.clone() + "an integer in range"))
        );
        assert_eq!(
            config::bool("limit", true).map_err(wrong),
            Err((ErrorKind::WrongType, text + "a boolean"))
        );
        host.set_config("limit", 3);
        assert_eq!(config::int("limit", 1), Ok(3));
        assert_eq!(kind_of(config::text("limit", "")), ErrorKind::WrongType);
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
                return Err(ErrorKind::TimedOut.into());
            }
            Ok(calls.into())
        });
        assert_eq!(app::call("posts.find", Value::Null), Ok(1));
        assert_eq!(kind_of(app::call::<i64>("posts.find", Value::Null)), ErrorKind::TimedOut);
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
        let error = response.json::<Value>().unwrap_err();
        assert_eq!(error.to_string(), "the request failed: the body is not JSON");
    }

    #[test]
    fn nothing_of_a_host_is_left_after_it() {
        let host = Host::new();
        host.set_secret("TOKEN", "x");
        host.stub_fetch(|_| Ok(FetchResponse::new(204, "")));
        drop(host);
        assert_eq!(secrets::get("TOKEN"), Ok(None));
        assert_eq!(kind_of(fetch(&FetchRequest::get("https://example.com/"))), ErrorKind::Internal);
    }

    #[test]
    fn entries_are_kept_until_the_host_goes() {
        let host = Host::new();
        assert_eq!(kv::get("a"), Ok(None));
        kv::set("a", "1").unwrap();
        assert_eq!(kv::set_if_absent("a", "2"), Ok(false));
        assert_eq!(kv::get_text("a"), Ok(Some("1".to_owned())));
        assert_eq!(kv::incr("a", 4), Ok(5));
        assert_eq!(kv::del("a"), Ok(true));
        assert_eq!(kv::del("a"), Ok(false));
        assert_eq!(kv::set_if_absent("a", "x"), Ok(true));
        assert_eq!(kind_of(kv::incr("a", 1)), ErrorKind::BadArguments);
        drop(host);
        assert_eq!(kv::get("a"), Ok(None));
    }

    #[test]
    fn a_column_is_found_by_name_and_by_place() {
        let host = Host::new();
        assert_eq!(kind_of(db::query("select 1", params![])), ErrorKind::Internal);
        host.stub_db(|sql, params| {
            assert_eq!(sql, "select id, name from t where id > ? and name = ?");
            assert_eq!(params, [7.into(), "ü".into()]);
            let big = "9007199254740993".into();
            Ok(Rows::of(&["id", "name"], vec![vec![big, Value::Null], vec![1.into(), "7".into()]]))
        });
        let rows =
            db::query("select id, name from t where id > ? and name = ?", params![7, "ü"]).unwrap();
        let first = rows.first().unwrap();
        assert_eq!(first.get("id"), Ok(9_007_199_254_740_993_i64));
        assert_eq!(first.get::<Option<String>>(1), Ok(None));
        let last = rows.iter().last().unwrap();
        assert_eq!(last.get::<String>("name"), Ok("7".to_owned()));
        assert_eq!(last.get::<Option<f64>>("name"), Ok(Some(7.0)));
        let error = last.get::<bool>("id").unwrap_err().to_string();
        assert_eq!(error, "the host's value has another type: column id is not a boolean");
        assert_eq!(kind_of(last.get::<Value>("title")), ErrorKind::WrongType);
        assert_eq!(kind_of(last.get::<Value>(2)), ErrorKind::WrongType);
    }

    #[test]
    fn a_batch_runs_its_statements_and_enqueues_its_jobs() {
        let host = Host::new();
        host.stub_db(|sql, _| match sql {
            "fail" => Err(HostError::new(ErrorKind::Rejected, "no")),
            _ => Ok(Rows::affected(2)),
        });
        let batch = Batch::new().execute("delete from t", params![]).enqueue(&NewJob::new("after"));
        let affected: Vec<u64> =
            db::batch(&batch).unwrap().iter().map(Rows::rows_affected).collect();
        assert_eq!(affected, [2]);
        assert_eq!(host.calls(), [r#"job_enqueue {"job":"after"}"#]);
        let error = db::batch(&batch.execute("fail", params![])).unwrap_err();
        assert_eq!(error.to_string(), "rejected by the database: no");
        assert_eq!(host.calls().len(), 1);
    }

    #[test]
    fn what_a_plugin_sends_is_recorded() {
        let host = Host::new();
        audit("my.done", 1).unwrap();
        events::emit("paid", Value::object([("id", 7.into())])).unwrap();
        span::event("miss", Value::object([])).unwrap();
        metrics::observe("orders", 2.5, &[("kind", "ü")]).unwrap();
        cache::invalidate(&["post:1", "all"]).unwrap();
        jobs::schedule(&Cron::every_ms(60_000, "tick").args(1).args(2)).unwrap();
        assert_eq!(
            host.calls(),
            [
                r#"audit_emit {"event":"my.done","data":1}"#,
                r#"event_emit "paid" {"id":7}"#,
                r#"span_event "miss" {}"#,
                r#"metric_observe "orders" 2.5 {"kind":"ü"}"#,
                r#"cache_invalidate ["post:1","all"]"#,
                r#"cron_register {"schedule":{"every_ms":60000},"handler_id":"tick","args":2}"#,
            ]
        );
    }

    #[test]
    fn of_jobs_with_one_key_the_first_is_created() {
        let _host = Host::new();
        let job = NewJob::new("send").idempotency_key("k");
        let first = jobs::enqueue(&job).unwrap();
        assert!(first.created);
        assert!(jobs::enqueue(&NewJob::new("send")).unwrap().created);
        assert_eq!(jobs::enqueue(&job), Ok(jobs::Enqueued { id: first.id, created: false }));
    }

    #[test]
    fn a_stub_translates() {
        let host = Host::new();
        assert_eq!(i18n::translate("hi", "de"), Ok(None));
        host.stub_translate(|key, locale, args| match key {
            "hi" => Some(format!("{locale} {}", args.to_json())),
            _ => None,
        });
        assert_eq!(i18n::translate("hi", "de"), Ok(Some("de null".to_owned())));
        let args = Value::object([("n", 1.into())]);
        assert_eq!(i18n::format("hi", "de", args), Ok(Some(r#"de {"n":1}"#.to_owned())));
        assert_eq!(i18n::translate("bye", "de"), Ok(None));
    }

    #[test]
    fn a_job_runs_once_has_its_arguments_and_asks_for_a_retry() {
        let host = Host::new();
        let mut plugin = Plugin::new();
        let payload = br#"{"kind":"job","id":"j","args":5,"idempotency_key":"k","attempt":2}"#;
        assert_eq!(plugin.call_job("send", payload).unwrap_err().status(), -4);
        plugin.job("send", |job| {
            if !kv::set_if_absent(job.idempotency_key(), job.id())? {
                return Ok(());
            }
            events::emit("sent", Value::object([("n", job.args::<i64>()?.into())]))?;
            Ok(())
        });
        plugin.job("later", |job| Err(Error::retry_in(500, format!("attempt {}", job.attempt()))));
        for _ in 0..2 {
            assert_eq!(plugin.call_job("send", payload), Ok(None));
        }
        assert_eq!(host.calls(), [r#"event_emit "sent" {"n":5}"#]);
        let later = plugin.call_job("later", payload).unwrap();
        assert_eq!(later.as_deref(), Some(r#"{"retry_in_ms":500}"#));
        assert_eq!(plugin.call_job("send", b"{}").unwrap_err().status(), -3);
    }

    #[test]
    fn an_error_has_the_hosts_words() {
        let error = HostError::new(ErrorKind::Quota, "60 a minute");
        assert_eq!(error.to_string(), "the quota is used up: 60 a minute");
        assert_eq!((error.status(), error.message()), (-5, Some("60 a minute")));
        assert_eq!(HostError::from(ErrorKind::Denied).to_string(), "denied by the host");
        assert_eq!(HostError::from(ErrorKind::Denied).reason(), None);
    }
}
