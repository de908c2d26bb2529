//! Does each aggregate, path and expression see what it should? Small logs, told line by line.
//!
//! A log is a line an event: `day type key=value…`; ids are words, money is in cents.

mod common;

use common::run;

/// One feature `f` over accounts' refund requests unless `rest` says otherwise.
fn feature(rest: &str) -> String {
    format!("[[feature]]\nname = \"f\"\nabout = \"a feature under test\"\n{rest}\n")
}

fn check(catalogue: &str, log: &str, expected: &str) {
    assert_eq!(run(catalogue, log), expected, "\n{catalogue}\n{log}");
}

const REQUESTS: &str = "key = \"account\"\non = \"refund.requested\"\n";
const LOG: &str = "
    0 order.placed order=O1 account=A1
    1 refund.requested order=O1 account=A1 amount=100
    2 refund.requested order=O1 account=A1 amount=300 reason=damaged
    2 refund.requested order=O2 account=A2 amount=900
    9 refund.requested order=O1 account=A1 amount=200";

#[test]
fn count_sum_mean_min_max_take_the_request_itself_in() {
    let windowed = |a: &str| {
        feature(&format!("{REQUESTS}value = \"data.amount\"\naggregate = \"{a}\"\nwindow = \"7d\""))
    };
    check(&windowed("sum"), LOG, "f=100\nf=400\nf=900\nf=200");
    check(&windowed("mean"), LOG, "f=100\nf=200\nf=900\nf=200");
    check(&windowed("min"), LOG, "f=100\nf=100\nf=900\nf=200");
    check(&windowed("max"), LOG, "f=100\nf=300\nf=900\nf=200");
    check(&feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"7d\"")), LOG, "f=1\nf=2\nf=1\nf=1");
    check(&feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"8d\"")), LOG, "f=1\nf=2\nf=1\nf=2");
    check(
        &feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"8d\"\ncurrent = false")),
        LOG,
        "f=0\nf=1\nf=0\nf=1",
    );
    check(
        &feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"ever\"")),
        LOG,
        "f=1\nf=2\nf=1\nf=3",
    );
    check(
        &feature(&format!("{REQUESTS}aggregate = \"sum\"\nvalue = \"data.amount\"\nwindow = \"ever\"")),
        LOG,
        "f=100\nf=400\nf=900\nf=600",
    );
    check(
        &feature(&format!("{REQUESTS}aggregate = \"rate\"\nwindow = \"4d\"")),
        LOG,
        "f=0.25\nf=0.5\nf=0.25\nf=0.25",
    );
}

#[test]
fn last_first_since_and_rank_look_at_the_past_only() {
    check(&feature(&format!("{REQUESTS}aggregate = \"since\"")), LOG, "f=?\nf=1\nf=?\nf=7");
    check(&feature(&format!("{REQUESTS}aggregate = \"since\"\nwindow = \"7d\"")), LOG, "f=?\nf=1\nf=?\nf=?");
    check(
        &feature(&format!("{REQUESTS}value = \"data.amount\"\naggregate = \"last\"")),
        LOG,
        "f=?\nf=100\nf=?\nf=300",
    );
    check(
        &feature(&format!("{REQUESTS}value = \"data.amount\"\naggregate = \"first\"")),
        LOG,
        "f=?\nf=100\nf=?\nf=100",
    );
    check(
        &feature(&format!("{REQUESTS}value = \"data.amount\"\naggregate = \"rank\"\nwindow = \"30d\"")),
        LOG,
        "f=?\nf=1\nf=?\nf=0.5",
    );
}

#[test]
fn ratio_trend_entropy_and_distinct() {
    check(
        &feature(&format!(
            "{REQUESTS}aggregate = \"ratio\"\nshare = \"data.reason == 'damaged'\"\nwindow = \"30d\""
        )),
        LOG,
        "f=0\nf=0.5\nf=0\nf=0.333",
    );
    check(
        &feature(&format!("{REQUESTS}aggregate = \"trend\"\nwindow = \"10d\"")),
        LOG,
        "f=1\nf=1\nf=1\nf=-0.333",
    );
    check(
        &feature(&format!("{REQUESTS}value = \"data.reason\"\naggregate = \"entropy\"\nwindow = \"30d\"")),
        LOG,
        "f=0\nf=1\nf=0\nf=0.918",
    );
    let log = "
        0 refund.requested order=O1 account=A1 device=D1
        1 refund.requested order=O2 account=A2 device=D1
        2 refund.requested order=O3 account=A1 device=D1
        20 refund.requested order=O4 account=A3 device=D1";
    let distinct = |w: &str| {
        feature(&format!(
            "key = \"device\"\non = \"refund.requested\"\nvalue = \"data.account\"\naggregate = \"distinct\"\nwindow = \"{w}\""
        ))
    };
    check(&distinct("30d"), log, "f=1\nf=2\nf=2\nf=3");
    check(&distinct("19d"), log, "f=1\nf=2\nf=2\nf=2");
    check(&distinct("ever"), log, "f=1\nf=2\nf=2\nf=3");
}

#[test]
fn a_delay_moves_the_window_back_and_leaves_the_request_out() {
    check(
        &feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"7d\"\ndelay = \"1d\"")),
        LOG,
        "f=0\nf=1\nf=0\nf=1",
    );
    check(
        &feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"3d\"\ndelay = \"6d\"")),
        LOG,
        "f=0\nf=0\nf=0\nf=2",
    );
}

#[test]
fn facts_one_hop_away_and_their_absence() {
    let log = "
        0 order.placed order=O1 account=A1 device=D1 address=H1
        1 parcel.scanned parcel=P1 order=O1 direction=outbound carrier=C1 status=accepted driver=V1
        3 parcel.scanned parcel=P1 order=O1 direction=outbound carrier=C1 status=delivered driver=V1 proof={\"photo\":true,\"distance_m\":14}
        5 refund.requested order=O1 account=A1 device=D2
        6 refund.requested order=O9 account=A1";
    check(&feature("expr = \"time - order.delivered_at\""), log, "f=2\nf=?");
    check(&feature("expr = \"order.delivered_photo && order.delivered_distance_m < 20\""), log, "f=1\nf=0");
    check(&feature("expr = \"data.device == order.device\""), log, "f=0\nf=0");
    check(&feature("expr = \"!has(order.return_scanned_at)\""), log, "f=1\nf=1");
    check(
        &feature(
            "key = \"driver\"\non = \"parcel.scanned\"\nwhere = \"data.status == 'delivered'\"\naggregate = \"count\"\nwindow = \"30d\"",
        ),
        log,
        "f=1\nf=?",
    );
}

#[test]
fn receipts_without_a_scan_are_seen_from_the_one_who_recorded_them() {
    let log = "
        0 order.placed order=O1 account=A1
        0 order.placed order=O2 account=A2
        3 return.authorised order=O1 parcel=P1 lines=[]
        4 parcel.scanned parcel=P1 order=O1 direction=return carrier=C1 status=accepted
        5 return.received order=O1 lines=[] staff=S1
        5 return.received order=O2 lines=[] staff=S1
        6 refund.requested order=O1 account=A1
        6 refund.requested order=O2 account=A2";
    let share = "key = \"staff\"\nat = \"order.received_staff\"\non = \"return.received\"\naggregate = \"ratio\"\nshare = \"!has(order.return_scanned_at)\"\nwindow = \"30d\"";
    check(&feature(share), log, "f=0.5\nf=0.5");
    check(&feature("expr = \"order.received_without_scan\""), log, "f=0\nf=1");
}

#[test]
fn a_verdict_counts_from_its_arrival_on_and_reaches_whatever_its_request_touched() {
    let log = "
        0 order.placed order=O1 account=A1 address=H1
        1 refund.requested refund=R1 order=O1 account=A1
        2 order.placed order=O2 account=A2 address=H1
        3 refund.requested refund=R2 order=O2 account=A2
        4 verdict.recorded subject={\"kind\":\"refund\",\"id\":\"R1\"} verdict=abuse method=inspection
        5 refund.requested refund=R3 order=O2 account=A2";
    let abuse = "key = \"address\"\non = \"verdict.recorded\"\nwhere = \"data.verdict == 'abuse'\"\naggregate = \"count\"\nwindow = \"ever\"";
    check(&feature(abuse), log, "f=0\nf=0\nf=1");
}

#[test]
fn a_cluster_joins_accounts_over_rare_identifiers_and_not_over_common_ones() {
    let mut log = String::from(
        "
        0 order.placed order=O1 account=A1 payment=Y1
        0 order.placed order=O2 account=A2 payment=Y1
        0 order.placed order=O3 account=A3 device=D1
        1 refund.requested order=O1 account=A1 amount=100
        2 refund.requested order=O2 account=A2 amount=300
        3 refund.requested order=O3 account=A3 amount=500",
    );
    let cluster = feature(&format!(
        "{REQUESTS}at = \"cluster\"\nvalue = \"data.amount\"\naggregate = \"sum\"\nwindow = \"30d\""
    ));
    check(&cluster, &log, "f=100\nf=400\nf=500");
    let others = feature(&format!("{REQUESTS}at = \"neighbours\"\naggregate = \"count\"\nwindow = \"30d\""));
    check(&others, &log, "f=0\nf=1\nf=0");
    check(&feature("expr = \"cluster.accounts\""), &log, "f=2\nf=2\nf=1");
    for i in 10..40 {
        log.push_str(&format!("\n4 order.placed order=O{i} account=A{i} device=D1"));
    }
    log.push_str("\n5 refund.requested order=O39 account=A39");
    assert!(
        run(&feature("expr = \"cluster.accounts\""), &log).ends_with("f=1"),
        "a device of thirty accounts joins nobody"
    );
}

#[test]
fn a_merchants_own_fields_can_be_filtered_and_read() {
    let catalogue = format!(
        "[attributes]\nvip = \"flag\"\nstore = \"text\"\n{}",
        feature("expr = \"attributes.vip && attributes.store == 'north'\"")
    );
    let log = "
        0 refund.requested order=O1 account=A1 attributes={\"vip\":true,\"store\":\"north\"}
        1 refund.requested order=O1 account=A1 attributes={\"vip\":true,\"store\":\"south\"}
        2 refund.requested order=O1 account=A1";
    check(&catalogue, log, "f=1\nf=0\nf=0");
}

#[test]
fn events_out_of_order_by_months_find_their_place() {
    let log = "
        100 refund.requested order=O1 account=A1
        20 refund.requested order=O1 account=A1
        101 refund.requested order=O1 account=A1
        22 refund.requested order=O1 account=A1";
    check(&feature(&format!("{REQUESTS}aggregate = \"count\"\nwindow = \"90d\"")), log, "f=1\nf=1\nf=3\nf=2");
}

#[test]
fn an_order_that_nobody_announced_stays_unknown_and_is_counted() {
    check(&feature("expr = \"data.amount / order.total\""), "0 refund.requested order=O7 account=A1", "f=?");
}

#[test]
fn rank_and_entropy_of_a_busy_thing_read_every_event_or_say_nothing() {
    let requests = |n: u32| {
        let line = |i: u32| {
            let reason = if i.is_multiple_of(2) { "damaged" } else { "not_received" };
            format!(
                "{} refund.requested order=O{i} account=A{i} staff=S1 amount={i} reason={reason}",
                f64::from(i) / 1e3
            )
        };
        (1..=n).map(line).collect::<Vec<_>>().join("\n")
    };
    let staff = |value: &str, aggregate: &str| {
        feature(&format!(
            "key = \"staff\"\non = \"refund.requested\"\nvalue = \"data.{value}\"\naggregate = \"{aggregate}\"\nwindow = \"30d\""
        ))
    };
    let last = |catalogue: &str, log: &str| run(catalogue, log).lines().last().map(str::to_owned);
    // Far more than the 128 that busy things keep singly for other aggregates.
    let log = requests(1_000);
    assert_eq!(last(&staff("reason", "entropy"), &log).as_deref(), Some("f=1"));
    assert_eq!(last(&staff("amount", "rank"), &log).as_deref(), Some("f=1"));
    let too_many = requests(ringfence_features::history::RAW_SINGLY_MAX as u32 + 2);
    assert_eq!(last(&staff("reason", "entropy"), &too_many).as_deref(), Some("f=?"));
    assert_eq!(last(&staff("amount", "rank"), &too_many).as_deref(), Some("f=?"));
}
