//! Cosa dice la pagina di oggi? The Italian of the page of today.

use crate::workbench::lang::Today;

impl Today {
    pub(in crate::workbench::lang) const IT: Today = Today {
        title: "Oggi",
        lead: "Che cosa è arrivato, quanto può costare e che cosa si è fatto.",
        live: "Decisioni in diretta",
        live_on: "In diretta",
        live_off: "Connessione persa; si riprova",
        live_none: "Nessuna decisione da quando hai aperto questa pagina.",
        live_pause: "Pausa",
        live_resume: "Riprendi",
        decisions: "Decisioni dall’avvio",
        events: "Eventi in tutto",
        waiting: "Richieste in attesa del motore",
        refused: "Eventi rifiutati dall’avvio",
        column_refund: "Rimborso",
        column_decision: "Decisione",
        column_score: "Punteggio",
        column_loss: "Perdita attesa",
        column_reasons: "Motivi",
        column_time: "Ora",
        alerts: "Avvisi",
        alerts_none: "Nulla richiede attenzione.",
        alert_failed: "Il disco si è guastato: non si accetta più nulla. {what}",
        alert_beside: "Accanto al percorso vivo: {what}",
    };
}
