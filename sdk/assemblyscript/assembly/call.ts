import { Json } from "./json";

/** What a call answers. */
export enum Status {
  Ok = 0,
  /** The handler could not do it. */
  Error = -1,
  /** The payload is not of the shape that the handler takes; from a route: 400. */
  BadPayload = -3,
  /** No handler has this name. */
  UnknownHook = -4,
}

/** What a function of the host answers; other values below zero may come. */
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
}

/** One hook being run. */
export class Call {
  status: Status = Status.Ok;
  reason: string = "";

  constructor(
    public readonly hook: string,
    public readonly args: Array<Json>,
  ) {}

  /**
   * Says that this call fails, and why: the text goes to the plugin's log, and what the handler
   * returns does not count. Where it fails twice, the first counts.
   */
  fail(status: Status, reason: string): void {
    if (this.status == Status.Ok) {
      this.status = status;
      this.reason = reason;
    }
  }

  /**
   * The argument at `index`, from 0, as a `string`, `bool`, `i32`, `i64`, `f64` or `Json`. Where there
   * is none, or one of another type, the call fails with a bad payload, and this is a zero of T.
   */
  arg<T>(index: i32): T {
    if (index < 0 || index >= this.args.length || !this.args[index].is<T>()) {
      this.fail(Status.BadPayload, "argument " + index.toString() + " is missing or of another type");
      return Json.NULL.as<T>();
    }
    return this.args[index].as<T>();
  }
}
