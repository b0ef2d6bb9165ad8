//! The functions of the host.

use crate::abi;

/// Lines for the plugin's log.
pub mod log {
    use crate::abi;

    pub fn debug(text: impl AsRef<str>) {
        abi::log(0, text.as_ref());
    }

    pub fn info(text: impl AsRef<str>) {
        abi::log(1, text.as_ref());
    }

    pub fn warn(text: impl AsRef<str>) {
        abi::log(2, text.as_ref());
    }

    pub fn error(text: impl AsRef<str>) {
        abi::log(3, text.as_ref());
    }
}

/// The plugin's own key-value store. All instances of the plugin share it, and it outlives them.
/// Reading needs the capability `kv.read`, all else `kv.write`.
pub mod kv {
    use crate::abi;
    use crate::HostError;

    /// The value of `key`, if it has one.
    pub fn get(key: &str) -> Result<Option<Vec<u8>>, HostError> {
        match abi::kv_get(key) {
            Ok(value) => Ok(Some(value)),
            Err(HostError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The value of `key` as text; bytes that are not UTF-8 are replaced.
    pub fn get_text(key: &str) -> Result<Option<String>, HostError> {
        let value = get(key)?;
        Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), HostError> {
        abi::kv_set(key, value.as_ref())
    }

    /// Removes `key`. Returns whether it existed, if the host reports that.
    pub fn del(key: &str) -> Result<bool, HostError> {
        match abi::kv_del(key) {
            Ok(()) => Ok(true),
            Err(HostError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds `delta` to the number at `key` and returns the sum. A missing entry counts as 0.
    pub fn incr(key: &str, delta: i64) -> Result<i64, HostError> {
        abi::kv_incr(key, delta)
    }
}

/// The plugin's configuration: the values that the operator set, and the defaults of `config.schema`
/// in the manifest. All calls of one run see the same values. It needs no capability.
pub mod config {
    use crate::abi;
    use crate::json;
    use crate::{FromJson, HostError};

    /// The value of `key`. `None` when it has no value, or when its value is `null`. An empty key
    /// stands for the whole object.
    pub fn get<T: FromJson>(key: &str) -> Result<Option<T>, HostError> {
        let text = match abi::config_get(key) {
            Ok(text) => text,
            Err(HostError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let value = json::parse(&text).map_err(|_| HostError::Internal)?;
        Option::from_json(&value).ok_or(HostError::WrongType(T::NAME))
    }

    /// The text of `key`, or `default` when it has no value or `null`.
    pub fn text(key: &str, default: &str) -> Result<String, HostError> {
        Ok(get(key)?.unwrap_or_else(|| default.to_owned()))
    }

    /// The integer of `key`, or `default` when it has no value or `null`.
    pub fn int(key: &str, default: i64) -> Result<i64, HostError> {
        Ok(get(key)?.unwrap_or(default))
    }

    /// The boolean of `key`, or `default` when it has no value or `null`.
    pub fn bool(key: &str, default: bool) -> Result<bool, HostError> {
        Ok(get(key)?.unwrap_or(default))
    }
}

/// The secrets that the manifest names in `secrets.keys`. Do not write them to the log.
pub mod secrets {
    use crate::abi;
    use crate::HostError;

    /// The secret of this name. `None` when the operator has not set it. Denied for a secret that
    /// only the host may use (`inject_only`).
    pub fn get(name: &str) -> Result<Option<String>, HostError> {
        match abi::secrets_get(name) {
            Ok(value) => Ok(Some(String::from_utf8_lossy(&value).into_owned())),
            Err(HostError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The functions of the application that runs the host.
pub mod app {
    use crate::abi;
    use crate::json;
    use crate::{FromJson, HostError, Value};

    /// Calls the function `name`. It needs the capability that the application gave the function.
    ///
    /// # Errors
    ///
    /// [`HostError::NotFound`] when the application has no such function.
    pub fn call<T: FromJson>(name: &str, request: impl Into<Value>) -> Result<T, HostError> {
        let answer = abi::app_call(name, &request.into().to_json())?;
        let answer = json::parse(&answer).map_err(|_| HostError::Internal)?;
        T::from_json(&answer).ok_or(HostError::WrongType(T::NAME))
    }
}

/// Writes an event to the operator's audit log. The event's name begins with the plugin's name.
/// Needs the capability `audit.emit`.
pub fn audit(event: &str, data: impl Into<crate::Value>) -> Result<(), crate::HostError> {
    let entry = crate::Value::object([("event", event.into()), ("data", data.into())]);
    abi::audit_emit(&entry.to_json())
}

/// The host's clock, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    abi::time_ms()
}
