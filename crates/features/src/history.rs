//! What happened to one thing, and how much of it lies in a window? Raw entries, and totals by tile once it is busy.
//!
//! A history keeps its events as entries in the order of their times. A thing with few events keeps all of them,
//! so every window over it is exact. Past a limit the oldest half becomes rows of running totals, one a tile of time:
//! a window that begins inside a tile is then longer by less than that tile (INV-FEAT-2).

use ringfence_domain::Duration;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Entries that a busy thing (staff, carrier, article…) keeps raw before the older half is tiled.
/// 64 entries are 1.5 KiB: small enough to scan for each request, long enough for the last hours of most.
pub const RAW_BUSY_MAX: usize = 64;

/// Entries that any other thing keeps raw: three a day for a year, beyond what a person does in the longest window, so that
/// what people read of accounts and orders is exact, while one runaway key eats neither the memory (24 KiB) nor the time
/// of each of its requests, which read all of them.
pub const RAW_EXACT_MAX: usize = 1_024;

/// Entries that a busy thing keeps raw where a feature needs each by itself: a rank, an entropy.
pub const RAW_SINGLY_MAX: usize = 4_096;

/// How much later than the newest event of a thing an older one may arrive and still find its whole window kept.
pub const LATENESS_MAX: Duration = Duration::days(180);

/// Rows of totals a busy thing may have before rows are thinned by age.
const ROWS_MAX: usize = 288;

const TIME_BITS: u32 = 44;

/// One event of a history: its time, which streams it belongs to (a combination of streams), a value, its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    time_and_combo: u64,
    /// The value of the streams that have one; 0 where none has.
    pub value: f64,
    /// Place in the log.
    pub position: u64,
}

impl Entry {
    /// A new entry; `time` in ms since 1970 (44 bits reach the year 2527), `combo` an index of combinations.
    pub fn new(time: i64, combo: u32, value: f64, position: u64) -> Self {
        assert!(
            (0..1 << TIME_BITS).contains(&time) && combo < 1 << (64 - TIME_BITS),
            "event times lie in 1990–2199"
        );
        Self { time_and_combo: (time as u64) | (u64::from(combo) << TIME_BITS), value, position }
    }
    /// Event time, ms.
    #[inline]
    pub fn time(self) -> i64 {
        (self.time_and_combo & ((1 << TIME_BITS) - 1)) as i64
    }
    /// Index of its combination of streams.
    #[inline]
    pub fn combo(self) -> usize {
        (self.time_and_combo >> TIME_BITS) as usize
    }
}

/// What the histories of one kind have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Streams of the kind, at most 64.
    pub streams: usize,
    /// Bit set of the streams whose smallest and largest value some feature reads.
    pub extremes: u64,
    /// The longest window and delay over the kind, ms.
    pub horizon_ms: i64,
    /// Entries kept raw.
    pub raw_max: usize,
}

/// Running totals at the ends of tiles: row `i` holds, for every stream, count and sum of all events up to `times[i]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Rows {
    times: Vec<i64>,
    /// `[count, sum]` a stream a row.
    totals: Vec<f64>,
    /// `[min, max]` of the row's own tile, a stream of `Layout::extremes` a row.
    extremes: Vec<f64>,
}

/// The events of one thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    entries: Vec<Entry>,
    rows: Option<Box<Rows>>,
}

/// What is looked back at, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// The moment, ms.
    pub now: i64,
    /// How far back, ms, ascending.
    pub offsets: &'a [i64],
    /// Bit set of the streams that are added up.
    pub mask: u64,
}

/// The streams of a bit set, ascending.
#[inline]
fn streams(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let stream = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (stream < 64).then_some(stream)
    })
}

/// Counts and sums of the streams over a part of a history.
#[derive(Clone, Debug)]
pub struct Sums {
    /// Events a stream.
    pub count: [f64; 64],
    /// Sum of values a stream.
    pub sum: [f64; 64],
    /// Bit set of the streams that may hold something: the only ones to be cleared, for most requests touch few.
    used: u64,
    /// What was added up by combination and is not in the streams yet: one place an entry instead of one a stream.
    waiting: Vec<(f64, f64)>,
    /// The combinations that have some.
    touched: Vec<u32>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { count: [0.0; 64], sum: [0.0; 64], used: 0, waiting: Vec::new(), touched: Vec::new() }
    }
}

impl Sums {
    /// Sets all streams to nothing.
    #[inline]
    pub fn clear(&mut self) {
        for stream in streams(std::mem::take(&mut self.used)) {
            self.count[stream] = 0.0;
            self.sum[stream] = 0.0;
        }
    }
    /// Notes events of a combination and the sum of their values.
    #[inline]
    fn note(&mut self, combo: usize, events: f64, sum: f64) {
        if combo >= self.waiting.len() {
            self.waiting.resize(combo + 1, (0.0, 0.0));
        }
        let waiting = &mut self.waiting[combo];
        if waiting.0 == 0.0 {
            self.touched.push(combo as u32);
        }
        waiting.0 += events;
        waiting.1 += sum;
    }
    /// Adds what waits to the streams of `mask`.
    #[inline]
    fn settle(&mut self, combos: &[u64], mask: u64) {
        while let Some(combo) = self.touched.pop() {
            let (events, sum) = std::mem::take(&mut self.waiting[combo as usize]);
            self.add(combos[combo as usize] & mask, events, sum);
        }
    }
    /// Adds events and the sum of their values to the streams of `mask`.
    #[inline]
    pub fn add(&mut self, mask: u64, events: f64, sum: f64) {
        self.used |= mask;
        for stream in streams(mask) {
            self.count[stream] += events;
            self.sum[stream] += sum;
        }
    }
}

/// Width of the tile that holds an instant `age` before now: finer for what is recent, never more than 1/24 of a usual window.
fn tile_ms(age: i64) -> i64 {
    const DAY: i64 = Duration::DAY.0;
    if age < 3 * DAY {
        Duration::HOUR.0
    } else if age < 15 * DAY {
        DAY / 4
    } else if age < 100 * DAY {
        DAY
    } else {
        7 * DAY
    }
}

/// Whether the tile of `later` holds `earlier` too. A window that begins between them is older than `later`, so its own
/// tile is no finer.
fn same_tile(earlier: i64, later: i64, newest: i64) -> bool {
    let width = tile_ms(newest - later);
    earlier.div_euclid(width) == later.div_euclid(width)
}

/// Widest tile that can hold the start of a window of `window_ms`: by so much may the window of a busy thing be longer.
pub fn tile_bound_ms(window_ms: i64) -> i64 {
    tile_ms(window_ms)
}

impl Rows {
    /// Index of the last row that ends at or before `time`.
    fn at(&self, time: i64) -> Option<usize> {
        self.times.partition_point(|&t| t <= time).checked_sub(1)
    }
    /// Adds an event to the row of its tile; one that comes late may need a row of its own, for the next may end much later.
    fn add(&mut self, entry: Entry, mask: u64, newest: i64, layout: &Layout) {
        let stride = layout.streams * 2;
        let e_stride = layout.extremes.count_ones() as usize * 2;
        let time = entry.time();
        let start = match self.times.last() {
            Some(&last) if time <= last => {
                let row = self.times.partition_point(|&t| t < time);
                if !same_tile(time, self.times[row], newest) {
                    self.open(row, time, layout);
                }
                row
            }
            Some(&last) if last.div_euclid(Duration::HOUR.0) == time.div_euclid(Duration::HOUR.0) => {
                *self.times.last_mut().expect("just seen") = time;
                self.times.len() - 1
            }
            Some(_) | None => {
                self.open(self.times.len(), time, layout);
                self.times.len() - 1
            }
        };
        for stream in streams(mask) {
            for row in start..self.times.len() {
                self.totals[row * stride + stream * 2] += 1.0;
                self.totals[row * stride + stream * 2 + 1] += entry.value;
            }
            if layout.extremes >> stream & 1 == 1 {
                let k = (layout.extremes & ((1 << stream) - 1)).count_ones() as usize;
                let cell = &mut self.extremes[start * e_stride + k * 2..][..2];
                cell[0] = cell[0].min(entry.value);
                cell[1] = cell[1].max(entry.value);
            }
        }
    }
    /// Puts a row that ends at `time` and holds no event of its own at place `row`.
    fn open(&mut self, row: usize, time: i64, layout: &Layout) {
        let stride = layout.streams * 2;
        let e_stride = layout.extremes.count_ones() as usize * 2;
        let before: SmallVec<[f64; 32]> = match row.checked_sub(1) {
            Some(previous) => self.totals[previous * stride..row * stride].into(),
            None => std::iter::repeat_n(0.0, stride).collect(),
        };
        self.times.insert(row, time);
        self.totals.splice(row * stride..row * stride, before);
        let nothing = [f64::INFINITY, f64::NEG_INFINITY].into_iter().cycle().take(e_stride);
        self.extremes.splice(row * e_stride..row * e_stride, nothing);
    }
    /// Drops rows that no window can tell apart any more: those whose successor lies in the same tile for its age.
    fn thin(&mut self, newest: i64, layout: &Layout) {
        let stride = layout.streams * 2;
        let e_stride = layout.extremes.count_ones() as usize * 2;
        let oldest_kept = newest - layout.horizon_ms - LATENESS_MAX.0;
        let n = self.times.len();
        let mut kept = 0;
        for row in 0..n {
            let time = self.times[row];
            let same_tile_as_next = row + 1 < n && same_tile(time, self.times[row + 1], newest);
            let expired = row + 1 < n && self.times[row + 1] < oldest_kept;
            if same_tile_as_next || expired {
                for k in (0..e_stride).step_by(2) {
                    let (low, high) =
                        (self.extremes[row * e_stride + k], self.extremes[row * e_stride + k + 1]);
                    let next = &mut self.extremes[(row + 1) * e_stride + k..][..2];
                    if !expired {
                        next[0] = next[0].min(low);
                        next[1] = next[1].max(high);
                    }
                }
                continue;
            }
            self.times[kept] = time;
            self.totals.copy_within(row * stride..(row + 1) * stride, kept * stride);
            self.extremes.copy_within(row * e_stride..(row + 1) * e_stride, kept * e_stride);
            kept += 1;
        }
        self.times.truncate(kept);
        self.totals.truncate(kept * stride);
        self.extremes.truncate(kept * e_stride);
    }
}

impl History {
    /// Puts an event in its place by time. `combos[entry.combo()]` is its bit set of streams.
    #[inline]
    pub fn push(&mut self, entry: Entry, combos: &[u64], layout: &Layout) {
        if self.entries.len() >= layout.raw_max {
            self.spill(combos, layout);
        }
        if let Some(rows) = &mut self.rows
            && self.entries.first().is_none_or(|first| entry.time() < first.time())
            && rows.times.last().is_some_and(|&last| entry.time() <= last)
        {
            let newest = self.entries.last().map_or_else(|| rows.times.last().copied(), |e| Some(e.time()));
            let newest = newest.unwrap_or(entry.time());
            rows.add(entry, combos[entry.combo()], newest, layout);
            if rows.times.len() > ROWS_MAX {
                rows.thin(newest, layout);
            }
            return;
        }
        if self.entries.len() == self.entries.capacity() {
            self.make_room(layout);
        }
        if self.entries.last().is_none_or(|last| last.time() <= entry.time()) {
            self.entries.push(entry);
        } else {
            let place = self.entries.partition_point(|e| e.time() <= entry.time());
            self.entries.insert(place, entry);
        }
    }
    /// Lets go of what no window reaches any more; then grows by a half, to waste little on the many small ones.
    #[cold]
    fn make_room(&mut self, layout: &Layout) {
        if let Some(newest) = self.entries.last().map(|e| e.time()) {
            let oldest_kept = newest - layout.horizon_ms - LATENESS_MAX.0;
            let expired = self.entries.partition_point(|e| e.time() <= oldest_kept);
            if expired > 0 && self.rows.is_none() {
                self.entries.drain(..expired);
            }
        }
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact((self.entries.len() / 2).max(2));
        }
    }
    #[cold]
    fn spill(&mut self, combos: &[u64], layout: &Layout) {
        let half = self.entries.len() / 2;
        let newest = self.entries.last().map_or(0, |e| e.time());
        let rows = self.rows.get_or_insert_with(Box::default);
        for entry in self.entries.drain(..half) {
            rows.add(entry, combos[entry.combo()], newest, layout);
        }
        if rows.times.len() > ROWS_MAX {
            rows.thin(newest, layout);
        }
    }
    /// Something of both ends of the entries and of the rows' head, to have them read.
    #[inline]
    pub(crate) fn first_ahead(&self) -> usize {
        let ends =
            self.entries.last().map_or(0, |e| e.position) ^ self.entries.first().map_or(0, |e| e.position);
        ends as usize ^ self.rows.as_ref().map_or(0, |r| r.times.len())
    }
    /// Something of the rows, to have them read.
    #[inline]
    pub(crate) fn ahead(&self) -> usize {
        let Some(rows) = &self.rows else { return 0 };
        let middle = rows.times.get(rows.times.len() / 2).map_or(0, |&t| t as usize);
        middle ^ rows.totals.last().map_or(0, |v| v.to_bits() as usize)
    }
    /// The raw entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
    /// Whether older events are held as totals only.
    pub fn tiled(&self) -> bool {
        self.rows.is_some()
    }
    /// Adds up the streams backwards from the moment and reports at each offset the totals of `(now − offset, now]`.
    ///
    /// `report(i, sums)` is called once for each offset, in order.
    #[inline]
    pub fn scan(
        &self,
        back: Back<'_>,
        combos: &[u64],
        layout: &Layout,
        sums: &mut Sums,
        mut report: impl FnMut(usize, &Sums),
    ) {
        let Back { now, offsets, mask } = back;
        sums.clear();
        let mut next = 0;
        // Neighbouring entries mostly belong to the same streams: they are added up in registers, a run at a time.
        let (mut combo, mut events, mut sum) = (usize::MAX, 0.0, 0.0);
        let end_run = |sums: &mut Sums, combo: usize, events: &mut f64, sum: &mut f64| {
            if *events > 0.0 {
                sums.note(combo, *events, *sum);
                (*events, *sum) = (0.0, 0.0);
            }
        };
        for entry in self.entries.iter().rev() {
            let time = entry.time();
            if time > now {
                continue;
            }
            while next < offsets.len() && time <= now - offsets[next] {
                end_run(sums, combo, &mut events, &mut sum);
                sums.settle(combos, mask);
                report(next, sums);
                next += 1;
            }
            if next == offsets.len() {
                return;
            }
            if entry.combo() != combo {
                end_run(sums, combo, &mut events, &mut sum);
                combo = entry.combo();
            }
            events += 1.0;
            sum += entry.value;
        }
        end_run(sums, combo, &mut events, &mut sum);
        sums.settle(combos, mask);
        let Some(rows) = &self.rows else {
            for i in next..offsets.len() {
                report(i, sums);
            }
            return;
        };
        let stride = layout.streams * 2;
        let raw: SmallVec<[(f64, f64); 16]> = streams(mask).map(|s| (sums.count[s], sums.sum[s])).collect();
        sums.used |= mask;
        let top = rows.at(now);
        for (i, offset) in offsets.iter().enumerate().skip(next) {
            let bottom = rows.at(now - offset);
            for (stream, &(count, sum)) in streams(mask).zip(&raw) {
                let at = |row: Option<usize>, k: usize| {
                    row.map_or(0.0, |r| rows.totals[r * stride + stream * 2 + k])
                };
                sums.count[stream] = count + at(top, 0) - at(bottom, 0);
                sums.sum[stream] = sum + at(top, 1) - at(bottom, 1);
            }
            report(i, sums);
        }
    }
    /// Smallest and largest value of a stream in `(from, to]`; `None` where there is none.
    pub fn extremes(
        &self,
        from: i64,
        to: i64,
        stream: usize,
        combos: &[u64],
        layout: &Layout,
    ) -> Option<(f64, f64)> {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for e in self.within(from, to) {
            if combos[e.combo()] >> stream & 1 == 1 {
                low = low.min(e.value);
                high = high.max(e.value);
            }
        }
        if let Some(rows) = &self.rows {
            assert!(layout.extremes >> stream & 1 == 1, "the plan lists the streams whose extremes are read");
            let e_stride = layout.extremes.count_ones() as usize * 2;
            let k = (layout.extremes & ((1 << stream) - 1)).count_ones() as usize * 2;
            for (row, &time) in rows.times.iter().enumerate() {
                if time > from && time <= to {
                    low = low.min(rows.extremes[row * e_stride + k]);
                    high = high.max(rows.extremes[row * e_stride + k + 1]);
                }
            }
        }
        (low <= high).then_some((low, high))
    }
    /// Whether every event after `from` is kept as an entry of its own.
    pub fn kept_singly(&self, from: i64) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.times.last().is_none_or(|&t| t <= from))
    }
    /// The raw entries with a time in `(from, to]`, newest first.
    pub fn within(&self, from: i64, to: i64) -> impl Iterator<Item = &Entry> {
        let end = self.entries.partition_point(|e| e.time() <= to);
        self.entries[..end].iter().rev().take_while(move |e| e.time() > from)
    }
    /// Bytes held on the heap.
    pub fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self
                .rows
                .as_ref()
                .map_or(0, |r| (r.times.capacity() + r.totals.capacity() + r.extremes.capacity()) * 8)
    }
}
