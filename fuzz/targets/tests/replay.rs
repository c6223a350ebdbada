//! The committed corpus, and small changes to it, break nothing: what the fuzzer found before stays found.

use fuzz_targets::{TARGETS, Target};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

/// Changed inputs of each target; always the same ones.
const CHANGED_INPUTS: usize = 4000;

/// How long an input may become by changes.
const INPUT_BYTES_MAX: usize = 16 << 10;

#[test]
fn the_corpus_and_small_changes_to_it_break_nothing() {
    let failed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = TARGETS
            .iter()
            .map(|target| {
                let thread = thread::Builder::new().name(target.0.to_owned());
                (target.0, thread.spawn_scoped(scope, || replay(target)).unwrap())
            })
            .collect();
        threads.into_iter().filter_map(|(name, thread)| thread.join().err().map(|_| name)).collect()
    });
    assert!(failed.is_empty(), "{failed:?} failed; what each said stands above");
}

#[test]
fn every_target_has_a_fuzzer_and_every_corpus_a_target() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.0.to_owned()).collect();
    assert!(names.is_sorted());
    assert_eq!(stems(&fuzz_folder().join("fuzz_targets")), names);
    assert_eq!(stems(&fuzz_folder().join("corpus")), names);
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stems(folder: &Path) -> Vec<String> {
    let paths = files(folder);
    paths.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn replay((name, run): &Target) {
    let paths = files(&fuzz_folder().join("corpus").join(name));
    let corpus: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    for (input, path) in corpus.iter().zip(&paths) {
        let _told = Told(|| eprintln!("{name} fails on {}", path.display()));
        run(input);
    }
    let mut random =
        Random(name.bytes().fold(1, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte))));
    for _ in 0..CHANGED_INPUTS {
        let mut input = corpus[random.below(corpus.len())].clone();
        for _ in 0..1 + random.below(4) {
            change(&mut input, &corpus, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        let _told = Told(|| {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.input"));
            eprintln!("{name} fails on what is now in {}: {:?}", path.display(), fs::write(&path, &input));
        });
        run(&input);
    }
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    const TELLING: [u8; 8] = [0, 1, 0x7F, 0x80, 0xFF, 0xFE, 0x47, 0x0B];
    if input.is_empty() {
        input.push(random.below(256) as u8);
    }
    let at = random.below(input.len());
    let count = 1 + random.below(16.min(input.len() - at));
    match random.below(7) {
        0 => input[at] ^= 1 << random.below(8),
        1 => input[at] = TELLING[random.below(TELLING.len())],
        2 => input[at..at + count].fill(0xFF),
        3 => drop(input.drain(at..at + count)),
        4 => input.truncate(at),
        5 => {
            let copy = input[at..at + count].to_vec();
            input.splice(at..at, copy);
        }
        _ => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len().max(1)).min(other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

/// Says its words when a panic passes by.
struct Told<F: Fn()>(F);

impl<F: Fn()> Drop for Told<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
