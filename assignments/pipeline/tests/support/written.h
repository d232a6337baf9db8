/*
 * Runs of a pipeline whose logs are made by hand from written orders, for tests of the judges of
 * schedules.
 *
 *     const char *const line[] = {"F0 F1 B0 B1", "F0 B0 F1 B1"};     one line per rank
 *     struct written *run = written_run(WRITTEN_1F1B, 2, line);
 *     written_expect(judge_order, run, VERDICT_PASS, NULL, "");
 *     written_free(run);
 *
 * Computation F0 is the forward of micro-batch 0 on the rank's own stage, F0.4 on stage 4; B is a
 * whole backward, I and W are its halves, and "step" is a step of the optimizer.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_WRITTEN_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_WRITTEN_H

#include "assignments/pipeline/schedules/schedule.h"
#include "grader/verdict/judge.h"
#include "tests/support/script.h"

#define WRITTEN_RANKS 8

/* FLOPs of each computation. */
#define WRITTEN_F_COST 10
#define WRITTEN_I_COST 10
#define WRITTEN_W_COST 10

/* Options of runs with eight micro-batches. */
#define WRITTEN_AFAB        "--schedule afab --batch 8 --micro-batches 8"
#define WRITTEN_1F1B        "--schedule 1f1b --batch 8 --micro-batches 8"
#define WRITTEN_BOUNDED     "--schedule bounded --batch 8 --micro-batches 8"
#define WRITTEN_INTERLEAVED "--schedule interleaved --chunks 2 --batch 8 --micro-batches 8"
#define WRITTEN_PIPEDREAM   "--schedule pipedream --batch 8 --micro-batches 8"
#define WRITTEN_ZERO_BUBBLE "--schedule zero-bubble --batch 8 --micro-batches 8"
#define WRITTEN_NAIVE       "--schedule naive --batch 8 --micro-batches 8"

struct written {
    struct outcome outcome;
    struct script *script; /* [ranks] */
    struct log_file log[WRITTEN_RANKS];
    char *log_error[WRITTEN_RANKS];
    bool messages_are_judged; /* as a rubric may ask: every message must be waited for */
};

/* A whole run of these orders, every computation with its messages. */
struct written *written_run(const char *options, int ranks, const char *const *line);
/* The same of any schedule of the library, which is freed; stages: with several on each rank. */
struct written *written_schedule(const char *options, struct schedule *schedule, bool stages);
void written_free(struct written *run);

/* ---- parts of a run, for tests that make their own --------------------------- */

/* The beginning of a run, to be ended by written_end. The options stand behind those that all of
 * these runs have. */
struct written *written_new(const char *options, int ranks);
void written_end(struct written *run);

/* Adds a rank's orders; `messages` false: there are none, and nobody waits. */
void written_line(struct written *run, int r, const char *line, bool messages);
/* Adds one computation, 's' for a step of the optimizer, in the same way. */
void written_compute(struct written *run, int r, char kind, int micro_batch, int stage,
                     bool messages);

/* Gives the records of a run that is ended the clocks that a simulator would: those of the
 * schedule's own run. Every FLOP takes `factor` nanoseconds. */
void written_set_clocks(struct written *run, double factor);

/* ---- what a judge says of it ------------------------------------------------- */

/* The judge's verdict must be of this kind, its headline hold the words of `says` and its mistake be
 * `mistake` (NULL: whatever it is). */
void written_expect(judge_function *judge, const struct written *run, enum verdict_kind kind,
                    const char *says, const char *mistake);

#endif
