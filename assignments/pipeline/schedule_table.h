/*
 * The schedules of this assignment, and what tells one from another. Program,
 * judges, timeline and planner read this one table.
 */
#ifndef ASSIGNMENTS_PIPELINE_SCHEDULE_TABLE_H
#define ASSIGNMENTS_PIPELINE_SCHEDULE_TABLE_H

#include <stdbool.h>

enum schedule_id {
    SCHEDULE_AFAB, /* the default */
    SCHEDULE_NAIVE,
    SCHEDULE_1F1B,
    SCHEDULE_BOUNDED,
    SCHEDULE_INTERLEAVED,
    SCHEDULE_ZERO_BUBBLE,
    SCHEDULE_PIPEDREAM,
    SCHEDULE_BASELINE, /* not a pipeline: the whole model in one process */
    SCHEDULES
};

struct schedule_facts {
    const char *name;  /* as --schedule has it: "1f1b" */
    const char *title; /* for people: "1F1B" */
    /* Where the order is free: the one right order that stands for all of them, for people, and that
     * the formulas are of; else NULL. */
    const char *reference;
    const char *what;  /* one line for --help */
    bool whole_batch;  /* one micro-batch, whatever --micro-batches says */
    bool one_process;  /* wants to be alone */
    bool chunked;      /* may have several stages per rank, SCHEDULE_CHUNKS unless --chunks says */
    bool halves;       /* the backward is split into I and W */
    bool asynchronous; /* the optimizer steps behind every backward */
};

#define SCHEDULE_CHUNKS         2
#define SCHEDULE_CHUNKS_TEXT    SCHEDULE_TEXT_OF(SCHEDULE_CHUNKS) /* for --help */
#define SCHEDULE_TEXT_OF(macro) SCHEDULE_TEXT(macro)
#define SCHEDULE_TEXT(number)   #number

extern const struct schedule_facts schedule_table[SCHEDULES];

/* NULL if there is no such schedule. */
const struct schedule_facts *schedule_named(const char *name);

/* Of the order that its reference has. */
static inline const char *schedule_order_title(const struct schedule_facts *facts)
{
    return facts->reference ? facts->reference : facts->title;
}

static inline enum schedule_id schedule_id(const struct schedule_facts *facts)
{
    return (enum schedule_id)(facts - schedule_table);
}

#endif
