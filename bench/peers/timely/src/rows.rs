// SPDX-License-Identifier: Apache-2.0
//! Rows in memory, in large pages, and the source that deals them out to workers.
use std::fs::File;
use std::io::Read;

use timely::dataflow::operators::generic::source;
use timely::dataflow::{Scope, StreamVec};

/// How many rows a worker takes at a time.
const MORSEL: usize = 65536;
/// How many it gives before others may work: or there would be more turns than work.
const TURN: usize = 16384;

/// The file's bytes, for as long as the program lives.
pub fn read(path: &str) -> Option<&'static [u8]> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len() as usize;
    const LARGE: usize = 2 << 20;
    let room = (length + LARGE) / LARGE * LARGE + LARGE;
    // SAFETY: fresh private memory that nobody else knows of and that is never given back.
    let bytes = unsafe {
        let start = libc::mmap(
            std::ptr::null_mut(),
            room,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if start == libc::MAP_FAILED {
            return None;
        }
        libc::madvise(start, room, libc::MADV_HUGEPAGE);
        let start = (start as usize + LARGE - 1) / LARGE * LARGE;
        std::slice::from_raw_parts_mut(start as *mut u8, length)
    };
    file.read_exact(bytes).ok()?;
    Some(bytes)
}

/// The first `count` rows of a file. T consists of numbers only.
pub fn table<T: Copy>(bytes: &'static [u8], count: usize) -> &'static [T] {
    assert!(bytes.len() >= count * std::mem::size_of::<T>());
    // SAFETY: as long as asked above; read() gives aligned memory, and any bits are numbers.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr() as *const T, count) }
}

/// Where a worker is among the rows: morsels are dealt out in turn.
struct Place {
    at: usize,
    end: usize,
    step: usize,
}

impl Place {
    /// Rows of one message: of one morsel and of one time.
    fn next<T>(&mut self, rows: &'static [T], time: fn(&T) -> u64) -> &'static [T] {
        if self.at == self.end {
            self.at += self.step - MORSEL;
            self.end += self.step;
        }
        let first = self.at.min(rows.len());
        let mut last = (first + TURN).min(self.end).min(rows.len());
        if last > first && time(&rows[first]) != time(&rows[last - 1]) {
            last = first + rows[first..last].partition_point(|r| time(r) == time(&rows[first]));
        }
        self.at = last.max(first);
        &rows[first..last]
    }
}

/// Rows, which ascend in time, to all workers. Time goes on at the edges of windows only.
pub fn deal<'s, T>(
    scope: Scope<'s, u64>,
    rows: &'static [T],
    time: fn(&T) -> u64,
) -> StreamVec<'s, u64, &'static T> {
    let begin = scope.index() * MORSEL;
    let mut place = Place { at: begin, end: begin + MORSEL, step: scope.peers() * MORSEL };
    source(scope, "rows", |capability, info| {
        let activator = scope.activator_for(info.address);
        let mut capability = Some(capability);
        move |output| {
            let Some(held) = capability.as_mut() else { return };
            let part = place.next(rows, time);
            if part.is_empty() {
                capability = None;
                return;
            }
            if *held.time() < time(&part[0]) {
                held.downgrade(&time(&part[0]));
            }
            output.session(held).give_iterator(part.iter());
            activator.activate();
        }
    })
}
