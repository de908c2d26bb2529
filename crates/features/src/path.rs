//! Through which thing does an event count? Key paths, and how an event leads to each of them by at most one hop.

use crate::fact::{Fact, SlotType, at, slots};
use crate::kind::{Id, Kind, NO_ID};
use crate::linked::{Block, Linked, f};
use ringfence_domain::EventType;

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:expr;)*) => {
        /// A way from an event to one thing.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum KeyPath { $($(#[$doc])* $name,)* }

        impl KeyPath {
            /// All paths.
            pub const ALL: &'static [KeyPath] = &[$(KeyPath::$name),*];
            /// Number of paths.
            pub const COUNT: usize = Self::ALL.len();
            /// The words for it in a catalogue.
            pub const fn as_str(self) -> &'static str { match self { $(KeyPath::$name => $text,)* } }
            /// What kind of thing it leads to.
            pub const fn kind(self) -> Kind { match self { $(KeyPath::$name => $kind,)* } }
            /// The path of a word.
            pub fn parse(text: &str) -> Option<KeyPath> { Self::ALL.iter().copied().find(|k| k.as_str() == text) }
        }
    };
}

paths! {
    /// The account of the event, its order or its contact.
    Account = "account", Kind::Account;
    /// The order of the event, its refund request or its contact.
    Order = "order", Kind::Order;
    /// The parcel.
    Parcel = "parcel", Kind::Parcel;
    /// The refund request.
    Refund = "refund", Kind::Refund;
    /// The contact, also of the refund request.
    Contact = "contact", Kind::Contact;
    /// The member of staff who acts; for verdicts, payments and appeals the one of the request.
    Staff = "staff", Kind::Staff;
    /// The device that the event names.
    Device = "device", Kind::Device;
    /// The IP address that the event names.
    Ip = "ip", Kind::Ip;
    /// The delivery address.
    Address = "address", Kind::Address;
    /// The payment instrument of the order, or the one that the event names.
    Payment = "payment", Kind::Payment;
    /// The account's e-mail address.
    Email = "email", Kind::Email;
    /// The account's phone number.
    Phone = "phone", Kind::Phone;
    /// The dearest article of the request or the order.
    Sku = "sku", Kind::Sku;
    /// Its category.
    Category = "category", Kind::Category;
    /// The seller.
    Seller = "seller", Kind::Seller;
    /// The outbound carrier; for a scan its own.
    Carrier = "carrier", Kind::Carrier;
    /// The driver who delivered; for a scan its own.
    Driver = "driver", Kind::Driver;
    /// The site of the event, otherwise the order's warehouse.
    Site = "site", Kind::Site;
    /// The receiving station.
    Station = "station", Kind::Station;
    /// The queue of the event, its contact or its member of staff.
    Queue = "queue", Kind::Queue;
    /// The first document handed in.
    Document = "document", Kind::Document;
    /// The narrative of the message, or of the request's contact.
    Narrative = "narrative", Kind::Narrative;
    /// The device of the order.
    OrderDevice = "order.device", Kind::Device;
    /// The IP address of the order.
    OrderIp = "order.ip", Kind::Ip;
    /// Who recorded the return as received.
    Receiver = "order.received_staff", Kind::Staff;
    /// All accounts of the account's cluster.
    Cluster = "cluster", Kind::Account;
    /// The other accounts of the account's cluster.
    Neighbours = "neighbours", Kind::Account;
}

/// The things that an event leads to, by path.
#[derive(Clone, Debug)]
pub struct Keys {
    ids: [Id; KeyPath::COUNT],
}

impl Keys {
    /// The thing at the end of a path; [`NO_ID`] where there is none or it is unknown.
    #[inline]
    pub fn id(&self, path: KeyPath) -> Id {
        self.ids[path as usize]
    }
    fn set(&mut self, path: KeyPath, id: Id) {
        self.ids[path as usize] = id;
    }
    fn set_if_unknown(&mut self, path: KeyPath, id: impl FnOnce() -> Id) {
        if self.ids[path as usize] == NO_ID {
            self.ids[path as usize] = id();
        }
    }
    /// Follows the event's identifiers and, from those, one hop. Reads state, changes nothing (INV-5).
    pub fn resolve(fact: &Fact, linked: &Linked) -> Keys {
        let mut k = Keys { ids: [NO_ID; KeyPath::COUNT] };
        for (slot, def) in slots(fact.event_type).iter().enumerate() {
            if let SlotType::Id(kind) = def.slot_type
                && let Some(path) = direct(kind)
                && !fact.slots[slot].is_nan()
            {
                k.set(path, fact.slots[slot] as Id);
            }
        }
        if fact.event_type == EventType::OrderPlaced {
            k.set(KeyPath::OrderDevice, k.id(KeyPath::Device));
            k.set(KeyPath::OrderIp, k.id(KeyPath::Ip));
            k.set(KeyPath::Site, fact.id(at::OrderPlaced::warehouse));
        }
        k.through_refund(fact, linked);
        k.through_contact(linked);
        k.through_order(fact, linked);
        k.through_account_and_staff(linked);
        k
    }
    fn through_refund(&mut self, fact: &Fact, linked: &Linked) {
        let refund = self.id(KeyPath::Refund);
        if refund == NO_ID || fact.event_type == EventType::RefundRequested {
            return;
        }
        let get = |field| linked.id(Block::Refund, refund, field);
        self.set_if_unknown(KeyPath::Order, || get(f::Refund::order));
        self.set_if_unknown(KeyPath::Account, || get(f::Refund::account));
        self.set_if_unknown(KeyPath::Contact, || get(f::Refund::contact));
        if fact.event_type == EventType::VerdictRecorded {
            self.set_if_unknown(KeyPath::Device, || get(f::Refund::device));
        }
        match fact.event_type {
            EventType::VerdictRecorded
            | EventType::RefundPaid
            | EventType::AppealOpened
            | EventType::AppealResolved => {
                self.set_if_unknown(KeyPath::Staff, || match get(f::Refund::decided_staff) {
                    NO_ID => get(f::Refund::staff),
                    decided => decided,
                });
            }
            _ => {}
        }
    }
    fn through_contact(&mut self, linked: &Linked) {
        let contact = self.id(KeyPath::Contact);
        if contact == NO_ID {
            return;
        }
        let get = |field| linked.id(Block::Contact, contact, field);
        self.set_if_unknown(KeyPath::Account, || get(f::Contact::account));
        self.set_if_unknown(KeyPath::Order, || get(f::Contact::order));
        self.set_if_unknown(KeyPath::Queue, || get(f::Contact::queue));
        self.set_if_unknown(KeyPath::Narrative, || get(f::Contact::narrative));
    }
    fn through_order(&mut self, fact: &Fact, linked: &Linked) {
        let order = self.id(KeyPath::Order);
        if order == NO_ID || fact.event_type == EventType::OrderPlaced {
            return;
        }
        let get = |field| linked.id(Block::Order, order, field);
        self.set_if_unknown(KeyPath::Account, || get(f::Order::account));
        self.set_if_unknown(KeyPath::Address, || get(f::Order::address));
        self.set_if_unknown(KeyPath::Payment, || get(f::Order::payment));
        self.set_if_unknown(KeyPath::Seller, || get(f::Order::seller));
        self.set(KeyPath::OrderDevice, get(f::Order::device));
        self.set(KeyPath::OrderIp, get(f::Order::ip));
        self.set(KeyPath::Receiver, linked.id(Block::Return, order, f::Return::received_staff));
        if fact.event_type != EventType::ParcelScanned {
            self.set_if_unknown(KeyPath::Site, || get(f::Order::warehouse));
            self.set_if_unknown(KeyPath::Carrier, || get(f::Order::carrier));
            self.set_if_unknown(KeyPath::Driver, || get(f::Order::driver));
        }
        let line = match fact.event_type {
            EventType::RefundRequested => linked.requested_line(order, &fact.lines),
            _ => None,
        };
        match line {
            Some(line) => {
                self.set(KeyPath::Sku, line.sku);
                self.set(KeyPath::Category, line.category);
            }
            None => {
                self.set_if_unknown(KeyPath::Sku, || get(f::Order::sku));
                self.set_if_unknown(KeyPath::Category, || get(f::Order::category));
            }
        }
        let sku = self.id(KeyPath::Sku);
        if sku != NO_ID {
            self.set_if_unknown(KeyPath::Category, || linked.id(Block::Sku, sku, f::Sku::category));
        }
    }
    fn through_account_and_staff(&mut self, linked: &Linked) {
        let account = self.id(KeyPath::Account);
        if account != NO_ID {
            self.set_if_unknown(KeyPath::Email, || linked.id(Block::Account, account, f::Account::email));
            self.set_if_unknown(KeyPath::Phone, || linked.id(Block::Account, account, f::Account::phone));
            self.set(KeyPath::Cluster, account);
            self.set(KeyPath::Neighbours, account);
        }
        let staff = self.id(KeyPath::Staff);
        if staff != NO_ID {
            self.set_if_unknown(KeyPath::Queue, || linked.id(Block::Staff, staff, f::Staff::queue));
        }
    }
}

/// The path of an identifier that an event names itself.
fn direct(kind: Kind) -> Option<KeyPath> {
    match kind {
        Kind::Account => Some(KeyPath::Account),
        Kind::Order => Some(KeyPath::Order),
        Kind::Parcel => Some(KeyPath::Parcel),
        Kind::Refund => Some(KeyPath::Refund),
        Kind::Contact => Some(KeyPath::Contact),
        Kind::Staff => Some(KeyPath::Staff),
        Kind::Device => Some(KeyPath::Device),
        Kind::Ip => Some(KeyPath::Ip),
        Kind::Address => Some(KeyPath::Address),
        Kind::Payment => Some(KeyPath::Payment),
        Kind::Email => Some(KeyPath::Email),
        Kind::Phone => Some(KeyPath::Phone),
        Kind::Sku => Some(KeyPath::Sku),
        Kind::Category => Some(KeyPath::Category),
        Kind::Seller => Some(KeyPath::Seller),
        Kind::Carrier => Some(KeyPath::Carrier),
        Kind::Driver => Some(KeyPath::Driver),
        Kind::Site => Some(KeyPath::Site),
        Kind::Station => Some(KeyPath::Station),
        Kind::Queue => Some(KeyPath::Queue),
        Kind::Document => Some(KeyPath::Document),
        Kind::Narrative => Some(KeyPath::Narrative),
        Kind::Session | Kind::Label | Kind::Attribute => None,
    }
}
