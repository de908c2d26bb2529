//! Is every reason told in coarse words, in two languages, and does no notice teach an offender?

use ringfence_decide::notice::{Language, TOPICS_MAX, Topic, notice, topic, unmatched};
use ringfence_decide::reasons;
use ringfence_domain::words::Word;
use ringfence_domain::{Decision, DecisionKind};
use serde_json::json;

fn decision(kind: DecisionKind, codes: &[(&str, f64)]) -> Decision {
    let reasons: Vec<_> = codes
        .iter()
        .map(|(code, weight)| json!({"code": code, "text": "device D77 was used by 9 other accounts", "weight": weight, "events": ["e-1"]}))
        .collect();
    serde_json::from_value(json!({
        "refund": "R1", "decision": kind.as_str(), "score": 0.83, "expected_loss": {"amount": 107_817, "currency": "USD"},
        "reasons": reasons, "rules": ["inr_after_photo_proof"], "cluster": "K12", "versions": {"model": "abc"},
        "decided_at": "2023-03-01T00:00:00Z", "respond_by": "2023-03-04T12:00:00Z", "position": 7
    }))
    .expect("a decision")
}

const LANGUAGES: [Language; 2] = [Language::En, Language::It];

#[test]
fn every_reason_code_has_its_topic() {
    assert_eq!(unmatched(), Vec::<String>::new());
}

#[test]
fn a_notice_says_nothing_of_score_rules_devices_or_other_accounts() {
    let telling = [
        "0.83",
        "83",
        "score",
        "punteggio",
        "model",
        "modello",
        "rule",
        "regola",
        "device",
        "dispositivo",
        "D77",
        "IP",
        "cluster",
        "K12",
        "other accounts",
        "altri account",
        "address",
        "photo 14",
        "same words",
        "list",
        "limit",
        "staff",
        "fraud",
        "frod",
        "abus",
        "suspic",
        "sospett",
        "threshold",
        "soglia",
        "inr_after",
    ];
    for kind in DecisionKind::ALL {
        for language in LANGUAGES {
            for entry in reasons::all() {
                let told = notice(&decision(*kind, &[(&entry.code, 0.3)]), language);
                let mut words = vec![told.title, told.text];
                words.extend(told.considered);
                let words = words.join(" ");
                for word in telling {
                    assert!(!words.contains(word), "{kind}, {}: `{word}` in {words}", entry.code);
                }
            }
        }
    }
}

#[test]
fn who_does_not_get_the_money_at_once_is_told_why_and_how_to_appeal() {
    for kind in DecisionKind::ALL {
        for language in LANGUAGES {
            let told = notice(&decision(*kind, &[("shared_device", 0.3), ("delivery_proof", 0.1)]), language);
            let paid = matches!(kind, DecisionKind::InstantRefund | DecisionKind::KeepItem);
            assert_eq!((told.appeal.is_none(), told.considered.is_empty()), (paid, paid), "{kind}");
            assert!(!told.title.is_empty() && !told.text.contains('{'), "{kind}: {}", told.text);
        }
        let [en, it] = LANGUAGES.map(|language| notice(&decision(*kind, &[]), language));
        assert!(en.title != it.title && en.text != it.text, "{kind} is not translated");
    }
    assert!(notice(&decision(DecisionKind::Review, &[]), Language::En).text.contains("2023-03-04"));
}

#[test]
fn reasons_for_the_customer_are_left_out_and_the_same_topic_is_told_once() {
    let codes = [
        ("shared_device", 0.4),
        ("device_change", 0.3),
        ("account_order_history", -0.2),
        ("order_value", 0.1),
        ("no_return_scan", 0.1),
        ("delivery_proof", 0.1),
        ("of_our_own", 0.1),
    ];
    let told = notice(&decision(DecisionKind::Deny, &codes), Language::En).considered;
    let topics = [Topic::Identity, Topic::Goods, Topic::Return].map(|topic| topic.words(Language::En));
    assert_eq!((told.len(), told), (TOPICS_MAX, topics.map(str::to_owned).to_vec()));
    assert_eq!(topic("of_our_own"), Topic::CloserLook, "codes of a policy");
}

#[test]
fn topics_differ_in_each_language() {
    for language in LANGUAGES {
        let mut words: Vec<&str> = Topic::ALL.iter().map(|topic| topic.words(language)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Topic::ALL.len());
    }
}
