//! What does an event say of the things that it names?

use super::{Block, KeptLine, LINES_KEPT_MAX, Linked, f};
use crate::fact::{Fact, LineFact, at};
use crate::kind::{Id, NO_ID};
use ringfence_domain::EventType;
use ringfence_domain::words::{Direction, ScanStatus, SubjectKind, Word};

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
