//! The plugin of `./campaign soak`. Each route answers with what the client sent and with the version
//! that served it, so that a lost, a doubled or a mixed answer is seen.

use gonext::db::{self, Batch};
use gonext::jobs::NewJob;
use gonext::{fetch, kv, params, FetchRequest, Job, Plugin, Request, Response, Result, Value};

/// As in the manifest; the campaign makes a second version.
const VERSION: &str = "1.0.0";

/// As in the manifest; the campaign puts its own server here.
const ORIGIN: &str = "http://127.0.0.1:80";

fn register(plugin: &mut Plugin) {
    plugin.filter("soak.echo", |id: String, _| Ok(format!("{id} {VERSION}")));
    plugin.get("/echo/{id}", |request| Ok(answer(request.param("id")?)));
    plugin.post("/count", |_| Ok(answer(&kv::incr("count", 1)?.to_string())));
    plugin.post("/order/{id}", place);
    plugin.get("/fetch/{id}", forward);
    plugin.get("/trap", |_| panic!("as asked"));
    plugin.get("/spin", |_| spin());
    plugin.get("/totals", |_| totals());
    plugin.get("/ids/{table}", ids);
    plugin.job("ship", ship);
}

fn answer(text: &str) -> Response {
    Response::text(format!("{text} {VERSION}"))
}

/// Writes a row and enqueues its job in one transaction.
fn place(request: &Request) -> Result<Response> {
    let id = request.param("id")?;
    let job = NewJob::new("ship").args(Value::object([("id", id.into())])).idempotency_key(id);
    let insert = "insert into placed (id) values (?)";
    db::batch(&Batch::new().execute(insert, params![id]).enqueue(&job))?;
    Ok(answer(id))
}

/// An attempt that was cut off may run again: the key makes the effect happen once.
fn ship(job: &Job) -> Result<()> {
    let args = job.args::<Value>()?;
    let id = args.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let there = db::query("select id from shipped where id = ?", params![id.as_str()])?;
    if there.is_empty() {
        db::execute("insert into shipped (id) values (?)", params![id.as_str()])?;
    }
    Ok(())
}

fn forward(request: &Request) -> Result<Response> {
    let url = format!("{ORIGIN}/{}", request.param("id")?);
    Ok(answer(fetch(&FetchRequest::get(&url))?.text()?))
}

/// Until the host's time limit.
fn spin() -> Result<Response> {
    let mut x = 1_u64;
    while x != 0 {
        x = std::hint::black_box(x.wrapping_mul(6_364_136_223_846_793_005) | 1);
    }
    Ok(answer("never"))
}

/// How much of everything there is.
fn totals() -> Result<Response> {
    let count = |table: &str| -> Result<Value> {
        let rows = db::query(&format!("select count(*) as n from {table}"), &[])?;
        let row = rows.first().ok_or(gonext::Error::Failed("no row".to_owned()))?;
        Ok(row.get::<i64>("n")?.into())
    };
    let counted = kv::get_text("count")?.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    Ok(Response::json(Value::object([
        ("count", counted.into()),
        ("placed", count("placed")?),
        ("shipped", count("shipped")?),
    ])))
}

/// The ids of a table after the one in the query, in order.
fn ids(request: &Request) -> Result<Response> {
    let table = match request.param("table")? {
        "placed" => "placed",
        "shipped" => "shipped",
        other => return Err(gonext::Error::BadPayload(format!("no table {other}"))),
    };
    let after = request.query_param("after").unwrap_or_default();
    let sql = format!("select id from {table} where id > ? order by id limit 1000");
    let rows = db::query(&sql, params![after])?;
    let ids: Vec<Value> =
        rows.iter().map(|row| Ok(row.get::<String>("id")?.into())).collect::<Result<_>>()?;
    Ok(Response::json(Value::Array(ids)))
}

gonext::plugin!(register);
