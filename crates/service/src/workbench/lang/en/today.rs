//! What does the page of today say?

super::texts! {
    /// The page of today.
    Today {
        title: "Today",
        lead: "What came in, what it may cost, and what was done about it.",
        live: "Decisions as they come",
        live_on: "Live",
        live_off: "The connection is lost; trying again",
        live_none: "No decision has come since you opened this page.",
        live_pause: "Pause",
        live_resume: "Go on",
        decisions: "Decisions since the start",
        events: "Events in all",
        waiting: "Requests that wait for the engine",
        refused: "Events refused since the start",
        column_refund: "Refund",
        column_decision: "Decision",
        column_score: "Score",
        column_loss: "Expected loss",
        column_reasons: "Reasons",
        column_time: "Time",
        alerts: "Alerts",
        alerts_none: "Nothing needs attention.",
        alert_failed: "The disk failed: nothing is taken any more. {what}",
        alert_beside: "Beside the live path: {what}",
    }
}
