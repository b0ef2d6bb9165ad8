//! The plugin as the host calls it, with the SDK's host for tests in the host's place.

use super::*;
use gonext::testing::Host;
use gonext::{json, FetchResponse};

/// The numbers are in the manifest too, where the host reads them.
#[test]
fn the_manifest_says_the_same_as_the_code() {
    let manifest = json::parse(include_bytes!("../manifest.json")).unwrap();
    let job = &manifest.get("jobs").and_then(Value::as_array).unwrap()[0];
    assert_eq!(job.get("max_attempts"), Some(&delivery::MAX_ATTEMPTS.into()));
    let actions = manifest.get("hooks").and_then(|hooks| hooks.get("actions"));
    assert_eq!(actions, Some(&ACTIONS.map(Value::from).to_vec().into()));
    assert_eq!(manifest.get("version"), Some(&env!("CARGO_PKG_VERSION").into()));
}

fn plugin() -> Plugin {
    let mut plugin = Plugin::new();
    register(&mut plugin);
    plugin
}

/// A host with two endpoints, one for all events.
fn host() -> Host {
    let host = Host::new();
    host.set_secret("route_key", "k3y");
    let endpoints = br#"{
        "all": {"url": "https://hooks.example.com/all", "events": ["*"]},
        "new": {"url": "https://hooks.example.com/new", "events": ["post.published"]}
    }"#;
    host.set_config("endpoints", json::parse(endpoints).unwrap());
    host
}

fn act(action: &str, args: &str) -> Result<Option<String>> {
    plugin().call(action, format!(r#"{{"kind":"action","args":{args}}}"#).as_bytes())
}

/// What a route answers: `{"value":{"status",...}}`.
fn serve(method: &str, route: &str, key: &str, base64: &str) -> Value {
    let payload = format!(
        r#"{{"kind":"filter","args":[],"value":{{"method":"{method}","route":"{route}","path":"{route}",
            "query":"","headers":{{"x-relay-key":"{key}"}},"path_params":{{}},"body":"{base64}"}}}}"#
    );
    let answer = plugin().call("http.serve.webhook-relay", payload.as_bytes()).unwrap().unwrap();
    json::parse(answer.as_bytes()).unwrap().get("value").unwrap().clone()
}

fn status(answer: &Value) -> String {
    answer.get("status").unwrap().to_json()
}

/// Runs an attempt of the delivery of `e1` to `all`.
fn attempt(number: u32) -> Result<Option<String>> {
    let args = r#"{"id":"e1","event":"post.published","endpoint":"all","data":[7]}"#;
    let payload = format!(
        r#"{{"kind":"job","id":"j","args":{args},"idempotency_key":"e1/all","attempt":{number}}}"#
    );
    plugin().call_job("deliver", payload.as_bytes())
}

#[test]
fn an_action_becomes_a_job_for_each_endpoint_that_wants_it() {
    let host = host();
    act("post.published", r#"[{"title":"Ü"},"e1"]"#).unwrap();
    let job = |endpoint: &str| {
        format!(
            r#"job_enqueue {{"job":"deliver","args":{{"id":"e1","event":"post.published","endpoint":"{endpoint}","data":{{"title":"Ü"}}}},"idempotency_key":"e1/{endpoint}"}}"#
        )
    };
    assert_eq!(host.calls(), [job("all"), job("new")]);
    act("post.deleted", r#"[{"title":"Ü"},"e2"]"#).unwrap();
    assert!(host.calls()[2..].concat().contains(r#""idempotency_key":"e2/all""#));
    assert_eq!(host.calls().len(), 3);
}

#[test]
fn events_without_an_id_get_ids_of_their_own() {
    let host = host();
    act("post.deleted", "[1]").unwrap();
    act("post.deleted", "[1]").unwrap();
    let calls = host.calls();
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0], calls[1]);
}

#[test]
fn an_id_that_a_header_cannot_carry_is_refused() {
    let host = host();
    for args in [r#"[1,""]"#, r#"[1,"a b"]"#, r#"[1,"ü"]"#, r#"[1,"a\nb"]"#, "[1,2]", "[]"] {
        let refused = act("post.deleted", args);
        assert!(matches!(refused, Err(Error::BadPayload(_))), "{args}: {refused:?}");
    }
    assert!(host.calls().is_empty());
}

#[test]
fn an_event_can_be_posted_twice_and_is_relayed_once() {
    let _host = host();
    // {"event":"post.published","id":"e1","data":7}
    let body = "eyJldmVudCI6InBvc3QucHVibGlzaGVkIiwiaWQiOiJlMSIsImRhdGEiOjd9";
    let first = serve("POST", "/events", "k3y", body);
    assert_eq!(status(&first), "202");
    let second = serve("POST", "/events", "k3y", body);
    let answered = |answer: &Value| answer.get("body").unwrap().to_json();
    // {"id":"e1","endpoints":2,"enqueued":2}, and then with 0
    assert_eq!(answered(&first), r#""eyJpZCI6ImUxIiwiZW5kcG9pbnRzIjoyLCJlbnF1ZXVlZCI6Mn0=""#);
    assert_eq!(answered(&second), r#""eyJpZCI6ImUxIiwiZW5kcG9pbnRzIjoyLCJlbnF1ZXVlZCI6MH0=""#);
}

#[test]
fn a_posted_event_needs_a_name() {
    let host = host();
    // {"data":7}, and no JSON
    for body in ["eyJkYXRhIjo3fQ==", "bm8="] {
        assert_eq!(status(&serve("POST", "/events", "k3y", body)), "400");
    }
    assert!(host.calls().is_empty());
}

#[test]
fn the_routes_need_the_key() {
    let host = host();
    for key in ["", "k3", "k3z", "k3yy"] {
        assert_eq!(status(&serve("GET", "/deliveries", key, "")), "403");
        assert_eq!(
            status(&serve(
                "POST",
                "/events",
                key,
                "eyJldmVudCI6InBvc3QucHVibGlzaGVkIiwiaWQiOiJlMSIsImRhdGEiOjd9"
            )),
            "403"
        );
    }
    assert_eq!(status(&serve("GET", "/deliveries", "k3y", "")), "200");
    assert!(host.calls().is_empty());
    host.set_secret("route_key", "");
    assert_eq!(status(&serve("GET", "/deliveries", "", "")), "403");
}

#[test]
fn a_delivery_sends_the_event_and_is_reported_once() {
    let host = host();
    host.stub_fetch(|request| {
        assert_eq!((request.method(), request.url()), ("POST", "https://hooks.example.com/all"));
        assert_eq!(request.header_value("Authorization"), Some("Bearer {{secret:relay_token}}"));
        assert_eq!(request.header_value("Webhook-Id"), Some("e1/all"));
        let body = br#"{"id":"e1","event":"post.published","data":[7]}"#;
        assert_eq!(request.body_bytes(), body);
        Ok(FetchResponse::new(204, ""))
    });
    assert_eq!(attempt(1), Ok(None));
    let reported = host.calls();
    assert_eq!(
        reported,
        [
            r#"metric_observe "webhook_attempts" 1 {"outcome":"delivered"}"#,
            r#"event_emit "delivered" {"id":"e1","event":"post.published","endpoint":"all","attempt":1,"reason":"","durable":false}"#,
        ]
    );
    assert_eq!(history::newest().unwrap().len(), 1);

    // The node went down before the host knew: the job runs again, and the endpoint is not asked.
    host.stub_fetch(|_| panic!("it was delivered"));
    assert_eq!(attempt(2), Ok(None));
    assert_eq!(host.calls(), reported);
}

#[test]
fn of_two_attempts_at_once_one_reports_the_delivery() {
    let host = host();
    host.stub_fetch(|_| {
        // Meanwhile, another node has taken the job over.
        kv::set_if_absent("delivered:e1/all", "").unwrap();
        Ok(FetchResponse::new(200, ""))
    });
    assert_eq!(attempt(1), Ok(None));
    assert!(host.calls().is_empty());
}

#[test]
fn an_endpoint_that_is_not_available_is_tried_again() {
    let host = host();
    host.stub_fetch(|_| Ok(FetchResponse::new(503, "")));
    let failed = attempt(1);
    assert_eq!(failed, Err(Error::Failed("e1/all: the endpoint answered 503".to_owned())));
    host.stub_fetch(|_| Ok(FetchResponse::new(429, "").with_header("Retry-After", "30")));
    assert_eq!(attempt(2), Ok(Some(r#"{"retry_in_ms":30000}"#.to_owned())));
    let retried = r#"metric_observe "webhook_attempts" 1 {"outcome":"retried"}"#;
    assert_eq!(host.calls(), [retried, retried]);
}

#[test]
fn the_last_attempt_and_a_refused_request_end_the_delivery() {
    for (number, status) in [(delivery::MAX_ATTEMPTS, 503), (1, 400)] {
        let host = host();
        host.stub_fetch(move |_| Ok(FetchResponse::new(status, "")));
        assert!(matches!(attempt(number), Err(Error::BadPayload(_))));
        let calls = host.calls();
        assert_eq!(calls[0], r#"metric_observe "webhook_attempts" 1 {"outcome":"failed"}"#);
        assert!(calls[1].starts_with(r#"event_emit "failed" {"id":"e1""#), "{}", calls[1]);
        assert!(calls[1].contains(&format!("the endpoint answered {status}")), "{}", calls[1]);
        assert!(calls[1].ends_with(r#""durable":true}"#), "{}", calls[1]);
        assert_eq!(calls.len(), 2);

        // An operator lets it run again, and now the endpoint accepts it.
        host.stub_fetch(|_| Ok(FetchResponse::new(200, "")));
        assert_eq!(attempt(1), Ok(None));
        let newest = history::newest().unwrap();
        let outcomes: Vec<_> = newest.iter().map(|it| it.get("outcome").unwrap()).collect();
        assert_eq!(outcomes, [&"delivered".into(), &"failed".into()]);
    }
}

#[test]
fn an_endpoint_that_was_removed_ends_the_delivery() {
    let host = host();
    host.set_config("endpoints", Value::object([]));
    assert!(matches!(attempt(1), Err(Error::BadPayload(_))));
    assert!(host.calls()[1].contains("no longer configured"));
}
