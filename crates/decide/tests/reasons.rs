//! Is the catalogue of reasons well formed, and does its page say the same?

mod common;

use common::schema;
use ringfence_decide::reasons::{self, GENERIC, Group};
use std::collections::BTreeSet;

#[test]
fn the_page_of_reasons_is_generated() {
    common::golden("../../../docs/reasons.md", &reasons::page());
}

#[test]
fn codes_are_snake_case_unique_and_found() {
    let mut seen = BTreeSet::new();
    for entry in reasons::all() {
        assert!(entry.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", entry.code);
        assert!(seen.insert(&entry.code), "{} twice", entry.code);
        assert!(reasons::known(&entry.code));
    }
    assert!(reasons::known(GENERIC));
    assert!(!reasons::known("not_a_code"));
}

#[test]
fn every_group_has_codes_and_every_code_is_on_the_page() {
    let page = reasons::page();
    for group in Group::ALL {
        assert!(reasons::all().iter().any(|entry| entry.group == group), "{}", group.title());
    }
    for entry in reasons::all() {
        assert!(page.contains(&format!("### `{}`", entry.code)), "{}", entry.code);
    }
}

#[test]
fn texts_are_sentences_and_use_known_words_only() {
    for entry in reasons::all() {
        for text in [&entry.against, &entry.for_customer, &entry.customer_text] {
            assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{}: {text}", entry.code);
            for word in text.split('{').skip(1) {
                let word = word.split('}').next().unwrap_or_default();
                assert!(["facts", "amount", "claim", "channel"].contains(&word), "{}: {word}", entry.code);
            }
        }
        // What a customer reads holds nothing that was computed about them.
        assert!(!entry.customer_text.contains('{'), "{}", entry.code);
    }
}

#[test]
fn the_codes_of_the_tests_are_known_but_for_the_one_that_is_not() {
    let unknown: Vec<String> =
        schema().columns.into_iter().filter(|c| !reasons::known(&c.reason)).map(|c| c.name).collect();
    assert_eq!(unknown, ["shop_segment"]);
}
