/*
 * What is alive on a stage: micro-batches go through its layers, forwards and backwards, in the schedule's order, and what each
 * layer keeps is added and taken away.
 */
#include "assignments/memory/judges/arithmetic/memory_play.h"

#include <glib.h>
#include <math.h>

static double samples_of(const struct memory_play *play)
{
    return memory_arithmetic_has(play, RULE_ONE_SAMPLE) ? 1 : play->way->micro_batch_samples;
}

static double input_of(const struct memory_play *play, int layer)
{
    const struct layer_numbers *numbers = &play->model->layer[layer];
    return samples_of(play) * play->number *
           memory_arithmetic_split(play, numbers->split_input, numbers->whole_input);
}

static double bytes_kept(const struct memory_play *play, double split_size, double whole_size)
{
    const double bytes = memory_arithmetic_split(play, split_size, whole_size);
    return memory_arithmetic_has(play, RULE_NO_BYTES)       ? 0
           : memory_arithmetic_has(play, RULE_BYTES_HALVED) ? bytes * play->number / 4
                                                            : bytes;
}

static double probabilities_of(const struct memory_play *play, int layer)
{
    const struct layer_numbers *numbers = &play->model->layer[layer];
    return samples_of(play) *
           (play->number * memory_arithmetic_split(play, numbers->attention_kept, 0) +
            bytes_kept(play, numbers->attention_bytes_kept, 0));
}

static double kept_of(const struct memory_play *play, int layer)
{
    const struct layer_numbers *numbers = &play->model->layer[layer];
    return samples_of(play) *
           (play->number * memory_arithmetic_split(play, numbers->split_kept, numbers->whole_kept) +
            bytes_kept(play, numbers->split_bytes_kept, numbers->whole_bytes_kept));
}

/* What comes to what is alive when a layer has run, behind `first_there`, the first layer whose tensors are there. */
static double added_by(const struct memory_play *play, int layer, int first_there)
{
    const struct layer_numbers *numbers = play->model->layer;
    const bool is_there = layer > first_there && numbers[layer - 1].keeps_output &&
                          !memory_arithmetic_has(play, RULE_SAME_TENSOR_TWICE);
    const double input = numbers[layer].keeps_input && !is_there ? input_of(play, layer) : 0;
    return kept_of(play, layer) + input;
}

/* In a segment: its input is there. */
static double added_in_segment(const struct memory_play *play, int layer, int begin)
{
    if (layer == begin && !memory_arithmetic_has(play, RULE_SAME_TENSOR_TWICE))
        return kept_of(play, layer);
    return added_by(play, layer, begin);
}

static void live(struct memory_play *play, double more)
{
    play->alive += more;
    play->most = fmax(play->most, play->alive);
}

static bool is_selective(const struct memory_play *play)
{
    return play->way->recompute == RECOMPUTE_ATTENTION &&
           !memory_arithmetic_has(play, RULE_NOTHING_AGAIN);
}

static void forward(struct memory_play *play)
{
    for (int layer = play->first; layer < play->first + play->layers; layer++) {
        if (play->segment == 0)
            live(play, added_by(play, layer, play->first) -
                           (is_selective(play) ? probabilities_of(play, layer) : 0));
        else if ((layer - play->first) % play->segment == 0)
            live(play, input_of(play, layer));
    }
}

static void backward_of_layers(struct memory_play *play)
{
    for (int layer = play->first + play->layers - 1; layer >= play->first; layer--) {
        const double again = is_selective(play) ? probabilities_of(play, layer) : 0;
        if (!memory_arithmetic_has(play, RULE_AGAIN_IS_NOTHING)) {
            live(play, again);
            play->alive -= again;
        }
        play->alive -= added_by(play, layer, play->first) - again;
    }
}

static void backward_of_segments(struct memory_play *play)
{
    double behind = 0;
    for (int begin = play->first + (play->layers - 1) / play->segment * play->segment;
         begin >= play->first; begin -= play->segment) {
        double again = 0;
        for (int layer = begin; layer < begin + play->segment && layer < play->first + play->layers;
             layer++)
            again += added_in_segment(play, layer, begin);
        if (!memory_arithmetic_has(play, RULE_AGAIN_IS_NOTHING)) {
            live(play, again);
            play->alive -= again;
        }
        if (memory_arithmetic_has(play, RULE_BEHIND_STAYS))
            behind += input_of(play, begin);
        else
            play->alive -= input_of(play, begin);
    }
    play->alive -= behind;
}

static void backward(struct memory_play *play)
{
    if (play->segment == 0)
        backward_of_layers(play);
    else
        backward_of_segments(play);
}

static int segment_layers(const struct memory_play *play)
{
    const int of =
        memory_arithmetic_has(play, RULE_SEGMENTS_OF_MODEL) ? play->model->layers : play->layers;
    int k = 1;
    if (memory_arithmetic_has(play, RULE_NOTHING_AGAIN) ||
        play->way->recompute < RECOMPUTE_SEGMENTS)
        return 0;
    if (play->way->recompute == RECOMPUTE_LAYERS)
        return 1;
    /* (k + 1/2)² = k² + k + 1/4 is where the next one is nearer. */
    while (memory_arithmetic_has(play, RULE_ROOT_ROUNDED_DOWN) ? (k + 1) * (k + 1) <= of
                                                               : k * k + k < of)
        k++;
    return k;
}

/* How many forwards come before the first backward. */
static int forwards_ahead(const struct memory_play *play)
{
    const int stages = play->way->pipeline, m = play->way->micro_batches;
    const int ahead =
        memory_arithmetic_has(play, RULE_WRONG_END) ? play->stage + 1 : stages - play->stage;
    if (memory_arithmetic_has(play, RULE_ONE_MICRO_BATCH))
        return 1;
    return play->way->order == ORDER_ALL_FORWARD_FIRST ||
                   memory_arithmetic_has(play, RULE_ALL_MICRO_BATCHES)
               ? m
               : MIN(ahead, m);
}

double memory_arithmetic_play(struct memory_play *play)
{
    const int m = play->way->micro_batches, ahead = forwards_ahead(play);
    int forwards = 0, backwards = 0;
    play->segment = segment_layers(play);
    play->alive = play->most = 0;
    while (forwards < ahead) {
        forward(play);
        forwards++;
    }
    while (backwards < m) {
        backward(play);
        backwards++;
        if (forwards < m) {
            forward(play);
            forwards++;
        }
    }
    return play->most;
}
