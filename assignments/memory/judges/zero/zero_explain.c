/*
 * Known mistakes, by what a wrong gradient is made of: what each micro-batch of each rank contributes to a shard, and what the
 * step before left there.
 */
#include "assignments/memory/judges/zero/zero_expected.h"
#include "common/log/log_fields.h"

#include <math.h>
#include <string.h>

/* Which micro-batches of a rank a wrong gradient has. */
enum which { ALL_OF_THEM, FIRST, LAST, NOT_LAST };

/* What a gradient may be made of: of each micro-batch of each rank what it contributes, that often. */
struct made_of {
    struct mistake mistake; /* no name: this is right */
    enum which which;
    int ranks, micro_batches; /* times so often their number: 1, or, -1, divided by it */
    bool own_only;            /* of the rank that has the shard, and no other */
    bool one_missing;         /* of all ranks but one, whichever */
    bool grows;  /* times the number of ranks for each micro-batch that comes behind it */
    bool before; /* and of the step before */
};

static const struct made_of table[] = {
    {.which = ALL_OF_THEM},
    {.mistake = {"gradients are multiplied by the number of ranks",
                 "The gradient is what one process has, times the number of ranks: each rank took "
                 "the mean over its own micro-batches, and the sum of means is no mean.",
                 "the scale of batch_loss_backward: one by zero->all_micro_batches"},
     .ranks = 1},
    {.mistake = {"the gradient of a micro-batch is not scaled",
                 "The gradient is what one process has, times the number of micro-batches: the "
                 "mean losses of all of them were added up, and their sum is no mean.",
                 "the scale that batch_loss_backward is given"},
     .ranks = 1,
     .micro_batches = 1},
    {.mistake =
         {"gradients are divided by the number of ranks twice",
          "The gradient is what one process has, divided by the number of ranks.",
          "divisions by the number of ranks: the scale of batch_loss_backward has it already"},
     .ranks = -1},
    {.mistake =
         {"the gradient of a micro-batch is not scaled",
          "The gradient is what one process has, times the number of a rank's micro-batches.",
          "the scale that batch_loss_backward is given"},
     .micro_batches = 1},
    {.mistake = {"the gradient of a micro-batch is scaled twice",
                 "The gradient is what one process has, divided by the number of a rank's "
                 "micro-batches once more.",
                 "the scale that batch_loss_backward is given, and further divisions"},
     .micro_batches = -1},
    {.mistake = {"gradients are not added up over the ranks",
                 "The gradient of each shard is that of its own rank's samples alone: what the "
                 "others computed is not in it.",
                 "reduce_scatter_gradients: whether it is called, on what, and where its sums go"},
     .own_only = true},
    {.mistake = {"gradients are not added up over the ranks",
                 "The gradient of each shard is the mean over its own rank's samples alone.",
                 "reduce_scatter_gradients: whether it is called, on what, and where its sums go"},
     .own_only = true,
     .ranks = 1},
    {.mistake = {"only the last micro-batch is in the gradient",
                 "Of each rank's samples those of its last micro-batch are in the gradient, and no "
                 "others: what the ones before had given was overwritten.",
                 "when gradients are set to zero, and whether sums are added to what is there"},
     .which = LAST},
    {.mistake = {"only the first micro-batch is in the gradient",
                 "Of each rank's samples those of its first micro-batch are in the gradient, and "
                 "no others.",
                 "the loop over this rank's micro-batches"},
     .which = FIRST},
    {.mistake = {"the last micro-batch is not in the gradient",
                 "Of each rank's samples those of its last micro-batch are not in the gradient.",
                 "the loop over this rank's micro-batches, and what happens behind the last"},
     .which = NOT_LAST},
    {.mistake = {"sums over the ranks are added up again in every micro-batch",
                 "What was added up of all ranks behind one micro-batch went into the sum of the "
                 "next one again: the earlier a micro-batch, the more often it counts.",
                 "what is added up: a micro-batch's own gradients, once, or those of all, behind "
                 "the last"},
     .grows = true},
    {.mistake = {"one rank's gradients are missing",
                 "What one of the ranks computed is not in the sum.",
                 "who takes part in the reduction, and with what"},
     .one_missing = true},
    {.mistake = {"gradients are not set to zero between the steps",
                 "The gradient of the step before is still in it.",
                 "what becomes of the gradients, a rank's own ones too, at the begin of a step"},
     .before = true},
};

static const struct mistake not_zeroed = {
    "gradients are not set to zero between the steps",
    "The first step's gradient is right, and later ones have more in them; and nothing sets the "
    "stage's gradients to zero at the begin of a step.",
    "stage_zero_gradients"};
static const struct mistake other_place = {
    "the sums are those of another rank's shard",
    "The gradient of a shard is right, and belongs to another shard: what comes out of the "
    "reduction is not what the rank takes for its own.",
    "the order of shards in the reduce-scatter, and in struct unit; and where MPI puts the sums"};

/* ---- trying ------------------------------------------------------------------------------------------------ */

static double power(double number, int exponent)
{
    return exponent == 0 ? 1 : exponent > 0 ? number : 1 / number;
}

static bool has(enum which which, int i, int micro_batches)
{
    return which == ALL_OF_THEM || (which == FIRST && i == 0) ||
           (which == LAST && i == micro_batches - 1) ||
           (which == NOT_LAST && i < micro_batches - 1);
}

/* How often a micro-batch is in it, on the rank that has the shard. */
static double times(const struct made_of *row, int ranks, int each, int micro_batch, int rank,
                    int missing)
{
    const int of = micro_batch / each, i = micro_batch % each;
    if (!has(row->which, i, each) || (row->own_only && of != rank) || of == missing)
        return 0;
    return power(ranks, row->ranks) * power(each, row->micro_batches) *
           (row->grows ? pow(ranks, each - 1 - i) : 1);
}

/* Is the gradient of each shard just that? */
static bool explains(const struct zero_step *s, const struct reference_parts *parts,
                     const struct made_of *row, int missing)
{
    const int ranks = s->run->ranks, each = parts->micro_batches / ranks;
    for (int rank = 0; rank < ranks; rank++) {
        double off = 0, size = 0;
        for (size_t i = 0; i < s->before->count; i++) {
            if (!s->after->of[ZERO_STATE][rank].there[i])
                continue;
            double due = row->before ? (double)s->found_before[i] : 0;
            for (int m = 0; m < parts->micro_batches; m++)
                due += times(row, ranks, each, m, rank, missing) *
                       (double)tensor_floats(parts->gradients[m])[i];
            off += (due - (double)s->found[i]) * (due - (double)s->found[i]);
            size += due * due;
        }
        if (!(sqrt(off) <= 1e-4 * sqrt(size)))
            return false;
    }
    return true;
}

/* The only one that explains it; NULL: none does, or several, or it is right as far as that can be told. */
static const struct mistake *find(const struct zero_step *s, const struct reference_parts *parts)
{
    const struct mistake *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        const struct made_of *row = &table[i];
        bool fits = false;
        if (row->before && !s->found_before)
            continue;
        for (int missing = row->one_missing ? 0 : -1;
             !fits && missing < (row->one_missing ? s->run->ranks : 0); missing++)
            fits = explains(s, parts, row, missing);
        if (!fits)
            continue;
        if (row->mistake.name == NULL)
            return NULL;
        if (found != NULL && strcmp(found->name, row->mistake.name) != 0)
            return NULL;
        found = &row->mistake;
    }
    return found;
}

/* ---- other places -------------------------------------------------------------------------------------- */

static bool sums_lie_elsewhere(const struct zero_step *s)
{
    for (int rank = 0; rank < s->run->ranks; rank++) {
        int count, due_count;
        g_autofree float *found = memory_zero_own_of(s, rank, s->found, &count);
        for (int other = 0; other < s->run->ranks; other++) {
            g_autofree float *due = memory_zero_own_of(s, other, s->gradient, &due_count);
            if (other != rank && memory_zero_lies_elsewhere(found, count, due, due_count))
                return true;
        }
    }
    return false;
}

static bool sets_to_zero(const struct zero_step *s)
{
    for (int rank = 0; rank < s->run->ranks; rank++) {
        size_t first, last;
        bool zeroed = false;
        log_find_step(&s->run->log[rank], s->step, &first, &last);
        for (size_t i = first; i < last; i++)
            zeroed = zeroed || s->run->log[rank].record[i].operation == LOG_ZERO_GRADIENTS;
        if (!zeroed)
            return false;
    }
    return true;
}

void memory_zero_explain_gradient(struct zero_step *s, struct verdict *verdict)
{
    struct reference_parts *parts =
        reference_parts_new(s->reference, s->step, options_micro_batches(&s->run->options));
    const struct mistake *mistake = parts ? find(s, parts) : NULL;
    if (!mistake && sums_lie_elsewhere(s))
        mistake = &other_place;
    if (!mistake && s->step > 0 && s->zero_stage == 1 && !sets_to_zero(s))
        mistake = &not_zeroed;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    reference_parts_free(parts);
}
