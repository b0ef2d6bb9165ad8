const ALPHABET: string = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes: Uint8Array): string {
  const text = new Array<string>();
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    let bits = <i32>bytes[i] << 16;
    if (left > 1) bits |= <i32>bytes[i + 1] << 8;
    if (left > 2) bits |= <i32>bytes[i + 2];
    text.push(
      ALPHABET.charAt(bits >> 18) +
        ALPHABET.charAt((bits >> 12) & 63) +
        (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
        (left > 2 ? ALPHABET.charAt(bits & 63) : "="),
    );
  }
  return text.join("");
}

/** Null for a text that the encoder never produces. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 != 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0; i < text.length; i += 4) {
    const missing = i + 4 == text.length ? padding : 0;
    let bits = 0;
    for (let j = 0; j < 4; j++) {
      const value = j < 4 - missing ? sextet(text.charCodeAt(i + j)) : 0;
      if (value < 0) return null;
      bits = (bits << 6) | value;
    }
    if ((bits & ((1 << (8 * missing)) - 1)) != 0) return null;
    const at = (i / 4) * 3;
    for (let j = 0; j < 3 - missing; j++) {
      bytes[at + j] = <u8>(bits >> (16 - 8 * j));
    }
  }
  return bytes;
}

function sextet(unit: i32): i32 {
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41;
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61 + 26;
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 52;
  if (unit == 0x2b) return 62;
  return unit == 0x2f ? 63 : -1;
}
