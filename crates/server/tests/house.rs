//! Keeps the arrows of ARCHITECTURE.md: which crate of the workspace may use which, and what the pure ones never know.

use std::collections::BTreeSet;
use std::path::Path;

/// Each crate and the crates of the workspace it may use.
const ARROWS: [(&str, &[&str]); 12] = [
    ("media", &[]),
    ("flv", &["media"]),
    ("mpegts", &["media"]),
    ("mp4", &["media"]),
    ("packaging", &["media"]),
    ("rtmp", &["flv"]),
    ("hub", &["media"]),
    ("store", &["media", "mp4", "packaging"]),
    ("objects", &[]),
    ("gateway", &["flv", "hub", "media", "mp4", "mpegts", "objects", "packaging", "rtmp", "store"]),
    ("platform", &["hub", "media", "objects", "store"]),
    (
        "server",
        &[
            "flv",
            "gateway",
            "hub",
            "media",
            "mp4",
            "mpegts",
            "objects",
            "packaging",
            "platform",
            "rtmp",
            "store",
        ],
    ),
];

/// Crates that turn bytes into values and back, and nothing else.
const PURE: [&str; 6] = ["media", "flv", "mpegts", "mp4", "packaging", "rtmp"];
/// What those never use.
const NOT_PURE: [&str; 6] = ["tokio", "mio", "hyper", "axum", "socket2", "tracing"];

fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("Cargo.toml");
    let text =
        std::fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    let manifest: toml::Table = text.parse().unwrap();
    manifest
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn crates_use_only_what_the_map_allows() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in ARROWS {
        for used in dependencies(name).iter().filter(|used| ours.contains(used.as_str())) {
            assert!(
                allowed.contains(&used.as_str()),
                "{name} uses {used}; ARCHITECTURE.md has no such arrow"
            );
        }
    }
}

#[test]
fn every_crate_is_on_the_map() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for entry in std::fs::read_dir(crates).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(ARROWS.iter().any(|(known, _)| *known == name), "{name} is not in ARCHITECTURE.md's map");
    }
}

#[test]
fn protocol_crates_know_no_sockets_and_no_tasks() {
    for name in PURE {
        let used = dependencies(name);
        for banned in NOT_PURE {
            assert!(!used.contains(banned), "{name} uses {banned}");
        }
    }
}
