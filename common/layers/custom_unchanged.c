/*
 * Did a function of a student's layer write where it must not (custom.h)? What it must leave as it is
 * is looked at before and after the call, at some places from the first number to the last.
 */
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/log/log.h"

#include <string.h>

static void look(const struct tensor *tensor, uint32_t number[UNCHANGED_NUMBERS])
{
    for (size_t i = 0; i < UNCHANGED_NUMBERS; i++)
        tensor_get(tensor, (tensor->elements - 1) * i / (UNCHANGED_NUMBERS - 1), 1, &number[i]);
}

/* Has it numbers of 32 bits that can be looked at? On a GPU each look waits for it, so there only runs whose
 * evidence is looked at do. */
static bool readable(const struct tensor *tensor)
{
    const bool here =
        tensor->device == DEVICE_CPU || (tensor->device == DEVICE_CUDA && log_is_open());
    return here && tensor->elements > 0 && dtype_bytes(tensor->dtype) == sizeof(uint32_t);
}

void custom_unchanged_note(struct unchanged *unchanged, int parameters,
                           struct tensor *const *parameter, const struct tensor *given)
{
    unchanged->parameters = parameters;
    unchanged->parameter = parameter;
    unchanged->buffers = 0;
    for (int k = 0; k < parameters; k++)
        if (readable(parameter[k]))
            look(parameter[k], unchanged->number[k]);
    /* By who else refers to it, it is still there after the call. */
    unchanged->given = given != NULL && given->references > 1 && readable(given) ? given : NULL;
    if (unchanged->given != NULL)
        look(given, unchanged->number[LAYER_MAX_PARAMETERS]);
}

void custom_unchanged_note_buffers(struct unchanged *unchanged, int buffers,
                                   struct tensor *const *buffer)
{
    unchanged->buffers = buffers;
    unchanged->buffer = buffer;
    for (int k = 0; k < buffers; k++)
        if (buffer[k] != NULL && readable(buffer[k]))
            look(buffer[k], unchanged->buffer_number[k]);
}

static bool same(const struct tensor *tensor, const uint32_t number[UNCHANGED_NUMBERS])
{
    uint32_t now[UNCHANGED_NUMBERS];
    if (!readable(tensor))
        return true;
    look(tensor, now);
    return memcmp(now, number, sizeof now) == 0;
}

void custom_unchanged_check(const struct unchanged *unchanged, const struct layer *layer,
                            const char *function)
{
    for (int k = 0; k < unchanged->parameters; k++)
        if (!same(unchanged->parameter[k], unchanged->number[k]))
            fatal("%s: %s changed call->parameter[%d] (\"%s\"): only an optimizer does; compute in "
                  "a tensor of your own (compute_new_like)",
                  layer->custom->name, function, k, layer->parameter[k].name);
    for (int k = 0; k < unchanged->buffers; k++)
        if (unchanged->buffer[k] != NULL &&
            !same(unchanged->buffer[k], unchanged->buffer_number[k]))
            fatal("%s: %s changed call->buffer[%d] (\"%s\") in a forward that is repeated "
                  "(call->pass->again) or evaluates (call->pass->evaluating): there it only reads "
                  "them",
                  layer->custom->name, function, k, layer->buffer[k].name);
    if (unchanged->given != NULL &&
        !same(unchanged->given, unchanged->number[LAYER_MAX_PARAMETERS]))
        fatal(
            "%s: %s wrote into %s, at which others look, too: where tensor_is_shared() says true, "
            "write into a new tensor (compute_new_like)",
            layer->custom->name, function, strcmp(function, "forward") == 0 ? "x" : "dy");
}
