//! What this plugin does. Nothing here knows how a call crosses the boundary.

use crate::base64;
use crate::json::{self, Value};

const SIGNATURE: &str = "\n<p><em>Sent with the hello-rust plugin.</em></p>";

/// How important a line of the log is; the numbers are the ABI's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    Info = 1,
    Warn = 2,
}

/// Where lines of the log go.
pub type Log<'a> = &'a mut dyn FnMut(Level, &str);

/// Why a hook was not run; the numbers are the ABI's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    BadPayload = -3,
    UnknownHook = -4,
}

/// The state of one instance. It lives from one call to the next because the manifest says
/// `"isolation": "reused"`; under `fresh` every call would start with a new one.
#[derive(Default)]
pub struct Plugin {
    calls: u64,
}

impl Plugin {
    /// Runs one hook: `Ok(None)` is done without a body, `Ok(Some(json))` is the result's body.
    pub fn handle(
        &mut self,
        hook: &str,
        payload: &[u8],
        log: Log,
    ) -> Result<Option<String>, Status> {
        self.calls += 1;
        match hook {
            "the_content" => filter(payload, log, |value| text(value, content)),
            "the_title" => filter(payload, log, |value| text(value, title)),
            "http.serve.hello-rust" => filter(payload, log, |request| self.serve(request)),
            "save_post" => save_post(payload, log),
            _ => Err(Status::UnknownHook),
        }
    }

    /// Answers `GET /hello/{name}`. The host has matched the route and decoded the name.
    fn serve(&self, request: &Value) -> Result<Value, Status> {
        let name = request
            .get("path_params")
            .and_then(|params| params.get("name"))
            .and_then(Value::as_str)
            .ok_or(Status::BadPayload)?;
        let answer = Value::object([
            ("greeting", format!("Hello, {name}!").into()),
            ("calls", self.calls.into()),
        ]);
        Ok(Value::object([
            ("status", 200.into()),
            ("headers", Value::object([("Content-Type", "application/json".into())])),
            ("body", base64::encode(answer.to_json().as_bytes()).into()),
        ]))
    }
}

/// Reads a payload of this kind. Why one is refused goes to the log: the status cannot say it.
fn read(payload: &[u8], kind: &str, log: Log) -> Result<Value, Status> {
    let payload = json::parse(payload).map_err(|error| {
        log(Level::Warn, &format!("payload: {} at byte {}", error.reason, error.offset));
        Status::BadPayload
    })?;
    match payload.get("kind").and_then(Value::as_str) {
        Some(found) if found == kind => Ok(payload),
        _ => Err(Status::BadPayload),
    }
}

/// Takes the value out of a filter's payload, and wraps what `change` makes of it.
fn filter(
    payload: &[u8],
    log: Log,
    change: impl FnOnce(&Value) -> Result<Value, Status>,
) -> Result<Option<String>, Status> {
    let payload = read(payload, "filter", log)?;
    let value = payload.get("value").ok_or(Status::BadPayload)?;
    Ok(Some(Value::object([("value", change(value)?)]).to_json()))
}

fn text(value: &Value, change: fn(&str) -> String) -> Result<Value, Status> {
    value.as_str().map(|text| change(text).into()).ok_or(Status::BadPayload)
}

/// `*bold*` becomes `<strong>bold</strong>`, and a signature follows. The content is HTML already,
/// so nothing is escaped.
fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + SIGNATURE.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some((before, bold, after)) = split_at_bold(rest) {
            out.push_str(before);
            out.push_str("<strong>");
            out.push_str(bold);
            out.push_str("</strong>");
            rest = after;
        }
        out.push_str(rest);
    }
    out.push_str(SIGNATURE);
    out
}

/// What is before, between and after the first pair of asterisks that enclose bold text: as in
/// Markdown, no white space follows the first one or precedes the second.
///
/// Which asterisk can close does not depend on the one that opens, so if the first that opens has
/// no partner, no other has: a line full of asterisks costs time linear in its length.
fn split_at_bold(line: &str) -> Option<(&str, &str, &str)> {
    let mut asterisks = line.match_indices('*').map(|(at, _)| at);
    let open = asterisks
        .find(|&at| line[at + 1..].starts_with(|c: char| !c.is_whitespace() && c != '*'))?;
    let close = asterisks.find(|&at| !line[..at].ends_with(char::is_whitespace))?;
    Some((&line[..open], &line[open + 1..close], &line[close + 1..]))
}

/// White space trimmed and collapsed, the first letter of each word in upper case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let mut characters = word.chars();
        out.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(characters.as_str());
    }
    out
}

/// Logs which post was saved: the action's first argument.
fn save_post(payload: &[u8], log: Log) -> Result<Option<String>, Status> {
    let payload = read(payload, "action", log)?;
    let args = payload.get("args").and_then(Value::as_array).ok_or(Status::BadPayload)?;
    match args.first() {
        Some(post @ (Value::Number(_) | Value::String(_))) => {
            log(Level::Info, &format!("saved post {}", post.to_json()));
        }
        _ => log(Level::Info, "saved a post"),
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(hook: &str, payload: &str) -> Result<Option<String>, Status> {
        Plugin::default().handle(hook, payload.as_bytes(), &mut |_, _| ())
    }

    fn filtered(hook: &str, value: &str) -> String {
        let payload = Value::object([
            ("kind", "filter".into()),
            ("value", value.into()),
            ("args", Value::Array(Vec::new())),
        ]);
        let body = call(hook, &payload.to_json()).unwrap().unwrap();
        let result = json::parse(body.as_bytes()).unwrap();
        result.get("value").unwrap().as_str().unwrap().to_owned()
    }

    fn greet(plugin: &mut Plugin, name: &str) -> Value {
        let payload = Value::object([
            ("kind", "filter".into()),
            ("value", Value::object([("path_params", Value::object([("name", name.into())]))])),
            ("args", Value::Array(Vec::new())),
        ]);
        let body = plugin
            .handle("http.serve.hello-rust", payload.to_json().as_bytes(), &mut |_, _| ())
            .unwrap()
            .unwrap();
        json::parse(body.as_bytes()).unwrap().get("value").unwrap().clone()
    }

    fn greeting(response: &Value) -> Value {
        let body = response.get("body").unwrap().as_str().unwrap();
        json::parse(&base64::decode(body).unwrap()).unwrap()
    }

    #[test]
    fn bold_text_is_marked_and_the_content_signed() {
        for (before, after) in [
            ("", ""),
            ("plain", "plain"),
            ("*bold*", "<strong>bold</strong>"),
            ("a *b c* d *e*\n", "a <strong>b c</strong> d <strong>e</strong>\n"),
            ("*ü€😀*", "<strong>ü€😀</strong>"),
            ("*a* *b", "<strong>a</strong> *b"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("* item\n* item *\n", "* item\n* item *\n"),
            ("*over\nlines*", "*over\nlines*"),
            ("*a *b*", "<strong>a *b</strong>"),
            ("*", "*"),
            ("**", "**"),
            ("***", "***"),
            ("**a**", "*<strong>a</strong>*"),
            ("*\u{3000}a\u{3000}*", "*\u{3000}a\u{3000}*"),
        ] {
            assert_eq!(filtered("the_content", before), format!("{after}{SIGNATURE}"));
        }
    }

    #[test]
    fn a_megabyte_of_asterisks_takes_linear_time() {
        for text in ["*", "*a ", " *", "*a*"] {
            let text = text.repeat((1 << 20) / text.len());
            let started = std::time::Instant::now();
            content(&text);
            assert!(
                started.elapsed().as_secs() < 5,
                "{:?} for {:?}",
                started.elapsed(),
                &text[..3]
            );
        }
    }

    #[test]
    fn a_title_is_trimmed_and_capitalised() {
        for (before, after) in [
            ("", ""),
            (" \t\n", ""),
            ("  hello   wasm world ", "Hello Wasm World"),
            ("élan ßa 1st ÀB", "Élan SSa 1st ÀB"),
        ] {
            assert_eq!(filtered("the_title", before), after);
        }
    }

    #[test]
    fn saving_a_post_logs_which_one() {
        for (payload, line) in [
            (r#"{"kind":"action","args":[42,"x"]}"#, "saved post 42"),
            (r#"{"kind":"action","args":["a\nb"]}"#, r#"saved post "a\nb""#),
            (r#"{"kind":"action","args":[{}]}"#, "saved a post"),
            (r#"{"kind":"action","args":[]}"#, "saved a post"),
        ] {
            let mut lines = Vec::new();
            let result =
                Plugin::default().handle("save_post", payload.as_bytes(), &mut |level, line| {
                    lines.push((level, line.to_owned()))
                });
            assert_eq!(result, Ok(None));
            assert_eq!(lines, [(Level::Info, line.to_owned())]);
        }
    }

    #[test]
    fn the_route_greets_any_name_and_counts_the_calls() {
        let mut plugin = Plugin::default();
        for (calls, name) in ["World", "", "\"Bobby\"\\\n", "\0 ü 😀"].into_iter().enumerate() {
            let response = greet(&mut plugin, name);
            assert_eq!(response.get("status"), Some(&200.into()));
            let content_type = response.get("headers").and_then(|all| all.get("Content-Type"));
            assert_eq!(content_type, Some(&"application/json".into()));
            let answer = greeting(&response);
            assert_eq!(answer.get("greeting"), Some(&format!("Hello, {name}!").into()));
            assert_eq!(answer.get("calls"), Some(&(calls as u64 + 1).into()));
        }
    }

    #[test]
    fn an_unknown_hook_is_named_so_before_its_payload_is_read() {
        for hook in ["", "the_contents", "THE_CONTENT", "http.serve.other"] {
            assert_eq!(call(hook, "not json"), Err(Status::UnknownHook));
        }
    }

    #[test]
    fn a_payload_of_another_shape_is_refused_and_the_plugin_goes_on() {
        for hook in ["the_content", "the_title", "save_post", "http.serve.hello-rust"] {
            for payload in [
                "",
                "not json",
                "null",
                "[]",
                "{}",
                r#"{"kind":"filter"}"#,
                r#"{"kind":"filter","value":1}"#,
                r#"{"kind":"filter","value":{"path_params":{"name":1}},"args":[]}"#,
                r#"{"kind":"job","value":"a","args":{}}"#,
                r#"{"kind":"action"}"#,
                r#"{"kind":"action","args":{}}"#,
                r#"{"value":"a","args":[]}"#,
            ] {
                assert_eq!(call(hook, payload), Err(Status::BadPayload), "{hook} {payload}");
            }
        }
        assert_eq!(
            call("save_post", r#"{"kind":"filter","value":"a","args":[]}"#),
            Err(Status::BadPayload)
        );
        assert_eq!(call("the_title", r#"{"kind":"action","args":[]}"#), Err(Status::BadPayload));
    }
}
