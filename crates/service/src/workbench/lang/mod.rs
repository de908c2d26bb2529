//! In which language is a page? English or Italian: by the person's choice, then by what the browser asks for.
//!
//! A section of texts is a file in `en`, which declares its keys, and one in `it`, which fills them. A key that is
//! missing in either does not compile; a test holds that both have the same places for numbers and names.

mod en;
mod it;

pub use en::{
    Account, Audit, Cases, Did, Door, Frame, Graph, Models, Posts, Queue, Request, Rings, Rules, Search,
    Settings, Staff, Story, Surveyed, Today, Words,
};

/// Languages there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Italian.
    It,
}

impl Lang {
    /// All of them.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::It];
    /// As HTML and HTTP name it.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::It => "it",
        }
    }
    /// In its own words.
    pub fn name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::It => "Italiano",
        }
    }
    /// The language of a code.
    pub fn parse(code: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.code() == code)
    }
    /// The best of those that a browser asks for (`Accept-Language`): the one with the highest weight, the first of equals.
    pub fn accepted(header: &str) -> Option<Lang> {
        let mut best: Option<(Lang, f32)> = None;
        // Browsers send some; nobody needs hundreds.
        for part in header.split(',').take(32) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let Some(lang) = Lang::parse(&primary)
                && weight > best.map_or(0.0, |(_, w)| w)
            {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }
    /// Its texts.
    pub fn texts(self) -> &'static Texts {
        match self {
            Lang::En => &Texts::EN,
            Lang::It => &Texts::IT,
        }
    }
    /// What stands before the fraction of a number, and between thousands.
    pub fn separators(self) -> (char, char) {
        match self {
            Lang::En => ('.', ','),
            Lang::It => (',', '.'),
        }
    }
}

/// The sections, each a type of `en` with what `it` says.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $of:ident),* $(,)?) => {
        /// All texts of a language.
        #[derive(Debug)]
        pub struct Texts {
            lang: Lang,
            $($(#[$doc])* pub $name: $of,)*
        }
        impl Texts {
            const EN: Texts = Texts { lang: Lang::En, $($name: $of::EN,)* };
            const IT: Texts = Texts { lang: Lang::It, $($name: $of::IT,)* };
            /// Every text with its key.
            pub fn all(&self) -> Vec<(String, &'static str)> {
                let mut all = Vec::new();
                $(all.extend(self.$name.all().into_iter().map(|(key, text)| (format!("{}.{key}", stringify!($name)), text)));)*
                all
            }
        }
    };
}

sections! {
    /// Where one comes in.
    door: Door,
    /// What every page has.
    frame: Frame,
    /// Words of the contract.
    words: Words,
    /// The page of today.
    today: Today,
    /// The queue and the desk.
    queue: Queue,
    /// Cases.
    cases: Cases,
    /// What happened.
    story: Story,
    /// The page of a request.
    request: Request,
    /// The page of an account.
    account: Account,
    /// The page of a search.
    search: Search,
    /// Figures computed beside.
    survey: Surveyed,
    /// Rings.
    rings: Rings,
    /// The graph of a ring.
    graph: Graph,
    /// The staff board.
    staff: Staff,
    /// Posts.
    posts: Posts,
    /// What decides, and proposals.
    rules: Rules,
    /// Features and models.
    models: Models,
    /// Who did what.
    audit: Audit,
    /// The words of the audit trail.
    did: Did,
    /// How the deployment is set.
    settings: Settings,
}

impl Texts {
    /// The language that these are of, as HTML names it.
    pub fn lang(&self) -> &'static str {
        self.lang.code()
    }
}

/// A text with its places filled: `fill("{n} requests", &[("n", "7")])`. What stands in a place is not looked at again.
pub fn fill(text: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match places.iter().find(|(place, _)| *place == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&format!("{{{name}}}")),
        }
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> =
            text.split('{').skip(1).filter_map(|after| after.split_once('}')).map(|(name, _)| name).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn every_text_is_there_in_both_languages_with_the_same_places() {
        let (en, it) = (Lang::En.texts().all(), Lang::It.texts().all());
        assert_eq!(en.len(), it.len());
        for ((key, en), (also, it)) in en.iter().zip(&it) {
            assert_eq!(key, also);
            assert!(!en.trim().is_empty() && !it.trim().is_empty(), "{key}");
            assert_eq!(places(en), places(it), "{key}");
        }
        let alike = en.iter().zip(&it).filter(|((_, en), (_, it))| en == it && en.len() > 12).count();
        assert!(alike * 20 < en.len(), "{alike} texts are not translated");
    }

    #[test]
    fn the_browser_is_answered_in_the_language_that_it_prefers() {
        for (header, expect) in [
            ("it", Some(Lang::It)),
            ("it-CH, en;q=0.9", Some(Lang::It)),
            ("de, en;q=0.5, it;q=0.7", Some(Lang::It)),
            ("EN-gb;q=0.8, it;q=0.8", Some(Lang::En)),
            ("fr, de;q=0.9", None),
            ("it;q=0, fr", None),
            ("it;q=x", None),
            ("", None),
        ] {
            assert_eq!(Lang::accepted(header), expect, "{header}");
        }
    }

    #[test]
    fn places_are_filled_once_and_what_fills_them_is_left_alone() {
        assert_eq!(fill("{a} of {b}", &[("a", "{b}"), ("b", "2")]), "{b} of 2");
        assert_eq!(fill("{ {c} {", &[("a", "1")]), "{ {c} {");
    }
}
