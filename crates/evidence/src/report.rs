//! What does a lawyer read? The report: eleven parts, each with its exhibit.

use crate::case::Worked;
use crate::certify::{Draft, WARNING};
use crate::contrary::{Check, Contrary, Kind};
use crate::custody::Handling;
use crate::damages::{Sum, decimal};
use crate::links::{Links, NOT_CLAIMED};
use crate::manifest::Entry;
use crate::pack::{Inputs, Noted, source_words};
use crate::pdf::{Column, Document, PageSize, Title, write};
use crate::picture::Picture;
use crate::posts::Post;
use crate::purpose::{Field, Purpose, Treatment, because, treatment};
use crate::records::Shown;
use crate::redact::Masks;
use crate::spec::Paper;
use crate::staff::{METHOD, Staff};
use crate::timeline::Entry as Moment;
use crate::verify::Damages;
use crate::view::records;
use crate::when::day_text;
use ringfence_domain::{Currency, Timestamp};

/// Most lines of timelines in the report; the exhibit has all.
pub const TIMELINE_ROWS_MAX: usize = 2_500;
/// Most rows of any other table in the report.
pub const ROWS_MAX: usize = 400;
/// Longest text of a record that is printed; the exhibit has all of it.
pub const TEXT_CHARS_MAX: usize = 700;

/// The statement that no pack is without.
pub const STATEMENT: &str = "A score, a ranking or a lead of the program selected what people looked at. It is not evidence that anything \
was done, and nothing in this pack asks the reader to take it for that. Scores are estimates from past cases; they err, in both \
directions, and they know nothing of what was not recorded. What can be relied on here are the records: that they were received, when, \
from whom, and that they have not been changed since. What they mean is for people to say, and for those whom they concern to answer.";

/// Everything that the report tells.
pub struct Parts<'a> {
    /// What the pack is made from.
    pub inputs: &'a Inputs<'a>,
    /// The records.
    pub shown: &'a [Shown],
    /// Chain of custody.
    pub handlings: &'a [Handling],
    /// What people did in the case.
    pub worked: &'a [Worked],
    /// Timelines.
    pub timeline: &'a [Moment],
    /// Links.
    pub links: &'a Links,
    /// Their picture.
    pub picture: &'a Picture,
    /// Staff.
    pub staff: &'a Staff,
    /// Posts.
    pub posts: &'a [Post],
    /// What speaks against it.
    pub contrary: &'a Contrary,
    /// Damages.
    pub damages: Option<&'a Damages>,
    /// Names, and the log of redactions.
    pub masks: &'a mut Masks,
    /// The exhibits.
    pub exhibits: &'a [Entry],
    /// Their root.
    pub merkle_root: &'a str,
    /// Drafts of certifications.
    pub drafts: &'a [Draft],
    /// Whether the log knows of the export.
    pub noted: &'a Noted,
}

/// The report as PDF.
pub fn report(mut parts: Parts<'_>) -> Vec<u8> {
    let Inputs { spec, purpose, made_at, tool, .. } = parts.inputs;
    let size = match spec.paper {
        Paper::A4 => PageSize::A4,
        Paper::Letter => PageSize::LETTER,
    };
    let mut d = Document::new(size);
    cover(&mut d, &mut parts);
    let covers = d.page_count();
    manifest(&mut d, &parts);
    certifications(&mut d, &parts);
    custody(&mut d, &parts);
    timelines(&mut d, &parts);
    links(&mut d, &parts);
    staff(&mut d, &parts);
    posts(&mut d, &parts);
    contrary(&mut d, &parts);
    damages(&mut d, &parts);
    d.chapter("11  The score was a lead, not proof");
    d.text(STATEMENT);
    let title = Title {
        matter: spec.matter.clone(),
        purpose: purpose.words().to_owned(),
        foot: format!("Exhibits: {}…", &parts.merkle_root[..32]),
        title: format!("Evidence pack: {}", spec.matter),
        producer: format!("{} {}", tool.name, tool.version),
        made_at: *made_at,
    };
    write(d, &title, covers)
}

pub(crate) fn time(at: Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}

fn cover(d: &mut Document, parts: &mut Parts<'_>) {
    let Inputs { spec, purpose, made_at, tool, origin, gathered, .. } = parts.inputs;
    d.remark("EVIDENCE PACK");
    d.title(&spec.matter, 22.0);
    d.remark(purpose.words());
    d.gap(10.0);
    if !spec.scope.is_empty() {
        d.text(&spec.scope);
    }
    let span = gathered.background.span;
    let period = match (spec.from, spec.until) {
        (None, None) => {
            span.map_or_else(String::new, |(a, b)| format!("records from {} to {}", day_text(a), day_text(b)))
        }
        (from, until) => format!(
            "{} to {}",
            from.map_or("the beginning".to_owned(), |m| m.day_text()),
            until.map_or("the end".to_owned(), |m| m.day_text())
        ),
    };
    let of = &gathered.subjects;
    d.pairs(&[
        ("Prepared by", spec.prepared_by.clone()),
        ("Made", format!("{} UTC, with {} {}", time(*made_at), tool.name, tool.version)),
        ("Period", period),
        (
            "About",
            format!(
                "{} refunds, {} orders, {} accounts",
                of.refunds.len(),
                of.orders.len(),
                of.accounts.len()
            ),
        ),
        (
            "Rests on",
            format!("{} records of {} that were looked at", parts.shown.len(), gathered.background.records),
        ),
        ("Source", source_words(origin)),
        (
            "This export",
            match parts.noted {
                Noted::At(position) => {
                    format!("was recorded in the log before it was made, at position {position}")
                }
                Noted::Not(why) => format!("was not recorded in the log: {why}"),
            },
        ),
        ("Merkle root", parts.merkle_root.to_owned()),
    ]);
    d.heading("Legal holds");
    if spec.hold.is_empty() {
        d.text("None was named for this matter.");
    }
    for hold in &spec.hold {
        d.item(&format!("{}, since {}. {}", hold.name, hold.since.day_text(), hold.covers));
    }
    if !spec.defendant.is_empty() {
        d.heading("Defendants");
        let rows: Vec<Vec<String>> = spec
            .defendant
            .iter()
            .map(|who| {
                let accounts: Vec<String> =
                    who.accounts.iter().map(|a| parts.masks.name(Field::Account, a)).collect();
                let staff: Vec<String> =
                    who.staff.iter().map(|s| parts.masks.name(Field::Staff, s)).collect();
                vec![
                    who.id.clone(),
                    who.name.clone(),
                    who.role.clone(),
                    accounts.join(", "),
                    staff.join(", "),
                ]
            })
            .collect();
        let columns = [
            Column::text("id", 1.0),
            Column::text("name", 3.0),
            Column::text("said to be", 3.0),
            Column::text("accounts", 4.0),
            Column::text("staff", 2.0),
        ];
        d.table(&columns, &rows);
    }
    d.heading("Redactions");
    redactions(d, parts, *purpose);
}

fn redactions(d: &mut Document, parts: &Parts<'_>, purpose: Purpose) {
    let log = parts.masks.log();
    let rows: Vec<Vec<String>> = Field::ALL
        .into_iter()
        .filter(|field| treatment(*field, purpose) != Treatment::Shown)
        .map(|field| {
            let what = match treatment(field, purpose) {
                Treatment::Masked => "another name stands in, the same throughout",
                Treatment::LeftOut | Treatment::Shown => "left out",
            };
            let count = log.iter().filter(|r| r.field == field).count();
            let field_words = field.as_str().replace('_', " ");
            vec![field_words, what.to_owned(), because(field).to_owned(), count.to_string()]
        })
        .collect();
    if rows.is_empty() {
        d.text("None: this purpose sees the records as they are.");
        return;
    }
    let columns = [
        Column::text("field", 2.0),
        Column::text("treatment", 4.0),
        Column::text("because", 5.0),
        Column::number("times", 1.0),
    ];
    d.table(&columns, &rows);
    d.remark("Each one is listed in exhibit E16, with its record and field. The unredacted records stay in the log.");
}

fn manifest(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("2  Manifest and how to check it");
    d.text(
        "manifest.json lists every file of this pack with its length and SHA-256, is written as canonical JSON (RFC 8785), and is \
         signed with Ed25519 where the deployment gave its key. Its SHA-256 is in the request for a time stamp (RFC 3161). The exhibits \
         are the leaves of a Merkle tree (RFC 6962); its root stands for all of them.",
    );
    d.text(
        "To check the pack on any machine without a network: `ringfence evidence verify PACK --key KEY.pub`. It recomputes every hash, \
         the root, the signature, the place of each record in the log, and the damages, and names what was changed. README.txt says how \
         to do it with other programs.",
    );
    let columns = [
        Column::text("id", 1.0),
        Column::text("exhibit", 5.0),
        Column::number("bytes", 1.6),
        Column::code("SHA-256", 6.5),
    ];
    let rows: Vec<Vec<String>> = parts
        .exhibits
        .iter()
        .map(|e| vec![e.id.clone(), e.title.clone(), e.bytes.to_string(), e.sha256.clone()])
        .collect();
    d.table(&columns, &rows);
    if let Some(first) = parts.exhibits.first() {
        d.pairs(&[
            ("Source system", first.source_system.clone()),
            ("Query", first.query.clone()),
            ("Extracted", format!("by {} at {} UTC", first.extracted_by, time(first.extracted_at))),
            ("Tool", format!("{} {}", first.tool.name, first.tool.version)),
        ]);
    }
}

fn certifications(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("3  Draft certifications");
    d.text(WARNING);
    for draft in parts.drafts {
        d.heading(draft.title);
        for paragraph in &draft.paragraphs {
            d.text(paragraph);
        }
        for blank in draft.blanks {
            d.blank(blank);
        }
        d.gap(16.0);
    }
}

fn custody(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("4  Chain of custody");
    d.text(
        "Events are received, replaced by tokens where they name persons, and appended to a log in which each block names the hash of the \
         one before. What people read, change and export is appended to the same log before they see it. Exhibit E05 has all that the \
         log holds of this matter.",
    );
    crate::case::chapter(d, parts.worked, ROWS_MAX);
    d.heading("Views, changes and exports");
    if parts.handlings.is_empty() {
        d.text("The log holds no view, change or export of what this matter is about, up to the head that is named on the cover.");
        return;
    }
    let columns = [
        Column::text("UTC", 3.0),
        Column::number("record", 1.5),
        Column::text("did", 3.0),
        Column::text("with", 3.0),
        Column::text("by", 3.0),
        Column::text("role", 1.8),
    ];
    let rows: Vec<Vec<String>> = parts
        .handlings
        .iter()
        .take(ROWS_MAX)
        .map(|h| {
            vec![
                time(h.at),
                h.record.to_string(),
                h.did.clone(),
                h.subject.clone(),
                h.by.clone(),
                h.role.clone(),
            ]
        })
        .collect();
    d.table(&columns, &rows);
    more(d, parts.handlings.len(), ROWS_MAX, "E05");
}

pub(crate) fn more(d: &mut Document, count: usize, told: usize, exhibit: &str) {
    if count > told {
        d.remark(&format!("{} more are in exhibit {exhibit}.", count - told));
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARS_MAX {
        return text.to_owned();
    }
    format!("{}… (cut; the record has all of it)", text.chars().take(TEXT_CHARS_MAX).collect::<String>())
}

fn timelines(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("5  Timeline of each order");
    d.text(
        "Times are UTC and those of the sender; where a record arrived more than a minute later, the time of arrival stands below. Numbers \
         are those of the records in exhibit E02.",
    );
    let columns = [
        Column::text("UTC", 2.6),
        Column::number("record", 1.3),
        Column::text("source", 1.9),
        Column::text("what the record says", 8.0),
    ];
    let mut rest = &parts.timeline[..parts.timeline.len().min(TIMELINE_ROWS_MAX)];
    while let Some(first) = rest.first() {
        let (of, after) = rest.split_at(rest.iter().take_while(|e| e.order == first.order).count());
        d.heading(&format!("Order {}", first.order));
        let rows: Vec<Vec<String>> = of
            .iter()
            .map(|e| {
                let late = e.arrived.since(e.at).0 > 60_000;
                let at =
                    if late { format!("{}\narrived {}", time(e.at), time(e.arrived)) } else { time(e.at) };
                vec![at, e.record.to_string(), e.source.clone(), cut(&e.says)]
            })
            .collect();
        d.table(&columns, &rows);
        rest = after;
    }
    more(d, parts.timeline.len(), TIMELINE_ROWS_MAX, "E06");
}

fn links(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("6  What accounts have in common");
    let Links { links, pairs, more_pairs } = parts.links;
    d.heading("What is not claimed");
    for line in NOT_CLAIMED {
        d.item(line);
    }
    if links.is_empty() {
        d.text("No two accounts of this matter were seen with the same identifier.");
        return;
    }
    d.heading("The picture");
    d.text("Accounts are on the left, what they have in common on the right; a line says that a record shows the account with it.");
    d.picture(parts.picture);
    let (accounts, identifiers) = parts.picture.left_out;
    if accounts + identifiers > 0 {
        d.remark(&format!(
            "{accounts} accounts and {identifiers} identifiers are not drawn; exhibit E07 has them."
        ));
    }
    d.heading("Identifiers, rarest first");
    d.text(
        "How rare an identifier is says how little two accounts have it in common by chance. It does not say that they have it in common \
         for a bad reason.",
    );
    let columns = [
        Column::text("kind", 1.1),
        Column::code("identifier", 3.0),
        Column::text("accounts of the matter", 3.6),
        Column::text("how rare", 4.0),
        Column::text("records", 2.0),
    ];
    let rows: Vec<Vec<String>> = links
        .iter()
        .take(ROWS_MAX)
        .map(|l| {
            let accounts = if l.accounts.len() > 12 {
                format!("{} and {} more", l.accounts[..12].join(", "), l.accounts.len() - 12)
            } else {
                l.accounts.join(", ")
            };
            vec![l.kind.clone(), l.value.clone(), accounts, l.rarity(), records(&l.records)]
        })
        .collect();
    d.table(&columns, &rows);
    more(d, links.len(), ROWS_MAX, "E07");
    d.remark(&format!(
        "Exhibit E08 lists {} pairs of accounts with what links them{}.",
        pairs.len(),
        if *more_pairs > 0 {
            format!("; {more_pairs} more follow from the table above")
        } else {
            String::new()
        }
    ));
}

fn staff(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("7  Members of staff");
    d.text("Members of staff are pseudonymous here. That somebody acted in an account does not say that the person did.");
    let Staff { acts, sessions, figures, why } = parts.staff;
    d.heading("What was done");
    if acts.is_empty() {
        d.text("No record shows an action of a member of staff on the orders and refunds of this matter.");
    } else {
        let columns = [
            Column::text("UTC", 2.3),
            Column::number("record", 1.3),
            Column::text("staff", 1.6),
            Column::text("action", 2.3),
            Column::text("about", 1.8),
            Column::text("session, routing", 2.0),
            Column::text("before", 2.6),
            Column::text("after", 2.6),
        ];
        let rows: Vec<Vec<String>> = acts
            .iter()
            .take(ROWS_MAX)
            .map(|a| {
                let session = format!("{} {}", a.session, a.routing).trim().to_owned();
                vec![
                    time(a.at),
                    a.record.to_string(),
                    a.staff.clone(),
                    a.action.clone(),
                    a.about.clone(),
                    session,
                    a.before.clone(),
                    a.after.clone(),
                ]
            })
            .collect();
        d.table(&columns, &rows);
        more(d, acts.len(), ROWS_MAX, "E10");
    }
    d.heading("Sessions");
    if sessions.is_empty() {
        d.text(
            "No record of a session belongs to these actions: from where the account was used is not known.",
        );
    } else {
        let columns = [
            Column::text("session", 2.0),
            Column::text("staff", 2.0),
            Column::text("began (UTC)", 2.5),
            Column::text("how", 5.0),
            Column::number("record", 1.3),
        ];
        let row = |s: &crate::staff::Session| {
            vec![s.session.clone(), s.staff.clone(), time(s.at), s.how.clone(), s.record.to_string()]
        };
        d.table(&columns, &sessions.iter().take(ROWS_MAX).map(row).collect::<Vec<_>>());
    }
    d.heading("Peer statistics");
    d.text(METHOD);
    if figures.is_empty() {
        d.text("No peer statistic was given for the members of staff of this matter.");
        return;
    }
    let columns = [
        Column::text("staff", 2.0),
        Column::text("figure", 5.0),
        Column::number("observed", 1.5),
        Column::number("expected", 1.5),
        Column::number("q-value", 1.5),
    ];
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|f| {
            let (observed, expected) = (f.observed.to_string(), format!("{:.1}", f.expected));
            vec![f.staff.clone(), f.family.clone(), observed, expected, format!("{:.2e}", f.q_value)]
        })
        .collect();
    d.table(&columns, &rows);
    for (staff, line) in why {
        d.item(&format!("{staff}: {line}"));
    }
}

fn posts(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("8  Public posts");
    if parts.posts.is_empty() {
        d.text("No public post is part of this matter.");
        return;
    }
    d.text("A match is a probability that a post is about a refund. That a post is true, or by whom it was written, is not claimed.");
    for post in parts.posts.iter().take(ROWS_MAX) {
        d.heading(&format!("Post {} on {}", post.post, post.platform));
        d.pairs(&[
            ("Handle, channel", format!("{}, {}", post.handle, post.channel)),
            (
                "Posted",
                post.posted_at
                    .map_or("not known".to_owned(), |at| format!("{} UTC, as the platform says", time(at))),
            ),
            ("Captured", format!("{} UTC, record {}", time(post.captured_at), post.record)),
            ("SHA-256 of text", post.text_sha256.clone()),
            ("Text", cut(&post.text)),
        ]);
        if !post.images.is_empty() {
            d.pairs(&[("SHA-256 of pictures", post.images.join("\n"))]);
        }
        if post.matches.is_empty() {
            d.remark("No match with a refund was given.");
        }
        for m in &post.matches {
            let order = m.order.as_ref().map_or(String::new(), |order| format!(" (order {order})"));
            d.item(&format!(
                "Refund {}{order}: probability {:.3}; at most {:.2} other refunds would agree as well by chance. {}",
                m.refund,
                m.probability,
                m.by_chance,
                m.why.join("; ")
            ));
        }
    }
    more(d, parts.posts.len(), ROWS_MAX, "E12");
}

fn contrary(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("9  What speaks against it");
    d.text(
        "The program looked in the records for each of the following, and found what is listed. That nothing was found of something says \
         that no record shows it, not that it was not so.",
    );
    for kind in Kind::ALL {
        d.heading(kind.words());
        let checks = || Check::ALL.into_iter().filter(move |check| check.words().0 == kind);
        let columns = [
            Column::text("looked for", 3.6),
            Column::text("about", 2.2),
            Column::text("found", 5.2),
            Column::text("records", 2.4),
        ];
        let mut rows = Vec::new();
        let mut told = 0;
        for check in checks() {
            let found = parts.contrary.findings.iter().filter(|f| f.check == check);
            let mut name = check.words().1.to_owned();
            for f in found.take(ROWS_MAX / 8) {
                rows.push(vec![
                    std::mem::take(&mut name),
                    f.about.clone(),
                    f.says.clone(),
                    records(&f.records),
                ]);
                told += 1;
            }
            if !name.is_empty() {
                rows.push(vec![name, String::new(), "nothing was found".to_owned(), String::new()]);
            }
        }
        d.table(&columns, &rows);
        let count: usize = checks().map(|check| parts.contrary.count(check)).sum();
        more(d, count, told, "E13");
    }
}

fn damages(d: &mut Document, parts: &Parts<'_>) {
    d.chapter("10  Damages");
    let Some(Damages { claim, schedule }) = parts.damages else {
        d.text("No damages are claimed in this pack.");
        return;
    };
    let money = |amount: i64| decimal(amount, schedule.currency);
    d.text(&format!(
        "All amounts are in {}. An amount in another currency is converted at the rate of its day; halves of a minor unit are rounded away \
         from zero. A line is shared by weight; what cannot be divided goes to the largest remainders, so that shares add up to their line. \
         No piece is counted both as refund and as goods.",
        schedule.currency
    ));
    d.text(
        &claim
            .interest
            .as_ref()
            .map_or("No interest is claimed.".to_owned(), crate::damages::Interest::words),
    );
    d.text(
        "Disgorgement is stated beside actual damages. Whether both can be had for one transaction is a question of law, and left to counsel.",
    );
    let sums = |name: &str, sum: Sum| {
        vec![name.to_owned(), money(sum.amount), money(sum.interest), money(sum.all())]
    };
    let columns = [
        Column::text("sum", 4.0),
        Column::number("amount", 2.0),
        Column::number("interest", 2.0),
        Column::number("together", 2.0),
    ];
    let mut rows: Vec<Vec<String>> =
        schedule.classes.iter().map(|(class, sum)| sums(class.as_str(), *sum)).collect();
    rows.push(sums("total", schedule.total));
    d.heading("By class");
    d.table(&columns, &rows);
    d.heading("By defendant");
    let columns = [
        Column::text("defendant", 3.0),
        Column::number("own share", 2.0),
        Column::number("with interest", 2.0),
        Column::number("at most, joint and several lines in full, with interest", 3.4),
    ];
    let row = |o: &crate::damages::Owed| {
        vec![o.defendant.clone(), money(o.share.amount), money(o.share.all()), money(o.at_most.all())]
    };
    d.table(&columns, &schedule.owed.iter().map(row).collect::<Vec<_>>());
    d.heading("Lines");
    let columns = [
        Column::text("line", 1.8),
        Column::text("class, basis", 2.2),
        Column::text("about", 3.6),
        Column::text("exhibit", 1.9),
        Column::text("date", 1.8),
        Column::number("original", 2.3),
        Column::number("amount", 1.8),
        Column::number("interest", 1.6),
        Column::text("shares (J: joint and several)", 3.0),
    ];
    let row = |l: &crate::damages::Line| {
        let shares: Vec<String> =
            l.shares.iter().map(|s| format!("{} {}", s.defendant, money(s.amount + s.interest))).collect();
        let joint = if l.joint_and_several { "J: " } else { "" };
        vec![
            l.id.clone(),
            format!("{}: {}", l.class.as_str(), l.basis.words()),
            l.about.clone(),
            l.exhibit.clone(),
            day_text(l.on),
            original(l.original.amount, l.original.currency, l.rate.as_deref()),
            money(l.amount),
            money(l.interest),
            format!("{joint}{}", shares.join(", ")),
        ]
    };
    d.table(&columns, &schedule.lines.iter().take(ROWS_MAX).map(row).collect::<Vec<_>>());
    more(d, schedule.lines.len(), ROWS_MAX, "E15");
}

fn original(amount: i64, currency: Currency, rate: Option<&str>) -> String {
    let rate = rate.map_or(String::new(), |rate| format!(" at {rate}"));
    format!("{} {currency}{rate}", decimal(amount, currency))
}
