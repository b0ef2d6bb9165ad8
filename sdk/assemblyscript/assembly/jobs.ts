/** Work that runs later, apart from the call that wants it. */
import { Rules, answered, internal, parsed, taken } from "./answer";
import { HostResult, HostStatus } from "./call";
import { Json } from "./json";

@external("env", "gn_job_enqueue")
declare function gn_job_enqueue(json: usize, length: i32): u64;
@external("env", "gn_cron_register")
declare function gn_cron_register(json: usize, length: i32): i32;

@lazy const LIMITS = "see the limits of this function";
@lazy const ENQUEUE = new Rules(
  "jobs.enqueue",
  "a job has a name, an object of at most 64 KiB, and either a delay or a time",
  LIMITS,
);
@lazy const CRON = new Rules(
  "cron.register",
  "a schedule has five fields or an interval, and fires once a minute or less often",
  LIMITS,
);

/** A job to enqueue: `new NewJob("send").args(Json.int(id)).delayMillis(5000)`. */
export class NewJob {
  private readonly json: Json;

  /** A job of this name in the manifest. */
  constructor(name: string) {
    this.json = Json.object().set("job", Json.text(name));
  }

  /** The arguments: an object. */
  args(args: Json): NewJob {
    return this.set("args", args);
  }

  /** How long it waits at least before it runs. */
  delayMillis(milliseconds: i64): NewJob {
    return this.set("delay_ms", Json.int(milliseconds));
  }

  /** When it runs at the earliest, in place of a delay: `2027-01-01T00:00:00Z`. */
  at(time: string): NewJob {
    return this.set("at", Json.text(time));
  }

  /** Of several jobs with one key, only the first is created. */
  idempotencyKey(key: string): NewJob {
    return this.set("idempotency_key", Json.text(key));
  }

  /** From -100 to 100, 0 by default. A job of a higher priority runs first. */
  priority(priority: i32): NewJob {
    return this.set("priority", Json.int(priority));
  }

  toJson(): Json {
    return this.json;
  }

  private set(name: string, value: Json): NewJob {
    this.json.set(name, value);
    return this;
  }
}

/** A job that was enqueued. */
export class Enqueued {
  constructor(
    public readonly id: string,
    /** False: there was a job with this idempotency key, and `id` is its id. */
    public readonly created: bool,
  ) {}
}

/** A schedule to register: `new Cron("0 4 * * *", "nightly").zone("Europe/Zurich")`. */
export class Cron {
  private readonly json: Json;

  /**
   * A schedule of five fields, or `@hourly` and the like, and the job that it enqueues. Without a job of this
   * name, the host calls the action `plugin.cron.<plugin>.<name>`.
   */
  constructor(schedule: string, job: string) {
    this.json = Json.object().set("schedule", Json.text(schedule)).set("handler_id", Json.text(job));
  }

  /** A schedule by an interval, and the job that it enqueues. */
  static everyMillis(milliseconds: i64, job: string): Cron {
    return new Cron("", job).set("schedule", Json.object().set("every_ms", Json.int(milliseconds)));
  }

  /** The time zone of the five fields, such as `Europe/Zurich`. */
  zone(zone: string): Cron {
    return this.set("zone", Json.text(zone));
  }

  /** The arguments of the job. */
  args(args: Json): Cron {
    return this.set("args", args);
  }

  /** What happens with the runs that the host missed: `none`, `once` or `all`. */
  catchUp(which: string): Cron {
    return this.set("catch_up", Json.text(which));
  }

  toJson(): Json {
    return this.json;
  }

  private set(name: string, value: Json): Cron {
    this.json.set(name, value);
    return this;
  }
}

/** A run of a job. */
export class Run {
  private constructor(
    public readonly id: string,
    public readonly name: string,
    public readonly args: Json,
    /** The same in all attempts of one job. */
    public readonly idempotencyKey: string,
    /** 1 in the first attempt. */
    public readonly attempt: i32,
    /** When it was to run, since 1970; 0 when the host does not say it. */
    public readonly scheduledAtMillis: i64,
    /** How long this attempt may take; 0 when the host does not say it. */
    public readonly deadlineMillis: i64,
  ) {}

  /** Null for a value that is not the payload of a job. */
  static of(name: string, payload: Json): Run | null {
    const kind = payload.get("kind");
    const id = payload.get("id");
    const args = payload.get("args");
    if (kind == null || kind.as<string>() != "job" || id == null || !id.is<string>() || args == null) {
      return null;
    }
    const attempt = payload.get("attempt");
    const key = payload.get("idempotency_key");
    return new Run(
      id.as<string>(),
      name,
      args,
      key == null ? "" : key.as<string>(),
      attempt == null || !attempt.is<i32>() ? 1 : attempt.as<i32>(),
      numberOf(payload, "scheduled_at"),
      numberOf(payload, "deadline_ms"),
    );
  }
}

function numberOf(payload: Json, name: string): i64 {
  const member = payload.get(name);
  return member == null ? 0 : member.as<i64>();
}

export namespace jobs {
  /** Enqueues a job. It is stored when this returns. Needs the capability `jobs.enqueue`. */
  export function enqueue(job: NewJob): HostResult<Enqueued> {
    const json = String.UTF8.encode(job.toJson().toString());
    const answer = parsed(taken(gn_job_enqueue(changetype<usize>(json), json.byteLength), ENQUEUE));
    const none = new Enqueued("", false);
    if (answer.status != HostStatus.Ok) return new HostResult(answer.status, none);
    const id = answer.value.get("id");
    const created = answer.value.get("created");
    if (id == null || !id.is<string>() || created == null || !created.is<bool>()) return internal(none);
    return new HostResult(HostStatus.Ok, new Enqueued(id.as<string>(), created.as<bool>()));
  }

  /**
   * Registers a schedule. A schedule with the same job replaces the one before. Needs the capability
   * `cron.register`.
   */
  export function schedule(cron: Cron): HostStatus {
    const json = String.UTF8.encode(cron.toJson().toString());
    return answered(gn_cron_register(changetype<usize>(json), json.byteLength), CRON);
  }
}
