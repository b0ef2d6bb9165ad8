/** The plugin's own tables, in the host's database. */
import { Rules, internal, parsed, taken, typeName, wrongType } from "./answer";
import { decodeBase64, encodeBase64 } from "./base64";
import { HostResult, HostStatus } from "./call";
import { NewJob } from "./jobs";
import { Json, JsonType } from "./json";

@external("gonext_data", "gn_db_read")
declare function gn_db_read(sql: usize, length: i32, args: usize, argsLength: i32): u64;
@external("gonext_data", "gn_db_write")
declare function gn_db_write(sql: usize, length: i32, args: usize, argsLength: i32): u64;
@external("gonext_data", "gn_db_batch")
declare function gn_db_batch(json: usize, length: i32): u64;

@lazy const STATEMENT = "one SQL statement, and a value for each of its parameters";
@lazy const QUOTA = "see storage.db in manifest.json";
@lazy const READ = new Rules("db.read", STATEMENT, QUOTA);
@lazy const WRITE = new Rules("db.write", STATEMENT, QUOTA);
@lazy const BATCH = new Rules(
  "db.write",
  "each statement has its SQL and a value for each of its parameters",
  QUOTA,
);

/** One of the rows that a statement returned. */
export class Row {
  constructor(
    private readonly columns: Array<string>,
    /** The values in the order of the columns. */
    public readonly values: Array<Json>,
  ) {}

  /** The value of a column, or null when there is no such column. */
  column(name: string): Json | null {
    const place = this.columns.indexOf(name);
    return place < 0 || place >= this.values.length ? null : this.values[place];
  }

  /**
   * The value of a column as a `string`, `bool`, `i32`, `i64`, `f64` or `Json`; WrongType when there is no such
   * column, or its value is not a T. The host writes numbers as text where a reader of JSON might round them;
   * they are numbers here.
   */
  get<T>(name: string): HostResult<T> {
    let value = this.column(name);
    if (value != null && !isReference<T>() && !isBoolean<T>() && value.type == JsonType.Text) {
      const number = Json.parse(String.UTF8.encode(value.as<string>()));
      if (number != null) value = number;
    }
    if (value == null || !value.is<T>()) {
      return wrongType("column " + name, typeName<T>(), Json.NULL.as<T>());
    }
    return new HostResult<T>(HostStatus.Ok, value.as<T>());
  }

  /** The bytes of a binary column; WrongType when there is no such column, or its value is not bytes. */
  bytes(name: string): HostResult<Uint8Array> {
    const value = this.column(name);
    // "?" is not base64.
    const bytes = decodeBase64(value == null || !value.is<string>() ? "?" : value.as<string>());
    return bytes == null
      ? wrongType("column " + name, "bytes", new Uint8Array(0))
      : new HostResult(HostStatus.Ok, bytes);
  }
}

/** What a statement answered: rows, or how many rows it changed. */
export class Rows {
  constructor(
    /** The names of the columns. */
    public readonly columns: Array<string>,
    public readonly rows: Array<Row>,
    /** How many rows the statement changed, or how many it returned. */
    public readonly affected: i64,
    /** Whether there are more rows than the host returns. */
    public readonly truncated: bool,
  ) {}

  static none(): Rows {
    return new Rows([], [], 0, false);
  }

  /** Null for a value that is not the answer of a statement. */
  static of(value: Json): Rows | null {
    const count = value.get("rows_affected");
    const list = value.get("rows");
    const hasCount = count != null && count.is<i64>();
    if (list == null) return hasCount ? new Rows([], [], count!.as<i64>(), false) : null;
    const named = value.get("columns");
    if (list.type != JsonType.Array || named == null || named.type != JsonType.Array) return null;
    const columns = new Array<string>();
    for (let i = 0; i < named.items.length; i++) columns.push(named.items[i].as<string>());
    const rows = new Array<Row>();
    for (let i = 0; i < list.items.length; i++) {
      if (list.items[i].type != JsonType.Array) return null;
      rows.push(new Row(columns, list.items[i].items));
    }
    const truncated = value.get("truncated");
    const affected = hasCount ? count!.as<i64>() : <i64>rows.length;
    return new Rows(columns, rows, affected, truncated != null && truncated.as<bool>());
  }
}

/** Statements that run in one transaction: all of them, or none. */
export class Batch {
  private statements: Array<Json> = [];
  private jobs: Array<Json> = [];

  /** Adds a statement, and returns the batch. */
  execute(sql: string, args: Array<Json> = []): Batch {
    this.statements.push(Json.object().set("sql", Json.text(sql)).set("args", Json.array(args)));
    return this;
  }

  /** Adds a job, which exists if the transaction is committed, and returns the batch. */
  enqueue(job: NewJob): Batch {
    this.jobs.push(job.toJson());
    return this;
  }

  get size(): i32 {
    return this.statements.length;
  }

  toJson(): Json {
    const json = Json.object().set("statements", Json.array(this.statements));
    return this.jobs.length > 0 ? json.set("enqueue", Json.array(this.jobs)) : json;
  }
}

/** A `?` in the SQL stands for an argument. */
export namespace db {
  /** Bytes as an argument of a statement. */
  export function bytes(bytes: Uint8Array): Json {
    return Json.text(encodeBase64(bytes));
  }

  /** Reads rows, in a transaction that changes nothing. Needs the capability `db.read`. */
  export function query(sql: string, args: Array<Json> = []): HostResult<Rows> {
    const text = String.UTF8.encode(sql);
    const json = String.UTF8.encode(Json.array(args).toString());
    const answer = gn_db_read(
      changetype<usize>(text),
      text.byteLength,
      changetype<usize>(json),
      json.byteLength,
    );
    return rowsOf(parsed(taken(answer, READ)));
  }

  /**
   * Changes rows. A statement with `returning` returns some. Needs the capability `db.write`.
   */
  export function execute(sql: string, args: Array<Json> = []): HostResult<Rows> {
    const text = String.UTF8.encode(sql);
    const json = String.UTF8.encode(Json.array(args).toString());
    const answer = gn_db_write(
      changetype<usize>(text),
      text.byteLength,
      changetype<usize>(json),
      json.byteLength,
    );
    return rowsOf(parsed(taken(answer, WRITE)));
  }

  /** Runs statements in one transaction; the value has the result of each. Needs the capability `db.write`. */
  export function batch(batch: Batch): HostResult<Array<Rows>> {
    const json = String.UTF8.encode(batch.toJson().toString());
    const answer = parsed(taken(gn_db_batch(changetype<usize>(json), json.byteLength), BATCH));
    const results = new Array<Rows>();
    if (answer.status != HostStatus.Ok) return new HostResult(answer.status, results);
    const list = answer.value.get("results");
    if (list == null || list.items.length != batch.size) return internal(results);
    for (let i = 0; i < list.items.length; i++) {
      const rows = Rows.of(list.items[i]);
      if (rows == null) return internal(results);
      results.push(rows);
    }
    return new HostResult(HostStatus.Ok, results);
  }

  function rowsOf(answer: HostResult<Json>): HostResult<Rows> {
    if (answer.status != HostStatus.Ok) return new HostResult(answer.status, Rows.none());
    const rows = Rows.of(answer.value);
    return rows == null ? internal(Rows.none()) : new HostResult(HostStatus.Ok, rows);
  }
}
