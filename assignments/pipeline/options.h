/*
 * The pipeline assignment's own options, beside those that all programs have
 * (common/driver/options.h). Program and judges read them with the same parser.
 */
#ifndef ASSIGNMENTS_PIPELINE_OPTIONS_H
#define ASSIGNMENTS_PIPELINE_OPTIONS_H

#include "assignments/pipeline/schedule_table.h"
#include "common/driver/options.h"

#define PIPELINE_MOST_CHUNKS 64

struct pipeline_options {
    int chunks;       /* --chunks: stages per rank; 0: not given */
    bool uneven;      /* --uneven: stages of different numbers of layers are wanted */
    char corrupt[64]; /* --corrupt outputs|gradients:LAYER: spoil one number before comparing … */
    int corrupt_layer;       /* … of this layer's gradients; -1: of the outputs, or of nothing */
    bool corrupt_everywhere; /* --corrupt everywhere: one after the other; see corruption.h */
};

extern const struct own_options pipeline_own_options;

struct pipeline_options pipeline_options(const struct options *options);
void pipeline_options_set(struct options *options, struct pipeline_options own);

/* What --schedule names; NULL if there is no such schedule. */
const struct schedule_facts *pipeline_schedule(const struct options *options);
/* Stages on each rank: those of a schedule, which may be NULL, with these options; and those of the
 * schedule that they name. */
int pipeline_chunks_of(const struct options *options, const struct schedule_facts *schedule);
int pipeline_chunks(const struct options *options);

#endif
