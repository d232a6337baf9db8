/*
 * Judge "groups".
 *
 * Run:       a probe that calls make_groups() for the first n ranks of the run as every grid that they can be,
 *            or make_embedding_group() for those of several stages.
 * Must hold: every rank is in one group along each dimension, of as many ranks as the grid has there; data groups
 *            and pipelines cross in one rank, which has the same stage as the rest of the one and the same
 *            replica as the rest of the other; in three dimensions the members are those of the
 *            order that data.h states. First and last stage of a pipeline are in one group for the table, and
 *            the stages between in none.
 * A failure: the smallest grid that isn't one.
 */
#include "assignments/data/judges/groups.h"
#include "assignments/data/judges/judges.h"
#include "grader/evidence/probe_file.h"

#include <string.h>

static const struct mistake
    table_for_all = {"stages between the first and the last are in a group of the table, too",
                     "The embedding's table is on the first and on the last stage. A stage between "
                     "them was given a group.",
                     "the colour of the stages between: MPI_UNDEFINED"},
    table_apart = {"first and last stage are not in one group",
                   "The embedding's table is on the first and on the last stage of each pipeline; "
                   "their group should have these two ranks.",
                   "the colour of the first and of the last stage"},
    table_of_replicas = {
        "the table's group spans several pipelines",
        "A group of the embedding's table has ranks of several pipelines. Each pipeline adds up "
        "its own two parts; the average over the pipelines comes besides.",
        "which communicator is split"};

/* ---- reading -------------------------------------------------------------------------------------------- */

static bool read_members(const json_t *value, struct members *members)
{
    const size_t count = json_array_size(value);
    members->count = (int)count;
    if (json_is_null(value))
        return true;
    if (count < 1 || count > GROUP_MOST_RANKS)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(value, i);
        const json_int_t rank = json_integer_value(number);
        if (!json_is_integer(number) || rank < GROUP_STRANGER || rank >= GROUP_MOST_RANKS)
            return false;
        members->rank[i] = (int)rank;
    }
    return true;
}

static bool read_entry(const json_t *entry, enum group_probe probe, int number,
                       struct members of[DIMENSIONS])
{
    int said;
    if (!probe_file_int(entry, "case", &said) || said != number)
        return false;
    if (probe == GROUPS_OF_TABLES)
        return read_members(json_object_get(entry, "embedding"), &of[EMBEDDING]) &&
               read_members(json_object_get(entry, "pipeline"), &of[PIPELINE]);
    return read_members(json_object_get(entry, "data"), &of[DATA]) &&
           read_members(json_object_get(entry, "pipeline"), &of[PIPELINE]) &&
           read_members(json_object_get(entry, "tensor"), &of[TENSOR]);
}

/* A rank's entries are those of the cases that it is part of, in their order. */
static bool read_rank(const struct outcome *run, enum group_probe probe, int rank, int count,
                      struct grid_case *cases, struct verdict *verdict)
{
    size_t next = 0, own = 0;
    for (int i = 0; i < count; i++)
        own += rank < cases[i].is.ranks;
    g_autofree char *name = g_strdup_printf(GROUPS_FILE, rank);
    json_t *root = probe_file_read(run, name, own, verdict);
    bool right = root != NULL;
    for (int i = 0; right && i < count; i++) {
        if (rank >= cases[i].is.ranks)
            continue;
        right = read_entry(json_array_get(root, next++), probe, i, cases[i].of[rank]);
        if (!right)
            evidence_fail(verdict, "result %zu of %s is not usable", next, name);
    }
    json_decref(root);
    return right;
}

/* ---- the table's groups --------------------------------------------------------------------------------- */

static const struct mistake *mistake_of_table(const struct members *group,
                                              const struct members *pipeline, bool is_end)
{
    for (int i = 0; i < group->count; i++)
        if (members_place(pipeline, group->rank[i]) < 0)
            return &table_of_replicas;
    if (!is_end || group->count > 2)
        return &table_for_all;
    return group->count < 2 ? &table_apart : NULL;
}

/* Are a pipeline's first and last stage in a group, and its other stages in none? */
static bool table_is_right(const struct grid_case *one, GString *why,
                           const struct mistake **mistake)
{
    for (int rank = 0; rank < one->is.ranks; rank++) {
        const struct members *group = &one->of[rank][EMBEDDING];
        const struct members *pipeline = &one->of[rank][PIPELINE];
        const int place = members_place(pipeline, rank), last = pipeline->count - 1;
        const bool is_end = place >= 0 && (place == 0 || place == last);
        if (is_end ? group->count == 2 && members_place(group, pipeline->rank[0]) >= 0 &&
                         members_place(group, pipeline->rank[last]) >= 0
                   : place > 0 && group->count == 0)
            continue;
        g_string_append_printf(why, "the embedding group of rank %d, stage %d of the pipeline ",
                               rank, place);
        members_describe(pipeline, why);
        g_string_append(why, ", is ");
        members_describe(group, why);
        *mistake = mistake_of_table(group, pipeline, is_end);
        return false;
    }
    return true;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

static bool find_probe(const struct outcome *run, enum group_probe *probe, struct verdict *verdict)
{
    for (int i = 0; i < GROUP_PROBES; i++)
        if (!strcmp(run->options.probe, group_probe_name[i])) {
            *probe = (enum group_probe)i;
            return true;
        }
    evidence_fail(verdict, "a run without a probe of groups");
    return false;
}

static void judge_cases(const struct grid_case *cases, int count, enum group_probe probe,
                        struct verdict *verdict)
{
    for (int i = 0; i < count; i++) {
        const struct group_case *grid = &cases[i].is;
        const struct mistake *mistake;
        g_autoptr(GString) why = g_string_new(NULL);
        if (probe == GROUPS_OF_TABLES ? table_is_right(&cases[i], why, &mistake)
                                      : grid_case_is_right(&cases[i], why, &mistake))
            continue;
        evidence_fail(verdict, "with data %d, pipeline %d, tensor %d: %s", grid->data,
                      grid->pipeline, grid->tensor, why->str);
        if (mistake)
            verdict_name_mistake(verdict, mistake);
        return;
    }
}

void data_judge_groups_of(const struct judgement *judgement, const struct outcome *run,
                          struct verdict *verdict)
{
    (void)judgement;
    struct group_case all[GROUP_MOST_CASES];
    enum group_probe probe;
    if (!evidence_logs(run, verdict) || !find_probe(run, &probe, verdict))
        return;
    const int count = group_cases(probe, run->ranks, all);
    g_autofree struct grid_case *cases = g_new0(struct grid_case, GROUP_MOST_CASES);
    for (int i = 0; i < count; i++)
        cases[i].is = all[i];
    for (int rank = 0; rank < run->ranks && rank < GROUP_MOST_RANKS; rank++)
        if (!read_rank(run, probe, rank, count, cases, verdict))
            return;
    judge_cases(cases, count, probe, verdict);
}

void data_judge_groups(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, data_judge_groups_of,
                      "every rank is in the right groups, of every grid");
}
