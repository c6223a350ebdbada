//! The real programs on real files. What reads them is started by `weir` itself, which lies beside the tests.

mod recorded;

use super::sandbox::{Failure, Limits, Sandbox, Task};
use super::scratch::{Home, Scratch};
use super::tools::Tools;
use super::workshop::{Workshop, start};
use super::{Config, Encoder, playable, probe};
use crate::config::DEFAULT_TOML;
use platform::Platform;
use platform::jobs::Job;
use platform::videos::{self, NewFile, NewVideo, Origin, State, Video};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The settings tests begin with.
pub fn config() -> Config {
    let mut all: toml::Table = DEFAULT_TOML.parse().unwrap();
    let config: Config = all.remove("worker").unwrap().try_into().unwrap();
    Config { preset: "ultrafast".to_owned(), retry_ms: 50, ..config }
}

fn weir() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("weir")
}

fn limits() -> Limits {
    Limits {
        memory_bytes: 1 << 30,
        wall: Duration::from_secs(20),
        wall_setting: "wall",
        cpu: Duration::from_secs(20),
        cpu_setting: "cpu",
        stall: Duration::from_secs(20),
        file_bytes: 1 << 20,
        output_bytes: 1 << 20,
    }
}

async fn run(program: &str, arguments: &[&str], input: &Path, limits: Limits) -> Result<Vec<u8>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let task = Task {
        program: Path::new(program),
        arguments: arguments.iter().map(Into::into).collect(),
        folder: folder.path(),
        input,
        limits,
    };
    Sandbox::new(&weir(), &config()).run(&task).await
}

#[tokio::test]
async fn a_program_reads_what_it_is_given_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (given, secret) = (folder.path().join("given"), folder.path().join("secret"));
    std::fs::write(&given, "given").unwrap();
    std::fs::write(&secret, "secret").unwrap();
    let checked = Sandbox::new(&weir(), &config()).check().await.unwrap();
    let read = |path: PathBuf| {
        let given = given.clone();
        async move { run("/bin/cat", &[path.to_str().unwrap()], &given, limits()).await }
    };
    assert_eq!(read(given.clone()).await.unwrap(), b"given");
    if checked.contains("files fenced") {
        assert!(matches!(read(secret).await, Err(Failure::Said(words)) if words.contains("denied")));
    }
    let environment = run("/usr/bin/env", &[], &given, limits()).await.unwrap();
    let environment = String::from_utf8(environment).unwrap();
    assert!(
        environment.lines().all(|line| line.starts_with("LANG=") || line.starts_with("MALLOC_")),
        "{environment}"
    );
}

#[tokio::test]
async fn a_program_ends_at_its_limits_and_they_are_named() {
    let (none, all) = (Path::new("/dev/null"), limits());
    let began = Instant::now();
    let stall = Limits { stall: Duration::from_millis(300), ..all };
    assert!(matches!(run("/bin/sleep", &["60"], none, stall).await, Err(Failure::Stalled(_))));
    let wall = Limits { wall: Duration::from_millis(300), ..all };
    assert!(matches!(run("/bin/sleep", &["60"], none, wall).await, Err(Failure::Time(_, "wall"))));
    assert!(matches!(run("/usr/bin/yes", &[], none, all).await, Err(Failure::Output(_))));
    let cpu = Limits { cpu: Duration::from_secs(1), ..all };
    let busy = run("/bin/sh", &["-c", "while :; do :; done"], none, cpu).await;
    assert!(matches!(busy, Err(Failure::Work(_, "cpu"))), "{busy:?}");
    let large =
        run("/bin/dd", &["if=/dev/zero", "of=large", "bs=1M", "count=3"], Path::new("/dev/zero"), all).await;
    assert!(matches!(large, Err(Failure::FileBytes(_))), "{large:?}");
    let memory = run(
        "/usr/bin/tail",
        &["/dev/zero"],
        Path::new("/dev/zero"),
        Limits { memory_bytes: 64 << 20, ..all },
    )
    .await;
    assert!(matches!(&memory, Err(Failure::Said(words)) if words.contains("memory")), "{memory:?}");
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_program_nobody_waits_for_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let script = format!("(sleep 1; echo x > {}) & wait", mark.display());
    let sandbox = Sandbox::new(&weir(), &config());
    let task = Task {
        program: Path::new("/bin/sh"),
        arguments: ["-c", &script].map(Into::into).into(),
        folder: folder.path(),
        input: Path::new("/dev/null"),
        limits: limits(),
    };
    assert!(tokio::time::timeout(Duration::from_millis(500), sandbox.run(&task)).await.is_err());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(!mark.exists());
}

/// A file that ffmpeg makes of a test picture and a tone.
fn make(file: &Path, arguments: &str) {
    let inputs = "-v error -y -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440 -t 6";
    let words = inputs.split(' ').chain(arguments.split(' ').filter(|word| !word.is_empty()));
    let made = Command::new("ffmpeg").args(words).arg(file).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn scratch(home: &Home, arguments: &str, container: &str) -> Scratch {
    let scratch = home.scratch("1").unwrap();
    let source = scratch.input().join(probe::SOURCE);
    make(&source, &format!("{arguments} -f {container}"));
    scratch
}

#[tokio::test]
async fn a_file_is_measured_as_it_is_shown() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::new(root.path(), "test").unwrap();
    let (sandbox, tools) = (Sandbox::new(&weir(), &config()), Tools::find(&config()).unwrap());
    let wide = scratch(&home, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -vf setsar=2", "matroska");
    let media = probe::probe(&sandbox, &tools, &wide, &config()).await.unwrap();
    let pictures = media.pictures.unwrap();
    assert_eq!((pictures.width, pictures.height, pictures.frame_rate_milli), (1280, 360, 25_000));
    assert_eq!((media.container.0, media.duration.as_secs()), ("matroska", 6));
    assert_eq!(media.sounds.len(), 1);

    let small = Config { pixels_max: 1000, ..config() };
    let refused = probe::probe(&sandbox, &tools, &wide, &small).await.unwrap_err();
    assert!(refused.is_final(), "{refused}");
    let few = Config { streams_max: 1, ..config() };
    let refused = probe::probe(&sandbox, &tools, &wide, &few).await.unwrap_err().to_string();
    assert_eq!(refused, "it has 2 streams; at most 1 are accepted (worker.streams_max)");
    let short = Config { duration_max_s: 5, ..config() };
    let refused = probe::probe(&sandbox, &tools, &wide, &short).await.unwrap_err().to_string();
    assert_eq!(refused, "it has 6 seconds; at most 5 are accepted (worker.duration_max_s)");
}

/// A platform with a video whose bytes are there, and are to be looked at.
async fn arrived(file: &Path) -> (Arc<Platform>, Video, tempfile::TempDir) {
    let (platform, video, folder) = placed(file).await;
    videos::arrived(&platform, video.id).await.unwrap();
    (platform, video, folder)
}

/// A platform with a video whose bytes are there.
async fn placed(file: &Path) -> (Arc<Platform>, Video, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut all: toml::Table = DEFAULT_TOML.parse().unwrap();
    all.insert("data_dir".to_owned(), folder.path().to_str().unwrap().into());
    let settings: crate::config::Config = all.try_into().unwrap();
    let objects = settings.storage.open(&settings.data_dir).unwrap();
    let signer = crate::auth::Signer::new(
        settings.auth.sign,
        crate::auth::secret(&settings.auth, folder.path()).unwrap(),
    );
    let hub = hub::Hub::new(hub::Config::default());
    let platform = crate::people::beside(&settings, &objects, &hub, Arc::new(signer)).await.unwrap();
    let user = platform::accounts::users::create(&platform.db, "owner", "", "").await.unwrap();
    let video = video(&platform, user.id, Origin::Upload, State::Waiting).await;
    let path = format!("{}/source", video.objects_prefix());
    platform.objects.put_file(&path, file).await.unwrap();
    let source = NewFile::source(video.id, path, 1);
    videos::add_file(&platform.db, source).await.unwrap();
    (platform, video, folder)
}

async fn video(platform: &Platform, user_id: i64, origin: Origin, state: State) -> Video {
    let new = NewVideo {
        user_id,
        room_id: None,
        broadcast_id: None,
        origin,
        name: None,
        title: "a video".to_owned(),
        privacy: "public".to_owned(),
        state,
        starts_at: None,
    };
    videos::create(&platform.db, new).await.unwrap()
}

/// Works until no job of the video waits or runs.
async fn work(platform: &Arc<Platform>, video: &Video, config: Config, folder: &Path) {
    let is_over = |state: &str| !matches!(state, "waiting" | "running");
    work_until(platform, video, config, folder, |jobs| jobs.iter().all(|job| is_over(&job.state))).await;
}

/// Works until its jobs are as wanted, a minute at most.
async fn work_until(
    platform: &Arc<Platform>,
    video: &Video,
    config: Config,
    folder: &Path,
    are_as_wanted: impl Fn(&[Job]) -> bool,
) {
    let shop = Workshop::new(platform.clone(), config, folder, &weir()).unwrap();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut tasks = start(&shop, &stopping);
    for _ in 0..1200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if are_as_wanted(&platform::jobs::of_video(&platform.db, video.id).await.unwrap()) {
            break;
        }
    }
    stop.send_replace(true);
    while tasks.join_next().await.is_some() {}
}

#[tokio::test]
async fn what_browsers_cannot_play_becomes_a_ladder_with_pictures_and_no_half_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    make(&file, "-c:v mpeg4 -c:a libmp3lame -f avi");
    let (platform, video, data) = arrived(&file).await;
    platform::jobs::transcode(&platform.db, video.id, "tutorial").await.unwrap();
    let rung = |size| super::Rung { size, bits_per_second: 400_000 };
    let config =
        Config { renditions: vec![rung(360), rung(180), rung(720)], encoder: Encoder::X264, ..config() };
    work(&platform, &video, config, data.path()).await;
    let jobs = platform::jobs::of_video(&platform.db, video.id).await.unwrap();
    assert!(jobs.iter().all(|job| job.state == "done"), "{jobs:#?}");
    let video = videos::get(&platform.db, video.id).await.unwrap().unwrap();
    assert_eq!((video.state.as_str(), video.width, video.height), ("ready", 640, 360));
    assert!((5900..6200).contains(&video.duration_ms), "{}", video.duration_ms);
    assert!(video.has_storyboard && video.cover.ends_with("/thumb-0.jpg"), "{}", video.cover);
    let files = videos::files(&platform.db, video.id).await.unwrap();
    let mut names: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.is_playable)).collect();
    names.sort_unstable();
    assert_eq!(names, [("180p", true), ("360p", true), ("source", false), ("tutorial", true)]);
    for file in files.iter().filter(|file| file.kind == "rendition") {
        let path = platform.objects.local_path(&file.path).unwrap();
        let packaged = playable::read(&path).unwrap();
        assert!(
            packaged.is_whole && packaged.is_for_browsers && packaged.codecs == file.codecs,
            "{packaged:?}"
        );
        assert!(reads(&path) <= 3, "{} is opened with {} reads", file.name, reads(&path));
        assert_eq!(keyframes(&path).get(..3).unwrap(), ["0.000000", "2.000000", "4.000000"], "{}", file.name);
    }
    let paths = platform.objects.list(&video.objects_prefix()).await.unwrap();
    let has = |name: &str| paths.iter().any(|(path, bytes)| path.ends_with(name) && *bytes > 100);
    for name in ["thumb-0.jpg", "thumb-1.jpg", "thumb-2.jpg", "storyboard-0.jpg", "storyboard.vtt"] {
        assert!(has(name), "{name} of {paths:?}");
    }
    assert!(has("tutorial/list.m3u8") && has("tutorial/list0.ts"), "{paths:?}");
    assert_eq!(
        std::fs::read_dir(data.path().join("jobs")).unwrap().count(),
        0,
        "nothing is left in scratch folders"
    );
}

#[tokio::test]
async fn a_ladder_of_av1_has_the_keyframes_of_every_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    make(&file, "-c:v mpeg4 -c:a libmp3lame -f avi");
    let (platform, video, data) = arrived(&file).await;
    let renditions = [90, 180].map(|size| super::Rung { size, bits_per_second: 200_000 }).to_vec();
    let config = Config { renditions, encoder: Encoder::SvtAv1, preset: "12".to_owned(), ..config() };
    config.check().unwrap();
    work(&platform, &video, config, data.path()).await;
    let files = videos::files(&platform.db, video.id).await.unwrap();
    let made: Vec<_> = files.iter().filter(|file| file.kind == "rendition").collect();
    assert_eq!(made.len(), 2, "{:#?}", platform::jobs::of_video(&platform.db, video.id).await.unwrap());
    for file in made {
        assert!(file.is_playable && file.codecs.starts_with("av01.0."), "{}", file.codecs);
        assert!(file.bits_per_second < 2 * 200_000 + 128_000, "{}", file.bits_per_second);
        let path = platform.objects.local_path(&file.path).unwrap();
        let packets = "-v error -select_streams v -show_entries packet=pts_time,flags -of csv=p=0";
        let said = Command::new("ffprobe").args(packets.split(' ')).arg(&path).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let keyframes: Vec<_> = said
            .lines()
            .filter(|line| line.contains('K'))
            .filter_map(|line| line.split(',').next())
            .collect();
        assert_eq!(keyframes.get(..3).unwrap(), ["0.000000", "2.000000", "4.000000"], "{}", file.name);
    }
}

/// How many reads it takes to know where everything is in a file: each is a request where objects are in a bucket.
fn reads(file: &Path) -> usize {
    let bytes = std::fs::read(file).unwrap();
    let mut reader = mp4::IndexReader::new(bytes.len() as u64);
    let mut count = 0;
    while let Some(range) = reader.wanted() {
        count += 1;
        reader.push(&bytes[range.start as usize..range.end as usize]).unwrap();
    }
    count
}

/// When the keyframes of a file are shown, as ffprobe has it.
fn keyframes(file: &Path) -> Vec<String> {
    let words = "-v error -select_streams v -skip_frame nokey -show_entries frame=pts_time -of csv=p=0";
    let output = Command::new("ffprobe").args(words.split(' ')).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

#[tokio::test]
async fn what_browsers_can_play_is_ready_before_any_rendition() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    make(&file, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -f mp4");
    let (platform, video, data) = arrived(&file).await;
    // Nobody makes renditions: what makes them is not there, though what looks at files is.
    let config = Config { ffmpeg: "/bin/false".to_owned(), ..config() };
    work(&platform, &video, config, data.path()).await;
    let video = videos::get(&platform.db, video.id).await.unwrap().unwrap();
    assert_eq!(video.state, "ready");
    let files = videos::files(&platform.db, video.id).await.unwrap();
    let [source] = files.as_slice() else { panic!("{files:?}") };
    assert!(source.is_playable && source.codecs.starts_with("avc1.") && source.codecs.ends_with("mp4a.40.2"));
    let jobs = platform::jobs::of_video(&platform.db, video.id).await.unwrap();
    let failed: Vec<_> = jobs.iter().filter(|job| job.state == "failed").collect();
    assert_eq!(failed.len(), 2, "renditions and pictures, each with its reason: {jobs:?}");
    assert!(failed.iter().all(|job| !job.failure.is_empty()));
}

#[tokio::test]
async fn what_is_no_video_has_failed_with_a_plain_reason_at_once() {
    for (bytes, reason) in [
        (
            &b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"[..],
            "this is a playlist, which only says where a video is; send the video itself",
        ),
        (b"", "the file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "this is a picture, not a video"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("film.avi");
        std::fs::write(&file, bytes).unwrap();
        let (platform, video, data) = arrived(&file).await;
        work(&platform, &video, config(), data.path()).await;
        let video = videos::get(&platform.db, video.id).await.unwrap().unwrap();
        assert_eq!((video.state.as_str(), video.failure.as_str()), ("failed", reason));
        let jobs = platform::jobs::of_video(&platform.db, video.id).await.unwrap();
        assert_eq!((jobs.len(), jobs[0].attempts), (1, 1));
    }
}
