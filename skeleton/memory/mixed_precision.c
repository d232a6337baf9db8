/*
 * Mixed precision: numbers of 16 bits wherever there are many of them, and float32 where small updates add up.
 * (Micikevicius et al. 2018)
 */
#include "assignments/memory/memory.h"

enum dtype gradients_dtype(enum dtype precision)
{
    /* TODO: in which dtype the micro-batches' gradients add up: precision, or DTYPE_FLOAT32. Both
     * are right, and judged by their own formula; say in answers.md what each costs and what it is
     * good for.
     *
     * Hint: in bfloat16 256 + 1 is 256.
     * Check: make grade ASSIGNMENT=memory CHECK=mixed_precision, as soon as the two below are
     * written, too
     */
    todo("say in which dtype gradients add up", &precision);
}

void make_masters(struct zero *zero)
{
    /* TODO: with parameters of 16 bits, make zero->masters: zero->own_count float32 numbers of the
     * kind MEMORY_OPTIMIZER, on zero->device, which begin as this rank's own parameters. With
     * float32 there is nothing to do.
     *
     * Given: tensor_new of shape_flat(zero->own_count), which may be 0; widen_numbers,
     * own_parameters_of; a unit's shard lies at unit->place of them.
     * Hint: there may be several units, and a shard may be empty.
     * Check: make grade ASSIGNMENT=memory CHECK=mixed_precision, as soon as the one below is
     * written, too
     */
    todo("make the masters", zero);
}

void step_own_parameters(struct zero *zero, const struct unit *unit, const void *gradients,
                         void *parameters, double factor)
{
    /* TODO: one step of the optimizer with the unit's shard: with the masters where there are
     * some, and the parameters are what they are after the step, rounded; else with the parameters
     * themselves.
     *
     * Given: optimizer_step_on, which multiplies the gradients by factor; round_numbers.
     * Hint: which numbers of the optimizer are this unit's?
     * Check: make grade ASSIGNMENT=memory CHECK=mixed_precision; it is a part of all checks of
     * ZeRO, too: mixed_training is judged when zero1.c is written, mixed_shards (bonus) when
     * zero3.c is
     */
    todo("step with this rank's own parameters", zero, unit, gradients, parameters, &factor);
}
