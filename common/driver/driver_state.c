/*
 * What a rank holds of its stages, as parts of wholes: parameters, optimizer state and
 * running averages (driver_parts.h). Evidence and checkpoints store it, and a run that goes
 * on from a checkpoint takes it back.
 */
#include "common/base/fatal.h"
#include "common/driver/driver_parts.h"
#include "common/training/stage.h"

#include <stdio.h>

/* ---- part by part ------------------------------------------------------------------------------- */

static void with_parameter(int layer, const struct parameter *parameter, const char *ending,
                           struct tensor *flat, size_t place, driver_part_function *each,
                           void *user)
{
    char name[LAYER_NAME_SIZE + 64];
    const struct slice slice = layer_parameter_slice(parameter);
    struct tensor *view = tensor_view(flat, place + parameter->offset, parameter->shape);
    snprintf(name, sizeof name, "layers.%d.%s%s", layer, parameter->name, ending);
    each(name, view, &slice, user);
    tensor_free(view);
}

void driver_state_for_each(struct stage *stage, struct tensor *flat, const char *ending,
                           driver_part_function *each, void *user)
{
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        size_t place, end;
        stage_layer_range(stage, l, &place, &end);
        for (int i = 0; i < layer->parameters; i++)
            with_parameter(l, &layer->parameter[i], ending, flat, place, each, user);
    }
    const struct parameter *tied = stage_tied_copy(stage);
    if (tied != NULL) {
        const float *arena = tensor_floats(stage_parameters(stage));
        struct tensor *copy = stage_tied_parameters(stage);
        with_parameter(0, tied, ending, flat, (size_t)(tensor_floats(copy) - arena) - tied->offset,
                       each, user);
        tensor_free(copy);
    }
}

void driver_state_for_each_average(struct stage *stage, driver_part_function *each, void *user)
{
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        struct tensor *buffers = stage_layer_buffers(stage, l);
        for (int i = 0; i < layer->buffers; i++) {
            char name[LAYER_NAME_SIZE + 64];
            snprintf(name, sizeof name, "layers.%d.%s", l, layer->buffer[i].name);
            struct tensor *view =
                tensor_view(buffers, layer->buffer[i].offset, layer->buffer[i].shape);
            const struct slice slice = layer_buffer_slice(&layer->buffer[i]);
            each(name, view, &slice, user);
            tensor_free(view);
        }
        tensor_free(buffers);
    }
}

const char *driver_state_ending(const struct trained_stage *one, int i, char ending[64])
{
    snprintf(ending, 64, ".%s", optimizer_state_name(one->optimizer, i));
    return ending;
}

/* ---- into a file ---------------------------------------------------------------------------------- */

struct adding {
    struct tensor_file *file;
    const struct stage *stage;
};

/* Two stages of a rank may have copies of one whole, which a file can't hold under one name. */
static void add_part(const char *whole, struct tensor *part, const struct slice *slice, void *user)
{
    const struct adding *adding = user;
    char name[LAYER_NAME_SIZE + 96];
    const bool taken = tensor_file_get(adding->file, whole) != NULL;
    snprintf(name, sizeof name, "stage-%d.%s", stage_index(adding->stage), whole);
    tensor_file_add_slice(adding->file, taken ? name : whole, part, whole, slice);
}

void driver_state_add_held(struct tensor_file *file, struct stage *stage, struct tensor *flat,
                           const char *ending, const struct arena_held *held)
{
    if (held->extent == HOLDS_ALL)
        driver_state_for_each(stage, flat, ending, add_part, &(struct adding){file, stage});
    if (held->extent != HOLDS_RANGE || held->begin == held->end)
        return;
    if (held->begin > held->end || held->end > flat->elements)
        fatal("stage %d: this rank can't hold elements %zu up to %zu of an arena of %zu",
              stage_index(stage), held->begin, held->end, flat->elements);
    char name[64];
    snprintf(name, sizeof name, "arena%s", ending);
    struct tensor *view = tensor_view(flat, held->begin, shape_flat(held->end - held->begin));
    tensor_file_add_range(file, name, view, DRIVER_ARENA, ending, held->begin);
    tensor_free(view);
}

void driver_state_add(struct tensor_file *file, const struct trained_stage *one)
{
    driver_state_add_held(file, one->stage, stage_parameters(one->stage), "", &one->parameters);
    for (int i = 0; i < optimizer_states(one->optimizer); i++) {
        char ending[64];
        driver_state_add_held(file, one->stage, optimizer_state(one->optimizer, i),
                              driver_state_ending(one, i, ending), &one->state);
    }
    driver_state_for_each_average(one->stage, add_part, &(struct adding){file, one->stage});
}

bool driver_state_is_in_ranges(const struct trained_stage *one)
{
    return one->parameters.extent != HOLDS_ALL || one->gradients.extent != HOLDS_ALL ||
           one->state.extent != HOLDS_ALL;
}

static void describe_part(const char *whole, struct tensor *part, const struct slice *slice,
                          void *user)
{
    (void)part;
    arena_add(user, whole, slice);
}

void driver_state_describe(struct tensor_file *file, const struct trained_stage *one)
{
    if (!driver_state_is_in_ranges(one) && one->store == NULL)
        return;
    struct arena *arena = arena_new();
    /* The stage itself may have none: what counts are the shapes, and nobody looks at numbers. (On the meta device the
     * simulated cluster would make a file of 128 MiB for them, which is more than a judged program may write.) */
    static float none;
    struct tensor *like = tensor_borrow(MEMORY_WORKSPACE, DEVICE_CPU,
                                        shape_flat(stage_parameter_count(one->stage)), &none);
    driver_state_for_each(one->stage, like, "", describe_part, arena);
    tensor_free(like);
    tensor_file_set_arena(file, DRIVER_ARENA, arena);
    arena_free(arena);
}
