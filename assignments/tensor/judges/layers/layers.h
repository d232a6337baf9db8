/*
 * What the files of judge "layers" share:
 *
 *     layers.c            the judge: numbers, rank by rank
 *     layer_truth.c       what one process computes
 *     layer_shares.c      who holds which slices
 *     layer_work.c        who computes how much
 *     layer_suspects*.c   what a wrong tensor may have been made of
 *     layer_mistakes*.c   the known mistakes, as tables
 *     layer_questions.c   which of both are asked about, for which tensor
 *     norm_mistakes.c     those of a layer norm: ways to take a mean
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYERS_H
#define ASSIGNMENTS_TENSOR_JUDGES_LAYERS_LAYERS_H

#include "assignments/tensor/judges/layers/layer_truth.h"
#include "grader/evidence/wholes.h"

/* A trial of a run, in one round. */
struct judged_trial {
    const struct outcome *run;
    const struct trial *trial;
    const struct layer_truth *truth;
    struct wholes *wholes;
    int round;
    struct verdict *verdict;
};

enum layer_tensor_sort { LAYER_Y, LAYER_DX, LAYER_GRADIENT, LAYER_TENSOR_SORTS };

/* One of the tensors of it that ranks stored. */
struct layer_tensor {
    enum layer_tensor_sort sort;
    int index;      /* its micro-batch, or, of a gradient, the parameter */
    bool split;     /* each rank has a part; else each has all of it */
    char name[128]; /* of the whole */
    const struct tensor *true_whole;
};

judge_function tensor_judge_layers;
/* What it does with one run. */
void tensor_judge_trials(const struct judgement *judgement, const struct outcome *run,
                         struct verdict *verdict);

/* Fails, with the trial and the round in front. */
void trial_fail(const struct judged_trial *judged, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Does each rank hold its share of each parameter, all of them together all, and the numbers that were
 * drawn? And was that share of the work charged? False after setting the verdict. */
bool trial_shares_are_right(const struct judged_trial *judged);
bool trial_work_is_right(const struct judged_trial *judged);
/* Of a run of the probe that did not come to its end: are the slices wrong that its ranks had stored before
 * they began? Then the mistake, and what is seen of it, in `cause`; else NULL. */
const struct mistake *trial_mistake_of_unfinished(const struct outcome *run, GString *cause);

/* Of a split layer norm: in which other way its means were taken; NULL: in none that is known. */
const struct mistake *trial_norm_mistake(const struct judged_trial *judged,
                                         const struct layer_tensor *tensor);
/* Names the mistake, if what all ranks stored fits a known one exactly. */
void trial_name_mistake(const struct judged_trial *judged, const struct layer_tensor *tensor);

#endif
