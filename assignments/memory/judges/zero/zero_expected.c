/* What one process makes of a step, and how far rounding may be off it; see zero_expected.h. */
#include "assignments/memory/judges/zero/zero_expected.h"

#include "assignments/memory/options.h"

#include <math.h>
#include <string.h>

/* As the data assignment's gradients: tolerance_gradient, element by element and of each tensor's norm. */
#define RELATIVE 1e-5
#define ABSOLUTE 4e-5
#define EPSILON  1.2e-7

/* ---- what one process makes of it ----------------------------------------------------------------- */

bool memory_zero_is_adamw(const struct zero_step *s)
{
    return s->run->options.optimizer.kind == OPTIMIZER_ADAMW;
}

static double norm_of(const float *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)numbers[i] * (double)numbers[i];
    return sqrt(sum);
}

/* The reference goes on from what the ranks had. */
void memory_zero_compute(struct zero_step *s)
{
    const size_t count = s->before->count;
    const double most = memory_options(&s->run->options).clip;
    memcpy(tensor_floats(stage_parameters(s->reference->stage)), s->parameters,
           count * sizeof(float));
    reference_compute(s->reference, s->step);
    memcpy(s->gradient, tensor_floats(stage_gradients(s->reference->stage)), count * sizeof(float));
    const double norm = norm_of(s->gradient, count);
    s->clip = most > 0 && norm > most ? most / norm : 1;
}

/* What the state grows by, of a gradient. */
static double gain_of(const struct zero_step *s)
{
    return memory_zero_is_adamw(s) ? 1 - s->run->options.optimizer.beta1 : 1;
}

static double keep_of(const struct zero_step *s)
{
    const struct optimizer_options *options = &s->run->options.optimizer;
    return memory_zero_is_adamw(s) ? options->beta1 : options->momentum;
}

/* How far rounding of the state may put the gradient off that is worked out from it. */
double memory_zero_noise(const struct zero_step *s, size_t i)
{
    return 4 * EPSILON * (fabs((double)s->state_behind[i]) + fabs((double)s->state[i])) /
           gain_of(s);
}

void memory_zero_find_gradient(struct zero_step *s)
{
    for (size_t i = 0; i < s->before->count; i++)
        s->found[i] =
            (float)(((double)s->state_behind[i] - keep_of(s) * (double)s->state[i]) / gain_of(s));
}

/* Where the parameters go from the state that the ranks have behind the step. */
double memory_zero_updated(const struct zero_step *s, size_t i)
{
    const struct optimizer_options *options = &s->run->options.optimizer;
    const double rate = options->learning_rate, now = (double)s->parameters[i];
    if (!memory_zero_is_adamw(s))
        return now - rate * (double)s->state_behind[i];
    const double average = (double)s->state_behind[i] / (1 - pow(options->beta1, s->step + 1));
    const double square = (double)s->second_behind[i] / (1 - pow(options->beta2, s->step + 1));
    return now * (1 - rate * options->weight_decay) -
           rate * average / (sqrt(square) + options->epsilon);
}

/* The first element of a tensor's range that is wrong, or -1. What is summed is of the size of the whole gradient: a
 * tensor whose own cancels out, as behind a narrow layer norm, holds what rounding has left of that. */
static gssize first_wrong(const struct zero_step *s, size_t begin, size_t end, double whole)
{
    double off = 0, size = 0, noise = 0, worst = -1;
    gssize at = -1, worst_at = -1;
    for (size_t i = begin; i < end; i++) {
        const double due = s->clip * (double)s->gradient[i];
        const double difference = fabs((double)s->found[i] - due);
        if (!(difference <= RELATIVE * fabs(due) + ABSOLUTE + memory_zero_noise(s, i)) && at < 0)
            at = (gssize)i;
        off += difference * difference;
        size += due * due;
        noise += memory_zero_noise(s, i) * memory_zero_noise(s, i);
        if (difference > worst) {
            worst = difference;
            worst_at = (gssize)i;
        }
    }
    if (at >= 0)
        return at;
    return sqrt(off) <= RELATIVE * sqrt(size) + sqrt(noise) + EPSILON * whole ? -1 : worst_at;
}

/* Calls for each tensor of the model. */
gssize memory_zero_first_wrong(const struct zero_step *s)
{
    const struct model *model = s->before->model;
    const double whole = s->clip * norm_of(s->gradient, s->before->count);
    size_t begin = 0;
    for (int layer = 0; layer < model->layers; layer++) {
        const struct layer *of = &model->layer[layer];
        for (int p = 0; p < of->parameters; p++) {
            const size_t first = begin + of->parameter[p].offset;
            const gssize at =
                first_wrong(s, first, first + shape_elements(of->parameter[p].shape), whole);
            if (at >= 0)
                return at;
        }
        begin += of->parameter_count;
    }
    return -1;
}

double memory_zero_room(const struct zero_step *s, size_t i, double due)
{
    const double now = (double)s->parameters[i];
    return 4e-7 * fabs(now) + 1e-5 * fabs(due - now) + 1e-12;
}
