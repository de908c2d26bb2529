//! Through which thing does an event count? Key paths, and how an event leads to each of them by at most one hop.

use crate::fact::{Fact, SlotType, at, slots};
use crate::kind::{Id, Kind, NO_ID};
use crate::linked::{Block, Linked, f};
use ringfence_domain::EventType;
use smallvec::SmallVec;

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
    /// Follows the event's identifiers and, from those, one hop, as far as `route` asks. Reads state, changes nothing (INV-5).
    #[inline]
    pub fn resolve(fact: &Fact, linked: &Linked, route: &Route) -> Keys {
        let mut ids = [NO_ID; KeyPath::COUNT];
        for &(slot, path) in &route.direct {
            ids[path as usize] = fact.id(usize::from(slot));
        }
        let mut r = Resolver { ids, needs: route.needs, fact, linked };
        if fact.event_type == EventType::OrderPlaced {
            r.ids[KeyPath::OrderDevice as usize] = r.id(KeyPath::Device);
            r.ids[KeyPath::OrderIp as usize] = r.id(KeyPath::Ip);
            r.ids[KeyPath::Site as usize] = fact.id(at::OrderPlaced::warehouse);
        }
        r.through_refund();
        r.through_contact();
        r.through_order();
        r.through_account_and_staff();
        Keys { ids: r.ids }
    }
}

/// Which things an event of one type is followed to: hops that nothing reads are not taken.
#[derive(Clone, Debug)]
pub struct Route {
    /// Slots of the event that name the thing at the end of a path.
    direct: SmallVec<[(u8, KeyPath); 12]>,
    /// Bit set of the paths that are followed.
    needs: u32,
}

const _: () = assert!(KeyPath::COUNT <= 32, "paths are the bits of a 32-bit word");

impl Route {
    /// To everything that an event of the type leads to.
    pub fn everywhere(event_type: EventType) -> Route {
        let direct = slots(event_type).iter().enumerate().filter_map(|(slot, def)| match def.slot_type {
            SlotType::Id(kind) => direct(kind).map(|path| (slot as u8, path)),
            _ => None,
        });
        Route { direct: direct.collect(), needs: u32::MAX }
    }
    /// To the ends of `wanted`, to what leads there, and to what the facts one hop away are written by.
    pub fn to(event_type: EventType, wanted: impl IntoIterator<Item = KeyPath>) -> Route {
        let mut needs = 1 << KeyPath::Order as u32;
        if event_type == EventType::VerdictRecorded {
            needs |= 1 << KeyPath::Account as u32;
        }
        for path in wanted {
            needs |= 1 << path as u32;
        }
        loop {
            let more = KeyPath::ALL
                .iter()
                .filter(|&&path| needs >> path as u32 & 1 == 1)
                .flat_map(|&path| found_through(path))
                .fold(needs, |n, &path| n | 1 << path as u32);
            if more == needs {
                return Route { needs, ..Self::everywhere(event_type) };
            }
            needs = more;
        }
    }
}

/// The paths over which an event that does not name a thing itself may find it.
fn found_through(path: KeyPath) -> &'static [KeyPath] {
    match path {
        KeyPath::Parcel | KeyPath::Refund | KeyPath::Ip | KeyPath::Station | KeyPath::Document => &[],
        KeyPath::Contact | KeyPath::Staff | KeyPath::Device => &[KeyPath::Refund],
        KeyPath::Order => &[KeyPath::Refund, KeyPath::Contact],
        KeyPath::Account => &[KeyPath::Refund, KeyPath::Contact, KeyPath::Order],
        KeyPath::Queue => &[KeyPath::Contact, KeyPath::Staff],
        KeyPath::Narrative => &[KeyPath::Contact],
        KeyPath::Address
        | KeyPath::Payment
        | KeyPath::Seller
        | KeyPath::Carrier
        | KeyPath::Driver
        | KeyPath::Site
        | KeyPath::OrderDevice
        | KeyPath::OrderIp
        | KeyPath::Receiver
        | KeyPath::Sku => &[KeyPath::Order],
        KeyPath::Category => &[KeyPath::Order, KeyPath::Sku],
        KeyPath::Email | KeyPath::Phone | KeyPath::Cluster | KeyPath::Neighbours => &[KeyPath::Account],
    }
}

/// Follows one event.
struct Resolver<'a> {
    ids: [Id; KeyPath::COUNT],
    needs: u32,
    fact: &'a Fact,
    linked: &'a Linked,
}

impl Resolver<'_> {
    #[inline]
    fn id(&self, path: KeyPath) -> Id {
        self.ids[path as usize]
    }
    #[inline]
    fn needs(&self, path: KeyPath) -> bool {
        self.needs >> path as u32 & 1 == 1
    }
    /// Follows a hop to a thing that the event does not name itself.
    #[inline]
    fn hop(&mut self, path: KeyPath, id: impl FnOnce() -> Id) {
        if self.needs(path) && self.ids[path as usize] == NO_ID {
            self.ids[path as usize] = id();
        }
    }
    #[inline]
    fn through_refund(&mut self) {
        let refund = self.id(KeyPath::Refund);
        let event_type = self.fact.event_type;
        if refund == NO_ID || event_type == EventType::RefundRequested {
            return;
        }
        let linked = self.linked;
        let get = |field| linked.id(Block::Refund, refund, field);
        self.hop(KeyPath::Order, || get(f::Refund::order));
        self.hop(KeyPath::Account, || get(f::Refund::account));
        self.hop(KeyPath::Contact, || get(f::Refund::contact));
        match event_type {
            EventType::VerdictRecorded
            | EventType::RefundPaid
            | EventType::AppealOpened
            | EventType::AppealResolved => {
                self.hop(KeyPath::Staff, || match get(f::Refund::decided_staff) {
                    NO_ID => get(f::Refund::staff),
                    decided => decided,
                });
            }
            _ => {}
        }
        if event_type == EventType::VerdictRecorded {
            self.hop(KeyPath::Device, || get(f::Refund::device));
        }
    }
    #[inline]
    fn through_contact(&mut self) {
        let contact = self.id(KeyPath::Contact);
        if contact == NO_ID {
            return;
        }
        let linked = self.linked;
        let get = |field| linked.id(Block::Contact, contact, field);
        self.hop(KeyPath::Account, || get(f::Contact::account));
        self.hop(KeyPath::Order, || get(f::Contact::order));
        self.hop(KeyPath::Queue, || get(f::Contact::queue));
        self.hop(KeyPath::Narrative, || get(f::Contact::narrative));
    }
    #[inline]
    fn through_order(&mut self) {
        let order = self.id(KeyPath::Order);
        let event_type = self.fact.event_type;
        if order == NO_ID || event_type == EventType::OrderPlaced {
            return;
        }
        let linked = self.linked;
        let get = |field| linked.id(Block::Order, order, field);
        self.hop(KeyPath::Account, || get(f::Order::account));
        self.hop(KeyPath::Address, || get(f::Order::address));
        self.hop(KeyPath::Payment, || get(f::Order::payment));
        self.hop(KeyPath::Seller, || get(f::Order::seller));
        self.hop(KeyPath::OrderDevice, || get(f::Order::device));
        self.hop(KeyPath::OrderIp, || get(f::Order::ip));
        self.hop(KeyPath::Receiver, || linked.id(Block::Return, order, f::Return::received_staff));
        if event_type != EventType::ParcelScanned {
            self.hop(KeyPath::Site, || get(f::Order::warehouse));
            self.hop(KeyPath::Carrier, || get(f::Order::carrier));
            self.hop(KeyPath::Driver, || get(f::Order::driver));
        }
        if !self.needs(KeyPath::Sku) {
            return;
        }
        let line = match event_type {
            EventType::RefundRequested => linked.requested_line(order, &self.fact.lines),
            _ => None,
        };
        if let Some(line) = line {
            self.ids[KeyPath::Sku as usize] = line.sku;
            self.ids[KeyPath::Category as usize] = line.category;
        } else {
            self.hop(KeyPath::Sku, || get(f::Order::sku));
            self.hop(KeyPath::Category, || get(f::Order::category));
        }
        let sku = self.id(KeyPath::Sku);
        if sku != NO_ID {
            self.hop(KeyPath::Category, || linked.id(Block::Sku, sku, f::Sku::category));
        }
    }
    #[inline]
    fn through_account_and_staff(&mut self) {
        let linked = self.linked;
        let account = self.id(KeyPath::Account);
        if account != NO_ID {
            self.hop(KeyPath::Email, || linked.id(Block::Account, account, f::Account::email));
            self.hop(KeyPath::Phone, || linked.id(Block::Account, account, f::Account::phone));
            self.ids[KeyPath::Cluster as usize] = account;
            self.ids[KeyPath::Neighbours as usize] = account;
        }
        let staff = self.id(KeyPath::Staff);
        if staff != NO_ID {
            self.hop(KeyPath::Queue, || linked.id(Block::Staff, staff, f::Staff::queue));
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
        Kind::Session | Kind::Label | Kind::Attribute | Kind::Lead => None,
    }
}
