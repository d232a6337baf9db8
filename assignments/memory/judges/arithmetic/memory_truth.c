/*
 * What a rank holds: numbers are dealt out, one row after the other, and micro-batches go through the layers (memory_play.c). So
 * is found what somebody finds who goes by a wrong rule.
 */
#include "assignments/memory/judges/arithmetic/memory_play.h"

#include <glib.h>
#include <math.h>

const char *const memory_part_names[MEMORY_PARTS] = {
    "parameters",       "gradients",       "optimizer",   "masters",
    "layer_parameters", "layer_gradients", "activations",
};

double memory_part(const struct rank_memory *memory, enum memory_part part)
{
    const double parts[MEMORY_PARTS] = {
        memory->parameters,       memory->gradients,       memory->optimizer,  memory->masters,
        memory->layer_parameters, memory->layer_gradients, memory->activations};
    return parts[part];
}

double memory_sum(const struct rank_memory *memory)
{
    double sum = 0;
    for (int part = 0; part < MEMORY_PARTS; part++)
        sum += memory_part(memory, (enum memory_part)part);
    return sum;
}

bool memory_arithmetic_has(const struct memory_play *play, unsigned rule)
{
    return (play->rules & rule) != 0;
}

double memory_arithmetic_split(const struct memory_play *play, double split_size, double whole_size)
{
    const double t = memory_arithmetic_has(play, RULE_TENSOR_FORGOTTEN) ? 1 : play->way->tensor;
    return split_size / t +
           (memory_arithmetic_has(play, RULE_TENSOR_DIVIDES_WHOLE) ? whole_size / t : whole_size);
}

/* ---- parameters, gradients, state ---------------------------------------------------------------------- */

static double parameters_of(const struct memory_play *play, int layer)
{
    const struct layer_numbers *numbers = &play->model->layer[layer];
    return memory_arithmetic_split(play, numbers->split_parameters, numbers->whole_parameters);
}

/* The longest hand when a row is dealt out: a number for each rank as long as there are any. */
static double longest_hand(const struct memory_play *play, double row)
{
    const double ranks = play->way->data, each = floor(row / ranks);
    const bool down = memory_arithmetic_has(play, RULE_ROUNDED_DOWN | RULE_ROUNDED_DOWN_ONE_ROW);
    return each * ranks < row && !down ? each + 1 : each;
}

/* Of all layers' numbers, each layer's row dealt out for itself, or all in one. */
static double own_part(const struct memory_play *play, bool by_layer)
{
    double all = 0, hands = 0;
    for (int i = 0; i < play->layers; i++) {
        all += parameters_of(play, play->first + i);
        hands += longest_hand(play, parameters_of(play, play->first + i));
    }
    return by_layer && !memory_arithmetic_has(play, RULE_ROUNDED_DOWN_ONE_ROW)
               ? hands
               : longest_hand(play, all);
}

static void play_state(const struct memory_play *play, struct rank_memory *memory)
{
    const struct way *way = play->way;
    double all = 0, largest = 0;
    for (int i = 0; i < play->layers; i++) {
        all += parameters_of(play, play->first + i);
        largest = fmax(largest, parameters_of(play, play->first + i));
    }
    const int zero = memory_arithmetic_has(play, RULE_EVERYTHING_DIVIDED) && way->zero_stage > 0
                         ? 3
                         : way->zero_stage;
    const double part =
        own_part(play, zero >= 2 || memory_arithmetic_has(play, RULE_LAYERS_IN_ZERO_1));
    const bool parameters_shared =
        zero == 3 || (zero == 2 && memory_arithmetic_has(play, RULE_ZERO_2_SHARES_PARAMETERS));
    const double state = zero >= 1 && !memory_arithmetic_has(play, RULE_STATE_WHOLE) ? part : all;
    const double master =
        zero >= 1 && !memory_arithmetic_has(play, RULE_MASTERS_WHOLE) ? part : all;
    const double moment = memory_arithmetic_has(play, RULE_MOMENTS_OF_16_BITS) ? play->number : 4;
    const bool has_masters =
        way->format == FORMAT_SIXTEEN_BITS && !memory_arithmetic_has(play, RULE_NO_MASTERS);
    memory->parameters = play->number * (parameters_shared ? part : all);
    memory->gradients = play->gradient * (zero >= 2 ? part : all);
    memory->optimizer = moment * (way->optimizer == STATE_ADAM ? 2 : 1) * state;
    memory->masters = has_masters ? 4 * master : 0;
    if (memory_arithmetic_has(play, RULE_NO_LAYER))
        return;
    memory->layer_gradients = way->zero_stage >= 2 ? play->gradient * largest : 0;
    memory->layer_parameters = way->zero_stage == 3 ? play->number * largest : 0;
}

/* ---- all stages ------------------------------------------------------------------------------------------------ */

static struct rank_memory play_stage(struct memory_play *play)
{
    struct rank_memory memory = {0};
    const bool sixteen = play->way->format == FORMAT_SIXTEEN_BITS;
    play->number = sixteen ? 2 : 4;
    play->gradient =
        play->way->gradients_float32 && !memory_arithmetic_has(play, RULE_GRADIENTS_AS_FORMAT)
            ? 4
            : play->number;
    play_state(play, &memory);
    if (memory_arithmetic_has(play, RULE_ACTIVATIONS_FLOAT32))
        play->number = 4;
    memory.activations = memory_arithmetic_play(play);
    return memory;
}

static struct rank_memory scaled(struct rank_memory memory, double by)
{
    return (struct rank_memory){memory.parameters * by,       memory.gradients * by,
                                memory.optimizer * by,        memory.masters * by,
                                memory.layer_parameters * by, memory.layer_gradients * by,
                                memory.activations * by};
}

static struct rank_memory most_of_each(struct rank_memory a, struct rank_memory b)
{
    return (struct rank_memory){fmax(a.parameters, b.parameters),
                                fmax(a.gradients, b.gradients),
                                fmax(a.optimizer, b.optimizer),
                                fmax(a.masters, b.masters),
                                fmax(a.layer_parameters, b.layer_parameters),
                                fmax(a.layer_gradients, b.layer_gradients),
                                fmax(a.activations, b.activations)};
}

/* All layers in one stage, divided. */
static struct rank_memory mean_stage(const struct model_numbers *model, const struct way *way,
                                     unsigned rules)
{
    struct memory_play play = {.model = model, .way = way, .rules = rules, .layers = model->layers};
    return scaled(play_stage(&play), 1.0 / way->pipeline);
}

struct rank_memory memory_arithmetic_truth(const struct model_numbers *model, const struct way *way,
                                           unsigned rules)
{
    struct rank_memory most = {0};
    const int stages = way->pipeline, more = model->layers % stages;
    int first = 0;
    if ((rules & RULE_MEAN_STAGE) != 0)
        return mean_stage(model, way, rules);
    for (int stage = 0; stage < stages; stage++) {
        const bool has_more =
            (rules & RULE_LAST_STAGES_HAVE_MORE) != 0 ? stage >= stages - more : stage < more;
        struct memory_play play = {.model = model,
                                   .way = way,
                                   .rules = rules,
                                   .stage = stage,
                                   .first = first,
                                   .layers = model->layers / stages + (has_more ? 1 : 0)};
        const struct rank_memory memory = play_stage(&play);
        if ((rules & RULE_EACH_KIND_MOST) != 0)
            most = most_of_each(most, memory);
        else if (stage == 0 ||
                 (memory_sum(&memory) > memory_sum(&most) && (rules & RULE_FIRST_STAGE) == 0))
            most = memory;
        first += play.layers;
    }
    return most;
}
