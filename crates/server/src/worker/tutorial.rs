//! The profile `tutorial`: one playlist with MPEG-TS segments of 10 s, 640x360, H.264 baseline of level 3.0, as a
//! widely read text makes them, for `/streams/{name}.m3u8` and the simplest of players.

use super::probe::Media;
use super::publish;
use super::scratch::Scratch;
use super::transcode::{Part, ffmpeg};
use super::workshop::{Order, Trouble};
use platform::videos::{self, FileKind, NewFile, State};

/// The profile, and the name of the form.
pub const NAME: &str = "tutorial";
/// The playlist.
const LIST: &str = "list.m3u8";

/// The recipe, and what it takes for granted: colours that baseline has, no more than picture and sound.
const RECIPE: [&str; 22] = [
    "-map",
    "0:V:0?",
    "-map",
    "0:a:0?",
    "-map_metadata",
    "-1",
    "-pix_fmt",
    "yuv420p",
    "-profile:v",
    "baseline",
    "-level",
    "3.0",
    "-s",
    "640x360",
    "-start_number",
    "0",
    "-hls_time",
    "10",
    "-hls_list_size",
    "0",
    "-f",
    "hls",
];

/// Makes it.
pub async fn make(order: &Order<'_>, scratch: &Scratch, media: &Media) -> Result<(), Trouble> {
    let mut arguments: Vec<_> = RECIPE.map(Into::into).into();
    arguments.push(LIST.into());
    ffmpeg(order, scratch, media, &[], arguments, Part::ALL).await?;
    let path = format!("{}/{NAME}", order.video.objects_prefix());
    order.must_be_ours().await?;
    let mut bytes = 0;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(scratch.out())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    // The list last: what it names is there then.
    names.sort_by_key(|name| name == LIST);
    for name in names {
        let file = scratch.out().join(&name);
        bytes += file.metadata()?.len();
        order.objects().put_file(&format!("{path}/{name}"), &file).await?;
    }
    order.must_be_ours().await?;
    let seconds = media.duration.as_secs_f64().max(0.001);
    let new = NewFile {
        video_id: order.video.id,
        name: NAME.to_owned(),
        kind: FileKind::List,
        path,
        container: "mpegts".to_owned(),
        codecs: "avc1.42C01E,mp4a.40.2".to_owned(),
        is_playable: true,
        width: 640,
        height: 360,
        frame_rate_milli: publish::frame_rate_milli(media),
        bits_per_second: (bytes as f64 * 8.0 / seconds) as i64,
        bytes: bytes as i64,
    };
    videos::add_file(order.db(), new).await?;
    publish::measure(order, media).await?;
    if order.video.state == State::Ready.word() {
        videos::set_state(order.platform(), order.video.id, State::Ready, "").await?;
    }
    Ok(())
}
