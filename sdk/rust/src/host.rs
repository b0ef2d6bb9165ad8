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
        HostError::unless_missing(abi::kv_get(key))
    }

    /// The value of `key` as text; bytes that are not UTF-8 are replaced.
    pub fn get_text(key: &str) -> Result<Option<String>, HostError> {
        let value = get(key)?;
        Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), HostError> {
        abi::kv_set(key, value.as_ref())
    }

    /// Sets `key` unless it has a value. Returns whether it was set. Of several calls at once, on
    /// any number of hosts, one sets it.
    pub fn set_if_absent(key: &str, value: impl AsRef<[u8]>) -> Result<bool, HostError> {
        abi::kv_set_if_absent(key, value.as_ref())
    }

    /// Removes `key`. Returns whether it existed, if the host reports that.
    pub fn del(key: &str) -> Result<bool, HostError> {
        Ok(HostError::unless_missing(abi::kv_del(key))?.is_some())
    }

    /// Adds `delta` to the number at `key` and returns the sum. A missing entry counts as 0.
    pub fn incr(key: &str, delta: i64) -> Result<i64, HostError> {
        let sum = abi::kv_incr(key, delta)?;
        let sum = std::str::from_utf8(&sum).ok().and_then(|text| text.parse().ok());
        sum.ok_or_else(HostError::internal)
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
        match HostError::unless_missing(abi::config_get(key))? {
            Some(text) => json::answered(&text),
            None => Ok(None),
        }
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
        let value = HostError::unless_missing(abi::secrets_get(name))?;
        Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
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
    /// [`ErrorKind::NotFound`](crate::ErrorKind) when the application has no such function.
    pub fn call<T: FromJson>(name: &str, request: impl Into<Value>) -> Result<T, HostError> {
        json::answered(&abi::app_call(name, &request.into().to_json())?)
    }
}

/// Events for other plugins and for the application.
pub mod events {
    use crate::abi;
    use crate::{HostError, Value};

    /// Emits an event: the action `event.<plugin>.<name>` of other plugins, after this call
    /// succeeded. `data` is an object. Needs the capability `events.emit`.
    pub fn emit(name: &str, data: impl Into<Value>) -> Result<(), HostError> {
        abi::event_emit(name, &data.into().to_json())
    }
}

/// The caches of the application.
pub mod cache {
    use crate::abi;
    use crate::{HostError, Value};

    /// Makes the application drop what it has cached under these tags, on every node. Needs the
    /// capability `cache.invalidate`.
    pub fn invalidate(tags: &[&str]) -> Result<(), HostError> {
        let tags = tags.iter().map(|tag| (*tag).into()).collect();
        abi::cache_invalidate(&Value::Array(tags).to_json())
    }
}

/// The plugin's own metrics.
pub mod metrics {
    use crate::abi;
    use crate::{HostError, Value};

    /// Adds to a counter, sets a gauge, or observes a value of a summary, as the manifest declares
    /// the metric. A label is a name and a value, such as `&[("kind", "paid")]`. Needs the capability
    /// `metrics.observe`.
    pub fn observe(name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), HostError> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        abi::metric_observe(name, value, &Value::Object(labels.collect()).to_json())
    }
}

/// The span of the current call, in the application's traces.
pub mod span {
    use crate::abi;
    use crate::{HostError, Value};

    /// Adds an event to the span. `attributes` is an object. Needs the capability `events.emit`.
    pub fn event(name: &str, attributes: impl Into<Value>) -> Result<(), HostError> {
        abi::span_event(name, &attributes.into().to_json())
    }
}

/// The texts in `locales/` of the plugin's bundle.
pub mod i18n {
    use crate::abi;
    use crate::{HostError, Value};

    /// The text of `key` in the language of `locale`, such as `de-CH`. `None` when there is none.
    pub fn translate(key: &str, locale: &str) -> Result<Option<String>, HostError> {
        let text = HostError::unless_missing(abi::i18n_translate(key, locale))?;
        Ok(text.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }

    /// As [`translate`], with values for the arguments in the text: an object.
    pub fn format(
        key: &str,
        locale: &str,
        args: impl Into<Value>,
    ) -> Result<Option<String>, HostError> {
        let key = Value::object([("key", key.into()), ("args", args.into())]);
        translate(&key.to_json(), locale)
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
