//! Does a schedule of damages add up to the cent, and is nothing in it twice?

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use ringfence_domain::{Currency, Money, Timestamp};
use ringfence_evidence::damages::{
    Basis, Claim, Claimed, Class, DamagesError, DayCount, Interest, Unit, csv, schedule, shared,
};
use ringfence_evidence::when::Moment;
use std::collections::BTreeMap;

fn day(text: &str) -> Moment {
    Moment(Timestamp::parse(&format!("{text}T00:00:00Z")).unwrap())
}

fn line(basis: Basis, amount: i64, shares: &[(&str, u64)]) -> Claimed {
    Claimed {
        id: None,
        basis,
        amount: Money::new(amount, Currency::USD).unwrap(),
        on: day("2023-01-01"),
        about: String::new(),
        exhibit: "record 1".into(),
        refund: None,
        units: Vec::new(),
        partial: false,
        joint_and_several: false,
        shares: shares.iter().map(|(d, w)| ((*d).to_owned(), *w)).collect(),
    }
}

fn claim(lines: Vec<Claimed>) -> Claim {
    Claim {
        currency: Currency::USD,
        rates: vec![(Currency::EUR, day("2022-01-01").0, "1.0702".into())],
        interest: None,
        defendants: vec!["D1".into(), "D2".into(), "D3".into()],
        pieces: vec![("O1".into(), 1, 1), ("O1".into(), 2, 3)],
        lines,
    }
}

fn unit(order: &str, line: u32, quantity: u32) -> Vec<Unit> {
    vec![Unit { order: order.into(), line, quantity }]
}

#[test]
fn a_cent_that_cannot_be_halved_goes_to_the_first() {
    assert_eq!(shared(101, &[1, 1]), [51, 50]);
    assert_eq!(shared(-101, &[1, 1]), [-51, -50]);
    assert_eq!(shared(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(shared(5, &[0, 2, 1]), [0, 3, 2]);
}

#[test]
fn the_class_follows_from_what_a_line_is_for_and_each_is_summed() {
    let lines = vec![
        line(Basis::Refund, 1_000, &[("D1", 1)]),
        line(Basis::RingFee, 300, &[("D2", 1)]),
        line(Basis::Statutory, 50, &[("D1", 1), ("D2", 1)]),
        line(Basis::Recovered, 200, &[("D1", 1)]),
    ];
    let made = schedule(&claim(lines)).unwrap();
    let classes: Vec<(Class, i64)> = made.classes.iter().map(|(c, s)| (*c, s.amount)).collect();
    assert_eq!(classes, [(Class::Actual, 800), (Class::Disgorgement, 300), (Class::Statutory, 50)]);
    assert_eq!(made.total.amount, 1_150);
    assert_eq!(made.owed.iter().map(|o| o.share.amount).collect::<Vec<_>>(), [825, 325, 0]);
}

#[test]
fn who_answers_for_the_whole_can_be_asked_for_the_whole() {
    let mut both = line(Basis::Refund, 1_001, &[("D1", 1), ("D2", 3)]);
    both.joint_and_several = true;
    let made = schedule(&claim(vec![both])).unwrap();
    let owed: Vec<(i64, i64)> = made.owed.iter().map(|o| (o.share.amount, o.at_most.amount)).collect();
    assert_eq!(owed, [(250, 1_001), (751, 1_001), (0, 0)]);
}

#[test]
fn another_currency_is_converted_at_the_rate_of_its_day() {
    let mut euro = line(Basis::Goods, 10_000, &[("D1", 1)]);
    euro.amount.currency = Currency::EUR;
    let made = schedule(&claim(vec![euro.clone()])).unwrap();
    assert_eq!((made.lines[0].amount, made.lines[0].rate.as_deref()), (10_702, Some("1.0702")));
    euro.on = day("2021-12-31");
    let refused = schedule(&claim(vec![euro])).unwrap_err();
    assert!(matches!(refused, DamagesError::Rate { .. }), "{refused}");
    assert!(refused.to_string().contains("EUR") && refused.to_string().contains("2021-12-31"), "{refused}");
}

#[test]
fn simple_interest_is_by_whole_days() {
    let interest = |percent: &str, day_count| Interest {
        percent: percent.into(),
        from: None,
        until: day("2024-01-01"),
        day_count,
        classes: vec![Class::Actual],
    };
    let with = |interest: Interest| {
        let lines =
            vec![line(Basis::Refund, 100_000, &[("D1", 1)]), line(Basis::RingFee, 100_000, &[("D1", 1)])];
        schedule(&Claim { interest: Some(interest), ..claim(lines) })
    };
    let made = with(interest("9", DayCount::Actual365)).unwrap();
    assert_eq!((made.lines[0].days, made.lines[0].interest), (365, 9_000));
    assert_eq!((made.lines[1].days, made.lines[1].interest), (0, 0), "only on what it was asked for");
    // 100000 × 5.25 % × 365 ÷ 360 = 5322.916…
    assert_eq!(with(interest("5.25", DayCount::Actual360)).unwrap().lines[0].interest, 5_323);
    assert!(with(interest("1001", DayCount::Actual365)).is_err());
    assert!(with(interest("-1", DayCount::Actual365)).is_err());
}

fn check_twice(lines: Vec<Claimed>, names: Option<(&str, &str)>) {
    let made = schedule(&claim(lines));
    match names {
        None => assert!(made.is_ok(), "{made:?}"),
        Some((first, second)) => {
            let told = made.unwrap_err().to_string();
            assert!(
                told.contains(&format!("lines {first} ")) && told.contains(&format!("and {second} ")),
                "{told}"
            );
        }
    }
}

fn of(basis: Basis, units: Vec<Unit>, refund: Option<&str>, partial: bool) -> Claimed {
    Claimed { units, refund: refund.map(str::to_owned), partial, ..line(basis, 10, &[("D1", 1)]) }
}

#[test]
fn a_piece_is_lost_once() {
    let refund = |units, id| of(Basis::Refund, units, Some(id), false);
    let goods = |units| of(Basis::Goods, units, None, false);
    // The refund and the goods of one piece; the only piece twice; its markdown and its value.
    check_twice(vec![refund(unit("O1", 1, 1), "R1"), goods(unit("O1", 1, 1))], Some(("L1", "L2")));
    check_twice(vec![goods(unit("O1", 1, 1)), goods(unit("O1", 1, 1))], Some(("L1", "L2")));
    let markdown = of(Basis::Markdown, unit("O1", 1, 1), None, false);
    check_twice(vec![goods(unit("O1", 1, 1)), markdown], Some(("L1", "L2")));
    // Of three pieces, one refunded and two gone are all of them; a fourth is not there.
    check_twice(vec![refund(unit("O1", 2, 1), "R1"), goods(unit("O1", 2, 2))], None);
    check_twice(vec![refund(unit("O1", 2, 2), "R1"), goods(unit("O1", 2, 2))], Some(("L1", "L2")));
    // Of how many there were is not known: none is named twice.
    check_twice(vec![refund(unit("O9", 1, 1), "R1"), goods(unit("O9", 1, 1))], Some(("L1", "L2")));
    check_twice(vec![refund(unit("O9", 1, 1), "R1"), goods(unit("O9", 2, 1))], None);
    // Freight of a piece is another loss than the piece.
    check_twice(vec![goods(unit("O1", 1, 1)), of(Basis::FreightOut, unit("O1", 1, 1), None, false)], None);
}

#[test]
fn a_refund_is_paid_once_unless_in_parts() {
    let refund = |partial| of(Basis::Refund, unit("O1", 1, 1), Some("R1"), partial);
    check_twice(vec![refund(false), refund(false)], Some(("L1", "L2")));
    check_twice(vec![refund(true), refund(false)], Some(("L1", "L2")));
    check_twice(vec![refund(true), refund(true), refund(true)], None);
    check_twice(
        vec![refund(true), refund(true), of(Basis::Goods, unit("O1", 1, 1), None, false)],
        Some(("L1", "L3")),
    );
    check_twice(vec![of(Basis::RingFee, Vec::new(), Some("R1"), false), refund(false)], None);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let mut named = line(Basis::Refund, 1, &[("D1", 1)]);
    named.id = Some("L2".into());
    for (lines, told) in [
        (vec![line(Basis::Refund, 0, &[("D1", 1)])], "line L1 has no amount"),
        (vec![line(Basis::Refund, 5, &[])], "line L1 is shared among nobody"),
        (vec![line(Basis::Refund, 5, &[("D9", 1)])], "line L1 names the defendant `D9`"),
        (vec![line(Basis::Refund, 5, &[("D1", 0)])], "line L1 has the weight 0"),
        (vec![named.clone(), line(Basis::Goods, 5, &[("D1", 1)])], "the line `L2` is there twice"),
    ] {
        let refused = schedule(&claim(lines)).unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_a_text() {
    let mut foreign = line(Basis::Recovered, 150, &[("D1", 1)]);
    foreign.about = "=HYPERLINK(\"http://x\")".into();
    let table = String::from_utf8(csv(&schedule(&claim(vec![foreign])).unwrap())).unwrap();
    assert!(table.contains("'=HYPERLINK") && table.contains(",-1.50,"), "{table}");
}

fn any_line() -> impl Strategy<Value = Claimed> {
    let bases = prop::sample::select(vec![
        Basis::Refund,
        Basis::FreightOut,
        Basis::Concession,
        Basis::RingFee,
        Basis::Statutory,
        Basis::Recovered,
    ]);
    let shares = prop::collection::btree_map(
        prop::sample::select(vec!["D1".to_owned(), "D2".to_owned(), "D3".to_owned()]),
        1_u64..1_000,
        1..=3,
    );
    (bases, 1_i64..1_000_000_000_000, any::<bool>(), any::<bool>(), 0_i64..2_000, shares).prop_map(
        |(basis, amount, euro, joint, days, shares): (_, _, _, _, _, BTreeMap<String, u64>)| {
            let currency = if euro { Currency::EUR } else { Currency::USD };
            let on = day("2022-01-01").0.plus(ringfence_domain::Duration::days(days));
            Claimed {
                amount: Money::new(amount, currency).unwrap(),
                on: Moment(on),
                joint_and_several: joint,
                shares,
                ..line(basis, 1, &[])
            }
        },
    )
}

proptest! {
    #[test]
    fn shares_add_up_and_none_is_further_than_a_cent_from_its_part(
        amount in -9_007_199_254_740_991_i64..9_007_199_254_740_991,
        weights in prop::collection::vec(0_u64..1_000_000, 1..12),
    ) {
        let parts = shared(amount, &weights);
        let total: u64 = weights.iter().sum();
        prop_assert_eq!(parts.iter().sum::<i64>(), if total == 0 { 0 } else { amount });
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(amount) * i128::from(*weight);
            let off = (i128::from(*part) * i128::from(total) - exact).abs();
            prop_assert!(total == 0 || off < i128::from(total));
        }
    }

    #[test]
    fn the_total_is_the_sum_of_lines_of_classes_and_of_shares(lines in prop::collection::vec(any_line(), 1..20)) {
        let interest = Interest {
            percent: "9.125".into(), from: None, until: day("2025-06-30"),
            day_count: DayCount::Actual365, classes: Class::ALL.to_vec(),
        };
        let made = schedule(&Claim { interest: Some(interest), ..claim(lines) }).unwrap();
        let of_lines = made.lines.iter().fold((0, 0), |s, l| (s.0 + l.amount, s.1 + l.interest));
        prop_assert_eq!((made.total.amount, made.total.interest), of_lines);
        let of_classes = made.classes.iter().fold((0, 0), |s, (_, c)| (s.0 + c.amount, s.1 + c.interest));
        prop_assert_eq!(of_classes, of_lines);
        let of_shares = made.owed.iter().fold((0, 0), |s, o| (s.0 + o.share.amount, s.1 + o.share.interest));
        prop_assert_eq!(of_shares, of_lines);
        for line in &made.lines {
            prop_assert_eq!(line.shares.iter().map(|s| s.amount).sum::<i64>(), line.amount);
            prop_assert_eq!(line.shares.iter().map(|s| s.interest).sum::<i64>(), line.interest);
        }
    }
}
