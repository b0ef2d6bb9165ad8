//! A GoNext plugin that relays events of the application to the HTTP endpoints of its
//! configuration.
//!
//! An event becomes one job for each endpoint that wants it. The job sends the request, and the host
//! runs it again as long as the endpoint is not available.

mod delivery;
mod history;
mod retry_after;

use std::collections::BTreeMap;

use gonext::jobs::{self, NewJob};
use gonext::{
    config, kv, log, now_ms, secrets, Args, Error, FromJson, Plugin, Request, Response, Result,
    Value,
};

use delivery::Delivery;

/// The actions of the application that are relayed, each as the event of its name.
const ACTIONS: [&str; 2] = ["post.published", "post.deleted"];

/// An endpoint, as `config.schema` in the manifest describes it.
struct Endpoint {
    url: String,
    events: Vec<String>,
}

/// What became of an event.
struct Relayed {
    id: String,
    /// How many endpoints want the event.
    endpoints: u32,
    /// How many of the jobs are new: none of them when the event was relayed before.
    enqueued: u32,
}

fn register(plugin: &mut Plugin) {
    for action in ACTIONS {
        plugin.action(action, move |args| on_action(action, args));
    }
    plugin.job("deliver", delivery::deliver);
    plugin.post("/events", |request| authorized(request, post_event));
    plugin.get("/deliveries", |request| authorized(request, |_| list_deliveries()));
}

/// Relays an action. Its first argument is the event's data. The second one, which may be missing, is
/// the event's id.
fn on_action(name: &str, args: &Args) -> Result<()> {
    let data = args.get::<Value>(0)?;
    let id = if args.len() > 1 { args.get::<Option<String>>(1)? } else { None };
    let relayed = relay(name, id, data)?;
    log::info(format!("{name} {}: {} deliveries enqueued", relayed.id, relayed.enqueued));
    Ok(())
}

/// Relays an event that someone posts by hand: `{"event":"...","id":"...","data":...}`.
fn post_event(request: &Request) -> Result<Response> {
    let posted = request.json::<BTreeMap<String, Value>>()?;
    let name = match posted.get("event") {
        Some(Value::String(name)) if !name.is_empty() => name,
        _ => return Ok(Response::text("the body needs an event: its name\n").status(400)),
    };
    let id = match posted.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Ok(Response::text("the id is not a text\n").status(400)),
    };
    let data = posted.get("data").cloned().unwrap_or(Value::Null);
    let relayed = relay(name, id, data)?;
    let answer = Value::object([
        ("id", relayed.id.into()),
        ("endpoints", relayed.endpoints.into()),
        ("enqueued", relayed.enqueued.into()),
    ]);
    Ok(Response::json(answer).status(202))
}

/// Enqueues a delivery for each endpoint that wants the event.
///
/// The idempotency key is made of the event's id and the endpoint's name. So a caller that does not
/// know whether an event was relayed, for example because a quota was used up after the first endpoint,
/// relays it again with the same id: only the deliveries that are missing are enqueued.
fn relay(event: &str, id: Option<String>, data: Value) -> Result<Relayed> {
    let id = match id {
        Some(id) => checked(id)?,
        None => format!("{}-{}", now_ms(), kv::incr("events", 1)?),
    };
    let mut relayed = Relayed { id, endpoints: 0, enqueued: 0 };
    for (name, endpoint) in endpoints()? {
        if !endpoint.wants(event) {
            continue;
        }
        let key = format!("{}/{name}", relayed.id);
        let delivery = Delivery {
            id: relayed.id.clone(),
            event: event.to_owned(),
            endpoint: name,
            data: data.clone(),
        };
        let job = NewJob::new("deliver").args(delivery).idempotency_key(&key);
        relayed.endpoints += 1;
        relayed.enqueued += u32::from(jobs::enqueue(&job)?.created);
    }
    Ok(relayed)
}

/// An id is part of a header and of keys, so not every text can be one.
fn checked(id: String) -> Result<String> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id);
    }
    Err(Error::BadPayload(
        "the id of an event is 1 to 128 printable ASCII characters without spaces".to_owned(),
    ))
}

/// The endpoints of the configuration by name.
fn endpoints() -> Result<BTreeMap<String, Endpoint>> {
    Ok(config::get("endpoints")?.unwrap_or_default())
}

impl FromJson for Endpoint {
    const NAME: &'static str = "an endpoint";

    fn from_json(value: &Value) -> Option<Endpoint> {
        Some(Endpoint {
            url: String::from_json(value.get("url")?)?,
            events: Vec::from_json(value.get("events")?)?,
        })
    }
}

impl Endpoint {
    fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|wanted| wanted == event || wanted == "*")
    }
}

fn list_deliveries() -> Result<Response> {
    Ok(Response::json(Value::object([("deliveries", Value::Array(history::newest()?))])))
}

/// Everyone can call the routes of a plugin, so these ask for the key that the operator set.
fn authorized(
    request: &Request,
    handler: impl Fn(&Request) -> Result<Response>,
) -> Result<Response> {
    let expected = secrets::get("route_key")?.filter(|key| !key.is_empty());
    match (expected, request.header("X-Relay-Key")) {
        (Some(expected), Some(key)) if same(expected.as_bytes(), key.as_bytes()) => {
            handler(request)
        }
        _ => Ok(Response::text(
            "this route needs the header X-Relay-Key with the value of the secret route_key\n",
        )
        .status(403)),
    }
}

/// Compares in a time that does not depend on where two keys differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

gonext::plugin!(register);

#[cfg(test)]
mod tests;
