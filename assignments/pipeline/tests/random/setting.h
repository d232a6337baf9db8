/*
 * A random valid setting of the pipeline's program: schedule, ranks, model, data, batch, loss and
 * optimizer. The same seed draws the same setting.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_RANDOM_SETTING_H
#define ASSIGNMENTS_PIPELINE_TESTS_RANDOM_SETTING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct setting {
    int ranks;
    const char *schedule;
    bool simulated; /* where there is a simulated cluster */
    GString *arguments;
};

/* To be cleared. */
struct setting setting_draw(uint32_t seed);
void setting_clear(struct setting *setting);

#endif
