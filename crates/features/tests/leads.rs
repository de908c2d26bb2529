//! Does a lead count from its arrival until it is withdrawn, on whom it names and on nobody else?

mod common;

use common::run;

const FEATURES: &[(&str, &str)] = &[
    ("p", "lead.probability"),
    ("days", "time - lead.since"),
    ("accounts", "lead.accounts"),
    ("confirmed", "lead.confirmed"),
    ("on_account", "lead.account_probability"),
    ("on_device", "lead.device_probability"),
    ("on_cluster", "lead.cluster_probability"),
    ("on_staff", "lead.staff_probability"),
    ("stopped", "lead.account_stopped"),
];

/// The features `names` at each request of the log.
fn check(names: &[&str], log: &str, expected: &str) {
    let wanted = FEATURES.iter().filter(|(name, _)| names.contains(name));
    let catalogue: Vec<String> = wanted
        .map(|(name, expr)| {
            format!("[[feature]]\nname = \"{name}\"\nabout = \"under test\"\nexpr = \"{expr}\"\n")
        })
        .collect();
    let catalogue = catalogue.concat();
    assert_eq!(run(&catalogue, log), expected, "\n{log}");
}

/// A lead of accounts, tied by a device, as of a day of January 2023.
fn raised(day: &str, lead: &str, as_of: u32, p: f64, accounts: &[&str]) -> String {
    let members: Vec<String> =
        accounts.iter().map(|a| format!(r#"{{"kind":"account","id":"{a}","probability":0.5}}"#)).collect();
    format!(
        r#"{day} lead.raised lead={lead} kind=ring as_of=2023-01-{as_of:02}T00:00:00Z probability={p} fdr=0.05 method=m members=[{}] refunds=[] money={{"amount":5,"currency":"USD"}} confirmed=1 ties=[{{"kind":"device","value":"D9","probability":1,"accounts":[]}},{{"kind":"staff","value":"S1","probability":0.75,"accounts":[]}}]"#,
        members.join(",")
    )
}

fn withdrawn(day: &str, lead: &str, as_of: u32, reason: &str) -> String {
    format!("{day} lead.withdrawn lead={lead} kind=ring as_of=2023-01-{as_of:02}T00:00:00Z reason={reason}")
}

#[test]
fn a_lead_counts_from_its_arrival_on_and_changes_nothing_before() {
    let asked = "1 refund.requested order=O1 account=A1\n2 refund.requested order=O2 account=A2";
    let log =
        format!("{asked}\n{}\n4 refund.requested order=O1 account=A1", raised("3", "L", 5, 0.8, &["A1"]));
    check(
        &["p", "on_account", "days"],
        &log,
        "p=? days=? on_account=?\np=? days=? on_account=?\np=0.4 days=1 on_account=0.4",
    );
    check(&["p"], asked, "p=?\np=?");
}

#[test]
fn what_a_lead_names_leads_to_it_and_nothing_else_does() {
    let log = format!(
        "{}
        4 refund.requested order=O1 account=A5 device=D9
        4 refund.requested order=O2 account=A6 device=D8
        4 refund.requested order=O3 account=A7 staff=S1",
        raised("3", "L", 5, 0.8, &["A1"])
    );
    check(
        &["p", "on_account", "on_device", "on_staff"],
        &log,
        "p=0.8 on_account=? on_device=0.8 on_staff=?\np=? on_account=? on_device=? on_staff=?\np=? on_account=? on_device=? on_staff=0.6",
    );
}

#[test]
fn connected_accounts_lead_to_it() {
    let log = format!(
        "0 identifier.seen account=A1 kind=payment value=P1
        0 identifier.seen account=A2 kind=payment value=P1
        {}
        4 refund.requested order=O1 account=A2",
        raised("3", "L", 5, 0.8, &["A1"])
    );
    check(&["p", "on_account", "on_cluster"], &log, "p=0.4 on_account=? on_cluster=0.4");
}

#[test]
fn a_later_look_replaces_the_same_one_adds_and_an_earlier_one_changes_nothing() {
    let log = format!(
        "{}\n{}\n4 refund.requested order=O1 account=A2\n{}\n5 refund.requested order=O1 account=A2\n{}\n\
         6 refund.requested order=O1 account=A2\n6 refund.requested order=O1 account=A3",
        raised("3", "L", 5, 0.8, &["A1"]),
        raised("3", "L", 5, 0.8, &["A2"]),
        raised("4.5", "L", 4, 0.1, &["A9"]),
        raised("5.5", "L", 7, 0.6, &["A3"]),
    );
    check(
        &["accounts", "on_account", "days"],
        &log,
        "days=1 accounts=2 on_account=0.4\ndays=2 accounts=2 on_account=0.4\ndays=? accounts=? on_account=?\ndays=3 accounts=1 on_account=0.3",
    );
}

#[test]
fn a_withdrawn_lead_counts_no_more_and_one_that_stopped_is_remembered() {
    for (reason, stopped) in [("not_supported", "?"), ("stopped", "1")] {
        let log = format!(
            "{}\n{}\n5 refund.requested order=O1 account=A1",
            raised("3", "L", 5, 0.8, &["A1"]),
            withdrawn("4", "L", 6, reason),
        );
        check(&["p", "on_account", "stopped"], &log, &format!("p=? on_account=? stopped={stopped}"));
    }
}

#[test]
fn of_several_leads_the_strongest_is_told() {
    let log = format!(
        "{}\n{}\n5 refund.requested order=O1 account=A1\n{}\n7 refund.requested order=O1 account=A1",
        raised("3", "L", 5, 0.4, &["A1"]),
        raised("3", "M", 5, 0.9, &["A1", "A2"]),
        withdrawn("6", "M", 7, "overturned"),
    );
    check(&["on_account", "accounts"], &log, "accounts=2 on_account=0.45\naccounts=1 on_account=0.2");
}
