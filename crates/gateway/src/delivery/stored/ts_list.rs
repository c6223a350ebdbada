//! The list of MPEG-TS segments that old players and tutorials expect: made beforehand, passed on as it is.

use super::Stored;
use super::address::{Address, LIST};
use super::answer::REDIRECT_TTL;
use super::library::{StoredFile, Video};
use super::respond::{About, cache, redirect};
use super::source::Source;
use crate::delivery::http::{MediaError, MediaRequest};
use crate::delivery::segmented::Text;
use axum::response::Response;
use mp4::Piece;
use packaging::hls;

impl Stored {
    /// The playlist, its names led into the folder and the query behind each of them.
    pub(super) async fn ts_list(
        &self,
        file: &StoredFile,
        address: &Address,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let path = object(file, LIST);
        let bytes = self.objects.read(&path, 0..LIST_BYTES_MAX).await?;
        if bytes.len() as u64 == LIST_BYTES_MAX {
            return Err(MediaError::Unsupported(format!(
                "the list of segments has {LIST_BYTES_MAX} bytes or more"
            )));
        }
        let folder = match &address.item {
            super::address::Item::List(_) => String::new(),
            _ => format!("{}{}/", address.prefix, file.folder()),
        };
        let text = led_into(&String::from_utf8_lossy(&bytes), &folder, &request.query);
        Ok(Text::new(hls::MIME_TYPE, text).respond(&request.headers).0)
    }

    /// A segment of it.
    pub(super) async fn ts_piece(
        &self,
        video: &Video,
        file: &StoredFile,
        name: &str,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let path = object(file, name);
        if let Some(url) = self.objects.signed_url(&path, REDIRECT_TTL).await {
            return redirect(&url);
        }
        let source = Source::open(&self.objects, &path).await?;
        let about = About {
            mime_type: "video/mp2t",
            etag: format!("\"{}-{name}\"", file.folder()),
            bytes: source.bytes(),
            cache: cache(video.is_public),
        };
        let pieces = vec![Piece::Copy(0..source.bytes())];
        self.send(&about, source, pieces, request).await
    }
}

fn object(file: &StoredFile, name: &str) -> String {
    format!("{}/{name}", file.path.trim_end_matches('/'))
}

/// A playlist whose names have `folder` before and `query` behind them.
fn led_into(playlist: &str, folder: &str, query: &str) -> String {
    let mut out = String::with_capacity(playlist.len() * 2);
    for line in playlist.lines() {
        let is_name = !line.is_empty() && !line.starts_with('#');
        if is_name {
            out.push_str(&hls::with_query(&format!("{folder}{line}"), query));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// A list of a day in segments of a second.
const LIST_BYTES_MAX: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_led_into_the_folder_and_tags_stay() {
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nlist0.ts\n#EXT-X-ENDLIST\n";
        let wanted = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nfilm/tutorial-1/list0.ts?sign=1-%22\n#EXT-X-ENDLIST\n";
        assert_eq!(led_into(list, "film/tutorial-1/", "sign=1-\""), wanted);
        assert_eq!(led_into(list, "", ""), list);
    }
}
