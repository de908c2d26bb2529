//! How is it shown? Charts and pages of reports, without any knowledge of what they are about.
//!
//! A chart is a spec in, an [`Svg`] out: `chart::curve(&CurveSpec { .. })`. A page is built from sections and
//! rendered to one self-contained HTML file that loads nothing and runs nothing:
//! ```
//! use ringfence_report::{Axis, Card, Page, Section, chart};
//! let recall = chart::curve(&chart::CurveSpec {
//!     title: "Abuse found by requests reviewed".into(),
//!     about: "Half of the abuse is found in the first percent.".into(),
//!     x: Axis::share("Requests reviewed"),
//!     y: Axis::share("Abuse found").to(1.0),
//!     series: vec![chart::Series::new("model", vec![(0.0, 0.0), (0.01, 0.5), (1.0, 1.0)])],
//!     bands: vec![],
//!     marks: vec![],
//! });
//! let html = Page::new("Report")
//!     .term("recall", "The share of all abuse that is found.")
//!     .section(Section::new("recall", "What is found")
//!         .text("At 1 % reviewed the [[recall]] is **50 %**.")
//!         .cards(vec![Card::new("50 %", "of abuse found", "rules only: 20 %")])
//!         .chart(recall))
//!     .render();
//! assert!(html.starts_with("<!DOCTYPE html>"));
//! ```
//! Texts may hold `**strong**`, `` `code` ``, and `[[term]]` or `[[term|as shown]]`, explained on pointing.
//! Everything else is escaped.

mod axis;
mod canvas;
pub mod chart;
mod frame;
pub mod page;
mod svg;
pub mod text;
pub mod theme;

pub use axis::{Axis, Unit};
pub use maud::Markup;
pub use page::{Card, Cell, Dossier, Moment, Page, Section, Table, Tone, Weight};
pub use svg::Svg;
