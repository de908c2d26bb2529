//! What is sold? Articles by category, with prices, weights and appeal to those who resell.

use crate::chance::{Chance, Stream};
use crate::names::Names;
use crate::scenario::Scenario;
use ringfence_domain::id::{Category, SellerId, Sku};
use ringfence_domain::{Currency, Money};

/// Articles of one style that differ by size and share a price.
pub(crate) const SIZES: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) sku: Sku,
    pub(crate) category: u16,
    pub(crate) noun: u16,
    pub(crate) price: i64,
    pub(crate) weight_g: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct CategoryFacts {
    pub(crate) id: Category,
    pub(crate) nouns: Vec<String>,
    pub(crate) returns: f64,
    pub(crate) faults: f64,
    pub(crate) serialised: bool,
    pub(crate) sizes: bool,
    resale: f64,
    share: f64,
    log_price: f64,
    sigma: f64,
    /// Articles in the order of their prices.
    articles: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    pub(crate) articles: Vec<Article>,
    pub(crate) categories: Vec<CategoryFacts>,
    pub(crate) sellers: Vec<SellerId>,
}

/// Dollars as cents.
pub(crate) fn cents(dollars: f64) -> i64 {
    (dollars * 100.0) as i64
}
/// Cents as money.
pub(crate) fn money(cents: i64) -> Money {
    Money::new(cents, Currency::USD).expect("prices of the scenario are bounded")
}

impl Catalogue {
    pub(crate) fn new(scenario: &Scenario, seed: u64, names: &mut Names) -> Self {
        let total: f64 = scenario.category.iter().map(|c| c.share).sum();
        let mut articles = Vec::new();
        let mut categories = Vec::new();
        for (nth, spec) in scenario.category.iter().enumerate() {
            let mut chance = Chance::new(seed, Stream::Catalogue, nth as u64, 0);
            let count = ((scenario.orders.skus as f64 * spec.share / total) as usize).max(SIZES * 3);
            let mut own: Vec<u32> = Vec::with_capacity(count);
            while own.len() < count {
                let price = list_price(chance.log_normal(spec.price, spec.sigma));
                let noun = chance.below(spec.nouns.len()) as u16;
                let weight_g = chance.log_normal(spec.weight_g, 0.35).clamp(20.0, 60_000.0) as u32;
                for _ in 0..if spec.sizes { SIZES } else { 1 } {
                    own.push(articles.len() as u32);
                    articles.push(Article { sku: names.sku(), category: nth as u16, noun, price, weight_g });
                }
            }
            own.sort_by_key(|a| (articles[*a as usize].price, *a));
            categories.push(CategoryFacts {
                id: Category::new(&spec.name).expect("the scenario bounds names"),
                nouns: spec.nouns.clone(),
                returns: spec.returns,
                faults: spec.faults,
                serialised: spec.serialised,
                sizes: spec.sizes,
                resale: spec.resale,
                share: spec.share.max(1e-9),
                log_price: libm::log(spec.price),
                sigma: spec.sigma,
                articles: own,
            });
        }
        let sellers = (0..scenario.orders.sellers.max(1)).map(|_| names.seller()).collect();
        Self { articles, categories, sellers }
    }
    pub(crate) fn article(&self, n: u32) -> &Article {
        &self.articles[n as usize]
    }
    pub(crate) fn category_of(&self, n: u32) -> &CategoryFacts {
        &self.categories[self.article(n).category as usize]
    }
    pub(crate) fn noun(&self, n: u32) -> &str {
        &self.category_of(n).nouns[self.article(n).noun as usize]
    }
    /// An article at about this price; `dear_taste` 0 buys like everybody, 1 by what resells well.
    pub(crate) fn choose(&self, dollars: f64, dear_taste: f64, chance: &mut Chance) -> u32 {
        let log_price = libm::log(dollars.max(1.0));
        let mut weights = [0.0; 64];
        let n = self.categories.len().min(weights.len());
        for (weight, c) in weights.iter_mut().zip(&self.categories) {
            let z = (log_price - c.log_price) / c.sigma;
            let appeal = 1.0 - dear_taste + dear_taste * c.resale;
            *weight = c.share / c.sigma * libm::exp(-0.5 * z * z) * appeal + 1e-12;
        }
        self.near(chance.weighted(&weights[..n]), dollars, chance)
    }
    /// An article of `category` at about this price.
    pub(crate) fn near(&self, category: usize, dollars: f64, chance: &mut Chance) -> u32 {
        let own = &self.categories[category].articles;
        let aim = cents(dollars);
        let at = own.partition_point(|a| self.article(*a).price < aim) as i64 + chance.below(9) as i64 - 4;
        own[at.clamp(0, own.len() as i64 - 1) as usize]
    }
    /// Articles of the same style in other sizes, the given one first.
    pub(crate) fn sizes_of(&self, article: u32) -> Vec<u32> {
        let own = &self.category_of(article).articles;
        let a = self.article(article);
        let same = own.iter().copied().filter(|o| *o != article && self.article(*o).weight_g == a.weight_g);
        std::iter::once(article).chain(same).take(SIZES).collect()
    }
    /// A category in which people order several sizes.
    pub(crate) fn sized_category(&self, chance: &mut Chance) -> Option<usize> {
        let sized: Vec<usize> = (0..self.categories.len()).filter(|c| self.categories[*c].sizes).collect();
        (!sized.is_empty()).then(|| *chance.pick(&sized))
    }
}

/// Prices end in 99, 95 or 00, as on a shelf.
fn list_price(dollars: f64) -> i64 {
    let whole = dollars.max(2.0) as i64;
    match whole % 10 {
        0..=2 => whole * 100,
        3..=5 => whole * 100 - 5,
        _ => whole * 100 - 1,
    }
}
