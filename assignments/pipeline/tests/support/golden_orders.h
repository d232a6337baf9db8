/*
 * Orders of four ranks that are right by the rule of their schedule, with options for written.h.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_GOLDEN_ORDERS_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_GOLDEN_ORDERS_H

enum golden_order_id {
    GOLDEN_AFAB,
    GOLDEN_AFAB_BACKWARDS, /* the last micro-batch comes back first */
    GOLDEN_1F1B,
    GOLDEN_1F1B_NUMBERS, /* in another order of micro-batches */
    GOLDEN_1F1B_HALVES,  /* the input gradient leaves before the weights' are computed */
    GOLDEN_BOUNDED_1F1B, /* as 1F1B has it */
    GOLDEN_BOUNDED_GROUPS,
    GOLDEN_INTERLEAVED,
    GOLDEN_PIPEDREAM,
    GOLDEN_ZERO_BUBBLE,
    GOLDEN_NAIVE,
    GOLDEN_ORDERS
};

struct golden_order {
    const char *options;
    const char *line[4]; /* of each rank */
};

extern const struct golden_order golden_orders[GOLDEN_ORDERS];

#endif
