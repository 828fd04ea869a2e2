// SPDX-License-Identifier: Apache-2.0
// A lock for a few instructions. Who waits gives its core away after a while where the port says
// how, so that a holder that was put to sleep can go on where workers outnumber cores.
#ifndef FL_SPIN_H
#define FL_SPIN_H

#include <stdatomic.h>
#include <stddef.h>

#define FL_SPINS 64u // tries until the core is given away

static inline void fl_spin_lock(atomic_flag *lock, void (*yield)(void))
{
    for (unsigned tries = 1; atomic_flag_test_and_set_explicit(lock, memory_order_acquire); tries++)
        if (tries % FL_SPINS == 0 && yield)
            yield();
}

static inline void fl_spin_unlock(atomic_flag *lock)
{
    atomic_flag_clear_explicit(lock, memory_order_release);
}

#endif
