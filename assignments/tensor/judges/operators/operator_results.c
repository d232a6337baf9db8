/* What --probe operators left behind; see operator_results.h. */
#include "assignments/tensor/judges/operators/operator_results.h"

#include "common/base/slice.h"
#include "grader/evidence/probe_file.h"

#include <math.h>

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool read_entry(const json_t *entry, struct operator_result *result)
{
    int call;
    const int size = result->one.whole.size[result->one.dimension];
    return probe_file_int(entry, "call", &call) && call == result->one.number &&
           probe_file_int(entry, "begin", &result->part.begin) &&
           probe_file_int(entry, "end", &result->part.end) &&
           probe_file_int(entry, "leaked", &result->leaked) &&
           probe_file_int(entry, "changed", &result->changed) && result->part.begin >= 0 &&
           result->part.begin < result->part.end && result->part.end <= size;
}

static bool read_calls(const struct outcome *run, struct operator_results *all, int rank,
                       struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf("probe-operators-%d.json", rank);
    json_t *root = probe_file_read(run, name, OPERATOR_ALL_CALLS, verdict);
    bool usable = root != NULL;
    for (int call = 0; usable && call < OPERATOR_ALL_CALLS; call++) {
        struct operator_result *result = &all->results[rank * OPERATOR_ALL_CALLS + call];
        g_autofree char *tensor = g_strdup_printf("call-%d", call);
        usable = read_entry(json_array_get(root, (size_t)call), result);
        if (!usable)
            evidence_fail(verdict, "result %d of %s is not usable", call + 1, name);
        result->returned = tensor_file_get(all->file[rank], tensor);
        if (usable && (!result->returned || result->returned->dtype != DTYPE_FLOAT32)) {
            evidence_fail(verdict, "rank %d's evidence lacks what call %d returned", rank,
                          call + 1);
            usable = false;
        }
    }
    json_decref(root);
    return usable;
}

static bool read_rank(const struct outcome *run, struct operator_results *all, int rank,
                      struct verdict *verdict)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path = g_strdup_printf("%s/probe-operators-%d.safetensors", run->folder, rank);
    for (int round = 0; round < OPERATOR_ROUNDS; round++) {
        g_autofree struct operator_case *cases = g_new(struct operator_case, OPERATOR_CALLS);
        operator_cases(run->options.seed, operator_group_of(run->ranks, rank, round), round, cases);
        for (int i = 0; i < OPERATOR_CALLS; i++)
            all->results[rank * OPERATOR_ALL_CALLS + cases[i].number].one = cases[i];
    }
    all->file[rank] = tensor_file_read(path, MEMORY_WORKSPACE, error);
    if (!all->file[rank])
        evidence_fail(verdict, "%s", error);
    return all->file[rank] && read_calls(run, all, rank, verdict);
}

/* Do the parts that split() gave make up each whole? */
static bool parts_make_wholes(const struct operator_results *all, struct verdict *verdict)
{
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < OPERATOR_ALL_CALLS; call++) {
            const struct operator_result *result = operator_result_of(all, rank, call);
            const struct operator_group *group = &result->one.group;
            const int size = result->one.whole.size[result->one.dimension];
            const int end =
                group->rank > 0 ? operator_result_at(all, result, group->rank - 1)->part.end : 0;
            if (result->part.begin == end &&
                (group->rank < group->ranks - 1 || result->part.end == size))
                continue;
            evidence_fail(
                verdict,
                "split: %d things on %d ranks do not lie one behind the other, so there is "
                "nothing to put together: see the check split",
                size, group->ranks);
            verdict_look(verdict, "split.c: where one rank's part ends, the next one's begins");
            return false;
        }
    return true;
}

struct operator_results *operator_results_read(const struct outcome *run, struct verdict *verdict)
{
    struct operator_results *all = g_new0(struct operator_results, 1);
    all->ranks = run->ranks;
    all->reversed = run->options.reverse_ranks;
    all->file = g_new0(struct tensor_file *, run->ranks);
    all->results = g_new0(struct operator_result, run->ranks * OPERATOR_ALL_CALLS);
    bool usable = true;
    for (int rank = 0; usable && rank < run->ranks; rank++)
        usable = read_rank(run, all, rank, verdict);
    if (usable && parts_make_wholes(all, verdict))
        return all;
    operator_results_free(all);
    return NULL;
}

void operator_results_free(struct operator_results *all)
{
    if (!all)
        return;
    for (int rank = 0; rank < all->ranks; rank++)
        tensor_file_free(all->file[rank]);
    g_free(all->file);
    g_free(all->results);
    g_free(all);
}

/* ---- members ------------------------------------------------------------------------------------------ */

const struct operator_result *operator_result_of(const struct operator_results *all, int rank,
                                                 int call)
{
    return &all->results[rank * OPERATOR_ALL_CALLS + call];
}

const struct operator_result *operator_result_at(const struct operator_results *all,
                                                 const struct operator_result *result, int member)
{
    return operator_result_of(all, operator_member(result->one.group, member), result->one.number);
}

/* ---- what it should have been ------------------------------------------------------------------------- */

struct tensor *operator_sum(const struct operator_result *result)
{
    struct tensor *sum = operator_term(&result->one, operator_member(result->one.group, 0));
    for (int member = 1; member < result->one.group.ranks; member++) {
        struct tensor *term =
            operator_term(&result->one, operator_member(result->one.group, member));
        for (int i = 0; i < sum->count; i++)
            tensor_floats(sum)[i] += tensor_floats(term)[i];
        tensor_free(term);
    }
    return sum;
}

struct tensor *operator_part(const struct operator_result *result, struct part part)
{
    struct tensor *whole = operator_whole(&result->one);
    const struct slice slice =
        slice_along(whole->shape, result->one.dimension, part.begin, part.end);
    struct tensor *cut = slice_part_new(&slice, whole);
    tensor_free(whole);
    return cut;
}

struct tensor *operator_expected(const struct operator_result *result)
{
    const struct operator_facts *facts = &operator_table[result->one.which];
    if (facts->takes == EXTENT_TERM)
        return operator_sum(result);
    return facts->gives == EXTENT_WHOLE ? operator_whole(&result->one)
                                        : operator_part(result, result->part);
}

int operator_first_difference(const struct tensor *found, const struct tensor *expected)
{
    for (int i = 0; i < expected->count; i++) {
        const double value = tensor_floats(found)[i], due = tensor_floats(expected)[i];
        if (!isnan(due) && !(fabs(value - due) <= 1e-6 * (fabs(due) + 20000)))
            return i;
    }
    return -1;
}

bool operator_is_right(const struct operator_result *result)
{
    struct tensor *expected = operator_expected(result);
    const bool right = shape_equal(result->returned->shape, expected->shape) &&
                       operator_first_difference(result->returned, expected) < 0;
    tensor_free(expected);
    return right;
}
