/*
 * Which tensors the program holds: those that it was given, and has neither freed nor
 * given away (tensor.h). A list, the newest last.
 */
#include "common/base/tensor.h"

struct tensor_held {
    struct tensor *tensor;
    struct tensor_origin origin;
    struct tensor_held *previous, *next;
    bool visited;
};

static struct tensor_held *first, *last;

void tensor_hand_out(struct tensor *tensor, struct tensor_origin origin)
{
    if (tensor == NULL)
        return;
    tensor_take_over(tensor); /* under another name it was held before */
    struct tensor_held *held = memory_block_new(sizeof *held);
    *held = (struct tensor_held){.tensor = tensor, .origin = origin, .previous = last};
    if (last != NULL)
        last->next = held;
    else
        first = held;
    last = held;
    tensor->held = held;
}

void tensor_take_over(struct tensor *tensor)
{
    struct tensor_held *held = tensor->held;
    if (held == NULL)
        return;
    if (held->previous != NULL)
        held->previous->next = held->next;
    else
        first = held->next;
    if (held->next != NULL)
        held->next->previous = held->previous;
    else
        last = held->previous;
    memory_block_free(held, sizeof *held);
    tensor->held = NULL;
}

void tensor_visit_held(void (*visit)(const struct tensor *tensor, struct tensor_origin origin))
{
    for (struct tensor_held *held = last; held != NULL && !held->visited; held = held->previous) {
        held->visited = true;
        visit(held->tensor, held->origin);
    }
}
