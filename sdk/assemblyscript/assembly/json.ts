import { formatDouble, parseDouble } from "./float";

/** How deep arrays and objects may nest. The host has the same limit. */
const MAX_DEPTH: i32 = 128;

export enum JsonType {
  Null,
  Bool,
  Number,
  Text,
  Array,
  Object,
}

/**
 * A JSON value. A number keeps its text, so that a number that is passed on does not change. An object
 * keeps the order of its members.
 */
export class Json {
  static readonly NULL: Json = new Json(JsonType.Null);

  private truth: bool = false;
  /** The content of a text, or a number as written. */
  private chars: string = "";
  private list: Array<Json> | null = null;
  private map: Map<string, Json> | null = null;

  private constructor(public readonly type: JsonType) {}

  static bool(value: bool): Json {
    const json = new Json(JsonType.Bool);
    json.truth = value;
    return json;
  }

  static text(value: string): Json {
    const json = new Json(JsonType.Text);
    json.chars = value;
    return json;
  }

  static int(value: i64): Json {
    return Json.number(value.toString());
  }

  /** An infinity and NaN become `null`. */
  static float(value: f64): Json {
    return isFinite(value) ? Json.number(formatDouble(value)) : Json.NULL;
  }

  /** A number as written in JSON. */
  static number(digits: string): Json {
    const json = new Json(JsonType.Number);
    json.chars = digits;
    return json;
  }

  static array(items: Array<Json> = []): Json {
    const json = new Json(JsonType.Array);
    json.list = items;
    return json;
  }

  static object(): Json {
    const json = new Json(JsonType.Object);
    json.map = new Map<string, Json>();
    return json;
  }

  /** A `string`, `bool`, integer, float or `Json` as a value; a null reference is `null`. */
  static of<T>(value: T): Json {
    if (isString<T>()) {
      return changetype<usize>(value) == 0 ? Json.NULL : Json.text(changetype<string>(value));
    } else if (isReference<T>()) {
      return changetype<usize>(value) == 0 ? Json.NULL : changetype<Json>(value);
    } else if (isBoolean<T>()) {
      return Json.bool(<bool>value);
    } else if (isFloat<T>()) {
      return Json.float(<f64>value);
    } else {
      return Json.int(<i64>value);
    }
  }

  /** Reads exactly one value of strict JSON in UTF-8. Null for anything else. */
  static parse(utf8: ArrayBuffer): Json | null {
    return new Reader(changetype<usize>(utf8), utf8.byteLength).document();
  }

  /** Whether this is a T. An integer has no fraction and no exponent. */
  is<T>(): bool {
    if (isString<T>()) {
      return this.type == JsonType.Text;
    } else if (isReference<T>()) {
      return true;
    } else if (isBoolean<T>()) {
      return this.type == JsonType.Bool;
    } else if (isFloat<T>()) {
      return this.type == JsonType.Number && isFinite(parseDouble(this.chars));
    } else {
      return this.type == JsonType.Number && isInteger(this.chars, sizeof<T>() == 8 ? i64.MIN_VALUE : i32.MIN_VALUE);
    }
  }

  /** This value as a T; a zero of T when it is not one. */
  as<T>(): T {
    if (isString<T>()) {
      return changetype<T>(this.type == JsonType.Text ? this.chars : "");
    } else if (isReference<T>()) {
      return changetype<T>(this);
    } else if (isBoolean<T>()) {
      return <T>this.truth;
    } else if (isFloat<T>()) {
      return <T>(this.is<T>() ? parseDouble(this.chars) : 0);
    } else {
      return <T>(this.is<T>() ? I64.parseInt(this.chars) : 0);
    }
  }

  get isNull(): bool {
    return this.type == JsonType.Null;
  }

  /** The items of an array. Empty for any other value. */
  get items(): Array<Json> {
    const list = this.list;
    return list == null ? [] : list;
  }

  /** The names of an object's members. Empty for any other value. */
  get keys(): Array<string> {
    const map = this.map;
    return map == null ? [] : map.keys();
  }

  /** The member of this name, or null. Null also when this is not an object. */
  get(key: string): Json | null {
    const map = this.map;
    return map != null && map.has(key) ? map.get(key) : null;
  }

  /** Sets a member of an object, and returns the object. */
  set(key: string, value: Json): Json {
    const map = this.map;
    if (map == null) throw new Error("only an object has members");
    map.set(key, value);
    return this;
  }

  /** The value as JSON, without white space. */
  toString(): string {
    const out = new Array<string>();
    this.write(out);
    return out.join("");
  }

  private write(out: Array<string>): void {
    switch (this.type) {
      case JsonType.Null:
        out.push("null");
        break;
      case JsonType.Bool:
        out.push(this.truth ? "true" : "false");
        break;
      case JsonType.Number:
        out.push(this.chars);
        break;
      case JsonType.Text:
        writeText(this.chars, out);
        break;
      case JsonType.Array:
        out.push("[");
        const items = this.items;
        for (let i = 0; i < items.length; i++) {
          if (i > 0) out.push(",");
          items[i].write(out);
        }
        out.push("]");
        break;
      default:
        out.push("{");
        const map = this.map!;
        const keys = map.keys();
        for (let i = 0; i < keys.length; i++) {
          if (i > 0) out.push(",");
          writeText(keys[i], out);
          out.push(":");
          map.get(keys[i]).write(out);
        }
        out.push("}");
    }
  }
}

/** Whether digits with an optional sign lie between `least` and its complement. */
function isInteger(text: string, least: i64): bool {
  const negative = text.charCodeAt(0) == 0x2d;
  // All bits of the type but its sign, and for a negative number one more.
  const most: u64 = <u64>~least + u64(negative);
  let sum: u64 = 0;
  for (let i = i32(negative); i < text.length; i++) {
    const digit = <u64>(text.charCodeAt(i) - 0x30);
    if (digit > 9 || sum > (most - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  return true;
}

function writeText(text: string, out: Array<string>): void {
  out.push('"');
  let start = 0; // of a run that needs no escape
  for (let i = 0; i < text.length; i++) {
    const escape = escapeOf(text.charCodeAt(i));
    if (escape != "") {
      if (i > start) out.push(text.substring(start, i));
      out.push(escape);
      start = i + 1;
    }
  }
  if (start < text.length) out.push(start == 0 ? text : text.substring(start));
  out.push('"');
}

function escapeOf(unit: i32): string {
  switch (unit) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x0c:
      return "\\f";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    // U+2028 and U+2029 end a line in JavaScript before ECMAScript 2019.
    case 0x2028:
      return "\\u2028";
    case 0x2029:
      return "\\u2029";
    default:
      return unit < 0x20 ? "\\u00" + (unit < 0x10 ? "0" : "") + unit.toString(16) : "";
  }
}

/** Reads bytes from the front. A method returns null or false for bytes that are not JSON. */
class Reader {
  private at: usize;
  private end: usize;

  constructor(start: usize, length: i32) {
    this.at = start;
    this.end = start + length;
  }

  document(): Json | null {
    if (!isUtf8(this.at, this.end)) return null;
    this.skipSpace();
    const value = this.value(0);
    this.skipSpace();
    return this.at == this.end ? value : null;
  }

  private peek(): i32 {
    return this.at < this.end ? <i32>load<u8>(this.at) : -1;
  }

  private accept(expected: i32): bool {
    if (this.peek() != expected) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    let next = this.peek();
    while (next == 0x20 || next == 0x09 || next == 0x0a || next == 0x0d) {
      this.at++;
      next = this.peek();
    }
  }

  private value(depth: i32): Json | null {
    switch (this.peek()) {
      case 0x7b: // {
        return depth == MAX_DEPTH ? null : this.object(depth);
      case 0x5b: // [
        return depth == MAX_DEPTH ? null : this.array(depth);
      case 0x22: { // "
        const text = this.text();
        return text == null ? null : Json.text(text);
      }
      case 0x74:
        return this.word("true") ? Json.bool(true) : null;
      case 0x66:
        return this.word("false") ? Json.bool(false) : null;
      case 0x6e:
        return this.word("null") ? Json.NULL : null;
      default:
        return this.number();
    }
  }

  private word(word: string): bool {
    for (let i = 0; i < word.length; i++) {
      if (!this.accept(word.charCodeAt(i))) return false;
    }
    return true;
  }

  private array(depth: i32): Json | null {
    this.at++;
    const items = new Array<Json>();
    this.skipSpace();
    if (this.accept(0x5d)) return Json.array(items);
    do {
      this.skipSpace();
      const item = this.value(depth + 1);
      if (item == null) return null;
      items.push(item);
      this.skipSpace();
    } while (this.accept(0x2c));
    return this.accept(0x5d) ? Json.array(items) : null;
  }

  private object(depth: i32): Json | null {
    this.at++;
    const object = Json.object();
    this.skipSpace();
    if (this.accept(0x7d)) return object;
    do {
      this.skipSpace();
      const key = this.text();
      if (key == null || object.get(key) != null) return null;
      this.skipSpace();
      if (!this.accept(0x3a)) return null;
      this.skipSpace();
      const value = this.value(depth + 1);
      if (value == null) return null;
      object.set(key, value);
      this.skipSpace();
    } while (this.accept(0x2c));
    return this.accept(0x7d) ? object : null;
  }

  private digits(): bool {
    const start = this.at;
    let next = this.peek();
    while (next >= 0x30 && next <= 0x39) {
      this.at++;
      next = this.peek();
    }
    return this.at > start;
  }

  private number(): Json | null {
    const start = this.at;
    this.accept(0x2d);
    if (!this.accept(0x30) && !this.digits()) return null;
    if (this.accept(0x2e) && !this.digits()) return null;
    if (this.accept(0x65) || this.accept(0x45)) {
      if (!this.accept(0x2b)) this.accept(0x2d);
      if (!this.digits()) return null;
    }
    return Json.number(String.UTF8.decodeUnsafe(start, this.at - start));
  }

  private text(): string | null {
    if (!this.accept(0x22)) return null;
    let text = "";
    let start = this.at;
    while (true) {
      const next = this.peek();
      if (next == 0x22 || next == 0x5c) {
        if (this.at > start) text += String.UTF8.decodeUnsafe(start, this.at - start);
        this.at++;
        if (next == 0x22) return text;
        const unit = this.escape();
        if (unit < 0) return null;
        text += unit > 0xffff ? String.fromCodePoint(unit) : String.fromCharCode(unit);
        start = this.at;
      } else if (next < 0x20) {
        return null; // a control character, or the end
      } else {
        this.at++;
      }
    }
  }

  /** Reads the code point after a backslash; two escapes that form a surrogate pair are one. -1: an error. */
  private escape(): i32 {
    const next = this.peek();
    this.at++;
    switch (next) {
      case 0x22:
      case 0x5c:
      case 0x2f:
        return next;
      case 0x62:
        return 0x08;
      case 0x66:
        return 0x0c;
      case 0x6e:
        return 0x0a;
      case 0x72:
        return 0x0d;
      case 0x74:
        return 0x09;
      case 0x75:
        break;
      default:
        return -1;
    }
    const unit = this.unit();
    if (unit >= 0xdc00 && unit <= 0xdfff) return -1;
    if (unit < 0xd800 || unit > 0xdbff) return unit;
    if (!this.accept(0x5c) || !this.accept(0x75)) return -1;
    const low = this.unit();
    if (low < 0xdc00 || low > 0xdfff) return -1;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }

  /** Reads four hexadecimal digits. -1: an error. */
  private unit(): i32 {
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const digit = hexDigit(this.peek());
      if (digit < 0) return -1;
      unit = (unit << 4) | digit;
      this.at++;
    }
    return unit;
  }
}

export function hexDigit(unit: i32): i32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  if (unit >= 0x61 && unit <= 0x66) return unit - 0x61 + 10;
  if (unit >= 0x41 && unit <= 0x46) return unit - 0x41 + 10;
  return -1;
}

/** Whether the bytes are UTF-8: the Unicode Standard, table 3-7. */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const first = load<u8>(at++);
    if (first < 0x80) continue;
    let more: usize = 0;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) more = 2;
    else if (first >= 0xf0 && first <= 0xf4) more = 3;
    if (more == 0 || end - at < more) return false;
    const second = load<u8>(at);
    const least: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const most: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let i: usize = 1; i < more; i++) {
      if ((load<u8>(at + i) & 0xc0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}
