//! Files that are whole become objects, and are listed.

use super::ladder::Rendition;
use super::playable;
use super::probe::Media;
use super::workshop::{Order, Trouble};
use platform::videos::{self, FileKind, NewFile, State};
use std::path::Path;

/// Lists a rendition that was made, after a look whether it is what it should be.
pub async fn rendition(
    order: &Order<'_>,
    media: &Media,
    rendition: &Rendition,
    file: &Path,
) -> Result<(), Trouble> {
    let (made, whole) = (file.to_owned(), file.with_extension("whole.mp4"));
    let stored = whole.clone();
    let rewritten = tokio::task::spawn_blocking(move || playable::without_fragments(&made, &stored));
    let Some(packaged) = rewritten.await.map_err(std::io::Error::other)?? else {
        return Err(Trouble::again(format!("the rendition {} came out broken", rendition.name)));
    };
    std::fs::remove_file(file)?;
    let file = &whole;
    let bytes = file.metadata()?.len();
    let known = videos::files(order.db(), order.video.id).await?;
    let before = known.into_iter().find(|known| known.name == rendition.name).map(|known| known.path);
    let prefix = order.video.objects_prefix();
    let path = match &before {
        None => format!("{prefix}/{}.mp4", rendition.name),
        // Objects are never changed: who reads the one before knows where its parts are.
        Some(_) => format!("{prefix}/{}-{}-{}.mp4", rendition.name, order.job.id, order.job.attempts),
    };
    order.must_be_ours().await?;
    order.objects().put_file(&path, file).await?;
    order.must_be_ours().await?;
    let seconds = media.duration.as_secs_f64().max(0.001);
    let new = NewFile {
        video_id: order.video.id,
        name: rendition.name.clone(),
        kind: FileKind::Rendition,
        path: path.clone(),
        container: "mp4".to_owned(),
        codecs: packaged.codecs,
        is_playable: true,
        width: rendition.width.into(),
        height: rendition.height.into(),
        frame_rate_milli: frame_rate_milli(media),
        bits_per_second: (bytes as f64 * 8.0 / seconds) as i64,
        bytes: bytes as i64,
    };
    videos::add_file(order.db(), new).await?;
    if let Some(before) = before.filter(|before| *before != path) {
        order.objects().delete(&before).await?;
    }
    Ok(())
}

/// Pictures per 1 000 seconds, as the database has it.
pub fn frame_rate_milli(media: &Media) -> i64 {
    media.pictures.map_or(0, |pictures| pictures.frame_rate_milli as i64)
}

/// Notes how much room the video takes now, and that it can be played.
pub async fn playable_now(order: &Order<'_>, media: &Media) -> Result<(), Trouble> {
    measure(order, media).await?;
    // Who listens looks at its files again.
    videos::set_state(order.platform(), order.video.id, State::Ready, "").await?;
    Ok(())
}

/// Notes what is known of the video.
pub async fn measure(order: &Order<'_>, media: &Media) -> Result<(), Trouble> {
    let bytes = videos::files(order.db(), order.video.id).await?.iter().map(|file| file.bytes).sum();
    let (width, height) = media.pictures.map_or((0, 0), |pictures| (pictures.width, pictures.height));
    let duration_ms = media.duration.as_millis() as i64;
    videos::measured(order.db(), order.video.id, duration_ms, width.into(), height.into(), bytes).await?;
    Ok(())
}
