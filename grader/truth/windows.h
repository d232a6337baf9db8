/*
 * Windows: does a run train as one process does? Two right runs drift apart, so a band
 * around a curve decides nothing. So the run stores parameters and optimizer state before
 * some steps, and from each of these snapshots the judge trains on by itself, for five
 * steps: the losses have to agree.
 *
 * The snapshots are read as wholes (grader/evidence/wholes.h), whoever holds what.
 */
#ifndef GRADER_TRUTH_WINDOWS_H
#define GRADER_TRUTH_WINDOWS_H

#include "grader/evidence/wholes.h"
#include "grader/truth/reference.h"

#define WINDOW_STEPS 5 /* that the judge trains on from a snapshot */

struct windows_rules {
    const double *loss;                    /* of the run in each step; NaN: it is not known */
    struct wholes_rules parameters, state; /* how many ranks have each of them */
};

/* The reference for a run that can be judged so; NULL after setting the verdict to "not judged". */
struct reference *windows_reference(const struct outcome *run, struct verdict *verdict);
/* The same of one in 16 bits. Its snapshots have masters, "layers.1.weight.master", which are told as state is, besides
 * parameters, widened; losses agree up to what rounding to 16 bits makes of them in five steps. */
struct reference *windows_reference_in(const struct outcome *run, enum dtype precision,
                                       struct verdict *verdict);

/* Sets the verdict to a failure unless: the first snapshot has the initial values that the seed gives; the
 * losses behind each agree; each rank's optimizers step once in each training step; parameters
 * change from snapshot to snapshot; the loss falls; and the learning curve tells the same losses. A
 * table of the windows goes to the explanation. The reference's parameters change. The logs are
 * those that evidence_logs accepts. */
void windows_judge(const struct outcome *run, struct reference *reference,
                   const struct windows_rules *rules, struct verdict *verdict);

#endif
