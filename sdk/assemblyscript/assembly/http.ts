import { decodeBase64, encodeBase64 } from "./base64";
import { Call, Status } from "./call";
import { Json, JsonType, hexDigit, isUtf8 } from "./json";

/** A request for one of the plugin's routes. */
export class Request {
  private constructor(
    public readonly call: Call,
    /** In upper case. A route for GET also serves HEAD requests and sees them as GET. */
    public readonly method: string,
    /** The path under which the route was registered, such as `/hello/{name}`. */
    public readonly route: string,
    /** The path below the plugin's prefix, as the client sent it: percent-encoded, begins with a slash. */
    public readonly path: string,
    /** The raw query without the question mark. */
    public readonly query: string,
    private readonly headers: Json,
    private readonly params: Json,
    public readonly body: Uint8Array,
  ) {}

  /** Null when the value is not a request. */
  static of(call: Call, value: Json): Request | null {
    const method = value.get("method");
    const route = value.get("route");
    const path = value.get("path");
    const query = value.get("query");
    const headers = value.get("headers");
    const params = value.get("path_params");
    const encoded = value.get("body");
    if (method == null || !method.is<string>()) return null;
    if (route == null || !route.is<string>()) return null;
    if (path == null || !path.is<string>()) return null;
    if (query == null || !query.is<string>()) return null;
    if (headers == null || !areTexts(headers)) return null;
    if (params == null || !areTexts(params)) return null;
    if (encoded == null || !encoded.is<string>()) return null;
    const body = decodeBase64(encoded.as<string>());
    if (body == null) return null;
    return new Request(
      call,
      method.as<string>(),
      route.as<string>(),
      path.as<string>(),
      query.as<string>(),
      headers,
      params,
      body,
    );
  }

  /** The part of the path that `{name}` matched, decoded. Empty when the route has no `{name}`. */
  param(name: string): string {
    const value = this.params.get(name);
    return value == null ? "" : value.as<string>();
  }

  /** The first parameter of this name in the query, decoded, or null. */
  queryParam(name: string): string | null {
    const pairs = this.query.split("&");
    for (let i = 0; i < pairs.length && this.query != ""; i++) {
      const sign = pairs[i].indexOf("=");
      const key = sign < 0 ? pairs[i] : pairs[i].substring(0, sign);
      if (percentDecoded(key.replaceAll("+", " ")) == name) {
        const value = sign < 0 ? "" : pairs[i].substring(sign + 1);
        return percentDecoded(value.replaceAll("+", " "));
      }
    }
    return null;
  }

  /**
   * The header of this name, in upper or lower case, or null. The host passes the headers that the
   * manifest names in `http.request_headers`. Without that field it passes User-Agent, Accept,
   * Accept-Language, Content-Type and Authorization.
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

  /** Refuses the request with 400. The reason goes to the log. */
  bad(reason: string): Response {
    this.call.fail(Status.BadPayload, reason);
    return Response.empty(400);
  }
}

/** The response of a route. */
export class Response {
  private headers: Json = Json.object();

  private constructor(
    private code: i32,
    private readonly body: Uint8Array,
  ) {}

  /** Status 200 with a body of this content type. */
  static bytes(contentType: string, body: Uint8Array): Response {
    return new Response(200, body).header("Content-Type", contentType);
  }

  /** A status without a body. */
  static empty(status: i32): Response {
    return new Response(status, new Uint8Array(0));
  }

  static text(body: string): Response {
    return Response.bytes("text/plain; charset=utf-8", Uint8Array.wrap(String.UTF8.encode(body)));
  }

  static html(body: string): Response {
    return Response.bytes("text/html; charset=utf-8", Uint8Array.wrap(String.UTF8.encode(body)));
  }

  static json(body: Json): Response {
    return Response.bytes("application/json", Uint8Array.wrap(String.UTF8.encode(body.toString())));
  }

  /** Sets the status, from 200 to 599, and returns the response. */
  status(status: i32): Response {
    this.code = status;
    return this;
  }

  /** Sets a header, and returns the response. */
  header(name: string, value: string): Response {
    this.headers.set(name, Json.text(value));
    return this;
  }

  toJson(): Json {
    return Json.object()
      .set("status", Json.int(this.code))
      .set("headers", this.headers)
      .set("body", Json.text(encodeBase64(this.body)));
  }
}

/**
 * Encodes a text for a header parameter whose name ends in `*`, as RFC 8187 says. The host accepts only
 * Latin-1 characters in a header.
 *
 * ```ts
 * response.header("Content-Disposition", "attachment; filename*=" + extValue("Übersicht €.txt"));
 * ```
 */
export function extValue(text: string): string {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  let out = "UTF-8''";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    const char = String.fromCharCode(byte);
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (isLetter || isDigit || (byte < 0x80 && "!#$&+-.^_`|~".includes(char))) {
      out += char;
    } else {
      out += "%" + HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
    }
  }
  return out;
}

const HEX = "0123456789ABCDEF";

export function headerOf(headers: Json, name: string): string | null {
  const wanted = name.toLowerCase();
  const keys = headers.keys;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i].toLowerCase() == wanted) {
      const value = headers.get(keys[i]);
      return value == null ? null : value.as<string>();
    }
  }
  return null;
}

export function areTexts(object: Json): bool {
  if (object.type != JsonType.Object) return false;
  const keys = object.keys;
  for (let i = 0; i < keys.length; i++) {
    const value = object.get(keys[i]);
    if (value == null || !value.is<string>()) return false;
  }
  return true;
}

/** Decodes the percent-encoding of a text. A percent sign without two hexadecimal digits stays. */
function percentDecoded(text: string): string {
  if (text.indexOf("%") < 0) return text;
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i];
    if (byte == 0x25 && i + 2 < bytes.length) {
      const high = hexDigit(bytes[i + 1]);
      const low = hexDigit(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        byte = <u8>((high << 4) | low);
        i += 2;
      }
    }
    bytes[length++] = byte;
  }
  return String.UTF8.decodeUnsafe(bytes.dataStart, length);
}
