/*
 * The judge of groups, on members written by hand: grids in any order, the grid of three dimensions, known mistakes,
 * and files that are none.
 */
#include "assignments/data/judges/groups.h"
#include "assignments/data/judges/judges.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <string.h>

/* "012/345": two groups of three ranks, in their order; a is 10, b 11. Every rank is in one, or in none. */
static void put(struct grid_case *one, enum dimension dimension, const char *groups)
{
    g_auto(GStrv) each = g_strsplit(groups, "/", -1);
    for (int g = 0; each[g]; g++) {
        struct members members = {.count = (int)strlen(each[g])};
        for (int i = 0; i < members.count; i++)
            members.rank[i] = g_ascii_xdigit_value(each[g][i]);
        for (int i = 0; i < members.count; i++)
            one->of[members.rank[i]][dimension] = members;
    }
}

static struct grid_case made(struct group_case is, const char *data, const char *pipeline,
                             const char *tensor)
{
    struct grid_case one = {.is = is};
    put(&one, DATA, data);
    put(&one, PIPELINE, pipeline);
    put(&one, TENSOR, tensor);
    return one;
}

static const struct {
    struct group_case is;
    const char *data, *pipeline, *tensor;
    const char *says, *mistake; /* NULL: it is right, or has no name */
} grids[] = {
    /* Two pipelines of three stages: stages side by side, pipelines side by side, and mixed. */
    {{6, 2, 3, 1}, "03/14/25", "012/345", "0/1/2/3/4/5", NULL, NULL},
    {{6, 2, 3, 1}, "01/23/45", "024/135", "0/1/2/3/4/5", NULL, NULL},
    {{6, 2, 3, 1}, "51/20/34", "523/104", "0/1/2/3/4/5", NULL, NULL},
    {{6, 2, 3, 1}, "10/32/54", "420/531", "0/1/2/3/4/5", NULL, NULL},
    {{1, 1, 1, 1}, "0", "0", "0", NULL, NULL},
    {{3, 3, 1, 1}, "201", "0/1/2", "0/1/2", NULL, NULL},
    {{3, 1, 3, 1}, "0/1/2", "120", "0/1/2", NULL, NULL},
    {{6, 2, 3, 1},
     "012/345",
     "03/14/25",
     "0/1/2/3/4/5",
     "the data group of rank 0 is {0, 1, 2}, and along data there are 2",
     "the data groups are the pipelines, and the pipelines the data groups"},
    {{6, 2, 3, 1},
     "01/23/45",
     "012/345",
     "0/1/2/3/4/5",
     "ranks 0 and 1 are in one data group, {0, 1}, and in one pipeline, {0, 1, 2}",
     "two dimensions are cut by the same rule"},
    {{6, 2, 3, 1},
     "03/14/25",
     "012/543",
     "0/1/2/3/4/5",
     "ranks 0 and 3 are in one data group, {0, 3}, and are number 0 and number 2 of their "
     "pipeline groups",
     "pipelines count their stages in different orders"},
    {{6, 2, 3, 1},
     "03/41/25",
     "012/345",
     "0/1/2/3/4/5",
     "ranks 0 and 1 are in one pipeline group",
     "stages count the replicas in different orders"},
    {{6, 2, 3, 1},
     "012345",
     "012/345",
     "0/1/2/3/4/5",
     "is {0, 1, 2, 3, 4, 5}",
     "all ranks are in one group"},
    {{6, 2, 3, 1},
     "0/1/2/3/4/5",
     "012/345",
     "0/1/2/3/4/5",
     "the data group of rank 0 is {0}",
     "every rank is alone in its group"},
    {{3, 1, 3, 1},
     "0/1",
     "012",
     "0/1/2",
     "the data group of rank 2 is no group",
     "a rank without a group"},
    {{6, 2, 3, 1},
     "03/14/25",
     "012/345",
     "01/2/3/4/5",
     "the tensor group of rank 0 is {0, 1}",
     NULL},
    /* Two of everything along tensor and data, and three stages: as Megatron-LM documents it for four stages. */
    {{12, 2, 3, 2}, "02/13/46/57/8a/9b", "048/159/26a/37b", "01/23/45/67/89/ab", NULL, NULL},
    {{8, 1, 4, 2}, "0/1/2/3/4/5/6/7", "0246/1357", "01/23/45/67", NULL, NULL},
    {{12, 2, 3, 2},
     "06/17/28/39/4a/5b",
     "024/135/68a/79b",
     "01/23/45/67/89/ab",
     "the data group of rank 0 is {0, 6}, and should be {0, 2}",
     "ranks stand in the grid in another order: along tensor, then along pipeline, then along "
     "data"},
    {{12, 2, 3, 2},
     "01/23/45/67/89/ab",
     "048/159/26a/37b",
     "02/13/46/57/8a/9b",
     "the data group of rank 0 is {0, 1}, and should be {0, 2}",
     "ranks stand in the grid in another order: along data, then along tensor, then along "
     "pipeline"},
    {{12, 2, 3, 2},
     "20/31/64/75/a8/b9",
     "048/159/26a/37b",
     "01/23/45/67/89/ab",
     "the data group of rank 0 is {2, 0}, and should be {0, 2}",
     "the right ranks, in another order"},
};

START_TEST(a_grid_is_told_from_what_is_none)
{
    const struct grid_case one =
        made(grids[_i].is, grids[_i].data, grids[_i].pipeline, grids[_i].tensor);
    const struct mistake *mistake;
    g_autoptr(GString) why = g_string_new(NULL);
    const bool right = grid_case_is_right(&one, why, &mistake);
    ck_assert_msg(right == !grids[_i].says, "%s", why->str);
    ck_assert_msg(right || strstr(why->str, grids[_i].says), "%s", why->str);
    ck_assert_msg((mistake != NULL) == (grids[_i].mistake != NULL), "%s",
                  mistake ? mistake->name : "no name");
    if (mistake)
        ck_assert_str_eq(mistake->name, grids[_i].mistake);
}
END_TEST

/* Every way to write n as a product of the sizes, by going through all numbers. */
START_TEST(every_grid_is_tried)
{
    for (int probe = 0; probe < GROUP_PROBES; probe++)
        for (int ranks = 1; ranks <= GROUP_MOST_RANKS + 3; ranks++) {
            struct group_case cases[GROUP_MOST_CASES];
            const int count = group_cases((enum group_probe)probe, ranks, cases);
            const int most = MIN(ranks, GROUP_MOST_RANKS);
            int due = 0;
            for (int d = 1; d <= most; d++)
                for (int p = 1; p <= most; p++)
                    for (int t = 1; t <= most; t++)
                        due += d * p * t <= most && (probe != GROUPS_OF_PIPELINES || t == 1) &&
                               (probe != GROUPS_OF_TENSORS || t > 1) &&
                               (probe != GROUPS_OF_TABLES || p > 1);
            ck_assert_int_eq(count, due);
            for (int i = 0; i < count; i++) {
                ck_assert_int_eq(cases[i].data * cases[i].pipeline * cases[i].tensor,
                                 cases[i].ranks);
                ck_assert(i == 0 || cases[i].ranks >= cases[i - 1].ranks);
            }
        }
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------------- */

static void write_file(const struct logged_run *run, const char *text)
{
    g_autofree char *name = g_strdup_printf(GROUPS_FILE, 0);
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void expect(const struct logged_run *run, enum verdict_kind kind, const char *says)
{
    struct verdict *verdict = verdict_new();
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    data_judge_groups(&judgement, verdict);
    logged_run_expect(verdict, kind, says);
}

START_TEST(files_are_read_with_distrust)
{
    static const struct {
        const char *text, *says; /* NULL: it is right */
    } files[] = {
        {"[{\"case\": 0, \"data\": [0], \"pipeline\": [0], \"tensor\": [0]}]", NULL},
        {"[{\"case\": 0, \"data\": [-1], \"pipeline\": [0], \"tensor\": [0]}]",
         "{a rank that is not in comm}"},
        {"[{\"case\": 0, \"data\": null, \"pipeline\": [0], \"tensor\": [0]}]", "no group"},
        {"[{\"case\": 1, \"data\": [0], \"pipeline\": [0], \"tensor\": [0]}]", "result 1 of"},
        {"[{\"case\": 0, \"data\": [12], \"pipeline\": [0], \"tensor\": [0]}]", "result 1 of"},
        {"[{\"case\": 0, \"data\": [], \"pipeline\": [0], \"tensor\": [0]}]", "result 1 of"},
        {"[{\"case\": 0, \"data\": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], \"pipeline\": [0], "
         "\"tensor\": [0]}]",
         "result 1 of"},
        {"[{\"case\": 0, \"data\": [\"0\"], \"pipeline\": [0], \"tensor\": [0]}]", "result 1 of"},
        {"[{\"case\": 0}]", "result 1 of"},
        {"[]", "probe-groups-0.json"},
        {"[", "probe-groups-0.json"},
    };
    struct logged_run *run = logged_run_new(1);
    logged_run_end(run);
    g_strlcpy(run->outcome.options.probe, "groups", sizeof run->outcome.options.probe);
    expect(run, VERDICT_FAIL, "probe-groups-0.json");
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        write_file(run, files[i].text);
        expect(run, files[i].says ? VERDICT_FAIL : VERDICT_PASS, files[i].says);
    }
    run->outcome.options.probe[0] = '\0';
    expect(run, VERDICT_FAIL, "without a probe of groups");
    logged_run_free(run);
}
END_TEST

/* Of two stages, on two ranks. */
START_TEST(the_tables_group_is_told)
{
    static const struct {
        const char *groups[2];
        const char *says;
        const char *pipeline; /* NULL: both ranks */
    } tables[] = {
        {{"[0, 1]", "[0, 1]"}, NULL, NULL},
        {{"[1, 0]", "[1, 0]"}, NULL, NULL},
        {{"[0, 1]", "null"}, "rank 1, stage 1 of the pipeline {0, 1}, is no group", NULL},
        {{"[0]", "[1]"}, "rank 0, stage 0 of the pipeline {0, 1}, is {0}", NULL},
        {{"null", "null"}, "is no group", NULL},
        {{"[0, 1]", "[0, 1]"}, "rank 0, stage -1 of the pipeline no group", "null"},
        {{"[0, 1]", "[0, 1]"}, "rank 1, stage -1 of the pipeline {0}", "[0]"},
    };
    struct logged_run *run = logged_run_new(2);
    logged_run_end(run);
    g_strlcpy(run->outcome.options.probe, "tied_embedding", sizeof run->outcome.options.probe);
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (int rank = 0; rank < 2; rank++) {
            g_autofree char *name = g_strdup_printf(GROUPS_FILE, rank);
            g_autofree char *path = g_build_filename(run->folder, name, NULL);
            g_autofree char *text = g_strdup_printf(
                "[{\"case\": 0, \"pipeline\": %s, \"embedding\": %s}]",
                tables[i].pipeline ? tables[i].pipeline : "[0, 1]", tables[i].groups[rank]);
            ck_assert(g_file_set_contents(path, text, -1, NULL));
        }
        expect(run, tables[i].says ? VERDICT_FAIL : VERDICT_PASS, tables[i].says);
    }
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of groups");
    TCase *tests = tcase_create("judge of groups");
    tcase_add_loop_test(tests, a_grid_is_told_from_what_is_none, 0, G_N_ELEMENTS(grids));
    tcase_add_test(tests, every_grid_is_tried);
    tcase_add_test(tests, files_are_read_with_distrust);
    tcase_add_test(tests, the_tables_group_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
