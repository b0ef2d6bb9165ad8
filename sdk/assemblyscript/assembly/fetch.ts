import { internal, upstreamFailed } from "./answer";
import { decodeBase64, encodeBase64 } from "./base64";
import { HostResult, HostStatus } from "./call";
import { log, sendRequest } from "./host";
import { areTexts, headerOf } from "./http";
import { Json, isUtf8 } from "./json";

/** A request to another server: `FetchRequest.get("https://api.example.com/items")`. */
export class FetchRequest {
  private headers: Json = Json.object();
  private content: Uint8Array = new Uint8Array(0);
  private timeout: i32 = 0;

  /** A request with this method, in upper case. */
  constructor(
    public readonly method: string,
    public readonly url: string,
  ) {}

  static get(url: string): FetchRequest {
    return new FetchRequest("GET", url);
  }

  static post(url: string): FetchRequest {
    return new FetchRequest("POST", url);
  }

  static put(url: string): FetchRequest {
    return new FetchRequest("PUT", url);
  }

  static del(url: string): FetchRequest {
    return new FetchRequest("DELETE", url);
  }

  /** Sets a header, replaces one of the same name, and returns the request. */
  header(name: string, value: string): FetchRequest {
    const headers = Json.object();
    const keys = this.headers.keys;
    for (let i = 0; i < keys.length; i++) {
      const known = this.headers.get(keys[i]);
      if (known != null && keys[i].toLowerCase() != name.toLowerCase()) headers.set(keys[i], known);
    }
    this.headers = headers.set(name, Json.text(value));
    return this;
  }

  /** Sets the body and its content type, and returns the request. */
  body(contentType: string, body: Uint8Array): FetchRequest {
    this.content = body;
    return this.header("Content-Type", contentType);
  }

  /** Sets a body in JSON, and returns the request. */
  json(body: Json): FetchRequest {
    return this.body("application/json", Uint8Array.wrap(String.UTF8.encode(body.toString())));
  }

  /** How long the whole request may take; the host has a limit of its own. Returns the request. */
  timeoutMillis(milliseconds: i32): FetchRequest {
    this.timeout = milliseconds;
    return this;
  }

  toJson(): Json {
    const json = Json.object()
      .set("method", Json.text(this.method))
      .set("url", Json.text(this.url))
      .set("headers", this.headers)
      .set("body", Json.text(encodeBase64(this.content)));
    return this.timeout > 0 ? json.set("timeout_ms", Json.int(this.timeout)) : json;
  }
}

/** The answer of another server. */
export class FetchResponse {
  private constructor(
    public readonly status: i32,
    private readonly headers: Json,
    public readonly body: Uint8Array,
  ) {}

  /** Stands for a response where there is none: status 0. */
  static none(): FetchResponse {
    return new FetchResponse(0, Json.NULL, new Uint8Array(0));
  }

  /** Null when the value is not a response. */
  static of(value: Json): FetchResponse | null {
    const status = value.get("status");
    const headers = value.get("headers");
    const encoded = value.get("body");
    if (status == null || !status.is<i32>()) return null;
    if (status.as<i32>() < 100 || status.as<i32>() > 999) return null;
    if (headers == null || !areTexts(headers)) return null;
    if (encoded == null || !encoded.is<string>()) return null;
    const body = decodeBase64(encoded.as<string>());
    return body == null ? null : new FetchResponse(status.as<i32>(), headers, body);
  }

  /**
   * The header of this name, in upper or lower case, or null. Several of one name are joined by a comma and
   * a space.
   */
  header(name: string): string | null {
    return headerOf(this.headers, name);
  }

  /** The body as text, or null when it is not UTF-8. */
  text(): string | null {
    const start = this.body.dataStart;
    return isUtf8(start, start + this.body.length)
      ? String.UTF8.decodeUnsafe(start, this.body.length)
      : null;
  }

  /** The body as JSON, or null when it is not JSON. */
  json(): Json | null {
    return Json.parse(this.body.slice().buffer);
  }
}

/**
 * Sends a request and waits for the response. A response of status 4xx or 5xx is not a failure. Needs the
 * capability `http.fetch`, and the origin of the URL in `http.fetch.allow` in the manifest.
 */
export function fetch(request: FetchRequest): HostResult<FetchResponse> {
  const answer = sendRequest(request.toJson().toString());
  if (answer.status != HostStatus.Ok) return new HostResult(answer.status, FetchResponse.none());
  const error = answer.value.get("error");
  if (error != null && error.as<string>() != "") {
    log.warn("fetch: " + error.as<string>());
    return new HostResult(upstreamFailed(), FetchResponse.none());
  }
  const response = FetchResponse.of(answer.value);
  return response == null ? internal(FetchResponse.none()) : new HostResult(HostStatus.Ok, response);
}
