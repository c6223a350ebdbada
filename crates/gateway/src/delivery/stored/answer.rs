//! Requests for stored videos.

use super::address::{Address, Item};
use super::chunks::{Chunks, part_of};
use super::kept::Ask;
use super::library::{FileKind, StoredFile, StoredFiles, Video};
use super::open::OpenVideo;
use super::respond::{About, Wanted, cache, redirect};
use super::source::Source;
use super::{APP, Stored};
use crate::Gateway;
use crate::delivery::http::{MediaError, MediaRequest};
use crate::delivery::segmented::{QUERY_BYTES_MAX, Text};
use axum::response::Response;
use http::{HeaderValue, header};
use hub::{Protocol, StreamPath};
use media::TrackId;
use mp4::Piece;
use packaging::{dash, hls};
use std::sync::Arc;
use std::time::Duration;
use store::{Captions, Ladder, Name, VodOptions};

impl Gateway {
    /// Answers a request for what stands behind `/streams/`.
    pub(crate) async fn stored(&self, rest: &str, request: MediaRequest) -> Result<Response, MediaError> {
        let address = Address::parse(rest).ok_or_else(|| {
            MediaError::NotFound(format!(
                "/{APP}/{rest} is no address of a video; expected for example /{APP}/id/master.m3u8, \
                 /{APP}/id/manifest.mpd, /{APP}/id.mp4 or /{APP}/id/download.mp4"
            ))
        })?;
        if request.query.len() > QUERY_BYTES_MAX {
            let len = request.query.len();
            return Err(MediaError::BadRequest(format!(
                "the query has {len} bytes, expected at most {QUERY_BYTES_MAX}: it stands behind every name of a playlist"
            )));
        }
        let stored = &self.stored;
        let found = stored.library.find(&address.video).await;
        let video = found.map_err(|away| MediaError::LibraryAway(away.0))?;
        let video =
            video.ok_or_else(|| MediaError::NotFound(format!("there is no video {}", address.video)))?;
        self.admit_to_video(&video, &address.item, &request).await?;
        stored.answer(&video, &address, request).await
    }

    /// Lets a viewer in: one who was let in before at once, another one when the gate says so.
    async fn admit_to_video(
        &self,
        video: &Video,
        item: &Item,
        request: &MediaRequest,
    ) -> Result<(), MediaError> {
        let admitted = &self.stored.admitted;
        let key = admitted.key(&video.id, video.is_public, request.remote, &request.query, &request.headers);
        if admitted.knows(&key) {
            return Ok(());
        }
        let path = StreamPath::from_app_and_name(APP, &video.id)
            .map_err(|error| MediaError::NotFound(error.to_string()))?;
        self.gate.admit(&request.to_gate(path, item.protocol(request))).await?;
        admitted.add(key);
        Ok(())
    }
}

impl Item {
    fn protocol(&self, request: &MediaRequest) -> Protocol {
        match self {
            Self::Manifest => Protocol::Dash,
            Self::Fragments if request.is_websocket() => Protocol::WsFmp4,
            Self::Fragments | Self::Download => Protocol::HttpFmp4,
            _ => Protocol::Hls,
        }
    }
}

impl Stored {
    async fn answer(
        self: &Arc<Self>,
        video: &Arc<Video>,
        address: &Address,
        request: MediaRequest,
    ) -> Result<Response, MediaError> {
        if let Item::SideFile(file) = &address.item {
            return self.side_file(video, file, &request).await;
        }
        if let Some(reason) = &video.not_ready {
            return Err(MediaError::NotReady(reason.clone()));
        }
        if let StoredFiles::Log(prefix) = &video.files {
            return self.recording(video, prefix, address, request).await;
        }
        match &address.item {
            Item::FlatPlaylist | Item::Multivariant => {
                let is_flat = address.item == Item::FlatPlaylist;
                match video.list().filter(|_| is_flat || video.ladder().is_empty()) {
                    Some(list) => self.ts_list(list, address, &request).await,
                    None => self.multivariant(video, address, &request).await,
                }
            }
            Item::Manifest => self.manifest(video, address, &request).await,
            Item::CaptionsPlaylist(language) => self.captions_playlist(video, language, &request).await,
            Item::TrackPlaylist(folder, track_id) => {
                self.track_playlist(video, folder, *track_id, &request).await
            }
            Item::Piece(folder, name) => self.piece(video, folder, name, &request).await,
            Item::List(folder) => self.ts_list(folder_of(video, folder)?, address, &request).await,
            Item::ListPiece(folder, file) => {
                self.ts_piece(video, folder_of(video, folder)?, file, &request).await
            }
            Item::Fragments => self.fragments(video, request).await,
            Item::Download => self.download(video, &request).await,
            Item::SideFile(file) => self.side_file(video, file, &request).await,
        }
    }

    async fn multivariant(
        &self,
        video: &Video,
        address: &Address,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let files = self.open_ladder(video).await?;
        let playlist = ladder(video, &files).multivariant_playlist(&options(address, request)?);
        Ok(Text::new(hls::MIME_TYPE, playlist.to_string()).respond(&request.headers).0)
    }

    async fn manifest(
        &self,
        video: &Video,
        address: &Address,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let files = self.open_ladder(video).await?;
        let mpd = ladder(video, &files).mpd(&options(address, request)?);
        Ok(Text::new(dash::MIME_TYPE, mpd.to_string()).respond(&request.headers).0)
    }

    async fn track_playlist(
        &self,
        video: &Video,
        folder: &str,
        track_id: TrackId,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let open = self.open.open(folder_of(video, folder)?).await?;
        let options =
            VodOptions { query: request.query.clone(), start_s: start_s(request)?, ..VodOptions::default() };
        let playlist = open.video.media_playlist(Some(track_id), &options).ok_or_else(|| {
            MediaError::NotFound(format!("{folder} has no {}", store::playlist_name(track_id)))
        })?;
        Ok(Text::new(hls::MIME_TYPE, playlist.to_string()).respond(&request.headers).0)
    }

    async fn piece(
        &self,
        video: &Video,
        folder: &str,
        name: &Name,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let file = folder_of(video, folder)?;
        let open = self.open.open(file).await?;
        let pieces = match self.kept.ask(format!("{} {folder}/{name}", file.path)) {
            Ask::Kept(segment) => vec![Piece::Bytes(segment)],
            asked => {
                let pieces = open
                    .video
                    .read(name)
                    .ok_or_else(|| MediaError::NotFound(format!("{folder} has no {name}")))?
                    .map_err(|error| {
                        MediaError::Unsupported(format!("this segment cannot be packaged: {error}"))
                    })?;
                let bytes = pieces.iter().map(Piece::bytes).sum();
                match asked {
                    Ask::Keep(keeping) if self.kept.has_room_for(bytes) => {
                        let segment = Chunks::new(open.source.clone(), pieces).whole(bytes).await?;
                        keeping.done(segment.clone());
                        vec![Piece::Bytes(segment)]
                    }
                    _ => pieces,
                }
            }
        };
        let about = About {
            mime_type: name.mime_type(),
            etag: format!("\"{folder}-{name}\""),
            bytes: pieces.iter().map(Piece::bytes).sum(),
            cache: cache(video.is_public),
        };
        self.send(&about, open.source.clone(), pieces, request).await
    }

    async fn download(&self, video: &Video, request: &MediaRequest) -> Result<Response, MediaError> {
        let file = match request.args.get("file") {
            Some(name) => video.file(name).filter(|file| file.is_mp4),
            None => video.download(),
        };
        let file =
            file.ok_or_else(|| MediaError::NotFound("this video has no MP4 file to download".to_owned()))?;
        if let Some(url) = self.objects.signed_url(&file.path, REDIRECT_TTL).await {
            return redirect(&url);
        }
        let source = Source::open(&self.objects, &file.path).await?;
        let about = About {
            mime_type: "video/mp4",
            etag: format!("\"{}\"", file.folder()),
            bytes: source.bytes(),
            cache: if video.is_public { "public, max-age=3600" } else { "private, max-age=3600" },
        };
        let pieces = vec![Piece::Copy(0..source.bytes())];
        let mut response = self.send(&about, source, pieces, request).await?;
        if let Ok(disposition) = HeaderValue::try_from(disposition(&video.title)) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        Ok(response)
    }

    /// Answers with the range of these pieces that was asked for.
    pub(super) async fn send(
        &self,
        about: &About,
        source: Source,
        pieces: Vec<Piece>,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let (mut response, range) = match about.wanted_by(request) {
            Wanted::Nothing(response) => return Ok(response),
            Wanted::Range(response, range) => (response, range),
        };
        let bytes = range.end - range.start;
        let chunks = Chunks::new(source, part_of(pieces, &range)).begin().await?;
        self.count(bytes);
        *response.body_mut() = chunks.into_body(Some(bytes));
        Ok(response)
    }

    /// All files players choose from, with their folders.
    async fn open_ladder(&self, video: &Video) -> Result<Vec<(String, Arc<OpenVideo>)>, MediaError> {
        let mut files = Vec::new();
        for file in video.ladder() {
            files.push((format!("{}/", file.folder()), self.open.open(file).await?));
        }
        if files.is_empty() {
            return Err(MediaError::NotReady(
                "this video is being made ready for players; ask again in a while".to_owned(),
            ));
        }
        Ok(files)
    }
}

fn ladder<'a>(video: &Video, files: &'a [(String, Arc<OpenVideo>)]) -> Ladder<'a> {
    let captions = video.captions.iter().map(|captions| Captions {
        language: captions.language.clone(),
        label: captions.label.clone(),
        playlist_uri: format!("captions-{}.m3u8", captions.language),
        file_uri: format!("captions-{}.vtt", captions.language),
    });
    let files = files.iter().map(|(folder, open)| (folder.clone(), &open.video));
    Ladder { files: files.collect(), captions: captions.collect() }
}

/// The file whose folder this is.
fn folder_of<'a>(video: &'a Video, folder: &str) -> Result<&'a StoredFile, MediaError> {
    let (name, _) = folder.rsplit_once('-').unwrap_or((folder, ""));
    let file = video
        .file(name)
        .filter(|file| file.folder() == folder && (file.is_playable || file.kind == FileKind::List));
    file.ok_or_else(|| {
        MediaError::NotFound(format!("video {} has no {folder} any more; load its playlist anew", video.id))
    })
}

fn options(address: &Address, request: &MediaRequest) -> Result<VodOptions, MediaError> {
    let (prefix, query) = (address.prefix.clone(), request.query.clone());
    Ok(VodOptions { prefix, query, start_s: start_s(request)? })
}

/// `?start=`, where playback is to begin, in seconds.
pub(super) fn start_s(request: &MediaRequest) -> Result<Option<f64>, MediaError> {
    let Some(text) = request.args.get("start") else { return Ok(None) };
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=START_S_MAX).contains(seconds));
    seconds.map(Some).ok_or_else(|| {
        MediaError::BadRequest(format!("start is {text:?}, expected seconds from 0 to {START_S_MAX}"))
    })
}

/// RFC 6266: a name every browser reads, and the title itself.
pub(super) fn disposition(title: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let title: String = title.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let ascii: String = title.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in title.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    format!("attachment; filename=\"{}.mp4\"; filename*=UTF-8''{encoded}.mp4", ascii.trim())
}

const NAME_CHARS_MAX: usize = 100;
/// A day: nothing is longer.
const START_S_MAX: f64 = 86_400.0;
/// Somebody who is sent elsewhere begins soon; how long the transfer takes does not matter.
pub(super) const REDIRECT_TTL: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_called_as_the_video_whatever_its_title() {
        assert_eq!(
            disposition("Ein \"Film\"\r\nX: 電影/a"),
            "attachment; filename=\"Ein _Film_X_ ___a.mp4\"; \
             filename*=UTF-8''Ein%20%22Film%22X%3A%20%E9%9B%BB%E5%BD%B1%2Fa.mp4"
        );
    }
}
