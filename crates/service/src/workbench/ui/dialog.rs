//! How is something asked in between, and how are parts of a page chosen?

use maud::{Markup, html};

/// A dialog that a button with `data-opens="ID"` opens; without scripts it stands open in the page.
pub fn dialog(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        dialog id=(id) aria-labelledby=(format!("{id}-title")) {
            h2 id=(format!("{id}-title")) { (title) }
            (body)
        }
    }
}

/// The buttons of a dialog: what it does, and the way back.
pub fn confirm(does: &str, cancel: &str) -> Markup {
    html! {
        div.buttons {
            button { (does) }
            button.quiet type="submit" formmethod="dialog" formnovalidate { (cancel) }
        }
    }
}

/// Parts of a page, each with an address of its own: (address, title, whether it is this one).
pub fn tabs(label: &str, of: &[(String, &str, bool)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for (href, title, here) in of { a href=(href) aria-current=[here.then_some("page")] { (title) } }
        }
    }
}
