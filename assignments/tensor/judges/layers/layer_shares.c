/* Who holds which slices of a layer; see layers.h. */
#include "assignments/tensor/chains.h"
#include "assignments/tensor/judges/layers/layers.h"

#include <string.h>

static const struct mistake not_split = {
    .name = "nothing is split",
    .explanation =
        "Each rank holds the whole parameter. The layer's slices are what its constructor "
        "says in layer.parameter[k]; unless it says so, a rank has all of it.",
    .look = "the constructor: layer_parameter_part and slice_along",
};
static const struct mistake same_slice = {
    .name = "every rank has the same slice",
    .explanation = "All ranks hold the same rows or columns of the parameter, and the others are "
                   "nowhere. Which slice is a rank's depends on its number in the group.",
    .look = "place->group->rank, where the constructor asks which part is this rank's",
};
static const struct mistake other_dimension = {
    .name = "cut along the wrong dimension",
    .explanation =
        "Weights are (outputs, inputs): a column-parallel layer has some of the outputs, so "
        "rows of that matrix; a row-parallel one has some of the inputs.",
    .look = "the dimension that the constructor hands to slice_along",
};

static const struct mistake too_much = {
    .name = "a rank has more than its share",
    .explanation =
        "What the ranks do not divide is spread over them, so that no rank has two more than "
        "another: all wait for the one that has most to do.",
    .look = "split.c, and whether the constructor asks it for this rank's part",
};
static const struct mistake not_what_comes_in = {
    .name = "the slice is not that of what comes in",
    .explanation = "x comes split, and each rank has a part of its columns. What the rank "
                   "multiplies them by is that part of the weight, however the layers before have "
                   "cut it.",
    .look = "place->inputs, which says what comes in",
};
static const struct mistake no_whole = {
    .name = "the ranks' slices do not make up the whole",
    .explanation =
        "Each row and column of a parameter that is split has to be on one rank, and on one "
        "only.",
    .look = "where the constructor's slices begin and end",
};

/* ---- slices ------------------------------------------------------------------------------------------ */

static const struct whole_part *part_at(const struct whole *whole, guint i)
{
    return whole_part_at(whole, i);
}

static bool is_same_slice(const struct slice *a, const struct slice *b)
{
    for (int d = 0; d < a->whole.dimensions; d++) {
        if (a->along[d].count != b->along[d].count)
            return false;
        for (int i = 0; i < a->along[d].count; i++)
            if (a->along[d].piece[i].begin != b->along[d].piece[i].begin ||
                a->along[d].piece[i].end != b->along[d].piece[i].end)
                return false;
    }
    return true;
}

/* Is it all of the whole along every dimension but that one? */
static bool is_along(const struct slice *slice, int dimension)
{
    const struct shape part = slice_shape(slice);
    for (int d = 0; d < part.dimensions; d++)
        if (d != dimension && part.size[d] != slice->whole.size[d])
            return false;
    return true;
}

/* complete: each element is on one rank. */
static const struct mistake *mistake_of_slices(const struct judged_trial *judged,
                                               const struct whole *whole, int dimension,
                                               bool complete)
{
    bool all = true, same = true, along = true;
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct slice *slice = &part_at(whole, i)->is.slice;
        all &= part_at(whole, i)->is.count == shape_elements(slice->whole);
        same &= is_same_slice(slice, &part_at(whole, 0)->is.slice);
        along &= is_along(slice, dimension);
    }
    if (judged->run->ranks == 1 || whole->parts->len < 2)
        return NULL;
    if (all)
        return &not_split;
    return !along ? &other_dimension : same ? &same_slice : complete ? &too_much : &no_whole;
}

/* Of what does not divide, a rank may have one more than another. */
static bool is_no_more_than_its_share(const struct judged_trial *judged, const struct whole *whole,
                                      const struct trial_cut *cut)
{
    const int ranks = judged->run->ranks,
              size = part_at(whole, 0)->is.slice.whole.size[cut->dimension];
    const int groups = size / cut->together;
    const int most = (groups + ranks - 1) / ranks * cut->together;
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct slice *slice = &part_at(whole, i)->is.slice;
        const int has = slice_shape(slice).size[cut->dimension];
        if (has <= most && is_along(slice, cut->dimension))
            continue;
        char part[SHAPE_TEXT_SIZE], all[SHAPE_TEXT_SIZE];
        trial_fail(judged, "rank %d holds %s of \"%s\" %s: its share are %d along dimension %d",
                   part_at(whole, i)->from->rank, shape_text(slice_shape(slice), part),
                   strchr(strchr(whole->name, '.') + 1, '.') + 1, shape_text(slice->whole, all),
                   most, cut->dimension);
        return false;
    }
    return true;
}

/* What is split like x has to be the part of x that comes in. */
static bool fits_what_comes_in(const struct judged_trial *judged, const struct whole *whole, int k)
{
    const struct trial *trial = judged->trial;
    const int dimension = trial->cut[k].dimension;
    const int size = trial->whole.input.size[chain_split_dimension(trial->whole.input)];
    for (guint i = 0; i < whole->parts->len && trial_splits_input(trial); i++) {
        const struct slice *slice = &part_at(whole, i)->is.slice;
        const struct part due = trial_inputs(trial, part_at(whole, i)->from->rank);
        const struct slice_piece has = slice->along[dimension].piece[0];
        if (slice->whole.size[dimension] != size || slice->along[dimension].count != 1 ||
            (has.begin == due.begin && has.end == due.end))
            continue;
        trial_fail(
            judged,
            "of \"%s\" rank %d has %d to %d along dimension %d, and of x %d to %d come to it",
            trial->whole.parameter[k].name, part_at(whole, i)->from->rank, has.begin, has.end - 1,
            dimension, due.begin, due.end - 1);
        return false;
    }
    return true;
}

static bool parameter_is_right(const struct judged_trial *judged, int k)
{
    const struct trial *trial = judged->trial;
    const struct trial_cut *cut = &trial->cut[k];
    const bool is_split = cut->together > 0;
    g_autofree char *name =
        g_strdup_printf("layers.%d.%s", trial->number, trial->whole.parameter[k].name);
    const struct whole *whole = wholes_find(judged->wholes, name);
    g_autoptr(GString) why = g_string_new(NULL);
    const struct tensor *found = wholes_assemble(
        judged->wholes, name, DTYPE_FLOAT32, &trial->whole.parameter[k].shape,
        (struct wholes_rules){.copies = is_split ? 1 : judged->run->ranks, .finite = true}, why);
    if (!found || (is_split && !is_no_more_than_its_share(judged, whole, cut))) {
        if (!found)
            trial_fail(judged, "%s", why->str);
        const struct mistake *mistake =
            whole && is_split ? mistake_of_slices(judged, whole, cut->dimension, found != NULL)
                              : NULL;
        if (mistake)
            verdict_name_mistake(judged->verdict, mistake);
        return false;
    }
    if (is_split && !fits_what_comes_in(judged, whole, k)) {
        verdict_name_mistake(judged->verdict, &not_what_comes_in);
        return false;
    }
    struct tensor *drawn = trial_truth_parameter(trial, judged->truth->parameters, k);
    const bool same = memcmp(found->data, drawn->data, tensor_bytes(drawn)) == 0;
    if (!same)
        trial_fail(judged,
                   "\"%s\" has other numbers than those that were drawn: a layer only reads its "
                   "parameters",
                   trial->whole.parameter[k].name);
    tensor_free(drawn);
    return same;
}

bool trial_shares_are_right(const struct judged_trial *judged)
{
    for (int k = 0; k < judged->trial->whole.parameters; k++)
        if (!parameter_is_right(judged, k))
            return false;
    return true;
}

/* NULL: not all ranks began. */
static struct wholes *stored_slices(const struct outcome *run)
{
    struct verdict *unsaid = verdict_new();
    bool usable = run->log != NULL;
    for (int rank = 0; rank < run->ranks && usable; rank++)
        usable = run->log[rank].rank == rank && run->log[rank].ranks == run->ranks &&
                 run->log[rank].seed == run->options.seed;
    struct wholes *wholes = usable ? wholes_read(run, "before", 0, unsaid) : NULL;
    verdict_free(unsaid);
    return wholes;
}

/* Did all ranks store theirs of a trial? */
static bool stored_by_all(const struct wholes *wholes, int ranks, int number)
{
    int files = 0;
    for (int i = 0; i < wholes_files(wholes); i++)
        files += wholes_file(wholes, i)->stage == number;
    return files == ranks;
}

/* Of one trial: its headline goes to cause. */
static bool slices_are_wrong(const struct outcome *run, struct wholes *wholes,
                             const struct trial_kind *kind, int number, GString *cause,
                             GString *mistake)
{
    struct trial trial;
    trial_make(&trial, kind, number, run->ranks, run->options.seed);
    struct layer_truth *truth = trial_truth_new(&trial, 0);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "right");
    const bool wrong = !trial_shares_are_right(&(struct judged_trial){
        .run = run, .trial = &trial, .truth = truth, .wholes = wholes, .verdict = verdict});
    if (wrong) {
        g_string_assign(cause, verdict->headline->str);
        g_string_assign(mistake, verdict->mistake->str);
    }
    verdict_free(verdict);
    trial_truth_free(truth);
    trial_clear(&trial);
    return wrong;
}

const struct mistake *trial_mistake_of_unfinished(const struct outcome *run, GString *cause)
{
    static const struct mistake *const known[] = {&not_split, &same_slice, &other_dimension,
                                                  &too_much,  &no_whole,   &not_what_comes_in};
    const struct trial_kind *kind = trial_kind_named(run->options.probe);
    struct wholes *wholes = kind ? stored_slices(run) : NULL;
    if (!wholes)
        return NULL;
    g_autoptr(GString) name = g_string_new(NULL);
    bool wrong = false;
    for (int number = 0; number < kind->trials && !wrong; number++)
        wrong = stored_by_all(wholes, run->ranks, number) &&
                slices_are_wrong(run, wholes, kind, number, cause, name);
    wholes_free(wholes);
    for (size_t i = 0; i < G_N_ELEMENTS(known) && wrong; i++)
        if (!strcmp(known[i]->name, name->str))
            return known[i];
    return NULL;
}
