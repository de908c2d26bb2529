//! Which charts are there? One function a kind: a spec in, a drawing out.

mod area;
mod bar;
mod calibration;
mod curve;
mod funnel;
mod graph;
mod heat;
mod histogram;
mod scatter;
mod spark;

pub use area::{AreaSpec, area};
pub use bar::{Bar, BarSpec, columns, rows};
pub use calibration::{CalibrationBin, CalibrationSpec, calibration};
pub use curve::{Band, CurveSpec, Mark, Series, curve};
pub use funnel::{FunnelSpec, Unit, funnel};
pub use graph::{GraphSpec, NODES_MAX, Node, graph};
pub use heat::{HeatSpec, heat};
pub use histogram::{HistogramSpec, histogram};
pub use scatter::{Group, POINTS_MAX, ScatterSpec, scatter};
pub use spark::spark;

/// Height of the plot with its axes for a drawing's width, heading apart.
fn plot_height(width: f64) -> f64 {
    if width > 500.0 { 330.0 } else { 270.0 }
}
