//! Where did the parcels of an order go? Each on a line with its scans, and what the carrier proves.

use crate::workbench::lang::{Lang, fill};
use crate::workbench::story::{Happened, anchor, proofs};
use crate::workbench::ui::{self, states};
use maud::{Markup, html};
use ringfence_domain::Body;
use ringfence_domain::event::ParcelScanned;
use ringfence_domain::words::ScanStatus;
use std::collections::BTreeMap;

/// Parcels that are drawn.
const PARCELS_MAX: usize = 6;
/// Stops of a line; of more, those between are counted.
const STOPS_MAX: usize = 9;

/// The parcels of an order.
pub(super) fn panel(lang: Lang, happened: &[Happened], order: &str) -> Markup {
    let t = lang.texts();
    let mut parcels: BTreeMap<&str, Vec<(&Happened, &ParcelScanned)>> = BTreeMap::new();
    for one in happened {
        if let Some(Body::ParcelScanned(scan)) = one.body()
            && scan.order.as_str() == order
        {
            parcels.entry(scan.parcel.as_str()).or_default().push((one, scan));
        }
    }
    let mut lines: Vec<_> = parcels.into_iter().collect();
    lines.sort_by_key(|(_, scans)| scans.first().map(|(happened, _)| happened.at));
    html! {
        section aria-labelledby="parcels" {
            h2 #parcels { (t.request.parcels) }
            @if lines.is_empty() { (states::empty(t.request.parcels_none)) }
            @for (parcel, scans) in lines.iter().take(PARCELS_MAX) { (line(lang, parcel, scans)) }
        }
    }
}

fn line(lang: Lang, parcel: &str, scans: &[(&Happened, &ParcelScanned)]) -> Markup {
    let t = lang.texts();
    let (direction, carrier) = scans
        .first()
        .map_or(("", ""), |(_, scan)| (t.story.direction(scan.direction), scan.carrier.as_str()));
    // The ends say most: what is left out stands before the last stops.
    let left_out = scans.len().saturating_sub(STOPS_MAX);
    let head = if left_out > 0 { STOPS_MAX / 2 } else { scans.len() };
    let tail = scans.len() - if left_out > 0 { STOPS_MAX - head } else { 0 };
    html! {
        h3 { (ui::id(parcel)) " " span.quiet { (carrier) ", " (direction) } }
        div.route-box role="group" aria-label=(format!("{} {parcel}", t.story.kind_parcel)) tabindex="0" {
            ol.route {
                @for scan in &scans[..head] { (stop(lang, scan)) }
                @if left_out > 0 { li.gap { "… " (left_out) } }
                @if tail < scans.len() { @for scan in &scans[tail.max(head)..] { (stop(lang, scan)) } }
            }
        }
    }
}

fn stop(lang: Lang, (happened, scan): &(&Happened, &ParcelScanned)) -> Markup {
    let t = lang.texts();
    let tone = match scan.status {
        ScanStatus::Delivered => "good",
        ScanStatus::Exception | ScanStatus::Lost | ScanStatus::ReturnedToSender => "bad",
        ScanStatus::LabelCreated
        | ScanStatus::Accepted
        | ScanStatus::InTransit
        | ScanStatus::OutForDelivery => "plain",
    };
    let proof = scan.proof.as_ref().map(|proof| proofs(t, proof)).unwrap_or_default();
    html! {
        li.(tone) {
            a href=(format!("#{}", anchor(happened.position))) { (t.words.scan(scan.status)) }
            (ui::time(happened.at))
            @if let Some(place) = scan.site.as_ref().map(|site| site.as_str()).or(scan.postal_code.as_ref().map(|code| code.as_str())) {
                span.quiet { (place) }
            }
            @if let Some(grams) = scan.weight_g { span.quiet { (fill(t.story.weight, &[("n", &ui::count(lang, grams))])) } }
            @if !proof.is_empty() { span.proof { @for (at, part) in proof.iter().enumerate() { @if at > 0 { ", " } (part) } } }
        }
    }
}
