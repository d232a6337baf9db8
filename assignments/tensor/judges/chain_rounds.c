/* Rounds of messages of a chain; see chain_rounds.h. */
#include "assignments/tensor/judges/chain_rounds.h"

#include <limits.h>

/* More than there can be. */
#define IMPOSSIBLE (INT_MAX / 2)

int chain_rounds(int links, const enum link *link, const enum form *form, int norm)
{
    int rounds = 0;
    for (int i = 0; i < links; i++) {
        rounds += form[i] == FORM_COLUMN_GATHERED || form[i] == FORM_ROW;
        rounds += form[i] == FORM_SPLIT && link[i] == LINK_LAYER_NORM ? norm : 0;
    }
    return rounds;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* From the first link on, the least number of rounds until what leaves link i is whole, or split. */
int chain_least_rounds(int links, const enum link *link, int norm)
{
    int whole = 0, parts = IMPOSSIBLE;
    for (int i = 0; i < links; i++) {
        if (chain_link_has_weight(link[i])) {
            const int before = whole;
            whole = smaller(whole, parts) + 1; /* gathered; or by rows */
            parts = before;                    /* by columns */
        } else if (link[i] == LINK_LAYER_NORM) {
            parts = smaller(parts + norm, IMPOSSIBLE);
        }
    }
    return whole;
}
