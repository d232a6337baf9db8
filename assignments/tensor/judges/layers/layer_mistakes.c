/*
 * Known mistakes of a layer that is split, as tables: what a wrong tensor was made of, and what that means.
 * The signatures are those of public reports (Shoeybi et al. 2019 has the right forms).
 */
#include "assignments/tensor/judges/layers/layer_mistakes.h"
#include "assignments/tensor/judges/layers/layer_suspects.h"

#include <glib.h>

#define EVERY   PATTERN_EVERY
#define COLUMN  PATTERN_COLUMN
#define TIMES_T .power = {1}
#define BY_T    .power = {-1}

/* ---- y, a sum over the ranks -------------------------------------------------------------------------- */

#define OUTPUTS_NOT_SUMMED                                                                         \
    {                                                                                              \
        .name = OUTPUTS_ARE_PARTIAL,                                                               \
        .explanation =                                                                             \
            "y of a rank is what its own part of the inputs makes: one term of a sum whose other " \
            "terms are on the other ranks.",                                                       \
        .look = "reduce_forward, and that what it returns is what forward goes on with",           \
    }
#define SUMMED_TWICE                                                                               \
    {                                                                                              \
        .name = "summed twice",                                                                    \
        .explanation =                                                                             \
            "The tensor is as many times too large as there are ranks: what had been added "       \
            "up over the ranks was added up again.",                                               \
        .look = "how many all-reduces the log shows in this call, and what each of them is given"  \
    }
#define AVERAGED                                                                                   \
    {                                                                                              \
        .name = "averaged instead of summed",                                                      \
        .explanation =                                                                             \
            "The tensor is the sum over the ranks divided by their number. Its terms are parts "   \
            "of one product, not samples: nothing is divided.",                                    \
        .look = "a division by group->ranks"                                                       \
    }
#define ONE_RANK_EVERYWHERE                                                                        \
    {                                                                                              \
        .name = "all ranks have the term of one",                                                  \
        .explanation =                                                                             \
            "The same rank's term is on every rank: it was sent around, and not added to the "     \
            "others'.",                                                                            \
        .look = "a broadcast where a sum is due, or a root that sends its own term"                \
    }
#define ONE_IS_MISSING                                                                             \
    {                                                                                              \
        .name = "one rank's term is missing",                                                      \
        .explanation = "The sum has the terms of all ranks but one.",                              \
        .look = "the first and the last step of the sum"                                           \
    }
#define SUM_UP_TO_OWN                                                                              \
    {                                                                                              \
        .name = "the sum ends at the own rank",                                                    \
        .explanation = "Each rank has the terms of the ranks up to its own, as after MPI_Scan.",   \
        .look = "MPI_Scan, or a ring that goes around only once"                                   \
    }
#define OTHER_MICRO_BATCH                                                                          \
    {                                                                                              \
        .name = "a micro-batch's numbers are in a variable that all share",                        \
        .explanation =                                                                             \
            "The numbers are those of the other micro-batch: two are in flight, and what the "     \
            "second forward kept stands in the place of what the first one kept.",                 \
        .look = "static variables: what belongs to a micro-batch is kept by layer_keep"            \
    }

static const struct combination terms_of_y[] = {
    {.term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = {.name = "every rank adds the bias",
                 .explanation =
                     "The bias is in y once for each rank. Each rank has all of it, so it is "
                     "added behind the sum, not to each of its terms.",
                 .look = "where the bias is added: before the sum (reduce_forward), or behind it"},
     .term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY, TIMES_T}}},
    {.mistake = {.name = "the bias is missing",
                 .explanation = "y is right but for the bias, which is not in it at all.",
                 .look = "compute_add_bias in forward"},
     .term = {{SUSPECT_TERM, EVERY}}},
    {.mistake = {.name = "the bias is divided by the number of ranks",
                 .explanation =
                     "A t-th of the bias is in y: it is divided as if every rank added it, and "
                     "added once.",
                 .look = "whether the bias is added before the sum or behind it"},
     .term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY, BY_T}}},
    {.mistake = OUTPUTS_NOT_SUMMED,
     .term = {{SUSPECT_TERM, COLUMN, PATTERN_OWN}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = SUMMED_TWICE, .term = {{SUSPECT_TERM, EVERY, TIMES_T}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = SUMMED_TWICE,
     .term = {{SUSPECT_TERM, EVERY, TIMES_T}, {SUSPECT_BIAS, EVERY, TIMES_T}}},
    {.mistake = AVERAGED, .term = {{SUSPECT_TERM, EVERY, BY_T}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = ONE_RANK_EVERYWHERE,
     .term = {{SUSPECT_TERM, COLUMN, PATTERN_ANY}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = SUM_UP_TO_OWN,
     .term = {{SUSPECT_TERM, PATTERN_LOWER_TRIANGLE}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = ONE_IS_MISSING,
     .term = {{SUSPECT_TERM, PATTERN_BUT_COLUMN, PATTERN_ANY}, {SUSPECT_BIAS, EVERY}},
     .general = true},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_OTHER, EVERY}}},
};
const struct layer_table trial_terms_of_y = {terms_of_y, G_N_ELEMENTS(terms_of_y)};

/* Of attention, and of an embedding, whose positions are such a bias. */
static const struct combination terms_inside_of_y[] = {
    {.term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = {.name = "every rank adds what is to be added once",
                 .explanation =
                     "The bias of the projection, or of an embedding the positions, are in y once "
                     "for each rank. Each rank has all of them, so they are added behind the sum, "
                     "not to each of its terms.",
                 .look = "whether what is whole on each rank is added before the sum or behind it"},
     .term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY, TIMES_T}}},
    {.mistake = {.name = "what is to be added once is missing",
                 .explanation = "y is right but for the bias of the projection, or of an embedding "
                                "the positions, which are not in it at all.",
                 .look = "what is added behind the sum"},
     .term = {{SUSPECT_TERM, EVERY}}},
    {.mistake = OUTPUTS_NOT_SUMMED,
     .term = {{SUSPECT_TERM, COLUMN, PATTERN_OWN}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = OUTPUTS_NOT_SUMMED, .term = {{SUSPECT_TERM, COLUMN, PATTERN_OWN}}},
    {.mistake = SUMMED_TWICE, .term = {{SUSPECT_TERM, EVERY, TIMES_T}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = AVERAGED, .term = {{SUSPECT_TERM, EVERY, BY_T}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = {.name = "heads are cut into smaller ones",
                 .explanation = "y is that of as many times more heads as there are ranks, each as "
                                "many times narrower: a rank's columns were cut into as many heads "
                                "as the whole layer has. It has fewer, each as wide as ever.",
                 .look = "how many heads the tensor of probabilities has"},
     .term = {{SUSPECT_FINER, EVERY}}},
};
const struct layer_table trial_terms_inside_of_y = {terms_inside_of_y,
                                                    G_N_ELEMENTS(terms_inside_of_y)};

/* ---- y, split or gathered ----------------------------------------------------------------------------- */

#define NO_BIAS                                                                                    \
    {                                                                                              \
        .name = "the bias is missing",                                                             \
        .explanation = "y is right but for the bias, which is not in it at all.",                  \
        .look = "compute_add_bias in forward"                                                      \
    }
#define UNLIKE_SUMMED                                                                              \
    {                                                                                              \
        .name = "added up where each rank has something else",                                     \
        .explanation =                                                                             \
            "Each rank has other columns, rows or channels than the others; what the rank has "    \
            "now is the sum of all of them.",                                                      \
        .look = "an all-reduce of something that is split"                                         \
    }
#define INPUT_SUMMED                                                                               \
    {                                                                                              \
        .name = "the input is summed",                                                             \
        .explanation =                                                                             \
            "y is what an x as many times as large as there are ranks gives: x is whole, the "     \
            "same on every rank, and was added up over them.",                                     \
        .look = "copy_forward: nothing is to be done before a rank multiplies x by its slice"      \
    }

static const struct combination slices_of_y[] = {
    {.term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN}, {SUSPECT_BIASES, COLUMN, PATTERN_OWN}}},
    {.mistake = NO_BIAS, .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN}}},
    {.mistake = INPUT_SUMMED,
     .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN, TIMES_T},
              {SUSPECT_BIASES, COLUMN, PATTERN_OWN}}},
    {.mistake = UNLIKE_SUMMED, .term = {{SUSPECT_SLICE, EVERY}, {SUSPECT_BIASES, EVERY}}},
    {.mistake = UNLIKE_SUMMED,
     .term = {{SUSPECT_SLICE, EVERY}, {SUSPECT_BIASES, COLUMN, PATTERN_OWN}}},
    {.mistake = {.name = "every rank has the bias of the first columns",
                 .explanation =
                     "The products are those of the rank's own columns, and the bias is that of "
                     "rank 0's.",
                 .look = "the slice of the bias"},
     .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN}, {SUSPECT_BIASES, COLUMN, PATTERN_FIRST}}},
};
const struct layer_table trial_slices_of_y = {slices_of_y, G_N_ELEMENTS(slices_of_y)};

static const struct combination parts_of_y[] = {
    {.term = {{SUSPECT_TERM, EVERY}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = NO_BIAS, .term = {{SUSPECT_TERM, EVERY}}},
    {.mistake = INPUT_SUMMED, .term = {{SUSPECT_TERM, EVERY, TIMES_T}, {SUSPECT_BIAS, EVERY}}},
    {.mistake = {.name = "parts stand one behind the other",
                 .explanation =
                     "y has the numbers of all ranks as they were received: all of rank 0's, then "
                     "all of rank 1's. But each row of y has some columns of every rank, so a "
                     "rank's numbers are not in one piece there.",
                 .look = "gather_forward: each part has to be copied to its columns"},
     .term = {{SUSPECT_RECEIVED, EVERY}}},
    {.mistake = {.name = "the last rank's part comes first",
                 .explanation =
                     "The parts stand in the places of the opposite ranks: numbers of ranks are "
                     "those of group->comm, which need not be those of MPI_COMM_WORLD.",
                 .look = "which communicator is asked for the rank, and which one gathers"},
     .term = {{SUSPECT_REVERSED, EVERY}}},
};
const struct layer_table trial_parts_of_y = {parts_of_y, G_N_ELEMENTS(parts_of_y)};

/* ---- dx ----------------------------------------------------------------------------------------------- */

#define DX_NOT_SUMMED                                                                              \
    {                                                                                              \
        .name = DX_IS_PARTIAL,                                                                     \
        .explanation = "dx of a rank is what comes back through its own outputs only. All ranks "  \
                       "used the same x, so its gradient is the sum of all their parts.",          \
        .look = "copy_backward (enter_backward_begin and enter_backward_end), and that what it "   \
                "returns is what backward_input returns",                                          \
    }

static const struct combination terms_of_dx[] = {
    {.term = {{SUSPECT_TERM, EVERY}}},
    {.mistake = DX_NOT_SUMMED, .term = {{SUSPECT_TERM, COLUMN, PATTERN_OWN}}},
    {.mistake = SUMMED_TWICE, .term = {{SUSPECT_TERM, EVERY, TIMES_T}}},
    {.mistake = AVERAGED, .term = {{SUSPECT_TERM, EVERY, BY_T}}},
    {.mistake = ONE_RANK_EVERYWHERE, .term = {{SUSPECT_TERM, COLUMN, PATTERN_ANY}}},
    {.mistake = SUM_UP_TO_OWN, .term = {{SUSPECT_TERM, PATTERN_LOWER_TRIANGLE}}},
    {.mistake = ONE_IS_MISSING,
     .term = {{SUSPECT_TERM, PATTERN_BUT_COLUMN, PATTERN_ANY}},
     .general = true},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_OTHER, EVERY}}},
};
const struct layer_table trial_terms_of_dx = {terms_of_dx, G_N_ELEMENTS(terms_of_dx)};

#define GRADIENT_OF_SUM_SUMMED                                                                     \
    {                                                                                              \
        .name = "the gradient of a sum is summed",                                                 \
        .explanation =                                                                             \
            "It is as many times too large as there are ranks. dy is the gradient of the sum, "    \
            "whole and the same on each rank, and it is the gradient of each of its terms: "       \
            "to add it up over the ranks multiplies it by their number.",                          \
        .look = "reduce_backward: nothing is to be done there"                                     \
    }
#define SLICE_DIVIDED                                                                              \
    {                                                                                              \
        .name = "divided by the number of ranks",                                                  \
        .explanation = "The gradient is right but for a division by the number of ranks: nothing " \
                       "is averaged here.",                                                        \
        .look = "a division by group->ranks"                                                       \
    }

static const struct combination slices_of_dx[] = {
    {.term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN}}},
    {.mistake = GRADIENT_OF_SUM_SUMMED, .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN, TIMES_T}}},
    {.mistake = SLICE_DIVIDED, .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN, BY_T}}},
    {.mistake = UNLIKE_SUMMED, .term = {{SUSPECT_SLICE, EVERY}}},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_OTHER, EVERY}}},
};
const struct layer_table trial_slices_of_dx = {slices_of_dx, G_N_ELEMENTS(slices_of_dx)};

/* ---- gradients ---------------------------------------------------------------------------------------- */

/* Or t times the last micro-batch's and t² times that before, whose sum was summed with it. */
#define WHOLE_GRADIENT_SUMMED                                                                      \
    {                                                                                              \
        .name = "the gradient of a parameter is summed although each rank has all of it",          \
        .explanation =                                                                             \
            "It is as many times too large as there are ranks, or more where what an earlier "     \
            "micro-batch had left is summed once again. Every rank has the whole dy, so the "      \
            "gradient of what each rank has all of and adds once is complete on each.",            \
        .look = "a sum over the ranks in the backward for the weights"                             \
    }
#define OVERWRITTEN                                                                                \
    {                                                                                              \
        .name = "gradients are not added to",                                                      \
        .explanation =                                                                             \
            "The gradient is that of the last micro-batch alone: each one replaces what was "      \
            "there.",                                                                              \
        .look = "the factor of the old contents that compute_matrix_product is given (1.0f: add "  \
                "to it)"                                                                           \
    }

static const struct combination products[] = {
    {.term = {{SUSPECT_PRODUCT, PATTERN_DIAGONAL}}},
    {.mistake = GRADIENT_OF_SUM_SUMMED, .term = {{SUSPECT_PRODUCT, PATTERN_DIAGONAL, TIMES_T}}},
    {.mistake = SLICE_DIVIDED, .term = {{SUSPECT_PRODUCT, PATTERN_DIAGONAL, BY_T}}},
    {.mistake = OVERWRITTEN, .term = {{SUSPECT_PRODUCT, PATTERN_DIAGONAL_ONE, PATTERN_LAST}}},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_PRODUCT, EVERY, PATTERN_ANY, PATTERN_LAST}}},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_PRODUCT, COLUMN, PATTERN_LAST}}},
    {.mistake = OTHER_MICRO_BATCH,
     .term = {{SUSPECT_PRODUCT, PATTERN_DIAGONAL_ONE, PATTERN_LAST, .times = 2}}},
};
const struct layer_table trial_products = {products, G_N_ELEMENTS(products)};

static const struct combination products_of_dy[] = {
    {.term = {{SUSPECT_PRODUCT, EVERY}}},
    {.mistake = WHOLE_GRADIENT_SUMMED, .term = {{SUSPECT_PRODUCT, EVERY, TIMES_T}}},
    {.mistake = WHOLE_GRADIENT_SUMMED,
     .term = {{SUSPECT_PRODUCT, COLUMN, PATTERN_FIRST, .power = {2}},
              {SUSPECT_PRODUCT, COLUMN, PATTERN_LAST, TIMES_T}}},
    {.mistake = SLICE_DIVIDED, .term = {{SUSPECT_PRODUCT, EVERY, BY_T}}},
    {.mistake = OVERWRITTEN, .term = {{SUSPECT_PRODUCT, COLUMN, PATTERN_LAST}}},
    {.mistake = OTHER_MICRO_BATCH, .term = {{SUSPECT_PRODUCT, COLUMN, PATTERN_LAST, .times = 2}}},
};
const struct layer_table trial_products_of_dy = {products_of_dy, G_N_ELEMENTS(products_of_dy)};

static const struct combination slices_of_gradient[] = {
    {.term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN}}},
    {.mistake = GRADIENT_OF_SUM_SUMMED, .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN, TIMES_T}}},
    {.mistake = SLICE_DIVIDED, .term = {{SUSPECT_SLICE, COLUMN, PATTERN_OWN, BY_T}}},
    {.mistake = UNLIKE_SUMMED, .term = {{SUSPECT_SLICE, EVERY}}},
    {.mistake = UNLIKE_SUMMED, .term = {{SUSPECT_SLICE, EVERY, BY_T}}},
};
const struct layer_table trial_slices_of_gradient = {slices_of_gradient,
                                                     G_N_ELEMENTS(slices_of_gradient)};
