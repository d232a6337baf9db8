/*
 * Whose a tensor is, and the message when somebody frees or uses one that is no
 * longer his: who freed it first, or took it over, and on which line.
 */
#include "common/base/callers.h"
#include "common/base/fatal.h"
#include "common/base/tensor.h"

#include <stdio.h>
#include <string.h>

const struct tensor_taker tensor_takers[] = {
    {"stage_forward", "x"},
    {"stage_backward", "dy"},
    {"stage_backward_input", "dy"},
    {"stage_exchange_parameters", "parameters"},
    {"batch_loss", "y"},
    {"micro_batch_pass_output", "y"},
    {"micro_batch_pass_input_gradient", "dx"},
    {NULL, NULL},
};

static const char *taken_by(const char *function)
{
    for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL; taker++)
        if (strcmp(taker->function, function) == 0)
            return taker->parameter;
    return NULL;
}

/* "stage_forward (x), stage_backward (dy) and …" */
static void list_takers(char *text, size_t size)
{
    size_t used = 0;
    for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL && used < size;
         taker++)
        used += (size_t)snprintf(text + used, size - used, "%s%s (%s)",
                                 taker == tensor_takers      ? ""
                                 : taker[1].function == NULL ? " and "
                                                             : ", ",
                                 taker->function, taker->parameter);
}

/* what: "this tensor", "x", … */
static _Noreturn void tell(const struct tensor *tensor, const char *function, const char *what)
{
    struct callers first;
    char place[512];
    if (!callers_look_up(tensor->ended_at, tensor->ended_frames, &first)) {
        list_takers(place, sizeof place);
        fatal_at(function,
                 "%s was freed already, or taken over by who freed it: %s take over what "
                 "they are given",
                 what, place);
    }
    callers_text(&first, place, sizeof place);
    const char *parameter = taken_by(first.function);
    if (strcmp(first.function, "tensor_free") == 0)
        fatal_at(function, "%s was freed already, by tensor_free at %s", what, place);
    else if (parameter != NULL)
        fatal_at(function, "%s was %s of %s at %s, which takes it over and has freed it", what,
                 parameter, first.function, place);
    fatal_at(function, "%s was freed already, within %s at %s", what, first.function, place);
}

void tensor_must_live(const struct tensor *tensor, const char *what, const char *function)
{
    if (tensor->references <= 0)
        tell(tensor, function, what);
}
