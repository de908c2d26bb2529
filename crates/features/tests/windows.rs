//! Are the windows right? Histories and distinct sets against a recomputation from all events (INV-FEAT-1 … 3).

use proptest::prelude::*;
use ringfence_features::distinct::{DISTINCT_EXACT_MAX, Distinct};
use ringfence_features::history::{Back, Entry, History, Layout, Sums, tile_bound_ms};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000;
const START: i64 = 1_600_000_000_000;

/// An event: time, streams, value.
type Event = (i64, u64, f64);

/// Times that mostly go forward and sometimes lie months back, with streams among three and small whole values.
fn events(most: usize, days: i64) -> impl Strategy<Value = Vec<Event>> {
    let one = (0..days * 24, 0i64..3_600_000, 1u64..8, 0i32..1_000, prop::bool::weighted(0.05));
    prop::collection::vec(one, 1..most).prop_map(move |raw| {
        let n = raw.len() as i64;
        raw.into_iter()
            .enumerate()
            .map(|(i, (hour, ms, streams, value, late))| {
                let on_time = i as i64 * days * DAY / n + ms;
                let time = if late { (hour * 3_600_000).min(on_time) } else { on_time };
                (START + time, streams, f64::from(value))
            })
            .collect()
    })
}

fn fold(events: &[Event], layout: &Layout) -> (History, Vec<u64>) {
    let combos: Vec<u64> = (0..8).collect();
    let mut history = History::default();
    for (i, &(time, streams, value)) in events.iter().enumerate() {
        history.push(Entry::new(time, streams as u32, value, i as u64), &combos, layout);
    }
    (history, combos)
}

/// Count and sum of a stream in `(now − window, now]`, from all events.
fn naive(events: &[Event], now: i64, window: i64, stream: usize) -> (f64, f64) {
    let inside = events.iter().filter(|e| e.0 > now - window && e.0 <= now && e.1 >> stream & 1 == 1);
    inside.fold((0.0, 0.0), |t, e| (t.0 + 1.0, t.1 + e.2))
}

const WINDOWS: [i64; 5] = [DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

fn scanned(
    history: &History,
    now: i64,
    windows: &[i64],
    combos: &[u64],
    layout: &Layout,
) -> Vec<[(f64, f64); 3]> {
    let mut out = Vec::new();
    history.scan(
        Back { now, offsets: windows, mask: 0b111 },
        combos,
        layout,
        &mut Sums::default(),
        |_, sums| {
            out.push([0, 1, 2].map(|s| (sums.count[s], sums.sum[s])));
        },
    );
    out
}

fn layout(raw_max: usize) -> Layout {
    Layout { streams: 3, extremes: 0b001, horizon_ms: 365 * DAY, raw_max }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_thing_with_few_events_is_exact_whatever_the_order(events in events(300, 500), at in 0i64..520) {
        let layout = layout(4_096);
        let (history, combos) = fold(&events, &layout);
        let newest = events.iter().map(|e| e.0).max().expect("there is one");
        // Requests may come late themselves: their windows end before the newest event, within the bound.
        let now = (START + at * DAY).max(newest - 100 * DAY);
        for (w, found) in scanned(&history, now, &WINDOWS, &combos, &layout).iter().enumerate() {
            for (stream, got) in found.iter().enumerate() {
                prop_assert_eq!(*got, naive(&events, now, WINDOWS[w], stream), "window {} stream {}", w, stream);
            }
        }
    }

    #[test]
    fn a_busy_thing_is_exact_but_for_the_tile_in_which_a_window_begins(
        events in events(3_000, 500),
        hours in 1i64..365 * 24,
    ) {
        let layout = layout(64);
        let (history, combos) = fold(&events, &layout);
        let now = events.iter().map(|e| e.0).max().expect("there is one");
        // The usual windows, and any.
        let mut windows = [WINDOWS.as_slice(), &[hours * 3_600_000]].concat();
        windows.sort_unstable();
        for (w, found) in scanned(&history, now, &windows, &combos, &layout).iter().enumerate() {
            for (stream, got) in found.iter().enumerate() {
                let low = naive(&events, now, windows[w], stream);
                let high = naive(&events, now, windows[w] + tile_bound_ms(windows[w]), stream);
                prop_assert!(low.0 <= got.0 && got.0 <= high.0, "window {w} stream {stream}: {low:?} {got:?} {high:?}");
                prop_assert!(low.1 <= got.1 && got.1 <= high.1, "window {w} stream {stream}: {low:?} {got:?} {high:?}");
            }
            let extremes = history.extremes(now - windows[w], now, 0, &combos, &layout);
            let exact = |window: i64| {
                let inside = events.iter().filter(|e| e.0 > now - window && e.1 & 1 == 1).map(|e| e.2);
                inside.fold((f64::INFINITY, f64::NEG_INFINITY), |m, v| (m.0.min(v), m.1.max(v)))
            };
            let (inner, outer) = (exact(windows[w]), exact(windows[w] + tile_bound_ms(windows[w])));
            if let Some((low, high)) = extremes {
                prop_assert!(outer.0 <= low && low <= inner.0, "{outer:?} {low} {inner:?}");
                prop_assert!(inner.1 <= high && high <= outer.1, "{outer:?} {high} {inner:?}");
            } else {
                prop_assert_eq!(inner.0, f64::INFINITY);
            }
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_to_a_thing_with_few_events(events in events(200, 300), seed in any::<u64>()) {
        let layout = layout(4_096);
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|e| (e.0 as u64).wrapping_mul(seed | 1).rotate_left(17));
        let now = START + 300 * DAY;
        let (a, combos) = fold(&events, &layout);
        let (b, _) = fold(&shuffled, &layout);
        prop_assert_eq!(scanned(&a, now, &WINDOWS, &combos, &layout), scanned(&b, now, &WINDOWS, &combos, &layout));
    }

    #[test]
    fn few_different_ones_are_counted_exactly(seen in prop::collection::vec((0u32..900, 0i64..100), 1..2_000)) {
        let mut set = Distinct::default();
        let mut latest: BTreeMap<u32, i64> = BTreeMap::new();
        for (i, (id, day)) in seen.iter().enumerate() {
            let time = START + day * DAY + i as i64;
            set.see(*id, time, i64::MIN);
            let last = latest.entry(*id).or_insert(time);
            *last = (*last).max(time);
        }
        for from in [i64::MIN, START + 30 * DAY, START + 99 * DAY] {
            let exact = latest.values().filter(|t| **t > from).count() as f64;
            prop_assert_eq!(set.count(from), exact);
            prop_assert_eq!(set.added_by(5_000, from), 1.0);
        }
        prop_assert!(!set.sampled());
    }
}

#[test]
fn many_different_ones_are_estimated_within_the_stated_error() {
    for n in [2_000u32, 20_000, 200_000] {
        let mut set = Distinct::default();
        for id in 0..n {
            set.see(id, START + i64::from(id), i64::MIN);
        }
        assert!(set.sampled());
        // At least half of the room is in use, so the standard error is below 1/√(max/2) = 4.4 %; four of them.
        let bound = 4.0 / ((DISTINCT_EXACT_MAX / 2) as f64).sqrt();
        let relative = set.count(i64::MIN) / f64::from(n) - 1.0;
        assert!(relative.abs() < bound, "{n}: {relative}");
    }
}

#[test]
fn memory_of_a_busy_thing_stays_bounded() {
    let layout = layout(64);
    let combos: Vec<u64> = (0..8).collect();
    let mut history = History::default();
    let mut most = 0;
    for i in 0..200_000i64 {
        history.push(Entry::new(START + i * 600_000, (i % 7) as u32 + 1, 1.0, i as u64), &combos, &layout);
        most = most.max(history.memory_bytes());
    }
    assert!(most < 128 * 1024, "{most} bytes");
}
