//! What is a customer told? The decision in plain words, why in coarse ones, and how to appeal; nothing that teaches an offender.
//!
//! A reason code says much to an analyst. To a customer each becomes one of a few topics ([`topic`]): true, and the same for
//! many codes, so that nobody learns from a notice which device, which words or which parcel gave it away.

use crate::reasons;
use ringfence_domain::{Decision, DecisionKind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most topics that are told: more are no explanation.
pub const TOPICS_MAX: usize = 3;

/// The language of a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Italian.
    It,
}

/// What reasons are about, as far as a customer is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Topic {
    /// The request itself.
    Request,
    /// Earlier orders and requests.
    History,
    /// The goods.
    Goods,
    /// The way to the customer.
    Delivery,
    /// The way back.
    Return,
    /// The payment.
    Payment,
    /// Who it is that asks.
    Identity,
    /// How the shop itself handled it.
    OurSide,
    /// A closer look, without more.
    CloserLook,
    /// Chance.
    Chance,
}

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 10] = [
        Topic::Request,
        Topic::History,
        Topic::Goods,
        Topic::Delivery,
        Topic::Return,
        Topic::Payment,
        Topic::Identity,
        Topic::OurSide,
        Topic::CloserLook,
        Topic::Chance,
    ];

    /// In a sentence.
    pub fn words(self, language: Language) -> &'static str {
        let (en, it) = match self {
            Topic::Request => (
                "the details of your request, such as its kind and amount",
                "i dettagli della richiesta, come il tipo e l'importo",
            ),
            Topic::History => ("earlier orders and requests", "gli ordini e le richieste precedenti"),
            Topic::Goods => {
                ("the items that the request is for", "gli articoli a cui si riferisce la richiesta")
            }
            Topic::Delivery => (
                "what the carrier recorded about the delivery",
                "ciò che il corriere ha registrato sulla consegna",
            ),
            Topic::Return => ("what we know about the return so far", "ciò che sappiamo finora del reso"),
            Topic::Payment => ("how the order was paid", "il modo in cui l'ordine è stato pagato"),
            Topic::Identity => {
                ("making sure that the request comes from you", "la verifica che la richiesta provenga da te")
            }
            Topic::OurSide => {
                ("how we handled the request ourselves", "il modo in cui noi abbiamo gestito la richiesta")
            }
            Topic::CloserLook => (
                "a closer look at the request as a whole",
                "un esame più attento della richiesta nel suo insieme",
            ),
            Topic::Chance => (
                "a random check: a small part of all requests is checked",
                "un controllo casuale: una piccola parte di tutte le richieste viene controllata",
            ),
        };
        match language {
            Language::En => en,
            Language::It => it,
        }
    }
}

/// Which topic stands for a reason code; codes of the deployment's own policy say no more than a closer look.
pub fn topic(code: &str) -> Topic {
    TOPICS.iter().find(|(known, _)| *known == code).map_or(Topic::CloserLook, |(_, topic)| *topic)
}

/// The table: every built-in reason code, and what may be told of it.
pub const TOPICS: &[(&str, Topic)] = &[
    ("claim_kind", Topic::Request),
    ("amount_unusual", Topic::Request),
    ("timing", Topic::Request),
    ("claim_soon_after_delivery", Topic::Request),
    ("double_claim", Topic::History),
    ("refund_instrument", Topic::Payment),
    ("account_claim_history", Topic::History),
    ("account_order_history", Topic::History),
    ("new_account", Topic::History),
    ("account_verdicts", Topic::History),
    ("account_takeover", Topic::Identity),
    ("chargeback_history", Topic::Payment),
    ("serial_returner", Topic::History),
    ("order_value", Topic::Goods),
    ("goods_easily_resold", Topic::Goods),
    ("order_contents", Topic::Goods),
    ("delivered_with_photo", Topic::Delivery),
    ("delivery_proof", Topic::Delivery),
    ("delivery_record", Topic::Delivery),
    ("parcel_weight", Topic::Delivery),
    ("no_return_scan", Topic::Return),
    ("receipt_without_parcel", Topic::Return),
    ("return_record", Topic::Return),
    ("return_inspection", Topic::Return),
    ("serial_mismatch", Topic::Return),
    ("false_tracking", Topic::Return),
    ("wardrobing", Topic::Return),
    ("shared_device", Topic::Identity),
    ("shared_ip", Topic::Identity),
    ("shared_address", Topic::CloserLook),
    ("shared_payment", Topic::Payment),
    ("shared_contact_details", Topic::Identity),
    ("device_change", Topic::Identity),
    ("connected_accounts", Topic::CloserLook),
    ("known_abuse_nearby", Topic::CloserLook),
    ("open_lead", Topic::CloserLook),
    ("staff_lead", Topic::OurSide),
    ("contact_shopping", Topic::CloserLook),
    ("contact_record", Topic::OurSide),
    ("narrative_reuse", Topic::CloserLook),
    ("document_reuse", Topic::CloserLook),
    ("staff_concessions", Topic::OurSide),
    ("staff_session", Topic::OurSide),
    ("staff_affinity", Topic::OurSide),
    ("staff_lookups", Topic::OurSide),
    ("staff_returns", Topic::OurSide),
    ("approval_limit", Topic::OurSide),
    ("carrier_record", Topic::Delivery),
    ("driver_record", Topic::Delivery),
    ("seller_record", Topic::Goods),
    ("sku_record", Topic::Goods),
    ("merchant_field", Topic::CloserLook),
    ("policy_rule", Topic::CloserLook),
    ("on_deny_list", Topic::CloserLook),
    ("on_allow_list", Topic::CloserLook),
    ("on_watch_list", Topic::CloserLook),
    ("rule_suppressed", Topic::CloserLook),
    ("random_check", Topic::Chance),
];

/// A notice to a customer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Notice {
    /// The refund.
    pub refund: String,
    /// Its language.
    pub language: Language,
    /// What was decided, in a line.
    pub title: String,
    /// What it means and what happens next.
    pub text: String,
    /// What was considered, where something is asked of the customer or refused.
    pub considered: Vec<String>,
    /// How to appeal, where there is something to appeal against.
    pub appeal: Option<String>,
}

/// Whether the customer gets what was asked for without doing more.
fn granted(kind: DecisionKind) -> bool {
    match kind {
        DecisionKind::InstantRefund | DecisionKind::KeepItem => true,
        DecisionKind::RefundOnScan
        | DecisionKind::RefundOnReceipt
        | DecisionKind::RefundAfterInspection
        | DecisionKind::Replace
        | DecisionKind::StoreCredit
        | DecisionKind::PartialRefund
        | DecisionKind::CarrierTrace
        | DecisionKind::StepUp
        | DecisionKind::Review
        | DecisionKind::Deny => false,
    }
}

/// What is told of a decision.
pub fn notice(decision: &Decision, language: Language) -> Notice {
    let (title, text) = words(decision.decision, language);
    let day = day(decision.respond_by);
    let mut considered = Vec::new();
    if !granted(decision.decision) {
        for reason in decision.reasons.iter().filter(|reason| reason.weight >= 0.0) {
            let words = topic(&reason.code).words(language).to_owned();
            if considered.len() < TOPICS_MAX && !considered.contains(&words) {
                considered.push(words);
            }
        }
    }
    let appeal = (!granted(decision.decision)).then(|| {
        match language {
            Language::En => {
                "If you do not agree, tell us: reply to this message and say why; you may add photos, receipts or other documents. A \
                 person who had no part in this decision will look at it again. You may also ask for a person to explain it to you. \
                 Appealing costs nothing and has no disadvantage for you."
            }
            Language::It => {
                "Se non sei d'accordo, comunicacelo: rispondi a questo messaggio spiegando il motivo; puoi aggiungere foto, ricevute o \
                 altri documenti. Una persona che non ha partecipato a questa decisione la riesaminerà. Puoi anche chiedere che una \
                 persona te la spieghi. Il reclamo è gratuito e non comporta alcuno svantaggio per te."
            }
        }
        .to_owned()
    });
    Notice {
        refund: decision.refund.to_string(),
        language,
        title: title.to_owned(),
        text: text.replace("{day}", &day),
        considered,
        appeal,
    }
}

fn day(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// Title and text of each decision.
fn words(kind: DecisionKind, language: Language) -> (&'static str, &'static str) {
    let (en, it) = match kind {
        DecisionKind::InstantRefund => (
            (
                "Your refund is on its way",
                "We are paying the refund now. Your bank may need some days to show it.",
            ),
            (
                "Il rimborso è in arrivo",
                "Stiamo effettuando il rimborso. La tua banca può impiegare alcuni giorni per mostrarlo.",
            ),
        ),
        DecisionKind::KeepItem => (
            (
                "Your refund is on its way",
                "We are paying the refund now, and you need not send the item back.",
            ),
            (
                "Il rimborso è in arrivo",
                "Stiamo effettuando il rimborso e non è necessario restituire l'articolo.",
            ),
        ),
        DecisionKind::RefundOnScan => (
            (
                "We refund you when the carrier has your parcel",
                "Please hand in the return. We pay once the carrier has scanned it; keep the receipt.",
            ),
            (
                "Ti rimborsiamo quando il corriere avrà il pacco",
                "Consegna il reso. Paghiamo non appena il corriere lo avrà registrato; conserva la ricevuta.",
            ),
        ),
        DecisionKind::RefundOnReceipt => (
            (
                "We refund you when the return is with us",
                "Please send the item back. We pay once it has arrived.",
            ),
            (
                "Ti rimborsiamo quando il reso sarà da noi",
                "Rispedisci l'articolo. Paghiamo non appena sarà arrivato.",
            ),
        ),
        DecisionKind::RefundAfterInspection => (
            (
                "We look at the return, then we refund you",
                "Please send the item back. We pay once it has arrived and been inspected.",
            ),
            (
                "Esaminiamo il reso, poi ti rimborsiamo",
                "Rispedisci l'articolo. Paghiamo dopo l'arrivo e il controllo.",
            ),
        ),
        DecisionKind::Replace => (
            (
                "We send you the item again",
                "Instead of a refund we send you a replacement. Tell us if you would rather have the money.",
            ),
            (
                "Ti inviamo di nuovo l'articolo",
                "Invece del rimborso ti inviamo un articolo sostitutivo. Facci sapere se preferisci il denaro.",
            ),
        ),
        DecisionKind::StoreCredit => (
            (
                "You get a credit",
                "We credit the amount to your account with us. Tell us if you would rather have the money.",
            ),
            (
                "Ricevi un credito",
                "Accreditiamo l'importo sul tuo conto presso di noi. Facci sapere se preferisci il denaro.",
            ),
        ),
        DecisionKind::PartialRefund => (
            ("We refund a part", "We are paying a part of the amount that you asked for."),
            ("Rimborsiamo una parte", "Stiamo pagando una parte dell'importo richiesto."),
        ),
        DecisionKind::CarrierTrace => (
            (
                "We are asking the carrier",
                "We have asked the carrier where your parcel is. You hear from us by {day}.",
            ),
            (
                "Stiamo chiedendo al corriere",
                "Abbiamo chiesto al corriere dove si trova il pacco. Ti risponderemo entro il {day}.",
            ),
        ),
        DecisionKind::StepUp => (
            (
                "We need something from you",
                "To go on we need a confirmation or a document from you. We tell you separately which. You hear from us by {day} after that.",
            ),
            (
                "Abbiamo bisogno di qualcosa da te",
                "Per procedere ci serve una conferma o un documento. Ti diremo a parte quale. In seguito ti risponderemo entro il {day}.",
            ),
        ),
        DecisionKind::Review => (
            (
                "A person looks at your request",
                "A member of our team looks at your request and decides. You hear from us by {day}.",
            ),
            (
                "Una persona esamina la tua richiesta",
                "Una persona del nostro team esamina la richiesta e decide. Ti risponderemo entro il {day}.",
            ),
        ),
        DecisionKind::Deny => (
            (
                "We do not refund this request",
                "From what we have, we cannot grant the refund. A program prepared this decision; you can have it looked at by a person.",
            ),
            (
                "Non rimborsiamo questa richiesta",
                "In base a ciò che sappiamo non possiamo concedere il rimborso. Un programma ha preparato questa decisione; puoi farla esaminare da una persona.",
            ),
        ),
    };
    match language {
        Language::En => en,
        Language::It => it,
    }
}

/// Built-in codes that have no entry, and entries that are no code: both are faults, and a test holds that there are none.
pub fn unmatched() -> Vec<String> {
    let known = |code: &str| TOPICS.iter().any(|(of, _)| *of == code);
    let missing = reasons::all().iter().map(|r| r.code.to_string()).filter(|code| !known(code));
    let strange = TOPICS.iter().map(|(code, _)| (*code).to_owned()).filter(|code| !reasons::known(code));
    missing.chain(strange).collect()
}
