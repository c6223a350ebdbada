//! Script tags: `onMetaData`, which is read, and all others, which are passed on.

use crate::Error;
use crate::amf0::{self, Value};
use crate::body::{Skipped, Stop};
use bytes::Bytes;
use media::Metadata;

/// How long the name of an encoder may be, in bytes; it is shown to people.
const ENCODER_BYTES_MAX: usize = 256;

/// A frame rate above this many pictures per second is a mistake.
const FRAME_RATE_MAX: f64 = 1000.0;

pub(crate) enum Script {
    /// What the encoder says of its stream; `None` when it takes it back.
    Metadata(Option<Metadata>),
    /// Anything else, name first.
    Data(Bytes),
}

/// Reads a script body. All of it is looked at, so that nothing the limits forbid reaches a viewer.
pub(crate) fn read(body: &Bytes) -> Result<Script, Stop> {
    let mut decoder = amf0::Decoder::new(body);
    let mut start = decoder.rest();
    let mut next_value = || -> Result<(Option<Value>, &[u8]), Stop> {
        let value = decoder.next_value().map_err(|error| match error {
            // Recorded files carry an index of all their keyframes; live streams have no use for one.
            Error::AmfValues { .. } => Stop::from(Skipped::ScriptTooLarge { bytes: body.len() }),
            error => error.into(),
        })?;
        Ok((value, decoder.rest()))
    };
    let (mut name, rest) = next_value()?;
    // RTMP: how a publisher tells a server to keep data and give it to every player that joins.
    let is_clear = name.as_ref().and_then(Value::as_str) == Some("@clearDataFrame");
    if is_clear || name.as_ref().and_then(Value::as_str) == Some("@setDataFrame") {
        start = rest;
        (name, _) = next_value()?;
    }
    let is_metadata = name.as_ref().and_then(Value::as_str) == Some("onMetaData");
    if is_clear {
        return if is_metadata { Ok(Script::Metadata(None)) } else { Err(Skipped::Empty.into()) };
    }
    if name.is_none() {
        return Err(Skipped::Empty.into());
    }
    let mut metadata = Metadata::default();
    while let (Some(value), _) = next_value()? {
        if is_metadata && value.members().is_some() {
            metadata = read_metadata(&value);
        }
    }
    Ok(if is_metadata { Script::Metadata(Some(metadata)) } else { Script::Data(body.slice_ref(start)) })
}

fn read_metadata(value: &Value) -> Metadata {
    let number =
        |key| value.get(key).and_then(Value::as_f64).filter(|number| number.is_finite() && *number > 0.0);
    let encoder = value.get("encoder").and_then(Value::as_str).filter(|name| !name.is_empty());
    Metadata {
        encoder: encoder.map(|name| first_bytes(name, ENCODER_BYTES_MAX).to_owned()),
        frame_rate: number("framerate").filter(|frame_rate| *frame_rate <= FRAME_RATE_MAX),
        video_bps: number("videodatarate").map(bps),
        audio_bps: number("audiodatarate").map(bps),
    }
}

/// From kilobits; a float to integer cast saturates.
fn bps(kbps: f64) -> u32 {
    (kbps * 1000.0).round() as u32
}

fn first_bytes(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}
