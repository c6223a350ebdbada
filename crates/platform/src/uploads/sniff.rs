//! What a file is by its first bytes: enough to refuse at once, in words, what can be no video. Whether the rest can be
//! played is for the probe to say.

/// Bytes of a file that are enough.
pub(super) const HEAD_BYTES: usize = 512;

/// Why a file that begins with `head` is not taken; nothing when it may be a video. `head` has [`HEAD_BYTES`], or all of
/// a file that is smaller.
pub(super) fn refusal(head: &[u8]) -> Option<&'static str> {
    let begins = |at: usize, bytes: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    if let Some((.., what)) = FORBIDDEN.iter().find(|(at, bytes, _)| begins(*at, bytes)) {
        return Some(what);
    }
    if begins(0, b"RIFF") {
        // Of the many kinds of RIFF these are animated cursors, pictures, fonts and music notes.
        let is_media = [b"AVI ", b"AVIX", b"WAVE", b"AMV "].iter().any(|kind| begins(8, *kind));
        return if is_media { None } else { Some("a picture") };
    }
    if begins(4, b"ftyp") {
        let is_picture = PICTURE_BRANDS.iter().any(|brand| begins(8, brand));
        return is_picture.then_some("a picture");
    }
    is_text(head).then_some("a text or a playlist")
}

/// Where, which bytes, and what that is.
const FORBIDDEN: [(usize, &[u8], &str); 31] = [
    (0, b"#EXTM3U", PLAYLIST),
    (0, b"ffconcat", PLAYLIST),
    (0, b"[playlist]", PLAYLIST),
    (0, b"\x89PNG", PICTURE),
    (0, b"\x8aMNG", PICTURE),
    (0, b"\xff\xd8\xff", PICTURE),
    (0, b"GIF8", PICTURE),
    (0, b"BM", PICTURE),
    (0, b"II*\0", PICTURE),
    (0, b"MM\0*", PICTURE),
    (0, b"8BPS", PICTURE),
    (0, b"\xff\x0a", PICTURE),
    (4, b"JXL ", PICTURE),
    (4, b"jP  \r\n", PICTURE),
    (0, b"PK\x03\x04", ARCHIVE),
    (0, b"PK\x05\x06", ARCHIVE),
    (0, b"Rar!", ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (0, b"\x1f\x8b", ARCHIVE),
    (0, b"BZh", ARCHIVE),
    (0, b"\xfd7zXZ\0", ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", ARCHIVE),
    (257, b"ustar", ARCHIVE),
    (0, b"!<arch>", ARCHIVE),
    (0, b"%PDF", DOCUMENT),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOCUMENT),
    (0, b"\x7fELF", PROGRAM),
    (0, b"MZ", PROGRAM),
    (0, b"\0asm", PROGRAM),
    (0, b"#!", PROGRAM),
    (0, b"SQLite format 3", "a database"),
];

const PLAYLIST: &str = "a playlist";
const PICTURE: &str = "a picture";
const ARCHIVE: &str = "an archive";
const DOCUMENT: &str = "a document";
const PROGRAM: &str = "a program";

/// HEIF and AVIF have the boxes of MP4.
const PICTURE_BRANDS: [&[u8]; 9] =
    [b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"jpeg", b"crx "];

/// No container of a video is printable from its beginning on, but for raw Y4M, whose frames come later than this looks.
fn is_text(head: &[u8]) -> bool {
    let is_text_byte = |byte: &u8| *byte >= 0x20 && *byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r');
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.starts_with(b"YUV4MPEG2 ") {
        return false;
    }
    let is_utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end within a character.
        Err(error) => error.error_len().is_none(),
    };
    is_utf16 || is_utf8 && head.iter().all(is_text_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_videos_are_taken() {
        let mut transport_stream = vec![0u8; HEAD_BYTES];
        transport_stream[0] = 0x47;
        transport_stream[188] = 0x47;
        for head in [
            b"\0\0\0\x20ftypisom\0\0\x02\0".as_slice(),
            b"\0\0\0\x08wide\0\0\0\0mdat",
            b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01",
            b"RIFF\x10\0\0\0AVI LIST",
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"FLV\x01\x05\0\0\0\x09",
            b"OggS\0\x02\0\0",
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            b"\0\0\x01\xba\x44\0",
            b"\0\0\0\x01\x67\x42",
            b"ID3\x04\0\0\0",
            b"\xff\xf1\x50\x80",
            b"\xff\xfb\x90\x64",
            b"fLaC\0\0\0\x22",
            b".RMF\0\0\0\x12",
            b"\x06\x0e\x2b\x34\x02\x05\x01\x01",
            b"YUV4MPEG2 W640 H360 F25:1\nFRAME\n",
            &transport_stream,
        ] {
            assert_eq!(refusal(head), None, "{head:?}");
        }
    }

    #[test]
    fn what_can_be_no_video_is_named() {
        let mut tar = vec![0u8; HEAD_BYTES];
        tar[..5].copy_from_slice(b"a.mp4");
        tar[257..262].copy_from_slice(b"ustar");
        for (head, what) in [
            (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".as_slice(), "a playlist"),
            (b"ffconcat version 1.0\nfile 'x'", "a playlist"),
            (b"\n\n#EXTM3U\n", "a text or a playlist"),
            (b"\xef\xbb\xbf#EXTM3U\n", "a text or a playlist"),
            (b"<?xml version='1.0'?><MPD/>", "a text or a playlist"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a text or a playlist"),
            ("你好".as_bytes(), "a text or a playlist"),
            (b"\xff\xfe#\0E\0X\0T\0", "a text or a playlist"),
            (b"\x89PNG\r\n\x1a\n", "a picture"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "a picture"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "a picture"),
            (b"PK\x03\x04\x14\0", "an archive"),
            (&tar, "an archive"),
            (b"%PDF-1.7", "a document"),
            (b"\x7fELF\x02\x01", "a program"),
            (b"MZ\x90\0", "a program"),
        ] {
            assert_eq!(refusal(head), Some(what), "{head:?}");
        }
    }

    #[test]
    fn a_text_whose_head_ends_within_a_character_is_still_a_text() {
        let text = "好".repeat(200);
        assert_eq!(refusal(&text.as_bytes()[..HEAD_BYTES]), Some("a text or a playlist"));
    }
}
