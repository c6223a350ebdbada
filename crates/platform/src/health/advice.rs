//! What numbers mean to a host.

use super::Sample;

/// Keyframes further apart than this make viewers wait to join and lists of segments long.
const KEYFRAME_INTERVAL_MAX_MS: u64 = 4500;
/// Sound and picture further apart than this are seen to be so.
const SKEW_MAX_MS: i64 = 500;
/// Below this part of the usual rate, something is in the way.
const FALL_TO: f64 = 0.6;
/// Pictures per second below which movement stutters.
const FRAME_RATE_MIN: f64 = 15.0;
/// Looks that are judged: the last ten seconds.
const RECENT: usize = 5;

/// Sentences on the newest samples, `samples` being from the oldest on; none when all is well.
pub(super) fn of(samples: &[Sample]) -> Vec<String> {
    let recent = samples.get(samples.len().saturating_sub(RECENT)..).unwrap_or_default();
    let Some(last) = recent.last() else { return Vec::new() };
    let mut advice = Vec::new();
    if let Some(interval_ms) = last.keyframe_interval_ms.filter(|ms| *ms > KEYFRAME_INTERVAL_MAX_MS) {
        let seconds = (interval_ms + 500) / 1000;
        advice.push(format!("Keyframe interval is {seconds} s: set it to 2 s in OBS → Settings → Output."));
    }
    if last.video_codec.is_none() {
        advice.push("No picture comes in: add a video source to the scene.".to_owned());
    }
    match &last.audio_codec {
        None => advice.push("No sound comes in: check the audio devices in the encoder.".to_owned()),
        Some(codec)
            if codec.starts_with("mp3")
                || codec.starts_with("mp4a.6b")
                || codec.starts_with("mp4a.40.34") =>
        {
            advice.push("The sound is MP3, which not every player takes: set the encoder to AAC.".to_owned());
        }
        Some(_) => {}
    }
    let dropped: u64 = recent.iter().map(|sample| sample.dropped).sum();
    if dropped > 0 {
        advice.push(format!("{dropped} packets of the last seconds could not be used: restart the encoder."));
    }
    if recent.len() == RECENT && recent.iter().all(|sample| sample.av_skew_ms.abs() > SKEW_MAX_MS) {
        let (ahead, ms) = (if last.av_skew_ms > 0 { "ahead of" } else { "behind" }, last.av_skew_ms.abs());
        advice
            .push(format!("The sound is {ms} ms {ahead} the picture: check the sync offset in the encoder."));
    }
    let earlier = samples.get(1..samples.len().saturating_sub(RECENT)).unwrap_or_default();
    if earlier.len() >= RECENT && last.video_codec.is_some() {
        let mean =
            |of: &[Sample], value: fn(&Sample) -> f64| of.iter().map(value).sum::<f64>() / of.len() as f64;
        let rate = |sample: &Sample| sample.frame_rate;
        let bits = |sample: &Sample| sample.video_bps as f64;
        let (now, usual) = (mean(recent, rate), mean(earlier, rate));
        if now < FRAME_RATE_MIN && now < usual * FALL_TO {
            advice.push(format!(
                "Only {now:.0} of {usual:.0} pictures a second come in: the line or the machine is too slow; lower the \
                 bitrate in the encoder."
            ));
        } else if mean(recent, bits) < mean(earlier, bits) * FALL_TO && now < usual * 0.9 {
            advice.push("The bitrate fell: the line is too slow for it; lower it in the encoder.".to_owned());
        }
    }
    advice
}
