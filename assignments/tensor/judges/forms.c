/*
 * Judge "forms".
 *
 * Run:       the probe that asks forms_with_gathers() or forms_with_one_round(), as --parallel says, for the forms
 *            of many chains.
 * Must hold: each layer takes what the one before gives; every linear layer and convolution is split. With
 *            gathers: what leaves each of them is whole. With one round: there are as few rounds of messages as
 *            there can be. (A layer norm that is split sends two small sums; whether these count as rounds is
 *            left to the student.)
 * A failure: names the shortest chain for which that does not hold, and the forms that were chosen.
 */
#include "assignments/tensor/judges/chain_rounds.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/way_table.h"
#include "grader/evidence/probe_file.h"

enum { MOST_LINKS = 64, ENTRIES = 100 /* the probe tries more */ };

struct chosen {
    int links;
    enum link link[MOST_LINKS];
    enum form form[MOST_LINKS];
    bool overrun;
};

static bool read_numbers(const json_t *array, int most, int *number)
{
    const size_t count = json_array_size(array);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_integer(value) || llabs(json_integer_value(value)) > most)
            return false;
        number[i] = (int)json_integer_value(value);
    }
    return true;
}

/* probe_file_entry */
static bool read_chosen(const json_t *entry, void *result)
{
    struct chosen *chosen = result;
    int link[MOST_LINKS], form[MOST_LINKS];
    const json_t *links = json_object_get(entry, "links"), *forms = json_object_get(entry, "forms");
    const size_t count = json_array_size(links);
    if (count < 1 || count > MOST_LINKS || json_array_size(forms) != count ||
        !read_numbers(links, LINK_EACH, link) || !read_numbers(forms, INT_MAX, form) ||
        !probe_file_bool(entry, "overrun", &chosen->overrun))
        return false;
    chosen->links = (int)count;
    for (int i = 0; i < chosen->links; i++) {
        if (link[i] < 0)
            return false;
        chosen->link[i] = (enum link)link[i];
        chosen->form[i] = (enum form)form[i];
    }
    return true;
}

/* ---- in words --------------------------------------------------------------------------------------- */

static const char *const link_words[] = {[LINK_LINEAR] = "linear",
                                         [LINK_CONVOLUTION] = "convolution",
                                         [LINK_LAYER_NORM] = "layer norm",
                                         [LINK_BATCH_NORM] = "batch norm",
                                         [LINK_EACH] = "each"};

static char *chain_text(const struct chosen *chosen)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < chosen->links; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", link_words[chosen->link[i]]);
    g_string_append(text, ": ");
    for (int i = 0; i < chosen->links; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               (int)chosen->form[i] == UNTOUCHED_FORM
                                   ? "(not set)"
                                   : chain_form_name(chosen->form[i]));
    return g_string_free(text, FALSE);
}

/* ---- what is wrong -------------------------------------------------------------------------------------- */

/* NULL: the forms are those of some split model. */
static char *what_does_not_fit(const struct chosen *chosen)
{
    char fault[CHAIN_ERROR_SIZE];
    if (chosen->overrun)
        return g_strdup("it wrote outside of the array of `links` forms");
    for (int i = 0; i < chosen->links; i++)
        if ((int)chosen->form[i] == UNTOUCHED_FORM)
            return g_strdup_printf("link %d was given no form", i);
    if (chain_fault(chosen->links, chosen->link, chosen->form, fault))
        return g_strdup(fault);
    for (int i = 0; i < chosen->links; i++)
        if (chain_link_has_weight(chosen->link[i]) && chosen->form[i] == FORM_WHOLE)
            return g_strdup_printf("link %d has a weight, and is not split", i);
    return NULL;
}

static char *what_is_not_gathered(const struct chosen *chosen)
{
    for (int i = 0; i < chosen->links; i++)
        if (chosen->form[i] == FORM_COLUMN)
            return g_strdup_printf("what leaves link %d is split, and here it is to be gathered",
                                   i);
    return NULL;
}

/* Is it the least, whatever a layer norm's small sums count? */
static char *what_is_too_much(const struct chosen *chosen)
{
    for (int norm = 0; norm <= 2; norm++)
        if (chain_rounds(chosen->links, chosen->link, chosen->form, norm) ==
            chain_least_rounds(chosen->links, chosen->link, norm))
            return NULL;
    return g_strdup_printf("%d rounds of messages in the forward, where %d are enough",
                           chain_rounds(chosen->links, chosen->link, chosen->form, 0),
                           chain_least_rounds(chosen->links, chosen->link, 0));
}

static char *what_is_wrong(enum way way, const struct chosen *chosen)
{
    char *what = what_does_not_fit(chosen);
    if (what)
        return what;
    return way == WAY_GATHERS ? what_is_not_gathered(chosen) : what_is_too_much(chosen);
}

/* ---- known mistakes ------------------------------------------------------------------------------------- */

static const struct mistake gathers_everywhere = {
    "every layer gathers what it gives",
    "Each linear layer and convolution takes a round of messages. The parts of the outputs that a "
    "rank has after the first are the inputs that it needs for the second, if that one is split "
    "by its inputs: nothing has to be gathered between them.",
    "FORM_COLUMN and then FORM_ROW"};
static const struct mistake nothing_split = {
    "nothing is split",
    "Every layer is whole on each rank: each computes the same as in one process.",
    "the forms of layers that have a weight"};

/* Has every weight this form, in all chains? */
static bool all_weights_are(enum form form, const GArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const struct chosen *chosen = &g_array_index(all, struct chosen, i);
        for (int k = 0; k < chosen->links; k++)
            if (chain_link_has_weight(chosen->link[k]) && chosen->form[k] != form)
                return false;
    }
    return true;
}

static const struct mistake *mistake_of(enum way way, const GArray *all)
{
    if (all_weights_are(FORM_WHOLE, all))
        return &nothing_split;
    return way == WAY_ONE_ROUND && all_weights_are(FORM_COLUMN_GATHERED, all) ? &gathers_everywhere
                                                                              : NULL;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static void judge_chains(enum way way, const GArray *all, struct verdict *verdict)
{
    int wrong = 0, shortest = MOST_LINKS + 1;
    g_autofree char *first = NULL;
    for (guint i = 0; i < all->len; i++) {
        const struct chosen *chosen = &g_array_index(all, struct chosen, i);
        g_autofree char *what = what_is_wrong(way, chosen);
        if (!what)
            continue;
        wrong++;
        g_autofree char *chain = chain_text(chosen);
        if (wrong <= 8)
            verdict_explain(verdict, "\n- %s: %s", chain, what);
        if (chosen->links >= shortest)
            continue;
        shortest = chosen->links;
        g_free(first);
        first = g_strdup_printf("%s: %s", chain, what);
    }
    if (wrong == 0)
        return;
    evidence_fail(verdict, "%s", first);
    verdict_explain(verdict, "\n\n%d of %u chains are wrong.\n", wrong, all->len);
    const struct mistake *mistake = mistake_of(way, all);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    json_t *root = probe_file_read(run, "probe-forms.json", ENTRIES, verdict);
    EVIDENCE_ARRAY all = g_array_new(FALSE, FALSE, sizeof(struct chosen));
    if (probe_file_results(root, "probe-forms.json", read_chosen, all, verdict))
        judge_chains(tensor_way(&run->options), all, verdict);
    json_decref(root);
}

void tensor_judge_forms(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "each layer takes what the one before gives, and every weight is split");
}
