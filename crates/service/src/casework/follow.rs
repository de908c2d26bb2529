//! What does the log say that matters to casework? Records as facts, the requests with the decisions on them.

use crate::casework::CaseworkError;
use crate::core::Control;
use crate::core::control::KeptRates;
use ringfence_casework::desk::General;
use ringfence_casework::draw::{Draw, drawn};
use ringfence_casework::effects::SOURCE;
use ringfence_casework::{Asked, Change, Fact, Kind, Settings, Stamp};
use ringfence_domain::codec::Decoder;
use ringfence_domain::event::RefundRequested;
use ringfence_domain::rates::Rates;
use ringfence_domain::words::DecidedBy;
use ringfence_domain::{Body, Decision, DecisionKind};
use ringfence_store::log::{Reader, Record, RecordKind};
use serde::Deserialize;

/// Reads records one after the other.
pub(super) struct Seeing {
    decoder: Decoder,
    reader: Reader,
    /// The last refund request, with its position: its decision comes next.
    asked: Option<(u64, Vec<u8>)>,
    rates: Option<Rates>,
    settings: Settings,
}

/// A fact with its place.
pub(super) type Seen = (Fact, Stamp);

/// As much of a decision as tells whether people have to do with it.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(borrow)]
    refund: std::borrow::Cow<'a, str>,
    decision: DecisionKind,
}

impl Seeing {
    /// `rates` and `general` as of the record that comes next.
    pub(super) fn new(
        decoder: Decoder,
        reader: Reader,
        rates: Option<&serde_json::Value>,
        general: &General,
    ) -> Seeing {
        let rates = rates.and_then(|kept| serde_json::from_value::<KeptRates>(kept.clone()).ok());
        let rates = rates.and_then(|kept| kept.rates().ok());
        Seeing { decoder, reader, asked: None, rates, settings: general.settings.clone() }
    }
    /// The rates as of the last record.
    pub(super) fn rates(&self) -> Option<serde_json::Value> {
        self.rates
            .as_ref()
            .map(|rates| serde_json::to_value(KeptRates::of(rates)).expect("texts and numbers"))
    }
    /// What a record says.
    pub(super) fn see(&mut self, position: u64, record: &Record<'_>) -> Result<Option<Seen>, CaseworkError> {
        let broken = |what: String| CaseworkError::Record { position, what };
        let payload: &[u8] = &record.payload;
        let stamp = |by: &str| Stamp { position, at: record.recorded, by: by.to_owned() };
        match record.kind {
            RecordKind::Decision => {
                let glance: Glance<'_> =
                    serde_json::from_slice(payload).map_err(|e| broken(e.to_string()))?;
                let Settings { salt, control_share, .. } = &self.settings;
                let wanted = Kind::of(glance.decision).is_some()
                    || drawn(salt, Draw::Control, &glance.refund, *control_share);
                if !wanted {
                    return Ok(None);
                }
                let asked = self.asked(position, payload)?;
                Ok(Some((Fact::Answered(asked), stamp(""))))
            }
            RecordKind::Event => self.event(position, record),
            RecordKind::Control => {
                // The tag comes first in what the service writes.
                let is = |word: &str| payload.starts_with(format!("{{\"control\":\"{word}\"").as_bytes());
                if !(is("casework") || is("versions") || is("rates")) {
                    return Ok(None);
                }
                match serde_json::from_slice(payload).map_err(|e| broken(e.to_string()))? {
                    Control::Casework { change, by } => {
                        if let Change::Settings { settings } = &change {
                            self.settings = settings.clone();
                        }
                        Ok(Some((Fact::Changed(change), stamp(by.user.as_deref().unwrap_or_default()))))
                    }
                    Control::Versions { rates: Some(rates), .. } | Control::Rates { rates } => {
                        self.rates = rates.rates().ok();
                        Ok(None)
                    }
                    _ => Ok(None),
                }
            }
        }
    }
    fn event(&mut self, position: u64, record: &Record<'_>) -> Result<Option<Seen>, CaseworkError> {
        let broken = |what: String| CaseworkError::Record { position, what };
        let payload: &[u8] = &record.payload;
        let text = std::str::from_utf8(payload).map_err(|e| broken(e.to_string()))?;
        if text.contains("refund.requested") {
            self.asked = Some((position, payload.to_vec()));
            return Ok(None);
        }
        if !(text.contains("appeal.") || text.contains("refund.decided")) {
            return Ok(None);
        }
        let event = self.decoder.decode(payload).map_err(|e| broken(e.to_string()))?;
        if event.source.as_str() == SOURCE {
            // The change that made it stands before it.
            return Ok(None);
        }
        let fact = match event.body {
            Body::AppealOpened(appeal) => Fact::AppealOpened {
                refund: appeal.refund.as_str().to_owned(),
                account: appeal.account.as_str().to_owned(),
                // Found by whoever can look at the state.
                asked: None,
            },
            Body::AppealResolved(appeal) => {
                Fact::AppealResolved { refund: appeal.refund.as_str().to_owned() }
            }
            Body::RefundDecided(decided) => match decided.by {
                DecidedBy::Engine => return Ok(None),
                DecidedBy::Staff(staff) => Fact::Decided {
                    refund: decided.refund.as_str().to_owned(),
                    by: staff.as_str().to_owned(),
                },
            },
            _ => return Ok(None),
        };
        Ok(Some((fact, Stamp { position, at: record.recorded, by: String::new() })))
    }
    /// The request whose decision stands at `position`, from the decision's bytes and the record before.
    pub(super) fn asked(&self, position: u64, decision: &[u8]) -> Result<Asked, CaseworkError> {
        let broken = |what: String| CaseworkError::Record { position, what };
        let decision: Decision = serde_json::from_slice(decision).map_err(|e| broken(e.to_string()))?;
        let before = position.checked_sub(1).ok_or_else(|| broken("no request before a decision".into()))?;
        let event = match &self.asked {
            Some((at, payload)) if *at == before => self.decoder.decode(payload),
            Some(_) | None => self.decoder.decode(&self.reader.record(before)?.payload),
        };
        let event = event.map_err(|e| broken(e.to_string()))?;
        let Body::RefundRequested(RefundRequested { order, account, amount, reason, .. }) = event.body else {
            return Err(broken("what stands before a decision is no request".into()));
        };
        let amount_reporting = self.rates.as_ref().and_then(|rates| rates.convert(amount, event.time));
        Ok(Asked {
            refund: decision.refund.as_str().to_owned(),
            account: account.as_str().to_owned(),
            order: order.as_str().to_owned(),
            amount: Some(amount),
            amount_reporting: amount_reporting.unwrap_or_default(),
            reason: Some(reason),
            decision: decision.decision,
            score: decision.score,
            reason_codes: decision.reasons.into_iter().map(|r| r.code).collect(),
            cluster: decision.cluster,
            decided_at: decision.decided_at,
            respond_by: decision.respond_by,
            position,
        })
    }
}
