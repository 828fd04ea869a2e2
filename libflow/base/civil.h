// SPDX-License-Identifier: Apache-2.0
// Dates of the proleptic Gregorian calendar as days since 1970-01-01 and back, before 1970 too.
#ifndef FL_CIVIL_H
#define FL_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define FL_ERA_DAYS    INT64_C(146097) // 400 years
#define FL_EPOCH_SHIFT INT64_C(719468) // days from 0000-03-01 to 1970-01-01

typedef struct fl_civil {
    int64_t year;
    unsigned month; // 1 … 12
    unsigned day;   // 1 … 31
} fl_civil;

static inline int64_t fl_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

// Years begin in March here, so that a leap day is the last of its year.
static inline fl_civil fl_civil_from_days(int64_t days)
{
    const int64_t shifted = days + FL_EPOCH_SHIFT;
    const int64_t era = fl_floor_div(shifted, FL_ERA_DAYS);
    const unsigned doe = (unsigned)(shifted - era * FL_ERA_DAYS);
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const unsigned mp = (5 * doy + 2) / 153;
    const unsigned month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t year = (int64_t)yoe + era * 400 + (month <= 2);
    return (fl_civil){ year, month, doy - (153 * mp + 2) / 5 + 1 };
}

static inline int64_t fl_days_from_civil(fl_civil date)
{
    const int64_t year = date.year - (date.month <= 2);
    const int64_t era = fl_floor_div(year, 400);
    const unsigned yoe = (unsigned)(year - era * 400);
    const unsigned mp = date.month > 2 ? date.month - 3 : date.month + 9;
    const unsigned doy = (153 * mp + 2) / 5 + date.day - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * FL_ERA_DAYS + (int64_t)doe - FL_EPOCH_SHIFT;
}

static inline bool fl_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline unsigned fl_days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && fl_leap_year(year) ? 29 : days[month - 1];
}

#endif
