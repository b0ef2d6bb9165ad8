/** Enough significant digits to decide between two neighbours, if one more says whether the rest is 0. */
const MAX_DIGITS: i32 = 800;

const BILLION: u32 = 1_000_000_000;

const EXACT_POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
];

/**
 * Reads a JSON number as the nearest double; of two, the even one. A number that is too large becomes an
 * infinity. The standard library's `parseFloat` is sometimes off by one in the last place.
 */
export function parseDouble(text: string): f64 {
  const negative = text.charCodeAt(0) == 0x2d;
  const digits = new Natural();
  let first: u64 = 0; // the digits of the number, up to 19 or so
  let count = 0;
  let exponent = 0;
  let inFraction = false;
  let dropped = false;
  let i = i32(negative);
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit == 0x2e) {
      inFraction = true;
      continue;
    }
    if (unit < 0x30 || unit > 0x39) break;
    const digit = <u32>(unit - 0x30);
    if (count < MAX_DIGITS) {
      digits.multiplyAdd(10, digit);
      if (count < 15) first = first * 10 + digit;
      if (count > 0 || digit > 0) count++;
      if (inFraction) exponent--;
    } else {
      dropped = dropped || digit > 0;
      if (!inFraction) exponent++;
    }
  }
  if (i < text.length) exponent += exponentOf(text, i + 1);
  const value = magnitude(digits, first, count, exponent, dropped);
  return negative ? -value : value;
}

/** The exponent, bounded. */
function exponentOf(text: string, start: i32): i32 {
  const sign = text.charCodeAt(start);
  let exponent = 0;
  for (let i = start + i32(sign == 0x2b || sign == 0x2d); i < text.length; i++) {
    exponent = min(exponent * 10 + text.charCodeAt(i) - 0x30, 10_000_000);
  }
  return sign == 0x2d ? -exponent : exponent;
}

function magnitude(digits: Natural, first: u64, count: i32, exponent: i32, dropped: bool): f64 {
  if (count == 0) return 0;
  if (count <= 15 && exponent >= -22 && exponent <= 22) {
    // Both are exact, so this rounds once.
    const power = EXACT_POWERS[abs(exponent)];
    return exponent < 0 ? <f64>first / power : <f64>first * power;
  }
  if (count + exponent > 310) return Infinity;
  if (count + exponent < -330) return 0;
  // The number is digits * 2^scale, plus a little when `rest` is set.
  let scale = 0;
  let rest = dropped;
  if (exponent >= 0) {
    for (; exponent >= 9; exponent -= 9) digits.multiplyAdd(BILLION, 0);
    for (; exponent > 0; exponent--) digits.multiplyAdd(10, 0);
  } else {
    // Space for 64 bits of quotient: a power of ten has fewer than 3.35 bits for each zero.
    scale = (exponent * 107) / 32 - 70;
    digits.shiftLeft(-scale);
    for (; exponent <= -9; exponent += 9) rest = digits.divide(BILLION) != 0 || rest;
    for (; exponent < 0; exponent++) rest = digits.divide(10) != 0 || rest;
  }
  const bits = digits.bitLength();
  const top = scale + bits - 1;
  if (top > 1023) return Infinity;
  const precision = top >= -1022 ? 53 : 53 - (-1022 - top);
  if (precision < 0) return 0;
  const below = bits - precision;
  let mantissa = digits.bitsFrom(below);
  if (digits.hasBit(below - 1) && ((mantissa & 1) == 1 || rest || digits.hasBitsBelow(below - 1))) {
    mantissa++;
  }
  let power = scale + below;
  if (mantissa == (<u64>1) << 53) {
    mantissa >>= 1;
    power++;
  }
  if (mantissa < (<u64>1) << 52) return reinterpret<f64>(mantissa);
  const biased = power + 1075;
  if (biased >= 2047) return Infinity;
  return reinterpret<f64>(((<u64>biased) << 52) | (mantissa & (((<u64>1) << 52) - 1)));
}

/**
 * Writes the shortest digits that identify a finite number, as ECMAScript does. The standard library's
 * `toString` sometimes writes one digit more.
 */
export function formatDouble(value: f64): string {
  if (value == 0) return 1 / value < 0 ? "-0" : "0";
  const sign = value < 0 ? "-" : "";
  const positive = abs(value);
  const decimal = new Decimal(positive);
  // At most one text of 15 digits identifies a normal number.
  for (let count = positive < f64.MIN_NORMAL_VALUE ? 1 : 15; count < 17; count++) {
    const text = decimal.rounded(count);
    if (parseDouble(text) == positive) return sign + text;
  }
  return sign + decimal.rounded(17);
}

/** All digits of a positive number. */
class Decimal {
  private digits: string = "";
  /** The power of ten of the first digit. */
  private top: i32;

  constructor(value: f64) {
    const bits = reinterpret<u64>(value);
    const biased = <i32>(bits >> 52);
    const mantissa = (bits & (((<u64>1) << 52) - 1)) | (biased > 0 ? (<u64>1) << 52 : 0);
    const power = max(biased, 1) - 1075;
    const number = new Natural();
    number.multiplyAdd(1, <u32>(mantissa >> 32));
    number.shiftLeft(32);
    number.multiplyAdd(1, <u32>mantissa);
    // Dividing by a power of two is multiplying by the power of five and moving the point.
    if (power > 0) number.shiftLeft(power);
    for (let left = -power; left > 0; left -= 13) {
      number.multiplyAdd(<u32>5 ** <u32>min(left, 13), 0);
    }
    const parts = new Array<string>();
    while (number.bitLength() > 0) {
      parts.push(number.divide(BILLION).toString().padStart(9, "0"));
    }
    let start = 0;
    const text = parts.reverse().join("");
    while (text.charCodeAt(start) == 0x30) start++;
    this.digits = text.substring(start);
    this.top = this.digits.length - 1 + min(power, 0);
  }

  /** Rounded to `count` digits, without trailing zeros. */
  rounded(count: i32): string {
    let top = this.top;
    let digits = this.digits.substring(0, count);
    if (this.isRoundedUp(count)) {
      let last = digits.length - 1;
      while (last >= 0 && digits.charCodeAt(last) == 0x39) last--;
      if (last < 0) {
        digits = "1";
        top++;
      } else {
        digits = digits.substring(0, last) + String.fromCharCode(digits.charCodeAt(last) + 1);
      }
    }
    let end = digits.length;
    while (digits.charCodeAt(end - 1) == 0x30) end--;
    return layOut(digits.substring(0, end), top);
  }

  /** Rounds to the nearest; of two, to the even one. */
  private isRoundedUp(count: i32): bool {
    if (count >= this.digits.length) return false;
    const next = this.digits.charCodeAt(count);
    if (next != 0x35) return next > 0x35;
    for (let i = count + 1; i < this.digits.length; i++) {
      if (this.digits.charCodeAt(i) != 0x30) return true;
    }
    return (this.digits.charCodeAt(count - 1) & 1) == 1;
  }
}

/** Writes digits as ECMAScript does. `top` is the power of ten of the first digit. */
function layOut(digits: string, top: i32): string {
  if (top < -6 || top >= 21) {
    const rest = digits.length > 1 ? "." + digits.substring(1) : "";
    return digits.charAt(0) + rest + (top < 0 ? "e-" : "e+") + abs(top).toString();
  }
  if (top < 0) return "0." + "0".repeat(-top - 1) + digits;
  if (digits.length <= top + 1) return digits + "0".repeat(top + 1 - digits.length);
  return digits.substring(0, top + 1) + "." + digits.substring(top + 1);
}

/** A natural number: 32 bits in each item, the lowest first. */
class Natural {
  private limbs: Array<u32> = [0];

  multiplyAdd(factor: u32, summand: u32): void {
    let carry: u64 = summand;
    for (let i = 0; i < this.limbs.length; i++) {
      const product = <u64>this.limbs[i] * factor + carry;
      this.limbs[i] = <u32>product;
      carry = product >> 32;
    }
    if (carry > 0) this.limbs.push(<u32>carry);
  }

  shiftLeft(bits: i32): void {
    this.multiplyAdd((<u32>1) << (bits % 32), 0);
    const moved = new Array<u32>(bits / 32);
    this.limbs = moved.concat(this.limbs);
  }

  /** Divides by a small number; returns the remainder. */
  divide(divisor: u32): u32 {
    let remainder: u64 = 0;
    for (let i = this.limbs.length - 1; i >= 0; i--) {
      const dividend = (remainder << 32) | this.limbs[i];
      this.limbs[i] = <u32>(dividend / divisor);
      remainder = dividend % divisor;
    }
    return <u32>remainder;
  }

  bitLength(): i32 {
    let last = this.limbs.length - 1;
    while (last > 0 && this.limbs[last] == 0) last--;
    return last * 32 + 32 - <i32>clz(this.limbs[last]);
  }

  hasBit(index: i32): bool {
    return index >= 0 && ((this.limbs[index / 32] >> (index % 32)) & 1) == 1;
  }

  hasBitsBelow(index: i32): bool {
    for (let i = 0; i < index; i++) {
      if (this.hasBit(i)) return true;
    }
    return false;
  }

  /** 64 bits from `index` up. A negative `index` shifts zeros in from below. */
  bitsFrom(index: i32): u64 {
    let bits: u64 = 0;
    for (let i = this.bitLength() - 1; i >= index; i--) {
      bits = (bits << 1) | u64(this.hasBit(i));
    }
    return bits;
  }
}
