//! Which reasons can a decision give? The catalogue of reason codes, with texts for analysts and for customers.
//!
//! A code is a stable word: it appears in decisions, in catalogues (`Column.reason`), in policies and in exports, so
//! a code is never renamed or given another meaning. `docs/reasons.md` is generated from this list.

use std::borrow::Cow;

/// What a reason code is about; the generic code of the group stands in for codes that are not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// The account and its past.
    Account,
    /// The order and its goods.
    Order,
    /// Delivery to the customer.
    Delivery,
    /// The return, its parcel, its record and its inspection.
    Return,
    /// People who work for the shop.
    Staff,
    /// Identifiers and accounts connected through them.
    Connections,
    /// Contacts, texts and documents.
    Contact,
    /// The request itself: kind, value, time, instrument.
    Request,
    /// Records of carriers, drivers, sellers and articles.
    Parties,
    /// Fields of the merchant, and reasons that policies give.
    Merchant,
}

impl Group {
    /// All groups in the order in which they are documented.
    pub const ALL: [Group; 10] = [
        Group::Request,
        Group::Account,
        Group::Order,
        Group::Delivery,
        Group::Return,
        Group::Connections,
        Group::Contact,
        Group::Staff,
        Group::Parties,
        Group::Merchant,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Account => "Account",
            Group::Order => "Order and goods",
            Group::Delivery => "Delivery",
            Group::Return => "Return",
            Group::Staff => "Staff",
            Group::Connections => "Connections",
            Group::Contact => "Contact, texts and documents",
            Group::Request => "Request",
            Group::Parties => "Carriers, drivers, sellers, articles",
            Group::Merchant => "The merchant's own",
        }
    }
}

/// Which way a reason can speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// It can only make abuse likelier.
    Against,
    /// It speaks for or against the customer, depending on its values.
    Either,
}

/// A reason code: what it means, and how it is put into words.
///
/// The texts may hold `{facts}` (the columns behind the reason with this request's own values), `{amount}`, `{claim}`
/// (the claim's reason) and `{channel}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReasonCode {
    /// The word, in snake case.
    pub code: Cow<'static, str>,
    /// What it is about.
    pub group: Group,
    /// A few words, for tables.
    pub title: Cow<'static, str>,
    /// A sentence for analysts where it speaks against the customer.
    pub against: Cow<'static, str>,
    /// A sentence for analysts where it speaks for the customer.
    pub for_customer: Cow<'static, str>,
    /// A sentence that may be shown to a customer: true, without telling how to get round it.
    pub customer_text: Cow<'static, str>,
    /// Which way it can speak.
    pub way: Way,
}

/// The code that stands in for a column whose own code is neither built in nor declared by the policy.
pub const GENERIC: &str = "merchant_field";

/// Whether `code` is built in. The policy may declare more.
pub fn known(code: &str) -> bool {
    find(code).is_some()
}

/// The built-in code called `code`.
pub fn find(code: &str) -> Option<&'static ReasonCode> {
    CODES.iter().find(|entry| entry.code == code)
}

pub use crate::reasons_page::page;

/// All built-in codes, in the order in which they are documented.
pub fn all() -> &'static [ReasonCode] {
    CODES
}

macro_rules! codes {
    ($($group:ident $way:ident $code:literal $title:literal $against:literal $for:literal $customer:literal)*) => {
        const CODES: &[ReasonCode] = &[$(ReasonCode {
            code: Cow::Borrowed($code),
            group: Group::$group,
            title: Cow::Borrowed($title),
            against: Cow::Borrowed($against),
            for_customer: Cow::Borrowed($for),
            customer_text: Cow::Borrowed($customer),
            way: Way::$way,
        }),*];
    };
}

codes! {
    Request Either "claim_kind" "kind of claim"
        "Claims of this kind ({claim}, by {channel}) are abused more often than others: {facts}."
        "Claims of this kind ({claim}, by {channel}) are rarely abused: {facts}."
        "The steps we take depend on the reason given for the request."
    Request Either "amount_unusual" "unusual amount"
        "The amount asked for, {amount}, is unusual for this customer or these goods: {facts}."
        "The amount asked for, {amount}, is usual for this customer and these goods: {facts}."
        "The amount of the request differs from what we usually see for such orders."
    Request Either "timing" "time of the request"
        "The time of the request is unusual: {facts}."
        "The time of the request is usual: {facts}."
        "We consider when a request is made."
    Request Either "claim_soon_after_delivery" "time from delivery to claim"
        "The claim came at a time after delivery at which abuse is likelier: {facts}."
        "The time from delivery to claim is that of honest requests: {facts}."
        "We consider the time between delivery and the request."
    Request Against "double_claim" "claimed twice"
        "The same order or line has been claimed or paid before: {facts}."
        "The order and its lines have not been claimed before: {facts}."
        "We already have a request or a payment for this item."
    Request Either "refund_instrument" "where the money goes"
        "The money is to go elsewhere than it came from: {facts}."
        "The money goes back where it came from: {facts}."
        "We usually pay refunds to the original payment method."
    Account Either "account_claim_history" "past claims of the account"
        "The account has claimed often for its orders: {facts}."
        "The account's past claims are few for its orders: {facts}."
        "We consider earlier requests of this account."
    Account Either "account_order_history" "past orders of the account"
        "The account's past orders give little ground to trust the claim: {facts}."
        "The account's past orders speak for the customer: {facts}."
        "We consider earlier orders of this account."
    Account Either "new_account" "age of the account"
        "The account is new for what it asks: {facts}."
        "The account is old and in use: {facts}."
        "This account has not been with us for long."
    Account Either "account_verdicts" "findings on the account"
        "Earlier requests of this account were found to be abuse: {facts}."
        "Earlier requests of this account were looked into and found honest: {facts}."
        "We consider the findings on earlier requests of this account."
    Account Against "account_takeover" "signs of a taken-over account"
        "Somebody else may be using the account: {facts}."
        "Nothing suggests that somebody else uses the account: {facts}."
        "We want to be sure that it is you who asks. Please confirm your identity."
    Account Either "chargeback_history" "chargebacks"
        "The order or the account has chargebacks: {facts}."
        "There are no chargebacks on the order or the account: {facts}."
        "A dispute with your bank on this or another order is open or was decided."
    Account Either "serial_returner" "returns for orders"
        "The account returns a large part of what it orders: {facts}."
        "The account keeps most of what it orders: {facts}."
        "We consider how much of the earlier orders was returned."
    Order Either "order_value" "value of the order"
        "The order is worth more than most: {facts}."
        "The order is worth little: {facts}."
        "Requests for valuable items are looked at more closely."
    Order Either "goods_easily_resold" "goods that are easily resold"
        "The goods are easily resold: {facts}."
        "The goods are not of a kind that is resold: {facts}."
        "Requests for items of this kind are looked at more closely."
    Order Either "order_contents" "contents of the order"
        "What was ordered, and what of it is claimed, fits abuse: {facts}."
        "What was ordered, and what of it is claimed, is usual: {facts}."
        "We consider which items of the order the request is for."
    Delivery Against "delivered_with_photo" "delivered, with a photo"
        "The carrier shows delivery with a photo, against the claim: {facts}."
        "The carrier shows no photo of a delivery: {facts}."
        "The carrier has a photo of the delivery. We can ask the carrier about it."
    Delivery Either "delivery_proof" "proof of delivery"
        "The carrier's proof of delivery is strong, against the claim: {facts}."
        "The carrier's proof of delivery is weak or missing: {facts}."
        "We compare the request with the carrier's proof of delivery."
    Delivery Either "delivery_record" "scans of the delivery"
        "The scans of the delivery do not fit the claim: {facts}."
        "The scans of the delivery fit the claim: {facts}."
        "We compare the request with the carrier's scans."
    Delivery Either "parcel_weight" "weights of the parcel"
        "The weights of the parcel do not fit the claim: {facts}."
        "The weights of the parcel fit the claim: {facts}."
        "We compare the weights measured on the way."
    Return Either "no_return_scan" "return not scanned"
        "No carrier has scanned the return: {facts}."
        "The return is on its way or has arrived: {facts}."
        "We have not seen your return parcel yet. Please keep the receipt of the drop-off."
    Return Against "receipt_without_parcel" "receipt without a parcel"
        "The return is recorded as received, but no parcel, weight or scan supports the record: {facts}."
        "The record of receipt is supported by a parcel: {facts}."
        "We are checking the record of your return."
    Return Either "return_record" "record of the return"
        "The record of the return is unusual: {facts}."
        "The record of the return is in order: {facts}."
        "We are checking the record of your return."
    Return Either "return_inspection" "inspection of returns"
        "Inspections found returned goods not as sent: {facts}."
        "Inspections found returned goods in order: {facts}."
        "The returned item was inspected."
    Return Against "serial_mismatch" "other serial number returned"
        "The serial number of the returned goods is not the one that was sent: {facts}."
        "Serial numbers of returned goods match: {facts}."
        "The serial number of the returned item differs from the one we sent."
    Return Against "false_tracking" "tracking of the return does not fit"
        "The tracking of the return does not fit the authorised return: {facts}."
        "The tracking of the return fits the authorised return: {facts}."
        "The tracking number does not lead to the return we expect. Please send us the receipt of the drop-off."
    Return Either "wardrobing" "used and returned late"
        "Goods are returned late in the window or used: {facts}."
        "Goods are returned early and unused: {facts}."
        "We consider the condition of returned items and the time of their return."
    Connections Either "shared_device" "device shared with other accounts"
        "The device is used by other accounts: {facts}."
        "The device belongs to this account alone or to an ordinary household: {facts}."
        "We want to be sure that it is you who asks. Please confirm your identity."
    Connections Either "shared_ip" "network address shared with other accounts"
        "The network address is used by other accounts that claim: {facts}."
        "The network address is unremarkable: {facts}."
        "We want to be sure that it is you who asks. Please confirm your identity."
    Connections Either "shared_address" "postal address shared with other accounts"
        "The postal address is used by other accounts that claim: {facts}."
        "The postal address is unremarkable: {facts}."
        "We consider earlier deliveries to this address."
    Connections Either "shared_payment" "payment instrument shared with other accounts"
        "The payment instrument is used by other accounts: {facts}."
        "The payment instrument belongs to this account: {facts}."
        "We consider the payment method of the order."
    Connections Either "shared_contact_details" "e-mail or phone shared with other accounts"
        "E-mail address or phone number are used by other accounts: {facts}."
        "E-mail address and phone number belong to this account: {facts}."
        "We want to be sure that it is you who asks. Please confirm your identity."
    Connections Either "device_change" "claimed from another device"
        "The claim comes from another device or network than the order: {facts}."
        "The claim comes from a device or network that the account has used before: {facts}."
        "We want to be sure that it is you who asks. Please confirm your identity."
    Connections Either "connected_accounts" "connected accounts"
        "Rare identifiers connect the account with others, and what they did speaks against the request: {facts}."
        "Rare identifiers connect the account with no others, or with honest ones: {facts}."
        "We are looking into this request together with others."
    Connections Against "known_abuse_nearby" "known abuse nearby"
        "Accounts connected with this one were found to abuse refunds: {facts}."
        "No abuse is known among connected accounts: {facts}."
        "We are looking into this request together with others."
    Connections Against "open_lead" "named by an open lead"
        "A lead, which is a suspicion and no verdict, names the account or what the request is made with: {facts}."
        "No lead names the account or what the request is made with: {facts}."
        "We are looking into this request together with others."
    Contact Either "contact_shopping" "contacts again until yes"
        "The customer contacted the shop again and again about the same matter: {facts}."
        "The customer contacted the shop as usual: {facts}."
        "We consider earlier conversations about this order."
    Contact Either "contact_record" "how the contact came about"
        "The way in which the contact came to its member of staff is unusual: {facts}."
        "The contact came to its member of staff in the usual way: {facts}."
        "We consider how we were contacted about this order."
    Contact Against "narrative_reuse" "the same words as in other claims"
        "Nearly the same words were used in claims of other accounts: {facts}."
        "The words of the claim are its own: {facts}."
        "Please describe in your own words what happened."
    Contact Against "document_reuse" "a document used before"
        "A document of this claim was used in claims of other accounts: {facts}."
        "The documents of the claim are its own: {facts}."
        "Please send a new photo or the original document."
    Staff Either "staff_concessions" "concessions by the member of staff"
        "The member of staff grants more than peers in like cases: {facts}."
        "The member of staff grants no more than peers in like cases: {facts}."
        "We are checking how this request was handled on our side."
    Staff Either "staff_session" "session of the member of staff"
        "The session of the member of staff is unusual, which may also mean that somebody else used it: {facts}."
        "The session of the member of staff is as usual: {facts}."
        "We are checking how this request was handled on our side."
    Staff Either "staff_affinity" "member of staff and customer meet often"
        "Customer and member of staff meet more often than routing explains: {facts}."
        "Customer and member of staff meet as routing sends them: {facts}."
        "We are checking how this request was handled on our side."
    Staff Either "staff_lookups" "orders looked up without a contact"
        "The order or account was looked up with no contact that asks for it: {facts}."
        "The order or account was looked up only where a contact asked for it: {facts}."
        "We are checking how this request was handled on our side."
    Staff Either "staff_returns" "return records by the member of staff"
        "Return records of this member of staff are often without a parcel: {facts}."
        "Return records of this member of staff are supported by parcels: {facts}."
        "We are checking how this request was handled on our side."
    Staff Against "staff_lead" "lead on the member of staff"
        "A lead, which is a suspicion and no verdict, names the member of staff who handles this: {facts}."
        "No lead names the member of staff who handles this: {facts}."
        "We are checking how this request was handled on our side."
    Staff Against "approval_limit" "just below the approval limit"
        "The amount lies just below the approval limit of the member of staff: {facts}."
        "The amount does not lie close to an approval limit: {facts}."
        "We are checking how this request was handled on our side."
    Parties Either "carrier_record" "record of the carrier"
        "This carrier rarely fails, so that the claim is less likely its fault: {facts}."
        "This carrier fails more often than others, which supports the claim: {facts}."
        "We consider how reliable the carrier is."
    Parties Either "driver_record" "record of the driver"
        "This driver's deliveries are rarely claimed, so that the claim is less likely the driver's fault: {facts}."
        "This driver's deliveries are claimed more often than others', which supports the claim: {facts}."
        "We consider how reliable the delivery is."
    Parties Either "seller_record" "record of the seller"
        "Claims against this seller are often abuse, or rare: {facts}."
        "Many customers claim against this seller, which supports the claim: {facts}."
        "We consider how reliable the seller is."
    Parties Either "sku_record" "record of the article"
        "Claims for this article or category are often abuse, or rare: {facts}."
        "Many customers claim for this article or category, which supports the claim: {facts}."
        "We consider what other customers report of this article."
    Merchant Either "merchant_field" "the merchant's own field"
        "Fields of the merchant speak against the request: {facts}."
        "Fields of the merchant speak for the customer: {facts}."
        "We consider further details of your order."
    Merchant Against "policy_rule" "a rule of the policy"
        "A rule of the policy applies."
        "A rule of the policy applies."
        "Our refund terms ask for this step."
    Merchant Against "on_deny_list" "on the deny list"
        "The request names what people put on the deny list."
        "The request names nothing that is on the deny list."
        "We are looking into this request more closely."
    Merchant Either "on_allow_list" "on the allow list"
        "The request names what people put on the allow list."
        "The request names what people put on the allow list."
        "You are a customer whom we know well."
    Merchant Against "on_watch_list" "on the watch list"
        "The request names what people put on the watch list."
        "The request names nothing that is on the watch list."
        "We are looking into this request more closely."
    Merchant Either "rule_suppressed" "a rule that was suppressed"
        "A rule of the policy matches, and people have suppressed it for this request."
        "A rule of the policy matches, and people have suppressed it for this request."
        "We have looked into this before."
    Merchant Against "random_check" "chosen for a random check"
        "The request was chosen for a check by chance, to measure how good the others are."
        "The request was chosen for a check by chance, to measure how good the others are."
        "A small part of all requests is checked by chance."
}
