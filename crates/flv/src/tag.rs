use crate::Error;
use bytes::Bytes;
use media::MediaKind;
use std::fmt;

/// What a tag carries; the numbers are also RTMP's message types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TagType {
    /// Sound.
    Audio = 8,
    /// Pictures.
    Video = 9,
    /// AMF0 values: a name and what it names.
    Script = 18,
}

impl TryFrom<u8> for TagType {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        match number {
            8 => Ok(Self::Audio),
            9 => Ok(Self::Video),
            18 => Ok(Self::Script),
            tag_type => Err(Error::TagType { tag_type }),
        }
    }
}

impl From<MediaKind> for TagType {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Audio,
            MediaKind::Video => Self::Video,
            MediaKind::Data => Self::Script,
        }
    }
}

impl fmt::Display for TagType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Script => "script",
        })
    }
}

/// One FLV tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it carries.
    pub tag_type: TagType,
    /// Decode time in milliseconds; wraps after 2^32.
    pub timestamp_ms: u32,
    /// What [`BodyDemuxer`](crate::BodyDemuxer) reads.
    pub body: Bytes,
}
