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
    {"stage_run_forward", "x"},
    {"stage_run_backward", "dy"},
    {"stage_put_parameters", "parameters"},
    {"stage_put_gradients", "gradients"},
    {"batch_loss", "y"},
    {"micro_batch_pass_output", "y"},
    {"micro_batch_pass_input_gradient", "dx"},
    {NULL, NULL},
};

static const char *parameter_of(const char *function)
{
    for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL; taker++)
        if (strcmp(taker->function, function) == 0)
            return taker->parameter;
    return "a tensor";
}

/* ---- what becomes of a tensor ------------------------------------------------------------------ */

static void note(struct tensor_event *event)
{
    event->frames = callers_walk(event->address, CALLERS_MOST);
}

void tensor_note_release(struct tensor *tensor)
{
    note(&tensor->released[tensor->releases++ % TENSOR_RELEASES]);
}

void tensor_taken(struct tensor *tensor, const char *what, const char *function)
{
    tensor_must_live(tensor, what, function);
    note(&tensor->taken);
}

struct tensor *tensor_handed_out(struct tensor *tensor)
{
    if (tensor != NULL)
        tensor->taken.frames = 0;
    return tensor;
}

/* ---- the message ---------------------------------------------------------------------------------- */

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

static bool find(const struct tensor_event *event, struct callers *callers)
{
    return event->frames > 0 && callers_look_up(event->address, event->frames, callers);
}

/* The latest release by a call of tensor_free outside of the kit, or else the latest of all. */
static bool find_release(const struct tensor *tensor, struct callers *release)
{
    struct callers one;
    bool found = false;
    for (int i = tensor->releases - 1; i >= 0 && i >= tensor->releases - TENSOR_RELEASES; i--) {
        if (!find(&tensor->released[i % TENSOR_RELEASES], &one))
            continue;
        if (!found || strcmp(one.function, "tensor_free") == 0)
            *release = one;
        found = true;
        if (strcmp(one.function, "tensor_free") == 0)
            break;
    }
    return found;
}

/* what: "this tensor", "x", … */
static _Noreturn void tell(const struct tensor *tensor, const char *function, const char *what)
{
    struct callers taken, release;
    char taken_at[400], released_at[400];
    const bool was_taken = find(&tensor->taken, &taken);
    const bool known = find_release(tensor, &release);
    const bool by_hand = known && strcmp(release.function, "tensor_free") == 0;
    if (was_taken)
        callers_text(&taken, taken_at, sizeof taken_at);
    if (known)
        callers_text(&release, released_at, sizeof released_at);
    if (was_taken && by_hand)
        fatal_at(function,
                 "%s was freed, by tensor_free at %s, although %s took it over (%s), at %s", what,
                 released_at, taken.function, parameter_of(taken.function), taken_at);
    if (was_taken)
        fatal_at(function,
                 "%s is %s of %s, which took it over, at %s: it is not the caller's to free", what,
                 parameter_of(taken.function), taken.function, taken_at);
    if (known)
        fatal_at(function, "%s was freed already, by %s at %s", what, release.function,
                 released_at);
    list_takers(taken_at, sizeof taken_at);
    fatal_at(function,
             "%s was freed already, or taken over by who freed it: %s take over what they "
             "are given",
             what, taken_at);
}

void tensor_must_live(const struct tensor *tensor, const char *what, const char *function)
{
    if (tensor->references <= 0)
        tell(tensor, function, what);
}
