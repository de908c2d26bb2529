//! In which order is the queue worked, who may judge what, and what is said of it to everybody else?

mod common;

use common::{asked, at};
use ringfence_casework::bulk::preview;
use ringfence_casework::effects::effects;
use ringfence_casework::settings::Route;
use ringfence_casework::worth::{Waiting, plan};
use ringfence_casework::{Change, Denied, Desk, Fact, Judgement, Kind, Settings, Stamp};
use ringfence_domain::words::{AppealOutcome, ClaimReason, Verdict};
use ringfence_domain::{Body, DecisionKind, Duration, Timestamp};

struct Work {
    desk: Desk,
    position: u64,
    now: Timestamp,
}

impl Work {
    fn new(settings: Settings) -> Work {
        let mut work = Work { desk: Desk::default(), position: 0, now: at(0) };
        work.fold(&Fact::Changed(Change::Settings { settings }), "");
        work
    }
    fn fold(&mut self, fact: &Fact, by: &str) {
        self.desk.fold(fact, &Stamp { position: self.position, at: self.now, by: by.into() });
        self.position += 1;
    }
    fn answered(&mut self, refund: &str, decision: DecisionKind, score: f64, amount: i64) {
        self.fold(&Fact::Answered(asked(refund, decision, score, amount)), "");
    }
    fn make(&mut self, change: Change, by: &str) -> Result<(), Denied> {
        self.desk.check(&change, by, self.now)?;
        self.fold(&Fact::Changed(change), by);
        Ok(())
    }
    fn claim(&mut self, item: u64, by: &str, senior: bool) -> Result<(), Denied> {
        let until = self.now.plus(Duration(1_800_000));
        self.make(Change::Claimed { item, until, senior }, by)
    }
    fn judge(&mut self, item: u64, by: &str, judgement: &Judgement) -> Result<(), Denied> {
        self.make(Change::Judged { item, judgement: judgement.clone() }, by)
    }
}

fn quiet() -> Settings {
    Settings { salt: "s".into(), control_share: 0.0, second_share: 0.0, ..Settings::default() }
}
fn deny() -> Judgement {
    Judgement { decision: Some(DecisionKind::Deny), verdict: Some(Verdict::Abuse), ..Judgement::default() }
}

#[test]
fn the_worth_of_an_item_is_what_a_minute_on_it_saves() {
    let mut work = Work::new(quiet());
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    // 0.8 of 0.5 of 100.00 in 10 minutes: 4.00 a minute.
    assert_eq!(work.desk.items[&1].worth, 400 * 1_000);
    work.fold(&Fact::Changed(Change::Settings { settings: Settings { found_share: 0.4, ..quiet() } }), "");
    work.answered("R2", DecisionKind::Review, 0.5, 10_000);
    assert_eq!(work.desk.items[&2].worth, 200 * 1_000, "from where the settings stand");
    let denied = asked("R3", DecisionKind::Deny, 0.25, 6_000);
    work.fold(&Fact::AppealOpened { refund: "R3".into(), account: "A".into(), asked: Some(denied) }, "");
    // What an honest customer is owed, in 15 minutes.
    assert_eq!((work.desk.items[&3].kind, work.desk.items[&3].worth), (Kind::Appeal, 300 * 1_000));
}

#[test]
fn the_plan_fills_the_minutes_that_there_are_with_what_is_worth_most_and_in_time() {
    let hour = |h: i64| at(h * 3_600);
    let waiting = |id, worth, hours, minutes| Waiting { id, worth, due: hour(hours), minutes };
    let check = |items: &[Waiting], minutes_a_day: f64, expect: &[(u64, bool, bool)]| {
        let told: Vec<_> =
            plan(items, minutes_a_day, hour(0)).iter().map(|p| (p.id, p.fits, p.urgent)).collect();
        assert_eq!(told, expect);
    };
    // 240 minutes a day: 10 an hour. Everything fits and can wait: by worth.
    check(
        &[waiting(1, 5, 24, 10.0), waiting(2, 9, 24, 10.0), waiting(3, 7, 24, 10.0)],
        240.0,
        &[(2, true, false), (3, true, false), (1, true, false)],
    );
    // One of small worth is due in an hour, which it takes: it comes first, because the others can wait.
    check(&[waiting(1, 1, 1, 10.0), waiting(2, 9, 24, 10.0)], 240.0, &[(1, true, true), (2, true, false)]);
    // Two due in an hour, room for one: the other does not fit, and is last.
    check(
        &[waiting(1, 1, 1, 10.0), waiting(2, 9, 1, 10.0), waiting(3, 5, 24, 10.0)],
        240.0,
        &[(2, true, true), (3, true, false), (1, false, false)],
    );
    // What is overdue saves nothing in time, and nobody works at no minutes a day.
    check(&[waiting(1, 9, -1, 10.0), waiting(2, 1, 24, 10.0)], 240.0, &[(2, true, false), (1, false, false)]);
    check(&[waiting(1, 9, 5, 10.0)], 0.0, &[(1, false, false)]);
    check(&[], 240.0, &[]);
}

#[test]
fn a_claim_is_one_persons_until_it_ends() {
    let mut work = Work::new(quiet());
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    work.claim(1, "ann", false).expect("it is free");
    assert!(matches!(work.claim(1, "bob", false), Err(Denied::Conflict(_))));
    work.claim(1, "ann", false).expect("she may extend it");
    work.now = work.now.plus(Duration(1_800_000));
    assert!(matches!(work.judge(1, "ann", &deny()), Err(Denied::Conflict(_))), "her claim has ended");
    work.claim(1, "bob", false).expect("it waits again");
    assert!(work.judge(1, "ann", &deny()).is_err());
    work.judge(1, "bob", &deny()).expect("it is his");
    assert!(matches!(work.claim(1, "ann", false), Err(Denied::Conflict(_))), "it is done");
    assert!(work.claim(1, "", false).is_err(), "nobody has no claim");
}

#[test]
fn an_appeal_is_never_for_somebody_who_decided() {
    let mut work = Work::new(quiet());
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    work.claim(1, "ann", false).expect("free");
    work.judge(1, "ann", &deny()).expect("hers");
    work.fold(&Fact::Decided { refund: "R1".into(), by: "dee".into() }, "");
    let request = asked("R1", DecisionKind::Review, 0.5, 10_000);
    let appeal = Fact::AppealOpened { refund: "R1".into(), account: "A".into(), asked: Some(request) };
    work.fold(&appeal, "");
    work.fold(&appeal, "");
    assert_eq!(work.desk.items.len(), 2, "one appeal at a time");
    for other in ["ann", "dee"] {
        assert!(matches!(work.claim(2, other, true), Err(Denied::OtherPerson(_))), "{other}, however senior");
    }
    work.claim(2, "bob", false).expect("he did not decide");
    let upheld = Judgement { outcome: Some(AppealOutcome::Upheld), ..Judgement::default() };
    let both = Judgement { decision: Some(DecisionKind::Deny), ..upheld.clone() };
    assert!(work.judge(2, "bob", &both).is_err() && work.judge(2, "bob", &deny()).is_err());
    let overturned = Judgement {
        outcome: Some(AppealOutcome::Overturned),
        decision: Some(DecisionKind::InstantRefund),
        verdict: Some(Verdict::Legitimate),
        ..Judgement::default()
    };
    let change = Change::Judged { item: 2, judgement: overturned };
    let events = effects(&work.desk, &change, "bob", work.now).expect("ids are ids");
    let told: Vec<&str> = events.iter().map(|e| e.body.type_name()).collect();
    assert_eq!(told, ["appeal.resolved", "refund.decided", "verdict.recorded"]);
    let Body::RefundDecided(decided) = &events[1].body else { panic!("{events:?}") };
    assert_eq!((decided.by.as_str(), decided.overridden), ("bob", Some(true)));
    work.make(change, "bob").expect("overturned");
    // Whoever decided the appeal does not decide the next.
    work.fold(&appeal, "");
    assert!(work.claim(3, "bob", false).is_err());
}

#[test]
fn controls_and_second_reviews_are_drawn_alike_each_time_and_say_little() {
    let settings =
        Settings { salt: "s".into(), control_share: 0.5, second_share: 1.0, ..Settings::default() };
    let fill = || {
        let mut work = Work::new(settings.clone());
        // Before the first true item there is nothing that a control could be like.
        (0..50).for_each(|n| work.answered(&format!("E{n}"), DecisionKind::InstantRefund, 0.01, 500));
        assert!(work.desk.items.is_empty());
        work.answered("R1", DecisionKind::Review, 0.5, 10_000);
        (0..100).for_each(|n| work.answered(&format!("P{n}"), DecisionKind::InstantRefund, 0.01, 500));
        work
    };
    let mut work = fill();
    assert_eq!(work.desk, fill().desk);
    let controls: Vec<u64> = work.desk.items.values().filter(|i| i.control).map(|i| i.id).collect();
    assert!((30..70).contains(&controls.len()), "{}", controls.len());
    let (control, review) = (&work.desk.items[&controls[0]], &work.desk.items[&1]);
    assert_eq!((control.kind, control.worth, control.due), (review.kind, review.worth, review.due));
    let control = control.id;
    // A control was answered already: what it was is told, no decision.
    work.claim(control, "ann", false).expect("free");
    let judged = Change::Judged { item: control, judgement: deny() };
    let told: Vec<String> = effects(&work.desk, &judged, "ann", work.now)
        .expect("ids")
        .iter()
        .map(|e| e.body.type_name().to_owned())
        .collect();
    assert_eq!(told, ["verdict.recorded"]);
    work.make(judged, "ann").expect("judged");
    let second = work.desk.items.values().find(|i| i.second_of == Some(control)).expect("a second").id;
    assert!(work.desk.items[&control].sealed);
    assert!(work.claim(second, "ann", true).is_err() && work.claim(second, "bob", false).is_err());
    work.claim(second, "bob", true).expect("another, and senior");
    let again = Change::Judged { item: second, judgement: deny() };
    assert_eq!(effects(&work.desk, &again, "bob", work.now).expect("ids"), []);
    work.make(again, "bob").expect("judged");
    assert!(!work.desk.items[&control].sealed);
    assert_eq!(work.desk.items.values().filter(|i| i.second_of.is_some()).count(), 1, "no third");
}

#[test]
fn what_a_person_overrides_is_told_and_what_nobody_proposed_is_not() {
    let mut work = Work::new(Settings { queue: vec![Kind::Review, Kind::StepUp], ..quiet() });
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    work.answered("R2", DecisionKind::StepUp, 0.5, 10_000);
    work.answered("R3", DecisionKind::CarrierTrace, 0.5, 10_000);
    assert_eq!(work.desk.items.len(), 2, "traces go to people only where the settings say so");
    for (item, expect) in [(1, None), (2, Some(true))] {
        let judged = Change::Judged { item, judgement: deny() };
        let events = effects(&work.desk, &judged, "ann", work.now).expect("ids");
        let Body::RefundDecided(decided) = &events[0].body else { panic!("{events:?}") };
        assert_eq!((decided.decision, decided.overridden), (DecisionKind::Deny, expect));
    }
}

#[test]
fn what_is_seen_in_a_preview_is_what_is_done() {
    let mut work = Work::new(quiet());
    for n in 1..=3 {
        work.answered(&format!("R{n}"), DecisionKind::Review, 0.5, 10_000);
    }
    work.claim(3, "bob", false).expect("free");
    let now = work.now;
    let seen = preview(&work.desk, &[1, 2, 3, 9, 1], &deny(), "ann", now, false);
    assert_eq!(seen.items.iter().map(|l| l.item).collect::<Vec<u64>>(), [1, 2]);
    assert_eq!(seen.refused.iter().map(|r| r.item).collect::<Vec<u64>>(), [3, 9, 1]);
    assert_eq!(seen.money[0].amount, 20_000);
    let all = |items: &[u64], judgement: Judgement, hash: &str| Change::JudgedAll {
        items: items.to_vec(),
        judgement,
        preview: hash.into(),
        senior: false,
    };
    let other = Judgement { decision: Some(DecisionKind::InstantRefund), ..Judgement::default() };
    for wrong in
        [all(&[1, 2], other, &seen.hash), all(&[1], deny(), &seen.hash), all(&[2, 1], deny(), &seen.hash)]
    {
        assert!(matches!(work.make(wrong, "ann"), Err(Denied::Conflict(_))));
    }
    // Something happens to one of them in between.
    let mut later = Work { desk: work.desk.clone(), ..work };
    later.claim(2, "ann", false).expect("free");
    assert!(matches!(later.make(all(&[1, 2], deny(), &seen.hash), "ann"), Err(Denied::Conflict(_))));
    work.make(all(&[1, 2], deny(), &seen.hash), "ann").expect("as it was seen");
    assert!(work.desk.items[&1].judged().is_some() && work.desk.items[&2].judged().is_some());
}

#[test]
fn items_go_to_people_with_the_skill_that_their_route_names() {
    let dear = Route { skill: "dear".into(), amount_min: 100_000, ..Route::default() };
    let damage = Route { skill: "damage".into(), reasons: vec![ClaimReason::Damaged], ..Route::default() };
    let mut work = Work::new(Settings { routes: vec![damage, dear], ..quiet() });
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    work.answered("R2", DecisionKind::Review, 0.5, 100_000);
    assert_eq!((work.desk.items[&1].skill.as_str(), work.desk.items[&2].skill.as_str()), ("general", "dear"));
    let skills = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect();
    work.make(Change::Skills { user: "ann".into(), skills: skills(&["general"]) }, "sue").expect("she may");
    assert!(matches!(work.claim(2, "ann", false), Err(Denied::OtherPerson(_))));
    work.claim(1, "ann", false).expect("she can");
    work.claim(2, "bob", false).expect("nobody said what bob can: everything");
    assert!(
        work.make(Change::Skills { user: "ann".into(), skills: skills(&["not a name"]) }, "sue").is_err()
    );
}

#[test]
fn a_decision_of_the_shop_settles_what_waits() {
    let mut work = Work::new(quiet());
    work.answered("R1", DecisionKind::Review, 0.5, 10_000);
    work.claim(1, "ann", false).expect("free");
    work.fold(&Fact::Decided { refund: "R1".into(), by: "shop-7".into() }, "");
    assert!(matches!(work.judge(1, "ann", &deny()), Err(Denied::Conflict(_))));
    assert!(!work.desk.items[&1].open());
}
