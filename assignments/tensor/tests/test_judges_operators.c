/*
 * The judge of the operators, on results written by hand: what right operators return, whichever ranks have one
 * more, and what wrong ones do, number by number.
 */
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/operator_cases.h"
#include "common/files/tensor_file.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <string.h>

enum { ALL_CALLS = OPERATOR_ROUNDS * OPERATOR_CALLS };

/* ---- what is made --------------------------------------------------------------------------------- */

struct call {
    const struct operator_case *one;
    int ranks, rank;         /* of the run */
    int begin[LOGGED_RANKS]; /* of each member's part; the next one's is where it ends */
    int end[LOGGED_RANKS];
};

/* The first ranks have one more; with `last`, the last ones. */
static struct call call_of(const struct operator_case *one, int ranks, int rank, bool last)
{
    struct call call = {.one = one, .ranks = ranks, .rank = rank};
    const int size = one->whole.size[one->dimension], parts = one->group.ranks;
    int end = 0;
    for (int member = 0; member < parts; member++) {
        const int more = last ? member >= parts - size % parts : member < size % parts;
        call.begin[member] = end;
        end += size / parts + more;
        call.end[member] = end;
    }
    return call;
}

/* Element by element: which index of the dimension it has, and how many stand behind one index. */
static int behind(const struct operator_case *one)
{
    int count = 1;
    for (int d = one->dimension + 1; d < one->whole.dimensions; d++)
        count *= one->whole.size[d];
    return count;
}

/* The whole with other indices in the dimension: of `size`, index i is number from(i) of the whole. */
typedef int from_index(const struct call *call, int i);

static struct tensor *taken(const struct call *call, int size, from_index *from)
{
    struct shape shape = call->one->whole;
    const int width = behind(call->one), old = shape.size[call->one->dimension];
    shape.size[call->one->dimension] = size;
    struct tensor *whole = operator_whole(call->one);
    struct tensor *made = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (int k = 0; k < made->count; k++) {
        const int i = k / width % size, block = k / width / size;
        const int index = from(call, i);
        tensor_floats(made)[k] =
            index < 0 ? 0.0f : tensor_floats(whole)[(block * old + index) * width + k % width];
    }
    tensor_free(whole);
    return made;
}

static int own_index(const struct call *call, int i)
{
    return call->begin[call->one->group.rank] + i;
}

static int same_index(const struct call *call, int i)
{
    (void)call;
    return i;
}

static struct tensor *sum_of(const struct call *call, int members)
{
    struct tensor *sum = operator_term(call->one, operator_member(call->one->group, 0));
    for (int member = 1; member < members; member++) {
        struct tensor *term = operator_term(call->one, operator_member(call->one->group, member));
        for (int i = 0; i < sum->count; i++)
            tensor_floats(sum)[i] += tensor_floats(term)[i];
        tensor_free(term);
    }
    return sum;
}

static int own_size(const struct call *call)
{
    const int rank = call->one->group.rank;
    return call->end[rank] - call->begin[rank];
}

static int whole_size(const struct call *call)
{
    return call->one->whole.size[call->one->dimension];
}

static struct tensor *right(const struct call *call)
{
    switch (call->one->which) {
    case COPY_BACKWARD:
    case COPY_BACKWARD_IN_HALVES:
    case REDUCE_FORWARD:
        return sum_of(call, call->one->group.ranks);
    case SCATTER_FORWARD:
    case GATHER_BACKWARD:
        return taken(call, own_size(call), own_index);
    default:
        return operator_whole(call->one);
    }
}

/* ---- wrong ones -------------------------------------------------------------------------------------- */

typedef struct tensor *maker(const struct call *call);

static struct tensor *times(struct tensor *tensor, float factor)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] *= factor;
    return tensor;
}

static struct tensor *own_term(const struct call *call)
{
    return operator_term(call->one, call->rank);
}

static struct tensor *first_term(const struct call *call)
{
    return sum_of(call, 1);
}

static struct tensor *scanned(const struct call *call)
{
    return sum_of(call, call->one->group.rank + 1);
}

static struct tensor *too_large(const struct call *call)
{
    return times(right(call), (float)call->one->group.ranks);
}

static struct tensor *averaged(const struct call *call)
{
    return times(right(call), 1.0f / (float)call->one->group.ranks);
}

static struct tensor *nothing(const struct call *call)
{
    return times(right(call), 0.0f);
}

static struct tensor *on_rank_0(const struct call *call)
{
    return call->one->group.rank == 0 ? right(call) : times(right(call), 3.0f);
}

static struct tensor *whole(const struct call *call)
{
    return operator_whole(call->one);
}

static struct tensor *first_ones(const struct call *call)
{
    return taken(call, own_size(call), same_index);
}

static struct tensor *part_of_0(const struct call *call)
{
    return taken(call, call->end[0], same_index);
}

static struct tensor *own_part(const struct call *call)
{
    return taken(call, own_size(call), own_index);
}

static int own_or_nothing(const struct call *call, int i)
{
    const int rank = call->one->group.rank;
    return i >= call->begin[rank] && i < call->end[rank] ? i : -1;
}

static struct tensor *own_part_and_zeros(const struct call *call)
{
    return taken(call, whole_size(call), own_or_nothing);
}

static struct tensor *own_part_and_dust(const struct call *call)
{
    struct tensor *made = own_part_and_zeros(call);
    for (int k = 0; k < made->count; k++)
        if (tensor_floats(made)[k] == 0.0f)
            tensor_floats(made)[k] = -0.5f * (float)k - 3.0f;
    return made;
}

/* Its own part comes first, and where that should be is what was there. */
static int own_first(const struct call *call, int i)
{
    const int rank = call->one->group.rank;
    if (i < own_size(call))
        return call->begin[rank] + i;
    return rank > 0 ? own_or_nothing(call, i) >= 0 ? -1 : i : i;
}

static struct tensor *own_part_first(const struct call *call)
{
    return taken(call, whole_size(call), own_first);
}

/* Runs with --reverse-ranks: in MPI_COMM_WORLD the highest rank of the run is the first. */
static int worlds_index(const struct call *call, int i)
{
    int begin = 0;
    for (int rank = call->ranks - 1; rank >= 0; rank--)
        for (int member = 0; member < call->one->group.ranks; member++) {
            if (operator_member(call->one->group, member) != rank)
                continue;
            const int size = call->end[member] - call->begin[member];
            if (i < begin + size)
                return call->begin[member] + i - begin;
            begin += size;
        }
    return -1;
}

static struct tensor *worlds_order(const struct call *call)
{
    return taken(call, whole_size(call), worlds_index);
}

/* In memory one part stands behind the other. */
static struct tensor *one_below_the_other(const struct call *call)
{
    const int size = whole_size(call), width = behind(call->one);
    struct tensor *made = operator_whole(call->one), *source = operator_whole(call->one);
    const int blocks = made->count / size / width;
    int place = 0;
    for (int member = 0; member < call->one->group.ranks; member++)
        for (int block = 0; block < blocks; block++)
            for (int k = call->begin[member] * width; k < call->end[member] * width; k++)
                tensor_floats(made)[place++] = tensor_floats(source)[block * size * width + k];
    tensor_free(source);
    return made;
}

/* As cards are dealt: one to each rank, and round again. */
static int dealt_index(const struct call *call, int i)
{
    return call->one->group.rank + i * call->one->group.ranks;
}

static struct tensor *dealt_out(const struct call *call)
{
    return taken(call, own_size(call), dealt_index);
}

static int dealt_back_index(const struct call *call, int i)
{
    return call->begin[i % call->one->group.ranks] + i / call->one->group.ranks;
}

static struct tensor *dealt_back(const struct call *call)
{
    return taken(call, whole_size(call), dealt_back_index);
}

static struct tensor *where_last(const struct call *call)
{
    const bool last = call->one->dimension == call->one->whole.dimensions - 1;
    return last ? right(call) : times(right(call), 5.0f);
}

static struct tensor *where_even(const struct call *call)
{
    return whole_size(call) % call->one->group.ranks == 0 ? right(call) : times(right(call), 5.0f);
}

static struct tensor *one_call_off(const struct call *call)
{
    struct tensor *made = right(call);
    if (call->one->number == OPERATOR_CALLS + OPERATORS + (int)call->one->which && call->rank == 1)
        tensor_floats(made)[made->count - 1] += 1.0f;
    return made;
}

/* ---- evidence ------------------------------------------------------------------------------------------ */

static struct logged_run *run;
static bool more_on_the_last;

static void write_rank(int rank, enum tensor_operator which, maker *make, int leaked, int changed)
{
    const int ranks = run->outcome.ranks;
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    for (int i = 0; i < ALL_CALLS; i++) {
        struct operator_case cases[OPERATOR_CALLS];
        const int round = i / OPERATOR_CALLS;
        if (i % OPERATOR_CALLS == 0)
            operator_cases(run->outcome.options.seed, operator_group_of(ranks, rank, round), round,
                           cases);
        const struct operator_case *one = &cases[i % OPERATOR_CALLS];
        const struct call call = call_of(one, ranks, rank, more_on_the_last);
        const bool is_it = one->which == which;
        struct tensor *made = is_it ? make(&call) : right(&call);
        g_autofree char *name = g_strdup_printf("call-%d", i);
        tensor_file_add(file, name, made);
        tensor_free(made);
        json_array_append_new(
            table, json_pack("{si si si si si}", "call", i, "begin", call.begin[one->group.rank],
                             "end", call.end[one->group.rank], "leaked", is_it ? leaked : 0,
                             "changed", is_it && one->shared ? changed : 0));
    }
    g_autofree char *json = g_strdup_printf("%s/probe-operators-%d.json", run->folder, rank);
    g_autofree char *tensors =
        g_strdup_printf("%s/probe-operators-%d.safetensors", run->folder, rank);
    char error[TENSOR_FILE_ERROR_SIZE];
    ck_assert_int_eq(json_dump_file(table, json, 0), 0);
    ck_assert_msg(tensor_file_write(file, tensors, error), "%s", error);
    json_decref(table);
    tensor_file_free(file);
}

static void begin(int ranks)
{
    run = logged_run_new(ranks);
    run->outcome.options.reverse_ranks = true;
    g_strlcpy(run->outcome.options.probe, "operators", sizeof run->outcome.options.probe);
    logged_run_end(run);
}

static void write_all(enum tensor_operator which, maker *make, int leaked, int changed)
{
    for (int rank = 0; rank < run->outcome.ranks; rank++)
        write_rank(rank, which, make, leaked, changed);
}

/* Where the next verdict says to look, or NULL: not asked. */
static const char *look;

static void expect(enum verdict_kind kind, const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    tensor_judge_operators(&judgement, verdict);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake ? mistake : "") == 0,
                  "named \"%s\" and not \"%s\": %s", verdict->mistake->str, mistake ? mistake : "",
                  verdict->headline->str);
    if (look)
        ck_assert_ptr_nonnull(strstr(verdict->look->str, look));
    logged_run_expect(verdict, kind, says);
}

START_TEST(right_ones)
{
    begin(1 + _i % LOGGED_RANKS);
    more_on_the_last = _i >= LOGGED_RANKS;
    write_all(OPERATORS, right, 0, 0);
    expect(VERDICT_PASS, NULL, NULL);
    logged_run_free(run);
}
END_TEST

static const struct {
    enum tensor_operator which;
    maker *make;
    const char *mistake;
} wrong[] = {
    {COPY_BACKWARD, own_term, "not summed"},
    {COPY_BACKWARD_IN_HALVES, too_large, "summed twice"},
    {REDUCE_FORWARD, averaged, "averaged instead of summed"},
    {REDUCE_FORWARD, first_term, "rank 0's term instead of the sum"},
    {REDUCE_FORWARD, scanned, "sum of the ranks so far"},
    {COPY_BACKWARD, on_rank_0, "only rank 0 has it"},
    {COPY_BACKWARD, nothing, "all zeros"},
    {COPY_FORWARD, too_large, "summed although it is whole"},
    {REDUCE_BACKWARD, averaged, "divided by the number of ranks"},
    {SCATTER_FORWARD, whole, "not cut"},
    {SCATTER_FORWARD, first_ones, "every rank has the first ones"},
    {SCATTER_FORWARD, part_of_0, "every rank has rank 0's part"},
    {GATHER_BACKWARD, too_large, "summed before it was cut"},
    {GATHER_BACKWARD, where_last, "along the last dimension, whichever was asked for"},
    {GATHER_FORWARD, own_part, "not gathered"},
    {GATHER_FORWARD, own_part_and_zeros, "not gathered"},
    {SCATTER_BACKWARD, own_part_and_dust, "not gathered"},
    {GATHER_FORWARD, own_part_first, "own part at the begin"},
    {SCATTER_BACKWARD, too_large, "summed although it was gathered"},
    {GATHER_FORWARD, on_rank_0, "only rank 0 has it"},
    {GATHER_FORWARD, where_even, "parts are taken to be of one size"},
    {GATHER_FORWARD, where_last, "along the last dimension, whichever was asked for"},
    {GATHER_FORWARD, one_below_the_other, "gathered along the first dimension"},
    {GATHER_FORWARD, worlds_order, "parts in the order of MPI_COMM_WORLD"},
    {GATHER_FORWARD, one_call_off, NULL},
    {REDUCE_FORWARD, one_call_off, NULL},
    {SCATTER_FORWARD, one_call_off, NULL},
};

START_TEST(wrong_ones)
{
    const int which = _i / 2;
    begin(3 + _i % 2);
    more_on_the_last = _i % 2;
    write_all(wrong[which].which, wrong[which].make, 0, 0);
    expect(VERDICT_FAIL, operator_table[wrong[which].which].name, wrong[which].mistake);
    logged_run_free(run);
}
END_TEST

/* With one more on the first ranks: else the last ones would be dealt more than there are. */
START_TEST(dealt_in_turns)
{
    begin(2 + _i % 3);
    more_on_the_last = false;
    write_all(SCATTER_FORWARD, dealt_out, 0, 0);
    expect(VERDICT_FAIL, "scatter_forward", "dealt out in turns instead of cut into pieces");
    write_all(GATHER_FORWARD, dealt_back, 0, 0);
    expect(VERDICT_FAIL, "gather_forward", "dealt out in turns instead of cut into pieces");
    logged_run_free(run);
}
END_TEST

START_TEST(left_behind)
{
    begin(2);
    write_all(GATHER_FORWARD, right, 1, 0);
    expect(VERDICT_FAIL, "rank 0 leaves tensors behind, 12 in 12 calls",
           "a tensor that nobody frees");
    write_all(SCATTER_BACKWARD, right, 0, 7);
    expect(VERDICT_FAIL, "rank 0 changed 7 numbers", "wrote into a tensor that others look at");
    logged_run_free(run);
}
END_TEST

START_TEST(unusable)
{
    static const char *const texts[] = {"", "[]", "[1]", "{}"};
    begin(2);
    expect(VERDICT_FAIL, "probe-operators-0", NULL);
    write_all(OPERATORS, right, 0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = g_build_filename(run->folder, "probe-operators-1.json", NULL);
        ck_assert(g_file_set_contents(path, texts[i], -1, NULL));
        expect(VERDICT_FAIL, "probe-operators-1.json", NULL);
    }
    write_rank(1, OPERATORS, right, 0, 0);
    g_autofree char *path = g_build_filename(run->folder, "probe-operators-1.safetensors", NULL);
    ck_assert(g_file_set_contents(path, "no tensors", -1, NULL));
    expect(VERDICT_FAIL, "probe-operators-1.safetensors", NULL);
    more_on_the_last = true; /* rank 1's parts do not go with rank 0's */
    write_rank(1, OPERATORS, right, 0, 0);
    look = "split.c";
    expect(VERDICT_FAIL, "do not lie one behind the other", NULL);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of the operators");
    TCase *tests = tcase_create("judge of the operators");
    tcase_add_loop_test(tests, right_ones, 0, 2 * LOGGED_RANKS);
    tcase_add_loop_test(tests, wrong_ones, 0, 2 * (int)G_N_ELEMENTS(wrong));
    tcase_add_loop_test(tests, dealt_in_turns, 0, 3);
    tcase_add_test(tests, left_behind);
    tcase_add_test(tests, unusable);
    suite_add_tcase(suite, tests);
    return suite;
}
