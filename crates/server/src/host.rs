//! What the operating system says of this machine and this process. Linux only; elsewhere everything is zero.

use std::fs;

/// Bytes of memory: all, and what could be used.
pub fn memory() -> (u64, u64) {
    let text = read("/proc/meminfo");
    let bytes = |name| field(&text, name).and_then(first_number).map_or(0, |kib| kib * 1024);
    (bytes("MemTotal"), bytes("MemAvailable"))
}

/// The processors.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// How many.
    pub count: usize,
    /// What they call themselves.
    pub model: String,
    /// Their clock.
    pub mhz: u64,
}

/// The processors.
pub fn cpu() -> Cpu {
    cpu_of(&read("/proc/cpuinfo"))
}

fn cpu_of(text: &str) -> Cpu {
    Cpu {
        count: text.lines().filter(|line| line.starts_with("processor")).count(),
        model: field(text, "model name").unwrap_or_default().to_owned(),
        mhz: field(text, "cpu MHz").and_then(first_number).unwrap_or(0),
    }
}

/// Ticks of all processors since the machine was started: idle, and all.
pub fn cpu_ticks() -> (u64, u64) {
    ticks_of(&read("/proc/stat"))
}

/// proc(5), the first line of /proc/stat: user nice system idle iowait irq softirq steal, then guest times, which are in
/// user and nice already.
fn ticks_of(text: &str) -> (u64, u64) {
    let ticks: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|n| n.parse().ok())
        .collect();
    (ticks.get(3).copied().unwrap_or(0), ticks.iter().sum())
}

/// Release of the operating system.
pub fn release() -> String {
    read("/proc/sys/kernel/osrelease").trim().to_owned()
}

/// What this process uses.
#[derive(Debug, Default)]
pub struct Process {
    /// Bytes of memory in use.
    pub rss_bytes: u64,
    /// Bytes of data, stack and heap it has asked for.
    pub data_bytes: u64,
    /// Open files and sockets.
    pub open_fds: usize,
    /// Seconds of processor time.
    pub cpu_seconds: f64,
}

/// What this process uses.
pub fn process() -> Process {
    let status = read("/proc/self/status");
    let bytes = |name| field(&status, name).and_then(first_number).map_or(0, |kib| kib * 1024);
    Process {
        rss_bytes: bytes("VmRSS"),
        data_bytes: bytes("VmData"),
        // Reading the folder opens it.
        open_fds: fs::read_dir("/proc/self/fd").map_or(0, |fds| fds.count().saturating_sub(1)),
        cpu_seconds: cpu_seconds_of(&read("/proc/self/stat")),
    }
}

/// proc(5): fields 14 and 15 of /proc/pid/stat, in ticks of 1/100 s on every platform Linux has today. The name in
/// field 2 may hold spaces and brackets, so counting starts after the last bracket.
fn cpu_seconds_of(text: &str) -> f64 {
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

/// The whole number a text begins with.
fn first_number(text: &str) -> Option<u64> {
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_linux_are_read() {
        let cpu = cpu_of("processor\t: 0\nmodel name\t: Fast: One\ncpu MHz\t\t: 2400.12\n\nprocessor\t: 1\n");
        assert_eq!(cpu, Cpu { count: 2, model: "Fast: One".into(), mhz: 2400 });
        assert_eq!(ticks_of("cpu  10 0 5 80 5 0 0 0 3 0\ncpu0 1"), (80, 100));
        assert_eq!(cpu_seconds_of("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0"), 2.0);
        assert_eq!(field("MemTotal:   12 kB", "MemTotal").and_then(first_number), Some(12));
    }

    #[test]
    fn what_cannot_be_read_is_zero() {
        assert_eq!(cpu_of(""), Cpu::default());
        assert_eq!((ticks_of(""), cpu_seconds_of("")), ((0, 0), 0.0));
    }
}
