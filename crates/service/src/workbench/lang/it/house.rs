//! The Italian of audit and settings.

use crate::workbench::lang::{Audit, Settings};

impl Audit {
    pub(in crate::workbench::lang) const IT: Audit = Audit { title: "Controllo" };
}

impl Settings {
    pub(in crate::workbench::lang) const IT: Settings = Settings { title: "Impostazioni" };
}
