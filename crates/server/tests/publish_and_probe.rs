//! The program itself: `weir publish` sends files to `weir serve`, and `weir probe` reads what comes out.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn weir() -> Command {
    Command::new(env!("CARGO_BIN_EXE_weir"))
}

fn testdata(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

struct Server {
    _running: Running,
    _folder: tempfile::TempDir,
    /// `127.0.0.1:port`
    http: String,
    rtmp: String,
}

impl Server {
    /// Starts the server on ports that are free, with more settings.
    fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("weir.toml");
        let data = folder.path().join("data");
        let text = format!(
            "data_dir = {data:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[rtmp]\nlisten = \"127.0.0.1:0\"\n{settings}\n"
        );
        std::fs::write(&config, text).unwrap();
        let mut child = weir()
            .arg("--config")
            .arg(&config)
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Running(child);
        let (mut http, mut rtmp) = (None, None);
        for line in lines.map_while(Result::ok) {
            let address = |scheme: &str| line.split_once(scheme)?.1.split('/').next().map(str::to_owned);
            http = http.or_else(|| address("http://"));
            rtmp = rtmp.or_else(|| address("rtmp://"));
            if http.is_some() && rtmp.is_some() {
                break;
            }
        }
        Self { _running: running, _folder: folder, http: http.unwrap(), rtmp: rtmp.unwrap() }
    }

    /// Publishes a file over and over; comes back when the server has accepted.
    fn publish(&self, file: &str, name: &str) -> Running {
        let mut child = weir()
            .arg("publish")
            .arg(testdata(file))
            .arg(format!("rtmp://{}/live/{name}", self.rtmp))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().next();
        assert!(said.unwrap().unwrap().starts_with("publishing"));
        Running(child)
    }
}

fn probe(url: &str) -> Output {
    weir().args(["probe", "--json", "--seconds", "1", url]).output().unwrap()
}

fn tracks(url: &str) -> Vec<String> {
    let output = probe(url);
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tracks = report["tracks"].as_array().unwrap();
    tracks
        .iter()
        .map(|track| {
            format!("{} {}", track["codec"].as_str().unwrap(), track["packets"].as_u64().unwrap() > 3)
        })
        .collect()
}

#[test]
fn every_codec_goes_in_and_comes_out() {
    let server = Server::start("");
    let files = [
        ("h264", "mp4/src/testdata/h264_aac.mp4", ["H264 true", "AAC true"]),
        ("h265", "mp4/src/testdata/h265_ac3.mp4", ["H265 true", "AC-3 true"]),
        ("av1", "mp4/src/testdata/av1_opus.mp4", ["AV1 true", "Opus true"]),
        ("vp9", "mp4/src/testdata/vp9_flac.mp4", ["VP9 true", "FLAC true"]),
        ("ts", "mpegts/src/testdata/h264_aac.ts", ["H264 true", "AAC true"]),
        ("flv", "flv/src/testdata/h264_aac.flv", ["H264 true", "AAC true"]),
    ];
    let published: Vec<_> = files.iter().map(|(name, file, _)| server.publish(file, name)).collect();
    for (name, _, expected) in &files {
        assert_eq!(tracks(&format!("http://{}/live/{name}.flv", server.http)), expected, "{name} as FLV");
        assert_eq!(tracks(&format!("http://{}/live/{name}.mp4", server.http)), expected, "{name} as MP4");
        assert_eq!(tracks(&format!("rtmp://{}/live/{name}", server.rtmp)), expected, "{name} as RTMP");
    }
    drop(published);
}

#[test]
fn a_refusal_is_told_with_the_servers_code() {
    let server = Server::start("");
    let file = "mp4/src/testdata/h264_aac.mp4";
    let _first = server.publish(file, "taken");
    let url = format!("rtmp://{}/live/taken", server.rtmp);
    let second = weir().arg("publish").arg(testdata(file)).arg(&url).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("NetStream.Publish.BadName"), "{said}");
    let nobody = probe(&format!("rtmp://{}/live/nobody", server.rtmp));
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(!nobody.status.success() && said.contains("NetStream.Play.StreamNotFound"), "{said}");
}

#[test]
fn a_file_can_be_published_once() {
    let server = Server::start("");
    let once = weir()
        .args(["publish", "--once", "--speed", "4"])
        .arg(testdata("flv/src/testdata/h264_aac.flv"))
        .arg(format!("rtmp://{}/live/once", server.rtmp))
        .output()
        .unwrap();
    assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
    assert!(String::from_utf8_lossy(&once.stdout).contains("sent 00:00:01 of media"));
}

#[test]
fn a_stream_of_another_server_is_fetched_for_the_first_viewer() {
    let origin = Server::start("");
    let _published = origin.publish("mp4/src/testdata/h265_ac3.mp4", "origin");
    let edge = Server::start(&format!(
        "[[pull.sources]]\npath = \"live/flv\"\nurl = \"http://{}/live/origin.flv?k=secret\"\non_demand = true\n\
         [[pull.sources]]\npath = \"live/rtmp\"\nurl = \"rtmp://{}/live/origin\"\non_demand = true\n",
        origin.http, origin.rtmp
    ));
    for name in ["flv", "rtmp"] {
        let url = format!("http://{}/live/{name}.flv", edge.http);
        assert_eq!(tracks(&url), ["H265 true", "AC-3 true"], "from {name}");
    }
}
