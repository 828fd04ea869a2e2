// SPDX-License-Identifier: Apache-2.0
//! The work of bench/peers on timely dataflow. Reads lines and answers them: see ../child.h.
mod nexmark;
mod rows;
mod windows;

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;

/// What a run came to, from all workers.
#[derive(Default)]
pub struct Tally {
    sum: AtomicU64,
    results: AtomicU64,
}

impl Tally {
    pub fn add(&self, sum: u64, results: u64) {
        self.sum.fetch_add(sum, Relaxed);
        self.results.fetch_add(results, Relaxed);
    }
}

/// Does the work once on so many threads.
pub type Work = Box<dyn Fn(usize, Arc<Tally>)>;

fn prepare(words: &[&str]) -> Option<(Work, usize)> {
    let [work, file, count, threads, _] = words else { return None };
    let count = count.parse().ok()?;
    let work = if work.starts_with("nexmark_") {
        nexmark::work(work, rows::read(file)?, count)?
    } else {
        windows::work(work, rows::table(rows::read(file)?, count))?
    };
    Some((work, threads.parse().ok()?))
}

/// CPU seconds of all threads of the process.
fn cpu_seconds() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: t is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

fn run(work: &Work, threads: usize) -> String {
    let tally = Arc::new(Tally::default());
    let (begin, cpu) = (Instant::now(), cpu_seconds());
    work(threads, tally.clone());
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let (results, sum) = (tally.results.load(Relaxed), tally.sum.load(Relaxed));
    format!("done {seconds} {cpu} {results} {sum:016x}")
}

fn main() {
    let mut ready = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match (words[0], &ready) {
            ("prepare", _) => {
                ready = prepare(&words[1..]);
                if ready.is_some() {
                    "ready".into()
                } else {
                    format!("failed to do: {line}")
                }
            }
            ("run", Some((work, threads))) => run(work, *threads),
            _ => format!("failed to understand: {line}"),
        };
        println!("{answer}");
        std::io::stdout().flush().expect("somebody listens");
    }
}
