/* The schedules; see schedule_table.h. */
#include "assignments/pipeline/schedule_table.h"

#include <stddef.h>
#include <string.h>

const struct schedule_facts schedule_table[SCHEDULES] = {
    [SCHEDULE_AFAB] = {.name = "afab",
                       .title = "all-forward-all-backward",
                       .what = "all forwards, then all backwards"},
    [SCHEDULE_NAIVE] = {.name = "naive",
                        .title = "the naive schedule",
                        .what = "the whole batch through stage after stage",
                        .whole_batch = true},
    [SCHEDULE_1F1B] = {.name = "1f1b", .title = "1F1B", .what = "one forward, one backward"},
    [SCHEDULE_BOUNDED] = {.name = "bounded",
                          .title = "the bounded schedule (at most p micro-batches in flight)",
                          .reference = "all-forward-all-backward in groups of p micro-batches",
                          .what =
                              "any order with at most as many micro-batches in flight as ranks"},
    [SCHEDULE_INTERLEAVED] = {.name = "interleaved",
                              .title = "interleaved 1F1B",
                              .what = "1F1B with several stages (--chunks) per rank",
                              .chunked = true},
    [SCHEDULE_ZERO_BUBBLE] = {.name = "zero-bubble",
                              .title = "zero bubble (ZB-H1)",
                              .what = "1F1B with the backward in two halves (ZB-H1)",
                              .halves = true},
    [SCHEDULE_PIPEDREAM] = {.name = "pipedream",
                            .title = "PipeDream",
                            .what =
                                "1F1B with an optimizer step behind every backward (asynchronous)",
                            .asynchronous = true},
    [SCHEDULE_BASELINE] = {.name = "baseline",
                           .title = "one process",
                           .what = "the whole model in one process",
                           .whole_batch = true,
                           .one_process = true},
};

const struct schedule_facts *schedule_named(const char *name)
{
    for (int id = 0; id < SCHEDULES; id++)
        if (strcmp(schedule_table[id].name, name) == 0)
            return &schedule_table[id];
    return NULL;
}
