/* Two ranks' collective calls side by side; see collective_alignment.h. */
#include "grader/trace/collective_alignment.h"

enum { WINDOW = 32 }; /* calls of each rank */

/* What each change costs. A call that differs in one thing is likelier than one left out, and that than
 * two of different names; what a rank that never came to its end did not do yet costs little. */
enum {
    COST_OTHER_LINE =
        1, /* the same call from another line: says something only where nothing else does */
    COST_DIFFERS = 200,
    COST_ORDER = 210,
    COST_LEFT_OUT = 220,
    COST_OTHER_OPERATION = 290,
    COST_NOT_YET = 80
};

struct step {
    int cost;
    enum collectives_change change;
    int a, b; /* how many calls of each it takes */
};

struct table {
    struct collectives_calls a, b;
    /* [i][j]: the last one, once i calls of a and j of b are aligned */
    struct step step[WINDOW + 1][WINDOW + 1];
};

static int cost_of_pair(const struct table *table, int i, int j)
{
    const size_t a = table->a.record[i], b = table->b.record[j];
    switch (collectives_compare(table->a.log, a, table->b.log, b)) {
    case COLLECTIVES_SAME:
        return table->a.log->record[a].caller != table->b.log->record[b].caller ? COST_OTHER_LINE
                                                                                : 0;
    case COLLECTIVES_OPERATION:
        return COST_OTHER_OPERATION;
    default:
        return COST_DIFFERS;
    }
}

static void try_step(struct table *table, int i, int j, struct step step)
{
    struct step *best = &table->step[i][j];
    if (i < step.a || j < step.b)
        return;
    step.cost += table->step[i - step.a][j - step.b].cost;
    if (best->cost < 0 || step.cost < best->cost)
        *best = step;
}

static void fill(struct table *table, int i, int j)
{
    const struct collectives_calls *a = &table->a, *b = &table->b;
    const int missing = j == b->count && !b->ended ? COST_NOT_YET : COST_LEFT_OUT;
    const int surplus = i == a->count && !a->ended ? COST_NOT_YET : COST_LEFT_OUT;
    table->step[i][j].cost = i == 0 && j == 0 ? 0 : -1;
    if (i > 0 && j > 0) {
        const int cost = cost_of_pair(table, i - 1, j - 1);
        try_step(table, i, j,
                 (struct step){cost, cost > COST_OTHER_LINE ? CHANGE_CALL : CHANGE_NONE, 1, 1});
    }
    if (i > 1 && j > 1 && cost_of_pair(table, i - 2, j - 1) <= COST_OTHER_LINE &&
        cost_of_pair(table, i - 1, j - 2) <= COST_OTHER_LINE)
        try_step(table, i, j, (struct step){COST_ORDER, CHANGE_ORDER, 2, 2});
    try_step(table, i, j, (struct step){missing, CHANGE_MISSING, 1, 0});
    try_step(table, i, j, (struct step){surplus, CHANGE_SURPLUS, 0, 1});
}

enum collectives_change collectives_align(struct collectives_calls a, struct collectives_calls b,
                                          int *at, int *b_at)
{
    struct table *table = g_new(struct table, 1);
    enum collectives_change first = CHANGE_NONE;
    a.ended = a.ended && a.count <= WINDOW;
    b.ended = b.ended && b.count <= WINDOW;
    a.count = MIN(a.count, WINDOW);
    b.count = MIN(b.count, WINDOW);
    table->a = a;
    table->b = b;
    for (int i = 0; i <= a.count; i++)
        for (int j = 0; j <= b.count; j++)
            fill(table, i, j);
    *at = a.count;
    *b_at = b.count;
    for (int i = a.count, j = b.count; i > 0 || j > 0;) {
        const struct step *step = &table->step[i][j];
        i -= step->a;
        j -= step->b;
        if (step->change == CHANGE_NONE)
            continue;
        first = step->change;
        *at = i;
        *b_at = j;
    }
    g_free(table);
    return first;
}
