//! What is lost when a file is bad? Nothing that came before, and the message says where it breaks off.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::{Decoder, Limits, Refusal};
use ringfence_store::stream::Counts;
use ringfence_store::{EventStream, EventWriter, Item, RejectWriter};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The event with this number.
fn line(n: usize) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"e{n}","source":"shop","type":"appeal.opened","time":"2023-03-01T12:00:00Z","data":{{"refund":"R{n}","account":"A{}"}}}}"#,
        n.wrapping_mul(7_919) % 1_000
    )
}

fn write(path: &Path, events: std::ops::Range<usize>) {
    let mut writer = EventWriter::create(path).unwrap();
    for n in events {
        writer.write(&Decoder::default().decode(line(n).as_bytes()).unwrap()).unwrap();
    }
    writer.finish().unwrap();
}

/// Ids of what was read, `!` and the message of what was not; the counts at the end.
fn read(paths: &[PathBuf]) -> (Vec<String>, Counts) {
    let mut stream = EventStream::open(paths, &Decoder::default());
    let shown = stream
        .by_ref()
        .map(|item| match item {
            Ok(Item::Event { event, .. }) => event.id.to_string(),
            Ok(Item::Refused { refusal, .. }) => format!("!{refusal}"),
            Err(e) => format!("!{e}"),
        })
        .collect();
    (shown, stream.counts())
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("e{n}")).collect()
}

#[test]
fn every_compression_gives_the_same_events_in_order_over_several_files() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.jsonl", "b.jsonl.zst", "c.jsonl.gz"];
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    for (i, path) in paths.iter().enumerate() {
        write(path, i * 2_000..(i + 1) * 2_000);
    }
    let (shown, counts) = read(&paths);
    assert_eq!(shown, ids(0..6_000));
    assert_eq!(counts, Counts { events: 6_000, ..Counts::default() });
    let turned = [paths[2].clone(), paths[0].clone()];
    assert_eq!(read(&turned).0, [ids(4_000..6_000), ids(0..2_000)].concat());
}

#[test]
fn a_cut_file_says_where_and_keeps_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["cut.jsonl.zst", "cut.jsonl.gz"] {
        let path = folder.path().join(name);
        write(&path, 0..50_000);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let next = folder.path().join("next.jsonl");
        write(&next, 60_000..60_010);
        let (shown, _) = read(&[path.clone(), next]);
        let at = shown.iter().position(|s| s.starts_with('!')).unwrap();
        assert!(at > 5_000, "{name}: only {at} events before the cut");
        assert_eq!(shown[..at], ids(0..at)[..], "{name}: all before the cut are there, in order");
        assert_eq!(
            shown[at],
            format!(
                "!{} breaks off after line {at}: the file was cut; the lines before were read, copy it again for the rest",
                path.display()
            )
        );
        assert_eq!(shown[at + 1..], ids(60_000..60_010)[..], "the next file follows");
    }
}

#[test]
fn a_cut_plain_file_loses_only_its_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.jsonl");
    write(&path, 0..3);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let (shown, counts) = read(&[path]);
    assert_eq!(shown[..2], ids(0..2)[..]);
    assert!(shown[2].starts_with("!line 3: the JSON breaks off at byte 1"), "{}", shown[2]);
    assert_eq!((counts.events, counts.refused), (2, 1));
}

#[test]
fn garbage_in_a_compressed_file_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x.jsonl.zst", "x.jsonl.gz"] {
        let path = folder.path().join(name);
        fs::write(&path, b"this is not compressed at all").unwrap();
        let (shown, _) = read(std::slice::from_ref(&path));
        assert_eq!(shown.len(), 1);
        assert!(
            shown[0].contains("cannot be read after line 0") || shown[0].contains("breaks off"),
            "{}",
            shown[0]
        );
    }
    let missing = folder.path().join("none.jsonl");
    assert_eq!(read(std::slice::from_ref(&missing)).0, [format!("!cannot open {}", missing.display())]);
}

#[test]
fn a_repeated_event_changes_nothing_and_other_content_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twice.jsonl");
    let other = line(1).replace("\"R1\"", "\"R9\"");
    fs::write(&path, [line(1), line(2), line(1), other, line(3)].join("\n")).unwrap();
    let (shown, counts) = read(&[path.clone(), path]);
    let refused = "the id `e1` of source `shop` was seen with other content; give every event an id of its own; a correction is a further event";
    assert_eq!(
        shown,
        ["e1", "e2", &format!("!line 4: /id: {refused}"), "e3", &format!("!line 4: /id: {refused}")]
    );
    assert_eq!((counts.events, counts.repeated, counts.refused), (3, 5, 2));
}

#[test]
fn bad_lines_between_good_ones_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.jsonl");
    let mut bytes = Vec::new();
    for n in 0..3_000 {
        bytes.extend_from_slice(line(n).as_bytes());
        bytes.push(b'\n');
        match n % 3 {
            0 => bytes.extend_from_slice(b"{\"id\":\xFF}\n"),
            1 => bytes.extend_from_slice(b"{\"specversion\n"),
            _ => bytes.extend_from_slice(format!("{}\n", "[".repeat(100)).as_bytes()),
        }
    }
    bytes.extend_from_slice("y".repeat(5 << 20).as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(line(3_000).as_bytes());
    fs::write(&path, bytes).unwrap();
    let (shown, counts) = read(&[path]);
    let good: Vec<String> = shown.iter().filter(|s| !s.starts_with('!')).cloned().collect();
    assert_eq!(good, ids(0..3_001));
    assert_eq!(counts.refused, 3_001);
    assert_eq!(
        shown[1],
        "!line 2: byte 7 is not UTF-8; write the file as UTF-8; Latin-1 and UTF-16 must be converted first"
    );
    assert!(shown[6_000].starts_with("!line 6001: longer than 1048576 bytes"), "{}", shown[6_000]);
}

#[test]
fn a_file_that_expands_beyond_reason_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.jsonl.zst");
    let mut bomb = zstd::stream::write::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..256 {
        bomb.write_all(&zeros).unwrap();
    }
    bomb.finish().unwrap();
    let (shown, _) = read(std::slice::from_ref(&path));
    let last = shown.last().unwrap();
    assert!(last.contains("cannot be read after line"), "{last}");
    let mut stream = EventStream::open(&[path], &Decoder::default());
    let error = stream.find_map(Result::err).unwrap();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("expand to more than") && source.contains("decompress it yourself"), "{source}");
}

#[test]
fn a_caller_that_stops_early_ends_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.jsonl");
    write(&path, 0..20_000);
    let mut stream = EventStream::open(&[path], &Decoder::default());
    assert!(stream.next().unwrap().is_ok());
    drop(stream);
}

#[test]
fn a_file_has_its_name_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("out.jsonl.zst");
    let mut writer = EventWriter::create(&path).unwrap();
    writer.write_line(line(1).as_bytes()).unwrap();
    assert!(!path.exists(), "not before finish");
    drop(writer);
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        0,
        "an abandoned file leaves nothing behind"
    );
    write(&path, 0..10);
    let mut again = EventWriter::create(&path).unwrap();
    again.write_line(b"{}").unwrap();
    drop(again);
    assert_eq!(read(&[path]).0, ids(0..10), "an abandoned second file leaves the first as it was");
}

#[test]
fn rejects_are_written_beside_with_line_fault_remedy_and_text() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("events.jsonl.zst");
    let mut rejects = RejectWriter::beside(&input, true);
    let refusal = Refusal::new("/data/amount", "it is wrong", "mend it").at_line(7);
    rejects.write(None, &refusal, b"{\"a\":\xFF}").unwrap();
    rejects.write(Some(&input), &refusal, &vec![b'x'; 10_000]).unwrap();
    let (path, count) = rejects.finish().unwrap().unwrap();
    assert_eq!((path.file_name().unwrap().to_str().unwrap(), count), ("events.rejects.jsonl", 2));
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "{\"line\":7,\"pointer\":\"/data/amount\",\"reason\":\"it is wrong\",\"remedy\":\"mend it\",\"raw\":\"{\\\"a\\\":\u{fffd}}\"}"
    );
    assert!(lines.next().unwrap().len() < 4_096 + 400, "the text of a bad line is bounded");
    let mut blind = RejectWriter::beside(&folder.path().join("other.jsonl"), false);
    blind.write(None, &refusal, b"ann@example.com").unwrap();
    let (path, _) = blind.finish().unwrap().unwrap();
    assert!(!fs::read_to_string(path).unwrap().contains("ann@"), "raw personal values are not kept");
    let none = RejectWriter::beside(&folder.path().join("clean.jsonl"), true).finish().unwrap();
    assert_eq!((none, folder.path().join("clean.rejects.jsonl").exists()), (None, false));
}

#[test]
fn limits_of_the_decoder_hold_for_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.jsonl");
    write(&path, 0..2);
    let decoder = Decoder::new(Limits { line_bytes_max: 100, ..Limits::default() });
    let refused =
        EventStream::open(&[path], &decoder).filter(|item| matches!(item, Ok(Item::Refused { .. }))).count();
    assert_eq!(refused, 2);
}
