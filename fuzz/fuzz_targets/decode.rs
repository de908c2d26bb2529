//! Can any bytes make the decoder panic or hold more memory than its limits? Decoder, batch, lines, tokens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_domain::tokens::{TokenKey, TokenKind, Tokeniser};
use ringfence_domain::words::Word;
use ringfence_domain::{Decoder, Limits, encode};
use std::sync::LazyLock;

/// Small, so that the fuzzer reaches it.
const LINE_BYTES_MAX: usize = 2_048;

static PLAIN: LazyLock<Decoder> =
    LazyLock::new(|| Decoder::new(Limits { line_bytes_max: LINE_BYTES_MAX, ..Limits::default() }));
/// What is written may be longer than what was read: an escape for a control character, a number in full.
static ROOMY: LazyLock<Decoder> = LazyLock::new(Decoder::default);
static TOKENS: LazyLock<Decoder> = LazyLock::new(|| {
    let key = TokenKey::new(&[7; 32]).expect("32 bytes");
    PLAIN.clone().with_tokens(Tokeniser::new(key, TokenKind::ALL.iter().copied()))
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = PLAIN.decode(bytes) {
        let mut json = Vec::new();
        encode(&event, &mut json);
        assert_eq!(ROOMY.decode(&json).expect("what is written is read"), event);
    }
    for decoder in [&*PLAIN, &*TOKENS] {
        let _ = decoder.decode(bytes);
        let _ = decoder.decode_batch(bytes);
        let mut lines = decoder.lines(bytes);
        while let Some((line, _)) = lines.next_event().expect("a slice does not fail") {
            assert!(line.bytes.len() <= LINE_BYTES_MAX, "a line is bounded");
        }
    }
});
