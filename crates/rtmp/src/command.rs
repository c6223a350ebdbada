//! Commands: AMF0 messages, or AMF0 behind a zero byte in the types named after AMF3 (RTMP 1.0 §7.1.1).

use crate::Error;
use crate::message::{Message, type_id};
use bytes::{Bytes, BytesMut};
use flv::amf0::{self, Value};

/// A command as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) transaction_id: f64,
    /// The command object first.
    args: Vec<Value>,
}

impl Command {
    pub(crate) fn decode(message: &Message) -> Result<Self, Error> {
        let mut values = amf0::decode_all(&as_amf0(message))?.into_iter();
        let Some(Value::String(name)) = values.next() else { return Err(Error::NoCommandName) };
        let transaction_id = values.next().and_then(|value| value.as_f64()).unwrap_or(0.0);
        Ok(Self { name, transaction_id, args: values.collect() })
    }

    /// The object that follows the transaction id.
    pub(crate) fn object(&self) -> &Value {
        self.args.first().unwrap_or(&Value::Null)
    }

    /// What follows the command object, from 0.
    pub(crate) fn arg(&self, index: usize) -> &Value {
        self.args.get(index.saturating_add(1)).unwrap_or(&Value::Null)
    }

    /// An argument that should be text, which some clients send as a number.
    pub(crate) fn text_arg(&self, index: usize) -> String {
        match self.arg(index) {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }
}

/// The payload of a command or data message without what only the AMF3 types have: a first byte that says that AMF0
/// follows.
pub(crate) fn as_amf0(message: &Message) -> Bytes {
    let is_amf3 = matches!(message.type_id, type_id::COMMAND_AMF3 | type_id::DATA_AMF3);
    match message.payload.first() {
        Some(0) if is_amf3 => message.payload.slice(1..),
        _ => message.payload.clone(),
    }
}

/// The payload of a command.
pub(crate) fn encode(name: &str, transaction_id: f64, values: &[Value]) -> BytesMut {
    let mut payload = encode_values(&[name.into(), transaction_id.into()]);
    for value in values {
        amf0::encode(value, &mut payload);
    }
    payload
}

/// The payload of a data message.
pub(crate) fn encode_values(values: &[Value]) -> BytesMut {
    let mut payload = BytesMut::new();
    for value in values {
        amf0::encode(value, &mut payload);
    }
    payload
}
