// SPDX-License-Identifier: Apache-2.0
// Workers that take turns.
#include "turns.h"

uint64_t fl_draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

bool fl_turns_next(struct fl_turns *turns)
{
    const uint64_t turn = turns->turn++;
    uint32_t left = 0;
    for (uint32_t w = 0; w < turns->workers; w++)
        left += !turns->done[w];
    if (left == 0)
        return true;
    // once idle, everyone is asked in turn, so that nobody is missed
    uint32_t w = (uint32_t)((turns->idle ? turn : fl_draw(turns->random)) % turns->workers);
    while (turns->done[w])
        w = (w + 1) % turns->workers;
    turns->worker = w;
    switch (fl_engine_step(turns->engine, w)) {
    case FL_STEP_WORKED:
        turns->idle = 0;
        break;
    case FL_STEP_IDLE:
    case FL_STEP_POLL:
        turns->idle++;
        break;
    case FL_STEP_DONE:
        turns->done[w] = true;
        turns->idle = 0;
        break;
    case FL_STEP_FAILED:
        return true;
    }
    return false;
}
