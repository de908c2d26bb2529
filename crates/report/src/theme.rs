//! What do charts look like? The palette and the style sheet that gives classes their colours.
//!
//! Colours are those of Okabe and Ito (2008), which people with the common colour-vision
//! deficiencies tell apart, lightened for the dark theme; dashes, hatching and markers repeat what they say.

use std::fmt::Write;

/// Distinct series; a ninth looks like the first.
pub const SERIES_COLOURS: usize = 8;

/// Light theme, in the order of the series: blue, vermilion, green, purple, orange, sky, grey, olive.
const LIGHT: [&str; SERIES_COLOURS] =
    ["#0072b2", "#d55e00", "#009e73", "#b65a8c", "#c98a00", "#3f9fd6", "#6b7280", "#8a8420"];
/// Dark theme, the same hues.
const DARK: [&str; SERIES_COLOURS] =
    ["#5ab4f0", "#ff9457", "#35cfa0", "#e79bc5", "#f0bd4a", "#a5d8ff", "#a3abb8", "#e6de6a"];
/// Dashes in tenths of a pixel; the first is drawn through.
const DASHES: [&str; SERIES_COLOURS] =
    ["none", "70 35", "20 25", "90 30 20 30", "120 40", "40 20", "20 40", "60 20 20 20 20 20"];
/// Hatching of filled areas: the path of a 60 × 60 tile; the first is plain.
const HATCHES: [&str; SERIES_COLOURS] = [
    "",
    "M-15 15L15 -15M0 60L60 0M45 75L75 45",
    "M-15 45L15 75M0 0L60 60M45 -15L75 15",
    "M0 30H60",
    "M30 0V60",
    "M0 30H60M30 0V60",
    "M0 60L60 0M0 0L60 60",
    "M15 30H45",
];

/// The variables, for one theme.
fn variables(dark: bool) -> String {
    let (palette, neutral) = if dark {
        (
            DARK,
            "--ink:#e8eaf0;--muted:#a9b0be;--axis:#6d7585;--grid:#2c313c;--paper:#15181e;--heat:90,180,240;",
        )
    } else {
        (
            LIGHT,
            "--ink:#1b1f27;--muted:#5a6270;--axis:#8a93a3;--grid:#e4e7ed;--paper:#ffffff;--heat:0,114,178;",
        )
    };
    let mut out = neutral.to_owned();
    for (k, colour) in palette.iter().enumerate() {
        let _ = write!(out, "--s{k}:{colour};");
    }
    out
}

/// The style sheet of charts: variables for both themes, and the classes that use them.
pub fn css() -> String {
    let mut out = format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n\
         @media print{{:root{{color-scheme:light;{}}}}}\n",
        variables(false),
        variables(true),
        variables(false),
    );
    out.push_str(
        ".rf{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
         font-variant-numeric:tabular-nums;display:block;width:100%;height:auto}\n\
         .rf .t{fill:var(--ink);font-weight:600}.rf .i{fill:var(--ink)}.rf .u{fill:var(--muted)}\
         .rf .g{stroke:var(--grid)}.rf .a{stroke:var(--axis)}.rf .d{stroke:var(--axis);stroke-dasharray:40 40}\
         .rf .w{fill:var(--muted);paint-order:stroke;stroke:var(--paper);stroke-width:40;stroke-linejoin:round}\
         .rf .p{fill:var(--paper)}.rf .n{stroke:var(--ink)}.rf .k{fill:var(--paper);font-weight:600}\
         .rf polyline{stroke-linejoin:round;stroke-linecap:butt}\n",
    );
    for (k, dash) in DASHES.iter().enumerate() {
        let _ = write!(
            out,
            ".rf .l{k}{{stroke:var(--s{k});stroke-dasharray:{dash}}}.rf .o{k}{{stroke:var(--s{k})}}\
             .rf .f{k}{{fill:var(--s{k})}}.rf .b{k}{{fill:var(--s{k});fill-opacity:.18}}\
             .rf .e{k}{{fill:var(--s{k});fill-opacity:.55}}"
        );
        if !HATCHES[k].is_empty() {
            let _ = write!(out, ".rf .h{k}{{fill:url(#rf-hatch-{k});pointer-events:none}}");
        }
        out.push('\n');
    }
    for step in 0..=HEAT_STEPS {
        let alpha = f64::from(step) / f64::from(HEAT_STEPS) * 0.92 + 0.03;
        let _ = write!(out, ".rf .q{step}{{fill:rgba(var(--heat),{alpha:.2})}}");
    }
    out.push_str(".rf-hatch path{stroke:var(--paper);stroke-width:14;fill:none}\n");
    out
}

/// Shades of a heat map beside the lightest.
pub(crate) const HEAT_STEPS: u32 = 10;

/// The hatching patterns: once a page, because ids are a page's own.
pub(crate) fn patterns() -> String {
    let mut out = String::from("<defs class=\"rf-hatch\">");
    for (k, path) in HATCHES.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = write!(
            out,
            "<pattern id=\"rf-hatch-{k}\" width=\"60\" height=\"60\" patternUnits=\"userSpaceOnUse\"><path d=\"{path}\"/></pattern>"
        );
    }
    out.push_str("</defs>");
    out
}
