/*
 * Among whom gradients are added up: known mistakes that the calls themselves show, whatever came of them.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_HYBRID_GROUPS_H
#define ASSIGNMENTS_DATA_JUDGES_HYBRID_GROUPS_H

#include "assignments/data/judges/hybrid_layout.h"

#define HYBRID_SMALL 64 /* bytes: a loss, a time, a count; among whom these go is free */

/* Does a training step have a collective of more than that among ranks of several stages, or, of split layers, of
 * several slices and replicas? The mistake, and in `cause` (appended) which; or NULL. Not asked of who adds
 * up a tied table among a pipeline's ends. Also of a run that did not come to its end. */
const struct mistake *hybrid_mistake_of_groups(const struct outcome *run, GString *cause);

/* Does a rank's optimizer step before the ranks have averaged? Likewise. */
const struct mistake *hybrid_mistake_of_order(const struct outcome *run, GString *cause);

#endif
