/*
 * Known mistakes at the end of a schedule: what the steady phase leaves over is
 * never run. Which micro-batches are missing differs from stage to stage, and
 * that tells these mistakes from a loop that is one short.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"
#include "assignments/pipeline/placement.h"

/* Marks the micro-batches of a stage that are left over; missing[] begins all false. */
typedef void left_over_function(const struct mistake_evidence *evidence, int stage, bool *missing);

static void mark_last(int micro_batches, int count, bool *missing)
{
    for (int i = MAX(0, micro_batches - count); i < micro_batches; i++)
        missing[i] = true;
}

/* 1F1B: as many backwards as there were forwards in the warm-up. */
static void cool_down_1f1b(const struct mistake_evidence *evidence, int stage, bool *missing)
{
    mark_last(evidence->micro_batches, evidence->stages - 1 - stage, missing);
}

/* Backward k of a rank is of a group of `ranks` micro-batches, whose chunks come last first. */
static void cool_down_interleaved(const struct mistake_evidence *evidence, int stage, bool *missing)
{
    int ranks = evidence->ranks, chunks = evidence->stages / ranks;
    int rank = placement_rank(stage, ranks), all = chunks * evidence->micro_batches;
    int warm_up = MIN(2 * (ranks - 1 - rank) + (chunks - 1) * ranks, all);
    for (int k = all - warm_up; k < all; k++) {
        int place = k % (ranks * chunks);
        int chunk = chunks - 1 - place / ranks;
        int micro_batch = k / (ranks * chunks) * ranks + place % ranks;
        if (chunk == placement_chunk(stage, ranks) && micro_batch < evidence->micro_batches)
            missing[micro_batch] = true;
    }
}

static void held_back(const struct mistake_evidence *evidence, int stage, bool *missing)
{
    mark_last(evidence->micro_batches, stage, missing);
}

/* Does the stage's gradient lack these micro-batches and no others? */
static bool lacks(const struct mistake_stage *stage, int micro_batches, const bool *missing,
                  int count)
{
    if (count == 0)
        return !stage->wrong;
    if (count == micro_batches)
        return stage->all_zero;
    if (!stage->wrong || !mistake_coefficients_tell(stage->coefficients))
        return false;
    struct pattern_matrix matrix = mistake_matrix(stage->coefficients);
    return pattern_lacks(&matrix, 1, missing);
}

static bool every_stage_lacks(const struct mistake_evidence *evidence, left_over_function *mark)
{
    int m = evidence->micro_batches, judged = 0;
    g_autofree bool *missing = g_new(bool, m);
    for (int s = 0; s < evidence->stages; s++) {
        int count = 0;
        if (!evidence->stage[s].has_parameters)
            continue;
        for (int i = 0; i < m; i++)
            missing[i] = false;
        mark(evidence, s, missing);
        for (int i = 0; i < m; i++)
            count += missing[i];
        if (!lacks(&evidence->stage[s], m, missing, count) ||
            (count > 0 && evidence->stage[s].facts.backwards >= m)) /* it ran them */
            return false;
        judged += count > 0;
    }
    return judged > 0;
}

bool mistake_no_cool_down(const struct mistake_evidence *evidence)
{
    if (evidence->schedule == &schedule_table[SCHEDULE_1F1B])
        return every_stage_lacks(evidence, cool_down_1f1b);
    return evidence->schedule == &schedule_table[SCHEDULE_INTERLEAVED] && evidence->ranks > 0 &&
           every_stage_lacks(evidence, cool_down_interleaved);
}

bool mistake_held_back_left_out(const struct mistake_evidence *evidence)
{
    return evidence->schedule == &schedule_table[SCHEDULE_ZERO_BUBBLE] &&
           every_stage_lacks(evidence, held_back);
}
