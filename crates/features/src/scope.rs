//! Which names may an expression of the catalogue use, and where are their values found?

use crate::catalogue::AttributeType;
use crate::fact::{Fact, SlotType, slots};
use crate::kind::{Id, Kind, NO_ID};
use crate::lead_fields::{LEAD_FIELDS, LEAD_PATHS, LeadField, value};
use crate::linked::Block;
use crate::path::{KeyPath, Keys};
use crate::state::State;
use ringfence_domain::EventType;
use ringfence_domain::vector::category_code;
use ringfence_expr::{Scope, Slot, Type};

/// Which table a slot reads: the upper half of its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    /// A slot of the event.
    Data(usize),
    /// A fact one hop away.
    Linked(Block, usize),
    /// A merchant's own field, by its number in the plan.
    Attribute(usize),
    /// An earlier feature of the vector.
    Feature(usize),
    /// The event's own time.
    Time,
    /// The line that a request is about.
    Line(LineField),
    /// The account's cluster.
    Cluster(ClusterField),
    /// The leads on what the event leads to.
    Lead(LeadField),
}

/// What is known of the dearest line that a request names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum LineField {
    Sku,
    Category,
    UnitPrice,
    Quantity,
    Dearest,
}
const LINE_FIELDS: &[(&str, LineField, SlotType)] = &[
    ("sku", LineField::Sku, SlotType::Id(Kind::Sku)),
    ("category", LineField::Category, SlotType::Id(Kind::Category)),
    ("unit_price", LineField::UnitPrice, SlotType::Money),
    ("quantity", LineField::Quantity, SlotType::Number),
    ("dearest", LineField::Dearest, SlotType::Flag),
];

/// What is known of the account's cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum ClusterField {
    Accounts,
    Links,
}
const CLUSTER_FIELDS: &[(&str, ClusterField)] =
    &[("accounts", ClusterField::Accounts), ("links", ClusterField::Links)];

const DATA: u32 = 0;
const LINKED: u32 = 1;
const ATTRIBUTE: u32 = 32;
const FEATURE: u32 = 33;
const TIME: u32 = 34;
const LINE: u32 = 35;
const CLUSTER: u32 = 36;
const LEAD: u32 = 37;

impl Place {
    pub(crate) fn slot(self) -> Slot {
        let (table, index) = match self {
            Place::Data(i) => (DATA, i),
            Place::Linked(block, i) => (LINKED + block as u32, i),
            Place::Attribute(i) => (ATTRIBUTE, i),
            Place::Feature(i) => (FEATURE, i),
            Place::Time => (TIME, 0),
            Place::Line(field) => (LINE, field as usize),
            Place::Cluster(field) => (CLUSTER, field as usize),
            Place::Lead(field) => (LEAD, field as usize),
        };
        Slot(table << 16 | index as u32)
    }
    #[inline]
    pub(crate) fn of(slot: Slot) -> Place {
        let index = (slot.0 & 0xffff) as usize;
        match slot.0 >> 16 {
            DATA => Place::Data(index),
            ATTRIBUTE => Place::Attribute(index),
            FEATURE => Place::Feature(index),
            TIME => Place::Time,
            LINE => Place::Line(LINE_FIELDS[index].1),
            CLUSTER => Place::Cluster(CLUSTER_FIELDS[index].1),
            LEAD => Place::Lead(LEAD_FIELDS[index].1),
            table => Place::Linked(Block::ALL[(table - LINKED) as usize], index),
        }
    }
}

/// The type that an expression sees.
pub(crate) fn expr_type(slot_type: SlotType) -> Type {
    match slot_type {
        SlotType::Id(_) | SlotType::Word(_) => Type::Text,
        SlotType::Number | SlotType::Money => Type::Number,
        SlotType::Flag => Type::Bool,
        SlotType::Time => Type::Time,
    }
}

/// Texts that expressions compare with identifiers: given their numbers before the first event (deterministic).
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    pub(crate) texts: Vec<(Kind, String)>,
}

impl Constants {
    fn code(&mut self, kind: Kind, text: &str) -> f64 {
        let of_kind: Vec<&str> =
            self.texts.iter().filter(|(k, _)| *k == kind).map(|(_, t)| t.as_str()).collect();
        let index = of_kind.iter().position(|t| *t == text).unwrap_or(of_kind.len());
        if index == of_kind.len() {
            self.texts.push((kind, text.to_owned()));
        }
        index as f64
    }
}

/// A column that later expressions may use.
#[derive(Clone, Debug)]
pub(crate) struct KnownColumn {
    pub(crate) name: String,
    pub(crate) expr_type: Type,
}

/// The names that are valid for one event type.
pub(crate) struct EventScope<'a> {
    pub(crate) event_type: EventType,
    pub(crate) attributes: &'a [(String, AttributeType)],
    /// Earlier features; for expressions of a request only.
    pub(crate) columns: &'a [KnownColumn],
    pub(crate) constants: &'a mut Constants,
}

impl EventScope<'_> {
    /// What the value in a slot means, where it is not an earlier feature.
    pub(crate) fn slot_type(&self, slot: Slot) -> Option<SlotType> {
        Some(match Place::of(slot) {
            Place::Data(i) => slots(self.event_type)[i].slot_type,
            Place::Linked(block, i) => block.facts()[i].slot_type,
            Place::Attribute(i) => match self.attributes[i].1 {
                AttributeType::Text => SlotType::Id(Kind::Label),
                AttributeType::Number => SlotType::Number,
                AttributeType::Flag => SlotType::Flag,
            },
            Place::Feature(_) => return None,
            Place::Time => SlotType::Time,
            Place::Line(field) => LINE_FIELDS[field as usize].2,
            Place::Cluster(_) => SlotType::Number,
            Place::Lead(field) => LEAD_FIELDS[field as usize].2,
        })
    }
    fn place(&self, path: &str) -> Option<Place> {
        let Some((first, rest)) = path.split_once('.') else {
            if path == "time" {
                return Some(Place::Time);
            }
            return self.columns.iter().position(|c| c.name == path).map(Place::Feature);
        };
        match first {
            "data" => slots(self.event_type).iter().position(|s| s.name == rest).map(Place::Data),
            "attributes" => self.attributes.iter().position(|a| a.0 == rest).map(Place::Attribute),
            "line" if self.event_type == EventType::RefundRequested => {
                LINE_FIELDS.iter().find(|f| f.0 == rest).map(|f| Place::Line(f.1))
            }
            "lead" => LEAD_FIELDS.iter().find(|f| f.0 == rest).map(|f| Place::Lead(f.1)),
            "cluster" => CLUSTER_FIELDS.iter().find(|f| f.0 == rest).map(|f| Place::Cluster(f.1)),
            _ => Block::ALL.iter().filter(|b| b.prefix() == first).find_map(|&b| {
                let i = b.facts().iter().position(|f| f.name == rest && !rest.ends_with("_pos"))?;
                Some(Place::Linked(b, i))
            }),
        }
    }
}

impl Scope for EventScope<'_> {
    fn lookup(&self, path: &str) -> Option<(Slot, Type)> {
        let place = self.place(path)?;
        let slot = place.slot();
        let ty = match place {
            Place::Feature(i) => self.columns[i].expr_type,
            _ => expr_type(self.slot_type(slot)?),
        };
        Some((slot, ty))
    }
    fn names(&self) -> Vec<String> {
        let data = slots(self.event_type).iter().map(|s| format!("data.{}", s.name));
        let linked = Block::ALL.iter().flat_map(|b| {
            b.facts()
                .iter()
                .filter(|f| !f.name.ends_with("_pos"))
                .map(move |f| format!("{}.{}", b.prefix(), f.name))
        });
        let line = if self.event_type == EventType::RefundRequested { LINE_FIELDS } else { &[] };
        data.chain(linked)
            .chain(line.iter().map(|f| format!("line.{}", f.0)))
            .chain(LEAD_FIELDS.iter().map(|f| format!("lead.{}", f.0)))
            .chain(CLUSTER_FIELDS.iter().map(|f| format!("cluster.{}", f.0)))
            .chain(self.attributes.iter().map(|a| format!("attributes.{}", a.0)))
            .chain(self.columns.iter().map(|c| c.name.clone()))
            .chain(["time".to_owned()])
            .collect()
    }
    fn text_code(&mut self, slot: Slot, text: &str) -> Result<f64, Vec<String>> {
        match self.slot_type(slot) {
            Some(SlotType::Id(kind)) => Ok(self.constants.code(kind, text)),
            Some(SlotType::Word(words)) => match words.iter().position(|w| *w == text) {
                Some(i) => Ok(i as f64),
                None => Err(words.iter().map(|&w| w.to_owned()).collect()),
            },
            _ => Ok(category_code(text)),
        }
    }
    fn texts_share_codes(&self, a: Slot, b: Slot) -> bool {
        match (self.slot_type(a), self.slot_type(b)) {
            (Some(SlotType::Id(a)), Some(SlotType::Id(b))) => a == b,
            (Some(SlotType::Word(a)), Some(SlotType::Word(b))) => a == b,
            (None, None) => true,
            _ => false,
        }
    }
}

/// The way to the thing whose facts a table holds.
#[inline]
fn path_of(block: Block) -> KeyPath {
    match block {
        Block::Order | Block::Return => KeyPath::Order,
        Block::Account => KeyPath::Account,
        Block::Staff => KeyPath::Staff,
        Block::Contact => KeyPath::Contact,
        Block::Refund => KeyPath::Refund,
        Block::Parcel => KeyPath::Parcel,
        Block::Sku => KeyPath::Sku,
    }
}

impl Place {
    /// The ways that have to be followed to read it.
    pub(crate) fn paths(self) -> &'static [KeyPath] {
        match self {
            Place::Linked(block, _) => match path_of(block) {
                KeyPath::Order => &[KeyPath::Order],
                KeyPath::Account => &[KeyPath::Account],
                KeyPath::Staff => &[KeyPath::Staff],
                KeyPath::Contact => &[KeyPath::Contact],
                KeyPath::Refund => &[KeyPath::Refund],
                KeyPath::Parcel => &[KeyPath::Parcel],
                _ => &[KeyPath::Sku],
            },
            Place::Line(_) => &[KeyPath::Order, KeyPath::Category],
            Place::Cluster(_) => &[KeyPath::Account],
            Place::Lead(_) => LEAD_PATHS,
            Place::Data(_) | Place::Attribute(_) | Place::Feature(_) | Place::Time => &[],
        }
    }
}

/// Finds the values of slots for one event.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) fact: &'a Fact,
    pub(crate) keys: &'a Keys,
    pub(crate) state: &'a State,
    /// The vector as far as it is filled.
    pub(crate) vector: &'a [f64],
}

impl Values<'_> {
    /// The value of a place; NaN where missing.
    pub(crate) fn get(&self, place: Place) -> f64 {
        match place {
            Place::Linked(block, i) => match self.keys.id(path_of(block)) {
                NO_ID => f64::NAN,
                id => self.state.linked.get(block, id, i),
            },
            place => self.elsewhere(place),
        }
    }
    /// The values of many slots at once, in order: a table's row is looked up once for those that follow each other.
    #[inline]
    pub(crate) fn gather(&self, places: &[Place], out: &mut Vec<f64>) {
        out.clear();
        let mut row: (Option<Block>, Option<&[f64]>) = (None, None);
        out.extend(places.iter().map(|&place| match place {
            Place::Data(i) => self.fact.slots[i],
            Place::Linked(block, i) => {
                if row.0 != Some(block) {
                    let id = self.keys.id(path_of(block));
                    row = (Some(block), self.state.linked.row_of(block, id));
                }
                row.1.map_or(f64::NAN, |facts| facts[i])
            }
            place => self.elsewhere(place),
        }));
    }
    fn elsewhere(&self, place: Place) -> f64 {
        match place {
            Place::Data(i) => self.fact.slots[i],
            Place::Linked(..) => unreachable!("read by the callers, which know the row"),
            Place::Attribute(i) => {
                self.fact.attributes.iter().find(|a| a.0 as usize == i).map_or(f64::NAN, |a| a.1)
            }
            Place::Feature(i) => self.vector[i],
            Place::Time => self.fact.time as f64,
            Place::Line(field) => self.line(field),
            Place::Lead(field) => value(self.state, self.keys, field),
            Place::Cluster(field) => {
                let (accounts, links) = match self.keys.id(KeyPath::Account) {
                    NO_ID => (0, 0),
                    account => self.state.clusters.size(account),
                };
                match field {
                    ClusterField::Accounts => accounts as f64,
                    ClusterField::Links => links as f64,
                }
            }
        }
    }
    #[cold]
    fn line(&self, field: LineField) -> f64 {
        let order = self.keys.id(KeyPath::Order);
        if order == NO_ID {
            return f64::NAN;
        }
        let linked = &self.state.linked;
        let Some(line) = linked.requested_line(order, &self.fact.lines) else { return f64::NAN };
        let id = |id: Id| if id == NO_ID { f64::NAN } else { f64::from(id) };
        match field {
            LineField::Sku => id(line.sku),
            LineField::Category => id(self.keys.id(KeyPath::Category)),
            LineField::UnitPrice => line.unit_price,
            LineField::Quantity => f64::from(line.quantity),
            LineField::Dearest => {
                let top = linked.requested_line(order, &[]);
                top.map_or(f64::NAN, |top| f64::from(u8::from(top.line == line.line)))
            }
        }
    }
}
