/*
 * Known mistakes that the order of computations shows: order_recognise() of
 * order_rules.h. What each means is a signature of order_signatures.h; what
 * excludes it stands here beside its name. Where several hold, all are true, and
 * the first is the one that explains most.
 *
 * An order that was cut off, as a run that hung has it, shows a mistake only if
 * no right order, and none with another mistake of the same family, begins so.
 */
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/order_signatures.h"

static const struct {
    order_signature *shows;
    bool spoils_gradients; /* the numbers are wrong by it, not only the order */
    struct mistake mistake;
} mistakes[] = {
    /* Excluded by a rank that begins with a forward of its first chunk. */
    {order_first_forward_of_another_chunk,
     false,
     {"interleaved: forwards begin with another chunk than the first",
      "The first forward of each rank is not of its first chunk. But a micro-batch enters the "
      "model at stage 0, which is chunk 0 of rank 0: nothing is there for a later chunk yet.",
      "the chunk of forward number 0: it is chunk 0 on every rank"}},
    /* Excluded by a forward k that is not of chunk k % v and micro-batch k / v. */
    {order_chunk_after_chunk_per_micro_batch,
     false,
     {"interleaved: chunk and micro-batch mixed up",
      "Each rank runs a micro-batch through all its chunks before it begins the next one: the "
      "chunk changes with every forward. Each forward then waits until the one before it has been "
      "through all the other ranks.",
      "chunk and micro-batch of forward number k: p micro-batches go through a chunk before the "
      "next chunk comes, so the chunk is k / p % v, and the micro-batch counts on within the "
      "group"}},
    /* Excluded by a forward k that is not of chunk k / m and micro-batch k % m. */
    {order_whole_batch_per_chunk,
     false,
     {"interleaved: all micro-batches through one chunk before the next",
      "Each rank runs all micro-batches through chunk 0 before it begins chunk 1. They should go "
      "in groups of p, the number of ranks: with all of them at once as many are in flight as "
      "without a pipeline schedule.",
      "chunk and micro-batch of forward number k: after p forwards comes the next chunk, after "
      "p · v the next group"}},
    /* Excluded by a rank that lacks a forward, or runs one behind a backward; and where the right
     * order is the same. */
    {order_all_forwards_first,
     false,
     {"all-forward-all-backward instead",
      "Every rank runs all its forwards before its first backward. That takes the memory of all "
      "micro-batches at once, which is what this schedule avoids.",
      "when the first backward begins: it must not wait for the last forward"}},
    /* Excluded by forwards in another order than the right one, and by a backward k that is not of
     * the chunk of forward k. */
    {order_chunks_not_reversed,
     false,
     {"interleaved: chunks not reversed in backward",
      "The backwards take the chunks in the order of the forwards, chunk 0 first. But backwards go "
      "from the last stage to the first, so each group of micro-batches begins with the last "
      "chunk.",
      "the chunk of backward number k: v-1 less the chunk of forward number k"}},
    /* Excluded by chunks in another order than the right one, forwards or backwards. */
    {order_backwards_of_other_micro_batches,
     false,
     {"interleaved: backwards take the micro-batches in another order than the forwards",
      "The chunks come in the right order. But backward number k is of another micro-batch than "
      "forward number k, so a gradient is asked for that nobody can have yet, or the wrong one is "
      "waited for.",
      "the micro-batch of backward number k: that of forward number k; only the chunk is "
      "reversed"}},
    /* These three exclude each other, and each a rank that does not alternate behind its warm-up. */
    {order_warm_up_from_the_wrong_end,
     false,
     {"warm-up counted from the wrong end",
      "The last rank runs as many forwards before its first backward as rank 0 should, and rank 0 "
      "as many as the last. But rank 0 is the farthest from the loss, so it needs the most.",
      "the number of warm-up forwards: it counts the ranks behind this one, p-r-1, not those "
      "before it"}},
    {order_warm_up_one_too_many,
     false,
     {"warm-up one too many",
      "Every rank runs one forward more than it should before its first backward. One more "
      "micro-batch is then in flight on every rank than this schedule needs.",
      "the number of warm-up forwards: the steady phase begins with a forward of its own"}},
    /* Excluded by a rank that runs more forwards first than it should. */
    {order_warm_up_too_short,
     false,
     {"warm-up too short",
      "No rank runs more forwards than it should before its first backward, and some run fewer. A "
      "rank whose warm-up is too short waits for its first gradient with nothing to do, and those "
      "behind it wait for its next forward.",
      "the number of warm-up forwards: as many as fit in before the first micro-batch is back"}},
    /* Excluded by a W anywhere else than right behind its own I. */
    {order_weights_at_once,
     false,
     {"weight gradients directly behind input gradients",
      "Every W comes directly behind its I, on every rank. Together they are the backward of 1F1B, "
      "and the bubble is that of 1F1B.",
      "when stage_backward_weight is called: rank r holds back the weight gradients of r "
      "micro-batches"}},
    /* Excluded by a W that is missing or not in the order of the I. */
    {order_held_back_by_the_wrong_number,
     false,
     {"zero bubble: weight gradients held back by the wrong number",
      "On each rank the weight gradients follow the input gradients at a fixed distance, but on "
      "some rank r that is not r. Held back by less there are none left to fill the gaps at the "
      "end; held back by more, more micro-batches stay in memory.",
      "which W runs behind I of micro-batch i on rank r: that of micro-batch i - r"}},
    /* Excluded by an F or I that is there twice, too. */
    {order_weights_twice,
     true,
     {"zero bubble: weight gradient run twice",
      "A rank ran the weight gradient of a micro-batch a second time. Either it was due to another "
      "one, or the loop at the end of the step begins one too early.",
      "which micro-batches the loop behind the last input gradient takes: those whose "
      "stage_backward_weight has not run"}},
    {order_micro_batch_twice,
     true,
     {"a micro-batch run twice",
      "A rank ran the same half of the same micro-batch a second time, forwards or backwards.",
      "how the micro-batch's number follows from the loop's"}},
    /* Excluded by a missing part, and by a step that anything but W follows. */
    {order_step_before_the_last_weights,
     true,
     {"zero bubble: optimizer step before the last weight gradients",
      "The optimizer stepped before the last weight gradients were computed, so it moved the "
      "parameters without them; they then lie in the gradients, too late.",
      "where optimizer_step is called: behind the loop over the weight gradients that are left"}},
    /* Excluded by a missing forward, and by a backward that the right order has before its cool-down
     * and this one has not. */
    {order_no_cool_down,
     true,
     {"no cool-down",
      "Every rank lacks as many backwards as its warm-up has forwards: those of the last "
      "micro-batches were never run, and their share of the gradients is missing.",
      "what comes after the steady phase: the backwards that are still open"}},
    /* Excluded by a rank that holds back another number than its own. */
    {order_last_weights_left_out,
     true,
     {"zero bubble: last weight gradients left out",
      "Stage r lacks the weight gradients of the last r micro-batches: those that it holds back "
      "for the end of the step.",
      "the loop behind the last stage_backward_input: a stage_backward_weight for each micro-batch "
      "that is still held back"}},
    /* Excluded by any other gap, and where the ranks lack different ones. */
    {order_backwards_never_run,
     true,
     {"backward of a micro-batch left out",
      "Some micro-batches went forwards on every rank and never backwards, the same on all ranks; "
      "their share of the gradients is missing.",
      "the bounds of the loop over the backwards"}},
    {order_micro_batches_never_run,
     true,
     {"micro-batches never run",
      "Some micro-batches were begun on no rank, and all others are complete.",
      "the bounds of the loops over micro-batches, and what becomes of a number of micro-batches "
      "that makes no whole groups"}},
};

static const struct mistake *recognise(const struct schedule_kind *kind,
                                       const struct schedule *schedule, struct schedule_shape shape,
                                       bool whole)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        if (mistakes[i].shows(kind, schedule, shape, whole))
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

const struct mistake *order_recognise_gradients(const struct schedule_kind *kind,
                                                const struct schedule *schedule,
                                                struct schedule_shape shape)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        if (mistakes[i].spoils_gradients && mistakes[i].shows(kind, schedule, shape, true))
            return &mistakes[i].mistake;
    return NULL;
}

void order_add_fitting(const struct schedule_kind *kind, const struct schedule *schedule,
                       struct schedule_shape shape, bool whole, GPtrArray *mistakes_that_fit)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        if (mistakes[i].shows(kind, schedule, shape, whole))
            g_ptr_array_add(mistakes_that_fit, (void *)&mistakes[i].mistake);
}
