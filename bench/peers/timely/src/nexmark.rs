// SPDX-License-Identifier: Apache-2.0
//! Nexmark q1, q2, q5 and q8.
use std::collections::BTreeMap;
use std::sync::Arc;

use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::Operator;
use timely::dataflow::{Scope, StreamVec};

use crate::windows::{on_workers, Table};
use crate::{rows, Tally, Work};

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const PERIOD_US: i64 = 5_000_000;
const WINDOW_US: i64 = 10_000_000;

/// A text or a list of records: where it is and how much. In the file, its place there.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    at: usize,
    length: usize,
}

/// The row of examples/nexmark/event.h. Bids are in it, persons and auctions elsewhere.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    at_us: i64,
    person: Part,
    auction: Part,
    bid: Bid,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Bid {
    auction: i64,
    bidder: i64,
    price: i64,
    at_us: i64,
    extra: Part,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Person {
    id: i64,
    name: Part,
    email: Part,
    card: Part,
    city: Part,
    state: Part,
    at_us: i64,
    extra: Part,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Auction {
    id: i64,
    item: Part,
    description: Part,
    initial_bid: i64,
    reserve: i64,
    at_us: i64,
    expires_us: i64,
    seller: i64,
    category: i64,
    extra: Part,
}

/// All events, in a file that has them, then the records, then the texts.
#[derive(Clone, Copy)]
struct History {
    bytes: &'static [u8],
    events: &'static [Event],
}

impl History {
    fn text(&self, part: Part) -> &'static [u8] {
        &self.bytes[part.at..part.at + part.length]
    }

    /// The only record of a list that is not empty.
    fn record<T: Copy>(&self, list: Part) -> Option<&'static T> {
        (list.length > 0).then(|| &rows::table::<T>(&self.bytes[list.at..], 1)[0])
    }
}

fn sum_of(a: i64, b: i64) -> u64 {
    let mixed = a as u64 ^ (b as u64).wrapping_mul(MIX);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn sum_of_text(text: &[u8]) -> u64 {
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return 0 };
    text.len() as u64 * 257 + *first as u64 + ((*last as u64) << 32)
}

/// Adds what `of` makes of each result.
fn tally_up<T: 'static>(stream: StreamVec<'_, u64, T>, tally: Arc<Tally>, of: fn(&T) -> u64) {
    stream.sink(Pipeline, "results", move |(input, _)| {
        input.for_each_time(|_, data| {
            let (mut sum, mut results) = (0u64, 0);
            for row in data.flat_map(|batch| batch.drain(..)) {
                sum = sum.wrapping_add(of(&row));
                results += 1;
            }
            tally.add(sum, results);
        });
    });
}

fn q1(scope: Scope<'_, u64>, history: History, tally: Arc<Tally>) {
    let bids = rows::deal(scope, history.events, |_| 0).unary(Pipeline, "convert", |_, _| {
        |input, output| {
            input.for_each_time(|time, data| {
                let bids = data.flat_map(|batch| batch.drain(..)).filter(|e| e.bid.auction != 0);
                let converted = bids.map(|e| Bid { price: e.bid.price * 89 / 100, ..e.bid });
                output.session(&time).give_iterator(converted);
            });
        }
    });
    tally_up(bids, tally, |b| sum_of(b.auction, b.price).wrapping_add(sum_of(b.bidder, b.at_us)));
}

fn q2(scope: Scope<'_, u64>, history: History, tally: Arc<Tally>) {
    let chosen = rows::deal(scope, history.events, |_| 0).unary(Pipeline, "select", |_, _| {
        |input, output| {
            input.for_each_time(|time, data| {
                let bids = data.flat_map(|batch| batch.drain(..));
                let chosen = bids.filter(|e| e.bid.auction != 0 && e.bid.auction % 123 == 0);
                let pairs = chosen.map(|e| (e.bid.auction, e.bid.price));
                output.session(&time).give_iterator(pairs);
            });
        }
    });
    tally_up(chosen, tally, |(auction, price)| sum_of(*auction, *price));
}

/// Those of a window's auctions that have the most bids.
fn most(counts: impl Iterator<Item = (i64, u64)>) -> Vec<(i64, u64)> {
    let mut best: Vec<(i64, u64)> = Vec::new();
    for (auction, count) in counts {
        let top = best.first().map_or(0, |b| b.1);
        if count > top {
            best.clear();
        }
        if count >= top {
            best.push((auction, count));
        }
    }
    best
}

/// The counts of one period added to those of the one before, which are used up.
fn both(earlier: Table<i64, u64>, later: Option<&Table<i64, u64>>) -> Table<i64, u64> {
    let mut sums = earlier;
    for (auction, count) in later.into_iter().flatten() {
        *sums.entry(*auction).or_insert(0) += count;
    }
    sums
}

/// Bids counted by auction and period, two periods a window; time is the later of the two.
fn q5(scope: Scope<'_, u64>, history: History, tally: Arc<Tally>) {
    let period = |e: &Event| (e.at_us / PERIOD_US) as u64;
    let bids = rows::deal(scope, history.events, period).unary(Pipeline, "bids", |_, _| {
        |input, output| {
            input.for_each_time(|time, data| {
                let auctions = data.flat_map(|batch| batch.drain(..)).map(|e| e.bid.auction);
                output.session(&time).give_iterator(auctions.filter(|auction| *auction != 0));
            });
        }
    });
    let here =
        bids.unary_frontier(Exchange::new(|auction: &i64| *auction as u64), "count", |_, _| {
            let mut periods: BTreeMap<u64, Table<i64, u64>> = BTreeMap::new();
            let mut windows = BTreeMap::new();
            move |(input, frontier), output| {
                input.for_each_time(|time, data| {
                    let counts = periods.entry(*time.time()).or_insert_with(|| {
                        let held = time.retain(output.output_index());
                        windows.insert(time.time() + 1, held.delayed(&(time.time() + 1)));
                        windows.insert(*time.time(), held);
                        Table::with_capacity_and_hasher(8192, Default::default())
                    });
                    for auction in data.flat_map(|batch| batch.drain(..)) {
                        *counts.entry(auction).or_insert(0) += 1;
                    }
                });
                while let Some((time, held)) = windows.pop_first() {
                    if frontier.less_equal(&time) {
                        windows.insert(time, held);
                        break;
                    }
                    let sums =
                        both(periods.remove(&(time - 1)).unwrap_or_default(), periods.get(&time));
                    let best = most(sums.into_iter());
                    output.session(&held).give_iterator(best.into_iter());
                }
            }
        });
    let hot = here.unary_frontier(Exchange::new(|_: &(i64, u64)| 0), "most", |_, _| {
        let mut windows = BTreeMap::new();
        move |(input, frontier), output| {
            input.for_each_time(|time, data| {
                let window = windows
                    .entry(*time.time())
                    .or_insert_with(|| (time.retain(output.output_index()), Vec::new()));
                data.for_each(|batch| window.1.append(batch));
            });
            while let Some((time, window)) = windows.pop_first() {
                if frontier.less_equal(&time) {
                    windows.insert(time, window);
                    break;
                }
                output.session(&window.0).give_iterator(most(window.1.into_iter()).into_iter());
            }
        }
    });
    tally_up(hot, tally, |(auction, count)| sum_of(*auction, *count as i64));
}

/// Persons and auctions to the worker that owns the person, joined when the window is over.
fn q8(scope: Scope<'_, u64>, history: History, tally: Arc<Tally>) {
    let window = |e: &Event| (e.at_us / WINDOW_US) as u64;
    let sides = rows::deal(scope, history.events, window).unary(Pipeline, "sides", move |_, _| {
        move |input, output| {
            input.for_each_time(|time, data| {
                let rows = data.flat_map(|batch| batch.drain(..)).filter(|e| e.bid.auction == 0);
                output.session(&time).give_iterator(rows.map(|e| {
                    match history.record::<Auction>(e.auction) {
                        Some(auction) => (auction.seller, e.auction.at, false),
                        None => (history.record::<Person>(e.person).unwrap().id, e.person.at, true),
                    }
                }));
            });
        }
    });
    let pact = Exchange::new(|side: &Side| side.0 as u64);
    let joined = sides.unary_frontier(pact, "join", move |_, _| {
        let mut windows = BTreeMap::new();
        move |(input, frontier), output| {
            input.for_each_time(|time, data| {
                let window = windows
                    .entry(*time.time())
                    .or_insert_with(|| (time.retain(output.output_index()), Vec::new()));
                data.for_each(|batch| window.1.append(batch));
            });
            while let Some((time, window)) = windows.pop_first() {
                if frontier.less_equal(&time) {
                    windows.insert(time, window);
                    break;
                }
                output.session(&window.0).give_iterator(join(history, window.1).into_iter());
            }
        }
    });
    tally_up(joined, tally, |(id, name, reserve)| {
        sum_of(*id, *reserve).wrapping_add(sum_of_text(name))
    });
}

/// (person, place of its record or of an auction's of theirs, whether it is the person)
type Side = (i64, usize, bool);

/// Each auction of a person of the same window: the person, the name and the auction's reserve.
fn join(history: History, sides: Vec<Side>) -> Vec<(i64, &'static [u8], i64)> {
    let mut persons: Table<i64, usize> =
        Table::with_capacity_and_hasher(sides.len() / 3, Default::default());
    persons.extend(sides.iter().filter(|side| side.2).map(|side| (side.0, side.1)));
    let of = |side: &Side| {
        let person: &Person = history.record(Part { at: *persons.get(&side.0)?, length: 1 })?;
        let auction: &Auction = history.record(Part { at: side.1, length: 1 })?;
        Some((person.id, history.text(person.name), auction.reserve))
    };
    sides.iter().filter(|side| !side.2).filter_map(of).collect()
}

pub fn work(name: &str, bytes: &'static [u8], count: usize) -> Option<Work> {
    let query: fn(Scope<'_, u64>, History, Arc<Tally>) = match name {
        "nexmark_q1" => q1,
        "nexmark_q2" => q2,
        "nexmark_q5" => q5,
        "nexmark_q8" => q8,
        _ => return None,
    };
    let history = History { bytes, events: rows::table(bytes, count) };
    Some(Box::new(move |threads, tally| {
        on_workers(threads, move |scope| query(scope, history, tally.clone()));
    }))
}
