/*
 * Trials of one layer: what a probe puts a student's layer through, and its judge recomputes. Shared by the
 * program and the judges; all numbers follow from the seed.
 *
 * A kind of layers has several trials, of other sizes and forms each. A trial's layer stands alone. In each
 * of two rounds it is given parameters and two micro-batches, which are in flight together. The whole x,
 * the whole dy and the whole parameters are drawn; a rank gets its part of them.
 *
 * In the evidence trial i is stage i, with layer i as its only one, so nobody wants dx of trial 0. Round k is
 * training step k, and stored as what was "after step k" is (common/driver/driver.h): parameters,
 * "layers.I.NAME.gradient", and "layers.I.y.M" and "layers.I.dx.M" of micro-batch M. The parameters "before
 * step 0" show who has which slices, also where a run did not come to its end.
 *
 * Tokens that enter an embedding are words of every rank, the first and the last one of each among them.
 *
 * A new kind is a row of the table in trial_kinds.c.
 */
#ifndef ASSIGNMENTS_TENSOR_TRIALS_H
#define ASSIGNMENTS_TENSOR_TRIALS_H

#include "assignments/tensor/tensor.h"

enum { TRIAL_MICRO_BATCHES = 2, TRIAL_ROUNDS = 2, TRIALS_MOST = 8 };
/* Of the rows of a layer norm: of a few numbers some are nearly constant, and then all of dx is rounding. */
enum { TRIAL_LEAST_COLUMNS = 9 };

/* How a parameter is split: along a dimension, of which so many indices stay together; together 0: each
 * rank has all of it. */
struct trial_cut {
    int dimension, together;
};

struct trial {
    int number; /* also of its stage and its layer */
    int ranks;
    uint64_t seed;
    /* Filled in by the kind. */
    struct layer whole; /* the kit's, of whole sizes */
    enum form form;
    int samples; /* of a micro-batch */
    int together; /* of a split x so many columns stay together, as a channel's do behind flatten; 0: 1 */
    bool may_be_refused; /* heads that the ranks do not divide: can_split_heads may say no */
    bool head;           /* of a language model: vocabulary_parallel_head makes it */
    bool cuts_differ;    /* from those that follow from the form: then they are filled in, too */
    struct trial_cut cut[LAYER_MAX_PARAMETERS]; /* of each parameter */
};

/* Sizes are drawn one after the other. */
struct trial_sizes {
    uint64_t seed, stream, drawn;
    int ranks;
};
int trial_size(struct trial_sizes *sizes, int lowest, int highest);
/* In least … least + 4: one that the ranks don't divide, where there are more than one. */
int trial_uneven_size(struct trial_sizes *sizes, int least);

struct trial_kind {
    const char *name; /* of the probe: the student's function */
    const char *what; /* one line for --help */
    int trials;
    /* Fills in what is the kind's of trial `number`. */
    void (*make)(struct trial *trial, int number, struct trial_sizes *sizes);
};

/* trial_kinds_between_chains.c: attention, and the ends of a language model. */
enum { TRIALS_OF_ATTENTION = 4, TRIALS_OF_VOCABULARY = 4 };
void trial_make_attention(struct trial *trial, int number, struct trial_sizes *sizes);
void trial_make_vocabulary(struct trial *trial, int number, struct trial_sizes *sizes);

/* Ends with a NULL name. */
extern const struct trial_kind trial_kinds[];
/* NULL: there is none of that name. */
const struct trial_kind *trial_kind_named(const char *name);

/* *trial is to be freed with trial_clear. */
void trial_make(struct trial *trial, const struct trial_kind *kind, int number, int ranks,
                uint64_t seed);
void trial_clear(struct trial *trial);

/* The part of `size` things that a rank is given where the kit decides, and not the student's split: what does not
 * divide goes to the first ranks, one each. */
struct part trial_part(int size, int ranks, int rank);
/* Does x come split, each rank its part? */
bool trial_splits_input(const struct trial *trial);
/* Which columns or channels of x a rank is given: all, unless x comes split. */
struct part trial_inputs(const struct trial *trial, int rank);

/* New whole tensors: what enters in a micro-batch, the gradient of what leaves, and parameter k. */
struct tensor *trial_x(const struct trial *trial, int round, int micro_batch);
struct tensor *trial_dy(const struct trial *trial, int round, int micro_batch);
struct tensor *trial_parameter(const struct trial *trial, int round, int k);

#endif
