/// Why bytes are not FLV, or not AMF, that we accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field reaches past the end of its message or tag body.
    #[error("{what} is cut short: {wanted_bytes} more bytes expected, {left_bytes} left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// How many bytes the next field needs.
        wanted_bytes: usize,
        /// How many bytes there are.
        left_bytes: usize,
    },
    /// Objects and arrays stand in one another deeper than [`amf0::DEPTH_MAX`](crate::amf0::DEPTH_MAX).
    #[error("AMF objects nest more than {max} deep")]
    AmfDepth {
        /// The limit.
        max: usize,
    },
    /// A message has more values than [`amf0::VALUES_MAX`](crate::amf0::VALUES_MAX).
    #[error("an AMF message has more than {max} values")]
    AmfValues {
        /// The limit.
        max: usize,
    },
    /// AMF3 references would copy more text than
    /// [`amf3::REFERENCED_BYTES_MAX`](crate::amf3::REFERENCED_BYTES_MAX).
    #[error("AMF3 references repeat more than {max_bytes} bytes of text")]
    AmfReferences {
        /// The limit.
        max_bytes: usize,
    },
    /// An AMF3 reference to something that was not sent before.
    #[error("AMF3 reference {index} to a {what}, of which {known} are known (AMF3 §2.2)")]
    AmfReference {
        /// What is referred to.
        what: &'static str,
        /// The index sent.
        index: usize,
        /// How many entries the table has.
        known: usize,
    },
    /// A type of AMF value that is not read.
    #[error("AMF{version} type marker {marker:#04x} is unknown or not supported")]
    AmfMarker {
        /// 0 or 3.
        version: u8,
        /// The marker sent.
        marker: u8,
    },
    /// An object whose class writes itself in its own format (AMF3 §3.12).
    #[error("AMF3 externalizable objects are not supported")]
    AmfExternalizable,
    /// The stream does not begin as FLV does.
    #[error("not an FLV stream: it must begin with the letters FLV (FLV 10.1 §E.2)")]
    NotFlv,
    /// The stream says that its tags begin very far behind its start.
    #[error("FLV header of {bytes} bytes exceeds {max_bytes} (FLV 10.1 §E.2 DataOffset)")]
    HeaderTooLarge {
        /// What the header says.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A kind of tag that does not exist.
    #[error("FLV tag type {tag_type} is not 8 (audio), 9 (video) or 18 (script) (FLV 10.1 §E.4.1)")]
    TagType {
        /// The number sent.
        tag_type: u8,
    },
    /// A tag above the limit given to [`Demuxer::new`](crate::Demuxer::new).
    #[error("FLV tag of {bytes} bytes exceeds {max_bytes}")]
    TagTooLarge {
        /// What the tag header says.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A codec that is known by name but cannot be delivered.
    #[error("codec {name} is not supported")]
    UnsupportedCodec {
        /// The codec's name for people.
        name: String,
    },
    /// A decoder config longer than [`CONFIG_BYTES_MAX`](crate::CONFIG_BYTES_MAX).
    #[error("decoder config of {bytes} bytes exceeds {max_bytes}")]
    ConfigTooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A body with more modifiers than anybody has use for.
    #[error("more than {max} ModEx modifiers before one packet (Enhanced RTMP v2, ModEx)")]
    TooManyModifiers {
        /// The limit.
        max: usize,
    },
    /// A body with more shares than there are track numbers.
    #[error("more than {max} tracks in one body (Enhanced RTMP v2, Multitrack)")]
    TooManyParts {
        /// The limit.
        max: usize,
    },
}
