//! AMF0, the values of RTMP commands and FLV script tags (Adobe "AMF 0", 2007-12-13).
//!
//! Reading is iterative and bounded by [`DEPTH_MAX`] and [`VALUES_MAX`]. References are read but not followed: they
//! become [`Value::Undefined`]. Class names and time zones are dropped.

use crate::reader::Reader;
use crate::{Error, amf3};
use bytes::{BufMut, BytesMut};

/// How deep objects and arrays may stand in one another.
pub const DEPTH_MAX: usize = 32;

/// How many values one message may have, counted with the members of objects and arrays.
pub const VALUES_MAX: usize = 4096;

/// One AMF0 value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Any number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A string, a long string or an XML document; bytes that are not UTF-8 were replaced.
    String(String),
    /// An object, anonymous or of a class.
    Object(Vec<(String, Value)>),
    /// Nothing, on purpose.
    #[default]
    Null,
    /// Nothing; also what is sent as "unsupported" or as a reference.
    Undefined,
    /// An array with names as keys.
    EcmaArray(Vec<(String, Value)>),
    /// An array with positions as keys.
    StrictArray(Vec<Value>),
    /// Milliseconds since 1970, UTC.
    Date(f64),
}

impl Value {
    /// An object of the given members.
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The member of an object or ECMA array; of several with one name the last.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.members()?.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The members of an object or ECMA array.
    pub fn members(&self) -> Option<&[(String, Value)]> {
        match self {
            Self::Object(members) | Self::EcmaArray(members) => Some(members),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

/// All values of one message.
pub fn decode_all(message: &[u8]) -> Result<Vec<Value>, Error> {
    let mut decoder = Decoder::new(message);
    let mut values = Vec::new();
    while let Some(value) = decoder.next_value()? {
        values.push(value);
    }
    Ok(values)
}

/// Reads the values of one message one by one; the limits hold for the message as a whole.
#[derive(Debug)]
pub struct Decoder<'a> {
    reader: Reader<'a>,
    budget: Budget,
    /// What AMF3 values inside this message may refer to.
    amf3_tables: amf3::Tables,
}

impl<'a> Decoder<'a> {
    /// Starts at the first value of `message`.
    pub fn new(message: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(message, "AMF0 value"),
            budget: Budget::default(),
            amf3_tables: amf3::Tables::default(),
        }
    }

    /// The bytes behind the last value read.
    pub fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// The next value; `None` at the end of the message.
    pub fn next_value(&mut self) -> Result<Option<Value>, Error> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        let mut open: Vec<Container> = Vec::new();
        loop {
            let ended = match open.last_mut() {
                Some(container) => container.ends_here(&mut self.reader)?,
                None => false,
            };
            let value = if ended { open.pop().map(Container::into_value) } else { self.begin(&mut open)? };
            match (value, open.last_mut()) {
                (Some(value), Some(container)) => container.push(value),
                (Some(value), None) => return Ok(Some(value)),
                (None, _) => {}
            }
        }
    }

    /// Reads a value without members whole; of any other reads the start and adds it to `open`.
    fn begin(&mut self, open: &mut Vec<Container>) -> Result<Option<Value>, Error> {
        self.budget.spend_value()?;
        let reader = &mut self.reader;
        let container = match reader.u8()? {
            marker::NUMBER => return Ok(Some(Value::Number(reader.f64()?))),
            marker::BOOLEAN => return Ok(Some(Value::Boolean(reader.u8()? != 0))),
            marker::STRING => return Ok(Some(Value::String(short_string(reader)?))),
            marker::LONG_STRING | marker::XML_DOCUMENT => {
                return Ok(Some(Value::String(long_string(reader)?)));
            }
            marker::NULL => return Ok(Some(Value::Null)),
            marker::UNDEFINED | marker::UNSUPPORTED => return Ok(Some(Value::Undefined)),
            marker::REFERENCE => {
                reader.u16()?;
                return Ok(Some(Value::Undefined));
            }
            marker::DATE => {
                let millis = reader.f64()?;
                reader.u16()?; // time zone: reserved, to be ignored (§2.13)
                return Ok(Some(Value::Date(millis)));
            }
            marker::AVMPLUS => {
                let value = amf3::read_value(reader, &mut self.budget, &mut self.amf3_tables, open.len())?;
                return Ok(Some(value));
            }
            marker::OBJECT => Container::named(false),
            marker::TYPED_OBJECT => {
                short_string(reader)?;
                Container::named(false)
            }
            marker::ECMA_ARRAY => {
                reader.u32()?; // a count that encoders set as they please
                Container::named(true)
            }
            marker::STRICT_ARRAY => Container::List { items: Vec::new(), left: reader.u32()? },
            marker => return Err(Error::AmfMarker { version: 0, marker }),
        };
        Budget::check_depth(open.len())?;
        open.push(container);
        Ok(None)
    }
}

/// An object or array whose end was not read yet.
enum Container {
    Named { members: Vec<(String, Value)>, key: String, is_array: bool },
    List { items: Vec<Value>, left: u32 },
}

impl Container {
    fn named(is_array: bool) -> Self {
        Self::Named { members: Vec::new(), key: String::new(), is_array }
    }

    /// Reads up to the next member's value, or over the end.
    fn ends_here(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        match self {
            Self::List { left, .. } => match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => return Ok(true),
            },
            // Some encoders leave out the end marker of an ECMA array that ends its message.
            Self::Named { is_array: true, .. } if reader.is_empty() => return Ok(true),
            Self::Named { key, .. } => {
                *key = short_string(reader)?;
                if key.is_empty() && reader.rest().first() == Some(&marker::OBJECT_END) {
                    reader.u8()?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn push(&mut self, value: Value) {
        match self {
            Self::Named { members, key, .. } => members.push((std::mem::take(key), value)),
            Self::List { items, .. } => items.push(value),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Named { members, is_array: false, .. } => Value::Object(members),
            Self::Named { members, is_array: true, .. } => Value::EcmaArray(members),
            Self::List { items, .. } => Value::StrictArray(items),
        }
    }
}

/// What one message may still hold.
#[derive(Debug)]
pub(crate) struct Budget {
    values_left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values_left: VALUES_MAX }
    }
}

impl Budget {
    pub(crate) fn spend_value(&mut self) -> Result<(), Error> {
        self.values_left = self.values_left.checked_sub(1).ok_or(Error::AmfValues { max: VALUES_MAX })?;
        Ok(())
    }

    /// Whether a container may open inside `depth` others.
    pub(crate) fn check_depth(depth: usize) -> Result<(), Error> {
        if depth < DEPTH_MAX { Ok(()) } else { Err(Error::AmfDepth { max: DEPTH_MAX }) }
    }
}

fn short_string(reader: &mut Reader<'_>) -> Result<String, Error> {
    let len = reader.u16()?;
    reader.take(len.into()).map(text)
}

fn long_string(reader: &mut Reader<'_>) -> Result<String, Error> {
    let len = reader.u32()?;
    reader.take(usize::try_from(len).unwrap_or(usize::MAX)).map(text)
}

/// Old encoders write names in their machine's own character set; that is no reason to refuse them.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends `value`. Its own depth is the depth of the recursion; what was decoded keeps to [`DEPTH_MAX`].
///
/// A member whose name is longer than 65 535 bytes cannot be written and is left out.
pub fn encode(value: &Value, out: &mut BytesMut) {
    match value {
        Value::Number(number) => {
            out.put_u8(marker::NUMBER);
            out.put_f64(*number);
        }
        Value::Boolean(boolean) => out.put_slice(&[marker::BOOLEAN, u8::from(*boolean)]),
        Value::String(text) => encode_string(text, out),
        Value::Object(members) => {
            out.put_u8(marker::OBJECT);
            encode_members(members, out);
        }
        Value::Null => out.put_u8(marker::NULL),
        Value::Undefined => out.put_u8(marker::UNDEFINED),
        Value::EcmaArray(members) => {
            out.put_u8(marker::ECMA_ARRAY);
            out.put_u32(u32::try_from(members.len()).unwrap_or(u32::MAX));
            encode_members(members, out);
        }
        Value::StrictArray(items) => {
            let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
            out.put_u8(marker::STRICT_ARRAY);
            out.put_u32(count);
            for item in items {
                encode(item, out);
            }
        }
        Value::Date(millis) => {
            out.put_u8(marker::DATE);
            out.put_f64(*millis);
            out.put_u16(0);
        }
    }
}

fn encode_string(text: &str, out: &mut BytesMut) {
    if let Ok(len) = u16::try_from(text.len()) {
        out.put_u8(marker::STRING);
        out.put_u16(len);
        out.put_slice(text.as_bytes());
    } else if let Ok(len) = u32::try_from(text.len()) {
        out.put_u8(marker::LONG_STRING);
        out.put_u32(len);
        out.put_slice(text.as_bytes());
    } else {
        out.put_u8(marker::UNSUPPORTED);
    }
}

fn encode_members(members: &[(String, Value)], out: &mut BytesMut) {
    for (name, value) in members {
        let Ok(len) = u16::try_from(name.len()) else { continue };
        out.put_u16(len);
        out.put_slice(name.as_bytes());
        encode(value, out);
    }
    out.put_slice(&[0, 0, marker::OBJECT_END]);
}

/// AMF0 §2.1. Movie clips (4) and record sets (14) are reserved and never valid.
mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const REFERENCE: u8 = 0x07;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0A;
    pub(super) const DATE: u8 = 0x0B;
    pub(super) const LONG_STRING: u8 = 0x0C;
    pub(super) const UNSUPPORTED: u8 = 0x0D;
    pub(super) const XML_DOCUMENT: u8 = 0x0F;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
    pub(super) const AVMPLUS: u8 = 0x11;
}

#[cfg(test)]
#[path = "amf0_tests.rs"]
mod tests;
