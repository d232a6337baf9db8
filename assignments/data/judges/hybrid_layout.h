/*
 * Who is where in a hybrid: which stage, of which replica, a rank says that it works on.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_HYBRID_LAYOUT_H
#define ASSIGNMENTS_DATA_JUDGES_HYBRID_LAYOUT_H

#include "common/training/model.h"
#include "grader/evidence/evidence.h"
#include "grader/trace/groups.h"

enum { PLACE_UNKNOWN = -1 };

struct hybrid_layout {
    int ranks, stages, tensor;
    int *stage;             /* [rank], or PLACE_UNKNOWN */
    int *replica;           /* likewise: numbered by the places of their shares in the first step */
    struct log_stage *part; /* [rank]: the layers that it has */
};

/* By what the logs say, also of a run that did not come to its end. The caller frees with hybrid_layout_free. */
struct hybrid_layout *hybrid_layout_new(const struct outcome *run);
void hybrid_layout_free(struct hybrid_layout *layout); /* NULL is allowed */

/* Is every rank's place known, and every stage of every replica there once, on so many ranks as share its
 * layers? False after setting the verdict. */
bool hybrid_layout_is_whole(const struct hybrid_layout *layout, const struct outcome *run,
                            struct verdict *verdict);

/* Of a layout that is whole: does every rank say that it has layers that the model has, those of a stage the same, and
 * the stages all of them, one after the other? False after setting the verdict. */
bool hybrid_layout_is_of(const struct hybrid_layout *layout, const struct model *model,
                         struct verdict *verdict);

/* Whom a group's members are among. */
enum among {
    AMONG_UNKNOWN,
    AMONG_REPLICAS, /* ranks with the same parameters, of several replicas */
    AMONG_SLICES,   /* ranks that share the layers of one stage of one replica */
    AMONG_BOTH,     /* all of one stage */
    AMONG_STAGES,   /* several stages of one replica */
    AMONG_ALL       /* several stages of several replicas */
};
enum among hybrid_layout_among(const struct hybrid_layout *layout, const struct group *group);
/* Are they ranks of the first and the last stage of one replica? */
bool hybrid_layout_are_ends(const struct hybrid_layout *layout, const struct group *group);

#endif
