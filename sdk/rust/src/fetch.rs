//! HTTP requests to other servers.

use crate::abi;
use crate::base64;
use crate::host::log;
use crate::json::{self, FromJson, Value};
use crate::{ErrorKind, HostError};

/// A request to another server: `FetchRequest::get("https://api.example.com/items")`.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchRequest {
    method: String,
    url: String,
    headers: Vec<(String, Value)>,
    body: Vec<u8>,
    timeout_ms: Option<u32>,
}

/// The answer of another server.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Sends a request and waits for the response. A response of status 4xx or 5xx is not an error. Needs
/// the capability `http.fetch`, and the origin of the URL in `http.fetch.allow` in the manifest.
pub fn fetch(request: &FetchRequest) -> Result<FetchResponse, HostError> {
    let answer = abi::http_fetch(&request.to_value().to_json())?;
    let answer = json::parse(&answer).map_err(|_| HostError::internal())?;
    if let Some(reason) = answer.get("error").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        log::warn(format!("fetch: {reason}"));
        return Err(HostError::from_net_status(-5, || None));
    }
    FetchResponse::from_value(&answer).ok_or_else(HostError::internal)
}

impl FetchRequest {
    /// A request with this method, in upper case.
    pub fn new(method: &str, url: &str) -> FetchRequest {
        FetchRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: None,
        }
    }

    pub fn get(url: &str) -> FetchRequest {
        FetchRequest::new("GET", url)
    }

    pub fn post(url: &str) -> FetchRequest {
        FetchRequest::new("POST", url)
    }

    pub fn put(url: &str) -> FetchRequest {
        FetchRequest::new("PUT", url)
    }

    pub fn delete(url: &str) -> FetchRequest {
        FetchRequest::new("DELETE", url)
    }

    /// Sets a header, and replaces one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> FetchRequest {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body and its content type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> FetchRequest {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Sets a body in JSON.
    pub fn json(self, body: impl Into<Value>) -> FetchRequest {
        self.body("application/json", body.into().to_json())
    }

    /// How long the whole request may take. The host has a limit of its own.
    pub fn timeout_ms(mut self, milliseconds: u32) -> FetchRequest {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// In upper case.
    pub fn method(&self) -> &str {
        &self.method
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The header of this name, in upper or lower case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str())
    }

    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    fn to_value(&self) -> Value {
        let mut members = vec![
            ("method".to_owned(), self.method.as_str().into()),
            ("url".to_owned(), self.url.as_str().into()),
            ("headers".to_owned(), Value::Object(self.headers.clone())),
            ("body".to_owned(), base64::encode(&self.body).into()),
        ];
        if let Some(milliseconds) = self.timeout_ms {
            members.push(("timeout_ms".to_owned(), milliseconds.into()));
        }
        Value::Object(members)
    }
}

impl FetchResponse {
    fn from_value(value: &Value) -> Option<FetchResponse> {
        let headers = match value.get("headers")? {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect::<Option<_>>()?,
            _ => return None,
        };
        Some(FetchResponse {
            status: i32::from_json(value.get("status")?)
                .filter(|status| (100..=999).contains(status))? as u16,
            headers,
            body: base64::decode(value.get("body")?.as_str()?)?,
        })
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header of this name, in upper or lower case. Several of one name are joined by a comma
    /// and a space.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UpstreamFailed`] when the body is not UTF-8.
    pub fn text(&self) -> Result<&str, HostError> {
        std::str::from_utf8(&self.body)
            .map_err(|_| HostError::found(ErrorKind::UpstreamFailed, "the body is not UTF-8"))
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UpstreamFailed`] when the body is not JSON, [`ErrorKind::WrongType`] when it is
    /// not a `T`.
    pub fn json<T: FromJson>(&self) -> Result<T, HostError> {
        let value = json::parse(&self.body)
            .map_err(|_| HostError::found(ErrorKind::UpstreamFailed, "the body is not JSON"))?;
        T::from_json(&value).ok_or_else(|| HostError::wrong_type(T::NAME))
    }
}

/// What a test looks at, and what it returns.
#[cfg(not(target_family = "wasm"))]
mod for_tests {
    use super::*;

    impl FetchRequest {
        pub(crate) fn from_json_text(json: &str) -> Option<FetchRequest> {
            let value = json::parse(json.as_bytes()).ok()?;
            let headers = match value.get("headers")? {
                Value::Object(headers) => headers.clone(),
                _ => return None,
            };
            Some(FetchRequest {
                method: value.get("method")?.as_str()?.to_owned(),
                url: value.get("url")?.as_str()?.to_owned(),
                headers,
                body: base64::decode(value.get("body")?.as_str()?)?,
                timeout_ms: value.get("timeout_ms").and_then(u32::from_json),
            })
        }
    }

    impl FetchResponse {
        /// A response with this status and body, for [`testing::Host`](crate::testing::Host).
        pub fn new(status: u16, body: impl Into<Vec<u8>>) -> FetchResponse {
            FetchResponse { status, headers: Vec::new(), body: body.into() }
        }

        /// Adds a header to a response for tests.
        pub fn with_header(mut self, name: &str, value: &str) -> FetchResponse {
            self.headers.push((name.to_owned(), value.to_owned()));
            self
        }

        pub(crate) fn to_json_text(&self) -> String {
            let headers = self
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), Value::from(value.as_str())));
            Value::object([
                ("status", i32::from(self.status).into()),
                ("headers", Value::Object(headers.collect())),
                ("body", base64::encode(&self.body).into()),
            ])
            .to_json()
        }
    }
}
