//! Where do style sheet and scripts come from? From the program itself, each under the hash of its content, for ever.
//!
//! What is not ours stands in `assets/vendor` with its licence and version (see `assets/vendor/README.md`).

use crate::access::secret::sha256;
use crate::http::problem::Problem;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// Name in the source, and as pages ask for it.
    pub name: &'static str,
    media: &'static str,
    content: fn() -> Cow<'static, str>,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// All of them.
const ASSETS: &[Asset] = &[
    Asset { name: "workbench.css", media: CSS, content: style },
    Asset { name: "workbench.js", media: JS, content: || include_str!("assets/workbench.js").into() },
    Asset { name: "today.js", media: JS, content: || include_str!("assets/today.js").into() },
    Asset { name: "cases.js", media: JS, content: || include_str!("assets/cases.js").into() },
    Asset { name: "leads.js", media: JS, content: || include_str!("assets/leads.js").into() },
    Asset { name: "graph.js", media: JS, content: || include_str!("assets/graph.js").into() },
    Asset { name: "graph-draw.js", media: JS, content: || include_str!("assets/graph-draw.js").into() },
    Asset { name: "graph-layout.js", media: JS, content: || include_str!("assets/graph-layout.js").into() },
    Asset { name: "rules.js", media: JS, content: || include_str!("assets/rules.js").into() },
    Asset { name: "icon.svg", media: "image/svg+xml", content: || include_str!("assets/icon.svg").into() },
];

/// The style of charts, and then ours, which also sets the colours.
fn style() -> Cow<'static, str> {
    let own = concat!(
        include_str!("assets/workbench.css"),
        include_str!("assets/leads.css"),
        include_str!("assets/work.css")
    );
    format!("{}{own}", ringfence_report::theme::css()).into()
}

/// As it is served.
#[derive(Debug)]
struct Served {
    media: &'static str,
    content: Cow<'static, str>,
}

#[derive(Debug)]
struct Table {
    served: BTreeMap<String, Served>,
    paths: BTreeMap<&'static str, String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { served: BTreeMap::new(), paths: BTreeMap::new() };
        for Asset { name, media, content } in ASSETS {
            let content = content();
            let (stem, ending) = name.rsplit_once('.').expect("assets have endings");
            let hash = &sha256(&content)[..16];
            let hashed = format!("{stem}.{hash}.{ending}");
            table.paths.insert(*name, format!("/assets/{hashed}"));
            table.served.insert(hashed, Served { media, content });
        }
        table
    })
}

/// The address of an asset.
///
/// # Panics
/// Where there is none of this name: a page asks for what is not in the table, which its first test meets.
pub fn path(name: &str) -> &'static str {
    table().paths.get(name).unwrap_or_else(|| panic!("there is no asset {name}"))
}

/// Serves an asset. Its name changes with its content: browsers need not ask again.
pub async fn asset(Path(name): Path<String>) -> Response {
    let Some(Served { media, content }) = table().served.get(&name) else {
        return Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
            .remedy("load the page again: it names what belongs to it")
            .into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, *media), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content.as_ref()).into_response()
}
