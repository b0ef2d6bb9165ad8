//! JSON (RFC 8259), read strictly and written compactly.
//!
//! The reader accepts untrusted input. It never panics, and [`MAX_DEPTH`] bounds its recursion. Its
//! time is linear in the input, times a logarithm for the search for duplicate keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::HostError;

/// How deep arrays and objects may nest. The host has the same limit.
pub const MAX_DEPTH: usize = 128;

/// Objects with more members use a set to find duplicate keys.
const FEW_MEMBERS: usize = 16;

/// A JSON value. A number keeps its text, so that a number that is passed on does not change. An
/// object keeps the order of its members.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Why a text is not JSON, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub reason: &'static str,
    pub offset: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for ParseError {}

/// A type that JSON values can be converted to: the argument of a handler.
pub trait FromJson: Sized {
    /// The name of the type in error messages, with its article.
    const NAME: &'static str;

    fn from_json(value: &Value) -> Option<Self>;
}

impl FromJson for Value {
    const NAME: &'static str = "a value";

    fn from_json(value: &Value) -> Option<Value> {
        Some(value.clone())
    }
}

impl FromJson for bool {
    const NAME: &'static str = "a boolean";

    fn from_json(value: &Value) -> Option<bool> {
        match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl FromJson for String {
    const NAME: &'static str = "a text";

    fn from_json(value: &Value) -> Option<String> {
        value.as_str().map(str::to_owned)
    }
}

impl FromJson for f64 {
    const NAME: &'static str = "a number";

    fn from_json(value: &Value) -> Option<f64> {
        match value {
            Value::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }
}

/// `null` is `None`.
impl<T: FromJson> FromJson for Option<T> {
    const NAME: &'static str = T::NAME;

    fn from_json(value: &Value) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            value => T::from_json(value).map(Some),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    const NAME: &'static str = "an array";

    fn from_json(value: &Value) -> Option<Vec<T>> {
        value.as_array()?.iter().map(T::from_json).collect()
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    const NAME: &'static str = "an object";

    fn from_json(value: &Value) -> Option<BTreeMap<String, T>> {
        match value {
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| Some((key.clone(), T::from_json(value)?)))
                .collect(),
            _ => None,
        }
    }
}

/// An integer is a number without fraction and exponent.
macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl FromJson for $integer {
            const NAME: &'static str = "an integer in range";

            fn from_json(value: &Value) -> Option<$integer> {
                match value {
                    Value::Number(text) => text.parse().ok(),
                    _ => None,
                }
            }
        }

        impl From<$integer> for Value {
            fn from(number: $integer) -> Value {
                Value::Number(number.to_string())
            }
        }
    )*};
}

integers!(i32, u32, i64, u64, usize);

impl Value {
    /// An object with these members.
    pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
        Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The member of this name. `None` also when this is not an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Writes this value as JSON without white space.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Number(text) => out.push_str(text),
            Value::String(text) => write_string(text, out),
            Value::Array(items) => write_array(items, out),
            Value::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

/// A number that JSON does not have, such as an infinity, becomes `null`.
impl From<f64> for Value {
    fn from(number: f64) -> Value {
        if number.is_finite() {
            Value::Number(shortest(number))
        } else {
            Value::Null
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, T::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::Array(items.into_iter().map(T::into).collect())
    }
}

impl<T: Into<Value>> From<BTreeMap<String, T>> for Value {
    fn from(members: BTreeMap<String, T>) -> Value {
        Value::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
    }
}

/// Writes the shortest digits that identify this number, as ECMAScript and all SDKs do: with an
/// exponent below 1e-6 and from 1e21 on.
fn shortest(number: f64) -> String {
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-6..21).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{}", exponent.abs())
}

pub(crate) fn write_array(items: &[Value], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(out);
    }
    out.push(']');
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 end a line in JavaScript before ECMAScript 2019.
            '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Reads what a function of the host answered.
pub(crate) fn answered<T: FromJson>(text: &[u8]) -> Result<T, HostError> {
    let value = parse(text).map_err(|_| HostError::internal())?;
    T::from_json(&value).ok_or_else(|| HostError::wrong_type(T::NAME))
}

/// Reads exactly one value, with only white space around it. Refuses duplicate keys and escapes of
/// unpaired surrogates.
pub fn parse(bytes: &[u8]) -> Result<Value, ParseError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ParseError { reason: "not UTF-8", offset: error.valid_up_to() })?;
    let mut reader = Reader { text, offset: 0 };
    reader.skip_white_space();
    let value = reader.value(0)?;
    reader.skip_white_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => reader.fail("text after the value"),
    }
}

/// Reads from the front. `offset` is always a character boundary: it moves past ASCII bytes one
/// at a time, and past other characters only in [`Reader::string`], whose runs end at ASCII bytes.
struct Reader<'a> {
    text: &'a str,
    offset: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, ParseError> {
        Err(ParseError { reason, offset: self.offset })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    /// Moves past `expected` if it comes next.
    fn accept(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.offset += 1;
        }
        found
    }

    fn expect(&mut self, expected: u8, reason: &'static str) -> Result<(), ParseError> {
        if self.accept(expected) {
            Ok(())
        } else {
            self.fail(reason)
        }
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.offset += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, ParseError> {
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => self.fail("nested too deep"),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.fail("a value expected"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ParseError> {
        if self.text.as_bytes()[self.offset..].starts_with(word.as_bytes()) {
            self.offset += word.len();
            Ok(value)
        } else {
            self.fail("a value expected")
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.expect(b'[', "'[' expected")?;
        let mut items = Vec::new();
        self.skip_white_space();
        if self.accept(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.skip_white_space();
            items.push(self.value(depth + 1)?);
            self.skip_white_space();
            if !self.accept(b',') {
                self.expect(b']', "',' or ']' expected")?;
                return Ok(Value::Array(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.expect(b'{', "'{' expected")?;
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut keys = BTreeSet::new();
        self.skip_white_space();
        if self.accept(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_white_space();
            let key = self.string()?;
            let is_known = if members.len() < FEW_MEMBERS {
                members.iter().any(|(known, _)| *known == key)
            } else {
                if keys.is_empty() {
                    keys.extend(members.iter().map(|(known, _)| known.clone()));
                }
                !keys.insert(key.clone())
            };
            if is_known {
                return self.fail("a key twice in one object");
            }
            self.skip_white_space();
            self.expect(b':', "':' expected")?;
            self.skip_white_space();
            members.push((key, self.value(depth + 1)?));
            self.skip_white_space();
            if !self.accept(b',') {
                self.expect(b'}', "',' or '}' expected")?;
                return Ok(Value::Object(members));
            }
        }
    }

    fn number(&mut self) -> Result<Value, ParseError> {
        let start = self.offset;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            self.digits()?;
        }
        Ok(Value::Number(self.text[start..self.offset].to_owned()))
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.offset;
        while let Some(b'0'..=b'9') = self.peek() {
            self.offset += 1;
        }
        if self.offset == start {
            return self.fail("a digit expected");
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.expect(b'"', "'\"' expected")?;
        let mut string = String::new();
        loop {
            let start = self.offset;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.offset += 1;
            }
            string.push_str(&self.text[start..self.offset]);
            match self.peek() {
                Some(b'"') => {
                    self.offset += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.offset += 1;
                    string.push(self.escape()?);
                }
                Some(_) => return self.fail("a control character in a string"),
                None => return self.fail("a string without its end"),
            }
        }
    }

    /// Reads the character after a backslash; two `\u` escapes that form a surrogate pair are one.
    fn escape(&mut self) -> Result<char, ParseError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.offset += 1;
                return self.unicode_escape();
            }
            _ => return self.fail("an unknown escape"),
        };
        self.offset += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let unit = self.four_hex_digits()?;
        let code_point = match unit {
            0xd800..=0xdbff => {
                if !(self.accept(b'\\') && self.accept(b'u')) {
                    return self.fail("half a surrogate pair");
                }
                match self.four_hex_digits()? {
                    low @ 0xdc00..=0xdfff => 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                    _ => return self.fail("half a surrogate pair"),
                }
            }
            _ => unit,
        };
        match char::from_u32(code_point) {
            Some(character) => Ok(character),
            None => self.fail("half a surrogate pair"),
        }
    }

    fn four_hex_digits(&mut self) -> Result<u32, ParseError> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                Some(digit @ b'A'..=b'F') => digit - b'A' + 10,
                _ => return self.fail("four hexadecimal digits expected"),
            };
            number = number << 4 | u32::from(digit);
            self.offset += 1;
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        parse(json.as_bytes()).unwrap().as_str().unwrap().to_owned()
    }

    fn reason(json: &str) -> &'static str {
        parse(json.as_bytes()).unwrap_err().reason
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for json in [
            "null",
            "true",
            "false",
            "0",
            "-0.5e+10",
            "123456789012345678901234567890",
            r#""""#,
            r#""a\"b\\c\n\r\t\u0001\u001f""#,
            "\"\u{7f}ü€😀\"",
            "[]",
            "{}",
            r#"[1,[2,{"a":null}],"x"]"#,
            r#"{"":0,"a":{"b":[true,false]}}"#,
        ] {
            assert_eq!(parse(json.as_bytes()).unwrap().to_json(), json);
        }
    }

    #[test]
    fn white_space_is_allowed_between_tokens_only() {
        let spaced = "\r\n\t { \"a\" : [ 1 , 2 ] , \"b\" : { } } ";
        assert_eq!(parse(spaced.as_bytes()).unwrap().to_json(), r#"{"a":[1,2],"b":{}}"#);
        for json in ["1 2", "- 1", "tr ue", "\u{a0}1", "\u{b}1"] {
            assert!(parse(json.as_bytes()).is_err(), "{json:?}");
        }
    }

    #[test]
    fn escapes_stand_for_their_character() {
        assert_eq!(text(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
        assert_eq!(text(r#""\u0041\u00fC\u20AC\u0000""#), "Aü€\0");
        assert_eq!(text(r#""\ud83d\uDE00\uDBFF\uDFFF""#), "😀\u{10ffff}");
        assert_eq!(text(r#""\uffff""#), "\u{ffff}");
    }

    #[test]
    fn half_a_surrogate_pair_is_refused() {
        for json in [
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ud83d\n""#,
            r#""\ud83d\u0041""#,
            r#""\ud83d\ud83d""#,
            r#""\ude00""#,
            r#""\ude00\ud83d""#,
        ] {
            assert_eq!(reason(json), "half a surrogate pair", "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for json in [
            "",
            " ",
            "nul",
            "nulll",
            "True",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "-Infinity",
            "\"",
            "\"a",
            "'a'",
            r#""\"#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u12g4""#,
            "\"\n\"",
            "\"\u{0}\"",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "]",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "}",
            "/**/1",
            "\u{feff}1",
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{json:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_at_their_place() {
        for bytes in [&b"\"\xff\""[..], b"\"\xc3\"", b"\"\xed\xa0\x80\"", b"\"\xc0\xaf\""] {
            assert_eq!(parse(bytes), Err(ParseError { reason: "not UTF-8", offset: 1 }));
        }
    }

    #[test]
    fn a_key_twice_is_refused_even_when_written_differently() {
        assert_eq!(reason(r#"{"a":1,"a":1}"#), "a key twice in one object");
        assert_eq!(reason(r#"{"a":1,"\u0061":1}"#), "a key twice in one object");
        assert!(parse(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn nesting_ends_at_the_limit_and_never_at_the_stack() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(reason(&nested(MAX_DEPTH + 1)), "nested too deep");
        assert_eq!(reason(&"[".repeat(1 << 20)), "nested too deep");
        assert_eq!(reason(&r#"{"a":"#.repeat(1 << 18)), "nested too deep");
    }

    #[test]
    fn a_key_twice_is_refused_among_many_too() {
        let members: Vec<String> = (0..1000).map(|n| format!("\"{n}\":0")).collect();
        assert!(parse(format!("{{{}}}", members.join(",")).as_bytes()).is_ok());
        assert_eq!(
            reason(&format!("{{{},\"7\":0}}", members.join(","))),
            "a key twice in one object"
        );
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        for (number, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e-6, "0.00000125"),
            (1.5e-7, "1.5e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(Value::from(number), Value::Number(text.to_owned()));
        }
        assert_eq!(Value::from(f64::NAN), Value::Null);
    }

    #[test]
    fn an_integer_is_one_that_is_written_as_one() {
        let integer = |json: &str| i64::from_json(&parse(json.as_bytes()).unwrap());
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        for json in ["9223372036854775808", "1.0", "1e2", "\"1\"", "null"] {
            assert_eq!(integer(json), None);
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_of_a_document_is_answered() {
        let json = r#"{"kind":"filter","value":"a\u00e9\ud83d\ude00ü","args":[-1.5e3,{"b":null}]}"#;
        for length in 0..json.len() {
            assert!(parse(&json.as_bytes()[..length]).is_err());
        }
        for index in 0..json.len() {
            for byte in 0..=255 {
                let mut changed = json.as_bytes().to_vec();
                changed[index] = byte;
                let _ = parse(&changed);
            }
        }
    }
}
