/*
 * --probe forms: forms_with_gathers() or forms_with_one_round(), as --parallel says, for chains as models
 * have them and for many that are drawn. Words around the array show whether it wrote outside of it.
 */
#include "assignments/tensor/chains.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/program/parts.h"
#include "assignments/tensor/way_table.h"
#include "common/base/fatal.h"

enum { DRAWS = 150, SHORT = 8, LONG = 40, GUARDS = 16, GUARD = -987654321 };
enum { LINKS = LINK_EACH + 1 };

static json_t *numbers(const int *number, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        if (json_array_append_new(array, json_integer(number[i])) != 0)
            fatal("no memory left for the table");
    return array;
}

static json_t *one_call(const struct run *run, int links, const enum link *link)
{
    enum form space[GUARDS + LONG + GUARDS], *form = space + GUARDS;
    int chain[LONG], chosen[LONG];
    for (int i = 0; i < GUARDS + LONG + GUARDS; i++)
        space[i] = (enum form)GUARD;
    for (int i = 0; i < links; i++)
        form[i] = (enum form)UNTOUCHED_FORM;
    tensor_choose_forms(tensor_way(run->options), links, link, form);
    bool overrun = false;
    for (int i = -GUARDS; i < LONG + GUARDS; i++)
        overrun = overrun || ((i < 0 || i >= links) && (int)form[i] != GUARD);
    for (int i = 0; i < links; i++) {
        chain[i] = (int)link[i];
        chosen[i] = (int)form[i];
    }
    return json_pack("{so so sb}", "links", numbers(chain, links), "forms", numbers(chosen, links),
                     "overrun", overrun);
}

/* Weights are drawn more often than the rest. */
static enum link draw_link(const struct run *run, uint64_t *counter)
{
    const int drawn = driver_probe_draw(run, counter, 0, LINKS);
    return drawn == LINKS ? LINK_LINEAR : (enum link)drawn;
}

void probe_forms(struct run *run)
{
    static const struct {
        int links;
        enum link link[6];
    } usual[] = {
        {1, {LINK_LINEAR}},
        {1, {LINK_EACH}},
        {2, {LINK_LINEAR, LINK_LINEAR}},
        {3, {LINK_LINEAR, LINK_EACH, LINK_LINEAR}},
        {5, {LINK_LINEAR, LINK_EACH, LINK_LINEAR, LINK_EACH, LINK_LINEAR}},
        {4, {LINK_LINEAR, LINK_LAYER_NORM, LINK_EACH, LINK_LINEAR}},
        {6, {LINK_CONVOLUTION, LINK_BATCH_NORM, LINK_EACH, LINK_EACH, LINK_EACH, LINK_LINEAR}}};
    json_t *table = json_array();
    uint64_t counter = 0;
    int failed = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        failed |= json_array_append_new(table, one_call(run, usual[i].links, usual[i].link));
    for (int i = 0; i < DRAWS; i++) {
        enum link link[LONG];
        const int links = driver_probe_draw(run, &counter, 1, i % 10 == 0 ? LONG : SHORT);
        for (int k = 0; k < links; k++)
            link[k] = draw_link(run, &counter);
        failed |= json_array_append_new(table, one_call(run, links, link));
    }
    if (failed)
        fatal("no memory left for the table");
    driver_probe_write(run, "probe-forms.json", table);
}
