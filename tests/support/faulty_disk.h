// SPDX-License-Identifier: Apache-2.0
// A disk of memory for tests: calls fail, are cut short, or give back other bytes when told to.
#ifndef FLOW_FAULTY_DISK_H
#define FLOW_FAULTY_DISK_H

#include <core.h>

struct faulty_disk {
    struct fl_disk disk; // what the engine is given
    char *bytes;
    size_t len, room;
    uint64_t opened, closed, writes, reads; // calls
    uint64_t dropped;                       // bytes
    int open_fails;                         // errno of opening; 0: it does not fail
    int write_fails, read_fails;            // errno of the call that fails
    uint64_t write_at, read_at;             // which call that is, and all after it; 0: none
    uint64_t damage_at;                     // the read whose last byte is another; 0: none
    size_t most;                            // bytes a call does at most; 0: all
};

void faulty_disk_init(struct faulty_disk *disk);
void faulty_disk_fini(struct faulty_disk *disk);

#endif
