/*
 * What is asked of a wrong tensor: which candidates (layer_suspects.h) may be in it, and which table
 * (layer_mistakes.h) says what they mean.
 */
#include "assignments/tensor/judges/facts/signature.h"
#include "assignments/tensor/judges/layers/layer_mistakes.h"
#include "assignments/tensor/judges/layers/layer_suspects.h"

#include <string.h>

static const struct mistake sum_thrown_away = {
    .name = "the sum is computed and thrown away",
    .explanation =
        "The log shows a sum of this size in this very call, and yet the rank goes on with its "
        "own term: the sum was put into another tensor than the one that is returned.",
    .look = "which buffer the collective writes to, and which tensor is returned",
};

/* A bit for each form. */
#define IN(form) (1u << (form))

/* What may be asked of a tensor; the first question that has an answer is enough. */
static const struct question {
    enum layer_tensor_sort sort;
    unsigned forms;
    suspects_function *suspect;
    const struct layer_table *table;
    bool each_rank; /* asked of each rank by itself: the ranks do not differ in what they add up */
} questions[] = {
    {LAYER_Y, IN(FORM_ROW), trial_suspect_terms_of_y, &trial_terms_of_y, false},
    {LAYER_Y, IN(FORM_COLUMN), trial_suspect_slices_of_y, &trial_slices_of_y, false},
    {LAYER_Y, IN(FORM_COLUMN_GATHERED), trial_suspect_parts_of_y, &trial_parts_of_y, false},
    {LAYER_Y, IN(FORM_INSIDE), trial_suspect_inside_terms_of_y, &trial_terms_inside_of_y, false},
    {LAYER_DX, IN(FORM_INSIDE), trial_suspect_inside_terms_of_dx, &trial_terms_of_dx, false},
    {LAYER_DX, IN(FORM_COLUMN) | IN(FORM_COLUMN_GATHERED), trial_suspect_terms_of_dx,
     &trial_terms_of_dx, false},
    {LAYER_DX, IN(FORM_ROW), trial_suspect_slices_of_dx, &trial_slices_of_dx, false},
    {LAYER_GRADIENT, ~0u, trial_suspect_products, &trial_products, true},
    {LAYER_GRADIENT, ~0u, trial_suspect_products_of_dy, &trial_products_of_dy, true},
    {LAYER_GRADIENT, ~0u, trial_suspect_slices_of_gradient, &trial_slices_of_gradient, false},
};

/* Is there a sum of so many bytes in a rank's calls of the trial's stage on a micro-batch? */
static bool log_shows_sum(const struct judged_trial *judged, const struct layer_tensor *tensor)
{
    const struct log_file *log = &judged->run->log[0];
    EVIDENCE_ARRAY events = evidence_events(log);
    const uint64_t bytes = (uint64_t)tensor_bytes(tensor->true_whole);
    for (guint e = 0; e < events->len; e++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, e);
        if (event->stage != judged->trial->number || event->step != judged->round ||
            event->micro_batch != tensor->index ||
            (event->operation == LOG_FORWARD) != (tensor->sort == LAYER_Y))
            continue;
        for (size_t i = event->begin; i < event->end; i++)
            if (log_blocking_form(log->record[i].operation) == LOG_ALLREDUCE &&
                log->record[i].bytes == bytes)
                return true;
    }
    return false;
}

/* Where some ranks are right, what the others did; NULL, too, if they did not do the same. */
static const struct mistake *mistake_of_each(const struct combination_blocks *all,
                                             const struct question *question)
{
    const struct mistake *found = NULL;
    for (int b = 0; b < all->blocks; b++) {
        const struct combination_blocks one = {1, &all->problem[b], &all->fit[b], &all->own[b]};
        const struct mistake *mistake =
            combination_mistake(&one, question->table->row, question->table->rows);
        if (found && mistake && strcmp(mistake->name, found->name) != 0)
            return NULL;
        found = mistake ? mistake : found;
    }
    return found;
}

static const struct mistake *answer(const struct judged_trial *judged,
                                    const struct layer_tensor *tensor,
                                    const struct question *question, const struct whole *whole)
{
    const int blocks = (int)whole->parts->len;
    g_autofree struct fit_problem *problem = g_new0(struct fit_problem, blocks);
    g_autofree struct fit **fit = g_new0(struct fit *, blocks);
    g_autofree int *own = g_new0(int, blocks);
    GPtrArray *suspects = g_ptr_array_new_with_free_func((GDestroyNotify)trial_suspects_free);
    bool sensible = blocks > 0;
    for (int b = 0; b < blocks && sensible; b++) {
        const struct whole_part *part = whole_part_at(whole, b);
        struct suspects *of_rank = trial_suspects_new();
        g_ptr_array_add(suspects, of_rank);
        sensible = question->suspect(judged, tensor, part->from->rank, &part->is.slice, of_rank);
        own[b] = of_rank->own;
        problem[b] = (struct fit_problem){
            .target = fit_view_flat(tensor_floats(part->tensor), part->tensor->count),
            .candidates = (int)of_rank->candidate->len,
            .candidate = (const struct fit_candidate *)(const void *)of_rank->candidate->data,
            .rounding = {.terms = 256},
            .scale = {judged->run->ranks}};
        fit[b] = sensible ? fit_tensor(&problem[b]) : NULL;
        sensible = fit[b] != NULL;
    }
    const struct combination_blocks all = {blocks, problem, fit, own};
    const struct mistake *mistake =
        !sensible ? NULL
        : question->each_rank
            ? mistake_of_each(&all, question)
            : combination_mistake(&all, question->table->row, question->table->rows);
    for (int b = 0; b < blocks; b++)
        fit_free(fit[b]);
    g_ptr_array_unref(suspects);
    return mistake;
}

void trial_name_mistake(const struct judged_trial *judged, const struct layer_tensor *tensor)
{
    const struct whole *whole = wholes_find(judged->wholes, tensor->name);
    const struct mistake *mistake = trial_mistake_of_heads(judged);
    if (!mistake)
        mistake = trial_norm_mistake(judged, tensor);
    if (!mistake)
        mistake = trial_mistake_of_stale_parameters(judged, tensor);
    for (size_t q = 0; q < G_N_ELEMENTS(questions) && !mistake; q++)
        if (questions[q].sort == tensor->sort && questions[q].forms & IN(judged->trial->form))
            mistake = answer(judged, tensor, &questions[q], whole);
    if (!mistake && tensor_signature_of(whole, tensor->true_whole, judged->run->ranks).kind ==
                        SIGNATURE_ELSEWHERE)
        mistake = &tensor_signature_elsewhere;
    if (!mistake)
        return;
    const bool unsummed =
        !strcmp(mistake->name, OUTPUTS_ARE_PARTIAL) || !strcmp(mistake->name, DX_IS_PARTIAL);
    verdict_name_mistake(judged->verdict,
                         unsummed && log_shows_sum(judged, tensor) ? &sum_thrown_away : mistake);
}
