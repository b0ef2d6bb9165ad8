//! Types of `serde` in place of [`Value`], with the feature `serde`.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess,
    IntoDeserializer, VariantAccess, Visitor,
};
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::db::Row;
use crate::json::{FromJson, Value};
use crate::{ErrorKind, HostError};

/// A type of `serde` wherever this crate takes or gives a [`Value`]: configuration, arguments and
/// values of hooks, functions of the application, columns, events, jobs, and JSON of `fetch`.
///
/// ```
/// use gonext::{app, Args, Json, Plugin};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Post {
///     id: i64,
///     tags: Vec<String>,
/// }
///
/// fn register(plugin: &mut Plugin) {
///     plugin.filter("post", |Json(mut post): Json<Post>, _: &Args| {
///         post.tags.push("seen".to_owned());
///         Ok(Json(post))
///     });
///     plugin.filter("newest", |_: i64, _: &Args| {
///         let Json(post) = app::call::<Json<Post>>("posts.newest", Json(("en", 1)))?;
///         Ok(post.id)
///     });
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromJson for Json<T> {
    const NAME: &'static str = "a value of the wanted type";

    fn from_json(value: &Value) -> Option<Json<T>> {
        T::deserialize(Reader { value, numbers_in_texts: false }).ok().map(Json)
    }
}

/// # Panics
///
/// When the value has no form in JSON, such as a map whose keys are not texts.
impl<T: Serialize> From<Json<T>> for Value {
    fn from(json: Json<T>) -> Value {
        match json.0.serialize(Writer) {
            Ok(value) => value,
            Err(error) => panic!("a value without a form in JSON: {error}"),
        }
    }
}

impl Row<'_> {
    /// The whole row as a type of `serde`, whose fields have the names of the columns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongType`] when a column is missing or has another type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, HostError> {
        let cells = self.values().iter().map(|value| Reader { value, numbers_in_texts: true });
        let columns = self.columns().iter().map(String::as_str).zip(cells);
        T::deserialize(MapDeserializer::<_, Error>::new(columns))
            .map_err(|error| HostError::found(ErrorKind::WrongType, format!("the row: {error}")))
    }
}

/// Reads a value.
#[derive(Clone, Copy)]
struct Reader<'a> {
    value: &'a Value,
    /// Whether a text may hold a number, as in the host's rows.
    numbers_in_texts: bool,
}

impl<'a> Reader<'a> {
    fn of(self, value: &'a Value) -> Reader<'a> {
        Reader { value, ..self }
    }

    fn number<V: Visitor<'a>>(self, text: &str, visitor: V) -> Result<V::Value, Error> {
        if let Ok(number) = text.parse::<u64>() {
            return visitor.visit_u64(number);
        }
        if let Ok(number) = text.parse::<i64>() {
            return visitor.visit_i64(number);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => Err(de::Error::custom("a number is too large")),
        }
    }
}

/// For types of numbers: a text may hold one.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.value {
                Value::String(text) if self.numbers_in_texts && text.parse::<f64>().is_ok() => {
                    self.number(text, visitor)
                }
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(text) => self.number(text, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.iter().map(|item| self.of(item)));
                let list = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(list)
            }
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.as_str(), self.of(value)));
                visitor.visit_map(MapDeserializer::new(members))
            }
        }
    }

    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    numbers!(deserialize_f32 deserialize_f64);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A text is a variant without content. Any other variant is an object with one member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::String(variant) => visitor.visit_enum(Variant { variant, content: None }),
            Value::Object(members) if members.len() == 1 => {
                let (variant, content) = &members[0];
                visitor.visit_enum(Variant { variant, content: Some(self.of(content)) })
            }
            _ => Err(de::Error::custom("not a variant")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Variant<'a> {
    variant: &'a str,
    content: Option<Reader<'a>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name = IntoDeserializer::<Error>::into_deserializer(self.variant);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> Variant<'de> {
    fn content(self) -> Result<Reader<'de>, Error> {
        self.content.ok_or_else(|| de::Error::custom("the variant has no content"))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None => Ok(()),
            Some(content) => Deserialize::deserialize(content),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content()?.deserialize_any(visitor)
    }
}

/// Makes a value.
struct Writer;

/// An array or an object that is being made. A variant is an object around it.
struct Items {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

struct Members {
    variant: Option<&'static str>,
    key: String,
    members: Vec<(String, Value)>,
}

fn wrapped(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::object([(variant, value)]),
        None => value,
    }
}

impl Items {
    fn new(variant: Option<&'static str>) -> Result<Items, Error> {
        Ok(Items { variant, items: Vec::new() })
    }

    fn add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.items.push(item.serialize(Writer)?);
        Ok(())
    }

    fn done(self) -> Result<Value, Error> {
        Ok(wrapped(self.variant, Value::Array(self.items)))
    }
}

impl Members {
    fn new(variant: Option<&'static str>) -> Result<Members, Error> {
        Ok(Members { variant, key: String::new(), members: Vec::new() })
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.members.push((name.to_owned(), value.serialize(Writer)?));
        Ok(())
    }

    fn done(self) -> Result<Value, Error> {
        Ok(wrapped(self.variant, Value::Object(self.members)))
    }
}

macro_rules! plain {
    ($($method:ident $kind:ty, $value:ident => $result:expr;)*) => {$(
        fn $method(self, $value: $kind) -> Result<Value, Error> {
            Ok($result)
        }
    )*};
}

impl Serializer for Writer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    plain! {
        serialize_bool bool, it => it.into();
        serialize_i8 i8, it => i32::from(it).into();
        serialize_i16 i16, it => i32::from(it).into();
        serialize_i32 i32, it => it.into();
        serialize_i64 i64, it => it.into();
        serialize_i128 i128, it => Value::Number(it.to_string());
        serialize_u8 u8, it => u32::from(it).into();
        serialize_u16 u16, it => u32::from(it).into();
        serialize_u32 u32, it => it.into();
        serialize_u64 u64, it => it.into();
        serialize_u128 u128, it => Value::Number(it.to_string());
        serialize_f32 f32, it => f64::from(it).into();
        serialize_f64 f64, it => it.into();
        serialize_char char, it => Value::String(it.to_string());
        serialize_str &str, it => it.into();
        serialize_unit_struct &'static str, _it => Value::Null;
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Error> {
        Ok(Value::Array(bytes.iter().map(|byte| u32::from(*byte).into()).collect()))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(wrapped(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items, Error> {
        Items::new(None)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items, Error> {
        Items::new(None)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Items, Error> {
        Items::new(None)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items, Error> {
        Items::new(Some(variant))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Members, Error> {
        Members::new(None)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Members, Error> {
        Members::new(None)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Members, Error> {
        Members::new(Some(variant))
    }
}

macro_rules! items {
    ($($kind:ident $method:ident;)*) => {$(
        impl $kind for Items {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
                self.add(item)
            }

            fn end(self) -> Result<Value, Error> {
                self.done()
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($kind:ident)*) => {$(
        impl $kind for Members {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.add(name, value)
            }

            fn end(self) -> Result<Value, Error> {
                self.done()
            }
        }
    )*};
}

fields!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = match key.serialize(Writer)? {
            Value::String(text) => text,
            _ => return Err(Error::custom("a key is not a text")),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = std::mem::take(&mut self.key);
        self.add(&key, value)
    }

    fn end(self) -> Result<Value, Error> {
        self.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{self, Rows};
    use crate::testing::Host;
    use crate::{config, json, params};
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Order {
        id: i64,
        #[serde(default)]
        note: Option<String>,
        state: State,
        lines: Vec<(String, u8)>,
        totals: BTreeMap<String, f64>,
    }

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Open,
        Paid(u64),
        Sent { by: String },
        Split(i32, i32),
    }

    fn order(state: State) -> Order {
        Order {
            id: i64::MIN,
            note: None,
            state,
            lines: vec![("ü".to_owned(), 2)],
            totals: BTreeMap::from([("eur".to_owned(), 1.5)]),
        }
    }

    #[test]
    fn a_type_comes_back_as_it_was() {
        for (state, text) in [
            (State::Open, r#""open""#),
            (State::Paid(7), r#"{"paid":7}"#),
            (State::Sent { by: "post".to_owned() }, r#"{"sent":{"by":"post"}}"#),
            (State::Split(-1, 2), r#"{"split":[-1,2]}"#),
        ] {
            let written = Value::from(Json(order(state))).to_json();
            let head = r#"{"id":-9223372036854775808,"note":null,"state":"#;
            let tail = r#","lines":[["ü",2]],"totals":{"eur":1.5}}"#;
            assert_eq!(written, format!("{head}{text}{tail}"));
            let read = Json::<Order>::from_json(&json::parse(written.as_bytes()).unwrap()).unwrap();
            assert_eq!(Value::from(Json(read.0)).to_json(), written);
        }
    }

    #[test]
    fn a_value_of_another_form_is_not_of_the_type() {
        for text in [
            "null",
            "[]",
            r#"{"id":1,"state":"open","lines":[]}"#,
            r#"{"id":1.5,"state":"open","lines":[],"totals":{}}"#,
            r#"{"id":"1","state":"open","lines":[],"totals":{}}"#,
            r#"{"id":1,"state":"lost","lines":[],"totals":{}}"#,
            r#"{"id":1,"state":{"paid":1,"open":1},"lines":[],"totals":{}}"#,
            r#"{"id":1,"state":"open","lines":[["a",256]],"totals":{}}"#,
            r#"{"id":1,"state":"open","lines":[["a",1,2]],"totals":{}}"#,
        ] {
            let value = json::parse(text.as_bytes()).unwrap();
            assert_eq!(Json::<Order>::from_json(&value), None, "{text}");
        }
    }

    #[test]
    fn configuration_and_rows_are_types() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Settings {
            limit: u32,
            #[serde(default = "yes")]
            loud: bool,
        }
        fn yes() -> bool {
            true
        }
        let host = Host::new();
        host.set_config("limit", 3);
        let settings = config::get::<Json<Settings>>("").unwrap().unwrap();
        assert_eq!(settings, Json(Settings { limit: 3, loud: true }));

        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Post {
            id: i64,
            price: f64,
            title: Option<String>,
        }
        host.stub_db(|_, _| {
            let row = vec!["9007199254740993".into(), "1.50".into(), Value::Null];
            let wrong = vec!["x".into(), 1.into(), "7".into()];
            Ok(Rows::of(&["id", "price", "title"], vec![row, wrong]))
        });
        let rows = db::query("select", params![]).unwrap();
        let post: Post = rows.first().unwrap().decode().unwrap();
        assert_eq!(post, Post { id: 9_007_199_254_740_993, price: 1.5, title: None });
        let error = rows.iter().last().unwrap().decode::<Post>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongType);
    }

    #[test]
    fn a_map_needs_texts_as_keys() {
        let numbers = BTreeMap::from([(7, true)]);
        assert!(std::panic::catch_unwind(|| Value::from(Json(numbers))).is_err());
    }
}
