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
}
