// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * FLOW_EACH(M, T, a, b, c) expands to M(T, a) M(T, b) M(T, c), for up to 24 items.
 */
#ifndef FLOW_EACH_H
#define FLOW_EACH_H

#define FLOW_CAT_(a, b)  FLOW_CAT__(a, b)
#define FLOW_CAT__(a, b) a##b
/** How many arguments there are, 1 to 24. */
#define FLOW_COUNT(...)                                                                            \
    FLOW_COUNT_PICK_(__VA_ARGS__, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,   \
        8, 7, 6, 5, 4, 3, 2, 1, 0)
#define FLOW_COUNT_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16,    \
    a17, a18, a19, a20, a21, a22, a23, a24, n, ...)                                                \
    n
/** M(T, item) for each item. */
#define FLOW_EACH(M, T, ...)       FLOW_CAT_(FLOW_EACH_, FLOW_COUNT(__VA_ARGS__))(M, T, __VA_ARGS__)
#define FLOW_EACH_1(M, T, a)       M(T, a)
#define FLOW_EACH_2(M, T, a, ...)  M(T, a) FLOW_EACH_1(M, T, __VA_ARGS__)
#define FLOW_EACH_3(M, T, a, ...)  M(T, a) FLOW_EACH_2(M, T, __VA_ARGS__)
#define FLOW_EACH_4(M, T, a, ...)  M(T, a) FLOW_EACH_3(M, T, __VA_ARGS__)
#define FLOW_EACH_5(M, T, a, ...)  M(T, a) FLOW_EACH_4(M, T, __VA_ARGS__)
#define FLOW_EACH_6(M, T, a, ...)  M(T, a) FLOW_EACH_5(M, T, __VA_ARGS__)
#define FLOW_EACH_7(M, T, a, ...)  M(T, a) FLOW_EACH_6(M, T, __VA_ARGS__)
#define FLOW_EACH_8(M, T, a, ...)  M(T, a) FLOW_EACH_7(M, T, __VA_ARGS__)
#define FLOW_EACH_9(M, T, a, ...)  M(T, a) FLOW_EACH_8(M, T, __VA_ARGS__)
#define FLOW_EACH_10(M, T, a, ...) M(T, a) FLOW_EACH_9(M, T, __VA_ARGS__)
#define FLOW_EACH_11(M, T, a, ...) M(T, a) FLOW_EACH_10(M, T, __VA_ARGS__)
#define FLOW_EACH_12(M, T, a, ...) M(T, a) FLOW_EACH_11(M, T, __VA_ARGS__)
#define FLOW_EACH_13(M, T, a, ...) M(T, a) FLOW_EACH_12(M, T, __VA_ARGS__)
#define FLOW_EACH_14(M, T, a, ...) M(T, a) FLOW_EACH_13(M, T, __VA_ARGS__)
#define FLOW_EACH_15(M, T, a, ...) M(T, a) FLOW_EACH_14(M, T, __VA_ARGS__)
#define FLOW_EACH_16(M, T, a, ...) M(T, a) FLOW_EACH_15(M, T, __VA_ARGS__)
#define FLOW_EACH_17(M, T, a, ...) M(T, a) FLOW_EACH_16(M, T, __VA_ARGS__)
#define FLOW_EACH_18(M, T, a, ...) M(T, a) FLOW_EACH_17(M, T, __VA_ARGS__)
#define FLOW_EACH_19(M, T, a, ...) M(T, a) FLOW_EACH_18(M, T, __VA_ARGS__)
#define FLOW_EACH_20(M, T, a, ...) M(T, a) FLOW_EACH_19(M, T, __VA_ARGS__)
#define FLOW_EACH_21(M, T, a, ...) M(T, a) FLOW_EACH_20(M, T, __VA_ARGS__)
#define FLOW_EACH_22(M, T, a, ...) M(T, a) FLOW_EACH_21(M, T, __VA_ARGS__)
#define FLOW_EACH_23(M, T, a, ...) M(T, a) FLOW_EACH_22(M, T, __VA_ARGS__)
#define FLOW_EACH_24(M, T, a, ...) M(T, a) FLOW_EACH_23(M, T, __VA_ARGS__)

#endif
