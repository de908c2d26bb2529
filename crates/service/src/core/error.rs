//! Why is there no core? Versions that do not fit, a log or a snapshot that this program does not read.

/// Why a core cannot be brought up.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// Catalogue, model and policy do not fit each other.
    #[error("{0}")]
    Versions(String),
    /// A snapshot does not fit.
    #[error("{0}")]
    Snapshot(String),
    /// A record of the log is not what this program writes.
    #[error(
        "record {position} of the log cannot be read back: {what}; `ringfence log verify` tells whether the log was changed"
    )]
    Record {
        /// Position in the log.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// The log is decided with other versions than this start names.
    #[error(
        "this log is decided with {part} {live}, and this start names {part} {named}. A log that lives changes what decides \
         by promotion: start without --{part}, upload the file (POST /v1/versions/{part}), propose and approve it \
         (POST /v1/promotions)"
    )]
    OtherVersions {
        /// Which part.
        part: &'static str,
        /// As the log says.
        live: String,
        /// As started.
        named: String,
    },
    /// The content of a version is damaged or fits nothing.
    #[error("{0}")]
    Content(String),
    /// The content of a version is not there.
    #[error("{0}")]
    NotKept(String),
    /// The engine does not come to the recorded decision: an alarm.
    #[error(
        "the decision on refund {refund} (record {position}) comes out differently than it was answered; the answer stands \
         in the log, but this program or its machine is not the one that gave it: do not go on"
    )]
    Differs {
        /// The refund.
        refund: String,
        /// Position of the decision in the log.
        position: u64,
    },
}
