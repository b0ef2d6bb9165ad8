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
