use std::fmt;

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
}

/// Why a function of the host failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The manifest does not request this capability, or the operator has not granted it.
    Denied(&'static str),
    /// The host failed, or has no such function.
    Internal,
    /// The arguments break this rule.
    BadArguments(&'static str),
    NotFound,
    /// This quota of the plugin is used up.
    Quota(&'static str),
    /// Too many calls: this limit is reached.
    RateLimited(&'static str),
    /// The function took too long. It may have run or not.
    TimedOut,
    /// The host does not send the request: this is the rule.
    Blocked(&'static str),
    /// No complete answer came from the other server: this is the reason.
    UpstreamFailed(&'static str),
    /// The value that the host returned is not of this type.
    WrongType(&'static str),
    /// A status that this version of the SDK does not know.
    Other(i32),
}

/// The limits of a function of the host, for its error messages.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub(crate) struct Rules {
    capability: &'static str,
    arguments: &'static str,
    quota: &'static str,
}

#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
impl Rules {
    const KV_QUOTA: &'static str = "see storage.kv in manifest.json";

    pub(crate) const KV_GET: Rules = Rules {
        capability: "kv.read",
        arguments: "a key is 1 to 256 bytes of UTF-8 without NUL",
        quota: Rules::KV_QUOTA,
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
    };

    pub(crate) const CONFIG: Rules =
        Rules { arguments: "a key has at most 256 bytes of UTF-8", ..Rules::APP };

    pub(crate) const SECRETS: Rules = Rules {
        capability: "secrets.keys for this name",
        arguments: "a name has at most 128 bytes of UTF-8",
        ..Rules::APP
    };

    pub(crate) const APP: Rules = Rules {
        capability: "of this function",
        arguments: "the application does not accept this request",
        quota: "see the application's limits",
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

    /// The status of the ABI for this error.
    pub fn status(&self) -> i32 {
        match self {
            Error::Failed(_) => -1,
            Error::BadPayload(_) => -3,
            Error::UnknownHook(_) => -4,
        }
    }
}

impl HostError {
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(crate) fn from_status(status: i32, rules: &Rules) -> HostError {
        match status {
            -1 => HostError::Denied(rules.capability),
            -2 => HostError::Internal,
            -3 => HostError::BadArguments(rules.arguments),
            -4 => HostError::NotFound,
            -5 => HostError::Quota(rules.quota),
            other => HostError::Other(other),
        }
    }

    /// The statuses that only functions of the application have.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(crate) fn from_app_status(status: i32) -> HostError {
        match status {
            -12 => HostError::RateLimited("see the application's limits"),
            -13 => HostError::TimedOut,
            other => HostError::from_status(other, &Rules::APP),
        }
    }

    /// The statuses of `env_net`.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(crate) fn from_net_status(status: i32) -> HostError {
        match status {
            -1 => HostError::BadArguments(
                "a request has a method, a URL of http or https, and headers that HTTP allows; \
                 in JSON it has at most 1 MiB",
            ),
            -2 => HostError::Denied("http.fetch"),
            -3 => HostError::Blocked(
                "the URL's origin is not in http.fetch.allow in manifest.json, \
                 or the operator does not allow its address",
            ),
            -4 => HostError::RateLimited("see http.fetch.rate_per_minute in manifest.json"),
            -5 => HostError::UpstreamFailed("the server did not give a complete answer in time"),
            -6 => HostError::NotFound,
            -7 => HostError::Internal,
            other => HostError::Other(other),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Failed(text) => out.write_str(text),
            Error::BadPayload(text) => write!(out, "bad payload: {text}"),
            Error::UnknownHook(name) => write!(out, "no handler for the hook {name}"),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            HostError::Denied(capability) => write!(
                out,
                "denied by the host: the capability {capability} is not requested in manifest.json \
                 or not granted"
            ),
            HostError::Internal => out.write_str("the host failed"),
            HostError::BadArguments(rule) => {
                write!(out, "the host did not accept the arguments: {rule}")
            }
            HostError::NotFound => out.write_str("not found"),
            HostError::Quota(which) => write!(out, "the quota is used up: {which}"),
            HostError::RateLimited(which) => write!(out, "the rate limit is reached: {which}"),
            HostError::TimedOut => out.write_str("timed out: the function may have run or not"),
            HostError::Blocked(rule) => write!(out, "blocked by the host: {rule}"),
            HostError::UpstreamFailed(reason) => write!(out, "the request failed: {reason}"),
            HostError::WrongType(wanted) => {
                write!(out, "the host's value has another type: it is not {wanted}")
            }
            HostError::Other(status) => write!(out, "the host answered {status}"),
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
