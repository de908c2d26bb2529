//! What does a carrier's scan say?

use ringfence_domain::words::ScanStatus;

/// Whether the carrier had the parcel in hands: a label alone moves nothing.
pub(crate) fn moved(status: ScanStatus) -> bool {
    matches!(status, ScanStatus::Accepted | ScanStatus::InTransit | ScanStatus::Delivered)
}
