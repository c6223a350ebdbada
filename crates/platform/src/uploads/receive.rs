//! The bytes of one request: written, made durable, written down.
//!
//! A request's body is taken in by a task of its own, so that what came is kept also when the connection breaks and the
//! handler is dropped. How far an upload is, is written down after the disk has it; what lies beyond that in the file is
//! cut off when the next request begins.

use super::begin::{check_disk, unwritable};
use super::checksum::Checksum;
use super::turns::{Turn, taken_over};
use super::{Upload, by_id, finish, folder, not_found, remove, set_received, sniff};
use crate::{Error, Platform, Result};
use axum::body::Body;
use http::StatusCode;
use http_body_util::BodyExt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What a request says of its body.
pub(super) struct Part {
    /// `Upload-Offset`.
    pub(super) offset: i64,
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    /// `Upload-Checksum`.
    pub(super) checksum: Option<Checksum>,
}

/// Bytes written at once.
const BLOCK_BYTES: usize = 1 << 20;
/// Of a request that is refused, so much is read still, since many clients only hear an answer when they have sent all.
const UNHEARD_BYTES_MAX: usize = 16 << 20;
const UNHEARD_TIME_MAX: Duration = Duration::from_secs(5);
/// How long an answer waits for the file to be at its place.
const FINISH_WAIT: Duration = Duration::from_secs(5);

/// Takes in a request's body; the upload as it is afterwards.
pub(super) async fn receive(platform: &Arc<Platform>, upload: i64, part: Part, body: Body) -> Result<Upload> {
    let platform = platform.clone();
    let task = tokio::spawn(async move {
        let mut body = body;
        let received = take(&platform, upload, part, &mut body).await;
        // Who is told that a later request took over has long stopped to listen, if it was not that later one's client.
        if matches!(&received, Err(error) if error.code != "upload_taken_over") {
            hear_out(body).await;
        }
        received
    });
    task.await.map_err(|error| Error::internal(&error))?
}

async fn take(platform: &Arc<Platform>, id: i64, part: Part, body: &mut Body) -> Result<Upload> {
    let turn = platform.uploads.turns.take(id).await?;
    let upload = by_id(&platform.db, id).await?.ok_or_else(not_found)?;
    let (upload, file) = open(platform, upload).await?;
    if part.offset != upload.received_bytes {
        let message = format!(
            "Upload-Offset is {}, and this server has {} bytes; ask with HEAD and go on from there.",
            part.offset, upload.received_bytes
        );
        return Err(Error::conflict("upload_offset", message));
    }
    let left = upload.bytes.unwrap_or(i64::MAX).saturating_sub(upload.received_bytes).unsigned_abs();
    if part.length.is_some_and(|length| length > left) {
        return Err(too_long(left));
    }
    let chunk_max = platform.config.uploads.chunk_bytes_max.unsigned_abs();
    if part.length.is_some_and(|length| length > chunk_max) {
        return Err(chunk_too_large(chunk_max));
    }
    check_disk(platform, part.length.unwrap_or(0))?;
    let mut sink = Sink::new(platform, upload, file, part.checksum);
    let ended = read(&mut sink, &turn, body, left, chunk_max).await;
    let kept = sink.close(ended).await;
    if matches!(&kept, Err(error) if error.code == "upload_type") {
        remove(platform, &by_id(&platform.db, id).await?.ok_or_else(not_found)?).await?;
    }
    let upload = kept?;
    if upload.is_complete() {
        let finishing = tokio::spawn(finish::finish(platform.clone(), upload.clone(), turn));
        // Its bytes are here and stay; whatever hinders the rest is tried again.
        let _ = timeout(FINISH_WAIT, finishing).await;
    }
    Ok(upload)
}

/// Reads the body to its end, or to what ends it.
async fn read(sink: &mut Sink<'_>, turn: &Turn, body: &mut Body, left: u64, chunk_max: u64) -> Result<()> {
    let idle_ms = sink.platform.config.uploads.idle_timeout_ms;
    let mut over = pin!(turn.over());
    let mut count = 0u64;
    loop {
        let frame = tokio::select! {
            () = &mut over => return Err(taken_over()),
            frame = timeout(Duration::from_millis(idle_ms), body.frame()) => frame,
        };
        let frame = frame.map_err(|_| {
            let message =
                format!("Nothing came for {idle_ms} ms (uploads.idle_timeout_ms); go on with a new request.");
            Error::new(StatusCode::REQUEST_TIMEOUT, "upload_idle", message)
        })?;
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|_| {
            Error::invalid(
                "upload_broken_off",
                "The connection to this server broke off; go on with a new request.",
            )
        })?;
        let Ok(bytes) = frame.into_data() else { continue };
        count = count.saturating_add(bytes.len() as u64);
        if count > left {
            return Err(too_long(left));
        }
        if count > chunk_max {
            return Err(chunk_too_large(chunk_max));
        }
        sink.write(&bytes).await?;
    }
}

fn too_long(left: u64) -> Error {
    let message = format!("More came than the {left} bytes that were missing by Upload-Length.");
    Error::too_large("upload_too_long", message)
}

fn chunk_too_large(max: u64) -> Error {
    let message = format!(
        "One request brings {max} bytes at most to this server (uploads.chunk_bytes_max); send the file in smaller parts."
    );
    Error::too_large("chunk_too_large", message)
}

/// Reads on for a while without keeping anything.
async fn hear_out(mut body: Body) {
    let all = async {
        let mut count = 0;
        while let Some(Ok(frame)) = body.frame().await {
            count += frame.data_ref().map_or(0, bytes::Bytes::len);
            if count > UNHEARD_BYTES_MAX {
                return;
            }
        }
    };
    let _ = timeout(UNHEARD_TIME_MAX, all).await;
}

/// The file of an upload, as long as what is certain. Must have the turn.
pub(super) async fn open(platform: &Platform, mut upload: Upload) -> Result<(Upload, Arc<File>)> {
    if upload.finished_at.is_some() || upload.is_complete() {
        return Err(Error::conflict("upload_complete", "This upload is complete."));
    }
    let (path, parent) = (upload.file(platform), folder(platform));
    let certain = upload.received_bytes.unsigned_abs();
    let (file, length) = blocking(move || cut(&path, &parent, certain)).await?;
    if length != certain {
        // The disk lost what it had confirmed, or the file was begun elsewhere.
        tracing::warn!(
            upload = upload.public_id,
            certain,
            length,
            "the file of an upload is shorter than it was"
        );
        set_received(platform, &mut upload, i64::try_from(length).unwrap_or(0)).await?;
    }
    Ok((upload, Arc::new(file)))
}

/// Opens the file, makes it when it is missing, and cuts off what is not certain. Gives its length.
fn cut(path: &Path, parent: &Path, certain: u64) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent)?;
            let file = options.create(true).truncate(false).open(path)?;
            // A file's name is in its folder, which has to reach the disk too.
            File::open(parent)?.sync_all()?;
            file
        }
        opened => opened?,
    };
    let length = file.metadata()?.len();
    if length > certain {
        file.set_len(certain)?;
    }
    Ok((file, length.min(certain)))
}

/// Runs what waits for the disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal(&error))?;
    done.map_err(|error| unwritable(&error))
}

/// Where bytes go: in blocks to the file, and from time to time to the disk for certain.
pub(super) struct Sink<'a> {
    platform: &'a Platform,
    upload: Upload,
    file: Arc<File>,
    block: Vec<u8>,
    /// Bytes in the file; `upload.received_bytes` of them are certain.
    written: u64,
    /// Nothing is certain before it agrees.
    checksum: Option<Checksum>,
    /// Whether the first bytes are those of what may be a video.
    is_judged: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        platform: &'a Platform,
        upload: Upload,
        file: Arc<File>,
        checksum: Option<Checksum>,
    ) -> Self {
        let written = upload.received_bytes.unsigned_abs();
        let is_judged = written >= sniff::HEAD_BYTES as u64;
        Self { platform, upload, file, block: Vec::new(), written, checksum, is_judged }
    }

    /// Bytes taken in so far.
    pub(super) fn length(&self) -> u64 {
        self.written + self.block.len() as u64
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.block.extend_from_slice(bytes);
        if self.block.len() < BLOCK_BYTES {
            return Ok(());
        }
        self.flush().await?;
        let unsure = self.written.saturating_sub(self.upload.received_bytes.unsigned_abs());
        if self.checksum.is_none() && unsure >= self.platform.config.uploads.sync_bytes {
            self.sync().await?;
            check_disk(self.platform, 0)?;
        }
        Ok(())
    }

    /// Writes the block.
    async fn flush(&mut self) -> Result<()> {
        let (file, block, at) = (self.file.clone(), std::mem::take(&mut self.block), self.written);
        let mut checksum = self.checksum.take();
        let count = block.len() as u64;
        let is_last = self.upload.bytes.map(i64::unsigned_abs) == Some(at + count);
        let is_to_judge = !self.is_judged && (is_last || at + count >= sniff::HEAD_BYTES as u64);
        let done = blocking(move || {
            file.write_all_at(&block, at)?;
            if let Some(checksum) = &mut checksum {
                checksum.add(&block);
            }
            let head = if is_to_judge { head(&file)? } else { Vec::new() };
            Ok((checksum, block, head))
        });
        let (checksum, mut block, head) = done.await?;
        block.clear();
        (self.checksum, self.block, self.written) = (checksum, block, at + count);
        if is_to_judge {
            if let Some(what) = sniff::refusal(&head) {
                let message = format!(
                    "This is {what}, not a video or sound file: this server refuses it by its first bytes."
                );
                return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload_type", message));
            }
            self.is_judged = true;
        }
        Ok(())
    }

    /// Makes what is written certain.
    async fn sync(&mut self) -> Result<()> {
        if self.written == self.upload.received_bytes.unsigned_abs() {
            return Ok(());
        }
        let file = self.file.clone();
        blocking(move || file.sync_data()).await?;
        let written = i64::try_from(self.written).unwrap_or(i64::MAX);
        set_received(self.platform, &mut self.upload, written).await
    }

    /// Keeps what came, as far as it may be kept, and says what `ended` says.
    pub(super) async fn close(mut self, ended: Result<()>) -> Result<Upload> {
        if let Some(error) = ended.err() {
            // What a checksum was promised for is nothing without all of it, and a full disk takes no more.
            let may_keep = self.checksum.is_none()
                && !matches!(error.code, "upload_type" | "disk_full" | "upload_too_long" | "internal");
            if may_keep && self.flush().await.is_ok() {
                // The client hears why its request ended; how far it is, it asks for.
                let _ = self.sync().await;
            }
            self.discard().await;
            return Err(error);
        }
        if let Err(error) = self.flush().await {
            self.discard().await;
            return Err(error);
        }
        if let Some(checksum) = self.checksum.take()
            && !checksum.agrees()
        {
            self.discard().await;
            let status = StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST);
            let message = "The bytes do not add up to Upload-Checksum: they changed on their way to this server. Send \
                           them again.";
            return Err(Error::new(status, "checksum_mismatch", message));
        }
        self.sync().await?;
        Ok(self.upload)
    }

    /// Cuts off what is not certain, so that it takes no room.
    async fn discard(&self) {
        let (file, certain) = (self.file.clone(), self.upload.received_bytes.unsigned_abs());
        // If that fails, the next request does it.
        let _ = blocking(move || file.set_len(certain)).await;
    }
}

/// The first bytes of a file.
fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; sniff::HEAD_BYTES];
    let mut count = 0;
    while let Some(rest) = head.get_mut(count..)
        && !rest.is_empty()
    {
        match file.read_at(rest, count as u64)? {
            0 => break,
            more => count += more,
        }
    }
    head.truncate(count);
    Ok(head)
}
