use std::borrow::Cow;
use std::fmt;

use crate::Value;

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. The text goes to the plugin's log; the host gets the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The handler failed: status -1.
    Failed(String),
    /// The payload does not have the form that the handler expects: status -3. A route answers 400.
    BadPayload(String),
    /// No handler has this name: status -4.
    UnknownHook(String),
    /// A job wants to run again after this number of milliseconds. The text says why. In a hook it
    /// is a failure.
    RetryIn(u64, String),
}

/// Why a function of the host failed: the kind, and the host's reason where it gave one.
#[derive(Clone, Debug, PartialEq)]
pub struct HostError {
    kind: ErrorKind,
    status: i32,
    /// What the SDK knows of this kind of failure. The host's message replaces it.
    rule: Cow<'static, str>,
    reason: Option<Box<Value>>,
}

/// The kinds of [`HostError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The manifest does not request the capability, or the operator has not granted it.
    Denied,
    /// The host failed, or has no such function.
    Internal,
    BadArguments,
    NotFound,
    /// A quota of the plugin is used up.
    Quota,
    /// The change is in conflict with what is there, or with another change.
    Conflict,
    /// Too many calls.
    RateLimited,
    /// The function took too long. It may have run or not.
    TimedOut,
    /// The database rejected the statement.
    Rejected,
    /// The host does not send the request.
    Blocked,
    /// No complete answer came from the other server.
    UpstreamFailed,
    /// The value that the host returned is not of the wanted type.
    WrongType,
    /// A status that this version of the SDK does not know.
    Other,
}

/// The limits of a function of the host, for its error messages.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub(crate) struct Rules {
    capability: &'static str,
    arguments: &'static str,
    /// Of a quota and of a rate.
    quota: &'static str,
    /// Whether the host explains that a thing is missing.
    explains_missing: bool,
}

#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
impl Rules {
    const KV_QUOTA: &'static str = "see storage.kv in manifest.json";
    const DB_QUOTA: &'static str = "see storage.db in manifest.json";
    const LIMITS: &'static str = "see the limits of this function";

    pub(crate) const KV_GET: Rules = Rules {
        capability: "kv.read",
        arguments: "a key is 1 to 256 bytes of UTF-8 without NUL",
        quota: Rules::KV_QUOTA,
        explains_missing: false,
    };

    pub(crate) const KV_DEL: Rules = Rules { capability: "kv.write", ..Rules::KV_GET };

    pub(crate) const KV_SET: Rules = Rules {
        arguments: "a key is 1 to 256 bytes of UTF-8 without NUL, a value at most 256 KiB",
        ..Rules::KV_DEL
    };

    pub(crate) const KV_INCR: Rules = Rules {
        arguments: "a key is 1 to 256 bytes of UTF-8 without NUL, its entry a decimal number, and the sum one of 64 bits",
        ..Rules::KV_DEL
    };

    pub(crate) const AUDIT: Rules = Rules {
        capability: "audit.emit",
        arguments: "an event's name begins with the plugin's and a dot, \
            and has at most 128 of a-z, 0-9, _, - and dots; \
            with its data it has at most 4096 bytes",
        quota: "100 events a minute",
        explains_missing: true,
    };

    pub(crate) const CONFIG: Rules = Rules {
        arguments: "a key has at most 256 bytes of UTF-8",
        explains_missing: false,
        ..Rules::APP
    };

    pub(crate) const SECRETS: Rules = Rules {
        capability: "secrets.keys for this name",
        arguments: "a name has at most 128 bytes of UTF-8",
        explains_missing: false,
        ..Rules::APP
    };

    pub(crate) const APP: Rules = Rules {
        capability: "of this function",
        arguments: "the application does not accept this request",
        quota: "see the application's limits",
        explains_missing: true,
    };

    pub(crate) const DB_READ: Rules = Rules {
        capability: "db.read",
        arguments: "one SQL statement, and a value for each of its parameters",
        quota: Rules::DB_QUOTA,
        explains_missing: true,
    };

    pub(crate) const DB_WRITE: Rules = Rules { capability: "db.write", ..Rules::DB_READ };

    pub(crate) const DB_BATCH: Rules = Rules {
        arguments: "each statement has its SQL and a value for each of its parameters",
        ..Rules::DB_WRITE
    };

    pub(crate) const EVENT: Rules = Rules {
        capability: "events.emit",
        arguments: "an event has a name and a JSON object",
        quota: Rules::LIMITS,
        explains_missing: true,
    };

    pub(crate) const SPAN: Rules =
        Rules { arguments: "an event has a name and a JSON object of attributes", ..Rules::EVENT };

    pub(crate) const CACHE: Rules = Rules {
        capability: "cache.invalidate",
        arguments: "at most 64 tags of 1 to 256 bytes",
        ..Rules::EVENT
    };

    pub(crate) const METRIC: Rules = Rules {
        capability: "metrics.observe",
        arguments: "the manifest declares no such metric, or not with these labels",
        ..Rules::EVENT
    };

    pub(crate) const TRANSLATE: Rules = Rules {
        capability: "of this function",
        arguments: "a key, and a locale such as de-CH",
        explains_missing: false,
        ..Rules::EVENT
    };

    pub(crate) const JOB: Rules = Rules {
        capability: "jobs.enqueue",
        arguments: "a job has a name, an object of at most 64 KiB, and either a delay or a time",
        ..Rules::EVENT
    };

    pub(crate) const CRON: Rules = Rules {
        capability: "cron.register",
        arguments:
            "a schedule has five fields or an interval, and fires once a minute or less often",
        ..Rules::EVENT
    };
}

impl Error {
    /// A failure with this text.
    pub fn failed(text: impl Into<String>) -> Error {
        Error::Failed(text.into())
    }

    /// A payload of the wrong form. The text says what is wrong.
    pub fn bad_payload(text: impl Into<String>) -> Error {
        Error::BadPayload(text.into())
    }

    /// For a job: run it again after `milliseconds`.
    pub fn retry_in(milliseconds: u64, text: impl Into<String>) -> Error {
        Error::RetryIn(milliseconds, text.into())
    }

    /// The status of the ABI for this error.
    pub fn status(&self) -> i32 {
        match self {
            Error::Failed(_) | Error::RetryIn(..) => -1,
            Error::BadPayload(_) => -3,
            Error::UnknownHook(_) => -4,
        }
    }
}

impl HostError {
    /// A failure for tests, as the host would give it. An empty message: the host gave no reason.
    pub fn new(kind: ErrorKind, message: &str) -> HostError {
        let reason = Value::object([("message", message.into())]);
        let reason = if message.is_empty() { None } else { Some(Box::new(reason)) };
        HostError { kind, status: kind.status(), rule: Cow::Borrowed(""), reason }
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The number that the host answered; 0 for a failure that this SDK found in an answer.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// What the host says, without the words of this SDK. It is safe to show it to the plugin's
    /// author.
    pub fn message(&self) -> Option<&str> {
        self.reason.as_ref()?.get("message")?.as_str()
    }

    /// The SQLSTATE of the database, such as 23505.
    pub fn sqlstate(&self) -> Option<&str> {
        self.reason.as_ref()?.get("sqlstate")?.as_str()
    }

    /// All that the host says of this failure: an object.
    pub fn reason(&self) -> Option<&Value> {
        self.reason.as_deref()
    }

    /// An answer that is not what the ABI says.
    pub(crate) fn internal() -> HostError {
        HostError::found(ErrorKind::Internal, "")
    }

    /// A value that is not of the type of this name.
    pub(crate) fn wrong_type(wanted: &str) -> HostError {
        HostError::found(ErrorKind::WrongType, format!("it is not {wanted}"))
    }

    /// A failure that this SDK finds in an answer.
    pub(crate) fn found(kind: ErrorKind, rule: impl Into<Cow<'static, str>>) -> HostError {
        HostError { kind, status: 0, rule: rule.into(), reason: None }
    }

    /// Returns `None` in place of a failure of the kind "not found".
    pub(crate) fn unless_missing<T>(
        found: std::result::Result<T, HostError>,
    ) -> std::result::Result<Option<T>, HostError> {
        match found {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the last failed function of the host answered.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(crate) fn from_status(
        status: i32,
        rules: &Rules,
        reason: impl FnOnce() -> Option<Value>,
    ) -> HostError {
        let (kind, rule) = match status {
            -1 => (
                ErrorKind::Denied,
                Cow::Owned(format!(
                    "the capability {} is not requested in manifest.json or not granted",
                    rules.capability
                )),
            ),
            -2 => (ErrorKind::Internal, Cow::Borrowed("")),
            -3 => (ErrorKind::BadArguments, Cow::Borrowed(rules.arguments)),
            -4 => (ErrorKind::NotFound, Cow::Borrowed("")),
            -5 => (ErrorKind::Quota, Cow::Borrowed(rules.quota)),
            -11 => (ErrorKind::Conflict, Cow::Borrowed("")),
            -12 => (ErrorKind::RateLimited, Cow::Borrowed(rules.quota)),
            -13 => (ErrorKind::TimedOut, Cow::Borrowed("")),
            -14 => (ErrorKind::Rejected, Cow::Borrowed("")),
            _ => (ErrorKind::Other, Cow::Borrowed("")),
        };
        let asks = kind != ErrorKind::NotFound || rules.explains_missing;
        let reason = if asks { reason() } else { None };
        HostError { kind, status, rule, reason: reason.map(Box::new) }
    }

    /// The statuses of `env_net`.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(crate) fn from_net_status(
        status: i32,
        reason: impl FnOnce() -> Option<Value>,
    ) -> HostError {
        let (kind, rule) = match status {
            -1 => (
                ErrorKind::BadArguments,
                "a request has a method, a URL of http or https, and headers that HTTP allows; \
                 in JSON it has at most 1 MiB",
            ),
            -2 => (
                ErrorKind::Denied,
                "the capability http.fetch is not requested in manifest.json or not granted",
            ),
            -3 => (
                ErrorKind::Blocked,
                "the URL's origin is not in http.fetch.allow in manifest.json, \
                 or the operator does not allow its address",
            ),
            -4 => (ErrorKind::RateLimited, "see http.fetch.rate_per_minute in manifest.json"),
            -5 => (ErrorKind::UpstreamFailed, "the server did not give a complete answer in time"),
            -6 => (ErrorKind::NotFound, ""),
            -7 => (ErrorKind::Internal, ""),
            _ => (ErrorKind::Other, ""),
        };
        HostError { kind, status, rule: Cow::Borrowed(rule), reason: reason().map(Box::new) }
    }
}

impl ErrorKind {
    fn status(self) -> i32 {
        match self {
            ErrorKind::Denied => -1,
            ErrorKind::Internal => -2,
            ErrorKind::BadArguments | ErrorKind::Blocked => -3,
            ErrorKind::NotFound => -4,
            ErrorKind::Quota | ErrorKind::UpstreamFailed => -5,
            ErrorKind::Conflict => -11,
            ErrorKind::RateLimited => -12,
            ErrorKind::TimedOut => -13,
            ErrorKind::Rejected => -14,
            ErrorKind::WrongType | ErrorKind::Other => 0,
        }
    }
}

impl From<ErrorKind> for HostError {
    fn from(kind: ErrorKind) -> HostError {
        HostError::new(kind, "")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Failed(text) => out.write_str(text),
            Error::BadPayload(text) => write!(out, "bad payload: {text}"),
            Error::UnknownHook(name) => write!(out, "no handler for {name}"),
            Error::RetryIn(_, text) => out.write_str(text),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self.kind {
            ErrorKind::Denied => "denied by the host",
            ErrorKind::Internal => "the host failed",
            ErrorKind::BadArguments => "the host did not accept the arguments",
            ErrorKind::NotFound => "not found",
            ErrorKind::Quota => "the quota is used up",
            ErrorKind::Conflict => "conflict with what is there",
            ErrorKind::RateLimited => "the rate limit is reached",
            ErrorKind::TimedOut => "timed out: the function may have run or not",
            ErrorKind::Rejected => "rejected by the database",
            ErrorKind::Blocked => "blocked by the host",
            ErrorKind::UpstreamFailed => "the request failed",
            ErrorKind::WrongType => "the host's value has another type",
            ErrorKind::Other => "the host answered ",
        })?;
        if self.kind == ErrorKind::Other {
            write!(out, "{}", self.status)?;
        }
        let detail = self.message().unwrap_or(&self.rule);
        if !detail.is_empty() {
            write!(out, ": {detail}")?;
        }
        match self.sqlstate() {
            Some(sqlstate) => write!(out, " (SQLSTATE {sqlstate})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl std::error::Error for HostError {}

impl From<HostError> for Error {
    fn from(error: HostError) -> Error {
        Error::Failed(error.to_string())
    }
}

impl From<crate::json::ParseError> for Error {
    fn from(error: crate::json::ParseError) -> Error {
        Error::BadPayload(error.to_string())
    }
}
