//! What should the log stand on? Durable appends of blocks to a plain file, to Ringfence's log, to redb and to SQLite;
//! opening after a kill, reading back; and what one flipped bit does. The tables of ADR 0009.
//!
//! `cargo run --release [-- FOLDER [BLOCKS]]`; FOLDER decides which disk is measured, BLOCKS of 16 records are read back.

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use ringfence_domain::Timestamp;
use ringfence_store::{DiskFolder, Folder, Log, Options, Record, RecordKind, StoredFile};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

type Any<T> = Result<T, Box<dyn std::error::Error>>;

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");

/// Blocks of a run by records a block: enough for a second or so.
const RUNS: [(u64, u64); 3] = [(1, 4_000), (16, 3_000), (256, 1_000)];
/// Bits flipped, one at a time, in each store.
const FLIPS: u64 = 300;
/// Blocks of a store that a bit is flipped in.
const FLIPPED_BLOCKS: u64 = 400;

/// Where blocks are appended, each durable on return where `sync` was asked for.
trait Store: Sized {
    const NAME: &'static str;
    fn open(path: &Path, sync: bool) -> Any<Self>;
    fn append(&mut self, first: u64, body: &[u8]) -> Any<()>;
    /// Hands over every block in order.
    fn read(&self, each: &mut dyn FnMut(u64, &[u8])) -> Any<()>;
}

/// A file: length, BLAKE3, body.
struct Plain {
    file: File,
    sync: bool,
    buffer: Vec<u8>,
}

impl Store for Plain {
    const NAME: &'static str = "plain file";
    fn open(path: &Path, sync: bool) -> Any<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        Ok(Self { file, sync, buffer: Vec::new() })
    }
    fn append(&mut self, first: u64, body: &[u8]) -> Any<()> {
        self.buffer.clear();
        self.buffer.extend(first.to_le_bytes());
        self.buffer.extend((body.len() as u64).to_le_bytes());
        self.buffer.extend(blake3::hash(body).as_bytes());
        self.buffer.extend(body);
        self.file.write_all(&self.buffer)?;
        if self.sync {
            self.file.sync_data()?;
        }
        Ok(())
    }
    fn read(&self, each: &mut dyn FnMut(u64, &[u8])) -> Any<()> {
        use std::io::{Seek, SeekFrom};
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = io::BufReader::with_capacity(1 << 20, file);
        let mut head = [0; 48];
        let mut body = Vec::new();
        loop {
            match file.read_exact(&mut head) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(e) => return Err(e.into()),
            }
            let first = u64::from_le_bytes(head[..8].try_into()?);
            let length = u64::from_le_bytes(head[8..16].try_into()?);
            if length > 1 << 24 {
                return Err("length".into());
            }
            body.resize(length as usize, 0);
            file.read_exact(&mut body)?;
            if blake3::hash(&body).as_bytes() != &head[16..] {
                return Err("hash".into());
            }
            each(first, &body);
        }
    }
}

/// Ringfence's log, with the body as one record: what it costs beside a plain file. Its own benchmark has real groups.
struct Ours(Log);

/// A folder whose files are not synced.
#[derive(Debug)]
struct Unsynced(DiskFolder);
#[derive(Debug)]
struct UnsyncedFile(Box<dyn StoredFile>);

impl StoredFile for UnsyncedFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }
    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Folder for Unsynced {
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn lock(&self, name: &str) -> io::Result<Result<ringfence_store::folder::Guard, String>> {
        self.0.lock(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        self.0.open(name)
    }
    fn open_to_write(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(UnsyncedFile(self.0.open_to_write(name)?)))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(UnsyncedFile(self.0.create(name)?)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Ours {
    const NAME: &'static str = "Ringfence's log";
    fn open(path: &Path, sync: bool) -> Any<Self> {
        let folder = DiskFolder::create(path.parent().ok_or("a folder")?)?;
        let folder: Arc<dyn Folder> = if sync { Arc::new(folder) } else { Arc::new(Unsynced(folder)) };
        Ok(Self(Log::open_in(folder, Options { zstd_level: None, ..Options::default() })?))
    }
    fn append(&mut self, first: u64, body: &[u8]) -> Any<()> {
        let payload = [&first.to_le_bytes(), body].concat();
        let record = Record { kind: RecordKind::Event, recorded: Timestamp::MIN, payload: payload.into() };
        self.0.append(&[record])?;
        Ok(())
    }
    fn read(&self, each: &mut dyn FnMut(u64, &[u8])) -> Any<()> {
        for block in self.0.blocks(0)? {
            for record in block?.records() {
                let (first, body) = record.payload.split_first_chunk().ok_or("a position")?;
                each(u64::from_le_bytes(*first), body);
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Backend {
    file: FileBackend,
    sync: bool,
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.sync { self.file.sync_data() } else { Ok(()) }
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

struct Redb(Database);

impl Store for Redb {
    const NAME: &'static str = "redb";
    fn open(path: &Path, sync: bool) -> Any<Self> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let backend = Backend { file: FileBackend::new(file)?, sync };
        Ok(Self(Database::builder().create_with_backend(backend)?))
    }
    fn append(&mut self, first: u64, body: &[u8]) -> Any<()> {
        let transaction = self.0.begin_write()?;
        transaction.open_table(TABLE)?.insert(first, body)?;
        Ok(transaction.commit()?)
    }
    fn read(&self, each: &mut dyn FnMut(u64, &[u8])) -> Any<()> {
        let transaction = self.0.begin_read()?;
        for row in transaction.open_table(TABLE)?.iter()? {
            let (first, body) = row?;
            each(first.value(), body.value());
        }
        Ok(())
    }
}

struct Sqlite(rusqlite::Connection);

impl Store for Sqlite {
    const NAME: &'static str = "SQLite";
    fn open(path: &Path, sync: bool) -> Any<Self> {
        let connection = rusqlite::Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", if sync { "full" } else { "off" })?;
        connection
            .execute_batch("create table if not exists block (first integer primary key, body blob)")?;
        Ok(Self(connection))
    }
    fn append(&mut self, first: u64, body: &[u8]) -> Any<()> {
        let mut insert = self.0.prepare_cached("insert into block values (?, ?)")?;
        insert.execute(rusqlite::params![first as i64, body])?;
        Ok(())
    }
    fn read(&self, each: &mut dyn FnMut(u64, &[u8])) -> Any<()> {
        let mut select = self.0.prepare("select first, body from block order by first")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(row.get::<_, i64>(0)? as u64, row.get_ref(1)?.as_blob()?);
        }
        Ok(())
    }
}

/// The next of a fixed sequence of numbers (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An event of about 300 bytes.
fn record(n: u64, out: &mut Vec<u8>) {
    let r = next(&mut n.clone());
    let (a, o, d, i) = (r % 100_000, r >> 40, r % 70_001, r % 9_973);
    write!(
        out,
        r#"{{"specversion":"1.0","id":"e-{n:09}","source":"shop/eu","type":"refund.requested","time":"2023-03-01T12:{:02}:{:02}.{:03}Z","data":{{"refund":"R{n}","order":"O{o}","account":"A{a}","lines":[{{"line":1,"quantity":1}}],"amount":{{"amount":{i},"currency":"USD"}},"reason":"not_received","channel":"chat","contact":"C{d}","device":"D{d}"}}}}"#,
        n / 60_000 % 60, n / 1_000 % 60, n % 1_000,
    )
    .expect("memory takes all bytes");
}

/// Bytes that this process handed to the system for writing, where the system counts them.
fn written_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|l| l.strip_prefix("wchar: "))?.parse().ok()
}

/// Seconds that this thread was on a CPU, where the system tells.
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

/// Seconds for `blocks` blocks of `records` records, of them on the CPU; bytes handed in and written.
fn run<S: Store>(folder: &Path, records: u64, blocks: u64, sync: bool) -> Any<(f64, f64, u64, u64)> {
    let mut bodies = vec![Vec::new(); 64];
    for (b, body) in bodies.iter_mut().enumerate() {
        (0..records).for_each(|n| record(b as u64 * records + n, body));
    }
    let path = folder.join("store");
    let mut store = S::open(&path, sync)?;
    let mut bytes = 0;
    let (cpu, written, start) = (cpu_seconds(), written_bytes(), Instant::now());
    for block in 0..blocks {
        let body = &bodies[(block % 64) as usize];
        bytes += body.len() as u64;
        store.append(block * records, body)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu.zip(cpu_seconds()).map_or(f64::NAN, |(a, b)| b - a);
    let written = written.zip(written_bytes()).map_or(0, |(a, b)| b - a);
    drop(store);
    empty(folder)?;
    Ok((seconds, cpu, bytes, written))
}

/// The store's file, or that of its files which holds the records.
fn largest(folder: &Path) -> Any<std::path::PathBuf> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let length = |path: &std::path::PathBuf| path.metadata().map_or(0, |m| m.len());
    paths.into_iter().max_by_key(length).ok_or_else(|| "the store has no file".into())
}

fn empty(folder: &Path) -> Any<()> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn speed<S: Store>(folder: &Path) -> Any<()> {
    for (records, blocks) in RUNS {
        let (seconds, cpu, bytes, written) = run::<S>(folder, records, blocks, true)?;
        let (without, ..) = run::<S>(folder, records, blocks, false)?;
        println!(
            "| {} | {records} | {:.0} | {:.0} | {:.2} | {:.0} % | {:.1} |",
            S::NAME,
            blocks as f64 / seconds,
            (blocks * records) as f64 / seconds,
            written as f64 / bytes as f64,
            100.0 * (1.0 - without / seconds).max(0.0),
            1e6 * cpu / blocks as f64,
        );
    }
    Ok(())
}

/// Opening what a killed process left, and reading it back.
fn restart<S: Store>(folder: &Path, blocks: u64) -> Any<()> {
    let path = folder.join("store");
    let mut body = Vec::new();
    let mut store = S::open(&path, false)?;
    for block in 0..blocks {
        body.clear();
        (0..16).for_each(|n| record(block * 16 + n, &mut body));
        store.append(block * 16, &body)?;
    }
    let killed = tempfile::tempdir_in(folder.parent().ok_or("a folder")?)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        fs::copy(entry.path(), killed.path().join(entry.file_name()))?;
    }
    drop(store);
    empty(folder)?;
    let bytes =
        fs::read_dir(killed.path())?.try_fold(0, |sum, e| Ok::<_, io::Error>(sum + e?.metadata()?.len()))?;
    let start = Instant::now();
    let store = S::open(&killed.path().join("store"), true)?;
    let opened = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut seen = 0;
    store.read(&mut |_, _| seen += 1)?;
    let read = start.elapsed().as_secs_f64();
    assert_eq!(seen, blocks, "all is read back");
    println!(
        "| {} | {} | {:.0} | {opened:.2} | {read:.2} | {:.0} |",
        S::NAME,
        blocks * 16,
        bytes as f64 / 1e6,
        (blocks * 16) as f64 / read
    );
    Ok(())
}

/// Blocks of a store that are read back right, before and after the end of reading.
fn whole<S: Store>(path: &Path, bodies: &[Vec<u8>]) -> (u64, Any<()>) {
    let mut good = 0;
    let mut wrong = false;
    let result = S::open(path, true).and_then(|store| {
        store.read(&mut |first, body| match bodies.get((first / 16) as usize) {
            Some(expected) if expected == body => good += 1,
            _ => wrong = true,
        })
    });
    match result {
        Ok(()) if wrong || good < FLIPPED_BLOCKS => (good, Ok(())),
        other => (good, other),
    }
}

/// What one flipped bit does, at each of many places.
fn flips<S: Store>(folder: &Path) -> Any<()> {
    let mut bodies = vec![Vec::new(); FLIPPED_BLOCKS as usize];
    for (b, body) in bodies.iter_mut().enumerate() {
        (0..16).for_each(|n| record(b as u64 * 16 + n, body));
    }
    let mut store = S::open(&folder.join("store"), true)?;
    for (b, body) in bodies.iter().enumerate() {
        store.append(b as u64 * 16, body)?;
    }
    drop(store);
    let path = largest(folder)?;
    let sound = fs::read(&path)?;
    let store_path = folder.join("store");
    let others =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    let others = others.into_iter().filter(|other| *other != path);
    let others: Vec<_> =
        others.map(|other| fs::read(&other).map(|bytes| (other, bytes))).collect::<io::Result<_>>()?;
    let (mut unseen, mut silent, mut refused, mut panicked, mut lost) = (0, 0, 0, 0, 0);
    let mut state = 1;
    for _ in 0..FLIPS {
        let mut bytes = sound.clone();
        let at = (next(&mut state) % (bytes.len() as u64 * 8)) as usize;
        bytes[at / 8] ^= 1 << (at % 8);
        empty(folder)?;
        for (other, bytes) in &others {
            fs::write(other, bytes)?;
        }
        fs::write(&path, bytes)?;
        match catch_unwind(AssertUnwindSafe(|| whole::<S>(&store_path, &bodies))) {
            Ok((FLIPPED_BLOCKS, Ok(()))) => unseen += 1,
            Ok((good, Ok(()))) => {
                silent += 1;
                lost += FLIPPED_BLOCKS - good;
            }
            Ok((good, Err(_))) => {
                refused += 1;
                lost += FLIPPED_BLOCKS - good;
            }
            Err(_) => panicked += 1,
        }
    }
    empty(folder)?;
    let harmed = f64::from((silent + refused).max(1));
    println!(
        "| {} | {FLIPS} | {unseen} | {refused} | {silent} | {panicked} | {:.0} of {FLIPPED_BLOCKS} |",
        S::NAME,
        lost as f64 / harmed
    );
    Ok(())
}

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let folder = match arguments.first() {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    println!(
        "| store | records a block | blocks/s | records/s | bytes written per byte | share of sync | CPU a block, µs |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    speed::<Plain>(folder.path())?;
    speed::<Ours>(folder.path())?;
    speed::<Redb>(folder.path())?;
    speed::<Sqlite>(folder.path())?;
    let blocks = arguments.get(1).map_or(Ok(60_000), |n| n.parse())?;
    println!(
        "\n| store | records | MB on disk | opened after a kill, s | read back, s | records/s |\n|---|--:|--:|--:|--:|--:|"
    );
    restart::<Plain>(folder.path(), blocks)?;
    restart::<Ours>(folder.path(), blocks)?;
    restart::<Redb>(folder.path(), blocks)?;
    restart::<Sqlite>(folder.path(), blocks)?;
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "\n| store | bits flipped | no effect | refused | wrong without a word | panicked | blocks not read back where refused or wrong |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    flips::<Plain>(folder.path())?;
    flips::<Ours>(folder.path())?;
    flips::<Redb>(folder.path())?;
    flips::<Sqlite>(folder.path())
}
