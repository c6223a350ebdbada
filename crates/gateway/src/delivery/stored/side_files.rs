//! What stands beside the media: pictures, captions, chapters, the pictures of the seek bar.

use super::Stored;
use super::library::Video;
use super::respond::{About, Wanted};
use crate::delivery::http::{MediaError, MediaRequest};
use crate::delivery::segmented::Text;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use packaging::hls::{self, MediaPlaylist, PlaylistKind, PlaylistSegment};
use sha2::{Digest, Sha256};
use std::time::Duration;

impl Stored {
    /// A file beside the media.
    pub(super) async fn side_file(
        &self,
        video: &Video,
        file: &str,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let bytes = self.objects.read(&format!("{}/{file}", video.objects), 0..FILE_BYTES_MAX).await?;
        let is_text = file.ends_with(".vtt");
        let bytes = match file {
            _ if !is_text => bytes,
            "storyboard.vtt" => signed(&String::from_utf8_lossy(&bytes), &request.query).into(),
            _ if file.starts_with("captions-") => on_the_timeline(&bytes, self.lead(video).await),
            _ => bytes,
        };
        let digest: String =
            Sha256::digest(&bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let about = About {
            mime_type: if is_text { "text/vtt" } else { "image/jpeg" },
            etag: format!("\"{digest}\""),
            bytes: bytes.len() as u64,
            cache: if video.is_public { "public, max-age=60" } else { "private, max-age=60" },
        };
        Ok(match about.wanted_by(request) {
            Wanted::Nothing(response) => response,
            Wanted::Range(mut response, range) => {
                // Cannot truncate: a range of bytes in memory.
                *response.body_mut() = Body::from(bytes.slice(range.start as usize..range.end as usize));
                response
            }
        })
    }

    /// The HLS playlist of captions: one segment, as long as the video.
    pub(super) async fn captions_playlist(
        &self,
        video: &Video,
        language: &str,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let first = video.ladder().first().copied();
        let (Some(first), true) =
            (first, video.captions.iter().any(|captions| captions.language == language))
        else {
            return Err(MediaError::NotFound(format!("video {} has no captions in {language}", video.id)));
        };
        let duration = self.open.open(first).await?.video.duration();
        let playlist = MediaPlaylist {
            kind: PlaylistKind::Vod,
            target: duration,
            is_ended: true,
            query: request.query.clone(),
            segments: vec![PlaylistSegment {
                uri: format!("captions-{language}.vtt"),
                duration,
                independent: true,
                ..PlaylistSegment::default()
            }],
            ..MediaPlaylist::default()
        };
        Ok(Text::new(hls::MIME_TYPE, playlist.to_string()).respond(&request.headers).0)
    }

    /// How much later than in the file everything is presented.
    async fn lead(&self, video: &Video) -> Duration {
        let Some(first) = video.ladder().first().copied() else { return Duration::ZERO };
        self.open.open(first).await.map_or(Duration::ZERO, |open| open.video.lead())
    }
}

/// Captions that say which moment of the media their time 0 is (RFC 8216 §3.5). Other readers skip that line.
fn on_the_timeline(bytes: &Bytes, lead: Duration) -> Bytes {
    let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).strip_prefix(b"WEBVTT") else {
        return bytes.clone();
    };
    let head_end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    let (head, cues) = rest.split_at(head_end);
    let ticks = lead.as_micros() * 9 / 100;
    let newline = if head.ends_with(b"\n") { "" } else { "\n" };
    let map = format!("{newline}X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{ticks}\n");
    [b"WEBVTT", head, map.as_bytes(), cues].concat().into()
}

/// The list of pictures for the seek bar, with the query of the request behind each address.
fn signed(storyboard: &str, query: &str) -> String {
    let mut out = String::with_capacity(storyboard.len());
    for line in storyboard.lines() {
        match line.split_once('#').filter(|(file, _)| file.ends_with(".jpg") && !query.is_empty()) {
            Some((file, place)) => {
                out.push_str(&hls::with_query(file, query));
                out.push('#');
                out.push_str(place);
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// Of a picture, or of captions.
const FILE_BYTES_MAX: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_say_where_their_time_begins() {
        let with_lead = on_the_timeline(
            &Bytes::from("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n"),
            Duration::from_millis(500),
        );
        let wanted =
            "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:45000\n\n00:01.000 --> 00:02.000\nHi\n";
        assert_eq!(with_lead, wanted);
        let marked = on_the_timeline(&Bytes::from("\u{feff}WEBVTT - a\r\n\r\n"), Duration::ZERO);
        assert_eq!(marked, "WEBVTT - a\r\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\r\n");
        assert_eq!(
            on_the_timeline(&Bytes::from("WEBVTT"), Duration::ZERO),
            "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n"
        );
        assert_eq!(on_the_timeline(&Bytes::from("no captions"), Duration::ZERO), "no captions");
    }

    #[test]
    fn pictures_of_the_seek_bar_are_asked_for_with_the_token() {
        let storyboard = "WEBVTT\n\n00:00.000 --> 00:10.000\nstoryboard-0.jpg#xywh=0,0,160,90\n";
        assert_eq!(signed(storyboard, ""), storyboard);
        let wanted = storyboard.replace(".jpg#", ".jpg?sign=1-a#");
        assert_eq!(signed(storyboard, "sign=1-a"), wanted);
    }
}
