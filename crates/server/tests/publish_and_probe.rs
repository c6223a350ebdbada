//! The program itself: `weir publish` sends files to `weir serve`, and `weir probe` reads what comes out.

use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;

/// A program that ends with the test.
struct Running {
    child: Child,
    /// Kept open: a program that cannot print stops.
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next_line(&mut self) -> String {
        self.lines.next().expect("the program says something").unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
        let mut running =
            Running::start(weir().arg("--config").arg(&config).arg("serve").stderr(Stdio::null()));
        let mut address = |scheme: &str| loop {
            let line = running.next_line();
            if let Some((_, rest)) = line.split_once(scheme) {
                return rest.split('/').next().unwrap().to_owned();
            }
        };
        let (http, rtmp) = (address("http://"), address("rtmp://"));
        Self { _running: running, _folder: folder, http, rtmp }
    }

    /// Publishes a file over and over; comes back when the server has accepted.
    fn publish(&self, file: &str, name: &str) -> Running {
        let url = format!("rtmp://{}/live/{name}", self.rtmp);
        let mut running = Running::start(weir().arg("publish").arg(testdata(file)).arg(url));
        assert!(running.next_line().starts_with("publishing"));
        running
    }
}

/// Asks the server's API.
fn get(address: &str, path: &str) -> Value {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
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
    thread::scope(|scope| {
        for (name, _, expected) in &files {
            let (http, rtmp) = (&server.http, &server.rtmp);
            scope.spawn(move || {
                assert_eq!(tracks(&format!("http://{http}/live/{name}.flv")), expected, "{name} as FLV");
                assert_eq!(tracks(&format!("http://{http}/live/{name}.mp4")), expected, "{name} as MP4");
                assert_eq!(tracks(&format!("rtmp://{rtmp}/live/{name}")), expected, "{name} as RTMP");
            });
        }
    });
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
    let pulls = get(&edge.http, "/api/v1/pulls");
    let pulls = pulls["pulls"].as_array().unwrap();
    assert_eq!(pulls.len(), 2);
    for pull in pulls {
        assert_eq!(
            (&pull["state"], &pull["attempts"], &pull["on_demand"]),
            (&"live".into(), &1.into(), &true.into())
        );
        assert!(!pull["url"].as_str().unwrap().contains("secret"), "{pull}");
    }
}
