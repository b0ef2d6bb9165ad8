//! What sdk/vectors/README.md describes, with the Rust SDK.

use gonext::{
    app, audit, config, ext_value, fetch, kv, log, now_ms, secrets, Args, Error, FetchRequest,
    HostError, Plugin, Request, Response, Result, Value,
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

fn name_of<T>(answer: std::result::Result<T, HostError>) -> &'static str {
    match answer {
        Ok(_) => "none",
        Err(HostError::Denied(_)) => "denied",
        Err(HostError::Internal) => "internal",
        Err(HostError::BadArguments(_)) => "bad arguments",
        Err(HostError::NotFound) => "not found",
        Err(HostError::Quota(_)) => "quota",
        Err(HostError::RateLimited(_)) => "rate limited",
        Err(HostError::TimedOut) => "timed out",
        Err(HostError::Blocked(_)) => "blocked",
        Err(HostError::UpstreamFailed(_)) => "upstream failed",
        Err(HostError::WrongType(_)) => "wrong type",
        Err(HostError::Other(_)) => "other",
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
