//! What kind of shop is simulated? The scenario: every rate, lag and actor, read from TOML and checked while it is read.
//!
//! The parameters are explained, with their sources, in `scenarios/default.toml`.

use ringfence_domain::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _};
use std::collections::BTreeMap;
use std::fmt;

/// The scenario that `demo` uses.
pub const DEFAULT: &str = include_str!("../scenarios/default.toml");
/// The same shop with more careful rings, noisier proofs and fewer verdicts.
pub const HARDER: &str = include_str!("../scenarios/harder.toml");
/// A small shop for quick tests, with more abuse in it than is real so that every kind occurs.
pub const SMALL: &str = include_str!("../scenarios/small.toml");

/// Why a scenario cannot be used; `Display` says where and how to mend it.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where there is a near word.
    pub help: Option<String>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario, line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}
impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads a scenario. Unknown, missing and impossible parameters are errors with line and column.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| explain(text, &e))?;
        scenario.check().map_err(|(key, message)| {
            let (line, column) = position(text, find_key(text, key));
            ScenarioError { line, column, message, help: None }
        })?;
        Ok(scenario)
    }
    /// The same shop with more careful rings, noisier proofs and fewer verdicts.
    pub fn harder() -> Scenario {
        Self::parse(HARDER).expect("the built-in scenarios parse; a test holds it")
    }
    /// A small shop for quick tests, with more abuse in it than is real so that every kind occurs.
    pub fn small() -> Scenario {
        Self::parse(SMALL).expect("the built-in scenarios parse; a test holds it")
    }
    /// The number of accounts that the scenario was written for.
    pub fn accounts(&self) -> u32 {
        self.size.accounts as u32
    }
    /// The number of days that the scenario was written for.
    pub fn days(&self) -> u32 {
        self.size.days as u32
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// What it is, in a sentence.
    pub fn about(&self) -> &str {
        &self.about
    }
    /// Checks what concerns several parameters; the error names the key to look at.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let need = |ok: bool, key: &'static str, message: &str| {
            if ok { Ok(()) } else { Err((key, message.to_string())) }
        };
        let d = &self.delivery;
        let causes = d.cause_theft + d.cause_misdelivery + d.cause_lost + d.cause_early_scan;
        need(
            (causes - 1.0).abs() < 1e-6,
            "cause_theft",
            "the shares of the four causes have to add up to 1",
        )?;
        need(!self.category.is_empty(), "category", "at least one [[category]] is needed")?;
        need(
            self.category.iter().all(|c| !c.nouns.is_empty()),
            "nouns",
            "a category needs at least one noun",
        )?;
        need(!self.carrier.is_empty(), "carrier", "at least one [[carrier]] is needed")?;
        need(self.calendar.months.iter().all(|m| *m > 0.0), "months", "a month's weight has to be above 0")?;
        need(self.calendar.hours.iter().sum::<f64>() > 0.0, "hours", "one hour's weight has to be above 0")?;
        let ordered = self.ring.iter().all(|r| r.begin < r.end);
        need(ordered, "begin", "a ring has to begin before it ends")?;
        need(d.theft_areas <= d.areas && d.areas > 0, "theft_areas", "no more theft areas than areas")?;
        Ok(())
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self::parse(DEFAULT).expect("the built-in scenarios parse; a test holds it")
    }
}

/// A parameter's kind: what it may be, and the plain value that is kept.
pub(crate) trait Kind {
    type Plain;
    fn plain(self) -> Self::Plain;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($raw:ty => $plain:ty) if $test:expr, $want:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name($plain);
        impl Kind for $name {
            type Plain = $plain;
            fn plain(self) -> $plain { self.0 }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let value = <$raw>::deserialize(d)?;
                let test: fn(&$raw) -> bool = $test;
                if !test(&value) { return Err(D::Error::custom(format!("{value:?} is not {}", $want))); }
                Ok($name(value.into()))
            }
        }
    )*};
}

kinds! {
    Share(f64 => f64) if |v| (0.0..=1.0).contains(v), "a share between 0 and 1";
    Amount(f64 => f64) if |v| *v >= 0.0 && *v <= 1e9, "a number from 0 to 1,000,000,000";
    Above0(f64 => f64) if |v| *v > 0.0 && *v <= 1e9, "a number above 0";
    Months([f64; 12] => [f64; 12]) if |v| v.iter().all(|x| *x >= 0.0), "twelve weights from 0 up";
    Weekdays([f64; 7] => [f64; 7]) if |v| v.iter().all(|x| *x > 0.0), "seven weights above 0";
    Hours([f64; 24] => [f64; 24]) if |v| v.iter().all(|x| *x >= 0.0), "24 weights from 0 up";
    Four([f64; 4] => [f64; 4]) if |v| v.iter().all(|x| *x >= 0.0) && v.iter().sum::<f64>() > 0.0, "four weights from 0 up";
    Text(String => String) if |v| !v.is_empty() && v.len() <= 80, "a text of 1–80 bytes";
    Texts(Vec<String> => Vec<String>) if |v| v.iter().all(|t| !t.is_empty() && t.len() <= 80), "a list of texts of 1–80 bytes";
    Flag(bool => bool) if |_| true, "true or false";
    Start(Date => Timestamp) if |_| true, "a date";
    Word(StyleWord => RingStyle) if |_| true, "a style";
}

pub(crate) struct Count(usize);
impl Kind for Count {
    type Plain = usize;
    fn plain(self) -> usize {
        self.0
    }
}
impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match u32::deserialize(d)? {
            n @ 0..=100_000_000 => Ok(Count(n as usize)),
            n => Err(D::Error::custom(format!("{n} is beyond 100,000,000"))),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Date(Timestamp);
impl From<Date> for Timestamp {
    fn from(d: Date) -> Timestamp {
        d.0
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let time = Timestamp::parse(&format!("{text}T00:00:00Z"));
        let known = time.ok().filter(|t| (2000..2100).contains(&t.civil().0));
        known.map(Date).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is not a date between 2000 and 2099, as in 2023-06-01"))
        })
    }
}

/// How a ring gets its money.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingStyle {
    /// Talks customer service into refunds, again and again, over chat and phone.
    SocialEngineering,
    /// Claims non-receipt from the operator's device under the buyers' logins.
    SharedLogin,
    /// Claims that the box came empty, from a script.
    EmptyBox,
    /// A bribed clerk records returns that never came.
    BribedReceipts,
    /// A bribed agent approves claims, just below the limit.
    InsiderConcession,
    /// Stolen staff accounts approve claims in bursts.
    PhishedStaff,
    /// Returns with fake tracking: something arrives somewhere.
    Ftid,
}
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct StyleWord(RingStyle);
impl From<StyleWord> for RingStyle {
    fn from(w: StyleWord) -> RingStyle {
        w.0
    }
}

macro_rules! sections {
    ($($name:ident { $($field:ident: $kind:ident,)* })*) => {$(
        #[derive(Clone, Debug)]
        pub(crate) struct $name { $(pub(crate) $field: <$kind as Kind>::Plain,)* }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Raw { $($field: $kind,)* }
                let raw = Raw::deserialize(d)?;
                Ok($name { $($field: raw.$field.plain(),)* })
            }
        }
    )*};
}

sections! {
    Size { accounts: Count, days: Count, start: Start, }
    Calendar { months: Months, weekdays: Weekdays, hours: Hours, peak_trouble: Above0, }
    Accounts {
        aged_share: Share, orders_per_year: Above0, orders_sigma: Amount, loyal_share: Share, loyal_orders: Above0,
        return_sigma: Amount, household_share: Share, dorm_share: Share, office_share: Share, forwarder_share: Share,
        shared_device_share: Share, shared_payment_share: Share, nat_share: Share, vpn_share: Share,
        family_helper_share: Share, neighbour_helper_share: Share, closed_share: Share, recycled_phone_share: Share,
        new_device_per_year: Amount, session_share: Share,
    }
    Orders {
        basket_median: Above0, basket_sigma: Amount, lines: Four, split_share: Share, sellers: Count, skus: Count,
        gift_share: Share,
    }
    CategorySpec {
        name: Text, nouns: Texts, share: Share, price: Above0, sigma: Above0, weight_g: Above0, returns: Share,
        faults: Amount, resale: Share, serialised: Flag, sizes: Flag,
    }
    Delivery {
        areas: Count, theft_areas: Count, theft_area_factor: Above0, drivers_per_area: Above0, thieving_drivers: Share,
        lazy_drivers: Share, wrong_door_drivers: Share, not_arrived: Share, cause_theft: Share,
        cause_misdelivery: Share, cause_lost: Share, cause_early_scan: Share, driver_theft_share: Share,
        false_delivered: Share, late_share: Share, signature_from: Amount, otp_from: Amount, service_share: Share,
        hub_weight_noise: Share, hub_weight_share: Share,
    }
    CarrierSpec { name: Text, share: Share, days: Above0, missing_origin: Share, photo_share: Share, hubs: Count, }
    Claims {
        missing_item: Share, empty_package: Share, damaged: Share, defective: Share, wrong_item: Share,
        not_as_described: Share, late: Share, split_confusion: Share, claim_share: Share, again_share: Share,
        documents_share: Share, shared_form_share: Share, enquiry_share: Share, without_contact: Share, writing_help_share: Share,
    }
    Returns {
        scale: Amount, window_days: Above0, long_window_share: Share, asked_first: Share, in_store: Share,
        bulk_lane: Share, returnless_below: Amount, multi_box: Share, wrong_serial: Share, lost_inbound: Share,
        mis_sort: Share, inspected_share: Share, cancel_share: Share,
    }
    Desk {
        agents_per_1000: Amount, supervisors_per_1000: Amount, returns_per_1000: Amount, warehouse_per_1000: Amount,
        joined_share: Share, agent_limit: Above0, supervisor_limit: Above0, approval: Share, searched_share: Share,
        transferred_share: Share, new_laptop_per_year: Amount, travel_share: Share, wrong_return_share: Share,
        outage_days: Count, auto_limit: Amount, unprompted_lookups: Amount,
    }
    OpportunistSpec { actors: Amount, acts: Amount, price: Above0, }
    RingSpec {
        style: Word, begin: Share, end: Share, deals: Amount, price: Above0, fee: Share, aged: Share, careful: Share,
        device_life: Count, script: Share, vouch: Share,
    }
    Verdicts {
        control_share: Share, value_share: Share, value_at: Above0, repeat_share: Share, refused_share: Share,
        detected: Share, wrong: Share, inspection: Share, delay_days: Above0, delay_sigma: Amount,
        takedown_share: Share, account_share: Share, test_purchases: Count, appeal_share: Share, overturned: Share,
    }
    Posts {
        invented_share: Share, other_shops_share: Share, names: Texts, other_shops: Texts, true_country: Share,
        true_days: Share, method_share: Share, notation_share: Share, coarse_share: Share, slow_share: Share,
        repeated_share: Share, decoy_share: Share,
    }
    Arrival { late_scans: Share, late_records: Share, very_late: Share, duplicates: Share, }
}

/// What opportunists do, by the names of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OpportunistKind {
    Inr,
    MissingItem,
    EmptyPackage,
    ForgedDocument,
    ConcessionFarming,
    DoubleDip,
    AccountTakeover,
    AccountHopping,
    RefundAndReship,
    GiftCardLaundering,
    EmptyReturn,
    SwitchedItem,
    FakeTracking,
    Wardrobing,
    Bracketing,
    SerialReturner,
}

/// A shop and the people around it.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    name: String,
    about: String,
    pub(crate) size: Size,
    pub(crate) calendar: Calendar,
    pub(crate) accounts: Accounts,
    pub(crate) orders: Orders,
    pub(crate) category: Vec<CategorySpec>,
    pub(crate) delivery: Delivery,
    pub(crate) carrier: Vec<CarrierSpec>,
    pub(crate) claims: Claims,
    pub(crate) returns: Returns,
    pub(crate) desk: Desk,
    pub(crate) opportunists: BTreeMap<OpportunistKind, OpportunistSpec>,
    #[serde(default)]
    pub(crate) ring: Vec<RingSpec>,
    pub(crate) verdicts: Verdicts,
    pub(crate) posts: Posts,
    pub(crate) arrival: Arrival,
}

/// Adds position and nearest word to what the TOML reader says.
fn explain(text: &str, error: &toml::de::Error) -> ScenarioError {
    let (line, column) = position(text, error.span().map_or(0, |s| s.start));
    let message = error.message().trim().replace('\n', " ");
    ScenarioError { line, column, help: nearest(&message), message }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn find_key(text: &str, key: &str) -> usize {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start().trim_start_matches('[');
        if bare.starts_with(key) {
            return offset + (line.len() - line.trim_start().len());
        }
        offset += line.len();
    }
    0
}

/// From "unknown field `a`, expected one of `b`, `c`": the word nearest to the wrong one.
fn nearest(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    ringfence_domain::words::nearest(wrong, words).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expect: &str) {
        assert!(DEFAULT.contains(from), "the test replaces `{from}`, which has to occur");
        let text = DEFAULT.replacen(from, to, 1);
        let got = match Scenario::parse(&text) {
            Ok(_) => "accepted".to_string(),
            Err(e) => e.to_string(),
        };
        assert!(got.contains(expect), "expected `{expect}` in `{got}`");
        let line = DEFAULT[..DEFAULT.find(from).expect("checked above")].matches('\n').count() + 1;
        if !expect.contains("missing") && expect != "accepted" {
            assert!(got.contains(&format!("line {line},")), "expected line {line} in `{got}`");
        }
    }

    #[test]
    fn wrong_scenarios_are_refused_with_position_and_nearest_word() {
        check("late_scans = 0.02", "late_scans = 0.02", "accepted");
        check("basket_median =", "basket_medain =", "did you mean `basket_median`?");
        check("[delivery]", "[delivry]", "did you mean `delivery`?");
        check("style = \"ftid\"", "style = \"ftidd\"", "did you mean `ftid`?");
        check("inr = {", "irn = {", "did you mean `inr`?");
        check("aged_share = 0.78", "aged_share = 1.78", "1.78 is not a share between 0 and 1");
        check("basket_median = 65.0", "basket_median = 0.0", "not a number above 0");
        check("cause_theft = 0.50", "cause_theft = 0.40", "add up to 1");
        check("start = \"2023-06-01\"", "start = \"2023-13-01\"", "is not a date");
        check("window_days = 30 ", "#window_days = 30", "missing field `window_days`");
    }

    #[test]
    fn the_built_in_scenarios_parse() {
        assert_eq!(Scenario::default().name(), "default");
        assert_eq!(Scenario::harder().name(), "harder");
        assert_eq!(Scenario::small().name(), "small");
    }
}
