//! What does an event say, as numbers? Events flattened to fixed slots, which filters and values read.

use crate::kind::{Id, Kind, NO_ID, Names};
use crate::leads::{Named, named};
use ringfence_domain::event::*;
use ringfence_domain::words::*;
use ringfence_domain::{Money, Timestamp};
use smallvec::SmallVec;

/// Slots of one event: the widest, `parcel.scanned` and `refund.requested`, use 16.
pub const SLOTS: usize = 16;

/// What the number in a slot means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotType {
    /// The number of an identifier of a kind.
    Id(Kind),
    /// The code of a word of a closed vocabulary.
    Word(&'static [&'static str]),
    /// A count or a measure.
    Number,
    /// 0 or 1.
    Flag,
    /// Money in minor units of the reporting currency.
    Money,
    /// Milliseconds since 1970.
    Time,
}

/// One named slot of an event type.
#[derive(Clone, Copy, Debug)]
pub struct SlotDef {
    /// The name after `data.` in expressions.
    pub name: &'static str,
    /// What it holds.
    pub slot_type: SlotType,
}

/// A line of an order as numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LineFact {
    /// Its number within the order.
    pub line: u32,
    /// Pieces.
    pub quantity: u32,
    /// The article, or [`NO_ID`].
    pub sku: Id,
    /// Its category, or [`NO_ID`].
    pub category: Id,
    /// Price of a piece in minor units of the reporting currency; NaN where unknown.
    pub unit_price: f64,
}

/// An event as numbers: identifiers, words, money, flags and times in fixed slots; NaN where missing.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// Its type.
    pub event_type: EventType,
    /// Event time, ms.
    pub time: i64,
    /// Arrival time, ms.
    pub arrival: i64,
    /// Place in the log, from 0.
    pub position: u64,
    /// The slots, as [`slots`] names them.
    pub slots: [f64; SLOTS],
    /// Its lines, where the type has some.
    pub lines: SmallVec<[LineFact; 4]>,
    /// The merchant's own fields: (name, number); texts as numbers of [`Kind::Label`].
    pub attributes: SmallVec<[(Id, f64); 2]>,
    /// Of a lead: whom and what it names.
    pub named: Vec<Named>,
}

impl Fact {
    /// The identifier in `slot`.
    #[inline]
    pub fn id(&self, slot: usize) -> Id {
        let v = self.slots[slot];
        if v.is_nan() { NO_ID } else { v as Id }
    }
    /// The identifiers among the slots.
    pub fn ids(&self) -> impl Iterator<Item = (Kind, Id)> + '_ {
        slots(self.event_type).iter().enumerate().filter_map(|(i, s)| match s.slot_type {
            SlotType::Id(kind) if !self.slots[i].is_nan() => Some((kind, self.id(i))),
            _ => None,
        })
    }
}

macro_rules! slot_tables {
    ($($event:ident { $($name:ident : $ty:expr),* $(,)? })*) => {
        /// The slots of an event type, in order.
        pub const fn slots(event_type: EventType) -> &'static [SlotDef] {
            match event_type {
                $(EventType::$event => {
                    const TABLE: &[SlotDef] = &[$(SlotDef { name: slot_name(stringify!($name)), slot_type: $ty }),*];
                    const { assert!(TABLE.len() <= SLOTS) }
                    TABLE
                })*
            }
        }
        /// Positions of the slots by event type and name.
        #[allow(non_upper_case_globals, missing_docs, non_snake_case)]
        pub mod at {
            $(pub mod $event {
                #[allow(non_camel_case_types, dead_code, clippy::enum_variant_names)]
                enum Order { $($name,)* }
                $(pub const $name: usize = Order::$name as usize;)*
            })*
        }
    };
}

const fn slot_name(name: &'static str) -> &'static str {
    name
}

use SlotType::{Flag, Id as I, Money as M, Number as N, Time as T, Word as W};

slot_tables! {
    AccountOpened { account: I(Kind::Account), country: I(Kind::Label), email: I(Kind::Email), phone: I(Kind::Phone) }
    AccountClosed { account: I(Kind::Account), reason: I(Kind::Label) }
    IdentifierSeen {
        account: I(Kind::Account), kind: W(IdentifierKind::TEXTS), device: I(Kind::Device), address: I(Kind::Address),
        payment: I(Kind::Payment), email: I(Kind::Email), phone: I(Kind::Phone), ip: I(Kind::Ip),
    }
    SessionStarted {
        session: I(Kind::Session), account: I(Kind::Account), staff: I(Kind::Staff), device: I(Kind::Device),
        ip: I(Kind::Ip), asn: I(Kind::Label), country: I(Kind::Label), auth: W(Auth::TEXTS), new_device: Flag,
    }
    ItemListed { sku: I(Kind::Sku), category: I(Kind::Category), unit_price: M, weight_g: N, serialised: Flag }
    OrderPlaced {
        order: I(Kind::Order), account: I(Kind::Account), total: M, address: I(Kind::Address), payment: I(Kind::Payment),
        device: I(Kind::Device), ip: I(Kind::Ip), seller: I(Kind::Seller), warehouse: I(Kind::Site), promised_by: T,
        line_count: N, quantity: N, sku: I(Kind::Sku), category: I(Kind::Category), unit_price: M,
    }
    ParcelScanned {
        parcel: I(Kind::Parcel), order: I(Kind::Order), direction: W(Direction::TEXTS), carrier: I(Kind::Carrier),
        status: W(ScanStatus::TEXTS), refund: I(Kind::Refund), weight_g: N, postal_code: I(Kind::Label),
        site: I(Kind::Site), service: I(Kind::Label), driver: I(Kind::Driver), photo: Flag, signature: Flag, otp: Flag,
        distance_m: N,
    }
    ReturnAuthorised {
        order: I(Kind::Order), refund: I(Kind::Refund), parcel: I(Kind::Parcel), carrier: I(Kind::Carrier),
        service: I(Kind::Label), postal_code: I(Kind::Label), site: I(Kind::Site), quantity: N,
    }
    ReturnReceived {
        order: I(Kind::Order), refund: I(Kind::Refund), parcel: I(Kind::Parcel), staff: I(Kind::Staff),
        station: I(Kind::Station), lane: W(Lane::TEXTS), weight_g: N, serial_match: Flag, quantity: N,
    }
    ReturnInspected {
        order: I(Kind::Order), refund: I(Kind::Refund), staff: I(Kind::Staff), condition: W(Condition::TEXTS), quantity: N,
    }
    ItemRestocked { order: I(Kind::Order), line: N, staff: I(Kind::Staff) }
    ContactOpened {
        contact: I(Kind::Contact), account: I(Kind::Account), channel: W(ContactChannel::TEXTS), order: I(Kind::Order),
        staff: I(Kind::Staff), queue: I(Kind::Queue), assigned: W(Assigned::TEXTS), authenticated: Flag,
    }
    MessagePosted {
        contact: I(Kind::Contact), author: W(Author::TEXTS), staff: I(Kind::Staff), narrative: I(Kind::Narrative), length: N,
    }
    ContactClosed { contact: I(Kind::Contact), outcome: I(Kind::Label) }
    StaffJoined {
        staff: I(Kind::Staff), role: W(Role::TEXTS), site: I(Kind::Site), team: I(Kind::Label), queue: I(Kind::Queue),
        shift: I(Kind::Label), approval_limit: M,
    }
    StaffActed {
        staff: I(Kind::Staff), action: W(Action::TEXTS), order: I(Kind::Order), account: I(Kind::Account),
        refund: I(Kind::Refund), contact: I(Kind::Contact), session: I(Kind::Session),
    }
    RefundRequested {
        refund: I(Kind::Refund), order: I(Kind::Order), account: I(Kind::Account), amount: M, reason: W(ClaimReason::TEXTS),
        channel: W(RequestChannel::TEXTS), contact: I(Kind::Contact), staff: I(Kind::Staff), device: I(Kind::Device),
        ip: I(Kind::Ip), instrument: W(INSTRUMENTS), payment: I(Kind::Payment), document: I(Kind::Document),
        document_count: N, line_count: N, quantity: N,
    }
    RefundDecided {
        refund: I(Kind::Refund), decision: W(<ringfence_domain::DecisionKind as Word>::TEXTS), staff: I(Kind::Staff),
        by_engine: Flag, overridden: Flag, score: N,
    }
    RefundPaid { refund: I(Kind::Refund), amount: M, instrument: W(INSTRUMENTS), payment: I(Kind::Payment) }
    ChargebackOpened { order: I(Kind::Order), amount: M, reason: W(ChargebackReason::TEXTS), network_code: I(Kind::Label) }
    VerdictRecorded {
        subject_kind: W(SubjectKind::TEXTS), refund: I(Kind::Refund), account: I(Kind::Account), staff: I(Kind::Staff),
        verdict: W(Verdict::TEXTS), method: W(VerdictMethod::TEXTS),
    }
    TestPurchaseRegistered { order: I(Kind::Order) }
    AppealOpened { refund: I(Kind::Refund), account: I(Kind::Account) }
    AppealResolved { refund: I(Kind::Refund), account: I(Kind::Account), outcome: W(AppealOutcome::TEXTS) }
    PostCollected { platform: W(Platform::TEXTS), length: N }
    LeadRaised {
        lead: I(Kind::Lead), kind: W(LeadKind::TEXTS), as_of: T, probability: N, fdr: N, money: M, confirmed: N,
        pattern: W(LeadPattern::TEXTS),
    }
    LeadWithdrawn { lead: I(Kind::Lead), kind: W(LeadKind::TEXTS), as_of: T, reason: W(WithdrawalReason::TEXTS) }
}

/// The words of `data.instrument`: the reserved ones, and `token` for an instrument of its own.
pub const INSTRUMENTS: &[&str] = &["original", "gift_card", "store_credit", "token"];

/// Turns money of any currency into minor units of the reporting currency at a time; `None` where no rate is known.
pub trait Convert {
    /// See the trait.
    fn convert(&self, money: Money, at: Timestamp) -> Option<i64>;
}

impl<F: Fn(Money, Timestamp) -> Option<i64>> Convert for F {
    fn convert(&self, money: Money, at: Timestamp) -> Option<i64> {
        self(money, at)
    }
}

impl Convert for ringfence_domain::rates::Rates {
    fn convert(&self, money: Money, at: Timestamp) -> Option<i64> {
        ringfence_domain::rates::Rates::convert(self, money, at)
    }
}

/// Shortest message that can be a narrative, in letters and digits after normalising: shorter ones ("ok, thanks") repeat honestly.
pub const NARRATIVE_LETTERS_MIN: usize = 32;

/// What is left of a message when names, numbers and order of small changes are taken out:
/// lower-case words without digits, hashed. The same script sent from two accounts gives the same narrative.
fn narrative(text: &str) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut letters = 0;
    let mut gap = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphabetic() {
            if gap && letters > 0 {
                hash = (hash ^ 0x20).wrapping_mul(0x0100_0000_01b3);
            }
            gap = false;
            letters += 1;
            hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3);
        } else {
            gap = true;
        }
    }
    (letters >= NARRATIVE_LETTERS_MIN).then_some(hash)
}

/// Flattens events, giving numbers to the identifiers that they name.
#[derive(Debug)]
pub struct Flattener<'a, C> {
    names: &'a mut Names,
    convert: &'a C,
    time: Timestamp,
}

impl<C: Convert> Flattener<'_, C> {
    fn id(&mut self, kind: Kind, text: &str) -> f64 {
        f64::from(self.names.intern(kind, text))
    }
    fn opt(&mut self, kind: Kind, text: Option<&str>) -> f64 {
        text.map_or(f64::NAN, |t| self.id(kind, t))
    }
    fn money(&self, money: Money) -> f64 {
        self.convert.convert(money, self.time).map_or(f64::NAN, |m| m as f64)
    }
    fn opt_money(&self, money: Option<Money>) -> f64 {
        money.map_or(f64::NAN, |m| self.money(m))
    }
    fn lines(&mut self, lines: &[Line]) -> SmallVec<[LineFact; 4]> {
        lines
            .iter()
            .map(|l| LineFact {
                line: l.line,
                quantity: l.quantity,
                sku: l.sku.as_ref().map_or(NO_ID, |s| self.names.intern(Kind::Sku, s.as_str())),
                category: l
                    .category
                    .as_ref()
                    .map_or(NO_ID, |c| self.names.intern(Kind::Category, c.as_str())),
                unit_price: self.opt_money(l.unit_price),
            })
            .collect()
    }
    fn attributes(&mut self, attributes: Option<&Attributes>) -> SmallVec<[(Id, f64); 2]> {
        attributes
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let number = match value {
                    AttributeValue::Bool(b) => f64::from(u8::from(*b)),
                    AttributeValue::Number(n) => *n,
                    AttributeValue::Text(t) => self.id(Kind::Label, t),
                };
                (self.names.intern(Kind::Attribute, name), number)
            })
            .collect()
    }
    fn instrument(&mut self, instrument: Option<&Instrument>) -> (f64, f64) {
        match instrument {
            None => (f64::NAN, f64::NAN),
            Some(Instrument::Original) => (0.0, f64::NAN),
            Some(Instrument::GiftCard) => (1.0, f64::NAN),
            Some(Instrument::StoreCredit) => (2.0, f64::NAN),
            Some(Instrument::Token(t)) => (3.0, self.id(Kind::Payment, t.as_str())),
        }
    }
}

fn flag(b: Option<bool>) -> f64 {
    b.map_or(f64::NAN, |b| f64::from(u8::from(b)))
}
fn word<W: Word>(w: W) -> f64 {
    f64::from(w.code())
}
fn opt_word<W: Word>(w: Option<W>) -> f64 {
    w.map_or(f64::NAN, |w| f64::from(w.code()))
}
fn number(n: Option<u64>) -> f64 {
    n.map_or(f64::NAN, |n| n as f64)
}
fn pieces(lines: &[LineFact]) -> f64 {
    lines.iter().map(|l| f64::from(l.quantity)).sum()
}

/// The dearest line, by the price of a piece; the first where no price is known.
pub(crate) fn dearest(lines: &[LineFact]) -> Option<&LineFact> {
    lines.iter().reduce(|a, b| {
        if b.unit_price > a.unit_price || (a.unit_price.is_nan() && !b.unit_price.is_nan()) { b } else { a }
    })
}

fn id_or_nan(id: Id) -> f64 {
    if id == NO_ID { f64::NAN } else { f64::from(id) }
}

/// The event as numbers; `None` for a type that the contract does not know.
///
/// `arrival` is in ms: `recordedtime` where present, otherwise the latest time seen so far.
#[allow(clippy::too_many_lines)] // one arm an event type, each a table
pub fn flatten<C: Convert>(
    event: &Event,
    arrival: i64,
    position: u64,
    names: &mut Names,
    convert: &C,
) -> Option<Fact> {
    let event_type = event.body.event_type()?;
    let mut f = Flattener { names, convert, time: event.time };
    let mut s = [f64::NAN; SLOTS];
    let mut lines = SmallVec::new();
    let mut whom = Vec::new();
    macro_rules! set {
        ($e:ident: $($slot:ident = $value:expr),* $(,)?) => {{ $(s[at::$e::$slot] = $value;)* }};
    }
    use Kind as K;
    macro_rules! id {
        ($kind:ident, $v:expr) => {
            f.id(K::$kind, $v.as_str())
        };
    }
    macro_rules! opt {
        ($kind:ident, $v:expr) => {
            f.opt(K::$kind, $v.as_ref().map(|v| v.as_str()))
        };
    }
    match &event.body {
        Body::AccountOpened(e) => {
            set!(AccountOpened: account = id!(Account, e.account), country = opt!(Label, e.country),
            email = opt!(Email, e.email), phone = opt!(Phone, e.phone))
        }
        Body::AccountClosed(e) => {
            set!(AccountClosed: account = id!(Account, e.account), reason = opt!(Label, e.reason))
        }
        Body::IdentifierSeen(e) => {
            set!(IdentifierSeen: account = id!(Account, e.account), kind = word(e.kind));
            let (slot, kind) = match e.kind {
                IdentifierKind::Device => (at::IdentifierSeen::device, K::Device),
                IdentifierKind::Address => (at::IdentifierSeen::address, K::Address),
                IdentifierKind::Payment => (at::IdentifierSeen::payment, K::Payment),
                IdentifierKind::Email => (at::IdentifierSeen::email, K::Email),
                IdentifierKind::Phone => (at::IdentifierSeen::phone, K::Phone),
                IdentifierKind::Ip => (at::IdentifierSeen::ip, K::Ip),
            };
            s[slot] = f.id(kind, e.value.as_str());
        }
        Body::SessionStarted(e) => {
            set!(SessionStarted: session = id!(Session, e.session), account = opt!(Account, e.account),
            staff = opt!(Staff, e.staff), device = opt!(Device, e.device), ip = opt!(Ip, e.ip), asn = opt!(Label, e.asn),
            country = opt!(Label, e.country), auth = opt_word(e.auth), new_device = flag(e.new_device))
        }
        Body::ItemListed(e) => set!(ItemListed: sku = id!(Sku, e.sku), category = opt!(Category, e.category),
            unit_price = f.opt_money(e.unit_price), weight_g = number(e.weight_g), serialised = flag(e.serialised)),
        Body::OrderPlaced(e) => {
            lines = f.lines(&e.lines);
            set!(OrderPlaced: order = id!(Order, e.order), account = id!(Account, e.account), total = f.money(e.total),
                address = opt!(Address, e.address), payment = opt!(Payment, e.payment), device = opt!(Device, e.device),
                ip = opt!(Ip, e.ip), seller = opt!(Seller, e.seller), warehouse = opt!(Site, e.warehouse),
                promised_by = e.promised_by.map_or(f64::NAN, |t| t.millis() as f64),
                line_count = lines.len() as f64, quantity = pieces(&lines));
            if let Some(l) = dearest(&lines) {
                set!(OrderPlaced: sku = id_or_nan(l.sku), category = id_or_nan(l.category), unit_price = l.unit_price);
            }
        }
        Body::ParcelScanned(e) => {
            set!(ParcelScanned: parcel = id!(Parcel, e.parcel), order = id!(Order, e.order), direction = word(e.direction),
                carrier = id!(Carrier, e.carrier), status = word(e.status), refund = opt!(Refund, e.refund),
                weight_g = number(e.weight_g), postal_code = opt!(Label, e.postal_code), site = opt!(Site, e.site),
                service = opt!(Label, e.service), driver = opt!(Driver, e.driver));
            if let Some(p) = &e.proof {
                set!(ParcelScanned: photo = flag(p.photo), signature = flag(p.signature), otp = flag(p.otp),
                    distance_m = p.distance_m.unwrap_or(f64::NAN));
            }
        }
        Body::ReturnAuthorised(e) => {
            lines = f.lines(&e.lines);
            let destination = e.destination.as_ref();
            set!(ReturnAuthorised: order = id!(Order, e.order), refund = opt!(Refund, e.refund), parcel = opt!(Parcel, e.parcel),
                carrier = opt!(Carrier, e.carrier), service = opt!(Label, e.service),
                postal_code = opt!(Label, destination.and_then(|d| d.postal_code.as_ref())),
                site = opt!(Site, destination.and_then(|d| d.site.as_ref())), quantity = pieces(&lines));
        }
        Body::ReturnReceived(e) => {
            lines = f.lines(&e.lines);
            set!(ReturnReceived: order = id!(Order, e.order), refund = opt!(Refund, e.refund), parcel = opt!(Parcel, e.parcel),
                staff = id!(Staff, e.staff), station = opt!(Station, e.station), lane = opt_word(e.lane),
                weight_g = number(e.weight_g), serial_match = flag(e.serial_match), quantity = pieces(&lines));
        }
        Body::ReturnInspected(e) => {
            lines = f.lines(&e.lines);
            set!(ReturnInspected: order = id!(Order, e.order), refund = opt!(Refund, e.refund), staff = opt!(Staff, e.staff),
                condition = word(e.condition), quantity = pieces(&lines));
        }
        Body::ItemRestocked(e) => {
            set!(ItemRestocked: order = id!(Order, e.order), line = f64::from(e.line), staff = opt!(Staff, e.staff))
        }
        Body::ContactOpened(e) => {
            set!(ContactOpened: contact = id!(Contact, e.contact), account = id!(Account, e.account),
            channel = word(e.channel), order = opt!(Order, e.order), staff = opt!(Staff, e.staff), queue = opt!(Queue, e.queue),
            assigned = opt_word(e.assigned), authenticated = flag(e.authenticated))
        }
        Body::MessagePosted(e) => {
            let script = match e.author {
                Author::Customer => narrative(&e.text),
                Author::Agent | Author::Bot => None,
            };
            set!(MessagePosted: contact = id!(Contact, e.contact), author = word(e.author), staff = opt!(Staff, e.staff),
                narrative = script.map_or(f64::NAN, |h| f.id(K::Narrative, &format!("{h:016x}"))),
                length = e.text.len() as f64);
        }
        Body::ContactClosed(e) => {
            set!(ContactClosed: contact = id!(Contact, e.contact), outcome = opt!(Label, e.outcome))
        }
        Body::StaffJoined(e) => {
            set!(StaffJoined: staff = id!(Staff, e.staff), role = word(e.role), site = opt!(Site, e.site),
            team = opt!(Label, e.team), queue = opt!(Queue, e.queue), shift = opt!(Label, e.shift),
            approval_limit = f.opt_money(e.approval_limit))
        }
        Body::StaffActed(e) => {
            set!(StaffActed: staff = id!(Staff, e.staff), action = word(e.action), order = opt!(Order, e.order),
            account = opt!(Account, e.account), refund = opt!(Refund, e.refund), contact = opt!(Contact, e.contact),
            session = opt!(Session, e.session))
        }
        Body::RefundRequested(e) => {
            lines = f.lines(&e.lines);
            let (instrument, payment) = f.instrument(e.instrument.as_ref());
            let documents = e.documents.as_deref().unwrap_or_default();
            set!(RefundRequested: refund = id!(Refund, e.refund), order = id!(Order, e.order), account = id!(Account, e.account),
                amount = f.money(e.amount), reason = word(e.reason), channel = word(e.channel), contact = opt!(Contact, e.contact),
                staff = opt!(Staff, e.staff), device = opt!(Device, e.device), ip = opt!(Ip, e.ip), instrument = instrument,
                payment = payment, document = opt!(Document, documents.first()), document_count = documents.len() as f64,
                line_count = lines.len() as f64, quantity = pieces(&lines));
        }
        Body::RefundDecided(e) => {
            let (staff, by_engine) = match &e.by {
                DecidedBy::Engine => (f64::NAN, 1.0),
                DecidedBy::Staff(id) => (f.id(K::Staff, id.as_str()), 0.0),
            };
            set!(RefundDecided: refund = id!(Refund, e.refund), decision = word(e.decision), staff = staff, by_engine = by_engine,
                overridden = flag(e.overridden), score = e.score.unwrap_or(f64::NAN));
        }
        Body::RefundPaid(e) => {
            let (instrument, payment) = f.instrument(e.instrument.as_ref());
            set!(RefundPaid: refund = id!(Refund, e.refund), amount = f.money(e.amount), instrument = instrument, payment = payment);
        }
        Body::ChargebackOpened(e) => {
            set!(ChargebackOpened: order = id!(Order, e.order), amount = f.money(e.amount),
            reason = word(e.reason), network_code = opt!(Label, e.network_code))
        }
        Body::VerdictRecorded(e) => {
            set!(VerdictRecorded: subject_kind = word(e.subject.kind), verdict = word(e.verdict), method = word(e.method));
            let slot = match e.subject.kind {
                SubjectKind::Refund => Some((at::VerdictRecorded::refund, K::Refund)),
                SubjectKind::Account => Some((at::VerdictRecorded::account, K::Account)),
                SubjectKind::Staff => Some((at::VerdictRecorded::staff, K::Staff)),
                SubjectKind::Ring => None,
            };
            if let Some((slot, kind)) = slot {
                s[slot] = f.id(kind, e.subject.id.as_str());
            }
        }
        Body::TestPurchaseRegistered(e) => set!(TestPurchaseRegistered: order = id!(Order, e.order)),
        Body::AppealOpened(e) => {
            set!(AppealOpened: refund = id!(Refund, e.refund), account = id!(Account, e.account))
        }
        Body::AppealResolved(e) => {
            set!(AppealResolved: refund = id!(Refund, e.refund), account = id!(Account, e.account), outcome = word(e.outcome))
        }
        Body::PostCollected(e) => {
            set!(PostCollected: platform = word(e.platform), length = e.text.len() as f64)
        }
        Body::LeadRaised(e) => {
            whom = named(e, |kind, text| f.names.intern(kind, text));
            set!(LeadRaised: lead = id!(Lead, e.lead), kind = word(e.kind), as_of = e.as_of.millis() as f64,
                probability = e.probability, fdr = e.fdr, money = f.money(e.money),
                confirmed = number(e.confirmed.map(u64::from)), pattern = opt_word(e.pattern));
        }
        Body::LeadWithdrawn(e) => {
            set!(LeadWithdrawn: lead = id!(Lead, e.lead), kind = word(e.kind), as_of = e.as_of.millis() as f64,
                reason = word(e.reason))
        }
        Body::Unknown { .. } => return None,
    }
    let attributes = f.attributes(event.body.attributes());
    Some(Fact {
        event_type,
        time: event.time.millis(),
        arrival,
        position,
        slots: s,
        lines,
        attributes,
        named: whom,
    })
}
