/* Which layers are split how; see rank_costs.h. */
#include "assignments/tensor/costs/rank_costs.h"

/* Does another layer with a weight come behind link i? */
static bool another_follows(int i, int links, const enum link *link)
{
    for (i++; i < links; i++)
        if (chain_link_has_weight(link[i]))
            return true;
    return false;
}

void rank_forms_choose(enum way way, int links, const enum link *link, enum form *form)
{
    bool split = false;
    for (int i = 0; i < links; i++) {
        if (!chain_link_has_weight(link[i])) {
            form[i] = split ? FORM_SPLIT : FORM_WHOLE;
        } else if (split) {
            form[i] = FORM_ROW;
            split = false;
        } else {
            split = way != WAY_GATHERS && another_follows(i, links, link);
            form[i] = split ? FORM_COLUMN : FORM_COLUMN_GATHERED;
        }
    }
}
