//! What do exports of chats and forums say as events? Fixtures in the shape of each tool's own export.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::{Body, Decoder, encode};
use ringfence_imports::posts::{Photos, Summary, discord, forum, reddit, telegram};
use ringfence_imports::{Collected, ImportError};
use std::fs::File;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/posts").join(name)
}

/// Each post as `id platform channel author time images text`.
fn lines(sink: &Collected) -> Vec<String> {
    let decoder = Decoder::default();
    sink.events
        .iter()
        .map(|event| {
            let mut line = Vec::new();
            encode(event, &mut line);
            assert_eq!(&decoder.decode(&line).unwrap(), event, "the codec takes what was imported");
            let Body::PostCollected(post) = &event.body else { panic!("{event:?}") };
            let images = post.images.iter().flatten().count();
            assert_eq!(Some(event.time), post.posted_at);
            format!(
                "{} | {} | {} | {} | {} | {images} | {}",
                post.post,
                post.platform.as_str(),
                post.channel,
                post.author,
                event.time,
                post.text
            )
        })
        .collect()
}

fn rejects(sink: &Collected) -> Vec<String> {
    sink.rejects.iter().map(|(refusal, _)| refusal.to_string()).collect()
}

#[test]
fn a_telegram_export_becomes_posts() {
    let (path, mut sink) = (fixture("result.json"), Collected::default());
    let summary = telegram(File::open(&path).unwrap(), &Photos::beside(&path), &mut sink).unwrap();
    assert_eq!(
        lines(&sink),
        [
            "telegram-1523456789-2 | telegram | Vouches | fast refunds | Happy Buyer | 2023-04-02T12:03:11Z | 1 | Vouch for \
             @fast_refunder! Northwind laptop $1,299 done in 4 days",
            "telegram-1523456789-3 | telegram | Vouches | fast refunds | user99 | 2023-04-03T10:00:00Z | 0 | another W 🇩🇪",
            "telegram-1523456789-6 | telegram | Vouches | fast refunds | Curious | 2023-04-04T10:00:00Z | 0 | look",
        ]
    );
    assert_eq!(
        rejects(&sink),
        [
            "line 59: /messages/4/date: `tomorrow` is not a time; write Unix seconds in `date_unixtime`, or `date` as in \
          2023-01-31T12:00:00"
        ]
    );
    let Body::PostCollected(first) = &sink.events[0].body else { panic!() };
    assert_eq!(first.images.as_ref().unwrap()[0].as_str().len(), 64);
    let expect = Summary {
        records: 6,
        events: 3,
        passed_over: 2,
        rejected: 1,
        images: 1,
        // A name that leads out of the export's folder is not followed.
        images_missing: 1,
        ..Summary::default()
    };
    assert_eq!(summary, expect);
}

#[test]
fn an_export_of_a_whole_account_has_the_posts_of_all_its_chats() {
    let chat = |name: &str, id: u32| {
        format!(
            r#"{{"name":"{name}","type":"private_group","id":{id},"messages":[{{"id":1,"type":"message","date":"2023-01-01T00:00:00","from":"A","text":"hi {name}"}}]}}"#
        )
    };
    let all = format!(
        r#"{{"about":"x","personal_information":{{"user_id":1}},"contacts":{{"list":[{{"name":"messages"}}]}},"chats":{{"about":"y","list":[{},{}]}},"left_chats":{{"list":[{}]}}}}"#,
        chat("one", 1),
        chat("two", 2),
        chat("three", 3)
    );
    let mut sink = Collected::default();
    telegram(all.as_bytes(), &Photos::none(), &mut sink).unwrap();
    let texts: Vec<String> = lines(&sink).iter().map(|l| l.rsplit("| ").next().unwrap().to_owned()).collect();
    assert_eq!(texts, ["hi one", "hi two", "hi three"]);
}

#[test]
fn a_discord_export_becomes_posts() {
    let (path, mut sink) = (fixture("discord.json"), Collected::default());
    let summary = discord(File::open(&path).unwrap(), &Photos::beside(&path), &mut sink).unwrap();
    assert_eq!(
        lines(&sink),
        [
            "discord-900000000000000001 | discord | RefundHub/vouches | oldname#4711 | 2023-05-30T20:15:01.337Z | 1 | +rep \
             Northwind camera 340$ 🇺🇸",
            "discord-900000000000000003 | discord | RefundHub/vouches | newname | 2023-05-30T20:17:00Z | 0 | legit",
        ]
    );
    assert_eq!((summary.passed_over, summary.images, summary.images_missing, summary.rejected), (1, 1, 1, 1));
    assert!(rejects(&sink)[0].contains("/messages/3: missing field `author`"), "{:?}", rejects(&sink));
}

#[test]
fn reddit_lines_become_posts() {
    let mut sink = Collected::default();
    let summary = reddit(File::open(fixture("reddit.jsonl")).unwrap(), &mut sink).unwrap();
    assert_eq!(
        lines(&sink),
        [
            "reddit-t3_13abc1 | reddit | r/refundmethods | happy_buyer | 2023-05-02T04:00:00Z | 0 | Northwind 1299 usd back\n\
             took 9 days, FTID",
            "reddit-t1_jk9zz1 | reddit | r/refundmethods | [deleted] | 2023-05-02T04:10:00Z | 0 | vouch, got £900+ too",
            "reddit-t1_jk9zz5 | reddit | r/refundmethods | x | 2023-05-02T03:59:59Z | 0 | earlier",
        ]
    );
    assert_eq!((summary.passed_over, summary.rejected, summary.out_of_order), (1, 2, 1));
    assert!(
        rejects(&sink)[0].starts_with("line 4: /created_utc: `soon` is not a time"),
        "{:?}",
        rejects(&sink)
    );
    assert!(rejects(&sink)[1].starts_with("line 5: "), "{:?}", rejects(&sink));
}

#[test]
fn a_forum_csv_becomes_posts() {
    let (path, mut sink) = (fixture("forum.csv"), Collected::default());
    let summary = forum(File::open(&path).unwrap(), &Photos::beside(&path), &mut sink).unwrap();
    assert_eq!(
        lines(&sink),
        [
            "nulled-77 | nulled | Refund service | vouchking | 2023-05-01T18:30:00Z | 1 | Northwind 1.299,00 € zurück, danke",
            "other-line-3 | other | forum | unknown | 2023-05-02T00:00:00Z | 0 | no name",
        ]
    );
    assert_eq!((summary.records, summary.rejected), (4, 2));
    assert!(
        rejects(&sink)[0].starts_with("line 4: /posted_at: `someday` is not a time"),
        "{:?}",
        rejects(&sink)
    );
    assert!(
        rejects(&sink)[1].starts_with("line 5: /platform: `myspace` is not a platform"),
        "{:?}",
        rejects(&sink)
    );
}

#[test]
fn what_is_no_export_is_told_with_a_remedy() {
    let mut sink = Collected::default();
    let error = telegram(&b"{\"name\":\"x\"}"[..], &Photos::none(), &mut sink).unwrap_err().to_string();
    assert!(error.contains("no Telegram Desktop export") && error.contains("result.json"), "{error}");
    let error = discord(&b"{}"[..], &Photos::none(), &mut sink).unwrap_err().to_string();
    assert!(error.contains("--format Json"), "{error}");
    let error = forum(&b"a,b\n1,2\n"[..], &Photos::none(), &mut sink).unwrap_err().to_string();
    assert!(error.contains("no column `text`"), "{error}");
    let cut = std::fs::read(fixture("result.json")).unwrap();
    let error = telegram(&cut[..cut.len() * 3 / 4], &Photos::none(), &mut sink).unwrap_err();
    assert!(matches!(error, ImportError::Json { .. }), "{error:?}");
    assert!(!sink.events.is_empty(), "the posts before the break were imported");
}

#[test]
fn a_message_without_an_end_does_not_fill_the_memory() {
    let endless =
        [br#"{"messages":[{"id":1,"type":"message","text":""#.as_slice(), &vec![b'a'; 5 << 20]].concat();
    let error = telegram(&endless[..], &Photos::none(), &mut Collected::default()).unwrap_err();
    assert!(matches!(error, ImportError::RowTooLong { .. }), "{error:?}");
}

#[test]
fn a_text_longer_than_an_event_holds_is_cut_at_a_character() {
    let long = "ä".repeat(20_000);
    let line = format!(r#"{{"id":"a","created_utc":1683000000,"body":"{long}","author":"x\ny"}}"#);
    let mut sink = Collected::default();
    let summary = reddit(line.as_bytes(), &mut sink).unwrap();
    assert_eq!((summary.cut, summary.events), (1, 1));
    assert!(lines(&sink)[0].contains("| x y |"), "{}", &lines(&sink)[0][..80]);
}
