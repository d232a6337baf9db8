/*
 * The judges of the arithmetic, and what is right: memory_truth.c deals numbers out and plays the schedule, layer by layer, to see what is alive;
 * memory_runs.c runs models of the kit; decision_search.c tries all ways.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ARITHMETIC_ARITHMETIC_H
#define ASSIGNMENTS_MEMORY_JUDGES_ARITHMETIC_ARITHMETIC_H

#include "assignments/memory/costs/costs.h"
#include "assignments/memory/decision_cases.h"
#include "assignments/memory/memory_cases.h"
#include "grader/verdict/judge.h"

/* memory.c: what memory_per_rank says of each group of cases. */
judge_function memory_judge_state, memory_judge_activations, memory_judge_runs;
/* decisions.c */
judge_function memory_judge_decisions;

/* ---- kinds ------------------------------------------------------------------------------------------ */

enum memory_part {
    PART_PARAMETERS,
    PART_GRADIENTS,
    PART_OPTIMIZER,
    PART_MASTERS,
    PART_LAYER_PARAMETERS,
    PART_LAYER_GRADIENTS,
    PART_ACTIVATIONS,
    MEMORY_PARTS
};
/* As the probe names it. */
extern const char *const memory_part_names[MEMORY_PARTS];
double memory_part(const struct rank_memory *memory, enum memory_part part);
double memory_sum(const struct rank_memory *memory);

/* ---- memory_truth.c ------------------------------------------------------------------------------------ */

/* Rules that students take for right; a bit for each. */
enum memory_rule {
    RULE_MOMENTS_OF_16_BITS = 1 << 0,
    RULE_NO_MASTERS = 1 << 1,
    RULE_EVERYTHING_DIVIDED = 1 << 2,
    RULE_ROUNDED_DOWN = 1 << 3,
    RULE_ROUNDED_DOWN_ONE_ROW = 1 << 4, /* one row in ZeRO 2 and 3, too */
    RULE_LAYERS_IN_ZERO_1 = 1 << 5,     /* a row for each layer in ZeRO 1, too */
    RULE_ZERO_2_SHARES_PARAMETERS = 1 << 6,
    RULE_STATE_WHOLE = 1 << 7,
    RULE_MASTERS_WHOLE = 1 << 8,
    RULE_TENSOR_DIVIDES_WHOLE = 1 << 9,
    RULE_TENSOR_FORGOTTEN = 1 << 10,
    RULE_GRADIENTS_AS_FORMAT = 1 << 11,
    RULE_NO_LAYER = 1 << 12, /* of what ZeRO puts together */
    RULE_FIRST_STAGE = 1 << 13,
    RULE_MEAN_STAGE = 1 << 14,
    RULE_LAST_STAGES_HAVE_MORE = 1 << 15,
    RULE_EACH_KIND_MOST = 1 << 16,
    RULE_ONE_MICRO_BATCH = 1 << 17,
    RULE_ALL_MICRO_BATCHES = 1 << 18,
    RULE_WRONG_END = 1 << 19,
    RULE_NOTHING_AGAIN = 1 << 20,    /* recomputation forgets nothing */
    RULE_AGAIN_IS_NOTHING = 1 << 21, /* what is computed again takes no room */
    RULE_BEHIND_STAYS = 1 << 22,     /* inputs of segments behind the one whose turn it is */
    RULE_SAME_TENSOR_TWICE = 1 << 23,
    RULE_BYTES_HALVED = 1 << 24,
    RULE_SEGMENTS_OF_MODEL = 1 << 25,
    RULE_ACTIVATIONS_FLOAT32 = 1 << 26,
    RULE_ONE_SAMPLE = 1 << 27,
    RULE_ROOT_ROUNDED_DOWN = 1 << 28,
    RULE_NO_BYTES = 1 << 29
};

/* What is right with rules = 0; and with one, what somebody finds who takes it for right. */
struct rank_memory memory_arithmetic_truth(const struct model_numbers *model, const struct way *way,
                                           unsigned rules);

/* ---- memory_runs.c ---------------------------------------------------------------------------------------- */

/* What the kit's accounting says of such a case. */
struct rank_memory memory_arithmetic_run(const struct memory_case *one);

/* ---- memory_mistakes.c ---------------------------------------------------------------------------------- */

/* The rule that explains all of what was found, for `cases` cases of a group, or a unit; NULL: none. As far as `parts`, a bit
 * for each enum memory_part, says. */
const struct mistake *memory_arithmetic_mistake(uint64_t seed, enum memory_group group,
                                                const struct rank_memory *found, unsigned parts);
bool memory_arithmetic_same(const struct rank_memory *a, const struct rank_memory *b,
                            unsigned parts);

/* ---- decision_search.c ------------------------------------------------------------------------------------ */

struct decision {
    bool fits;
    struct way best;
    double seconds, bytes; /* of the best */
    struct way smallest;   /* that with the least bytes, whether it fits or not … */
    double least;          /* … and these */
    double bytes_on_one;
    double state_on_one; /* without activations */
};
/* Of the ways that leave `margin` of the memory, as a share of it. */
struct decision memory_arithmetic_decision(const struct job *job, double margin);

#endif
