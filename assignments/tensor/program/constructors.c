/*
 * Which of the student's functions makes which layer.
 */
#include "assignments/tensor/program/parts.h"

#include <string.h>

static bool is(const struct tensor_place *place, const char *kind)
{
    return strcmp(place->whole->operations->kind, kind) == 0;
}

int tensor_cuts(const struct tensor_place *place)
{
    switch (place->form) {
    case FORM_COLUMN:
    case FORM_COLUMN_GATHERED:
        return place->whole->parameter[0].shape.size[0];
    case FORM_ROW: /* what comes in was cut before */
    case FORM_SPLIT:
    case FORM_WHOLE:
        break;
    }
    return 0;
}

bool tensor_make_layer(const struct tensor_place *place, struct layer *own)
{
    if (place->form == FORM_WHOLE)
        return false;
    if (is(place, "linear"))
        *own = place->form == FORM_ROW ? row_parallel_linear(place) : column_parallel_linear(place);
    else
        return false;
    return true;
}
