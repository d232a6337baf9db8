/*
 * Data sets for sandboxed programs: where they lie outside and inside, and the
 * variables that tell the program.
 */
#ifndef GRADER_RUN_RUNNER_DATA_H
#define GRADER_RUN_RUNNER_DATA_H

#include <glib.h>
#include <stdbool.h>

#define RUNNER_DATA_SETS 3

struct runner_data { /* NULL where a set is at no place of the user's or the kit's */
    char *outside[RUNNER_DATA_SETS];
    const char *inside[RUNNER_DATA_SETS];
    char *environment[RUNNER_DATA_SETS]; /* "VARIABLE=place" */
};

/* What the sandbox's user can't reach is copied to work. False, and an error. */
bool runner_data_find(struct runner_data *data, const char *kit, const char *work, GString *error);
void runner_data_clear(struct runner_data *data);

#endif
