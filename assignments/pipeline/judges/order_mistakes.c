/*
 * Known mistakes that the order of computations shows: order_recognise() of
 * order_rules.h. Every signature is exact, on all ranks; of a run that hung
 * nothing is known but what came before, so there a count is only looked at
 * once the rank has begun a backward.
 */
#include "assignments/pipeline/judges/order_rules.h"

static bool is_backward(const struct schedule_operation *operation)
{
    return operation->operation == LOG_BACKWARD || operation->operation == LOG_BACKWARD_INPUT;
}

/* Forwards before the first backward; -1: the rank never came to one. */
static int forwards_before(const struct schedule *schedule, int rank)
{
    int forwards = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        if (is_backward(operation))
            return forwards;
        forwards += operation->operation == LOG_FORWARD;
    }
    return -1;
}

static int count_of(const struct schedule *schedule, int rank, bool backwards)
{
    int count = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        count += backwards ? is_backward(operation) : operation->operation == LOG_FORWARD;
    }
    return count;
}

static int all_of(struct schedule_shape shape)
{
    return shape.micro_batches * shape.chunks;
}

/* ---- the mistakes ---------------------------------------------------------------------- */

typedef bool signature(const struct schedule_kind *kind, const struct schedule *schedule,
                       struct schedule_shape shape);

static bool chunks_are_contiguous(const struct schedule_kind *kind, const struct schedule *schedule,
                                  struct schedule_shape shape)
{
    (void)kind;
    if (shape.chunks < 2 || shape.ranks < 2)
        return false;
    for (int rank = 0; rank < shape.ranks; rank++)
        for (int i = 0; i < schedule->count[rank]; i++) {
            const struct schedule_operation *operation = &schedule->operation[rank][i];
            if (operation->operation <= LOG_BACKWARD_WEIGHT &&
                (operation->stage < rank * shape.chunks ||
                 operation->stage >= (rank + 1) * shape.chunks))
                return false;
        }
    return true;
}

/* On some rank, in the order in which it goes backwards. */
static bool chunks_are_not_reversed(const struct schedule_kind *kind,
                                    const struct schedule *schedule, struct schedule_shape shape)
{
    (void)kind;
    for (int rank = 0; shape.chunks > 1 && rank < shape.ranks; rank++)
        for (int i = 0; i < schedule->count[rank]; i++)
            if (is_backward(&schedule->operation[rank][i])) {
                if (schedule->operation[rank][i].stage == rank) /* chunk 0 */
                    return true;
                break;
            }
    return false;
}

/* On all ranks, of micro-batches that are more than one. */
static bool weights_are_at_once(const struct schedule_kind *kind, const struct schedule *schedule,
                                struct schedule_shape shape)
{
    int weights = 0;
    for (int rank = 0; kind->facts->halves && rank < shape.ranks; rank++)
        for (int i = 0; i < schedule->count[rank]; i++) {
            const struct schedule_operation *operation = &schedule->operation[rank][i];
            if (operation->operation != LOG_BACKWARD_WEIGHT)
                continue;
            if (i == 0 || operation[-1].operation != LOG_BACKWARD_INPUT ||
                operation[-1].micro_batch != operation->micro_batch)
                return false;
            weights++;
        }
    return weights > 0 && shape.ranks > 1 && shape.micro_batches > 1;
}

static bool all_forwards_first(const struct schedule_kind *kind, const struct schedule *schedule,
                               struct schedule_shape shape)
{
    bool too_many = false; /* with few micro-batches the two orders are the same */
    for (int rank = 0; rank < shape.ranks; rank++) {
        if (forwards_before(schedule, rank) != all_of(shape))
            return false;
        too_many = too_many || all_of(shape) > kind->in_flight(shape, rank);
    }
    return too_many;
}

/* Does every rank run that many forwards before its first backward, and is that not what it
 * should? */
static bool warm_ups_are(const struct schedule_kind *kind, const struct schedule *schedule,
                         struct schedule_shape shape, int (*forwards)(int right, int rank))
{
    bool wrong = false, seen = false;
    for (int rank = 0; kind->warm_up && rank < shape.ranks; rank++) {
        int right = kind->warm_up(shape, rank) + 1, found = forwards_before(schedule, rank);
        if (found < 0)
            continue;
        if (found != MIN(forwards(right, rank), all_of(shape)))
            return false;
        seen = true;
        wrong = wrong || found != MIN(right, all_of(shape));
    }
    return seen && wrong;
}

static int one_more(int right, int rank)
{
    (void)rank;
    return right + 1;
}

static int from_the_wrong_end(int right, int rank)
{
    (void)right;
    return rank + 1;
}

static bool warm_up_is_one_too_many(const struct schedule_kind *kind,
                                    const struct schedule *schedule, struct schedule_shape shape)
{
    return !kind->facts->halves && warm_ups_are(kind, schedule, shape, one_more);
}

static bool warm_up_is_from_the_wrong_end(const struct schedule_kind *kind,
                                          const struct schedule *schedule,
                                          struct schedule_shape shape)
{
    return !kind->facts->chunked && warm_ups_are(kind, schedule, shape, from_the_wrong_end);
}

/* Everything but the backwards that belong to the forwards of the warm-up. */
static bool cool_down_is_missing(const struct schedule_kind *kind, const struct schedule *schedule,
                                 struct schedule_shape shape)
{
    bool missing = false;
    for (int rank = 0; kind->warm_up && rank < shape.ranks; rank++) {
        int left = MIN(kind->warm_up(shape, rank), all_of(shape));
        if (count_of(schedule, rank, false) != all_of(shape) ||
            count_of(schedule, rank, true) != all_of(shape) - left)
            return false;
        missing = missing || left > 0;
    }
    return missing;
}

static const struct {
    signature *shows;
    bool of_whole_steps; /* what it misses may only not have been reached yet */
    struct mistake mistake;
} mistakes[] = {
    {chunks_are_contiguous,
     false,
     {"interleaved: contiguous chunks",
      "Rank r runs stages r·v to r·v+v-1, next to each other. A micro-batch then passes every rank "
      "once, as without interleaving, and the bubble is no smaller.",
      "which stages belong to a rank: chunk c of rank r is stage c·p + r"}},
    {all_forwards_first,
     false,
     {"all-forward-all-backward instead",
      "Every rank runs all its forwards before its first backward. That takes the memory of all "
      "micro-batches at once, which is what this schedule avoids.",
      "when the first backward begins: it must not wait for the last forward"}},
    {weights_are_at_once,
     true,
     {"weight gradients directly behind input gradients",
      "Every W comes directly behind its I, on every rank. Together they are the backward of 1F1B, "
      "and the bubble is that of 1F1B.",
      "when stage_backward_weight is called: rank r holds back the weight gradients of r "
      "micro-batches"}},
    {chunks_are_not_reversed,
     false,
     {"interleaved: chunks not reversed in backward",
      "The first backward is of chunk 0. But backwards go from the last stage to the first, so "
      "each group of micro-batches begins with the last chunk.",
      "the chunk of backward number k: v-1 less the chunk of forward number k"}},
    {warm_up_is_from_the_wrong_end,
     false,
     {"warm-up counted from the wrong end",
      "Rank r runs r+1 forwards before its first backward. But rank 0 is the farthest from the "
      "loss, so it needs the most: p-r, this last one being the first of the steady phase.",
      "the number of warm-up forwards: p-r-1, not r"}},
    {warm_up_is_one_too_many,
     false,
     {"warm-up one too many",
      "Every rank runs one forward more than it should before its first backward. One more "
      "micro-batch is then in flight on every rank than this schedule needs.",
      "the number of warm-up forwards: the steady phase begins with a forward of its own"}},
    {cool_down_is_missing,
     true,
     {"no cool-down",
      "Every rank lacks as many backwards as its warm-up has forwards: those of the last "
      "micro-batches were never run, and their share of the gradients is missing.",
      "what comes after the steady phase: the backwards that are still open"}},
};

static const struct mistake *recognise(const struct schedule_kind *kind,
                                       const struct schedule *schedule, struct schedule_shape shape,
                                       bool whole)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        if ((whole || !mistakes[i].of_whole_steps) && mistakes[i].shows(kind, schedule, shape))
            return &mistakes[i].mistake;
    return NULL;
}

const struct mistake *order_recognise(const struct schedule_kind *kind,
                                      const struct schedule *schedule, struct schedule_shape shape)
{
    return recognise(kind, schedule, shape, true);
}

const struct mistake *order_recognise_cut_off(const struct schedule_kind *kind,
                                              const struct schedule *schedule,
                                              struct schedule_shape shape)
{
    return recognise(kind, schedule, shape, false);
}
