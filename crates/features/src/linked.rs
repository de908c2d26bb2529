//! What is known of the order, parcel, contact, staff member… that an event names? Facts one hop away.
//!
//! Every kind that other events lead to has a row of named facts: the order its delivery and its return record,
//! the member of staff their role. The rows are what reconciliation reads: a claim against the parcel, a receipt
//! record against the scans. A row sees each event once, in the order of arrival.

use crate::fact::{Fact, LineFact, SlotType, at, dearest};
use crate::kind::{Id, Kind, NO_ID};
use ringfence_domain::EventType;
use ringfence_domain::grow::Chunked;
use ringfence_domain::words::{Condition, Direction, ScanStatus, SubjectKind, Word};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A fact one hop away.
#[derive(Clone, Copy, Debug)]
pub struct FactDef {
    /// Its name after the kind, as in `order.delivered_at`.
    pub name: &'static str,
    /// What it holds.
    pub slot_type: SlotType,
    /// The field that holds the log position of the event behind it.
    pub evidence: Option<usize>,
}

macro_rules! blocks {
    ($($(#[$doc:meta])* $block:ident = $prefix:literal, $kind:expr; { $($field:ident : $ty:expr $(, by $evidence:ident)?;)* })*) => {
        /// A table of facts; `order` has two, so that the many orders that nobody complains of stay small.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Block { $($(#[$doc])* $block,)* }

        impl Block {
            /// All tables.
            pub const ALL: &'static [Block] = &[$(Block::$block),*];
            /// The kind whose identifiers number its rows.
            pub const fn kind(self) -> Kind { match self { $(Block::$block => $kind,)* } }
            /// The word before the dot.
            pub const fn prefix(self) -> &'static str { match self { $(Block::$block => $prefix,)* } }
            /// Its facts in order; names that begin with `@` are positions of evidence, not for expressions.
            pub const fn facts(self) -> &'static [FactDef] {
                match self { $(Block::$block => {
                    #[allow(unused_mut, unused_assignments)]
                    const TABLE: &[FactDef] = &[$(FactDef {
                        name: stringify!($field),
                        slot_type: $ty,
                        evidence: { let mut e = None; $(e = Some(f::$block::$evidence);)? e },
                    }),*];
                    TABLE
                })* }
            }
        }

        /// Positions of the facts by table and name.
        #[allow(non_upper_case_globals, non_snake_case, missing_docs)]
        pub mod f {
            $(pub mod $block {
                #[allow(non_camel_case_types, dead_code)]
                enum Order { $($field,)* }
                $(pub const $field: usize = Order::$field as usize;)*
            })*
        }
    };
}

use SlotType::{Flag, Id as I, Money as M, Number as N, Time as T, Word as W};

blocks! {
    /// What was ordered and how it travelled.
    Order = "order", Kind::Order; {
        // First what every scan reads and writes, so that it lies close together.
        placed_at: T, by placed_pos; outbound_scans: N; carrier: I(Kind::Carrier), by delivered_pos;
        driver: I(Kind::Driver), by delivered_pos; weight_first_g: N, by origin_pos; weight_last_g: N, by delivered_pos;
        label_at: T; origin_scan_at: T, by origin_pos; origin_pos: N;
        delivered_at: T, by delivered_pos; delivered_pos: N; delivered_photo: Flag, by delivered_pos;
        delivered_signature: Flag, by delivered_pos; delivered_otp: Flag, by delivered_pos;
        delivered_distance_m: N, by delivered_pos; exception_at: T; lost_at: T; returned_to_sender_at: T;
        total: M, by placed_pos; account: I(Kind::Account), by placed_pos;
        address: I(Kind::Address), by placed_pos; payment: I(Kind::Payment), by placed_pos;
        device: I(Kind::Device), by placed_pos; ip: I(Kind::Ip), by placed_pos; seller: I(Kind::Seller), by placed_pos;
        warehouse: I(Kind::Site), by placed_pos; promised_by: T, by placed_pos; line_count: N, by placed_pos;
        quantity: N, by placed_pos; sku: I(Kind::Sku), by placed_pos; category: I(Kind::Category), by placed_pos;
        unit_price: M, by placed_pos; placed_pos: N;
    }
    /// What came back, and what was asked for.
    Return = "order", Kind::Order; {
        return_authorised_at: T, by authorised_pos; return_parcel: I(Kind::Parcel), by authorised_pos;
        return_label_at: T; return_scanned_at: T, by return_scan_pos; return_scanned: Flag, by return_scan_pos;
        return_delivered_at: T, by return_delivered_pos; return_weight_g: N, by return_scan_pos;
        return_postal_differs: Flag, by return_delivered_pos; return_service_differs: Flag, by return_scan_pos;
        return_parcel_differs: Flag, by return_scan_pos;
        received_at: T, by received_pos; received_staff: I(Kind::Staff), by received_pos;
        received_lane: W(ringfence_domain::words::Lane::TEXTS), by received_pos; received_weight_g: N, by received_pos;
        serial_match: Flag, by received_pos; received_without_scan: Flag, by received_pos;
        inspected_at: T, by inspected_pos; condition: W(Condition::TEXTS), by inspected_pos; restocked_at: T;
        requests: N, by last_request_pos; requested_amount: M, by last_request_pos;
        first_requested_at: T; last_requested_at: T, by last_request_pos; paid: M; denied: N;
        chargeback_at: T, by chargeback_pos; test_purchase: Flag; contacts: N; claimed_not_received: Flag, by last_request_pos;
        authorised_postal: I(Kind::Label); authorised_service: I(Kind::Label);
        authorised_pos: N; return_scan_pos: N; return_delivered_pos: N; received_pos: N; inspected_pos: N;
        last_request_pos: N; chargeback_pos: N;
    }
    /// A customer's account.
    Account = "account", Kind::Account; {
        opened_at: T, by opened_pos; closed_at: T; country: I(Kind::Label), by opened_pos; email: I(Kind::Email), by opened_pos;
        phone: I(Kind::Phone), by opened_pos; last_session_at: T, by session_pos; last_session_new_device: Flag, by session_pos;
        last_session_recovery: Flag, by session_pos; last_session_country: I(Kind::Label), by session_pos;
        last_identifier_at: T, by identifier_pos; verdict_abuse: Flag, by verdict_pos;
        opened_pos: N; session_pos: N; identifier_pos: N; verdict_pos: N;
    }
    /// A member of staff.
    Staff = "staff", Kind::Staff; {
        joined_at: T; role: W(ringfence_domain::words::Role::TEXTS); site: I(Kind::Site); team: I(Kind::Label);
        queue: I(Kind::Queue); shift: I(Kind::Label); approval_limit: M;
        last_session_at: T, by session_pos; last_session_new_device: Flag, by session_pos;
        last_session_asn_changed: Flag, by session_pos; last_session_country_changed: Flag, by session_pos;
        last_session_asn: I(Kind::Label); last_session_country: I(Kind::Label); last_credentials_reset_at: T, by reset_pos;
        session_pos: N; reset_pos: N;
    }
    /// A conversation.
    Contact = "contact", Kind::Contact; {
        opened_at: T, by opened_pos; account: I(Kind::Account); order: I(Kind::Order); staff: I(Kind::Staff); queue: I(Kind::Queue);
        channel: W(ringfence_domain::words::ContactChannel::TEXTS), by opened_pos;
        assigned: W(ringfence_domain::words::Assigned::TEXTS), by opened_pos; authenticated: Flag, by opened_pos;
        narrative: I(Kind::Narrative), by narrative_pos; messages: N; customer_length: N; opened_pos: N; narrative_pos: N;
    }
    /// A refund request.
    Refund = "refund", Kind::Refund; {
        order: I(Kind::Order); account: I(Kind::Account); staff: I(Kind::Staff); contact: I(Kind::Contact); device: I(Kind::Device);
        amount: M; requested_at: T; reason: W(ringfence_domain::words::ClaimReason::TEXTS);
        decision: W(<ringfence_domain::DecisionKind as Word>::TEXTS); decided_at: T; decided_staff: I(Kind::Staff); paid: M;
        verdict: W(ringfence_domain::words::Verdict::TEXTS); position: N;
    }
    /// A parcel.
    Parcel = "parcel", Kind::Parcel; {
        order: I(Kind::Order); direction: W(Direction::TEXTS); first_scan_at: T; delivered_at: T;
        orders_differ: Flag; weight_first_g: N;
    }
    /// An article.
    Sku = "sku", Kind::Sku; {
        category: I(Kind::Category); unit_price: M; weight_g: N; serialised: Flag; listed_at: T;
    }
}

/// Lines kept of an order: requests name them by number. Orders beyond are rare; their other lines stay unknown.
pub const LINES_KEPT_MAX: usize = 16;

const NO_ROW: u32 = u32::MAX;

/// Rows that a table grows by: what is there is never moved, and little lies idle.
const CHUNK_ROWS: usize = 256;

/// One table: rows by identifier, allocated when first written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Table {
    rows: Chunked<u32>,
    chunks: Vec<Vec<f64>>,
    used: u32,
    stride: usize,
}

impl Table {
    #[inline]
    fn get(&self, id: Id, field: usize) -> f64 {
        self.facts(id).map_or(f64::NAN, |facts| facts[field])
    }
    /// The facts of `id`, where it has some.
    #[inline]
    fn facts(&self, id: Id) -> Option<&[f64]> {
        match self.rows.get(id as usize) {
            Some(&row) if row != NO_ROW => {
                let (chunk, start) = self.place(row);
                self.chunks.get(chunk)?.get(start..start + self.stride)
            }
            _ => None,
        }
    }
    #[inline]
    fn place(&self, row: u32) -> (usize, usize) {
        let row = row as usize;
        (row / CHUNK_ROWS, row % CHUNK_ROWS * self.stride)
    }
    #[inline]
    fn row(&mut self, id: Id) -> &mut [f64] {
        assert!(id != NO_ID, "only things that an event names get a row");
        let row = self.rows.reach(id as usize, || NO_ROW);
        if *row == NO_ROW {
            *row = self.used;
            if (self.used as usize).is_multiple_of(CHUNK_ROWS) {
                self.chunks.push(vec![f64::NAN; CHUNK_ROWS * self.stride]);
            }
            self.used += 1;
        }
        let row = *row;
        let (chunk, start) = self.place(row);
        &mut self.chunks[chunk][start..start + self.stride]
    }
    fn memory_bytes(&self) -> usize {
        self.rows.capacity() * 4 + self.chunks.len() * CHUNK_ROWS * self.stride * 8
    }
}

/// The facts of all kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    tables: Vec<Table>,
    /// Lines of each order: start and number in `lines`.
    order_lines: Chunked<(u32, u32)>,
    /// Those of an order side by side.
    lines: Chunked<KeptLine>,
}

/// A line of an order as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptLine {
    /// Its number within the order.
    pub line: u32,
    /// Pieces.
    pub quantity: u32,
    /// The article, or [`NO_ID`].
    pub sku: Id,
    /// Its category, or [`NO_ID`].
    pub category: Id,
    /// Price of a piece, reporting currency; NaN where unknown.
    pub unit_price: f64,
}

impl KeptLine {
    /// What fills a chunk whose rest is too short.
    const NONE: KeptLine =
        KeptLine { line: 0, quantity: 0, sku: NO_ID, category: NO_ID, unit_price: f64::NAN };
}

impl Default for Linked {
    fn default() -> Self {
        let table = |b: &Block| Table { stride: b.facts().len(), ..Table::default() };
        Self {
            tables: Block::ALL.iter().map(table).collect(),
            order_lines: Chunked::default(),
            lines: Chunked::default(),
        }
    }
}

/// Writes `value` where it is known.
fn put(cell: &mut f64, value: f64) {
    if !value.is_nan() {
        *cell = value;
    }
}
/// Writes `value` where nothing was.
fn put_first(cell: &mut f64, value: f64) {
    if cell.is_nan() {
        *cell = value;
    }
}
fn add(cell: &mut f64, value: f64) {
    if !value.is_nan() {
        *cell = if cell.is_nan() { value } else { *cell + value };
    }
}
/// 1 where both are known and differ, 0 where they agree; NaN where one is unknown.
fn differs(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { f64::from(u8::from(a != b)) }
}

impl Linked {
    /// A fact of `id`; NaN where it, or the thing, is unknown.
    #[inline]
    pub fn get(&self, block: Block, id: Id, field: usize) -> f64 {
        self.tables[block as usize].get(id, field)
    }
    /// The number of the row that a table has for `id`; 0 where it has none.
    #[inline]
    pub(crate) fn row_number(&self, block: Block, id: Id) -> usize {
        self.tables[block as usize].rows.get(id as usize).map_or(0, |&row| row as usize)
    }
    /// The facts that a table holds of `id`, where it has some.
    #[inline]
    pub fn row_of(&self, block: Block, id: Id) -> Option<&[f64]> {
        self.tables[block as usize].facts(id)
    }
    /// An identifier among the facts; [`NO_ID`] where unknown.
    #[inline]
    pub fn id(&self, block: Block, id: Id, field: usize) -> Id {
        let v = self.get(block, id, field);
        if v.is_nan() { NO_ID } else { v as Id }
    }
    /// All facts of one thing, table by table.
    pub fn facts_of(&self, kind: Kind, id: Id) -> impl Iterator<Item = f64> + '_ {
        let blocks = Block::ALL.iter().filter(move |b| b.kind() == kind);
        blocks.flat_map(move |&b| (0..b.facts().len()).map(move |field| self.get(b, id, field)))
    }
    /// The lines of an order, in the order in which they came.
    pub fn lines(&self, order: Id) -> &[KeptLine] {
        match self.order_lines.get(order as usize) {
            Some(&(start, n)) => self.lines.side_by_side(start as usize, n as usize),
            None => &[],
        }
    }
    /// The dearest of the lines that a request names; the order's dearest where it names none that is known.
    pub fn requested_line(&self, order: Id, lines: &[LineFact]) -> Option<LineFact> {
        let kept = self.lines(order);
        let full = |k: &KeptLine| LineFact {
            line: k.line,
            quantity: k.quantity,
            sku: k.sku,
            category: k.category,
            unit_price: k.unit_price,
        };
        let named: SmallVec<[LineFact; 4]> =
            kept.iter().filter(|k| lines.iter().any(|l| l.line == k.line)).map(full).collect();
        let all: SmallVec<[LineFact; 4]> =
            if named.is_empty() { kept.iter().map(full).collect() } else { named };
        dearest(&all).or_else(|| dearest(lines)).copied()
    }
    fn row(&mut self, block: Block, id: Id) -> &mut [f64] {
        self.tables[block as usize].row(id)
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.tables.iter().map(Table::memory_bytes).sum::<usize>()
            + self.order_lines.capacity() * 8
            + self.lines.capacity() * size_of::<KeptLine>()
    }
    /// Writes down what an event says of the things that it names. `order`, `account`: as resolved for the event.
    pub fn apply(&mut self, fact: &Fact, order: Id, account: Id) {
        let s = &fact.slots;
        let time = fact.time as f64;
        let position = fact.position as f64;
        match fact.event_type {
            EventType::AccountOpened => {
                use at::AccountOpened as a;
                let row = self.row(Block::Account, fact.id(a::account));
                row[f::Account::opened_at] = time;
                row[f::Account::opened_pos] = position;
                put(&mut row[f::Account::country], s[a::country]);
                put(&mut row[f::Account::email], s[a::email]);
                put(&mut row[f::Account::phone], s[a::phone]);
            }
            EventType::AccountClosed => self.row(Block::Account, account)[f::Account::closed_at] = time,
            EventType::IdentifierSeen => {
                let row = self.row(Block::Account, account);
                row[f::Account::last_identifier_at] = time;
                row[f::Account::identifier_pos] = position;
                put_first(&mut row[f::Account::email], s[at::IdentifierSeen::email]);
                put_first(&mut row[f::Account::phone], s[at::IdentifierSeen::phone]);
            }
            EventType::SessionStarted => self.session_started(fact),
            EventType::ItemListed => {
                use at::ItemListed as a;
                let row = self.row(Block::Sku, fact.id(a::sku));
                put(&mut row[f::Sku::category], s[a::category]);
                put(&mut row[f::Sku::unit_price], s[a::unit_price]);
                put(&mut row[f::Sku::weight_g], s[a::weight_g]);
                put(&mut row[f::Sku::serialised], s[a::serialised]);
                put_first(&mut row[f::Sku::listed_at], time);
            }
            EventType::OrderPlaced => self.order_placed(fact),
            EventType::ParcelScanned => self.parcel_scanned(fact),
            EventType::ReturnAuthorised => {
                use at::ReturnAuthorised as a;
                let row = self.row(Block::Return, order);
                row[f::Return::return_authorised_at] = time;
                row[f::Return::authorised_pos] = position;
                put(&mut row[f::Return::return_parcel], s[a::parcel]);
                put(&mut row[f::Return::authorised_postal], s[a::postal_code]);
                put(&mut row[f::Return::authorised_service], s[a::service]);
            }
            EventType::ReturnReceived => {
                use at::ReturnReceived as a;
                let scanned = self.get(Block::Return, order, f::Return::return_scanned_at);
                let row = self.row(Block::Return, order);
                row[f::Return::received_at] = time;
                row[f::Return::received_pos] = position;
                put(&mut row[f::Return::received_staff], s[a::staff]);
                put(&mut row[f::Return::received_lane], s[a::lane]);
                put(&mut row[f::Return::received_weight_g], s[a::weight_g]);
                put(&mut row[f::Return::serial_match], s[a::serial_match]);
                row[f::Return::received_without_scan] = f64::from(u8::from(scanned.is_nan()));
            }
            EventType::ReturnInspected => {
                let row = self.row(Block::Return, order);
                row[f::Return::inspected_at] = time;
                row[f::Return::inspected_pos] = position;
                row[f::Return::condition] = s[at::ReturnInspected::condition];
            }
            EventType::ItemRestocked => self.row(Block::Return, order)[f::Return::restocked_at] = time,
            EventType::ContactOpened => {
                use at::ContactOpened as a;
                let row = self.row(Block::Contact, fact.id(a::contact));
                row[f::Contact::opened_at] = time;
                row[f::Contact::opened_pos] = position;
                row[f::Contact::account] = s[a::account];
                put(&mut row[f::Contact::order], s[a::order]);
                put(&mut row[f::Contact::staff], s[a::staff]);
                put(&mut row[f::Contact::queue], s[a::queue]);
                put(&mut row[f::Contact::channel], s[a::channel]);
                put(&mut row[f::Contact::assigned], s[a::assigned]);
                put(&mut row[f::Contact::authenticated], s[a::authenticated]);
                if order != NO_ID {
                    add(&mut self.row(Block::Return, order)[f::Return::contacts], 1.0);
                }
            }
            EventType::MessagePosted => {
                use at::MessagePosted as a;
                let row = self.row(Block::Contact, fact.id(a::contact));
                add(&mut row[f::Contact::messages], 1.0);
                if s[a::author] == f64::from(ringfence_domain::words::Author::Customer.code()) {
                    add(&mut row[f::Contact::customer_length], s[a::length]);
                    if row[f::Contact::narrative].is_nan() && !s[a::narrative].is_nan() {
                        row[f::Contact::narrative] = s[a::narrative];
                        row[f::Contact::narrative_pos] = position;
                    }
                }
            }
            EventType::StaffJoined => {
                use at::StaffJoined as a;
                let row = self.row(Block::Staff, fact.id(a::staff));
                put_first(&mut row[f::Staff::joined_at], time);
                row[f::Staff::role] = s[a::role];
                put(&mut row[f::Staff::site], s[a::site]);
                put(&mut row[f::Staff::team], s[a::team]);
                put(&mut row[f::Staff::queue], s[a::queue]);
                put(&mut row[f::Staff::shift], s[a::shift]);
                put(&mut row[f::Staff::approval_limit], s[a::approval_limit]);
            }
            EventType::StaffActed => {
                use ringfence_domain::words::Action;
                if s[at::StaffActed::action] == f64::from(Action::ResetCredentials.code()) {
                    let row = self.row(Block::Staff, fact.id(at::StaffActed::staff));
                    row[f::Staff::last_credentials_reset_at] = time;
                    row[f::Staff::reset_pos] = position;
                }
            }
            EventType::RefundRequested => self.refund_requested(fact),
            EventType::RefundDecided => {
                use at::RefundDecided as a;
                let row = self.row(Block::Refund, fact.id(a::refund));
                row[f::Refund::decision] = s[a::decision];
                row[f::Refund::decided_at] = time;
                row[f::Refund::decided_staff] = s[a::staff];
                if order != NO_ID && s[a::decision] == f64::from(ringfence_domain::DecisionKind::Deny.code())
                {
                    add(&mut self.row(Block::Return, order)[f::Return::denied], 1.0);
                }
            }
            EventType::RefundPaid => {
                let amount = s[at::RefundPaid::amount];
                add(&mut self.row(Block::Refund, fact.id(at::RefundPaid::refund))[f::Refund::paid], amount);
                if order != NO_ID {
                    add(&mut self.row(Block::Return, order)[f::Return::paid], amount);
                }
            }
            EventType::ChargebackOpened => {
                let row = self.row(Block::Return, order);
                row[f::Return::chargeback_at] = time;
                row[f::Return::chargeback_pos] = position;
            }
            EventType::VerdictRecorded => self.verdict_recorded(fact, account),
            EventType::TestPurchaseRegistered => {
                self.row(Block::Return, order)[f::Return::test_purchase] = 1.0
            }
            EventType::ContactClosed
            | EventType::AppealOpened
            | EventType::AppealResolved
            | EventType::PostCollected
            | EventType::LeadRaised
            | EventType::LeadWithdrawn => {}
        }
    }
    fn session_started(&mut self, fact: &Fact) {
        use at::SessionStarted as a;
        let s = &fact.slots;
        let (time, position) = (fact.time as f64, fact.position as f64);
        let (account, staff) = (fact.id(a::account), fact.id(a::staff));
        if account != NO_ID {
            let row = self.row(Block::Account, account);
            row[f::Account::last_session_at] = time;
            row[f::Account::session_pos] = position;
            row[f::Account::last_session_new_device] = s[a::new_device];
            let recovery = f64::from(ringfence_domain::words::Auth::Recovery.code());
            row[f::Account::last_session_recovery] = f64::from(u8::from(s[a::auth] == recovery));
            put(&mut row[f::Account::last_session_country], s[a::country]);
        }
        if staff != NO_ID {
            let row = self.row(Block::Staff, staff);
            row[f::Staff::last_session_at] = time;
            row[f::Staff::session_pos] = position;
            row[f::Staff::last_session_new_device] = s[a::new_device];
            row[f::Staff::last_session_asn_changed] = differs(row[f::Staff::last_session_asn], s[a::asn]);
            row[f::Staff::last_session_country_changed] =
                differs(row[f::Staff::last_session_country], s[a::country]);
            put(&mut row[f::Staff::last_session_asn], s[a::asn]);
            put(&mut row[f::Staff::last_session_country], s[a::country]);
        }
    }
    fn order_placed(&mut self, fact: &Fact) {
        use at::OrderPlaced as a;
        let order = fact.id(a::order);
        let s = &fact.slots;
        let row = self.row(Block::Order, order);
        row[f::Order::placed_at] = fact.time as f64;
        row[f::Order::placed_pos] = fact.position as f64;
        for (field, slot) in [
            (f::Order::total, a::total),
            (f::Order::account, a::account),
            (f::Order::address, a::address),
            (f::Order::payment, a::payment),
            (f::Order::device, a::device),
            (f::Order::ip, a::ip),
            (f::Order::seller, a::seller),
            (f::Order::warehouse, a::warehouse),
            (f::Order::promised_by, a::promised_by),
            (f::Order::line_count, a::line_count),
            (f::Order::quantity, a::quantity),
            (f::Order::sku, a::sku),
            (f::Order::category, a::category),
            (f::Order::unit_price, a::unit_price),
        ] {
            row[field] = s[slot];
        }
        let kept = self.order_lines.reach(order as usize, || (0, 0));
        if kept.1 == 0 {
            let lines = &fact.lines[..fact.lines.len().min(LINES_KEPT_MAX)];
            let start = self.lines.start_of(lines.len(), || KeptLine::NONE);
            for l in lines {
                let LineFact { line, quantity, sku, category, unit_price } = *l;
                self.lines.push(KeptLine { line, quantity, sku, category, unit_price });
            }
            *kept = (start as u32, lines.len() as u32);
        }
    }
    fn parcel_scanned(&mut self, fact: &Fact) {
        use at::ParcelScanned as a;
        let s = &fact.slots;
        let (time, position) = (fact.time as f64, fact.position as f64);
        let (parcel, order) = (fact.id(a::parcel), fact.id(a::order));
        let status = ScanStatus::ALL[s[a::status] as usize];
        let row = self.row(Block::Parcel, parcel);
        if !row[f::Parcel::order].is_nan() && row[f::Parcel::order] != s[a::order] {
            row[f::Parcel::orders_differ] = 1.0;
        }
        put_first(&mut row[f::Parcel::order], s[a::order]);
        row[f::Parcel::direction] = s[a::direction];
        put_first(&mut row[f::Parcel::weight_first_g], s[a::weight_g]);
        if status != ScanStatus::LabelCreated {
            put_first(&mut row[f::Parcel::first_scan_at], time);
        }
        if status == ScanStatus::Delivered {
            put(&mut row[f::Parcel::delivered_at], time);
        }
        let reused = row[f::Parcel::orders_differ];
        if s[a::direction] == f64::from(Direction::Return.code()) {
            let issued = self.get(Block::Return, order, f::Return::return_parcel);
            let row = self.row(Block::Return, order);
            if status == ScanStatus::LabelCreated {
                put_first(&mut row[f::Return::return_label_at], time);
                return;
            }
            if row[f::Return::return_scanned_at].is_nan() {
                row[f::Return::return_scanned_at] = time;
                row[f::Return::return_scanned] = 1.0;
                row[f::Return::return_scan_pos] = position;
                let other = differs(issued, s[a::parcel]);
                row[f::Return::return_parcel_differs] = if reused == 1.0 { 1.0 } else { other };
            }
            put_first(&mut row[f::Return::return_weight_g], s[a::weight_g]);
            let service_differs = differs(row[f::Return::authorised_service], s[a::service]);
            put(&mut row[f::Return::return_service_differs], service_differs);
            if status == ScanStatus::Delivered {
                row[f::Return::return_delivered_at] = time;
                row[f::Return::return_delivered_pos] = position;
                let postal_differs = differs(row[f::Return::authorised_postal], s[a::postal_code]);
                put(&mut row[f::Return::return_postal_differs], postal_differs);
            }
            return;
        }
        let row = self.row(Block::Order, order);
        add(&mut row[f::Order::outbound_scans], 1.0);
        put(&mut row[f::Order::carrier], s[a::carrier]);
        put(&mut row[f::Order::driver], s[a::driver]);
        put_first(&mut row[f::Order::weight_first_g], s[a::weight_g]);
        put(&mut row[f::Order::weight_last_g], s[a::weight_g]);
        match status {
            ScanStatus::LabelCreated => row[f::Order::label_at] = time,
            ScanStatus::Accepted | ScanStatus::InTransit | ScanStatus::OutForDelivery => {
                if row[f::Order::origin_scan_at].is_nan() {
                    row[f::Order::origin_scan_at] = time;
                    row[f::Order::origin_pos] = position;
                }
            }
            ScanStatus::Delivered => {
                row[f::Order::delivered_at] = time;
                row[f::Order::delivered_pos] = position;
                put(&mut row[f::Order::delivered_photo], s[a::photo]);
                put(&mut row[f::Order::delivered_signature], s[a::signature]);
                put(&mut row[f::Order::delivered_otp], s[a::otp]);
                put(&mut row[f::Order::delivered_distance_m], s[a::distance_m]);
            }
            ScanStatus::Exception => row[f::Order::exception_at] = time,
            ScanStatus::Lost => row[f::Order::lost_at] = time,
            ScanStatus::ReturnedToSender => row[f::Order::returned_to_sender_at] = time,
        }
    }
    fn refund_requested(&mut self, fact: &Fact) {
        use at::RefundRequested as a;
        let s = &fact.slots;
        let (time, position) = (fact.time as f64, fact.position as f64);
        let row = self.row(Block::Refund, fact.id(a::refund));
        row[f::Refund::order] = s[a::order];
        row[f::Refund::account] = s[a::account];
        row[f::Refund::staff] = s[a::staff];
        row[f::Refund::contact] = s[a::contact];
        row[f::Refund::device] = s[a::device];
        row[f::Refund::amount] = s[a::amount];
        row[f::Refund::requested_at] = time;
        row[f::Refund::reason] = s[a::reason];
        row[f::Refund::position] = position;
        let row = self.row(Block::Return, fact.id(a::order));
        add(&mut row[f::Return::requests], 1.0);
        add(&mut row[f::Return::requested_amount], s[a::amount]);
        put_first(&mut row[f::Return::first_requested_at], time);
        row[f::Return::last_requested_at] = time;
        row[f::Return::last_request_pos] = position;
        if s[a::reason] == f64::from(ringfence_domain::words::ClaimReason::NotReceived.code()) {
            row[f::Return::claimed_not_received] = 1.0;
        }
    }
    fn verdict_recorded(&mut self, fact: &Fact, account: Id) {
        use at::VerdictRecorded as a;
        use ringfence_domain::words::Verdict;
        let s = &fact.slots;
        let abuse = f64::from(u8::from(s[a::verdict] == f64::from(Verdict::Abuse.code())));
        match SubjectKind::ALL[s[a::subject_kind] as usize] {
            SubjectKind::Refund => {
                self.row(Block::Refund, fact.id(a::refund))[f::Refund::verdict] = s[a::verdict];
            }
            SubjectKind::Account => {
                let row = self.row(Block::Account, account);
                row[f::Account::verdict_abuse] = abuse;
                row[f::Account::verdict_pos] = fact.position as f64;
            }
            SubjectKind::Staff | SubjectKind::Ring => {}
        }
    }
}
