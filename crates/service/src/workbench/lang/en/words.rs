//! How are the words of the contract said to people?

use crate::access::Role;
use ringfence_domain::DecisionKind;
use ringfence_domain::words::{ClaimReason, ScanStatus};

super::texts! {
    /// Words of the contract.
    Words {
        instant_refund: "Paid at once",
        refund_on_scan: "Paid at the first scan",
        refund_on_receipt: "Paid on receipt",
        refund_after_inspection: "Paid after inspection",
        keep_item: "Paid, goods kept",
        replace: "Replaced",
        store_credit: "Store credit",
        partial_refund: "Partly paid",
        carrier_trace: "Carrier asked",
        step_up: "Proof asked",
        review: "A person decides",
        deny: "Denied",
        not_received: "not received",
        missing_item: "item missing",
        empty_package: "package empty",
        damaged: "damaged",
        defective: "defective",
        wrong_item: "wrong item",
        not_as_described: "not as described",
        changed_mind: "changed their mind",
        late: "too late",
        other: "another reason",
        label_created: "label made",
        accepted: "taken in",
        in_transit: "on the way",
        out_for_delivery: "out for delivery",
        delivered: "delivered",
        exception: "trouble",
        lost: "lost",
        returned_to_sender: "sent back",
        integration: "system",
        analyst: "analyst",
        investigator: "investigator",
        supervisor: "supervisor",
        auditor: "auditor",
        admin: "administrator",
        p_unknown: "no model scored it",
        p_hardly: "hardly abuse",
        p_unlikely: "abuse is unlikely",
        p_possible: "abuse is possible",
        p_likely: "abuse is likely",
        p_very_likely: "abuse is very likely",
    }
}

impl Words {
    /// A decision, as what it means for the customer's money.
    pub fn decision(&self, kind: DecisionKind) -> &'static str {
        match kind {
            DecisionKind::InstantRefund => self.instant_refund,
            DecisionKind::RefundOnScan => self.refund_on_scan,
            DecisionKind::RefundOnReceipt => self.refund_on_receipt,
            DecisionKind::RefundAfterInspection => self.refund_after_inspection,
            DecisionKind::KeepItem => self.keep_item,
            DecisionKind::Replace => self.replace,
            DecisionKind::StoreCredit => self.store_credit,
            DecisionKind::PartialRefund => self.partial_refund,
            DecisionKind::CarrierTrace => self.carrier_trace,
            DecisionKind::StepUp => self.step_up,
            DecisionKind::Review => self.review,
            DecisionKind::Deny => self.deny,
        }
    }
    /// Why a customer asks for money back.
    pub fn claim(&self, reason: ClaimReason) -> &'static str {
        match reason {
            ClaimReason::NotReceived => self.not_received,
            ClaimReason::MissingItem => self.missing_item,
            ClaimReason::EmptyPackage => self.empty_package,
            ClaimReason::Damaged => self.damaged,
            ClaimReason::Defective => self.defective,
            ClaimReason::WrongItem => self.wrong_item,
            ClaimReason::NotAsDescribed => self.not_as_described,
            ClaimReason::ChangedMind => self.changed_mind,
            ClaimReason::Late => self.late,
            ClaimReason::Other => self.other,
        }
    }
    /// What a carrier's scan says.
    pub fn scan(&self, status: ScanStatus) -> &'static str {
        match status {
            ScanStatus::LabelCreated => self.label_created,
            ScanStatus::Accepted => self.accepted,
            ScanStatus::InTransit => self.in_transit,
            ScanStatus::OutForDelivery => self.out_for_delivery,
            ScanStatus::Delivered => self.delivered,
            ScanStatus::Exception => self.exception,
            ScanStatus::Lost => self.lost,
            ScanStatus::ReturnedToSender => self.returned_to_sender,
        }
    }
    /// What somebody is.
    pub fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Integration => self.integration,
            Role::Analyst => self.analyst,
            Role::Investigator => self.investigator,
            Role::Supervisor => self.supervisor,
            Role::Auditor => self.auditor,
            Role::Admin => self.admin,
        }
    }
    /// A probability of abuse in words; `NaN` where no model scored it.
    pub fn probability(&self, p: f64) -> &'static str {
        match p {
            p if p.is_nan() => self.p_unknown,
            p if p < 0.02 => self.p_hardly,
            p if p < 0.15 => self.p_unlikely,
            p if p < 0.5 => self.p_possible,
            p if p < 0.85 => self.p_likely,
            _ => self.p_very_likely,
        }
    }
}
