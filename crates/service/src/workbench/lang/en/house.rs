//! What do audit and settings say?

super::texts! {
    /// Who did what.
    Audit {
        title: "Audit",
    }
}

super::texts! {
    /// How the deployment is set.
    Settings {
        title: "Settings",
    }
}
