// SPDX-License-Identifier: Apache-2.0
//! Filter, map and sum; count per key and minute.
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use timely::dataflow::channels::pact::{Exchange, ParallelizationContract, Pipeline};
use timely::dataflow::operators::generic::Operator;
use timely::dataflow::{Scope, StreamVec};

use crate::{rows, Tally, Work};

const MINUTE_US: i64 = 60_000_000;
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// The row of bench/support/event.h.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    at_us: i64,
    user: u64,
    product: u64,
    price: i64,
    kind: u64,
    quantity: i64,
    session: u64,
    origin: u64,
}

/// One multiplication; the table takes its place from the low bits and a tag from the high ones.
#[derive(Default, Clone)]
pub struct Fast(u64);

impl Hasher for Fast {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers")
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = n.wrapping_mul(MIX).rotate_left(26);
    }
    fn write_i64(&mut self, n: i64) {
        self.write_u64(n as u64);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

pub type Table<K, V> = HashMap<K, V, BuildHasherDefault<Fast>>;

fn minute(event: &Event) -> u64 {
    (event.at_us / MINUTE_US) as u64
}

fn mix(key: u64, minute: u64, count: u64) -> u64 {
    let mixed = key ^ (minute * MINUTE_US as u64).wrapping_mul(MIX);
    (mixed ^ (mixed >> 29)).wrapping_mul(count * 2 + 1)
}

/// Runs what is built on each worker and waits for its end.
pub fn on_workers(threads: usize, build: impl Fn(Scope<'_, u64>) + Send + Sync + 'static) {
    timely::execute(timely::Config::process(threads), move |worker| {
        worker.dataflow(|scope| build(scope));
    })
    .expect("workers start");
}

/// One operator for the chain, as a stage is one loop.
fn stateless(scope: Scope<'_, u64>, events: &'static [Event], tally: Arc<Tally>) {
    if scope.index() == 0 {
        tally.add(0, 1);
    }
    rows::deal(scope, events, |_| 0)
        .unary(Pipeline, "stage", |_, _| {
            |input, output| {
                input.for_each_time(|time, data| {
                    output.session(&time).give_iterator(
                        data.flat_map(|batch| batch.drain(..))
                            .filter(|e| e.kind != 0)
                            .map(|e| e.price * 89 / 100)
                            .filter(|price| *price > 2860),
                    );
                });
            }
        })
        .sink(Pipeline, "sum", move |(input, _)| {
            input.for_each_time(|_, data| {
                let sum: i64 = data.flat_map(|batch: &mut Vec<i64>| batch.drain(..)).sum();
                tally.add(sum as u64, 0);
            });
        });
}

/// Adds up counts by key and minute, in a table a minute, until the minute is over.
fn count<'s, T: 'static>(
    stream: StreamVec<'s, u64, T>,
    pact: impl ParallelizationContract<u64, Vec<T>>,
    keys: usize,
    pair: fn(T) -> (u64, u64),
) -> StreamVec<'s, u64, (u64, u64)> {
    stream.unary_frontier(pact, "count", move |_, _| {
        let mut open = Vec::new();
        let mut free: Vec<Table<u64, u64>> = Vec::new();
        move |(input, frontier), output| {
            input.for_each_time(|time, data| {
                let at = open.iter().position(|(held, _)| held == time.time());
                let at = at.unwrap_or_else(|| {
                    let table = free.pop();
                    let table = table.unwrap_or_else(|| {
                        Table::with_capacity_and_hasher(keys, Default::default())
                    });
                    open.push((*time.time(), (time.retain(output.output_index()), table)));
                    open.len() - 1
                });
                let table = &mut open[at].1 .1;
                for (key, count) in data.flat_map(|batch| batch.drain(..)).map(pair) {
                    *table.entry(key).or_insert(0) += count;
                }
            });
            while let Some(at) = open.iter().position(|(t, _)| !frontier.less_equal(t)) {
                let (_, (held, mut table)) = open.swap_remove(at);
                output.session(&held).give_iterator(table.drain());
                free.push(table);
            }
        }
    })
}

fn keys_of<'s>(
    scope: Scope<'s, u64>,
    events: &'static [Event],
    key: fn(&Event) -> u64,
) -> StreamVec<'s, u64, u64> {
    rows::deal(scope, events, minute).unary(Pipeline, "project", move |_, _| {
        move |input, output| {
            input.for_each_time(|time, data| {
                let rows = data.flat_map(|batch: &mut Vec<&Event>| batch.drain(..));
                output.session(&time).give_iterator(rows.filter(|e| e.kind != 0).map(key));
            });
        }
    })
}

fn tally_up(counts: StreamVec<'_, u64, (u64, u64)>, tally: Arc<Tally>) {
    counts.sink(Pipeline, "results", move |(input, _)| {
        input.for_each_time(|time, data| {
            let (mut sum, mut results) = (0u64, 0);
            for (key, count) in data.flat_map(|batch: &mut Vec<(u64, u64)>| batch.drain(..)) {
                sum = sum.wrapping_add(mix(key, *time.time(), count));
                results += 1;
            }
            tally.add(sum, results);
        });
    });
}

/// Few keys: each worker counts what it reads, then the counts go to the owners of the keys.
fn products(scope: Scope<'_, u64>, events: &'static [Event], tally: Arc<Tally>) {
    let keys = keys_of(scope, events, |e| e.product);
    let here = count(keys, Pipeline, 1_000, |key| (key, 1));
    tally_up(count(here, Exchange::new(|c: &(u64, u64)| c.0), 1_000, |c| c), tally);
}

/// Many keys: to the worker that owns the key at once.
fn users(scope: Scope<'_, u64>, events: &'static [Event], tally: Arc<Tally>) {
    let share = 1_000_000 / scope.peers() * 5 / 4;
    let keys = keys_of(scope, events, |e| e.user);
    tally_up(count(keys, Exchange::new(|key: &u64| *key), share, |key| (key, 1)), tally);
}

pub fn work(name: &str, events: &'static [Event]) -> Option<Work> {
    let build: fn(Scope<'_, u64>, &'static [Event], Arc<Tally>) = match name {
        "stateless" => stateless,
        "keyed_1k" => products,
        "keyed_1m" => users,
        _ => return None,
    };
    Some(Box::new(move |threads, tally| {
        on_workers(threads, move |scope| build(scope, events, tally.clone()));
    }))
}
