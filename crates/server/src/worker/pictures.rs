//! The job `thumbnails`: three pictures to choose from, and small ones for the seek bar.

use super::probe::{Media, Pictures};
use super::scratch::Scratch;
use super::sprites::Sprites;
use super::transcode::{Part, ffmpeg};
use super::workshop::{Order, Trouble};
use platform::videos;
use std::ffi::OsString;
use std::time::Duration;

/// Where in a video its pictures are from, in per cent.
const AT_PERCENT: [u32; 3] = [10, 50, 90];
/// The longer side of a picture, pixels.
const LONG_SIDE: u32 = 640;
/// Videos longer than this are read at their keyframes alone for the seek bar.
const ALL_PICTURES_MAX: Duration = Duration::from_secs(300);

/// Makes them.
pub async fn make(order: &Order<'_>, scratch: &Scratch, media: &Media) -> Result<(), Trouble> {
    let Some(pictures) = media.pictures else { return Ok(()) };
    let prefix = order.video.objects_prefix();
    let mut cover = String::new();
    for (number, percent) in AT_PERCENT.into_iter().enumerate() {
        let file = scratch.out().join(THUMB);
        let part = Part { before: 0.1 * number as f64, share: 0.0 };
        // Near the end there may be no picture any more; the first one there always is.
        for at in [media.duration * percent / 100, Duration::ZERO] {
            if !file.exists() {
                let seek = format!("{:.3}", at.as_secs_f64());
                let reading = ["-ss", seek.as_str()];
                ffmpeg(order, scratch, media, &reading, thumb(pictures), part).await?;
            }
        }
        if !file.exists() {
            continue;
        }
        order.must_be_ours().await?;
        order.objects().put_file(&format!("{prefix}/thumb-{number}.jpg"), &file).await?;
        if cover.is_empty() {
            cover = format!("/streams/{}/thumb-{number}.jpg", order.video.public_id);
        }
    }
    let has_storyboard = storyboard(order, scratch, media, pictures).await?;
    order.must_be_ours().await?;
    videos::pictured(order.db(), order.video.id, &cover, has_storyboard).await?;
    Ok(())
}

/// Name of a picture while it is made.
const THUMB: &str = "thumb.jpg";

fn thumb(pictures: Pictures) -> Vec<OsString> {
    let (width, height) = fit(pictures, LONG_SIDE);
    let filter = format!("scale={width}:{height},setsar=1");
    ["-map", "0:V:0", "-frames:v", "1", "-vf", &filter, "-q:v", "4", "-map_metadata", "-1"]
        .into_iter()
        .chain(["-f", "image2", "-update", "1", THUMB])
        .map(Into::into)
        .collect()
}

/// The size of a picture within a square.
fn fit(pictures: Pictures, long_side: u32) -> (u32, u32) {
    let long = pictures.width.max(pictures.height).max(1);
    let side = |side: u32| (u64::from(side) * u64::from(long_side) / u64::from(long)).max(2) as u32 / 2 * 2;
    (side(pictures.width).max(2), side(pictures.height).max(2))
}

/// Makes the small pictures, many to a file, and the text that says which is where. Whether there are any.
async fn storyboard(
    order: &Order<'_>,
    scratch: &Scratch,
    media: &Media,
    pictures: Pictures,
) -> Result<bool, Trouble> {
    let Some(sprites) = Sprites::of(media.duration, fit(pictures, super::sprites::LONG_SIDE)) else {
        return Ok(false);
    };
    let arguments = ["-map", "0:V:0", "-vf", &sprites.filter(), "-q:v", "6", "-map_metadata", "-1"]
        .into_iter()
        .chain(["-f", "image2", "-start_number", "0", "storyboard-%d.jpg"])
        .map(Into::into)
        .collect();
    let is_long = media.duration > ALL_PICTURES_MAX;
    let reading: &[&str] = if is_long { &["-skip_frame", "nokey"] } else { &[] };
    ffmpeg(order, scratch, media, reading, arguments, Part { before: 0.3, share: 0.7 }).await?;
    let mut count = 0;
    order.must_be_ours().await?;
    loop {
        let name = format!("storyboard-{count}.jpg");
        let file = scratch.out().join(&name);
        if !file.exists() || count >= super::sprites::FILES_MAX {
            break;
        }
        order.objects().put_file(&format!("{}/{name}", order.video.objects_prefix()), &file).await?;
        count += 1;
    }
    if count == 0 {
        return Ok(false);
    }
    let text = sprites.text(count);
    order.objects().put(&format!("{}/storyboard.vtt", order.video.objects_prefix()), text.into()).await?;
    Ok(true)
}
