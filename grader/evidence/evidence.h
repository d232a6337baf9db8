/*
 * What every judge reads from a run: the logs, the model, the computations of
 * each step and the losses.
 *
 * Evidence was written by somebody else's program. Whatever is missing,
 * truncated or contradictory makes the run's verdict a failure that says which
 * file of which rank, and why; no judge goes on with half of it.
 */
#ifndef GRADER_EVIDENCE_EVIDENCE_H
#define GRADER_EVIDENCE_EVIDENCE_H

#include "common/training/model.h"
#include "grader/verdict/judge.h"

/* Judges one run of several: run's verdict is "pass" when this is called. */
typedef void judge_run_function(const struct judgement *judgement, const struct outcome *run,
                                struct verdict *verdict);

/* Judges every run by itself and puts the results together: the first failure stands in full,
 * further ones in a line each. All pass: `passed` becomes the headline. Where the rubric says that a
 * check's messages must be waited for (judgement->waits), a run passes only if they were. */
void evidence_each_run(const struct judgement *judgement, struct verdict *verdict,
                       judge_run_function *judge, const char *passed);

/* Fails the run unless each of its messages and collectives was waited for. */
void evidence_all_waited_for(const struct outcome *run, struct verdict *verdict);

/* Failure of one run: sets the headline. */
void evidence_fail(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Has every rank a complete, undamaged log of this run (its rank, ranks and seed)? If not, sets
 * the verdict to a failure. */
bool evidence_logs(const struct outcome *run, struct verdict *verdict);

/* The model of a run, to be freed by model_free. NULL after setting the verdict. */
struct model *evidence_model(const struct outcome *run, struct verdict *verdict);

/* One computation that a rank recorded. */
struct evidence_event {
    enum log_operation operation; /* LOG_FORWARD … LOG_OPTIMIZER_STEP */
    int step;                     /* training step, -1: outside of one */
    int stage;
    int micro_batch;
    uint64_t flops; /* charged between begin and end */
    size_t begin;   /* places in the log */
    size_t end;     /* log.count if the event never ended */
};

/* The computations of one rank in order: an array of struct evidence_event to g_array_unref. */
GArray *evidence_events(const struct log_file *log);
#define EVIDENCE_EVENT(events, i) (&g_array_index(events, struct evidence_event, i))

/* How often a rank recorded an operation of a stage within a training step. */
int evidence_count(const GArray *events, int step, enum log_operation operation, int stage);

/* The mean of the losses that a rank recorded in each of the first `steps` training steps, in
 * array loss; NaN for a step that does not hold exactly one loss per micro-batch. */
void evidence_losses(const struct log_file *log, int micro_batches, int steps, double *loss);

/* The same of all ranks together, where each has a share of the micro-batches: each micro-batch has
 * exactly one loss on some rank, else NaN. */
void evidence_losses_together(const struct outcome *run, int micro_batches, int steps,
                              double *loss);

/* The rank that computed the losses (the last to record one), or -1. */
int evidence_loss_rank(const struct outcome *run);

/* Removes the array it points to when the variable leaves its scope. */
static inline void evidence_array_cleanup(GArray **array)
{
    if (*array)
        g_array_unref(*array);
}
#define EVIDENCE_ARRAY __attribute__((cleanup(evidence_array_cleanup))) GArray *

#endif
