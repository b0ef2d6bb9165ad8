/** What functions of the host answer, and why they fail. */
import { HostResult, HostStatus } from "./call";
import { Json } from "./json";

@external("env", "gn_last_error")
declare function gn_last_error(): u64;

/**
 * The limits of a function of the host, for its error messages. The quota is the one of a rate too. All are
 * lazy: a plugin links only those that it uses.
 */
export class Rules {
  constructor(
    public readonly capability: string,
    public readonly args: string,
    public readonly quota: string,
  ) {}
}

// The last failure: its kind, what this SDK knows of it, and whether the host may say more.
let kind: string = "";
let rule: string = "";
let asks: bool = false;

/**
 * Why the last failed function of the host failed, with the host's reason, or the capability or the limit, as a
 * text for people: `call.fail(Status.Error, hostProblem())`.
 */
export function hostProblem(): string {
  const reason = hostReason();
  const message = textOf(reason, "message");
  const sqlState = textOf(reason, "sqlstate");
  const detail = message == "" ? rule : message;
  return kind + (detail == "" ? "" : ": " + detail) + (sqlState == "" ? "" : " (SQLSTATE " + sqlState + ")");
}

/**
 * What the host says of the last failure: an object with `code`, `message`, and for a database `sqlstate`. Null
 * when the host says nothing.
 */
export function hostReason(): Json | null {
  if (!asks) return null;
  const answer = body(gn_last_error());
  return answer.value.length > 0 ? Json.parse(answer.value.buffer) : null;
}

function textOf(value: Json | null, name: string): string {
  if (value == null) return "";
  const member = value.get(name);
  return member == null ? "" : member.as<string>();
}

function failed(status: HostStatus, newKind: string, newRule: string): HostStatus {
  kind = newKind;
  rule = newRule;
  asks = true;
  return status;
}

/** A failure that this SDK finds in an answer. */
function found(status: HostStatus, newKind: string, newRule: string): HostStatus {
  failed(status, newKind, newRule);
  asks = false;
  return status;
}

/** Keeps the problem, and returns the status. */
export function answered(status: HostStatus, rules: Rules): HostStatus {
  switch (status) {
    case HostStatus.Ok:
      return status;
    case HostStatus.Denied:
      return failed(
        status,
        "denied by the host",
        "the capability " + rules.capability + " is not requested in manifest.json or not granted",
      );
    case HostStatus.Internal:
      return failed(status, "the host failed", "");
    case HostStatus.BadArguments:
      return failed(status, "the host did not accept the arguments", rules.args);
    case HostStatus.NotFound:
      return failed(status, "not found", "");
    case HostStatus.Quota:
      return failed(status, "the quota is used up", rules.quota);
    case HostStatus.Conflict:
      return failed(status, "conflict with what is there", "");
    case HostStatus.RateLimited:
      return failed(status, "the rate limit is reached", rules.quota);
    case HostStatus.TimedOut:
      return failed(status, "timed out: the function may have run or not", "");
    case HostStatus.Rejected:
      return failed(status, "rejected by the database", "");
    default:
      return failed(status, "the host answered " + status.toString(), "");
  }
}

/** Keeps the problem, and returns the status, for a status of `env_net`. */
export function netAnswered(status: i32): HostStatus {
  switch (status) {
    case 0:
      return HostStatus.Ok;
    case -1:
      return failed(
        HostStatus.BadArguments,
        "the host did not accept the arguments",
        "a request has a method, a URL of http or https, and headers that HTTP allows; in JSON it has" +
          " at most 1 MiB",
      );
    case -2:
      return failed(
        HostStatus.Denied,
        "denied by the host",
        "the capability http.fetch is not requested in manifest.json or not granted",
      );
    case -3:
      return failed(
        HostStatus.Blocked,
        "blocked by the host",
        "the URL's origin is not in http.fetch.allow in manifest.json, or the operator does not allow its" +
          " address",
      );
    case -4:
      return failed(
        HostStatus.RateLimited,
        "the rate limit is reached",
        "see http.fetch.rate_per_minute in manifest.json",
      );
    case -5:
      return failed(HostStatus.UpstreamFailed, "the request failed", INCOMPLETE);
    case -6:
      return failed(HostStatus.NotFound, "not found", "");
    case -7:
      return failed(HostStatus.Internal, "the host failed", "");
    default:
      // One that no function of this SDK has a name for.
      return failed(<HostStatus>-100, "the host answered " + status.toString(), "");
  }
}

@lazy const INCOMPLETE = "the server did not give a complete answer in time";

/** Keeps the problem of a request for which no answer came. */
export function upstreamFailed(): HostStatus {
  return found(HostStatus.UpstreamFailed, "the request failed", INCOMPLETE);
}

/** What the host answered is not what it should be. */
export function internal<T>(value: T): HostResult<T> {
  return new HostResult<T>(found(HostStatus.Internal, "the host failed", ""), value);
}

/** What the host answered is not of the wanted type. */
export function wrongType<T>(subject: string, wanted: string, value: T): HostResult<T> {
  const problem = subject + " is not " + wanted;
  return new HostResult<T>(found(HostStatus.WrongType, "the host's value has another type", problem), value);
}

/** With its article. */
export function typeName<T>(): string {
  if (isString<T>()) {
    return "a text";
  } else if (isReference<T>()) {
    return "a value";
  } else if (isBoolean<T>()) {
    return "a boolean";
  } else if (isFloat<T>()) {
    return "a number";
  } else {
    return "an integer in range";
  }
}

/** The JSON of an answer. */
export function parsed(answer: HostResult<Uint8Array>): HostResult<Json> {
  if (answer.status != HostStatus.Ok) return new HostResult(answer.status, Json.NULL);
  const value = Json.parse(answer.value.buffer);
  return value == null ? internal<Json>(Json.NULL) : new HostResult(HostStatus.Ok, value);
}

export function taken(packed: u64, rules: Rules): HostResult<Uint8Array> {
  const answer = body(packed);
  answered(answer.status, rules);
  return answer;
}

/** Copies the body of a packed answer and frees its block. Without a body: its status. */
export function body(packed: u64): HostResult<Uint8Array> {
  const block = <usize>(packed >> 32);
  const length = <i32>packed;
  if (block == 0) {
    const status: HostStatus = length < 0 ? length : HostStatus.Ok;
    return new HostResult(status, new Uint8Array(0));
  }
  const bytes = new Uint8Array(length);
  memory.copy(bytes.dataStart, block, length);
  heap.free(block);
  return new HostResult(HostStatus.Ok, bytes);
}
