//! Can any bytes make the decoder panic, hang or forget a line? Random bytes, and good lines with bytes changed.
//! `fuzz/` does the same with coverage to guide it.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.
#![cfg(feature = "testing")]

use proptest::prelude::*;
use ringfence_domain::testing::any_event;
use ringfence_domain::tokens::{TokenKey, TokenKind, Tokeniser};
use ringfence_domain::words::Word;
use ringfence_domain::{Decoder, Limits, encode};

const LINE_BYTES_MAX: usize = 1_000;

fn decoders() -> [Decoder; 2] {
    let limits = Limits { line_bytes_max: LINE_BYTES_MAX, ..Limits::default() };
    let key = TokenKey::new(&[7; 32]).unwrap();
    let tokens = Tokeniser::new(key, TokenKind::ALL.iter().copied());
    [Decoder::new(limits.clone()), Decoder::new(limits).with_tokens(tokens)]
}

fn feed(bytes: &[u8]) {
    for decoder in decoders() {
        if let Ok(event) = decoder.decode(bytes) {
            let mut json = Vec::new();
            encode(&event, &mut json);
            assert_eq!(Decoder::default().decode(&json).as_ref(), Ok(&event), "what is written is read");
        }
        let _ = decoder.decode_batch(bytes);
        let mut lines = decoder.lines(bytes);
        let mut expect = bytes.split(|b| *b == b'\n').zip(1_u64..).filter(|(line, number)| {
            let line = if *number == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) } else { line };
            line.iter().any(|b| !b.is_ascii_whitespace())
        });
        while let Some((line, result)) = lines.next_event().unwrap() {
            assert!(line.bytes.len() <= LINE_BYTES_MAX, "a line is bounded");
            let (_, number) = expect.next().expect("no line is made up");
            assert_eq!(line.number, number);
            if let Err(refusal) = result {
                assert_eq!(refusal.line, Some(number));
                assert!(refusal.reason.len() < 1_000 && !refusal.remedy.is_empty(), "{refusal}");
            }
        }
        assert!(expect.next().is_none(), "no line is forgotten");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn random_bytes_are_refused_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
        feed(&bytes);
    }
    #[test]
    fn texts_of_brackets_quotes_and_digits_are_refused_in_peace(text in r#"[\[\]{}",:\\0-9eE.\n -]{0,400}"#) {
        feed(text.as_bytes());
    }
    #[test]
    fn a_good_line_with_bytes_changed_is_taken_or_explained(
        events in proptest::collection::vec(any_event(), 1..3),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for event in &events {
            encode(event, &mut bytes);
            bytes.push(b'\n');
        }
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        feed(&bytes);
    }
}
