//! How is the core kept beside the log? As bytes, the same for the same state, and back again.

use crate::core::control::KeptRates;
use crate::core::places::Places;
use crate::core::{Core, CoreError, KeptVector, Past};
use ringfence_domain::Versions;
use ringfence_domain::dedupe::ContentKey;
use ringfence_engine::Engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the core's own part of a snapshot: 2 with rates, the register and places, 3 with leads.
const FORMAT: u32 = 3;

#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    next: u64,
    announced: bool,
    versions: Versions,
    rates: KeptRates,
    seen: Vec<(u64, u64)>,
    answered: BTreeMap<u64, u64>,
    decided: BTreeMap<String, u64>,
    /// JSON: its types have forms that the snapshot's own format cannot hold.
    register: Vec<u8>,
    events: Places,
    controls: Places,
    /// JSON, as the register.
    leads: Vec<u8>,
    engine: Vec<u8>,
}

/// The beginning of a snapshot: what is needed to read the rest.
#[derive(Deserialize)]
struct Head {
    format: u32,
    _next: u64,
    _announced: bool,
    versions: Versions,
    rates: KeptRates,
}

impl Core {
    /// As it was when the snapshot was taken; `past` gives the content of its versions.
    pub fn restore(bytes: &[u8], past: &dyn Past) -> Result<Core, CoreError> {
        let broken = |what: String| CoreError::Snapshot(what);
        let (format, _): (u32, _) = postcard::take_from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        if format != FORMAT {
            return Err(broken(format!("the snapshot has format {format}, this program reads {FORMAT}")));
        }
        let (head, _): (Head, _) = postcard::take_from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        debug_assert_eq!(head.format, FORMAT);
        let v = past.versioned(&head.versions, &head.rates.rates().map_err(broken)?)?;
        let (decider, versions) = v.decider()?;
        let kept: Kept = postcard::from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        let (plan, reporting) = (v.plan.clone(), v.rates.reporting());
        let engine = Engine::restore(&kept.engine, plan, reporting, v.rates.clone(), Some(decider))
            .map_err(|e| broken(e.to_string()))?;
        Ok(Core {
            engine,
            seen: kept.seen.into_iter().map(|(id, content)| ContentKey { id, content }).collect(),
            answered: kept.answered,
            decided: kept.decided,
            next: kept.next,
            versions,
            rates: v.rates,
            announced: kept.announced,
            register: serde_json::from_slice(&kept.register).map_err(|e| broken(e.to_string()))?,
            events: kept.events,
            controls: kept.controls,
            leads: serde_json::from_slice(&kept.leads).map_err(|e| broken(e.to_string()))?,
            keep_vector: false,
            vector: KeptVector::default(),
            scratch: Vec::new(),
        })
    }
    /// The whole state as bytes; the same state gives the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let kept = Kept {
            format: FORMAT,
            next: self.next,
            announced: self.announced,
            versions: self.versions.clone(),
            rates: KeptRates::of(&self.rates),
            seen: self.seen.entries().into_iter().map(|k| (k.id, k.content)).collect(),
            answered: self.answered.clone(),
            decided: self.decided.clone(),
            register: serde_json::to_vec(&self.register).expect("the register is texts and numbers"),
            events: self.events.clone(),
            controls: self.controls.clone(),
            leads: serde_json::to_vec(&self.leads).expect("leads are texts and numbers"),
            engine: self.engine.snapshot(),
        };
        postcard::to_stdvec(&kept).expect("writing to memory cannot fail")
    }
}
