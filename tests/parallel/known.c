/* Tables of known mistakes; see known.h. */
#include "tests/parallel/known.h"

#include "grader/truth/combinations.h"
#include "tests/parallel/truth.h"

#include <string.h>

enum { SHARES, BIAS };

/* Of the outputs of a block that is split: the ranks' partial products, and the bias. */
static const struct combination of_outputs[] = {
    {.term = {{SHARES, PATTERN_EVERY}, {BIAS, PATTERN_EVERY}}},
    {.mistake = {.name = "every rank adds the bias",
                 .explanation = "The bias is in the outputs once for each rank: it belongs behind "
                                "the sum, not in each of its terms."},
     .term = {{SHARES, PATTERN_EVERY}, {BIAS, PATTERN_EVERY, .power = {1}}}},
    {.mistake = {.name = "partial outputs are not summed",
                 .explanation = "A rank's outputs are what its own slice makes of the inputs."},
     .term = {{SHARES, PATTERN_COLUMN, PATTERN_OWN}, {BIAS, PATTERN_EVERY}}},
};

/* Of a gradient, copies of which several ranks have: the shares of the ranks' samples. */
static const struct combination of_gradients[] = {
    {.term = {{SHARES, PATTERN_EVERY, .power = {-1}}}},
    {.mistake = {.name = "the sum of gradients, not their mean",
                 .explanation = "Each rank's share is in it once, not divided by their number."},
     .term = {{SHARES, PATTERN_EVERY}}},
    {.mistake = {.name = "gradients are not reduced",
                 .explanation = "Only the rank's own samples are in its gradient."},
     .term = {{SHARES, PATTERN_COLUMN, PATTERN_OWN, .power = {-1}}}},
};

/* What rank 0 stored of a whole of which it has all; NULL: nothing. */
static const struct tensor *of_rank_0(const struct wholes *wholes, const char *name)
{
    const struct whole *whole = wholes_find(wholes, name);
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = &g_array_index(whole->parts, struct whole_part, i);
        if (part->from->rank == 0 && slice_is_all(&part->is.slice))
            return part->tensor;
    }
    return NULL;
}

static void name_combination(const struct tensor *found, const struct fit_candidate *candidates,
                             int count, int ranks, const struct combination *table, int rows,
                             struct verdict *verdict)
{
    const struct fit_problem problem = {
        .target = fit_view_flat(tensor_floats(found), found->count),
        .candidates = count,
        .candidate = candidates,
        .rounding = {.terms = 256}, /* layers behind each other */
        .scale = {ranks},
    };
    struct fit *fit = fit_tensor(&problem);
    if (!fit)
        return;
    const int own = 0; /* rank 0's column */
    const struct combination_blocks blocks = {1, &problem, &fit, &own};
    const struct mistake *mistake = combination_mistake(&blocks, table, rows);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    fit_free(fit);
}

void known_mistake(const struct wholes *wholes, const char *program, int ranks,
                   struct verdict *verdict)
{
    const bool outputs = strcmp(program, "split_linear") == 0;
    const struct tensor *found =
        of_rank_0(wholes, outputs ? "outputs" : "layers.3.weight.gradient");
    if (!found || (!outputs && strcmp(program, "data_parallel") != 0))
        return;
    g_autofree struct fit_candidate *candidate = g_new0(struct fit_candidate, ranks + 1);
    GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
    for (int rank = 0; rank <= ranks; rank++) {
        if (rank == ranks && !outputs)
            break;
        float *numbers =
            outputs ? truth_partial_outputs(rank, ranks) : truth_gradient_share(3, rank, ranks);
        g_ptr_array_add(kept, numbers);
        candidate[rank] =
            (struct fit_candidate){.name = rank == ranks ? "the bias" : "a rank's share",
                                   .family = rank == ranks ? BIAS : SHARES,
                                   .column = rank == ranks ? 0 : rank,
                                   .numbers = fit_view_flat(numbers, found->count)};
    }
    name_combination(found, candidate, (int)kept->len, ranks, outputs ? of_outputs : of_gradients,
                     outputs ? G_N_ELEMENTS(of_outputs) : G_N_ELEMENTS(of_gradients), verdict);
    g_ptr_array_unref(kept);
}
