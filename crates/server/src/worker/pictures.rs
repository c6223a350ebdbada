//! The job `thumbnails`: three pictures to choose from, and small ones for the seek bar.

use super::probe::{self, Media, Pictures};
use super::scratch::Scratch;
use super::sprites::Sprites;
use super::stills;
use super::transcode::{Part, ffmpeg};
use super::workshop::{Order, Trouble};
use gateway::record::read_log;
use platform::videos;
use std::ffi::OsString;
use std::time::Duration;

/// Where in a video its pictures are from, in per cent.
const AT_PERCENT: [u32; 3] = [10, 50, 90];
/// The longer side of a picture, pixels.
const LONG_SIDE: u32 = 640;
/// Videos longer than this are read at their keyframes alone for the seek bar.
const ALL_PICTURES_MAX: Duration = Duration::from_secs(300);

/// Makes those of the file in the scratch folder.
pub async fn make(order: &Order<'_>, scratch: &Scratch, media: &Media) -> Result<(), Trouble> {
    let Some(pictures) = media.pictures else { return Ok(()) };
    let mut cover = String::new();
    for (number, percent) in AT_PERCENT.into_iter().enumerate() {
        // Near the end there may be no picture any more; the first one there always is.
        for at in [media.duration * percent / 100, Duration::ZERO] {
            if !scratch.out().join(THUMB).exists() {
                let seek = format!("{:.3}", at.as_secs_f64());
                ffmpeg(order, scratch, media, &["-ss", &seek], thumb(pictures), part_of_thumb(number))
                    .await?;
            }
        }
        publish_thumb(order, scratch, number, &mut cover).await?;
    }
    let has_storyboard = match Sprites::of(media.duration, fit(pictures, super::sprites::LONG_SIDE)) {
        Some(sprites) => storyboard(order, scratch, media, &sprites).await?,
        None => false,
    };
    done(order, &cover, has_storyboard).await
}

/// Makes those of a recording, whose log is below `prefix`: of the keyframes that are needed, which are all that is read.
pub async fn of_recording(order: &Order<'_>, prefix: &str) -> Result<(), Trouble> {
    let scratch = order.scratch()?;
    let log = read_log(order.objects(), prefix).await?;
    let source = scratch.input().join(probe::SOURCE);
    let look = async || {
        probe::probe(&order.shop.sandbox, order.tools()?, &scratch, &order.shop.config)
            .await
            .map_err(Trouble::from)
    };
    let mut cover = String::new();
    for (number, percent) in AT_PERCENT.into_iter().enumerate() {
        let Some(place) = stills::at(&log, log.duration() * percent / 100) else { return Ok(()) };
        if stills::write(order, prefix, &log, &[(place, Duration::ZERO)], STILL, &source).await? {
            let media = look().await?;
            let Some(pictures) = media.pictures else { continue };
            ffmpeg(order, &scratch, &media, &[], thumb(pictures), part_of_thumb(number)).await?;
            publish_thumb(order, &scratch, number, &mut cover).await?;
        }
    }
    let mut has_storyboard = false;
    if let Some(every) = Sprites::of(log.duration(), (0, 0)) {
        let picks = stills::at_all(&log, every.moments(), every.every());
        if stills::write(order, prefix, &log, &picks, every.every(), &source).await? {
            let media = Media { duration: log.duration(), ..look().await? };
            let size = media.pictures.map(|pictures| fit(pictures, super::sprites::LONG_SIDE));
            if let Some(sprites) = size.and_then(|size| Sprites::of(media.duration, size)) {
                has_storyboard = storyboard(order, &scratch, &media, &sprites).await?;
            }
        }
    }
    done(order, &cover, has_storyboard).await
}

/// How long a picture that stands alone is shown.
const STILL: Duration = Duration::from_secs(1);

fn part_of_thumb(number: usize) -> Part {
    Part { before: 0.1 * number as f64, share: 0.0 }
}

/// A picture becomes an object, if there is one.
async fn publish_thumb(
    order: &Order<'_>,
    scratch: &Scratch,
    number: usize,
    cover: &mut String,
) -> Result<(), Trouble> {
    let file = scratch.out().join(THUMB);
    if !file.exists() {
        return Ok(());
    }
    order.must_be_ours().await?;
    let path = format!("{}/thumb-{number}.jpg", order.video.objects_prefix());
    order.objects().put_file(&path, &file).await?;
    if cover.is_empty() {
        *cover = format!("/streams/{}/thumb-{number}.jpg", order.video.public_id);
    }
    Ok(())
}

async fn done(order: &Order<'_>, cover: &str, has_storyboard: bool) -> Result<(), Trouble> {
    order.must_be_ours().await?;
    videos::pictured(order.db(), order.video.id, cover, has_storyboard).await?;
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
    sprites: &Sprites,
) -> Result<bool, Trouble> {
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
