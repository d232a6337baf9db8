/* What --probe all-reduce left behind; see sum_results.h. */
#include "assignments/data/judges/sums/sum_results.h"

#include "grader/evidence/probe_file.h"

#include <math.h>

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool read_entry(const json_t *entry, struct sum_result *result)
{
    int call;
    return probe_file_int(entry, "call", &call) && call == result->one.number &&
           probe_file_bool(entry, "done", &result->done) &&
           probe_file_int(entry, "changed", &result->changed);
}

static bool read_numbers(const struct tensor_file *file, struct sum_result *result)
{
    static const float none[1] = {0};
    g_autofree char *name = g_strdup_printf("call-%d", result->one.number);
    const struct tensor *tensor = tensor_file_get(file, name);
    if (!result->done)
        return true;
    result->found = none;
    if (result->one.count == 0)
        return true;
    if (!tensor || tensor->dtype != DTYPE_FLOAT32 || tensor->count != result->one.count)
        return false;
    result->found = tensor->data;
    return true;
}

static bool read_calls(const struct outcome *run, struct sum_results *all, int rank,
                       struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf("probe-all-reduce-%d.json", rank);
    json_t *root = probe_file_read(run, name, SUM_CALLS, verdict);
    bool usable = root != NULL;
    for (int call = 0; usable && call < SUM_CALLS; call++) {
        struct sum_result *result = &all->result[rank * SUM_CALLS + call];
        result->one = sum_case_of(run->options.seed, run->ranks, rank, call);
        usable = read_entry(json_array_get(root, (size_t)call), result);
        if (!usable)
            evidence_fail(verdict, "result %d of %s is not usable", call + 1, name);
        else if (!read_numbers(all->file[rank], result)) {
            evidence_fail(verdict, "rank %d's evidence lacks what call %d gave", rank, call + 1);
            usable = false;
        }
    }
    json_decref(root);
    return usable;
}

static bool read_rank(const struct outcome *run, struct sum_results *all, int rank,
                      struct verdict *verdict)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path =
        g_strdup_printf("%s/probe-all-reduce-%d.safetensors", run->folder, rank);
    all->file[rank] = tensor_file_read(path, MEMORY_WORKSPACE, error);
    if (!all->file[rank])
        evidence_fail(verdict, "%s", error);
    return all->file[rank] && read_calls(run, all, rank, verdict);
}

/* The members of a group make a call all together, or not at all. */
static bool members_agree(const struct sum_results *all, struct verdict *verdict)
{
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < SUM_CALLS; call++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            if (result->done == data_sum_result_at(all, result, 0)->done)
                continue;
            evidence_fail(verdict,
                          "can_halve_and_double does not say the same of %d ranks on all of them",
                          result->one.group.ranks);
            return false;
        }
    return true;
}

struct sum_results *data_sum_results_read(const struct outcome *run, struct verdict *verdict)
{
    if (run->ranks > SUM_MOST_RANKS) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "this run has more than %d ranks", SUM_MOST_RANKS);
        return NULL;
    }
    struct sum_results *all = g_new0(struct sum_results, 1);
    all->ranks = run->ranks;
    all->sum = data_options(&run->options).sum;
    all->reversed = run->options.reverse_ranks;
    all->file = g_new0(struct tensor_file *, run->ranks);
    all->result = g_new0(struct sum_result, run->ranks * SUM_CALLS);
    bool usable = true;
    for (int rank = 0; usable && rank < run->ranks; rank++)
        usable = read_rank(run, all, rank, verdict);
    if (usable && members_agree(all, verdict))
        return all;
    data_sum_results_free(all);
    return NULL;
}

void data_sum_results_free(struct sum_results *all)
{
    if (!all)
        return;
    for (int rank = 0; rank < all->ranks; rank++)
        tensor_file_free(all->file[rank]);
    g_free(all->file);
    g_free(all->result);
    g_free(all);
}

/* ---- members ------------------------------------------------------------------------------------------ */

const struct sum_result *data_sum_result_of(const struct sum_results *all, int rank, int call)
{
    return &all->result[rank * SUM_CALLS + call];
}

const struct sum_result *data_sum_result_at(const struct sum_results *all,
                                            const struct sum_result *result, int member)
{
    return data_sum_result_of(all, sum_member(&result->one.group, member), result->one.number);
}

/* ---- what it should have been ------------------------------------------------------------------------- */

void data_sum_expected(const struct sum_case *one, double *due, double *room)
{
    g_autofree float *term = g_new(float, one->count + 1);
    for (int i = 0; i < one->count; i++)
        due[i] = room[i] = 0;
    for (int member = 0; member < one->group.ranks; member++) {
        sum_numbers(one, member, term);
        for (int i = 0; i < one->count; i++) {
            due[i] += term[i];
            room[i] += one->whole ? 0 : 1e-6 * fabs(term[i]);
        }
    }
}

/* ---- in words ----------------------------------------------------------------------------------------- */

const char *data_sum_function(enum sum sum)
{
    return sum == SUM_MPI ? "MPI_Allreduce" : data_sums[sum].what;
}

char *data_sum_text(const struct sum_results *all, const struct sum_case *one)
{
    const struct sum_group *group = &one->group;
    g_autoptr(GString) text = g_string_new(data_sum_function(all->sum));
    g_string_append_printf(text, " of %d number%s on %d rank%s", one->count,
                           one->count == 1 ? "" : "s", group->ranks, group->ranks == 1 ? "" : "s");
    for (int member = 0; group->stride > 0 && member < group->ranks; member++)
        g_string_append_printf(text, "%s%d", member == 0 ? " {" : ", ", sum_member(group, member));
    if (group->stride > 0)
        g_string_append_c(text, '}');
    return g_string_free(g_steal_pointer(&text), FALSE);
}
