import { Json } from "./json";

/** The status of a call. */
export enum Status {
  Ok = 0,
  /** The handler failed. */
  Error = -1,
  /** The payload does not have the form that the handler expects. A route answers 400. */
  BadPayload = -3,
  /** The plugin has no handler of this name. */
  UnknownHook = -4,
}

/** The status of a function of the host. A newer host may return other negative values. */
export enum HostStatus {
  Ok = 0,
  /** The manifest does not request the capability, or the operator has not granted it. */
  Denied = -1,
  /** The host failed, or has no such function. */
  Internal = -2,
  BadArguments = -3,
  NotFound = -4,
  /** The plugin's quota is used up. */
  Quota = -5,
  /** The change is in conflict with what is there, or with another change. */
  Conflict = -11,
  /** Too many calls. */
  RateLimited = -12,
  /** The function took too long. It may have run or not. */
  TimedOut = -13,
  /** The database rejected the statement. */
  Rejected = -14,
  // The host sends none of the following numbers: the functions of this SDK return them.
  /** The host does not send the request. */
  Blocked = -101,
  /** No complete answer came from the other server. */
  UpstreamFailed = -102,
  /** The value that the host returned is not of the wanted type. */
  WrongType = -103,
}

/** The result of a function of the host. The value is valid when the status is Ok. */
export class HostResult<T> {
  constructor(
    public readonly status: HostStatus,
    public readonly value: T,
  ) {}
}

/** One call of a hook, or one run of a job. */
export class Call {
  status: Status = Status.Ok;
  reason: string = "";
  /** For a job: when it wants to run again. -1: it does not. */
  retryMillis: i64 = -1;

  constructor(
    public readonly hook: string,
    public readonly args: Array<Json>,
  ) {}

  /**
   * Makes this call fail. The reason goes to the plugin's log, and the host ignores what the handler
   * returns. After a second call of this method, the first reason stays.
   */
  fail(status: Status, reason: string): void {
    if (this.status == Status.Ok) {
      this.status = status;
      this.reason = reason;
    }
  }

  /** For a job that wants to run again after so many milliseconds. The reason goes to the plugin's log. */
  retryIn(milliseconds: i64, reason: string): void {
    this.retryMillis = max<i64>(milliseconds, 0);
    this.reason = reason;
  }

  /**
   * The argument at `index`, from 0, as a `string`, `bool`, `i32`, `i64`, `f64` or `Json`. When it
   * is missing or of another type, the call fails with a bad payload, and this returns a zero of T.
   */
  arg<T>(index: i32): T {
    if (index < 0 || index >= this.args.length || !this.args[index].is<T>()) {
      this.fail(Status.BadPayload, "argument " + index.toString() + " is missing or of another type");
      return Json.NULL.as<T>();
    }
    return this.args[index].as<T>();
  }
}
