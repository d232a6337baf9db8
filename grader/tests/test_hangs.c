/*
 * Programs that really hang, on this computer and on the simulated cluster: each
 * diagnosis is known from the program's source. And the picture of who waits for
 * whom.
 */
#include "grader/diagnose.h"
#include "grader/judges/judges.h"
#include "grader/picture_waits.h"
#include "grader/tests/hangs/expected.h"
#include "grader/tests/run_hang.h"

#include <check.h>

static char *digits(const GArray *ranks)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ranks->len; i++)
        g_string_append_printf(text, "%d", g_array_index(ranks, int, i));
    return g_string_free(text, FALSE);
}

static void assert_part(const char *all, const char *part)
{
    if (part != NULL)
        ck_assert_msg(strstr(all, part) != NULL, "no \"%s\" in: %s", part, all);
}

static void assert_diagnosis(int i, bool simulated)
{
    struct hung hung;
    run_hang(&hung, hangs[i].program, hangs[i].way, hangs[i].ranks, simulated, false);
    struct diagnosis *found = diagnosis_new(&hung.outcome, NULL, NULL);
    ck_assert_msg(found->kind == hangs[i].kind, "%s %s: %s: %s\n%s\n%s", hangs[i].program,
                  hangs[i].way, diagnosis_kind_name(found->kind), found->headline->str,
                  found->markdown->str, hung.outcome.output);
    assert_part(found->headline->str, hangs[i].headline);
    for (int part = 0; part < 2; part++)
        assert_part(found->markdown->str, hangs[i].text[part]);
    ck_assert_str_eq(found->mistake->str, hangs[i].mistake);
    g_autofree char *cycle = digits(found->cycle), *tails = digits(found->tails);
    ck_assert_str_eq(cycle, hangs[i].cycle);
    if (hangs[i].tails != NULL)
        ck_assert_str_eq(tails, hangs[i].tails);
    if (hangs[i].culprit > -2)
        ck_assert_int_eq(found->culprit, hangs[i].culprit);
    diagnosis_free(found);
    hung_clear(&hung);
}

START_TEST(on_this_computer)
{
    if (hangs[_i].machines & REAL)
        assert_diagnosis(_i, false);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    if (simulator_is_here() && (hangs[_i].machines & SIMULATED))
        assert_diagnosis(_i, true);
}
END_TEST

/* ---- luck -------------------------------------------------------------------------------------------- */

static void assert_verdict(struct hung *hung, bool finished, const char *headline, const char *text)
{
    struct judgement judgement = {.outcome = &hung->outcome, .outcomes = 1, .picture_prefix = "x"};
    struct verdict *verdict = verdict_new();
    hung->outcome.options.seed = 1;
    ck_assert_int_eq(judge_all_finished(&judgement, verdict), finished);
    if (finished)
        judge_luck(&judgement, verdict);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    assert_part(verdict->headline->str, headline);
    assert_part(verdict->explanation->str, text);
    verdict_free(verdict);
}

/* It ends, and is told from which size on it would not, and how. */
START_TEST(luck_on_this_computer)
{
    struct hung hung;
    run_hang(&hung, "messages", "lucky", 3, false, false);
    ck_assert_int_eq(hung.outcome.end, RUN_FINISHED);
    assert_verdict(&hung, true, "with messages of 40 bytes or more",
                   "ranks 0, 1 and 2 send first, and none gets to its receive");
    hung_clear(&hung);
}
END_TEST

START_TEST(luck_on_the_simulated_cluster)
{
    struct hung hung;
    if (!simulator_is_here())
        return;
    run_hang(&hung, "messages", "lucky", 2, true, false);
    ck_assert_int_eq(hung.outcome.end, RUN_FINISHED);
    assert_verdict(&hung, true, "with messages of 40 bytes or more", "65,536");
    hung_clear(&hung);
    run_hang(&hung, "messages", "lucky", 2, true, true);
    assert_verdict(&hung, false, "only by luck: simulated with sends that wait for their receive",
                   "rank 1 to receive (tag 5, 40 bytes)");
    hung_clear(&hung);
}
END_TEST

/* ---- the picture ---------------------------------------------------------------------------------- */

static int count(const char *text, const char *part)
{
    int times = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        times++;
    return times;
}

/* Two ranks in a circle, three behind: each look as often as it has to be there. */
START_TEST(a_picture_of_a_hang)
{
    struct hung hung;
    run_hang(&hung, "messages", "tails", 5, false, false);
    g_autofree char *path = g_strdup_printf("%s/waits", hung.folder);
    bool drawn;
    struct diagnosis *found = diagnosis_new(&hung.outcome, path, &drawn);
    ck_assert(drawn);
    static const char *const endings[] = {".svg", ".png", ".gnuplot"};
    for (int i = 0; i < 3; i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL), *content = NULL;
        ck_assert(g_file_get_contents(file, &content, NULL, NULL));
        if (i == 0) {
            ck_assert_int_ge(count(content, "tag 5"), 2 + 2); /* on arrows and beside ranks */
            ck_assert_int_ge(count(content, "tag 6"), 3 + 3);
            ck_assert_int_eq(count(content, "messages.c:37"), 2);
            assert_part(content, "both send first");
            assert_part(content, "held up behind it");
        }
        g_unlink(file);
    }
    diagnosis_free(found);
    hung_clear(&hung);
}
END_TEST

START_TEST(pictures_of_all_sizes)
{
    char folder[] = "/tmp/test_hangs_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    g_autofree char *path = g_strdup_printf("%s/p", folder);
    for (int ranks = 1; ranks <= WAITS_MOST_NODES + 1; ranks++) {
        struct waits_graph *graph = waits_graph_new();
        for (int rank = 0; rank < ranks; rank++)
            waits_graph_add_node(graph, rank, WAITS_IN_CYCLE, g_strdup("\"{_^ \\n'@"));
        for (int rank = 0; rank < ranks; rank++)
            waits_graph_add_arrow(graph, rank, (rank + 1) % ranks, true, g_strdup("tag 5"));
        g_autoptr(GString) error = g_string_new(NULL);
        bool drawn = waits_picture(graph, "a `title` with $signs", path, error);
        ck_assert_msg(drawn == (ranks <= WAITS_MOST_NODES), "%d: %s", ranks, error->str);
        waits_graph_free(graph);
    }
    static const char *const endings[] = {".svg", ".png", ".gnuplot"};
    for (int i = 0; i < 3; i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        ck_assert_int_eq(g_unlink(file), 0);
    }
    g_rmdir(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hangs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, on_this_computer, 0, G_N_ELEMENTS(hangs));
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, G_N_ELEMENTS(hangs));
    tcase_add_test(tests, luck_on_this_computer);
    tcase_add_test(tests, luck_on_the_simulated_cluster);
    tcase_add_test(tests, a_picture_of_a_hang);
    tcase_add_test(tests, pictures_of_all_sizes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
