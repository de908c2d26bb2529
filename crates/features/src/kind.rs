//! Which kinds of things have a past? Entity kinds, and the texts of their identifiers as small numbers.

use ringfence_domain::grow::{Shards, Texts};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use std::hash::Hasher;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $busy:literal;)*) => {
        /// A kind of thing that events name: the first half of a state key `(kind, id)`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All kinds, in the order of their codes.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];
            /// Number of kinds.
            pub const COUNT: usize = Self::ALL.len();
            /// The word for it in a catalogue.
            pub const fn as_str(self) -> &'static str { match self { $(Kind::$name => $text,)* } }
            /// Whether one such thing may see a large part of all events, so that its windows use tiles (INV-6).
            pub const fn busy(self) -> bool { match self { $(Kind::$name => $busy,)* } }
            /// The kind of a word.
            pub fn parse(text: &str) -> Option<Kind> { Self::ALL.iter().copied().find(|k| k.as_str() == text) }
        }
    };
}

kinds! {
    /// A customer's account.
    Account = "account", false;
    /// An order.
    Order = "order", false;
    /// A parcel.
    Parcel = "parcel", false;
    /// A refund request.
    Refund = "refund", false;
    /// A conversation with customer service.
    Contact = "contact", false;
    /// A member of staff.
    Staff = "staff", true;
    /// A session.
    Session = "session", false;
    /// A device.
    Device = "device", false;
    /// An IP address.
    Ip = "ip", true;
    /// A postal address.
    Address = "address", false;
    /// A payment instrument.
    Payment = "payment", false;
    /// An e-mail address.
    Email = "email", false;
    /// A phone number.
    Phone = "phone", false;
    /// An article.
    Sku = "sku", true;
    /// A category of goods.
    Category = "category", true;
    /// A seller.
    Seller = "seller", true;
    /// A carrier.
    Carrier = "carrier", true;
    /// A driver.
    Driver = "driver", true;
    /// A warehouse, hub or store.
    Site = "site", true;
    /// A receiving station.
    Station = "station", true;
    /// A queue of customer service.
    Queue = "queue", true;
    /// A document handed in with a request.
    Document = "document", false;
    /// A narrative: the normalised text of a customer's message.
    Narrative = "narrative", false;
    /// A short word: country, service class, team, a text attribute.
    Label = "label", true;
    /// The name of a merchant's own field.
    Attribute = "attribute", false;
    /// A lead.
    Lead = "lead", false;
}

/// The number of a thing within its kind, in the order of first appearance in the log.
pub type Id = u32;

/// "Not known": no identifier.
pub const NO_ID: Id = Id::MAX;

/// One kind's identifiers: text ↔ number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NameTable {
    texts: Texts,
    /// Identifiers by text: the first so many of them; the rest once one is looked up.
    #[serde(skip)]
    index: Shards<Id>,
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

fn hash_of(texts: &Texts, id: Id) -> u64 {
    hash(texts.bytes(id as usize).expect("only numbers of texts are indexed"))
}

impl NameTable {
    /// Identifiers known.
    pub fn len(&self) -> usize {
        self.texts.len()
    }
    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
    /// The text of `id`.
    pub fn text(&self, id: Id) -> &str {
        self.texts.get(id as usize).expect("a number that an identifier has")
    }
    fn is(&self, id: Id, text: &str) -> bool {
        self.texts.bytes(id as usize) == Some(text.as_bytes())
    }
    /// The number of `text`, where it is known.
    pub fn get(&self, text: &str) -> Option<Id> {
        let indexed = self.index.find(hash(text.as_bytes()), |&id| self.is(id, text)).copied();
        let mut rest = self.index.len() as Id..self.len() as Id;
        indexed.or_else(|| rest.find(|&id| self.is(id, text)))
    }
    /// The number of `text`; a new one where it was not known.
    #[inline]
    pub fn intern(&mut self, text: &str) -> Id {
        if self.index.len() < self.len() {
            self.index_rest();
        }
        let h = hash(text.as_bytes());
        if let Some(&id) = self.index.find(h, |&id| self.is(id, text)) {
            return id;
        }
        let id = self.append(text);
        let Self { texts, index } = self;
        index.insert_unique(h, id, |&id| hash_of(texts, id));
        id
    }
    /// Gives the next number to a text that has none yet, as the caller knows.
    pub(crate) fn append(&mut self, text: &str) -> Id {
        let id = self.texts.len() as Id;
        assert!(id != NO_ID, "fewer than 2^32 − 1 identifiers a kind");
        self.texts.push(text);
        id
    }
    /// Indexes what was appended or read from a snapshot.
    #[cold]
    fn index_rest(&mut self) {
        let Self { texts, index } = self;
        for id in index.len() as Id..texts.len() as Id {
            index.insert_unique(hash_of(texts, id), id, |&id| hash_of(texts, id));
        }
    }
    fn memory_bytes(&self) -> usize {
        self.texts.memory_bytes() + self.index.memory_bytes()
    }
}

/// The identifiers of all kinds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Names {
    tables: Vec<NameTable>,
}

impl Default for Names {
    fn default() -> Self {
        Self { tables: vec![NameTable::default(); Kind::COUNT] }
    }
}

impl Names {
    /// The identifiers of one kind.
    #[inline]
    pub fn of(&self, kind: Kind) -> &NameTable {
        &self.tables[kind as usize]
    }
    /// The text of `id`; `None` where no identifier of the kind has that number.
    pub fn known(&self, kind: Kind, id: Id) -> Option<&str> {
        let table = self.of(kind);
        ((id as usize) < table.len()).then(|| table.text(id))
    }
    /// The number of `text` in `kind`; a new one where it was not known.
    #[inline]
    pub fn intern(&mut self, kind: Kind, text: &str) -> Id {
        self.tables[kind as usize].intern(text)
    }
    /// Gives the next number to a text that has none yet, as the caller knows.
    pub(crate) fn append(&mut self, kind: Kind, text: &str) -> Id {
        self.tables[kind as usize].append(text)
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.tables.iter().map(NameTable::memory_bytes).sum()
    }
}
