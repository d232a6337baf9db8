/*
 * Shares: which samples of each step's batch each rank had, where ranks share it (LOG_SAMPLES).
 *
 * Every share has a place in the whole batch. Ranks that work on the same samples, each
 * with its part of the model, say the same place.
 */
#ifndef GRADER_EVIDENCE_SHARES_H
#define GRADER_EVIDENCE_SHARES_H

#include "grader/evidence/evidence.h"

struct rank_share {
    int place;   /* of the first sample in the whole batch */
    int count;   /* samples; may be 0 */
    int *sample; /* their numbers in the data set */
};

struct shares;

/* What the logs, which evidence_logs accepts, say of every training step. The caller frees it with shares_free;
 * NULL after setting the verdict: a rank does not say which samples it had, or says what can't be. */
struct shares *shares_read(const struct outcome *run, struct verdict *verdict);
void shares_free(struct shares *shares); /* NULL is allowed */

int shares_steps(const struct shares *shares);
int shares_ranks(const struct shares *shares);
const struct rank_share *shares_of(const struct shares *shares, int step, int rank);

/* The whole batch of a step, by places. NULL, and why in `why` (appended), where a place is nobody's, or two ranks
 * have different samples there. It stays the shares'. */
const int *shares_assemble(struct shares *shares, int step, int *count, GString *why);
/* As it was assembled before; of one that could not be, nothing: *count is 0. */
const int *shares_batch(const struct shares *shares, int step, int *count);

/* The mean of the losses over the whole batch of each of the first `steps` training steps, which have been
 * assembled; NaN where not every sample's micro-batch has exactly one loss on some rank, or ranks with the same
 * samples state different ones. micro_batches: the most that a share is cut into. */
void shares_losses(const struct shares *shares, const struct outcome *run, int micro_batches,
                   int steps, double *loss);

#endif
