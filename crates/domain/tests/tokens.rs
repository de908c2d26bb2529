//! What does tokenising hide, join and leave alone?
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::tokens::{KeyError, TOKEN_BYTES, TokenKey, TokenKind, Tokeniser, is_token};
use ringfence_domain::words::Word;
use ringfence_domain::{Decoder, Event, Limits, encode};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn tokeniser(kinds: &[TokenKind]) -> Tokeniser {
    Tokeniser::new(TokenKey::from_hex(KEY).unwrap(), kinds.iter().copied())
}

fn decoder(kinds: &[TokenKind]) -> Decoder {
    Decoder::new(Limits::default()).with_tokens(tokeniser(kinds))
}

fn json(event: &Event) -> String {
    let mut out = Vec::new();
    encode(event, &mut out);
    String::from_utf8(out).unwrap()
}

fn line(event_type: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"e","source":"s","type":"{event_type}","time":"2023-03-01T12:00:00Z","data":{data}}}"#
    )
}

/// Two spellings have one token.
fn check_equal(kind: TokenKind, a: &str, b: &str, equal: bool) {
    let tokens = tokeniser(TokenKind::ALL);
    assert_eq!(tokens.token(kind, a) == tokens.token(kind, b), equal, "{kind}: {a} and {b}");
}

#[test]
fn spellings_of_one_value_meet_and_others_do_not() {
    check_equal(TokenKind::Email, " Ann@Example.COM ", "ann@example.com", true);
    check_equal(TokenKind::Email, "ann@example.com", "bob@example.com", false);
    check_equal(TokenKind::Phone, "+44 (20) 7946-0018", "0044 20 79460018", true);
    check_equal(TokenKind::Phone, "020 7946 0018", "+44 20 7946 0018", false);
    check_equal(TokenKind::Phone, "none", "unknown", false);
    check_equal(TokenKind::Address, "12, High Street\nYork", "12 high street  YORK", true);
    check_equal(TokenKind::Address, "12 High Street", "1 2 High Street", false);
    check_equal(TokenKind::Payment, "4111 1111-1111 1111", "4111111111111111", true);
    check_equal(TokenKind::Ip, "::ffff:192.0.2.1", "192.0.2.1", true);
    check_equal(TokenKind::Ip, "2001:DB8::0:1", "2001:db8::1", true);
    check_equal(TokenKind::Account, "a", "A", false);
}

#[test]
fn a_token_is_fixed_by_key_kind_and_value() {
    let tokens = tokeniser(TokenKind::ALL);
    let email = tokens.token(TokenKind::Email, "ann@example.com");
    assert_eq!(email.len(), TOKEN_BYTES);
    assert!(is_token(&email));
    assert_eq!(email, "tok_d6akrojgwobok2hnv7r3jwf244", "a change of this text breaks every stored join");
    assert_ne!(email, tokens.token(TokenKind::Device, "ann@example.com"), "the kind is part of the token");
    let other = Tokeniser::new(TokenKey::new(&[7; 32]).unwrap(), [TokenKind::Email]);
    assert_ne!(email, other.token(TokenKind::Email, "ann@example.com"), "the key is part of the token");
    assert_eq!(tokens.token(TokenKind::Email, &email), email, "a token is not tokenised again");
}

#[test]
fn no_raw_value_of_a_configured_kind_is_left() {
    let raw = "RAW-VALUE-9";
    let fields = [
        ("account.opened", r#"{"account":"RAW-VALUE-9","email":"RAW-VALUE-9","phone":"RAW-VALUE-9"}"#),
        ("account.closed", r#"{"account":"RAW-VALUE-9"}"#),
        (
            "lead.raised",
            r#"{"lead":"L","kind":"ring","as_of":"2023-03-01T12:00:00Z","probability":0.9,"fdr":0.05,"method":"m","members":[{"kind":"account","id":"RAW-VALUE-9","probability":1}],"refunds":[],"money":{"amount":1,"currency":"USD"},"ties":[{"kind":"device","value":"RAW-VALUE-9","probability":1,"accounts":["RAW-VALUE-9"]},{"kind":"instrument","value":"RAW-VALUE-9","probability":1,"accounts":[]}]}"#,
        ),
        ("identifier.seen", r#"{"account":"RAW-VALUE-9","kind":"phone","value":"RAW-VALUE-9"}"#),
        (
            "session.started",
            r#"{"session":"X","account":"RAW-VALUE-9","device":"RAW-VALUE-9","ip":"RAW-VALUE-9"}"#,
        ),
        (
            "order.placed",
            r#"{"order":"O","account":"RAW-VALUE-9","lines":[],"total":{"amount":1,"currency":"USD"},"address":"RAW-VALUE-9","payment":"RAW-VALUE-9","device":"RAW-VALUE-9","ip":"RAW-VALUE-9"}"#,
        ),
        ("contact.opened", r#"{"contact":"C","account":"RAW-VALUE-9","channel":"chat"}"#),
        ("staff.acted", r#"{"staff":"S","action":"looked_up","account":"RAW-VALUE-9"}"#),
        (
            "refund.requested",
            r#"{"refund":"R","order":"O","account":"RAW-VALUE-9","lines":[],"amount":{"amount":1,"currency":"USD"},"reason":"late","channel":"chat","device":"RAW-VALUE-9","ip":"RAW-VALUE-9","instrument":"RAW-VALUE-9"}"#,
        ),
        (
            "refund.paid",
            r#"{"refund":"R","amount":{"amount":1,"currency":"USD"},"instrument":"RAW-VALUE-9"}"#,
        ),
        (
            "verdict.recorded",
            r#"{"subject":{"kind":"account","id":"RAW-VALUE-9"},"verdict":"abuse","method":"admission"}"#,
        ),
        ("appeal.opened", r#"{"refund":"R","account":"RAW-VALUE-9"}"#),
        ("appeal.resolved", r#"{"refund":"R","account":"RAW-VALUE-9","outcome":"upheld"}"#),
    ];
    for (event_type, data) in fields {
        let text = line(event_type, data);
        let typed = json(&decoder(TokenKind::ALL).decode(text.as_bytes()).unwrap());
        assert!(!typed.contains(raw), "{typed}");
        // The same through raw JSON: a value with a line end is no identifier before it is a token.
        let odd = text.replace(raw, "RAW-VALUE\\n9");
        let from_json = decoder(TokenKind::ALL).decode(odd.as_bytes()).map(|event| json(&event));
        assert!(from_json.as_ref().is_ok_and(|json| !json.contains("RAW")), "{from_json:?}");
        let apart = json(&Decoder::default().decode(text.as_bytes()).unwrap());
        assert!(apart.contains(raw), "without a tokeniser nothing changes");
    }
}

#[test]
fn only_configured_kinds_are_replaced_and_words_stay_words() {
    let text = line("account.opened", r#"{"account":"A1","email":"ann@example.com","phone":"+44 1"}"#);
    let event = json(&decoder(&[TokenKind::Email]).decode(text.as_bytes()).unwrap());
    assert!(
        event.contains(r#""account":"A1""#)
            && event.contains(r#""phone":"+44 1""#)
            && !event.contains("ann@"),
        "{event}"
    );
    let paid = line(
        "refund.paid",
        r#"{"refund":"R","amount":{"amount":1,"currency":"USD"},"instrument":"gift_card"}"#,
    );
    assert!(
        json(&decoder(TokenKind::ALL).decode(paid.as_bytes()).unwrap())
            .contains(r#""instrument":"gift_card""#)
    );
}

#[test]
fn long_raw_addresses_are_taken_once_they_are_tokens() {
    let long = "Flat 4, ".repeat(40);
    let text = line(
        "order.placed",
        &format!(
            r#"{{"order":"O","account":"A","lines":[],"total":{{"amount":1,"currency":"USD"}},"address":"{long}"}}"#
        ),
    );
    assert!(Decoder::default().decode(text.as_bytes()).is_err(), "an identifier has at most 128 bytes");
    let event = json(&decoder(&[TokenKind::Address]).decode(text.as_bytes()).unwrap());
    assert!(event.contains(&tokeniser(&[]).token(TokenKind::Address, &long)), "{event}");
}

#[test]
fn a_refusal_shows_no_raw_value() {
    let text = line("account.opened", r#"{"account":"A","phone":447946001800}"#);
    let refusal = decoder(&[TokenKind::Phone]).decode(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refusal,
        "/data/phone: this field is replaced by a token and must be a string; send the value as a JSON string"
    );
    let text = line(
        "order.placed",
        r#"{"order":447946001800,"account":"A","lines":[],"total":{"amount":1,"currency":"USD"}}"#,
    );
    let refusal = decoder(&[TokenKind::Phone]).decode(text.as_bytes()).unwrap_err().to_string();
    assert!(refusal.starts_with("/data/order: found integer, expected an identifier"), "{refusal}");
}

#[test]
fn keys_are_checked_and_never_printed() {
    let message = |text: &str| TokenKey::from_hex(text).unwrap_err();
    assert_eq!(message("abc"), KeyError::NotHex);
    assert_eq!(message("abcd"), KeyError::Length(2));
    assert_eq!(message("äöü€"), KeyError::NotHex);
    assert_eq!(
        message("abcd").to_string(),
        "a token key has 32–64 bytes, this one has 2; make one with `openssl rand -hex 32`"
    );
    let shown = format!("{:?}", tokeniser(&[TokenKind::Email]));
    assert!(shown.contains("secret") && !shown.contains("1, 2, 3"), "{shown}");
}
