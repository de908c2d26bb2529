//! Who could be behind which claim? Claims, the people and places tied to each, and how often each had the occasion.
//!
//! People and claims are put in the order of their names, so that the order in which events came decides nothing.

use crate::attribution::causes::{CAUSES, Cause};
use crate::attribution::describe::{Bands, describe, family};
use crate::attribution::record::{Asked, Order, Record};
use crate::attribution::traits::{Family, NOT_APPLICABLE, PROOFS, Values, proof};
use std::collections::BTreeMap;
use std::ops::Range;

/// Somebody who is not known to the figures yet: what is believed of all stands for them.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// A possible cause of a claim, and whose it would be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Edge {
    pub(crate) cause: Cause,
    /// The person, place or cell within the cause, or [`UNKNOWN`].
    pub(crate) unit: u32,
    /// What the carrier shows for the parcel in question, where it is about one.
    pub(crate) proof: u8,
    /// How many of the unit's occasions this one stands for.
    pub(crate) occasions: f64,
}

/// A claim with its traits; its edges are a range of [`Graph::edges`].
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) refund: u32,
    pub(crate) family: Family,
    pub(crate) values: Values,
    pub(crate) edges: Range<usize>,
}

/// Places of people in the order of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    accounts: Vec<u32>,
    drivers: Vec<u32>,
    staff: Vec<u32>,
    areas: Vec<u32>,
    carriers: Vec<u32>,
    /// By carrier and month.
    cells: BTreeMap<(u32, i64), u32>,
    /// Orders for each return: a return is as much occasion for a lie as so many orders.
    orders_a_return: f64,
    /// Claims about a delivery for each order: so rarely does staff get to decide about an order.
    claims_an_order: f64,
}

fn place(ranks: &[u32], number: u32) -> u32 {
    ranks.get(number as usize).copied().unwrap_or(UNKNOWN)
}

impl Index {
    fn new(record: &Record) -> Index {
        let mut index = Index {
            accounts: record.accounts.ranks(),
            drivers: record.drivers.ranks(),
            staff: record.staff.ranks(),
            areas: record.areas.ranks(),
            carriers: record.carriers.ranks(),
            cells: BTreeMap::new(),
            orders_a_return: 0.0,
            claims_an_order: 0.0,
        };
        let families = record.asked.iter().flatten().map(|a| family(&record.orders[a.order as usize], a));
        let (mut returns, mut claims) = (1.0, 1.0);
        for family in families {
            *(if family == Family::Return { &mut returns } else { &mut claims }) += 1.0;
        }
        let orders = 1.0 + record.orders.len() as f64;
        (index.orders_a_return, index.claims_an_order) = (orders / returns, claims / orders);
        let keys: Vec<_> = record.orders.iter().map(|o| index.cell_key(record, o)).collect();
        for key in keys {
            index.cells.insert(key, 0);
        }
        for (n, cell) in index.cells.values_mut().enumerate() {
            *cell = n as u32;
        }
        index
    }
    pub(crate) fn account(&self, number: u32) -> u32 {
        place(&self.accounts, number)
    }
    pub(crate) fn driver(&self, number: u32) -> u32 {
        place(&self.drivers, number)
    }
    pub(crate) fn staff(&self, number: u32) -> u32 {
        place(&self.staff, number)
    }
    pub(crate) fn area(&self, number: u32) -> u32 {
        place(&self.areas, number)
    }
    /// An order's carrier and month: trouble differs by season.
    fn cell_key(&self, record: &Record, order: &Order) -> (u32, i64) {
        let carriers =
            order.parcels.iter().map(|&p| place(&self.carriers, record.parcels[p as usize].carrier));
        let carrier = carriers.min().unwrap_or(UNKNOWN);
        let month = order.at.map_or(0, |at| {
            let (year, month, _) = at.civil();
            year * 12 + i64::from(month)
        });
        (carrier, month)
    }
    fn cell(&self, record: &Record, order: &Order) -> u32 {
        self.cells.get(&self.cell_key(record, order)).copied().unwrap_or(UNKNOWN)
    }
}

/// What inference works on.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) index: Index,
    pub(crate) bands: Bands,
    pub(crate) claims: Vec<Claim>,
    pub(crate) edges: Vec<Edge>,
    /// Occasions by cause and unit: orders and returns, parcels, requests handled.
    pub(crate) exposure: [Vec<f64>; CAUSES],
    /// Delivered parcels by what the carrier shows.
    pub(crate) proofs: [f64; PROOFS],
}

impl Graph {
    pub(crate) fn new(record: &Record, verdicts: bool) -> Graph {
        let index = Index::new(record);
        let bands = Bands::of(record);
        let (exposure, proofs) = exposure(record, &index);
        let mut graph = Graph { index, bands, claims: Vec::new(), edges: Vec::new(), exposure, proofs };
        let ranks = record.refunds.ranks();
        let mut refunds: Vec<u32> = (0..ranks.len() as u32).collect();
        refunds.sort_unstable_by_key(|&r| ranks[r as usize]);
        for refund in refunds {
            let Some(asked) = record.request(refund) else { continue };
            let (family, values, edges) = graph.look(record, refund, asked, verdicts);
            let from = graph.edges.len();
            graph.edges.extend(edges);
            graph.claims.push(Claim { refund, family, values, edges: from..graph.edges.len() });
        }
        graph
    }
    /// A claim's traits and possible causes.
    pub(crate) fn look(
        &self,
        record: &Record,
        refund: u32,
        asked: &Asked,
        verdicts: bool,
    ) -> (Family, Values, Vec<Edge>) {
        let family = family(&record.orders[asked.order as usize], asked);
        let values = describe(record, refund, asked, &self.bands, verdicts);
        (family, values, edges(record, &self.index, refund, asked))
    }
}

fn edges(record: &Record, index: &Index, refund: u32, asked: &Asked) -> Vec<Edge> {
    let order = &record.orders[asked.order as usize];
    let family = family(order, asked);
    let edge = |cause, unit, proof, occasions| Edge { cause, unit, proof, occasions };
    let plain = |cause, unit, occasions| edge(cause, unit, NOT_APPLICABLE, occasions);
    let (for_buyer, for_staff) = match family {
        Family::Return => (index.orders_a_return, 1.0),
        Family::Delivery => (1.0, index.claims_an_order),
    };
    let mut edges = vec![plain(Cause::Buyer, index.account(asked.account), for_buyer)];
    let handled = handlers(record, refund, asked).into_iter().flatten();
    edges.extend(handled.map(|staff| plain(Cause::Staff, index.staff(staff), for_staff)));
    match family {
        Family::Return => edges.push(plain(Cause::Habit, UNKNOWN, 1.0)),
        Family::Delivery => {
            edges.push(plain(Cause::Trouble, index.cell(record, order), 1.0));
            for &number in &order.parcels {
                let parcel = &record.parcels[number as usize];
                if parcel.delivered.is_none_or(|d| d > asked.at) {
                    continue;
                }
                let proof = proof(parcel.in_hand, parcel.photo, parcel.distance_m);
                if let Some(driver) = parcel.driver {
                    let unit = index.driver(driver);
                    edges.extend([Cause::Kept, Cause::Strayed].map(|cause| edge(cause, unit, proof, 1.0)));
                }
                let area = parcel.area.map_or(UNKNOWN, |area| index.area(area));
                edges.push(edge(Cause::Stranger, area, proof, 1.0));
            }
        }
    }
    edges.sort_unstable_by_key(|e| (e.cause, e.unit, e.proof));
    edges
}

/// Who recorded the receipt and who decided, each once.
pub(crate) fn handlers(record: &Record, refund: u32, asked: &Asked) -> [Option<u32>; 2] {
    let back = record.orders[asked.order as usize].back.as_ref();
    let clerk = back.and_then(|b| b.receipt).map(|r| r.staff);
    let decided = record.outcomes[refund as usize].decided.map(|(_, staff)| staff);
    [clerk, decided.filter(|d| Some(*d) != clerk)]
}

fn exposure(record: &Record, index: &Index) -> ([Vec<f64>; CAUSES], [f64; PROOFS]) {
    let mut orders = vec![0.0; index.accounts.len()];
    let mut cells = vec![0.0; index.cells.len()];
    let mut drivers = vec![0.0; index.drivers.len()];
    let mut areas = vec![0.0; index.areas.len()];
    let mut staff = vec![0.0; index.staff.len()];
    let mut proofs = [0.0; PROOFS];
    let add = |list: &mut [f64], unit: u32, occasions: f64| {
        if let Some(count) = list.get_mut(unit as usize) {
            *count += occasions;
        }
    };
    for order in &record.orders {
        if let Some(account) = order.account {
            add(&mut orders, index.account(account), 1.0);
        }
        add(&mut cells, index.cell(record, order), 1.0);
    }
    for parcel in record.parcels.iter().filter(|p| p.delivered.is_some()) {
        proofs[usize::from(proof(parcel.in_hand, parcel.photo, parcel.distance_m))] += 1.0;
        if let Some(driver) = parcel.driver {
            add(&mut drivers, index.driver(driver), 1.0);
        }
        if let Some(area) = parcel.area {
            add(&mut areas, index.area(area), 1.0);
        }
    }
    for (refund, asked) in record.asked.iter().enumerate() {
        let Some(asked) = asked else { continue };
        for member in handlers(record, refund as u32, asked).into_iter().flatten() {
            add(&mut staff, index.staff(member), 1.0);
        }
        if family(&record.orders[asked.order as usize], asked) == Family::Return {
            add(&mut orders, index.account(asked.account), index.orders_a_return);
        }
    }
    let by_cause = Cause::ALL.map(|cause| match cause {
        Cause::Buyer => orders.clone(),
        Cause::Habit => Vec::new(),
        Cause::Kept | Cause::Strayed => drivers.clone(),
        Cause::Staff => staff.clone(),
        Cause::Stranger => areas.clone(),
        Cause::Trouble => cells.clone(),
    });
    (by_cause, proofs)
}
