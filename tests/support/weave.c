// SPDX-License-Identifier: Apache-2.0
// Workers on stacks of their own, one at a time.
#include "weave.h"

#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "flow_test.h"

#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS(thread_sanitizer)
#define THREAD_SANITIZER 1
#else
#define THREAD_SANITIZER 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define FIBER_START(save, bottom, size)  __sanitizer_start_switch_fiber(save, bottom, size)
#define FIBER_FINISH(save, bottom, size) __sanitizer_finish_switch_fiber(save, bottom, size)
#else
#define FIBER_START(save, bottom, size)  (void)(save)
#define FIBER_FINISH(save, bottom, size) (void)(save)
#endif

#define STACK_SIZE ((size_t)1 << 20)
#define TURNS_MOST 5000000u
#define RESTLESS                                                                                   \
    5000u        // turns: what waits at full gates may not come to rest while sources are held
#define LOOKS 3u // how often who polls is asked again before all is at rest

enum state {
    AWAKE,
    ASLEEP,  // until woken
    POLLING, // asks again by itself
    OVER     // done, or the engine has failed
};

struct fiber {
    ucontext_t context;
    char *stack;
    void *fake; // of the address sanitizer
    enum state state;
    bool sleepy; // has said that it will sleep
    bool amid;   // in a step
    uint32_t looks;
};

// The one that runs now: functions, sources and sinks have no place of their own.
static struct {
    const struct flow_test_weave *of; // NULL: none
    struct fiber fibers[FLOW_TEST_WORKERS];
    ucontext_t main;
    void *main_fake;
    const void *main_stack;
    size_t main_size;
    uint32_t now;    // who runs
    uint32_t calm;   // gives way once in so many times
    uint32_t held;   // a worker that is held up, as by another program; `workers`: none
    uint32_t for_so; // many switches
    bool inside;     // a worker runs, and not who steers them
    bool waits;      // who runs waits for another
    bool failed, worked;
} weave;

bool flow_test_can_weave(void)
{
    return !THREAD_SANITIZER;
}

static void to_main(void)
{
    struct fiber *fiber = &weave.fibers[weave.now];
    FIBER_START(&fiber->fake, weave.main_stack, weave.main_size);
    swapcontext(&fiber->context, &weave.main);
    FIBER_FINISH(fiber->fake, &weave.main_stack, &weave.main_size);
}

void flow_test_pause(void)
{
    if (weave.inside && flow_test_below(weave.of->random, weave.calm) == 0)
        to_main();
}

void flow_test_yield(void)
{
    if (!weave.inside)
        return;
    weave.waits = true;
    to_main();
}

int64_t flow_test_watermark(void)
{
    flow_status_report report = { .watermark = { FLOW_TIME_MAX_US } };
    if (weave.of)
        fl_engine_status(weave.of->engine, &report);
    return report.watermark.us;
}

void flow_test_wake(uint32_t worker)
{
    struct fiber *fiber = &weave.fibers[worker];
    if (!weave.of || !fiber->sleepy)
        return;
    fiber->sleepy = false;
    if (fiber->state == ASLEEP || fiber->state == POLLING)
        fiber->state = AWAKE;
}

// --- a worker, as runners/local has it: who finds nothing says that it sleeps, looks once more,
// and sleeps unless it was woken meanwhile

static enum fl_step step(struct fiber *fiber)
{
    fiber->amid = true;
    const enum fl_step step = fl_engine_step(weave.of->engine, weave.now);
    fiber->amid = false;
    switch (step) {
    case FL_STEP_WORKED:
        weave.worked = true;
        break;
    case FL_STEP_FAILED:
        weave.failed = true;
        fiber->state = OVER;
        break;
    case FL_STEP_DONE:
        weave.worked = true;
        weave.of->done[weave.now] = true;
        fiber->state = OVER;
        break;
    case FL_STEP_IDLE:
    case FL_STEP_POLL:
        break;
    }
    return step;
}

static void look_for_work(struct fiber *fiber)
{
    enum fl_step found = step(fiber);
    if (found != FL_STEP_IDLE && found != FL_STEP_POLL)
        return;
    flow_test_pause(); // others may go on before it says so, too
    fiber->sleepy = true;
    flow_test_pause();
    found = step(fiber);
    if (found != FL_STEP_IDLE && found != FL_STEP_POLL)
        fiber->sleepy = false;
    else if (fiber->sleepy)
        fiber->state = found == FL_STEP_IDLE ? ASLEEP : POLLING;
}

static void run_fiber(void)
{
    FIBER_FINISH(NULL, &weave.main_stack, &weave.main_size);
    for (;;) {
        struct fiber *fiber = &weave.fibers[weave.now];
        look_for_work(fiber);
        to_main();
    }
}

static void start(struct fiber *fiber)
{
    if (!fiber->stack) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        fiber->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
        ck_assert_ptr_ne(fiber->stack, MAP_FAILED);
    }
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK_SIZE;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, run_fiber, 0);
    fiber->state = AWAKE;
    fiber->sleepy = fiber->amid = false;
    fiber->looks = 0;
}

static void go_on(uint32_t worker)
{
    struct fiber *fiber = &weave.fibers[worker];
    weave.now = worker;
    weave.waits = false;
    FIBER_START(&weave.main_fake, fiber->stack, STACK_SIZE);
    weave.inside = true;
    swapcontext(&weave.main, &fiber->context);
    weave.inside = false;
    FIBER_FINISH(weave.main_fake, NULL, NULL);
}

// --- who is next

static bool can_go(uint32_t worker)
{
    const struct fiber *fiber = &weave.fibers[worker];
    return fiber->state == AWAKE && (!weave.failed || fiber->amid);
}

// One of those who can go on, but `but`; `workers` when there is none.
static uint32_t draw(uint32_t but)
{
    const uint32_t workers = weave.of->workers;
    const uint32_t first = flow_test_below(weave.of->random, workers);
    for (uint32_t i = 0; i < workers; i++) {
        const uint32_t worker = (first + i) % workers;
        if (worker != but && can_go(worker))
            return worker;
    }
    return workers;
}

static uint32_t next(void)
{
    const uint32_t workers = weave.of->workers;
    if (weave.held < workers && weave.for_so-- == 0)
        weave.held = workers;
    if (weave.held == workers && flow_test_below(weave.of->random, 24) == 0) {
        weave.held = flow_test_below(weave.of->random, workers);
        weave.for_so = flow_test_below(weave.of->random, 200);
    }
    // who waits for another may wait for the one that is held up
    uint32_t worker = draw(weave.waits ? weave.now : weave.held);
    if (worker == workers)
        worker = draw(workers);
    return worker;
}

// Who polls asks again, a few times in vain; false when all have.
static bool poll_again(void)
{
    bool any = false;
    for (uint32_t w = 0; w < weave.of->workers; w++) {
        struct fiber *fiber = &weave.fibers[w];
        if (weave.worked)
            fiber->looks = 0;
        if (fiber->state != POLLING || fiber->looks++ >= LOOKS)
            continue;
        fiber->state = AWAKE;
        fiber->sleepy = false;
        any = true;
    }
    weave.worked = false;
    return any;
}

// Everybody sleeps: whoever finds work now should have been woken. Workers that poll are not
// asked: they would have asked again.
static uint32_t find_lost(void)
{
    uint32_t lost = UINT32_MAX;
    for (uint32_t w = 0; w < weave.of->workers && lost == UINT32_MAX; w++) {
        struct fiber *fiber = &weave.fibers[w];
        if (fiber->state != ASLEEP)
            continue;
        weave.worked = false;
        fiber->state = AWAKE;
        fiber->sleepy = false;
        do
            go_on(w);
        while (fiber->amid || (fiber->state == AWAKE && !weave.worked));
        lost = weave.worked ? w : lost;
    }
    return lost;
}

static bool at_rest(void)
{
    for (uint32_t w = 0; w < weave.of->workers; w++)
        if (weave.fibers[w].amid)
            return false;
    return fl_engine_at_rest(weave.of->engine);
}

// One after the other; false when it has come to rest as it was asked to.
static bool take_turns(void)
{
    const struct flow_test_weave *of = weave.of;
    for (uint64_t turn = 1;; turn++) {
        if (of->rest_after && turn == of->rest_after) {
            fl_engine_hold(of->engine, true);
            weave.calm = UINT32_MAX; // from now on step by step
        }
        if (of->rest_after && turn >= of->rest_after &&
            (at_rest() || turn == of->rest_after + RESTLESS))
            return false;
        if (turn == TURNS_MOST) // an assertion for every turn would be slow
            ck_abort_msg("the engine goes round in circles");
        const uint32_t worker = next();
        if (worker < of->workers)
            go_on(worker);
        else if (weave.failed || !poll_again())
            return true;
    }
}

bool flow_test_weave(const struct flow_test_weave *of, uint32_t *lost)
{
    ck_assert_uint_le(of->workers, FLOW_TEST_WORKERS);
    weave.of = of;
    weave.calm = 1u << flow_test_below(of->random, 5);
    weave.held = of->workers;
    weave.waits = weave.failed = weave.worked = false;
    for (uint32_t w = 0; w < of->workers; w++) {
        start(&weave.fibers[w]);
        if (of->done[w])
            weave.fibers[w].state = OVER;
    }
    const bool all = take_turns();
    *lost = weave.failed || !all ? UINT32_MAX : find_lost();
    weave.of = NULL;
    bool over = true;
    for (uint32_t w = 0; w < of->workers; w++)
        over = over && of->done[w];
    return over || weave.failed;
}
