//! The job `deliver`: one event to one endpoint.

use gonext::{
    events, fetch, kv, log, metrics, now_ms, Error, ErrorKind, FetchRequest, FetchResponse,
    FromJson, HostError, Job, Result, Value,
};

use crate::{endpoints, history, retry_after};

/// After so many attempts the job is dead: `max_attempts` in the manifest.
pub const MAX_ATTEMPTS: u32 = 8;

/// How long an endpoint may take to answer.
const TIMEOUT_MS: u32 = 4_000;

/// The arguments of the job. An endpoint's URL is not among them: each attempt takes it from the
/// configuration, so an operator can correct it while a delivery waits.
pub struct Delivery {
    pub id: String,
    pub event: String,
    /// The endpoint's name.
    pub endpoint: String,
    pub data: Value,
}

impl From<Delivery> for Value {
    fn from(delivery: Delivery) -> Value {
        Value::object([
            ("id", delivery.id.into()),
            ("event", delivery.event.into()),
            ("endpoint", delivery.endpoint.into()),
            ("data", delivery.data),
        ])
    }
}

impl FromJson for Delivery {
    const NAME: &'static str = "a delivery";

    fn from_json(value: &Value) -> Option<Delivery> {
        let text = |name: &str| String::from_json(value.get(name)?);
        Some(Delivery {
            id: text("id")?,
            event: text("event")?,
            endpoint: text("endpoint")?,
            data: value.get("data")?.clone(),
        })
    }
}

/// What an attempt came to.
#[derive(Debug, PartialEq)]
enum Verdict {
    Delivered,
    /// Try again: after this time, or else after the job's backoff.
    Retry(Option<u64>, String),
    GiveUp(String),
}

/// Runs one attempt.
///
/// A job runs at least once. It runs again when its node goes down after the request was sent and
/// before the host stored the result. An endpoint knows such a repetition by the header `Webhook-Id`.
/// On this side a delivery counts once: only the attempt that sets the key-value entry reports it.
pub fn deliver(job: &Job) -> Result<()> {
    let delivery = job.args::<Delivery>()?;
    let key = job.idempotency_key();
    let delivered = format!("delivered:{key}");
    if kv::get(&delivered)?.is_some() {
        return Ok(());
    }
    let verdict = match endpoints()?.get(&delivery.endpoint) {
        Some(endpoint) => judge(fetch(&delivery.request(&endpoint.url, key)), now_ms()),
        None => Verdict::GiveUp("the endpoint is no longer configured".to_owned()),
    };
    match verdict {
        Verdict::Delivered => {
            if kv::set_if_absent(&delivered, "")? {
                delivery.report("delivered", job.attempt(), "");
            }
            Ok(())
        }
        Verdict::Retry(after, reason) if job.attempt() < MAX_ATTEMPTS => {
            count("retried");
            let reason = format!("{key}: {reason}");
            Err(match after {
                Some(milliseconds) => Error::RetryIn(milliseconds, reason),
                None => Error::Failed(reason),
            })
        }
        Verdict::Retry(_, reason) | Verdict::GiveUp(reason) => {
            delivery.report("failed", job.attempt(), &reason);
            // The status of a bad payload makes the job dead without another attempt. An operator
            // who has removed the cause can still retry it.
            Err(Error::BadPayload(format!("{key}: {reason}")))
        }
    }
}

/// Decides by the answer of the endpoint, or by the failure that there is in its place.
fn judge(answer: std::result::Result<FetchResponse, HostError>, now_ms: i64) -> Verdict {
    match answer {
        Ok(response) => match response.status() {
            200..=299 => Verdict::Delivered,
            status @ (408 | 425 | 429 | 500..=599) => {
                let after = response.header("Retry-After");
                let after = after.and_then(|text| retry_after::milliseconds(text, now_ms));
                Verdict::Retry(after, format!("the endpoint answered {status}"))
            }
            status => Verdict::GiveUp(format!("the endpoint answered {status}")),
        },
        // Another attempt would be refused too: the configuration or the manifest must change.
        Err(error) if matches!(error.kind(), ErrorKind::Blocked | ErrorKind::BadArguments) => {
            Verdict::GiveUp(error.to_string())
        }
        Err(error) => Verdict::Retry(None, error.to_string()),
    }
}

impl Delivery {
    /// The host puts the token into the header. The plugin never has it.
    fn request(&self, url: &str, key: &str) -> FetchRequest {
        let event = Value::object([
            ("id", self.id.as_str().into()),
            ("event", self.event.as_str().into()),
            ("data", self.data.clone()),
        ]);
        FetchRequest::post(url)
            .header("Authorization", "Bearer {{secret:relay_token}}")
            .header("Webhook-Id", key)
            .json(event)
            .timeout_ms(TIMEOUT_MS)
    }

    /// Tells the world how the delivery ended. What fails here goes to the log and no further: a failed
    /// attempt would send the request again.
    fn report(&self, outcome: &str, attempt: u32, reason: &str) {
        count(outcome);
        let mut ended = Value::object([
            ("id", self.id.as_str().into()),
            ("event", self.event.as_str().into()),
            ("endpoint", self.endpoint.as_str().into()),
            ("attempt", attempt.into()),
            ("reason", reason.into()),
        ]);
        logged("the history", history::add(outcome, ended.clone()));
        if let Value::Object(members) = &mut ended {
            // A job that gives up ends with an error, and of its events the host delivers only those
            // that it has stored.
            members.push(("durable".to_owned(), (outcome == "failed").into()));
        }
        logged("the event", events::emit(outcome, ended));
    }
}

fn count(outcome: &str) {
    logged("the metric", metrics::observe("webhook_attempts", 1.0, &[("outcome", outcome)]));
}

fn logged(what: &str, result: std::result::Result<(), HostError>) {
    if let Err(error) = result {
        log::warn(format!("{what}: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Verdict {
        judge(Ok(FetchResponse::new(status, "")), 0)
    }

    #[test]
    fn a_status_decides_whether_it_is_tried_again() {
        for status in [200, 202, 204] {
            assert_eq!(answered(status), Verdict::Delivered);
        }
        for status in [408, 425, 429, 500, 503, 599] {
            assert!(matches!(answered(status), Verdict::Retry(None, _)), "{status}");
        }
        for status in [304, 400, 401, 404, 410, 422] {
            assert!(matches!(answered(status), Verdict::GiveUp(_)), "{status}");
        }
    }

    #[test]
    fn the_endpoint_says_when_to_come_again() {
        for status in [429, 503] {
            let answer = FetchResponse::new(status, "").with_header("Retry-After", "7");
            assert!(matches!(judge(Ok(answer), 0), Verdict::Retry(Some(7_000), _)));
        }
    }

    #[test]
    fn a_failure_of_the_network_is_tried_again_and_a_blocked_url_is_not() {
        for kind in [ErrorKind::UpstreamFailed, ErrorKind::RateLimited, ErrorKind::Denied] {
            assert!(matches!(judge(Err(kind.into()), 0), Verdict::Retry(None, _)), "{kind:?}");
        }
        for kind in [ErrorKind::Blocked, ErrorKind::BadArguments] {
            assert!(matches!(judge(Err(kind.into()), 0), Verdict::GiveUp(_)), "{kind:?}");
        }
    }
}
