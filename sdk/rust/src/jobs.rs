//! Work that runs later, apart from the call that wants it.

use crate::abi;
use crate::json::{self, FromJson, Value};
use crate::{Error, HostError, Result};

/// A job to enqueue: `NewJob::new("send").args(id).delay_ms(5000)`.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob(Vec<(String, Value)>);

/// A job that was enqueued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueued {
    pub id: String,
    /// False: there was a job with this idempotency key, and `id` is its id.
    pub created: bool,
}

/// A run of a job: the argument of the handler that
/// [`Plugin::job`](crate::Plugin::job) registers.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    id: String,
    name: String,
    args: Value,
    idempotency_key: String,
    attempt: u32,
    scheduled_at_ms: i64,
    deadline_ms: i64,
}

/// A schedule to register: `Cron::new("0 4 * * *", "nightly").zone("Europe/Zurich")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cron(Vec<(String, Value)>);

/// Enqueues a job. It is stored when this returns. Needs the capability `jobs.enqueue`.
pub fn enqueue(job: &NewJob) -> std::result::Result<Enqueued, HostError> {
    let answer = abi::job_enqueue(&job.to_value().to_json())?;
    let answer = json::parse(&answer).map_err(|_| HostError::internal())?;
    let id = answer.get("id").and_then(String::from_json);
    let created = answer.get("created").and_then(bool::from_json);
    match (id, created) {
        (Some(id), Some(created)) => Ok(Enqueued { id, created }),
        _ => Err(HostError::internal()),
    }
}

/// Registers a schedule. A schedule with the same handler replaces the one before. Needs the
/// capability `cron.register`.
pub fn schedule(cron: &Cron) -> std::result::Result<(), HostError> {
    abi::cron_register(&Value::Object(cron.0.clone()).to_json())
}

impl NewJob {
    /// A job of this name in the manifest.
    pub fn new(name: &str) -> NewJob {
        NewJob(vec![("job".to_owned(), name.into())])
    }

    /// The arguments: an object.
    pub fn args(self, args: impl Into<Value>) -> NewJob {
        NewJob(with(self.0, "args", args.into()))
    }

    /// How long it waits at least before it runs.
    pub fn delay_ms(self, milliseconds: u64) -> NewJob {
        NewJob(with(self.0, "delay_ms", milliseconds.into()))
    }

    /// When it runs at the earliest, in place of a delay: `2027-01-01T00:00:00Z`.
    pub fn at(self, time: &str) -> NewJob {
        NewJob(with(self.0, "at", time.into()))
    }

    /// Of several jobs with one key, only the first is created.
    pub fn idempotency_key(self, key: &str) -> NewJob {
        NewJob(with(self.0, "idempotency_key", key.into()))
    }

    /// From -100 to 100, 0 by default. A job of a higher priority runs first.
    pub fn priority(self, priority: i32) -> NewJob {
        NewJob(with(self.0, "priority", priority.into()))
    }

    pub(crate) fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl Cron {
    /// A schedule of five fields, or `@hourly` and the like, and the job that it enqueues. Without a
    /// job of this name, the host calls the action `plugin.cron.<plugin>.<name>`.
    pub fn new(schedule: &str, job: &str) -> Cron {
        Cron(vec![("schedule".to_owned(), schedule.into()), ("handler_id".to_owned(), job.into())])
    }

    /// A schedule by an interval, and the job that it enqueues.
    pub fn every_ms(milliseconds: u64, job: &str) -> Cron {
        let every = Value::object([("every_ms", milliseconds.into())]);
        Cron(with(Cron::new("", job).0, "schedule", every))
    }

    /// The time zone of the five fields, such as `Europe/Zurich`.
    pub fn zone(self, zone: &str) -> Cron {
        Cron(with(self.0, "zone", zone.into()))
    }

    /// The arguments of the job.
    pub fn args(self, args: impl Into<Value>) -> Cron {
        Cron(with(self.0, "args", args.into()))
    }

    /// What happens with the runs that the host missed: `none`, `once` or `all`.
    pub fn catch_up(self, which: &str) -> Cron {
        Cron(with(self.0, "catch_up", which.into()))
    }
}

/// Sets a member in its place, or at the end.
fn with(mut members: Vec<(String, Value)>, name: &str, value: Value) -> Vec<(String, Value)> {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
    members
}

impl Job {
    pub(crate) fn read(name: &str, payload: &[u8]) -> Result<Job> {
        let payload = json::parse(payload)?;
        if payload.get("kind").and_then(Value::as_str) != Some("job") {
            return Err(Error::bad_payload("kind is not job"));
        }
        let number = |name: &str| payload.get(name).and_then(i64::from_json).unwrap_or(0);
        let key = payload.get("idempotency_key").and_then(String::from_json);
        let args = payload.get("args").ok_or_else(|| Error::bad_payload("the job has no args"))?;
        let id = payload.get("id").and_then(String::from_json);
        Ok(Job {
            id: id.ok_or_else(|| Error::bad_payload("the job has no id"))?,
            name: name.to_owned(),
            args: args.clone(),
            idempotency_key: key.unwrap_or_default(),
            attempt: payload.get("attempt").and_then(u32::from_json).unwrap_or(1),
            scheduled_at_ms: number("scheduled_at"),
            deadline_ms: number("deadline_ms"),
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments.
    ///
    /// # Errors
    ///
    /// [`Error::BadPayload`] when they are not a `T`.
    pub fn args<T: FromJson>(&self) -> Result<T> {
        T::from_json(&self.args)
            .ok_or_else(|| Error::bad_payload("args is not ".to_owned() + T::NAME))
    }

    /// The same in all attempts of one job.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// 1 in the first attempt.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When it was to run, in milliseconds since 1970; 0 when the host does not say it.
    pub fn scheduled_at_ms(&self) -> i64 {
        self.scheduled_at_ms
    }

    /// How long this attempt may take; 0 when the host does not say it.
    pub fn deadline_ms(&self) -> i64 {
        self.deadline_ms
    }
}
