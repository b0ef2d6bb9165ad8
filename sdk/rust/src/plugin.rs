use std::collections::BTreeMap;

use crate::http::{Request, Response};
use crate::jobs::Job;
use crate::json::{self, FromJson, Value};
use crate::{log, Error, Result};

type Filter = Box<dyn FnMut(&Value, &Args) -> Result<Value>>;
type Action = Box<dyn FnMut(&Args) -> Result<()>>;
type Route = Box<dyn FnMut(&Request) -> Result<Response>>;
type JobHandler = Box<dyn FnMut(&Job) -> Result<()>>;
type JobRunner = fn(&mut Plugin, &str, &[u8]) -> Result<Option<String>>;
type Lifecycle = Box<dyn FnMut() -> Result<()>>;

/// Prefix of the filter that serves requests. The plugin's name follows it.
const SERVE: &str = "http.serve.";

/// The hook that asks a new plugin for its routes.
const DESCRIBE: &str = "gonext.describe";

/// The handlers of a plugin. A handler may keep state, which lives as long as the instance.
#[derive(Default)]
pub struct Plugin {
    filters: BTreeMap<String, Filter>,
    actions: BTreeMap<String, Action>,
    /// Method, path and handler, in the order of registration.
    routes: Vec<(&'static str, String, Route)>,
    jobs: Vec<(String, JobHandler)>,
    /// What runs a job. A plugin without jobs does not link it.
    job_runner: Option<JobRunner>,
    on_activate: Option<Lifecycle>,
    on_deactivate: Option<Lifecycle>,
}

/// The arguments of a hook call, without the value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(Vec<Value>);

impl Plugin {
    pub fn new() -> Plugin {
        Plugin::default()
    }

    /// Handles the filter `name`: takes the value and returns the new value. For a value that is
    /// not a `T`, the call ends with [`Error::BadPayload`] and the handler does not run.
    pub fn filter<T: FromJson, U: Into<Value>>(
        &mut self,
        name: &str,
        mut handler: impl FnMut(T, &Args) -> Result<U> + 'static,
    ) {
        let filter = move |value: &Value, args: &Args| {
            let value = T::from_json(value)
                .ok_or_else(|| Error::bad_payload("value is not ".to_owned() + T::NAME))?;
            handler(value, args).map(U::into)
        };
        self.filters.insert(name.to_owned(), Box::new(filter));
    }

    /// Handles the action `name`.
    pub fn action(&mut self, name: &str, handler: impl FnMut(&Args) -> Result<()> + 'static) {
        self.actions.insert(name.to_owned(), Box::new(handler));
    }

    /// Serves GET and HEAD at a path such as `/hello/{name}`.
    pub fn get(&mut self, path: &str, handler: impl FnMut(&Request) -> Result<Response> + 'static) {
        self.route("GET", path, handler);
    }

    pub fn post(
        &mut self,
        path: &str,
        handler: impl FnMut(&Request) -> Result<Response> + 'static,
    ) {
        self.route("POST", path, handler);
    }

    pub fn put(&mut self, path: &str, handler: impl FnMut(&Request) -> Result<Response> + 'static) {
        self.route("PUT", path, handler);
    }

    pub fn delete(
        &mut self,
        path: &str,
        handler: impl FnMut(&Request) -> Result<Response> + 'static,
    ) {
        self.route("DELETE", path, handler);
    }

    /// Serves a method, in upper case, at a path. Write the path as the manifest has it: the host
    /// names the route by the manifest's text.
    pub fn route(
        &mut self,
        method: &'static str,
        path: &str,
        handler: impl FnMut(&Request) -> Result<Response> + 'static,
    ) {
        self.routes.push((method, path.to_owned(), Box::new(handler)));
    }

    /// Runs the job `name`. An [`Error::Failed`] or a panic is retried, as the manifest says.
    /// [`Error::RetryIn`] asks for the time of the next attempt. [`Error::BadPayload`] is not
    /// retried.
    pub fn job(&mut self, name: &str, handler: impl FnMut(&Job) -> Result<()> + 'static) {
        self.jobs.push((name.to_owned(), Box::new(handler)));
        self.job_runner = Some(Plugin::run_job);
    }

    /// Called when the plugin is activated. An error refuses the activation.
    pub fn on_activate(&mut self, handler: impl FnMut() -> Result<()> + 'static) {
        self.on_activate = Some(Box::new(handler));
    }

    /// Called when the plugin is deactivated. An error refuses the deactivation.
    pub fn on_deactivate(&mut self, handler: impl FnMut() -> Result<()> + 'static) {
        self.on_deactivate = Some(Box::new(handler));
    }

    /// Runs one hook as the host does. Payload and result are JSON. After a failure the log says
    /// why.
    pub fn call(&mut self, hook: &str, payload: &[u8]) -> Result<Option<String>> {
        self.run(hook, payload).map_err(|error| {
            log::warn(format!("{hook}: {error}"));
            error
        })
    }

    /// Runs one job as the host does. The payload is JSON, and so is the result, which says when to
    /// run the job again. After a failure the log says why.
    pub fn call_job(&mut self, name: &str, payload: &[u8]) -> Result<Option<String>> {
        let ended = match self.job_runner {
            Some(run) => run(self, name, payload),
            None => Err(Error::UnknownHook(name.to_owned())),
        };
        ended.map_err(|error| {
            log::warn(format!("job {name}: {error}"));
            error
        })
    }

    fn run_job(&mut self, name: &str, payload: &[u8]) -> Result<Option<String>> {
        let handler = self.jobs.iter_mut().find(|(known, _)| known == name);
        let (_, handler) = handler.ok_or_else(|| Error::UnknownHook(name.to_owned()))?;
        match handler(&Job::read(name, payload)?) {
            Err(Error::RetryIn(milliseconds, reason)) => {
                log::warn(format!("job {name}: {reason}"));
                Ok(Some(format!("{{\"retry_in_ms\":{milliseconds}}}")))
            }
            ended => ended.map(|()| None),
        }
    }

    fn run(&mut self, hook: &str, payload: &[u8]) -> Result<Option<String>> {
        if hook == DESCRIBE {
            return Ok(Some(self.describe()));
        }
        if let Some(action) = self.actions.get_mut(hook) {
            if let (_, Some(args)) = read(payload, "action")? {
                action(&args)?;
                return Ok(None);
            }
            return Err(Error::bad_payload("args is not an array"));
        }
        if !self.filters.contains_key(hook) && !(hook.starts_with(SERVE) && !self.routes.is_empty())
        {
            return Err(Error::UnknownHook(hook.to_owned()));
        }
        let (payload, args) = read(payload, "filter")?;
        let value =
            payload.get("value").ok_or_else(|| Error::bad_payload("the payload has no value"))?;
        let args = args.unwrap_or_default();
        let result = match self.filters.get_mut(hook) {
            Some(filter) => filter(value, &args)?,
            None => self.serve(&Request::from_json(value)?)?.into_json(),
        };
        let mut body = String::from("{\"value\":");
        result.write(&mut body);
        body.push('}');
        Ok(Some(body))
    }

    fn describe(&self) -> String {
        let routes = self.routes.iter().map(|(method, path, _)| {
            Value::object([("method", (*method).into()), ("path", path.as_str().into())])
        });
        let described = Value::object([("routes", Value::Array(routes.collect()))]);
        Value::object([("value", described)]).to_json()
    }

    fn serve(&mut self, request: &Request) -> Result<Response> {
        let handler = self
            .routes
            .iter_mut()
            .find(|(method, path, _)| *method == request.method() && path == request.route())
            .map(|(_, _, handler)| handler);
        match handler.map(|handler| handler(request)) {
            None => {
                log::warn(format!("no handler for {} {}", request.method(), request.route()));
                Ok(Response::text("not found").status(404))
            }
            Some(Err(error @ Error::BadPayload(_))) => {
                log::warn(error.to_string());
                Ok(Response::text("bad request").status(400))
            }
            Some(answer) => answer,
        }
    }

    pub(crate) fn activate(&mut self) -> i32 {
        lifecycle(&mut self.on_activate, "on_activate")
    }

    pub(crate) fn deactivate(&mut self) -> i32 {
        lifecycle(&mut self.on_deactivate, "on_deactivate")
    }
}

fn lifecycle(handler: &mut Option<Lifecycle>, name: &str) -> i32 {
    match handler.as_mut().map_or(Ok(()), |handler| handler()) {
        Ok(()) => 0,
        Err(error) => {
            log::error(format!("{name}: {error}"));
            error.status()
        }
    }
}

/// Reads a payload of this kind. No arguments when `args` is not an array.
fn read(payload: &[u8], kind: &str) -> Result<(Value, Option<Args>)> {
    let payload = json::parse(payload)?;
    if payload.get("kind").and_then(Value::as_str) != Some(kind) {
        return Err(Error::bad_payload(format!("kind is not {kind}")));
    }
    let args = payload.get("args").and_then(Value::as_array).map(|args| Args(args.to_vec()));
    Ok((payload, args))
}

impl Args {
    /// The argument at `index`, from 0.
    ///
    /// # Errors
    ///
    /// [`Error::BadPayload`] when it is missing or not a `T`.
    pub fn get<T: FromJson>(&self, index: usize) -> Result<T> {
        self.0
            .get(index)
            .and_then(T::from_json)
            .ok_or_else(|| Error::bad_payload(format!("argument {index} is not {}", T::NAME)))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn values(&self) -> &[Value] {
        &self.0
    }
}
