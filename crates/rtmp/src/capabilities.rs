//! What peers say they can do with codecs beyond the legacy ones (Enhanced RTMP v2, "Enhancing NetConnection connect
//! Command").

use flv::amf0::Value;

/// Codecs named by one peer, at most; more are ignored.
const FOUR_CCS_MAX: usize = 64;

/// In the info maps.
const CAN_DECODE: u8 = 1;
const CAN_ENCODE: u8 = 2;
const CAN_FORWARD: u8 = 4;

/// In `capsEx`: several tracks, ModEx, and nanoseconds in ModEx. We do not announce Reconnect (1).
const CAPS_EX: u8 = 2 | 4 | 8;

/// What we pass on.
const VIDEO_FOUR_CCS: [&str; 5] = ["avc1", "hvc1", "av01", "vp09", "vp08"];
const AUDIO_FOUR_CCS: [&str; 6] = ["mp4a", "Opus", "fLaC", ".mp3", "ac-3", "ec-3"];

/// What a peer announced in `connect`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `fourCcList`: codecs the peer takes; `"*"` is any.
    pub four_ccs: Vec<String>,
    /// `videoFourCcInfoMap`: per codec, or `"*"`, the sum of 1 (decodes), 2 (encodes) and 4 (forwards).
    pub video: Vec<(String, u8)>,
    /// `audioFourCcInfoMap`, likewise.
    pub audio: Vec<(String, u8)>,
    /// `capsEx`: the sum of 1 (reconnects when asked), 2 (multitrack), 4 (ModEx) and 8 (nanoseconds).
    pub caps_ex: u8,
}

impl Capabilities {
    /// Whether the peer announced anything; if not it knows legacy codecs only.
    pub fn is_enhanced(&self) -> bool {
        *self != Self::default()
    }

    /// Whether the peer plays, or passes on, the codec with this FourCC.
    pub fn takes(&self, four_cc: &str) -> bool {
        let is_it = |name: &str| name == four_cc || name == "*";
        let can = CAN_DECODE | CAN_FORWARD;
        self.four_ccs.iter().any(|name| is_it(name))
            || self.video.iter().chain(&self.audio).any(|(name, flags)| is_it(name) && flags & can != 0)
    }

    /// Of a command object or an information object.
    pub(crate) fn read(object: &Value) -> Self {
        let map = |key| {
            let members = object.get(key).and_then(Value::members).unwrap_or_default();
            let entries = members.iter().filter_map(|(name, flags)| Some((name.clone(), number(flags)?)));
            entries.take(FOUR_CCS_MAX).collect()
        };
        let four_ccs = match object.get("fourCcList") {
            Some(Value::StrictArray(items)) => items.as_slice(),
            _ => &[],
        };
        Self {
            four_ccs: four_ccs.iter().filter_map(Value::as_str).take(FOUR_CCS_MAX).map(Into::into).collect(),
            video: map("videoFourCcInfoMap"),
            audio: map("audioFourCcInfoMap"),
            caps_ex: object.get("capsEx").and_then(number).unwrap_or(0),
        }
    }

    /// Our own, for either direction.
    pub(crate) fn ours() -> [(&'static str, Value); 4] {
        let flags = f64::from(CAN_ENCODE | CAN_FORWARD | CAN_DECODE);
        let map = |names: &[&str]| Value::object(names.iter().map(|name| (*name, Value::from(flags))));
        let all = VIDEO_FOUR_CCS.iter().chain(&AUDIO_FOUR_CCS);
        [
            ("fourCcList", Value::StrictArray(all.map(|name| Value::from(*name)).collect())),
            ("videoFourCcInfoMap", map(&VIDEO_FOUR_CCS)),
            ("audioFourCcInfoMap", map(&AUDIO_FOUR_CCS)),
            ("capsEx", Value::from(f64::from(CAPS_EX))),
        ]
    }
}

/// A float to integer cast saturates.
fn number(value: &Value) -> Option<u8> {
    value.as_f64().map(|number| number as u8)
}
