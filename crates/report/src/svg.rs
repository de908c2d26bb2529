//! What is a finished chart? Two drawings of it, for wide and for narrow places, and its words.

use crate::canvas::{self, Canvas, escape};
use crate::theme;
use maud::{Markup, PreEscaped};

/// Width of the wide drawing in pixels.
pub(crate) const WIDE: f64 = 720.0;
/// Width of the narrow drawing in pixels: a telephone held upright shows it at about its own size.
pub(crate) const NARROW: f64 = 380.0;

/// A chart: drawn twice, so that its letters stay readable on a telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Svg {
    title: String,
    about: String,
    wide: Drawing,
    narrow: Drawing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Drawing {
    width: u32,
    height: u32,
    elements: String,
}

impl Svg {
    /// Draws for both widths; `height` gives a drawing's height for its width.
    pub(crate) fn draw(
        title: &str,
        about: &str,
        height: impl Fn(f64) -> f64,
        shapes: impl Fn(&mut Canvas, f64, f64),
    ) -> Svg {
        let one = |width: f64| {
            let height = height(width).ceil();
            let elements = canvas::draw(width, height, |c| shapes(c, width, height));
            Drawing { width: width as u32, height: height as u32, elements }
        };
        Svg { title: title.to_owned(), about: about.to_owned(), wide: one(WIDE), narrow: one(NARROW) }
    }

    /// The chart's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// For a page that carries [`theme::css`] and the patterns: both drawings, one of them shown.
    pub fn inline(&self) -> Markup {
        PreEscaped(format!(
            "{}{}",
            self.element(&self.wide, "rf rf-wide", ""),
            self.element(&self.narrow, "rf rf-narrow", "")
        ))
    }

    /// A file of its own: the wide drawing with its style sheet; follows the reader's theme.
    pub fn standalone(&self) -> String {
        let style = format!("<style>{}</style>{}", theme::css(), theme::patterns());
        let head = format!(
            "{style}<rect class=\"p\" width=\"{}\" height=\"{}\"/>",
            self.wide.width, self.wide.height
        );
        self.element(&self.wide, "rf", &head)
    }

    fn element(&self, drawing: &Drawing, class: &str, head: &str) -> String {
        let Drawing { width, height, elements } = drawing;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{title}\"><desc>{about}</desc>{head}\
             <g transform=\"scale(.1)\">\n{elements}</g></svg>\n",
            title = escape(&format!("{}. {}", self.title, self.about)),
            about = escape(&self.about),
        )
    }
}
