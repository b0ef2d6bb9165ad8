//! What sdk/vectors/README.md describes, with the Rust SDK.

use gonext::db::{Batch, Rows};
use gonext::jobs::{Cron, NewJob};
use gonext::{
    app, audit, cache, config, db, events, ext_value, fetch, i18n, jobs, kv, log, metrics, now_ms,
    params, secrets, span, Args, Error, ErrorKind, FetchRequest, HostError, Job, Plugin, Request,
    Response, Result, Value,
};

fn register(plugin: &mut Plugin) {
    plugin.filter("echo", |value: Value, _| Ok(value));
    plugin.filter("text", |text: String, _| Ok(text + "!"));
    plugin.filter("int", |number: i64, _| Ok(number));
    plugin.filter("float", |number: f64, _| Ok(number * 2.0));
    plugin.filter("bool", |value: bool, _| Ok(!value));
    plugin.filter("args", |text: String, args: &Args| {
        Ok(format!("{text}|{}|{}", args.get::<String>(0)?, args.get::<i64>(1)?))
    });

    plugin.filter("ext_value", |text: String, _| Ok(ext_value(&text)));

    plugin.action("log", write_line);
    plugin.action("audit", |args| Ok(audit(&args.get::<String>(0)?, args.get::<Value>(1)?)?));
    plugin.filter("time", |_: Value, _| Ok(now_ms()));

    plugin.filter("kv.get", |key: String, _| Ok(kv::get_text(&key)?));
    plugin.action("kv.set", |args| Ok(kv::set(&args.get::<String>(0)?, args.get::<String>(1)?)?));
    plugin.filter("kv.del", |key: String, _| Ok(kv::del(&key)?));
    plugin.filter("kv.incr", |key: String, args: &Args| Ok(kv::incr(&key, args.get(0)?)?));
    plugin.filter("kv.error", |key: String, _| Ok(name_of(kv::set(&key, ""))));

    plugin.filter("config.get", |key: String, _| Ok(config::get::<Value>(&key)?));
    plugin.filter("config.text", |key: String, args: &Args| {
        Ok(config::text(&key, &args.get::<String>(0)?)?)
    });
    plugin.filter("config.int", |key: String, args: &Args| Ok(config::int(&key, args.get(0)?)?));
    plugin.filter("config.bool", |key: String, args: &Args| Ok(config::bool(&key, args.get(0)?)?));
    plugin.filter("config.error", |key: String, _| Ok(name_of(config::int(&key, 0))));
    plugin.filter("secrets.get", |name: String, _| Ok(secrets::get(&name)?));
    plugin.filter("app.call", |request: Value, args: &Args| {
        Ok(app::call::<Value>(&args.get::<String>(0)?, request)?)
    });
    plugin
        .filter("app.error", |name: String, _| Ok(name_of(app::call::<Value>(&name, Value::Null))));
    plugin.filter("fetch", |url: String, args: &Args| {
        let request = match args.get::<String>(0)?.as_str() {
            "GET" => FetchRequest::get(&url).header("Accept", "text/plain"),
            "PUT" => FetchRequest::put(&url).header("Content-Type", "-").body("text/plain", "ü"),
            "DELETE" => FetchRequest::delete(&url),
            "POST" => FetchRequest::post(&url)
                .json(Value::object([("a", 1.into())]))
                .header("X-Key", "{{secret:KEY}}")
                .timeout_ms(2500),
            method => FetchRequest::new(method, &url),
        };
        let response = fetch(&request)?;
        Ok(format!(
            "{}|{}|{}",
            response.status(),
            response.header("X-Kind").unwrap_or("none"),
            String::from_utf8_lossy(response.body())
        ))
    });
    plugin.filter("fetch.error", |url: String, _| Ok(name_of(fetch(&FetchRequest::get(&url)))));

    data(plugin);
    platform(plugin);
    run_jobs(plugin);

    plugin.filter("fail", |text: String, _| Err::<Value, _>(Error::Failed(text)));
    plugin.filter("refuse", |text: String, _| Err::<Value, _>(Error::BadPayload(text)));
    plugin.filter("panic", |text: String, _| -> Result<Value> { panic!("{text}") });

    plugin.get("/hello/{name}", |request| {
        Ok(Response::text(format!("Hello, {}!", request.param("name")?)))
    });
    for path in ["/hello/world", "/hello/caf%C3%A9"] {
        plugin.get(path, |_| Ok(Response::html("<p>Hello, literal!</p>")));
    }
    plugin.post("/echo", |request| {
        let content_type = request.header("content-type").unwrap_or("application/octet-stream");
        Ok(Response::new(content_type, request.body()).header("X-Method", request.method()))
    });
    plugin.post("/twice", |request| {
        let body: Value = request.json()?;
        let number = body.get("a").and_then(gonext::FromJson::from_json);
        let number: i64 = number.ok_or_else(|| Error::bad_payload("a is not an integer"))?;
        Ok(Response::json(Value::object([("a", (2 * number).into())])))
    });
    plugin.get("/query", |request: &Request| {
        Ok(Response::text(request.query_param("x").unwrap_or_else(|| "none".to_owned())))
    });
    plugin.put("/items/{id}", |request| {
        Ok(Response::text(format!("put {}", request.param("id")?)).status(201))
    });
    plugin.delete("/items/{id}", |_| Ok(Response::empty(204)));
    plugin.get("/fail", |_| Err(Error::failed("no")));
}

fn data(plugin: &mut Plugin) {
    plugin.filter("kv.set_if_absent", |key: String, args: &Args| {
        Ok(kv::set_if_absent(&key, args.get::<String>(0)?)?)
    });
    plugin.filter("db.query", |sql: String, args: &Args| {
        Ok(lines(&db::query(&sql, &args.get::<Vec<Value>>(0)?)?)?)
    });
    plugin.filter("db.returning", |sql: String, args: &Args| {
        Ok(lines(&db::execute_returning(&sql, &args.get::<Vec<Value>>(0)?)?)?)
    });
    plugin.filter("db.execute", |sql: String, args: &Args| {
        Ok(db::execute(&sql, &args.get::<Vec<Value>>(0)?)?)
    });
    plugin.filter("db.batch", |name: String, _| {
        let args = Value::object([("name", name.as_str().into())]);
        let batch = Batch::new()
            .execute("insert into t (name) values (?)", params![name])
            .execute("delete from u", params![])
            .enqueue(&NewJob::new("after").args(args));
        let counts: Vec<String> =
            db::batch(&batch)?.iter().map(|rows| rows.rows_affected().to_string()).collect();
        Ok(counts.join("|"))
    });
    plugin.filter("db.bytes", |sql: String, args: &Args| {
        let bytes = db::bytes(args.get::<String>(0)?.as_bytes());
        let rows = db::query(&sql, params![bytes])?;
        let row = rows.first().ok_or_else(|| Error::failed("no row"))?;
        Ok(String::from_utf8_lossy(&row.bytes("data")?).into_owned())
    });
    plugin.filter("db.error", |sql: String, _| Ok(name_of(db::execute(&sql, params![]))));
    plugin.filter("db.reason", |sql: String, _| {
        let error = match db::execute(&sql, params![]) {
            Ok(_) => return Ok("none".to_owned()),
            Err(error) => error,
        };
        let message = error.message().unwrap_or("none");
        Ok(format!("{}|{message}|{}", error.status(), error.sqlstate().unwrap_or("none")))
    });
}

fn lines(rows: &Rows) -> std::result::Result<String, HostError> {
    let mut lines = Vec::new();
    for row in rows.iter() {
        let name: Option<String> = row.get("name")?;
        lines.push(format!("{}={}", row.get::<i64>("id")?, name.as_deref().unwrap_or("none")));
    }
    if rows.is_truncated() {
        lines.push("...".to_owned());
    }
    Ok(lines.join(";"))
}

fn platform(plugin: &mut Plugin) {
    plugin.action("events.emit", |args| {
        Ok(events::emit(&args.get::<String>(0)?, args.get::<Value>(1)?)?)
    });
    plugin.action("span.event", |args| {
        Ok(span::event(&args.get::<String>(0)?, args.get::<Value>(1)?)?)
    });
    plugin.action("cache.invalidate", |args| {
        let tags: Vec<String> = args.get(0)?;
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        Ok(cache::invalidate(&tags)?)
    });
    plugin.action("metrics.observe", |args| {
        let kind: Option<String> = args.get(2)?;
        let labels: Vec<(&str, &str)> = kind.iter().map(|kind| ("kind", kind.as_str())).collect();
        Ok(metrics::observe(&args.get::<String>(0)?, args.get(1)?, &labels)?)
    });
    plugin.filter("i18n.translate", |key: String, args: &Args| {
        Ok(i18n::translate(&key, &args.get::<String>(0)?)?)
    });
    plugin.filter("i18n.format", |key: String, args: &Args| {
        let count = Value::object([("count", args.get::<i64>(1)?.into())]);
        Ok(i18n::format(&key, &args.get::<String>(0)?, count)?)
    });
}

fn run_jobs(plugin: &mut Plugin) {
    plugin.filter("jobs.enqueue", |value: Value, args: &Args| {
        let job = match value {
            Value::Null => NewJob::new("send"),
            value => NewJob::new("send").args(value),
        };
        let job = match args.get::<String>(0)?.as_str() {
            "full" => job.delay_ms(1500).idempotency_key("k ü").priority(-5),
            "at" => job.at("2027-01-01T00:00:00Z"),
            _ => job,
        };
        let enqueued = jobs::enqueue(&job)?;
        Ok(format!("{}|{}", enqueued.id, enqueued.created))
    });
    plugin.action("cron.register", |args| {
        let cron = Cron::new("0 4 * * *", "nightly");
        let cron = match args.get::<String>(0)?.as_str() {
            "full" => {
                cron.zone("Europe/Zurich").args(Value::object([("a", 1.into())])).catch_up("once")
            }
            "every" => Cron::every_ms(60_000, "tick"),
            _ => cron,
        };
        Ok(jobs::schedule(&cron)?)
    });
    plugin.job("echo", |job: &Job| {
        log::info(format!(
            "{}|{}|{}|{}|{}|{}|{}",
            job.id(),
            job.name(),
            job.args::<Value>()?.to_json(),
            job.idempotency_key(),
            job.attempt(),
            job.scheduled_at_ms(),
            job.deadline_ms()
        ));
        Ok(())
    });
    plugin.job("fail", |job| Err(Error::Failed(job.args()?)));
    plugin.job("refuse", |job| Err(Error::BadPayload(job.args()?)));
    plugin.job("later", |job| Err(Error::retry_in(job.args()?, "not yet")));
    plugin.job("panic", |job| panic!("{}", job.args::<String>()?));
    plugin.job("once", |job| {
        if !kv::set_if_absent(&format!("done:{}", job.idempotency_key()), job.id())? {
            return Ok(());
        }
        log::info("the effect");
        Ok(())
    });
}

fn name_of<T>(answer: std::result::Result<T, HostError>) -> &'static str {
    match answer.map_err(|error| error.kind()) {
        Ok(_) => "none",
        Err(ErrorKind::Denied) => "denied",
        Err(ErrorKind::Internal) => "internal",
        Err(ErrorKind::BadArguments) => "bad arguments",
        Err(ErrorKind::NotFound) => "not found",
        Err(ErrorKind::Quota) => "quota",
        Err(ErrorKind::Conflict) => "conflict",
        Err(ErrorKind::RateLimited) => "rate limited",
        Err(ErrorKind::TimedOut) => "timed out",
        Err(ErrorKind::Rejected) => "rejected",
        Err(ErrorKind::Blocked) => "blocked",
        Err(ErrorKind::UpstreamFailed) => "upstream failed",
        Err(ErrorKind::WrongType) => "wrong type",
        Err(_) => "other",
    }
}

fn write_line(args: &Args) -> Result<()> {
    let text: String = args.get(1)?;
    match args.get(0)? {
        0 => log::debug(text),
        1 => log::info(text),
        2 => log::warn(text),
        3 => log::error(text),
        level => return Err(Error::failed(format!("no level {level}"))),
    }
    Ok(())
}

gonext::plugin!(register);
