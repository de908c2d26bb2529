//! What happened, said in a line each?

use ringfence_domain::words::{
    Action, AppealOutcome, Assigned, Author, ChargebackReason, Condition, ContactChannel, Direction, Lane,
    RequestChannel, Role, Verdict, VerdictMethod,
};

super::texts! {
    /// What happened.
    Story {
        kind_account: "Account",
        kind_order: "Order",
        kind_parcel: "Parcel",
        kind_return: "Return",
        kind_contact: "Contact",
        kind_staff: "Staff",
        kind_session: "Session",
        kind_request: "Request",
        kind_decision: "Decision",
        kind_money: "Money",
        kind_verdict: "Verdict",
        kind_other: "Event",
        account_opened: "Account {account} opened",
        account_closed: "Account {account} closed",
        identifier_seen: "{kind} {value} seen with account {account}",
        session_account: "Account {account} signed in",
        session_staff: "Staff {staff} signed in",
        item_listed: "Article {sku} offered",
        order_placed: "Order {order} placed for {amount}",
        order_lines: "lines: {n}",
        parcel_scanned: "Parcel {parcel}: {status}",
        return_authorised: "Return of order {order} allowed",
        return_received: "Return recorded as received by {staff}",
        return_inspected: "Return inspected: {condition}",
        item_restocked: "Line {line} is for sale again",
        contact_opened: "Contact {contact} by {channel}",
        message_posted: "{author} wrote",
        contact_closed: "Contact {contact} closed",
        staff_joined: "Staff {staff} is {role}",
        staff_acted: "Staff {staff} {action}",
        refund_requested: "Refund {refund} asked for: {amount}, {reason}",
        refund_decided: "Decided by {by}: {decision}",
        engine_decided: "Decided by the engine: {decision}",
        refund_paid: "{amount} paid",
        chargeback: "Chargeback of {amount}: {reason}",
        verdict: "Found to be {verdict} by {method}",
        test_purchase: "This is a test purchase",
        appeal_opened: "The customer appealed",
        appeal_resolved: "Appeal: {outcome}",
        post_collected: "A post was collected",
        unknown_event: "Event of type {kind}",
        engine: "the engine",
        new_device: "new device",
        through: "by {auth}",
        device: "device {id}",
        ip: "IP {id}",
        address: "address {id}",
        payment: "payment {id}",
        email: "e-mail {id}",
        phone: "phone {id}",
        weight: "{n} g",
        at_place: "at {place}",
        photo: "photo",
        signature: "signature",
        otp: "one-time password",
        distance: "{n} m from the address",
        driver: "driver {id}",
        serial_match: "serial number fits",
        serial_differs: "serial number differs",
        assigned: "came to staff: {how}",
        override_policy: "against the policy",
        for_staff: "staff {id}",
        queue: "queue {id}",
        by_staff: "by {staff}",
        chat: "chat",
        telephone: "phone",
        mail: "e-mail",
        web: "web",
        self_service: "self-service",
        in_store: "in the shop",
        routed: "routed",
        searched: "searched for",
        transferred: "handed over",
        customer: "The customer",
        agent: "Staff",
        bot: "The bot",
        looked_up: "looked it up",
        overrode_policy: "overrode the policy",
        marked_returned: "marked it returned",
        issued_concession: "gave a concession",
        changed_contact_details: "changed contact details",
        changed_instrument: "changed the payout",
        reset_credentials: "reset credentials",
        reopened: "opened it again",
        scanned: "scanned",
        bulk: "in bulk",
        as_new: "as new",
        used: "used",
        damaged: "damaged",
        wrong_item: "wrong item",
        empty: "empty",
        missing: "missing",
        outbound: "to the customer",
        back: "on the way back",
        abuse: "abuse",
        policy_abuse: "abuse of the rules",
        legitimate: "legitimate",
        insider: "an insider's work",
        compromised: "a taken account",
        by_inspection: "inspection",
        by_investigation: "investigation",
        by_test_purchase: "a test purchase",
        by_admission: "admission",
        by_chargeback: "a chargeback",
        by_appeal: "an appeal",
        upheld: "upheld",
        overturned: "overturned",
        cb_not_received: "not received",
        cb_not_as_described: "not as described",
        cb_credit: "credit not processed",
        cb_fraud: "fraud",
        cb_other: "another reason",
        role_agent: "agent",
        role_supervisor: "supervisor",
        role_returns: "in returns",
        role_warehouse: "in the warehouse",
    }
}

impl Story {
    /// How a contact came in.
    pub fn contact(&self, channel: ContactChannel) -> &'static str {
        match channel {
            ContactChannel::Chat => self.chat,
            ContactChannel::Phone => self.telephone,
            ContactChannel::Email => self.mail,
            ContactChannel::Web => self.web,
        }
    }
    /// Where a refund was asked for.
    pub fn channel(&self, channel: RequestChannel) -> &'static str {
        match channel {
            RequestChannel::SelfService => self.self_service,
            RequestChannel::Chat => self.chat,
            RequestChannel::Phone => self.telephone,
            RequestChannel::Email => self.mail,
            RequestChannel::InStore => self.in_store,
        }
    }
    /// How a contact came to its member of staff.
    pub fn assigned(&self, how: Assigned) -> &'static str {
        match how {
            Assigned::Routed => self.routed,
            Assigned::Searched => self.searched,
            Assigned::Transferred => self.transferred,
        }
    }
    /// Who wrote.
    pub fn author(&self, author: Author) -> &'static str {
        match author {
            Author::Customer => self.customer,
            Author::Agent => self.agent,
            Author::Bot => self.bot,
        }
    }
    /// What a member of staff did.
    pub fn action(&self, action: Action) -> &'static str {
        match action {
            Action::LookedUp => self.looked_up,
            Action::OverrodePolicy => self.overrode_policy,
            Action::MarkedReturned => self.marked_returned,
            Action::IssuedConcession => self.issued_concession,
            Action::ChangedContactDetails => self.changed_contact_details,
            Action::ChangedInstrument => self.changed_instrument,
            Action::ResetCredentials => self.reset_credentials,
            Action::Reopened => self.reopened,
        }
    }
    /// How a return was taken in.
    pub fn lane(&self, lane: Lane) -> &'static str {
        match lane {
            Lane::Scanned => self.scanned,
            Lane::Bulk => self.bulk,
            Lane::InStore => self.in_store,
        }
    }
    /// What an inspection found.
    pub fn condition(&self, condition: Condition) -> &'static str {
        match condition {
            Condition::AsNew => self.as_new,
            Condition::Used => self.used,
            Condition::Damaged => self.damaged,
            Condition::WrongItem => self.wrong_item,
            Condition::Empty => self.empty,
            Condition::Missing => self.missing,
        }
    }
    /// Which way a parcel goes.
    pub fn direction(&self, direction: Direction) -> &'static str {
        match direction {
            Direction::Outbound => self.outbound,
            Direction::Return => self.back,
        }
    }
    /// What people found.
    pub fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Abuse => self.abuse,
            Verdict::PolicyAbuse => self.policy_abuse,
            Verdict::Legitimate => self.legitimate,
            Verdict::Insider => self.insider,
            Verdict::Compromised => self.compromised,
        }
    }
    /// How they found it.
    pub fn method(&self, method: VerdictMethod) -> &'static str {
        match method {
            VerdictMethod::Inspection => self.by_inspection,
            VerdictMethod::Investigation => self.by_investigation,
            VerdictMethod::TestPurchase => self.by_test_purchase,
            VerdictMethod::Admission => self.by_admission,
            VerdictMethod::Chargeback => self.by_chargeback,
            VerdictMethod::Appeal => self.by_appeal,
        }
    }
    /// How an appeal ended.
    pub fn outcome(&self, outcome: AppealOutcome) -> &'static str {
        match outcome {
            AppealOutcome::Upheld => self.upheld,
            AppealOutcome::Overturned => self.overturned,
        }
    }
    /// Why a bank takes money back.
    pub fn chargeback_reason(&self, reason: ChargebackReason) -> &'static str {
        match reason {
            ChargebackReason::NotReceived => self.cb_not_received,
            ChargebackReason::NotAsDescribed => self.cb_not_as_described,
            ChargebackReason::CreditNotProcessed => self.cb_credit,
            ChargebackReason::Fraud => self.cb_fraud,
            ChargebackReason::Other => self.cb_other,
        }
    }
    /// What a member of staff is in the shop.
    pub fn staff_role(&self, role: Role) -> &'static str {
        match role {
            Role::Agent => self.role_agent,
            Role::Supervisor => self.role_supervisor,
            Role::Returns => self.role_returns,
            Role::Warehouse => self.role_warehouse,
        }
    }
}
