/*
 * Shared by the judges of hybrids: hybrid*.c.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_HYBRID_H
#define ASSIGNMENTS_DATA_JUDGES_HYBRID_H

#include "assignments/data/judges/results.h"

/* Do ranks say to each other what a hybrid takes, as hybrid_messages.c states it? False after setting the
 * verdict. */
bool hybrid_messages_are_right(const struct outcome *run, struct verdict *verdict);

/* Of a hybrid whose gradients are wrong, and have no name yet: which known mistake they show, if one
 * (hybrid_explain.c). */
void hybrid_explain(const struct results *c, struct verdict *verdict);

#endif
