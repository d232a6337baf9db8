/*
 * Runs the assignment's program and looks at what it left.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_TRAINED_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_TRAINED_H

#include "common/driver/options.h"
#include "common/log/log_reader.h"

struct trained {
    int status; /* exit status */
    int ranks;
    int stages; /* ranks, or chunks of them */
    struct options options;
    char *folder; /* the evidence */
    char *output; /* all that was printed */
};

/* With the files of "solutions" or "skeleton", on this computer. trained_clear() afterwards. */
struct trained trained_run(const char *submission, int ranks, const char *arguments);
/* The solutions, on this computer or on a simulated cluster with free messages; must end well. */
struct trained trained_well(bool simulated, int ranks, const char *arguments);
void trained_clear(struct trained *run);

/* The rank's log, complete and whole. */
struct log_file trained_log(const struct trained *run, int rank);
/* How many records of this kind there are, and what the last one states (value: may be NULL). */
int trained_count(const struct log_file *log, enum log_operation operation, enum log_phase phase,
                  double *value);

#endif
