//! How is it shown? Charts and pages of reports.
