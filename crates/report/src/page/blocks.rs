//! What stands in a section? Texts, cards, charts, tables, dossiers, code, and parts that open on demand.

use super::dossier::Dossier;
use super::rich::{Terms, rich};
use super::table::Table;
use crate::svg::Svg;
use maud::{Markup, html};

/// How something is to be taken, said by colour and by a sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Neither.
    #[default]
    Plain,
    /// Favourable.
    Good,
    /// Unfavourable, or worth a look.
    Bad,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Bad => "bad",
        }
    }
}

/// A big figure, what it is, and what to compare it with.
#[derive(Clone, Debug)]
pub struct Card {
    figure: String,
    label: String,
    anchor: String,
    tone: Tone,
    spark: Option<Markup>,
}

impl Card {
    /// A figure with its label and its anchor: the number without which it says nothing.
    pub fn new(figure: &str, label: &str, anchor: &str) -> Card {
        Card {
            figure: figure.into(),
            label: label.into(),
            anchor: anchor.into(),
            tone: Tone::Plain,
            spark: None,
        }
    }
    /// Sets the tone.
    pub fn tone(self, tone: Tone) -> Card {
        Card { tone, ..self }
    }
    /// Adds a sparkline ([`crate::chart::spark`]).
    pub fn spark(self, spark: Markup) -> Card {
        Card { spark: Some(spark), ..self }
    }
    fn render(&self, terms: &Terms) -> Markup {
        html! {
            div class={ "card " (self.tone.class()) } {
                p class="figure" { (self.figure) }
                p class="label" { (rich(&self.label, terms)) }
                @if let Some(spark) = &self.spark { (spark) }
                @if !self.anchor.is_empty() { p class="anchor" { (rich(&self.anchor, terms)) } }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Block {
    Text(String),
    List(Vec<String>),
    Note(Tone, String),
    Cards(Vec<Card>),
    Charts(Vec<Svg>),
    Table(Table),
    Dossier(Dossier),
    Code(String),
    Details(String, Vec<Block>),
    Markup(Markup),
}

/// A section of a page with its own anchor.
#[derive(Clone, Debug)]
pub struct Section {
    id: String,
    title: String,
    blocks: Vec<Block>,
}

impl Section {
    /// An empty section; `id` is its anchor within the page.
    pub fn new(id: &str, title: &str) -> Section {
        Section { id: id.to_owned(), title: title.to_owned(), blocks: Vec::new() }
    }
    /// Adds a paragraph.
    pub fn text(self, text: &str) -> Section {
        self.with(Block::Text(text.to_owned()))
    }
    /// Adds a list of points.
    pub fn list(self, points: Vec<String>) -> Section {
        self.with(Block::List(points))
    }
    /// Adds a set-off remark.
    pub fn note(self, tone: Tone, text: &str) -> Section {
        self.with(Block::Note(tone, text.to_owned()))
    }
    /// Adds a row of cards.
    pub fn cards(self, cards: Vec<Card>) -> Section {
        self.with(Block::Cards(cards))
    }
    /// Adds a chart over the whole width.
    pub fn chart(self, chart: Svg) -> Section {
        self.with(Block::Charts(vec![chart]))
    }
    /// Adds charts beside each other where there is room.
    pub fn charts(self, charts: Vec<Svg>) -> Section {
        self.with(Block::Charts(charts))
    }
    /// Adds a table.
    pub fn table(self, table: Table) -> Section {
        self.with(Block::Table(table))
    }
    /// Adds a dossier.
    pub fn dossier(self, dossier: Dossier) -> Section {
        self.with(Block::Dossier(dossier))
    }
    /// Adds lines of code or commands.
    pub fn code(self, code: &str) -> Section {
        self.with(Block::Code(code.to_owned()))
    }
    /// Adds the blocks of `inner` behind a line that opens them.
    pub fn details(self, summary: &str, inner: Section) -> Section {
        self.with(Block::Details(summary.to_owned(), inner.blocks))
    }
    /// Adds markup as it is; it may not carry styles or scripts, the page's policy blocks them.
    pub fn markup(self, markup: Markup) -> Section {
        self.with(Block::Markup(markup))
    }
    fn with(mut self, block: Block) -> Section {
        self.blocks.push(block);
        self
    }
    pub(super) fn id(&self) -> &str {
        &self.id
    }
    pub(super) fn title(&self) -> &str {
        &self.title
    }
    pub(super) fn render(&self, terms: &Terms) -> Markup {
        html! {
            section id=(self.id) {
                h2 { a href={ "#" (self.id) } { (self.title) } }
                @for block in &self.blocks { (block.render(terms)) }
            }
        }
    }
}

impl Block {
    fn render(&self, terms: &Terms) -> Markup {
        match self {
            Block::Text(text) => html! { p { (rich(text, terms)) } },
            Block::List(points) => html! { ul { @for p in points { li { (rich(p, terms)) } } } },
            Block::Note(tone, text) => html! { p class={ "note " (tone.class()) } { (rich(text, terms)) } },
            Block::Cards(cards) => {
                html! { div class="cards" { @for card in cards { (card.render(terms)) } } }
            }
            Block::Charts(charts) => html! {
                div class={ "charts" @if charts.len() > 1 { " several" } } {
                    @for chart in charts { figure class="chart" { (chart.inline()) } }
                }
            },
            Block::Table(table) => table.render(terms),
            Block::Dossier(dossier) => dossier.render(terms),
            Block::Code(code) => html! { pre { code { (code) } } },
            Block::Details(summary, blocks) => html! {
                details { summary { (rich(summary, terms)) } @for block in blocks { (block.render(terms)) } }
            },
            Block::Markup(markup) => markup.clone(),
        }
    }
}
