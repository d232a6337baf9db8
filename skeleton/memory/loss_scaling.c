/*
 * Dynamic loss scaling: float16 has no numbers below 6·10⁻⁸, where many gradients are. The loss, and so all of them, is
 * multiplied by as much as there is room for. (Micikevicius et al. 2018; the rule is that of apex and
 * torch.cuda.amp.GradScaler)
 */
#include "assignments/memory/memory.h"

#include <math.h>

bool gradients_are_finite(struct zero *zero)
{
    /* TODO: whether all ranks' own gradients are finite.
     *
     * Given: each unit's own_gradients_of and unit->own_count; sum_of_squares is in double
     * precision, so that it is finite when all numbers are; MPI_Allreduce within mpi_check.
     * Hint: what happens if one rank steps and another does not?
     * Check: make grade ASSIGNMENT=memory CHECK=loss_scaling, as soon as the one below is written,
     * too
     */
    todo("find out whether the gradients overflowed", zero);
}

void update_loss_scale(struct zero *zero, bool finite)
{
    /* TODO: halve zero->loss_scale after a step that overflowed; double it after
     * zero->scale_window good steps in a row.
     *
     * Given: zero->good_steps is yours to count in.
     * Check: make grade ASSIGNMENT=memory CHECK=loss_scaling, then, with clip.c, clip_scaled
     */
    todo("adapt the loss scale", zero, &finite);
}
