//! What container a file is, by its first bytes and ours alone.
//!
//! ffmpeg would find out by itself, and there lies the danger: it takes a list of other files and addresses for a
//! video too. So it is told which one of its readers to use, and those that open anything else are not among them.

/// A container we let ffmpeg read: the name of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container(pub &'static str);

/// What is no video, in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVideo {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A list of other files: HLS, DASH, concat and their kind.
    #[error("this is a playlist, which only says where a video is; send the video itself")]
    Playlist,
    /// A picture.
    #[error("this is a picture, not a video")]
    Picture,
    /// Text of another kind.
    #[error("this is text, not a video")]
    Text,
    /// A ZIP, a PDF, a program.
    #[error("this is {0}, not a video")]
    Other(&'static str),
    /// Not on the list.
    #[error(
        "this is no container known here; MP4, MOV, WebM, MKV, AVI, FLV, TS, MPEG, WMV and Ogg are some that are"
    )]
    Unknown,
}

/// Bytes that are looked at.
pub const LOOK_BYTES: u64 = 1024;

/// Bytes at a place, and what begins so.
type Mark = (usize, &'static [u8]);

/// Which reader is for which marks; all marks of a line must be there.
const CONTAINERS: [(&str, &[Mark]); 40] = [
    ("mov", &[(4, b"ftyp")]),
    ("mov", &[(4, b"moov")]),
    ("mov", &[(4, b"mdat")]),
    ("mov", &[(4, b"free")]),
    ("mov", &[(4, b"skip")]),
    ("mov", &[(4, b"wide")]),
    ("mov", &[(4, b"pnot")]),
    ("mov", &[(4, b"styp")]),
    ("matroska", &[(0, b"\x1a\x45\xdf\xa3")]),
    ("avi", &[(0, b"RIFF"), (8, b"AVI")]),
    ("wav", &[(0, b"RIFF"), (8, b"WAVE")]),
    ("wav", &[(0, b"RF64"), (8, b"WAVE")]),
    ("ogg", &[(0, b"OggS")]),
    ("flac", &[(0, b"fLaC")]),
    ("mp3", &[(0, b"ID3")]),
    ("aac", &[(0, b"\xff\xf1")]),
    ("aac", &[(0, b"\xff\xf9")]),
    ("mp3", &[(0, b"\xff\xfb")]),
    ("mp3", &[(0, b"\xff\xfa")]),
    ("mp3", &[(0, b"\xff\xf3")]),
    ("mp3", &[(0, b"\xff\xf2")]),
    ("ac3", &[(0, b"\x0b\x77")]),
    ("flv", &[(0, b"FLV\x01")]),
    ("mpegts", &[(0, b"G"), (188, b"G"), (376, b"G")]),
    ("mpegts", &[(4, b"G"), (196, b"G"), (388, b"G")]),
    ("mpeg", &[(0, b"\x00\x00\x01\xba")]),
    ("mpegvideo", &[(0, b"\x00\x00\x01\xb3")]),
    ("m4v", &[(0, b"\x00\x00\x01\xb0")]),
    ("h264", &[(0, b"\x00\x00\x00\x01\x67")]),
    ("h264", &[(0, b"\x00\x00\x01\x67")]),
    ("hevc", &[(0, b"\x00\x00\x00\x01\x40\x01")]),
    ("asf", &[(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")]),
    ("rm", &[(0, b".RMF")]),
    ("mxf", &[(0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01")]),
    ("ivf", &[(0, b"DKIF")]),
    ("yuv4mpegpipe", &[(0, b"YUV4MPEG2 ")]),
    ("nut", &[(0, b"nut/multimedia container\0")]),
    ("aiff", &[(0, b"FORM"), (8, b"AIF")]),
    ("caf", &[(0, b"caff\0")]),
    ("amr", &[(0, b"#!AMR")]),
];

/// What else there is, and what to say of it. Playlists of every kind first.
const OTHERS: [(NoVideo, &[u8]); 22] = [
    (NoVideo::Playlist, b"#EXTM3U"),
    (NoVideo::Playlist, b"#EXT-X-"),
    (NoVideo::Playlist, b"ffconcat"),
    (NoVideo::Playlist, b"file "),
    (NoVideo::Playlist, b"<MPD"),
    (NoVideo::Playlist, b"<SmoothStreamingMedia"),
    (NoVideo::Playlist, b"[playlist]"),
    (NoVideo::Playlist, b"[Reference]"),
    (NoVideo::Playlist, b"<asx"),
    (NoVideo::Playlist, b"<ASX"),
    (NoVideo::Playlist, b"v=0"),
    (NoVideo::Playlist, b";FFMETADATA"),
    (NoVideo::Picture, b"\x89PNG"),
    (NoVideo::Picture, b"\xff\xd8\xff"),
    (NoVideo::Picture, b"GIF8"),
    (NoVideo::Picture, b"BM"),
    (NoVideo::Picture, b"II*\0"),
    (NoVideo::Picture, b"MM\0*"),
    (NoVideo::Picture, b"<svg"),
    (NoVideo::Other("an archive"), b"PK\x03\x04"),
    (NoVideo::Other("a PDF"), b"%PDF"),
    (NoVideo::Other("a program"), b"\x7fELF"),
];

/// The container of a file that begins with `head`, its first [`LOOK_BYTES`] or all of it.
pub fn sniff(head: &[u8]) -> Result<Container, NoVideo> {
    if head.is_empty() {
        return Err(NoVideo::Empty);
    }
    let stands = |(at, mark): &Mark| head.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    if let Some((name, _)) = CONTAINERS.iter().find(|(_, marks)| marks.iter().all(stands)) {
        return Ok(Container(name));
    }
    if head.get(..4) == Some(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Err(NoVideo::Picture);
    }
    let text = without_blank(head);
    if let Some((what, _)) = OTHERS.iter().find(|(_, mark)| text.starts_with(mark)) {
        return Err(*what);
    }
    if text.starts_with(b"<?xml") || text.starts_with(b"<!DOCTYPE") {
        let has = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
        return Err(match () {
            () if has(b"<svg") => NoVideo::Picture,
            () if has(b"<MPD") || has(b"<SmoothStreamingMedia") || has(b"<playlist") => NoVideo::Playlist,
            () => NoVideo::Text,
        });
    }
    let is_text = std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0'));
    Err(if is_text { NoVideo::Text } else { NoVideo::Unknown })
}

/// Without what readers of text skip: a byte order mark, spaces, line ends.
fn without_blank(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_known_by_its_first_bytes_and_not_by_its_name() {
        for (head, name) in [
            (&b"\0\0\0\x20ftypisom"[..], "mov"),
            (b"\x1a\x45\xdf\xa3\x01", "matroska"),
            (b"RIFF\x10\0\0\0AVI LIST", "avi"),
            (b"FLV\x01\x05", "flv"),
            (b"OggS\0\x02", "ogg"),
        ] {
            assert_eq!(sniff(head), Ok(Container(name)));
        }
        let mut ts = vec![0; 400];
        for at in [0, 188, 376] {
            ts[at] = b'G';
        }
        assert_eq!(sniff(&ts), Ok(Container("mpegts")));
        ts[188] = b'H';
        assert_eq!(sniff(&ts), Err(NoVideo::Unknown));
    }

    #[test]
    fn what_leads_to_other_files_is_refused_however_it_begins() {
        for head in [
            "#EXTM3U\nfile:///etc/passwd",
            "\u{feff}#EXTM3U",
            "\n \t#EXTM3U",
            "ffconcat version 1.0\nfile x",
            "file '/etc/passwd'",
            "<?xml version='1.0'?>\n<MPD xmlns='x'/>",
            "<MPD>",
            "[playlist]\nFile1=x",
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1",
        ] {
            assert_eq!(sniff(head.as_bytes()), Err(NoVideo::Playlist), "{head:?}");
        }
    }

    #[test]
    fn what_is_no_video_is_called_by_its_name() {
        for (head, what) in [
            (&b""[..], NoVideo::Empty),
            (b"\x89PNG\r\n\x1a\n", NoVideo::Picture),
            (b"<?xml version='1.0'?><svg/>", NoVideo::Picture),
            (b"RIFF\x10\0\0\0WEBPVP8 ", NoVideo::Picture),
            (b"PK\x03\x04", NoVideo::Other("an archive")),
            (b"#!/bin/sh\necho", NoVideo::Text),
            (b"\x01\x02\x03\xff", NoVideo::Unknown),
        ] {
            assert_eq!(sniff(head), Err(what), "{head:?}");
        }
    }

    #[test]
    fn no_reader_on_the_list_is_one_that_opens_other_files() {
        let openers =
            ["hls", "applehttp", "concat", "dash", "sdp", "rtsp", "image2", "lavfi", "tty", "mpl2", "vobsub"];
        assert!(CONTAINERS.iter().all(|(name, _)| !openers.contains(name)));
    }
}
