use crate::text::{write_quotable, write_uri};
use std::fmt;

/// A list of the qualities of one stream; its text is made by [`to_string`](ToString::to_string).
#[derive(Clone, Debug, Default)]
pub struct MultivariantPlaylist {
    /// Whether every segment of every variant can be decoded from its beginning.
    pub independent_segments: bool,
    /// The query of the request, carried on to every URI; empty for none.
    pub query: String,
    /// The qualities; players start with the first one.
    pub variants: Vec<Variant>,
    /// Sound and captions that variants name by their groups.
    pub renditions: Vec<Rendition>,
}

/// One quality (RFC 8216 §4.3.4.2).
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// Where its media playlist is, relative to this playlist.
    pub uri: String,
    /// Bits per second of the segment that needs most, sound included.
    pub bandwidth_bps: u64,
    /// Bits per second over all segments.
    pub average_bandwidth_bps: Option<u64>,
    /// RFC 6381 codec strings of every track, sound included.
    pub codecs: Vec<String>,
    /// Size of the pictures.
    pub resolution: Option<Resolution>,
    /// Pictures per second.
    pub frame_rate: Option<f64>,
    /// The [`Rendition::group`] that holds its sound, when that is not in its own segments.
    pub audio_group: Option<String>,
    /// The [`Rendition::group`] that holds its captions.
    pub subtitles_group: Option<String>,
}

/// Size of a picture in luma samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Samples per line.
    pub width: u32,
    /// Lines.
    pub height: u32,
}

/// What is chosen by itself, beside the quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenditionKind {
    /// Sound.
    #[default]
    Audio,
    /// Captions.
    Subtitles,
}

/// One choice of sound or captions (RFC 8216 §4.3.4.1).
#[derive(Clone, Debug, Default)]
pub struct Rendition {
    /// What it is.
    pub kind: RenditionKind,
    /// The group it belongs to.
    pub group: String,
    /// Its name for people; unique in the group.
    pub name: String,
    /// RFC 5646 language tag.
    pub language: Option<String>,
    /// Where its media playlist is; `None` when it is in the variant's own segments.
    pub uri: Option<String>,
    /// Whether it plays unless the viewer chooses another one.
    pub is_default: bool,
    /// Number of channels; 0 when unknown.
    pub channels: u8,
}

/// `EXT-X-INDEPENDENT-SEGMENTS` came with version 6; nothing else here needs more than 4.
const VERSION: u8 = 6;

impl fmt::Display for MultivariantPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{VERSION}")?;
        if self.independent_segments {
            writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        }
        for rendition in &self.renditions {
            rendition.write(f, &self.query)?;
        }
        for variant in &self.variants {
            variant.write(f, &self.query)?;
        }
        Ok(())
    }
}

impl Variant {
    fn write(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        write!(f, "#EXT-X-STREAM-INF:BANDWIDTH={}", self.bandwidth_bps)?;
        if let Some(average_bandwidth_bps) = self.average_bandwidth_bps {
            write!(f, ",AVERAGE-BANDWIDTH={average_bandwidth_bps}")?;
        }
        if !self.codecs.is_empty() {
            write_quoted(f, "CODECS", &self.codecs.join(","))?;
        }
        if let Some(Resolution { width: width @ 1.., height: height @ 1.. }) = self.resolution {
            write!(f, ",RESOLUTION={width}x{height}")?;
        }
        if let Some(frame_rate) = self.frame_rate.filter(|rate| rate.is_finite() && *rate > 0.0) {
            write!(f, ",FRAME-RATE={frame_rate:.3}")?;
        }
        if let Some(audio_group) = &self.audio_group {
            write_quoted(f, "AUDIO", audio_group)?;
        }
        if let Some(subtitles_group) = &self.subtitles_group {
            write_quoted(f, "SUBTITLES", subtitles_group)?;
        }
        f.write_str("\n")?;
        write_uri(f, &self.uri, query)?;
        f.write_str("\n")
    }
}

impl Rendition {
    fn write(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        f.write_str(match self.kind {
            RenditionKind::Audio => "#EXT-X-MEDIA:TYPE=AUDIO",
            RenditionKind::Subtitles => "#EXT-X-MEDIA:TYPE=SUBTITLES",
        })?;
        write_quoted(f, "GROUP-ID", &self.group)?;
        write_quoted(f, "NAME", &self.name)?;
        if let Some(language) = &self.language {
            write_quoted(f, "LANGUAGE", language)?;
        }
        write!(f, ",DEFAULT={},AUTOSELECT=YES", if self.is_default { "YES" } else { "NO" })?;
        if self.channels > 0 {
            write!(f, ",CHANNELS=\"{}\"", self.channels)?;
        }
        if let Some(uri) = &self.uri {
            f.write_str(",URI=\"")?;
            write_uri(f, uri, query)?;
            f.write_str("\"")?;
        }
        f.write_str("\n")
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    write!(f, ",{name}=\"")?;
    write_quotable(f, value)?;
    f.write_str("\"")
}
