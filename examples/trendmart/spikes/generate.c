// SPDX-License-Identifier: Apache-2.0
// Generates a shop's clickstream as JSON lines, with spikes planted in it and the truth about them.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clicks.h"

static const char usage[] =
    "usage: generate [OPTION…] >clicks.json\n"
    "  --out FILE          where the events go (default: standard output)\n"
    "  --truth FILE        where the truth about spikes goes, as JSON lines\n"
    "  --seed N            the same seed gives the same bytes (default 1)\n"
    "  --events N          about how many events (default 1000000)\n"
    "  --hours N           over how long, at least 4 (default 48)\n"
    "  --products N        how many products (default 2000)\n"
    "  --spikes N, --nears N, --drops N   what is planted (12, 12, 6)\n"
    "  --plant PRODUCT@HH:MM×FACTOR       one more, as hat-88@14:30×5 or d2 14:30 for day 2\n"
    "  --disorder SECONDS  how far events stand out of order (default 5)\n"
    "  --disordered P      share of the events that do, 0 … 0.5 (default 0.1)\n"
    "  --broken P          broken lines, as a share\n"
    "  --late P            events a quarter of an hour and more late, as a share\n"
    "  --future            one event dated 2099\n"
    "  --leave-out N       leaves the N-th spike out of the data, but not of the truth\n";

struct settings {
    struct shop_options shop;
    struct clicks_options clicks;
    const char *out, *truth;
};

enum {
    START_DAY = 1795392000 // 2026-11-23T00:00:00Z, a Monday
};

static bool parse_number(const char *text, double low, double high, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && *number >= low && *number <= high;
}

// PRODUCT@[dN ]HH:MM×FACTOR, with x for × too.
static bool parse_wish(const char *text, struct wish *wish)
{
    const char *at = strchr(text, '@');
    unsigned day = 1, hour, minute;
    int used = 0;
    if (!at || at == text || (size_t)(at - text) >= NAME_MAX)
        return false;
    memcpy(wish->product, text, (size_t)(at - text));
    if (at[1] == 'd' && sscanf(at + 1, "d%u%n", &day, &used) != 1)
        return false;
    at += 1 + used;
    at += *at == ' ' ? 1 : 0;
    if (sscanf(at, "%2u:%2u%n", &hour, &minute, &used) != 2 || hour > 23 || minute > 59 || day == 0)
        return false;
    at += used;
    if (strncmp(at, "×", strlen("×")) == 0)
        at += strlen("×");
    else if (*at++ != 'x')
        return false;
    wish->minute = ((day - 1) * 24 + hour) * 60 + minute;
    return parse_number(at, 0, 1000, &wish->factor);
}

static const struct option options[] = { { "out", 1, 0, 'o' }, { "truth", 1, 0, 't' },
    { "seed", 1, 0, 's' }, { "events", 1, 0, 'e' }, { "hours", 1, 0, 'h' },
    { "products", 1, 0, 'p' }, { "spikes", 1, 0, 'S' }, { "nears", 1, 0, 'N' },
    { "drops", 1, 0, 'D' }, { "plant", 1, 0, 'P' }, { "disorder", 1, 0, 'd' },
    { "disordered", 1, 0, 'x' }, { "broken", 1, 0, 'b' }, { "late", 1, 0, 'l' },
    { "future", 0, 0, 'f' }, { "leave-out", 1, 0, 'L' }, { "help", 0, 0, '?' }, { 0 } };

static bool set_count(uint32_t *target, const char *text, double low, double high)
{
    double number;
    if (!parse_number(text, low, high, &number))
        return false;
    *target = (uint32_t)number;
    return true;
}

static bool set_shop(struct shop_options *shop, int name, const char *value)
{
    char *end;
    double number = 0;
    switch (name) {
    case 's':
        shop->seed = strtoull(value, &end, 10);
        return *end == '\0' && end != value;
    case 'e':
        if (!parse_number(value, 1000, 4e9, &number))
            return false;
        shop->events = (uint64_t)number;
        return true;
    case 'h':
        if (!parse_number(value, 4, 24 * 60, &number))
            return false;
        shop->minutes = (uint32_t)(number * 60);
        return true;
    case 'p':
        return set_count(&shop->products, value, 1, 1e6);
    case 'S':
        return set_count(&shop->spikes, value, 0, PLANTS_MAX);
    case 'N':
        return set_count(&shop->nears, value, 0, PLANTS_MAX);
    case 'D':
        return set_count(&shop->drops, value, 0, PLANTS_MAX);
    case 'L':
        return set_count(&shop->left_out, value, 1, PLANTS_MAX);
    default:
        return shop->wish_count < PLANTS_MAX &&
               parse_wish(value, &shop->wishes[shop->wish_count++]);
    }
}

static bool set_clicks(struct clicks_options *clicks, int name, const char *value)
{
    double number;
    switch (name) {
    case 'd':
        if (!parse_number(value, 0, 400, &number))
            return false;
        clicks->disorder_ms = (uint32_t)(number * 1000);
        return true;
    case 'x':
        return parse_number(value, 0, 0.5, &clicks->disordered);
    case 'b':
        return parse_number(value, 0, 1, &clicks->broken);
    case 'l':
        return parse_number(value, 0, 1, &clicks->late);
    default:
        clicks->future = true;
        return true;
    }
}

static bool parse(int argc, char **argv, struct settings *s)
{
    for (int name, index = 0; (name = getopt_long(argc, argv, "", options, &index)) != -1;) {
        bool ok = true;
        if (name == '?')
            return false;
        if (name == 'o')
            s->out = optarg;
        else if (name == 't')
            s->truth = optarg;
        else if (strchr("dxblf", name))
            ok = set_clicks(&s->clicks, name, optarg);
        else
            ok = set_shop(&s->shop, name, optarg);
        if (!ok) {
            fprintf(stderr, "generate: --%s cannot be '%s'\n", options[index].name, optarg);
            return false;
        }
    }
    return optind == argc;
}

static void print_time(FILE *out, const char *name, const struct shop *shop, uint32_t minute)
{
    const time_t at = (time_t)(shop->options.start / 1000 + (int64_t)minute * 60);
    char text[32];
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(out, "\"%s\":\"%s\",", name, text);
}

static void print_truth(
    FILE *out, const struct shop *shop, const char *measure, const struct found_list *list)
{
    static const char *const kinds[] = { "spike", "drop", "near" };
    for (size_t i = 0; i < list->count; i++) {
        const struct found *found = &list->items[i];
        fprintf(out, "{\"measure\":\"%s\",\"kind\":\"%s\",\"product\":\"%s\",", measure,
            kinds[found->kind], shop->names[found->product]);
        print_time(out, "first", shop, found->first);
        print_time(out, "last", shop, found->last);
        print_time(out, "peak", shop, found->peak);
        fprintf(out, "\"count\":%u,\"baseline\":%.4f,\"factor\":%.4f,\"planted\":%s}\n",
            found->count, (double)found->sum / BASELINE, factor_of(found->count, found->sum),
            found->planted ? "true" : "false");
    }
}

// A file that was not written to its end must not look as if it were one.
static void remove_partial(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
        unlink(path);
}

static bool write_truth(struct shop *shop, const char *path)
{
    struct found_list sales = { 0 };
    FILE *out = fopen(path, "w");
    if (!out) {
        fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
        return false;
    }
    shop_judge_sales(shop, &sales);
    print_truth(out, shop, "views", &shop->truth);
    print_truth(out, shop, "sales", &sales);
    free(sales.items);
    const bool written = !ferror(out), ok = fclose(out) == 0 && written;
    if (!ok)
        remove_partial(path);
    return ok;
}

static bool generate(struct settings *s, struct clicks_report *report)
{
    struct shop shop;
    s->clicks.out = s->out ? fopen(s->out, "w") : stdout;
    if (!s->clicks.out) {
        fprintf(stderr, "generate: %s: %s\n", s->out, strerror(errno));
        return false;
    }
    bool ok = shop_open(&shop, &s->shop) && clicks_write(&shop, &s->clicks, report) &&
              (!s->truth || write_truth(&shop, s->truth));
    shop_close(&shop);
    if (s->out && fclose(s->clicks.out) != 0)
        ok = false;
    if (!ok && s->out)
        remove_partial(s->out);
    return ok;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .shop = { .seed = 1,
            .events = 1000000,
            .products = 2000,
            .minutes = 48 * 60,
            .start = (int64_t)START_DAY * 1000,
            .spikes = 12,
            .nears = 12,
            .drops = 6 },
        .clicks = { .disorder_ms = 5000, .disordered = 0.1 },
    };
    struct clicks_report report;
    if (!parse(argc, argv, &s)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!generate(&s, &report))
        return 1;
    fprintf(stderr,
        "%" PRIu64 " lines: %" PRIu64 " views, %" PRIu64 " carts, %" PRIu64 " purchases, %" PRIu64
        " late, %" PRIu64 " future, %" PRIu64 " broken\n",
        report.lines, report.views, report.carts, report.purchases, report.late, report.future,
        report.broken);
    return 0;
}
