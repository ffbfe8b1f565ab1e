//! How fast lastly finds references in real files, on one core, beside the parsers that it uses, alone, on the same
//! bytes in the same run: cssparser for CSS, oxc for JavaScript, lol_html for HTML.
//!
//! `bench-references [--rounds N] FOLDER…` prints a table in MB for each second of processor time of this process, so
//! that other load on the machine counts as little as it can. The finder is lastly's own source, compiled here without
//! the rest of lastly.

#[allow(dead_code, unused_imports)]
mod model;
#[allow(dead_code, unused_imports)]
mod refs;

mod alone;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::model::path::AssetPath;
use crate::refs::format::Format;
use crate::refs::js::Wanted;

/// Of each kind, no more than this is read.
const MOST: usize = 256 << 20;

/// Files of one kind.
#[derive(Default)]
struct Files {
    texts: Vec<(Format, Vec<u8>)>,
    bytes: usize,
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs on a thread with the stack that lastly gives those that parse.
fn main() -> Outcome {
    let thread = std::thread::Builder::new().stack_size(refs::js::PARSING_STACK).spawn(|| {
        refs::js::has_parsing_stack();
        run()
    })?;
    thread.join().map_err(|_| "the benchmark panicked")?
}

fn run() -> Outcome {
    let mut rounds = 5;
    let mut folders = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().ok_or("--rounds needs a number")?.parse()?,
            _ => folders.push(PathBuf::from(argument)),
        }
    }
    if folders.is_empty() {
        return Err("name folders with real files, such as .tools/packages and the pages of rust-docs".into());
    }
    let mut kinds: BTreeMap<&str, Files> = BTreeMap::new();
    for folder in &folders {
        gather(folder, &mut kinds)?;
    }
    println!("load: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned()).trim());
    println!(
        "MB for each second of processor time, the best of {rounds} rounds; in brackets without the files that need no parser\n"
    );
    println!("| | files | MB | lastly | | parser alone | |\n|---|--:|--:|--:|--:|---|--:|");
    for (kind, files) in &kinds {
        let (name, parse): (_, fn(&[u8], Format)) = match *kind {
            "CSS" => ("cssparser", |bytes, _| alone::css(bytes)),
            "JavaScript" => ("oxc", alone::javascript),
            _ => ("lol_html", |bytes, _| alone::html(bytes)),
        };
        let needed = |(_, bytes): &&(Format, Vec<u8>)| *kind != "JavaScript" || needs_parser(bytes);
        let parsed: Vec<&(Format, Vec<u8>)> = files.texts.iter().filter(needed).collect();
        let all: Vec<&(Format, Vec<u8>)> = files.texts.iter().collect();
        let find = |bytes: &[u8], format: Format| {
            black_box(format.find(black_box(bytes)));
        };
        println!(
            "| {kind} | {} | {:.1} | {:.0} | ({:.0}) | {name} | {:.0} | ({:.0})",
            files.texts.len(),
            files.bytes as f64 / 1e6,
            speed(&all, rounds, find),
            speed(&parsed, rounds, find),
            speed(&all, rounds, parse),
            speed(&parsed, rounds, parse),
        );
    }
    Ok(())
}

/// Whether lastly parses a script.
fn needs_parser(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !Wanted::of(text).needs_no_parser())
}

/// MB for each second of processor time, in the best of some rounds over all files.
fn speed(files: &[&(Format, Vec<u8>)], rounds: usize, work: impl Fn(&[u8], Format)) -> f64 {
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let round = |_| {
        let start = taken();
        files.iter().for_each(|(format, bytes)| work(bytes, *format));
        taken() - start
    };
    let best = (0..rounds).map(round).min().unwrap_or_default();
    bytes as f64 / 1e6 / best.as_secs_f64()
}

/// The processor time that this process has taken.
fn taken() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn gather(place: &Path, kinds: &mut BTreeMap<&'static str, Files>) -> std::io::Result<()> {
    if place.is_dir() {
        let mut entries = std::fs::read_dir(place)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        return entries
            .iter()
            .filter(|entry| !entry.path().is_symlink())
            .try_for_each(|entry| gather(&entry.path(), kinds));
    }
    let name = place.file_name().and_then(|name| name.to_str()).and_then(|name| AssetPath::new(name).ok());
    let Some(format) = name.as_ref().and_then(Format::of) else { return Ok(()) };
    let kind = match format {
        Format::Css => "CSS",
        Format::Script | Format::Module => "JavaScript",
        Format::Html => "HTML",
        _ => return Ok(()),
    };
    let files = kinds.entry(kind).or_default();
    let bytes = std::fs::read(place)?;
    if files.bytes + bytes.len() <= MOST && std::str::from_utf8(&bytes).is_ok() {
        files.bytes += bytes.len();
        files.texts.push((format, bytes));
    }
    Ok(())
}
