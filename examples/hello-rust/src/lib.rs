//! A GoNext plugin: two filters, an action and an HTTP route.

mod text;

use gonext::{log, Args, Plugin, Response, Result, Value};

const SIGNATURE: &str = "\n<p><em>Sent with the hello-rust plugin.</em></p>";

fn register(plugin: &mut Plugin) {
    plugin.on_activate(|| {
        log::info(concat!("hello-rust ", env!("CARGO_PKG_VERSION"), " is active"));
        Ok(())
    });
    plugin.filter("the_content", |content: String, _| Ok(text::bold(&content) + SIGNATURE));
    plugin.filter("the_title", |title: String, _| Ok(text::title(&title)));
    plugin.action("save_post", saved);

    // Requests that this instance has answered. The count grows because the manifest says
    // "isolation": "reused". With `fresh` every call starts at 0.
    let mut calls = 0_u64;
    plugin.get("/hello/{name}", move |request| {
        calls += 1;
        let greeting = format!("Hello, {}!", request.param("name")?);
        let answer = [("calls", calls.into()), ("greeting", greeting.into())];
        Ok(Response::json(Value::object(answer)))
    });
}

/// Logs the post that was saved: the first argument of the action.
fn saved(args: &Args) -> Result<()> {
    match args.get(0) {
        Ok(post @ (Value::Number(_) | Value::String(_))) => {
            log::info(format!("saved post {}", post.to_json()));
        }
        _ => log::info("saved a post"),
    }
    Ok(())
}

gonext::plugin!(register);

#[cfg(test)]
mod tests {
    use super::*;
    use gonext::Error;

    fn plugin() -> Plugin {
        let mut plugin = Plugin::new();
        register(&mut plugin);
        plugin
    }

    fn call(hook: &str, payload: &str) -> Result<Option<String>> {
        plugin().call(hook, payload.as_bytes())
    }

    #[test]
    fn the_content_is_marked_and_signed() {
        let payload = r#"{"kind":"filter","value":"a *b*","args":[]}"#;
        let body = call("the_content", payload).unwrap().unwrap();
        assert!(body.starts_with(r#"{"value":"a <strong>b</strong>\n<p><em>Sent"#), "{body}");
    }

    #[test]
    fn a_title_is_capitalised() {
        let payload = r#"{"kind":"filter","value":" ein  titel","args":[]}"#;
        let body = call("the_title", payload).unwrap();
        assert_eq!(body.as_deref(), Some(r#"{"value":"Ein Titel"}"#));
    }

    #[test]
    fn any_post_can_be_saved() {
        for args in ["[42]", "[\"a\\nb\"]", "[{}]", "[]"] {
            let payload = format!(r#"{{"kind":"action","args":{args}}}"#);
            assert_eq!(call("save_post", &payload), Ok(None));
        }
    }

    #[test]
    fn the_route_counts_its_calls() {
        let mut plugin = plugin();
        let payload = br#"{"kind":"filter","value":{"method":"GET",
            "route":"/hello/{name}","path":"/hello/Ada","query":"","headers":{},
            "path_params":{"name":"Ada"},"body":""},"args":[]}"#;
        let first = plugin.call("http.serve.hello-rust", payload).unwrap().unwrap();
        assert!(first.contains(r#""Content-Type":"application/json""#), "{first}");
        assert_ne!(plugin.call("http.serve.hello-rust", payload).unwrap().unwrap(), first);
    }

    #[test]
    fn a_payload_of_another_shape_is_refused() {
        for payload in ["", "null", r#"{"kind":"filter","value":1,"args":[]}"#] {
            let refused = call("the_content", payload);
            assert!(matches!(refused, Err(Error::BadPayload(_))), "{refused:?}");
        }
    }
}
