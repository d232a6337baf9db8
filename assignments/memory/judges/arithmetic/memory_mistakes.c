/* Known mistakes of memory_per_rank: rules that explain all that it says of a group of cases. */
#include "assignments/memory/judges/arithmetic/arithmetic.h"

#include <math.h>

static const struct {
    unsigned rule;
    struct mistake mistake;
} known[] = {
    {RULE_MOMENTS_OF_16_BITS,
     {"moments at 2 bytes",
      "The optimizer's state is counted in the parameters' format. In 16 bits moments would lose "
      "what a step adds: they are "
      "float32 always.",
      "the bytes of a number of the state"}},
    {RULE_NO_MASTERS,
     {"no master weights",
      "With 16 bits every parameter has a float32 master, which the optimizer steps: 4 bytes more.",
      "what 16 bits need besides parameters and gradients"}},
    {RULE_EVERYTHING_DIVIDED,
     {"everything is divided by the number of ranks",
      "What a stage of ZeRO leaves whole is divided as well: stage 1 shares out the state alone, "
      "stage 2 the gradients, too.",
      "what is shared out from which stage on"}},
    {RULE_ROUNDED_DOWN,
     {"the remainder is rounded down",
      "Where the ranks do not divide the numbers, somebody has one more: that is the rank that "
      "needs most.",
      "how n numbers are shared out among N ranks"}},
    {RULE_ROUNDED_DOWN | RULE_ROUNDED_DOWN_ONE_ROW,
     {"the remainder is rounded down",
      "Where the ranks do not divide the numbers, somebody has one more: that is the rank that "
      "needs most. And in stages 2 and "
      "3 each layer is shared out for itself.",
      "how n numbers are shared out among N ranks"}},
    {RULE_LAYERS_IN_ZERO_1,
     {"ZeRO 1 shares out layer by layer",
      "In stage 1 a rank's shard is of all parameters in one row: they are rounded up once.",
      "what is one row in which stage"}},
    {RULE_ZERO_2_SHARES_PARAMETERS,
     {"ZeRO 2 shares out parameters",
      "Parameters are shared out in stage 3 only: in stage 2 each rank computes with its own whole "
      "copy.",
      "what is shared out from which stage on"}},
    {RULE_STATE_WHOLE,
     {"the optimizer's state is not shared out",
      "From stage 1 on each rank steps its own shard, and has state for that alone.",
      "what is shared out from which stage on"}},
    {RULE_MASTERS_WHOLE,
     {"masters are not shared out",
      "The masters belong to the state: a rank has them of its own shard.",
      "what is shared out from which stage on"}},
    {RULE_TENSOR_DIVIDES_WHOLE,
     {"tensor parallelism divides what is whole",
      "The t ranks share out what can be split. What each of them has whole (norms, inputs) is "
      "divided as well here.",
      "which sizes are split and which whole"}},
    {RULE_TENSOR_FORGOTTEN,
     {"tensor parallelism divides nothing",
      "What is split is counted whole: each of the t ranks has a t-th of it.",
      "which sizes are split and which whole"}},
    {RULE_GRADIENTS_AS_FORMAT,
     {"gradients that add up in float32 have 2 bytes",
      "With gradients_float32 each takes 4 bytes, also in 16 bits: 2 + 4 + 12.",
      "the bytes of a gradient"}},
    {RULE_NO_LAYER,
     {"what ZeRO puts together is forgotten",
      "Stage 2 needs one layer's whole gradients besides its shards, stage 3 its parameters, too.",
      "layer_gradients and layer_parameters, and which layer is the largest"}},
    {RULE_FIRST_STAGE,
     {"the first stage is taken for the largest",
      "What is returned is always the first stage's. Another may need more: layers differ.",
      "the loop over the stages"}},
    {RULE_MEAN_STAGE,
     {"a stage is taken for the mean of all",
      "What all layers need is divided by the number of stages. Stages have whole layers, and "
      "unlike ones: an embedding is on "
      "one of them.",
      "which layers a stage has"}},
    {RULE_LAST_STAGES_HAVE_MORE,
     {"the last stages have one layer more",
      "Where the stages do not divide the layers, the first ones have one more.",
      "which layers a stage has"}},
    {RULE_EACH_KIND_MOST,
     {"the most of each kind, of different stages",
      "Each kind is that of the stage that has most of it. Asked is for one rank: that which needs "
      "most in all.",
      "what is compared between stages"}},
    {RULE_ONE_MICRO_BATCH,
     {"activations of one micro-batch only",
      "As if one micro-batch were in flight. All that have had their forward and not yet their "
      "backward keep what they need.",
      "how many micro-batches are in flight on a stage"}},
    {RULE_ALL_MICRO_BATCHES,
     {"all micro-batches in flight in 1F1B",
      "With one forward, one backward, stage s of p has at most p - s in flight, however many a "
      "step has.",
      "how many micro-batches are in flight on a stage"}},
    {RULE_WRONG_END,
     {"micro-batches in flight counted from the wrong end",
      "The first stage has most in flight, and the last one has one.",
      "how many micro-batches are in flight on a stage"}},
    {RULE_NOTHING_AGAIN,
     {"recomputation forgets nothing", "Activations are what they are without recomputation.",
      "way->recompute: what stays of a forward"}},
    {RULE_AGAIN_IS_NOTHING,
     {"recomputation counted as 0",
      "What is computed again needs room, too, when its turn comes: of one segment, or one layer's "
      "probabilities.",
      "the largest segment"}},
    {RULE_BEHIND_STAYS,
     {"segments behind the one whose turn it is still count",
      "The backward goes from the last segment to the first: what entered the later ones is free "
      "when an earlier one's turn "
      "comes.",
      "which inputs are alive while a segment is computed again"}},
    {RULE_SAME_TENSOR_TWICE,
     {"a tensor counted twice",
      "What a layer keeps of its output is the same tensor as the next one's input; and what "
      "enters a segment is there "
      "already.",
      "keeps_output and keeps_input of neighbours"}},
    {RULE_BYTES_HALVED,
     {"bytes taken for numbers",
      "split_bytes_kept and whole_bytes_kept are bytes, the same in every format.",
      "what is multiplied by the bytes of the format"}},
    {RULE_NO_BYTES,
     {"masks and places are forgotten", "split_bytes_kept and whole_bytes_kept are kept as well.",
      "all members of struct layer_numbers"}},
    {RULE_SEGMENTS_OF_MODEL,
     {"segments by the root of the model's layers",
      "A stage has its own segments, of about the root of its own layers.",
      "whose layers a segment is of"}},
    {RULE_ROOT_ROUNDED_DOWN,
     {"the root is rounded down",
      "A segment has the whole number of layers that is nearest to the root.",
      "how many layers a segment has"}},
    {RULE_ACTIVATIONS_FLOAT32,
     {"activations at 4 bytes in 16 bits", "With 16 bits what layers keep has 2 bytes a number.",
      "the bytes of a number of the activations"}},
    {RULE_ONE_SAMPLE,
     {"activations of one sample",
      "A micro-batch has micro_batch_samples samples, and each keeps as much.",
      "what a layer's sizes are of"}},
};

static const struct mistake units = {
    "GB or GiB in place of bytes",
    "Everything is right but for one factor: the result is to be in bytes.",
    "what is divided by 10^9 or 2^30",
};

static bool near(double a, double b)
{
    return fabs(a - b) <= 0.25 + 1e-12 * fabs(b);
}

bool memory_arithmetic_same(const struct rank_memory *a, const struct rank_memory *b,
                            unsigned parts)
{
    for (int part = 0; part < MEMORY_PARTS; part++)
        if ((parts & 1u << part) != 0 &&
            !near(memory_part(a, (enum memory_part)part), memory_part(b, (enum memory_part)part)))
            return false;
    return true;
}

static struct rank_memory told_by(const struct memory_case *one, unsigned rules)
{
    return memory_arithmetic_truth(&(struct model_numbers){one->layers, one->layer}, &one->way,
                                   rules);
}

static bool explains(uint64_t seed, enum memory_group group, const struct rank_memory *found,
                     unsigned parts, unsigned rules)
{
    static struct memory_case one;
    for (int i = 0; i < memory_cases(group); i++) {
        memory_case_make(seed, group, i, &one);
        const struct rank_memory told = told_by(&one, rules);
        if (!memory_arithmetic_same(&found[i], &told, parts))
            return false;
    }
    return true;
}

static bool is_scaled(double found, double right)
{
    static const double factors[] = {1e9, 1073741824.0, 1e6, 1048576.0};
    for (size_t i = 0; i < G_N_ELEMENTS(factors); i++)
        if (right > 0 && fabs(found * factors[i] / right - 1) < 1e-9)
            return true;
    return right == 0 && found == 0;
}

static bool all_are_scaled(uint64_t seed, enum memory_group group, const struct rank_memory *found,
                           unsigned parts)
{
    static struct memory_case one;
    for (int i = 0; i < memory_cases(group); i++) {
        memory_case_make(seed, group, i, &one);
        const struct rank_memory right = told_by(&one, 0);
        for (int part = 0; part < MEMORY_PARTS; part++)
            if ((parts & 1u << part) != 0 &&
                !is_scaled(memory_part(&found[i], (enum memory_part)part),
                           memory_part(&right, (enum memory_part)part)))
                return false;
    }
    return true;
}

const struct mistake *memory_arithmetic_mistake(uint64_t seed, enum memory_group group,
                                                const struct rank_memory *found, unsigned parts)
{
    /* Where the truth is the accounting, and the right rules miss it, no wrong one that makes no difference is to blame. */
    if (explains(seed, group, found, parts, 0))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (explains(seed, group, found, parts, known[i].rule))
            return &known[i].mistake;
    return all_are_scaled(seed, group, found, parts) ? &units : NULL;
}
