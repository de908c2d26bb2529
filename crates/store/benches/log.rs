//! How fast is the log? Durable appends by records a block beside a bare file on the same disk; opening, reading and
//! verifying what was written.
//!
//! `cargo bench -p ringfence-store --bench log [-- FOLDER MILLIONS]`: FOLDER decides which disk is measured, MILLIONS of
//! records are read back (default 1). What redb and SQLite do instead: `benchmarks/log-storage`.

use ringfence_domain::Timestamp;
use ringfence_store::log::verify;
use ringfence_store::{Log, Options, Record, RecordKind};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

type Any<T> = Result<T, Box<dyn std::error::Error>>;

/// Records a block and blocks of a run: a second or two on a disk that syncs in a millisecond.
const RUNS: [(u64, u64); 3] = [(1, 1_500), (16, 1_500), (256, 800)];
/// Records a block of the log that is read back: what 20,000 decisions/s give at a commit each 3 ms or so.
const READ_BLOCK: u64 = 64;

/// The next of a fixed sequence of numbers (SplitMix64).
fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An event of about 300 bytes.
fn record(n: u64) -> Record<'static> {
    let r = scatter(n);
    let (a, o, d, i) = (r % 100_000, r >> 40, r % 70_001, r % 9_973);
    let (minute, second, ms) = (n / 60_000 % 60, n / 1_000 % 60, n % 1_000);
    let text = format!(
        r#"{{"specversion":"1.0","id":"e-{n:09}","source":"shop/eu","type":"refund.requested","time":"2023-03-01T12:{minute:02}:{second:02}.{ms:03}Z","data":{{"refund":"R{n}","order":"O{o}","account":"A{a}","lines":[{{"line":1,"quantity":1}}],"amount":{{"amount":{i},"currency":"USD"}},"reason":"not_received","channel":"chat","contact":"C{d}","device":"D{d}"}}}}"#
    );
    let recorded = Timestamp::from_millis(1_677_672_000_000 + n as i64).expect("a time of 2023");
    Record { kind: RecordKind::Event, recorded, payload: text.into_bytes().into() }
}

/// Seconds that this thread was on a CPU, where the system tells.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

fn folder_bytes(folder: &Path) -> Any<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| Ok(sum + entry?.metadata()?.len()))
}

fn bare(folder: &Path, blocks: u64, bytes: usize) -> Any<f64> {
    let file = File::create(folder.join("bare"))?;
    let body = vec![b'x'; bytes];
    let start = Instant::now();
    for block in 0..blocks {
        file.write_all_at(&body, block * bytes as u64)?;
        file.sync_data()?;
    }
    let seconds = start.elapsed().as_secs_f64();
    fs::remove_file(folder.join("bare"))?;
    Ok(seconds)
}

fn append(folder: &Path, name: &str, options: Options) -> Any<()> {
    for (count, blocks) in RUNS {
        let groups: Vec<Vec<Record<'_>>> =
            (0..blocks.min(64)).map(|b| (b * count..(b + 1) * count).map(record).collect()).collect();
        let bytes: usize = groups.iter().flatten().map(|r| r.payload.len()).sum::<usize>() / groups.len();
        let path = folder.join("log");
        let mut log = Log::open(&path, options)?;
        let (cpu, start) = (cpu_seconds(), Instant::now());
        for block in 0..blocks {
            log.append(&groups[(block % 64) as usize])?;
        }
        let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        drop(log);
        let written = folder_bytes(&path)? as f64 / (bytes as u64 * blocks) as f64;
        fs::remove_dir_all(&path)?;
        let floor = bare(folder, blocks, bytes)?;
        println!(
            "| {name} | {count} | {:.0} | {:.0} | {:.0} % | {written:.2} | {:.1} | {:.1} % |",
            blocks as f64 / seconds,
            (blocks * count) as f64 / seconds,
            100.0 * floor / seconds,
            1e6 * cpu / (blocks * count) as f64,
            100.0 * 20_000.0 * cpu / (blocks * count) as f64,
        );
    }
    Ok(())
}

fn measure<T>(what: &str, records: u64, work: impl FnOnce() -> Any<T>) -> Any<T> {
    let (cpu, start) = (cpu_seconds(), Instant::now());
    let result = work()?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("| {what} | {seconds:.2} s | {cpu:.2} s | {:.0} |", records as f64 / seconds);
    Ok(result)
}

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let folder = match arguments.first() {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let millions: u64 = arguments.get(1).map_or(Ok(1), |n| n.parse())?;
    let compressed = Options::default();
    let plain = Options { zstd_level: None, ..compressed };
    println!(
        "| log | records a block | blocks/s | records/s | of a bare file | bytes on disk per byte | CPU a record, µs | a core at 20,000/s |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    append(folder.path(), "Zstandard 1", compressed)?;
    append(folder.path(), "plain", plain)?;

    let path = folder.path().join("log");
    let records = millions * 1_000_000;
    println!("\n| {records} records, {READ_BLOCK} a block | time | CPU | records/s |\n|---|--:|--:|--:|");
    let mut log = Log::open(&path, compressed)?;
    let mut bytes = 0;
    measure("made and appended, durable", records, || {
        for first in (0..records).step_by(READ_BLOCK as usize) {
            let group: Vec<Record<'_>> = (first..first + READ_BLOCK).map(record).collect();
            bytes += group.iter().map(|r| r.payload.len() as u64).sum::<u64>();
            log.append(&group)?;
        }
        Ok(())
    })?;
    drop(log);
    let log = measure("opened", records, || Ok(Log::open(&path, compressed)?))?;
    let sum = |blocks: ringfence_store::log::Blocks| -> Any<u64> {
        let mut sum = 0;
        for block in blocks {
            sum += block?.records().map(|r| r.payload.len() as u64).sum::<u64>();
        }
        Ok(sum)
    };
    assert_eq!(measure("read, block by block", records, || sum(log.blocks(0)?))?, bytes, "all is read back");
    measure("read, records of their own", records, || Ok(log.read(0)?.map_while(Result::ok).count()))?;
    measure("verified", records, || Ok(verify(&path, &mut |_| ())?))?;
    measure("proof of one record", records, || Ok(log.prove(records / 2, &log.head())?))?;
    measure("head inside the log", records, || Ok(log.head_at(records / 2 + 1)?))?;
    println!(
        "\n{:.0} MB of records, {:.0} MB on disk",
        bytes as f64 / 1e6,
        folder_bytes(&path)? as f64 / 1e6
    );
    std::io::stdout().flush()?;
    Ok(())
}
