/*
 * What a rank has of all parameters and their state, for the evidence: its own shards, as flat ranges of the stage's arena.
 * Numbers of 16 bits are widened, which is exact. The masters are told as ".master".
 */
#include "assignments/memory/program/parts.h"
#include "common/kernels/convert.h"

#include <stdio.h>

/* The zero of the stage that is trained: there is one. */
static const struct zero *told;

/* numbers first, …, first + count - 1 of `all` are the arena's from `begin` on. */
static void add_range(struct tensor_file *file, const char *name, struct tensor *all, size_t first,
                      size_t count, const char *ending, size_t begin)
{
    if (count == 0)
        return;
    struct tensor *view = tensor_view(all, first, shape_flat(count));
    struct tensor *wide =
        view->dtype == DTYPE_FLOAT32 ? tensor_retain(view) : tensor_widened(view, MEMORY_WORKSPACE);
    tensor_file_add_range(file, name, wide, DRIVER_ARENA, ending, begin);
    tensor_free(wide);
    tensor_free(view);
}

static void add_own(struct tensor_file *file, int u, struct tensor *all, const char *ending)
{
    const struct unit *unit = &told->unit[u];
    char name[96];
    snprintf(name, sizeof name, "unit-%d%s", u, ending[0] == '\0' ? ".parameter" : ending);
    add_range(file, name, all, unit->place, unit->own_count, ending, unit->own_begin);
}

static void store(const struct run *run, const struct trained_stage *one, bool after,
                  struct tensor_file *file)
{
    (void)run;
    const struct zero *zero = told;
    if (after)
        return;
    for (int u = 0; u < zero->units; u++) {
        for (int i = 0; i < optimizer_states(one->optimizer); i++) {
            char ending[64];
            snprintf(ending, sizeof ending, ".%s", optimizer_state_name(one->optimizer, i));
            add_own(file, u, optimizer_state(one->optimizer, i), ending);
        }
        if (zero->masters != NULL)
            add_own(file, u, zero->masters, ".master");
        if (zero->own_parameters != NULL)
            add_own(file, u, zero->own_parameters, "");
    }
    if (zero->own_parameters == NULL && zero->precision != DTYPE_FLOAT32) {
        struct tensor *all = stage_parameters(one->stage);
        add_range(file, "parameters", all, 0, stage_parameter_count(one->stage), "", 0);
    }
}

void memory_program_tell(struct trained_stage *one, const struct zero *zero)
{
    told = zero;
    one->optimizer = zero->optimizer;
    one->state.extent = HOLDS_NOTHING;
    one->gradients.extent = HOLDS_NOTHING;
    if (zero->zero_stage == 3 || zero->precision != DTYPE_FLOAT32)
        one->parameters.extent = HOLDS_NOTHING;
    one->store = store;
}
