use crate::base64;
use crate::json::{self, FromJson, Value};
use crate::{Error, Result};

/// A request for one of the plugin's routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    method: String,
    route: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    params: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The response of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    status: u16,
    headers: Vec<(String, Value)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn from_json(value: &Value) -> Result<Request> {
        let text = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| Error::bad_payload(format!("the request has no {name}")))
        };
        let texts = |name: &str| match value.get(name) {
            Some(Value::Object(members)) => members
                .iter()
                .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            _ => None,
        };
        if value.get("route").is_none() {
            return Err(Error::bad_payload(
                "the request has no route: this SDK needs GoNext 0.1.0 or newer",
            ));
        }
        Ok(Request {
            method: text("method")?,
            route: text("route")?,
            path: text("path")?,
            query: text("query")?,
            headers: texts("headers").ok_or_else(|| Error::bad_payload("bad headers"))?,
            params: texts("path_params").ok_or_else(|| Error::bad_payload("bad path_params"))?,
            body: base64::decode(&text("body")?)
                .ok_or_else(|| Error::bad_payload("body is not base64"))?,
        })
    }

    /// In upper case. A route for GET also serves HEAD requests and sees them as GET. The host
    /// drops the body of the response.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path under which the route was registered, such as `/hello/{name}`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The path below the plugin's prefix, as the client sent it: percent-encoded, begins with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The raw query without `?`.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The first parameter of this name in the query, decoded.
    pub fn query_param(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(&key.replace('+', " ")) == name)
                .then(|| percent_decoded(&value.replace('+', " ")))
        })
    }

    /// The header of this name, in upper or lower case. The host passes the headers that the
    /// manifest names in `http.request_headers`. Without that field it passes User-Agent, Accept,
    /// Accept-Language, Content-Type and Authorization.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The part of the path that `{name}` matched, decoded.
    ///
    /// # Errors
    ///
    /// [`Error::BadPayload`] when the route has no such parameter.
    pub fn param(&self, name: &str) -> Result<&str> {
        let found = self.params.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Error::bad_payload(format!("the route has no parameter {name}")))
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// [`Error::BadPayload`] when the body is not UTF-8. A route answers 400 for it.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).map_err(|_| Error::bad_payload("the body is not UTF-8"))
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::BadPayload`] when the body is not JSON or not a `T`. A route answers 400 for it.
    pub fn json<T: FromJson>(&self) -> Result<T> {
        let value = json::parse(&self.body)?;
        T::from_json(&value)
            .ok_or_else(|| Error::bad_payload("the body is not ".to_owned() + T::NAME))
    }
}

impl Response {
    /// Status 200 with a body of this content type.
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        let headers = vec![("Content-Type".to_owned(), content_type.into())];
        Response { status: 200, headers, body: body.into() }
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn text(body: impl Into<String>) -> Response {
        Response::new("text/plain; charset=utf-8", body.into())
    }

    pub fn html(body: impl Into<String>) -> Response {
        Response::new("text/html; charset=utf-8", body.into())
    }

    pub fn json(body: impl Into<Value>) -> Response {
        Response::new("application/json", body.into().to_json())
    }

    /// Sets the status, from 200 to 599.
    pub fn status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }

    /// Sets a header, and replaces one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Response {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn into_json(self) -> Value {
        Value::object([
            ("status", u64::from(self.status).into()),
            ("headers", Value::Object(self.headers)),
            ("body", base64::encode(&self.body).into()),
        ])
    }
}

/// Encodes a text for a header parameter whose name ends in `*`, as RFC 8187 says. The host accepts
/// only Latin-1 characters in a header.
///
/// ```
/// let name = gonext::ext_value("Übersicht €.txt");
/// assert_eq!(name, "UTF-8''%C3%9Cbersicht%20%E2%82%AC.txt");
/// let header = format!("attachment; filename*={name}");
/// ```
pub fn ext_value(text: &str) -> String {
    let mut out = "UTF-8''".to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Decodes the percent-encoding of a text. A percent sign without two hexadecimal digits stays, and
/// bytes that are not UTF-8 are replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_decoded_or_stay() {
        for (text, decoded) in [
            ("a%20b", "a b"),
            ("%C3%BC", "ü"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("+", "+"),
        ] {
            assert_eq!(percent_decoded(text), decoded);
        }
    }
}
