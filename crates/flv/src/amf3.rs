//! AMF3, as far as RTMP peers that announce `objectEncoding` 3 use it (Adobe "AMF 3", 2013-01-15).
//!
//! Values are read into [`amf0::Value`](Value), iteratively and within the same limits. References to strings and
//! traits are followed, references to objects become [`Value::Undefined`], as do byte arrays. Not read: vectors,
//! dictionaries and externalizable objects. Nothing is ever written as AMF3: every peer that speaks it also reads
//! AMF0.

use crate::Error;
use crate::amf0::{Budget, Value, text};
use crate::reader::Reader;

/// How many bytes of text the references of one message may repeat. Without it a short message could name one long
/// string thousands of times.
pub const REFERENCED_BYTES_MAX: usize = 64 * 1024;

/// All values of one message that is AMF3 throughout.
pub fn decode_all(message: &[u8]) -> Result<Vec<Value>, Error> {
    let mut reader = Reader::new(message, "AMF3 value");
    let (mut budget, mut tables) = (Budget::default(), Tables::default());
    let mut values = Vec::new();
    while !reader.is_empty() {
        values.push(read_value(&mut reader, &mut budget, &mut tables, 0)?);
    }
    Ok(values)
}

/// What was sent earlier in the message and may be referred to; never longer than the message.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    strings: Vec<String>,
    traits: Vec<Traits>,
    referenced_bytes: usize,
}

/// The shape of an object (AMF3 §3.12).
#[derive(Clone, Debug)]
struct Traits {
    sealed: Vec<String>,
    is_dynamic: bool,
}

impl Tables {
    fn refer(&mut self, bytes: usize) -> Result<(), Error> {
        self.referenced_bytes = self.referenced_bytes.saturating_add(bytes);
        if self.referenced_bytes <= REFERENCED_BYTES_MAX {
            Ok(())
        } else {
            Err(Error::AmfReferences { max_bytes: REFERENCED_BYTES_MAX })
        }
    }

    fn read_string(&mut self, reader: &mut Reader<'_>) -> Result<String, Error> {
        match read_u29_tagged(reader)? {
            Tagged::Reference(index) => {
                let known = self.strings.len();
                let found = self.strings.get(index).cloned();
                let found = found.ok_or(Error::AmfReference { what: "string", index, known })?;
                self.refer(found.len())?;
                Ok(found)
            }
            Tagged::Inline(0) => Ok(String::new()), // never in the table (§1.3.2)
            Tagged::Inline(len) => {
                let string = text(reader.take(len)?);
                self.strings.push(string.clone());
                Ok(string)
            }
        }
    }

    /// `header` is what stands behind the bit that says an object is sent inline (§3.12, U29O).
    fn read_traits(
        &mut self,
        header: usize,
        reader: &mut Reader<'_>,
        budget: &mut Budget,
    ) -> Result<Traits, Error> {
        if header & 0b1 == 0 {
            let index = header >> 1;
            let known = self.traits.len();
            let found = self.traits.get(index).cloned();
            let found = found.ok_or(Error::AmfReference { what: "trait", index, known })?;
            self.refer(found.sealed.iter().map(String::len).sum())?;
            return Ok(found);
        }
        if header & 0b10 != 0 {
            return Err(Error::AmfExternalizable);
        }
        self.read_string(reader)?; // the class name
        let mut sealed = Vec::new();
        for _ in 0..header >> 3 {
            budget.spend_value()?;
            sealed.push(self.read_string(reader)?);
        }
        let traits = Traits { sealed, is_dynamic: header & 0b100 != 0 };
        self.traits.push(traits.clone());
        Ok(traits)
    }
}

/// Reads one value that stands inside `depth` objects.
pub(crate) fn read_value(
    reader: &mut Reader<'_>,
    budget: &mut Budget,
    tables: &mut Tables,
    depth: usize,
) -> Result<Value, Error> {
    let mut open: Vec<Container> = Vec::new();
    loop {
        let ended = match open.last_mut() {
            Some(container) => container.ends_here(reader, tables)?,
            None => false,
        };
        let value = if ended {
            open.pop().map(Container::into_value)
        } else {
            begin(reader, budget, tables, depth, &mut open)?
        };
        match (value, open.last_mut()) {
            (Some(value), Some(container)) => container.push(value),
            (Some(value), None) => return Ok(value),
            (None, _) => {}
        }
    }
}

fn begin(
    reader: &mut Reader<'_>,
    budget: &mut Budget,
    tables: &mut Tables,
    depth: usize,
    open: &mut Vec<Container>,
) -> Result<Option<Value>, Error> {
    budget.spend_value()?;
    let marker = reader.u8()?;
    let value = match marker {
        marker::UNDEFINED => Value::Undefined,
        marker::NULL => Value::Null,
        marker::FALSE => Value::Boolean(false),
        marker::TRUE => Value::Boolean(true),
        marker::INTEGER => Value::Number(f64::from(sign_extend_29(read_u29(reader)?))),
        marker::DOUBLE => Value::Number(reader.f64()?),
        marker::STRING => Value::String(tables.read_string(reader)?),
        // All others share one shape: a reference to an earlier one, or a length or shape that comes inline.
        marker::XML_DOCUMENT..=marker::BYTE_ARRAY => match (marker, read_u29_tagged(reader)?) {
            (_, Tagged::Reference(_)) => Value::Undefined,
            (marker::DATE, _) => Value::Date(reader.f64()?),
            (marker::BYTE_ARRAY, Tagged::Inline(len)) => {
                reader.take(len)?;
                Value::Undefined
            }
            (marker::XML | marker::XML_DOCUMENT, Tagged::Inline(len)) => {
                Value::String(text(reader.take(len)?))
            }
            (marker::ARRAY, Tagged::Inline(len)) => {
                Budget::check_depth(depth.saturating_add(open.len()))?;
                open.push(Container::array(len));
                return Ok(None);
            }
            (_, Tagged::Inline(header)) => {
                Budget::check_depth(depth.saturating_add(open.len()))?;
                open.push(Container::object(tables.read_traits(header, reader, budget)?));
                return Ok(None);
            }
        },
        marker => return Err(Error::AmfMarker { version: 3, marker }),
    };
    Ok(Some(value))
}

/// An object or array whose end was not read yet.
enum Container {
    Object {
        members: Vec<(String, Value)>,
        key: String,
        sealed: std::vec::IntoIter<String>,
        is_dynamic: bool,
    },
    /// First the members with names, up to an empty name, then `dense_left` members without.
    Array { members: Vec<(String, Value)>, key: String, is_dense: bool, items: Vec<Value>, dense_left: usize },
}

impl Container {
    fn object(traits: Traits) -> Self {
        let Traits { sealed, is_dynamic } = traits;
        Self::Object { members: Vec::new(), key: String::new(), sealed: sealed.into_iter(), is_dynamic }
    }

    fn array(dense_left: usize) -> Self {
        Self::Array {
            members: Vec::new(),
            key: String::new(),
            is_dense: false,
            items: Vec::new(),
            dense_left,
        }
    }

    /// Reads up to the next member's value, or over the end.
    fn ends_here(&mut self, reader: &mut Reader<'_>, tables: &mut Tables) -> Result<bool, Error> {
        match self {
            Self::Object { key, sealed, is_dynamic, .. } => {
                if let Some(name) = sealed.next() {
                    *key = name;
                    return Ok(false);
                }
                if !*is_dynamic {
                    return Ok(true);
                }
                *key = tables.read_string(reader)?;
                Ok(key.is_empty())
            }
            Self::Array { key, is_dense, dense_left, .. } => {
                if !*is_dense {
                    *key = tables.read_string(reader)?;
                    *is_dense = key.is_empty();
                }
                if *is_dense {
                    let Some(left) = dense_left.checked_sub(1) else { return Ok(true) };
                    *dense_left = left;
                }
                Ok(false)
            }
        }
    }

    fn push(&mut self, value: Value) {
        match self {
            Self::Array { items, is_dense: true, .. } => items.push(value),
            Self::Object { members, key, .. } | Self::Array { members, key, .. } => {
                members.push((std::mem::take(key), value));
            }
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Object { members, .. } => Value::Object(members),
            Self::Array { members, items, .. } if members.is_empty() => Value::StrictArray(items),
            Self::Array { mut members, items, .. } => {
                members.extend(items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)));
                Value::EcmaArray(members)
            }
        }
    }
}

/// A number whose lowest bit says what the others are.
enum Tagged {
    /// A place in a table.
    Reference(usize),
    /// A length, a count or flags.
    Inline(usize),
}

fn read_u29_tagged(reader: &mut Reader<'_>) -> Result<Tagged, Error> {
    let number = usize::try_from(read_u29(reader)?).unwrap_or(usize::MAX);
    Ok(if number & 1 == 0 { Tagged::Reference(number >> 1) } else { Tagged::Inline(number >> 1) })
}

/// AMF3 §1.3.1: seven bits per byte while the highest bit is set; a fourth byte counts whole.
fn read_u29(reader: &mut Reader<'_>) -> Result<u32, Error> {
    let mut number = 0u32;
    for _ in 0..3 {
        let byte = reader.u8()?;
        number = number << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Ok(number << 8 | u32::from(reader.u8()?))
}

fn sign_extend_29(number: u32) -> i32 {
    (number << 3).cast_signed() >> 3
}

/// AMF3 §3.1. From 13 on: vectors and dictionaries.
mod marker {
    pub(super) const UNDEFINED: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INTEGER: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const STRING: u8 = 0x06;
    pub(super) const XML_DOCUMENT: u8 = 0x07;
    pub(super) const DATE: u8 = 0x08;
    pub(super) const ARRAY: u8 = 0x09;
    pub(super) const XML: u8 = 0x0B;
    pub(super) const BYTE_ARRAY: u8 = 0x0C;
}

#[cfg(test)]
#[path = "amf3_tests.rs"]
mod tests;
