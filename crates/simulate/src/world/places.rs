//! Where do parcels go, and who brings them? Postal areas, carriers, hubs, drivers of differing honesty.

use crate::chance::{Chance, Stream};
use crate::names::{Names, label};
use crate::scenario::Scenario;
use ringfence_domain::id::{CarrierId, DriverId, Label, SiteId};

/// What a driver is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriverNature {
    /// Delivers.
    Honest,
    /// Keeps dear parcels and scans them as delivered.
    Thief,
    /// Scans "delivered" before delivering.
    Lazy,
    /// Confuses doors.
    WrongDoor,
}

/// How much likelier a wrong-door driver misdelivers than others, and a lazy one scans early. [estimate]
const WORSE: f64 = 8.0;

#[derive(Clone, Debug)]
pub(crate) struct Driver {
    pub(crate) id: DriverId,
    pub(crate) nature: DriverNature,
}

#[derive(Clone, Debug)]
pub(crate) struct Hub {
    pub(crate) site: SiteId,
    /// Its scale shows weights times this.
    pub(crate) bias: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    pub(crate) id: CarrierId,
    pub(crate) hubs: Vec<Hub>,
}

#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(crate) country: Label,
    pub(crate) postal: Label,
    /// Thefts from porches against the mean.
    pub(crate) theft: f64,
    /// Drivers by carrier.
    pub(crate) drivers: Vec<Vec<u32>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) areas: Vec<Area>,
    pub(crate) carriers: Vec<Carrier>,
    pub(crate) drivers: Vec<Driver>,
    pub(crate) warehouses: Vec<SiteId>,
    pub(crate) returns_sites: Vec<SiteId>,
    pub(crate) returns_postal: Vec<Label>,
    thieves: f64,
    wrong_door_mean: f64,
    lazy_mean: f64,
}

impl Places {
    pub(crate) fn new(scenario: &Scenario, seed: u64, names: &mut Names) -> Self {
        let d = &scenario.delivery;
        let mut chance = Chance::new(seed, Stream::Areas, 0, 0);
        let carriers = scenario.carrier.iter().map(|spec| Carrier {
            id: CarrierId::new(&spec.name).expect("the scenario bounds names"),
            hubs: (0..spec.hubs.max(1))
                .map(|_| Hub { site: names.site(), bias: 1.0 + 0.012 * chance.normal() })
                .collect(),
        });
        let carriers: Vec<Carrier> = carriers.collect();
        let mut drivers = Vec::new();
        let mut areas = Vec::new();
        let mean_theft = {
            let bad = d.theft_areas as f64 / d.areas as f64;
            bad * d.theft_area_factor + (1.0 - bad)
        };
        for n in 0..d.areas {
            let country = ["US", "US", "US", "US", "US", "US", "US", "CA", "GB", "US"][chance.below(10)];
            let raw = if n < d.theft_areas { d.theft_area_factor } else { 1.0 };
            let mut by_carrier = Vec::new();
            for _ in 0..carriers.len() {
                let count = (d.drivers_per_area + chance.unit()) as usize;
                let first = drivers.len() as u32;
                for _ in 0..count.max(1) {
                    let nature = nature(scenario, seed, drivers.len());
                    drivers.push(Driver { id: names.driver(), nature });
                }
                by_carrier.push((first..drivers.len() as u32).collect());
            }
            areas.push(Area {
                country: label(country),
                postal: label(&format!("{:05}", 10_000 + chance.below(89_000))),
                theft: raw / mean_theft,
                drivers: by_carrier,
            });
        }
        ensure_each_nature(&mut drivers, d.thieving_drivers, d.lazy_drivers, d.wrong_door_drivers);
        let share =
            |nature| drivers.iter().filter(|x| x.nature == nature).count() as f64 / drivers.len() as f64;
        Self {
            thieves: share(DriverNature::Thief),
            wrong_door_mean: 1.0 + (WORSE - 1.0) * share(DriverNature::WrongDoor),
            lazy_mean: 1.0 + (WORSE - 1.0) * share(DriverNature::Lazy),
            warehouses: (0..4).map(|_| names.site()).collect(),
            returns_sites: (0..2).map(|_| names.site()).collect(),
            returns_postal: (0..2).map(|_| label(&format!("{:05}", 10_000 + chance.below(89_000)))).collect(),
            areas,
            carriers,
            drivers,
        }
    }
    /// How likely this driver steals a parcel, given the share of parcels that drivers steal.
    pub(crate) fn steals(&self, driver: u32, mean: f64) -> f64 {
        match self.drivers[driver as usize].nature {
            DriverNature::Thief if self.thieves > 0.0 => mean / self.thieves,
            _ => 0.0,
        }
    }
    /// Factor on misdeliveries.
    pub(crate) fn confuses(&self, driver: u32) -> f64 {
        let worse = self.drivers[driver as usize].nature == DriverNature::WrongDoor;
        if worse { WORSE / self.wrong_door_mean } else { 1.0 / self.wrong_door_mean }
    }
    /// Factor on early "delivered" scans.
    pub(crate) fn hurries(&self, driver: u32) -> f64 {
        let worse = self.drivers[driver as usize].nature == DriverNature::Lazy;
        if worse { WORSE / self.lazy_mean } else { 1.0 / self.lazy_mean }
    }
}

fn nature(scenario: &Scenario, seed: u64, nth: usize) -> DriverNature {
    let d = &scenario.delivery;
    let honest = (1.0 - d.thieving_drivers - d.lazy_drivers - d.wrong_door_drivers).max(0.0);
    let weights = [honest, d.thieving_drivers, d.lazy_drivers, d.wrong_door_drivers];
    let all = [DriverNature::Honest, DriverNature::Thief, DriverNature::Lazy, DriverNature::WrongDoor];
    all[Chance::new(seed, Stream::Drivers, nth as u64, 0).weighted(&weights)]
}

/// In a small shop chance may leave a nature out that the scenario asks for: then the next honest driver gets it.
fn ensure_each_nature(drivers: &mut [Driver], thieves: f64, lazy: f64, wrong_door: f64) {
    let asked =
        [(thieves, DriverNature::Thief), (lazy, DriverNature::Lazy), (wrong_door, DriverNature::WrongDoor)];
    for (share, nature) in asked {
        if share <= 0.0 || drivers.iter().any(|d| d.nature == nature) {
            continue;
        }
        if let Some(d) = drivers.iter_mut().rev().find(|d| d.nature == DriverNature::Honest) {
            d.nature = nature;
        }
    }
}
