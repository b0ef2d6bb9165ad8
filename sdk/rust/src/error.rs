use std::fmt;

/// What a handler answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. The text goes to the plugin's log; the host is told the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The handler could not do it: status -1.
    Failed(String),
    /// The payload is not of the shape that the handler takes: status -3. From a route: 400.
    BadPayload(String),
    /// No handler has this name: status -4.
    UnknownHook(String),
}

/// What a function of the host answers when it does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The manifest does not request the capability, or the operator has not granted it.
    Denied,
    /// The host failed, or has no such function.
    Internal,
    BadArguments,
    NotFound,
    /// The plugin's quota is used up.
    Quota,
    /// A status that this version does not know.
    Other(i32),
}

impl Error {
    /// A failure with this text.
    pub fn failed(text: impl Into<String>) -> Error {
        Error::Failed(text.into())
    }

    /// A payload of another shape, and what is wrong with it.
    pub fn bad_payload(text: impl Into<String>) -> Error {
        Error::BadPayload(text.into())
    }

    /// The status of the ABI that stands for this error.
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
    pub(crate) fn from_status(status: i32) -> HostError {
        match status {
            -1 => HostError::Denied,
            -2 => HostError::Internal,
            -3 => HostError::BadArguments,
            -4 => HostError::NotFound,
            -5 => HostError::Quota,
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
            HostError::Denied => out.write_str("denied by the host"),
            HostError::Internal => out.write_str("the host failed"),
            HostError::BadArguments => out.write_str("the host did not accept the arguments"),
            HostError::NotFound => out.write_str("not found"),
            HostError::Quota => out.write_str("the quota is used up"),
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
