/* Operations and bytes, to the last one; see costs.h. */
#include "assignments/memory/judges/recomputation/costs.h"

#include <string.h>

/* ---- one run --------------------------------------------------------------------------------------------- */

/* A flatten gives out what it was given, so the two inputs are one tensor, unless somebody copies them. */
static void find_copies(struct recomputation_case *one, const struct model *model)
{
    const struct memory_options own = memory_options(&one->run->options);
    const double samples =
        (double)one->run->options.batch_size / options_micro_batches(&one->run->options);
    const double bytes = samples * sizeof(float);
    for (int i = 0; i < model->layers; i++) {
        const struct layer *layer = &model->layer[i];
        const double input = bytes * (double)shape_elements(layer->input);
        one->moment = MAX(one->moment, input);
        if (i > 0 && strcmp(layer[-1].operations->kind, "flatten") == 0 &&
            own.recompute == RECOMPUTE_WAY_LAYERS)
            one->copies += input;
    }
}

bool recomputation_case_read(struct recomputation_case *one, const struct outcome *run,
                             struct verdict *verdict)
{
    *one = (struct recomputation_case){.run = run};
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    if (!model)
        return false;
    one->computed = computations_of_run(run, model->layers, verdict);
    find_copies(one, model);
    model_free(model);
    if (one->computed)
        one->right = recomputation_trial_new(run, one->computed, &manner_right, verdict);
    if (one->right && verdict->kind == VERDICT_PASS)
        one->plain = recomputation_trial_new(run, one->computed, NULL, verdict);
    return one->plain && verdict->kind == VERDICT_PASS;
}

void recomputation_case_clear(struct recomputation_case *one)
{
    recomputation_trial_free(one->right);
    recomputation_trial_free(one->plain);
    computations_free(one->computed, one->run->ranks);
}

/* ---- what is known ------------------------------------------------------------------------------------------ */

/* Some can't be run in the judge's process: a stage would refuse what comes of them. */
static bool can_be_tried(const struct outcome *run, const struct manner *manner)
{
    const struct memory_options own = memory_options(&run->options);
    const bool always = own.when == WHEN_ALWAYS - WHEN_NEVER;
    const bool stages = memory_ranks_are(&run->options) == RANKS_ARE_STAGES;
    return !manner->first_stays || (always && !stages);
}

/* Those that are about numbers; the others are about what it costs, and numbers that are wrong besides tell less. */
static bool is_of_numbers(const struct manner *manner)
{
    return manner->draws != DRAWS_ONCE || manner->averages_twice || manner->input_of_before ||
           manner->input_of_latest || manner->first_stays;
}

typedef bool explains_function(const struct recomputation_case *one, const struct trial *trial,
                               const void *user);

/* A large run stands beside small ones, which tell what is wrong. */
static bool is_small(const struct recomputation_case *one)
{
    double flops = 0;
    for (int rank = 0; rank < one->run->ranks; rank++)
        for (guint i = 0; i < one->plain->computed[rank].of->len; i++)
            flops += (double)computation_at(&one->plain->computed[rank], i)->flops;
    return flops < 1e9;
}

/* Does this manner give what the run has? */
static bool is_explained(const struct recomputation_case *one, const struct manner *manner,
                         explains_function *explains, const void *user)
{
    struct verdict *ignored = verdict_new();
    struct trial *trial = recomputation_trial_new(one->run, one->computed, manner, ignored);
    const bool found = trial && ignored->kind != VERDICT_FAIL && explains(one, trial, user);
    recomputation_trial_free(trial);
    verdict_free(ignored);
    return found;
}

/* The known mistake that gives what the run has, if there is just one; else, in the explanation, those that do. */
static void name_mistake(const struct recomputation_case *one, bool of_numbers,
                         explains_function *explains, const void *user, struct verdict *verdict)
{
    int count, found = 0;
    const struct manner *manner = manner_mistakes(&count), *first = NULL;
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < count && is_small(one); i++) {
        if (!can_be_tried(one->run, &manner[i]) || is_of_numbers(&manner[i]) != of_numbers ||
            !is_explained(one, &manner[i], explains, user))
            continue;
        first = found++ == 0 ? &manner[i] : first;
        g_string_append_printf(names, "%s%s", found > 1 ? "; or: " : "", manner[i].mistake.name);
    }
    if (found == 1)
        verdict_name_mistake(verdict, &first->mistake);
    else if (found > 1)
        verdict_explain(verdict, "\nThis is what comes of each of these: %s.\n", names->str);
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

struct told {
    const struct numbers *numbers;
    bool exactly;
};

static bool numbers_explain(const struct recomputation_case *one, const struct trial *trial,
                            const void *user)
{
    (void)one;
    const struct told *told = user;
    const struct tensor *found;
    return !numbers_first_other(told->numbers, trial, told->exactly, &found);
}

bool recomputation_numbers_are_right(const struct recomputation_case *one, bool exactly,
                                     struct verdict *verdict)
{
    struct numbers *numbers = numbers_read(one->run, verdict);
    if (!numbers)
        return false;
    const struct tensor *found;
    const struct trial_tensor *other = numbers_first_other(numbers, one->plain, exactly, &found);
    if (other) {
        numbers_fail(other, found, verdict);
        name_mistake(one, true, numbers_explain, &(struct told){numbers, exactly}, verdict);
    }
    numbers_free(numbers);
    return !other;
}

/* ---- operations and bytes ---------------------------------------------------------------------------------------- */

enum cost { ALL_RIGHT, OPERATIONS, KEPT, MOST, LEFT };

/* Of a pipeline the neighbours' messages are the student's own. */
static bool is_whole(const struct recomputation_case *one)
{
    return memory_ranks_are(&one->run->options) == RANKS_ARE_REPLICAS;
}

/* Bytes that are freed outside of a stage's calls may be freed within, and the other way round. */
static enum cost compare(const struct recomputation_case *one, const struct computation *found,
                         const struct computation *due, bool exactly)
{
    const double kept = computation_kept(found) - computation_kept(due);
    const double most = computation_most(found) - computation_most(due);
    /* Whether inputs are retained or copied is free. */
    const double more = exactly ? 0 : one->copies, moment = exactly ? 0 : one->moment;
    if (found->flops != due->flops)
        return OPERATIONS;
    if (!found->back && (kept < 0 || kept > more))
        return KEPT;
    if (exactly ? most != 0 : most > (found->back ? 0 : more + moment))
        return MOST;
    const bool left = kept > 0 || kept < -more;
    return found->back && is_whole(one) && left ? LEFT : ALL_RIGHT;
}

/* The first one that is not as it is in the trial. */
static enum cost first_wrong(const struct recomputation_case *one, const struct trial *trial,
                             bool exactly, int *rank, guint *place)
{
    for (*rank = 0; *rank < one->run->ranks; (*rank)++)
        for (*place = 0; *place < one->computed[*rank].of->len; (*place)++) {
            const enum cost cost =
                compare(one, computation_at(&one->computed[*rank], *place),
                        computation_at(&trial->computed[*rank], *place), exactly);
            if (cost != ALL_RIGHT)
                return cost;
        }
    return ALL_RIGHT;
}

static bool costs_explain(const struct recomputation_case *one, const struct trial *trial,
                          const void *user)
{
    (void)user;
    int rank;
    guint place;
    return first_wrong(one, trial, true, &rank, &place) == ALL_RIGHT;
}

static void fail(const struct recomputation_case *one, enum cost cost, int rank, guint place,
                 struct verdict *verdict)
{
    const struct computation *found = computation_at(&one->computed[rank], place),
                             *due = computation_at(&one->right->computed[rank], place),
                             *plain = computation_at(&one->plain->computed[rank], place);
    g_autofree char *name = computation_name(found);
    if (cost == OPERATIONS)
        evidence_fail(verdict,
                      "rank %d: %s does %" G_GUINT64_FORMAT
                      " floating-point operations, and %" G_GUINT64_FORMAT
                      " are due (without recomputation %" G_GUINT64_FORMAT ")",
                      rank, name, (guint64)found->flops, (guint64)due->flops,
                      (guint64)plain->flops);
    else if (cost == KEPT)
        evidence_fail(
            verdict,
            "rank %d: behind %s %.0f bytes more of activations are live than before, and "
            "%.0f are due: y and what is kept for the backward (without recomputation %.0f)",
            rank, name, computation_kept(found), computation_kept(due), computation_kept(plain));
    else if (cost == MOST)
        evidence_fail(verdict,
                      "rank %d: within %s up to %.0f bytes of activations more are live than "
                      "before, and %.0f are enough",
                      rank, name, computation_most(found), computation_most(due));
    else
        evidence_fail(
            verdict,
            "rank %d: %s leaves %.0f bytes of activations behind that nobody needs any more", rank,
            name, computation_kept(found) - computation_kept(due));
    verdict->basis = BASIS_AMOUNT;
}

/* Of other kinds: what a warm forward leaves there is kept for the backward, by another name. */
static bool others_are_right(const struct recomputation_case *one, struct verdict *verdict)
{
    for (int rank = 0; rank < one->run->ranks; rank++)
        for (guint i = 0; i < one->computed[rank].of->len; i++) {
            const struct computation *found = computation_at(&one->computed[rank], i);
            if (found->step == 0 || found->others <= 0)
                continue;
            g_autofree char *name = computation_name(found);
            evidence_fail(verdict,
                          "rank %d: %s leaves %.0f bytes more behind that are no activations by "
                          "their kind (MEMORY_WORKSPACE, …)",
                          rank, name, found->others);
            verdict_look(verdict, "which tensors are made and kept, of whatever kind");
            verdict->basis = BASIS_AMOUNT;
            return false;
        }
    return true;
}

bool recomputation_costs_are_right(const struct recomputation_case *one, struct verdict *verdict)
{
    int rank;
    guint place;
    for (rank = 0; rank < one->run->ranks; rank++)
        if (!one->computed[rank].has_memory) {
            verdict_set(verdict, VERDICT_NOT_JUDGED,
                        "rank %d's log does not know all that was live: --log-memory is wanted",
                        rank);
            return false;
        }
    const enum cost cost = first_wrong(one, one->right, false, &rank, &place);
    if (cost == ALL_RIGHT)
        return others_are_right(one, verdict);
    fail(one, cost, rank, place, verdict);
    name_mistake(one, false, costs_explain, NULL, verdict);
    return false;
}

/* ---- is anything done at all ----------------------------------------------------------------------------------------- */

static bool same_operations(const struct computations *a, const struct computations *b, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        for (guint i = 0; i < a[rank].of->len; i++)
            if (computation_at(&a[rank], i)->flops != computation_at(&b[rank], i)->flops)
                return false;
    return true;
}

bool recomputation_recomputes(const struct recomputation_case *one, struct verdict *verdict)
{
    const int ranks = one->run->ranks;
    if (same_operations(one->right->computed, one->plain->computed, ranks) ||
        !same_operations(one->computed, one->plain->computed, ranks))
        return true;
    int count;
    const struct manner *manner = manner_mistakes(&count);
    evidence_fail(verdict, "all numbers are right, and nothing was computed again");
    for (int i = 0; i < count; i++)
        if (manner[i].when == WHEN_NEVER)
            verdict_name_mistake(verdict, &manner[i].mistake);
    return false;
}
