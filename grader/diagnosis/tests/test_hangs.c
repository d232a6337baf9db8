/*
 * Programs that really hang, on this computer and on the simulated cluster: each
 * diagnosis is known from the program's source. And the picture of who waits for
 * whom.
 */
#include "grader/evidence/evidence.h"
#include "grader/grade/unfinished.h"
#include "grader/judges/judges.h"
#include "grader/pictures/picture_waits.h"
#include "tests/support/hung.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

#define HANGS "grader/diagnosis/tests/hangs/"
#define ANY   HANG_ANY_CULPRIT

/* What runs; kind, cycle, tails and culprit; headline, two parts of the text, and the mistake. */
#define HANG(program, way, ranks, machines, kind, ...)                                             \
    {                                                                                              \
        HANGS program, way, ranks, HANG_##machines, DIAGNOSIS_##kind, __VA_ARGS__                  \
    }

/* Some come to their end on the simulated cluster all the same; grader/evidence/tests/test_collectives_agree.c
 * says what a judge is told of them there. */
static const struct hang hangs[] = {
    HANG("messages", "send-first", 2, BOTH, BOTH_SEND_FIRST, "01", "", -1,
         "ranks 0 and 1 send first", "rank 1 to receive (tag 5, 400000 bytes)",
         "rank 0 → rank 1 → rank 0", NULL),
    HANG("messages", "send-first", 3, BOTH, BOTH_SEND_FIRST, "012", "", -1,
         "each in MPI_Send at messages.c:11 (send_first)", "rank 0 → rank 1 → rank 2 → rank 0",
         "rank 0 to receive (tag 5, 400000 bytes)", NULL),
    HANG("messages", "send-first", 5, BOTH, BOTH_SEND_FIRST, "01234", "", -1,
         "ranks 0, 1, 2, 3 and 4 send first", "rank 4 → rank 0", NULL, NULL),
    HANG("messages", "receive-first", 2, BOTH, BOTH_RECEIVE_FIRST, "01", "", -1,
         "MPI_Recv at messages.c:17 (receive_first)",
         "a message from rank 1 (tag 7, room for 40 bytes)", NULL, NULL),
    HANG("messages", "receive-first", 3, BOTH, BOTH_RECEIVE_FIRST, "021", "", -1,
         "wait to receive first", "rank 0 → rank 2 → rank 1 → rank 0", NULL, NULL),
    HANG("messages", "mixed", 3, BOTH, CYCLE, "012", "", -1,
         "rank 0: MPI_Send at messages.c:25 (mixed)", "rank 2 (tag 4, room for 40 bytes)", NULL,
         NULL),
    HANG("messages", "tails", 5, BOTH, BOTH_SEND_FIRST, "01", "234", -1, "ranks 0 and 1 send",
         "Not part of it, but held up: rank 2, 3, 4.", "rank 3 → rank 2   tag 6", NULL),
    HANG("messages", "two-circles", 4, BOTH, BOTH_RECEIVE_FIRST, "01", "", -1,
         "ranks 0 and 1 wait to receive", "another circle: rank 2 → rank 3 → rank 2", NULL, NULL),
    HANG("messages", "wait-for-sends", 2, BOTH, BOTH_SEND_FIRST, "01", "", -1,
         "MPI_Wait at messages.c:52", "begun with MPI_Isend at `messages.c:51",
         "Then start the message with `MPI_Isend` and go on; wait for it only behind the receive",
         NULL),
    HANG("messages", "anybody", 3, BOTH, BOTH_RECEIVE_FIRST, "01", "2", -1, "receive first",
         "a message from any rank (tag 2", NULL, NULL),
    HANG("messages", "tags", 2, BOTH, TAG_MISMATCH, "01", "", -1,
         "rank 1 waits for a message from rank 0 with tag 6, but rank 0 sent one with tag 5",
         "rank 1 to receive (tag 5, 400000 bytes)", NULL, NULL),
    HANG("messages", "communicators", 2, BOTH, COMMUNICATOR_MISMATCH, "", "1", 0,
         "on another communicator (rank 1: MPI_Recv at messages.c:80 (communicators), rank 0: "
         "MPI_Send at messages.c:78",
         NULL, NULL, NULL),
    HANG("messages", "truncated", 2, BOTH, TRUNCATION, "", "", -1,
         "rank 1 has room for 40 bytes, but rank 0 sent 80 (tag 1): MPI_Recv at messages.c:88",
         NULL, NULL, NULL),
    HANG("messages", "one-too-many", 2, BOTH, RANK_GONE, "", "1", 0, "rank 0 came to its end",
         "a message from rank 0 (tag 3,", NULL, NULL),
    HANG(
        "messages", "waitall", 2, BOTH, RANK_GONE, "", "0", 1,
        "rank 0 waits for it in MPI_Waitall at messages.c:108",
        "a message from rank 1 (tag 2, room for 40 bytes), begun with MPI_Irecv at `messages.c:107",
        NULL, NULL),
    HANG("collectives", "not-entered", 3, BOTH, COLLECTIVE_MISSING, "01", "2", -1,
         "MPI_Barrier at collectives.c:11",
         "rank 1 to call MPI_Barrier among all ranks, too (so far ranks 0 and 2 have)", NULL, NULL),
    HANG("collectives", "skipped", 3, BOTH, COLLECTIVE_MISSING, "", "01", 2,
         "rank 0 is in MPI_Allreduce of 40 bytes among all ranks at collectives.c:18 (skipped), "
         "which rank 2 never called",
         NULL, NULL, NULL),
    HANG("collectives", "different", 2, BOTH, COLLECTIVES_DIFFER, "", "", -1,
         "rank 1 calls MPI_Barrier among all ranks at collectives.c:26 (different), where rank 0 "
         "calls "
         "MPI_Allreduce of 400000 bytes among all ranks at collectives.c:24",
         NULL, NULL, NULL),
    HANG("collectives", "roots", 2, BOTH, COLLECTIVES_DIFFER, "", NULL, -1,
         "rank 1 calls MPI_Bcast among all ranks with root 1 at collectives.c:31 (roots), where "
         "rank 0 calls it with root 0 at",
         NULL, NULL, NULL),
    HANG("collectives", "sizes", 2, BOTH, COLLECTIVES_DIFFER, "", NULL, ANY,
         "rank 1 calls MPI_Bcast among all ranks with 40 bytes at collectives.c:37 (sizes), where "
         "rank 0 calls it with 80 bytes at",
         NULL, NULL, NULL),
    HANG("collectives", "crosswise", 3, BOTH, CROSSWISE, "01", "2", -1,
         "ranks 0 and 1 wait for each other crosswise, each in another collective (rank 0: "
         "MPI_Allreduce of 400000 bytes among all ranks at collectives.c:",
         "rank 1 to call MPI_Allreduce of 400000 bytes among all ranks, too (so far ranks 0 and 2 "
         "have)",
         "in one order", NULL),
    HANG("collectives", "world", 4, BOTH, GROUPS_DIFFER, "01", "", -1,
         "from line 66, where rank 0 calls it among {0, 1} at collectives.c:",
         "rank 0 → rank 1   MPI_Allreduce {0, 1}   [cycle]", NULL, NULL),
    HANG("collectives", "one-left-out", 3, SIMULATED, COLLECTIVE_MISSING, "", NULL, ANY,
         "has not called MPI_Bcast of 80 bytes among all ranks", NULL, NULL, NULL),
    HANG("collectives", "in-flight", 4, BOTH, COLLECTIVE_MISSING, "13", "", -1,
         "ranks 1 and 3 wait for each other",
         "rank 3 to call MPI_Iallreduce of 40 bytes among {1, 3}, too (so far rank 1 has)", NULL,
         NULL),
    HANG("collectives", "blocking-with-nonblocking", 2, BOTH, COLLECTIVES_DIFFER, "", NULL, ANY,
         "rank 1 calls MPI_Iallreduce of 400000 bytes among all ranks", NULL, NULL, NULL),
    HANG("collectives", "reduce-for-bcast", 2, SIMULATED, COLLECTIVES_DIFFER, "", NULL, ANY,
         "rank 1 calls MPI_Reduce of 40 bytes among all ranks at collectives.c:", NULL, NULL, NULL),
    HANG("collectives", "sizes-in-flight", 3, SIMULATED, COLLECTIVES_DIFFER, "", NULL, ANY,
         "rank 1 calls MPI_Iallreduce among all ranks with 40 bytes at", NULL, NULL, NULL),
    HANG("collectives", "types", 3, SIMULATED, COLLECTIVES_DIFFER, "", NULL, ANY,
         "rank 1 calls MPI_Reduce", NULL, NULL, NULL),
    HANG("collectives", "part-too-large", 3, BOTH, COLLECTIVES_DIFFER, "", NULL, ANY, "80 bytes",
         NULL, NULL, NULL),
    HANG("collectives", "part-too-small", 3, SIMULATED, COLLECTIVES_DIFFER, "", NULL, ANY,
         "20 bytes", NULL, NULL, NULL),
    HANG("collectives", "blocks", 3, SIMULATED, COLLECTIVES_DIFFER, "", NULL, ANY, "20 bytes", NULL,
         NULL, NULL),
    HANG("collectives", "group-not-made", 3, REAL, COLLECTIVE_MISSING, "02", NULL, -1,
         "ranks 0 and 2 wait for each other, some in a collective",
         "rank 2 to call MPI_Comm_create_group", "(so far rank 0 has)", NULL),
    {"common/tests/programs/log_windows", "fence", 3, HANG_BOTH, DIAGNOSIS_COLLECTIVE_MISSING, "01",
     "2", -1, "MPI_Win_fence at log_windows.c:",
     "rank 1 to call MPI_Win_fence among all ranks, too (so far ranks 0 and 2 have)", NULL, NULL},
    {"common/tests/programs/log_windows", "lock", 3, HANG_BOTH, DIAGNOSIS_WINDOW_HELD, "01", "2",
     -1, "ranks 0 and 1 wait for each other, some for a window", "rank 0 to call MPI_Win_unlock",
     "its `MPI_Win_unlock`", NULL},
    {"common/tests/programs/log_windows", "wait", 3, HANG_BOTH, DIAGNOSIS_WINDOW_HELD, "01", "2",
     -1, "rank 0: MPI_Win_wait at log_windows.c:", "rank 1 to call MPI_Win_complete", NULL, NULL},
    HANG("ends", "returned-early", 2, BOTH, RANK_GONE, "", "1", 0, "rank 0 came to its end", NULL,
         NULL, NULL),
    HANG("ends", "finalized", 2, BOTH, RANK_GONE, "", "1", 0,
         "rank 1 waits for it in MPI_Send at ends.c:18 (finalized)",
         "rank 0 to receive (tag 5, 400000 bytes)", NULL, NULL),
    HANG("ends", "exited", 2, BOTH, ENDED_EARLY, "", "1", 0, "exit() or return before the end",
         NULL, NULL, NULL),
    HANG("ends", "crashed", 2, SIMULATED, CRASHED, "", "0", 1,
         "rank 1 crashed (Segmentation fault) at ends.c:32", NULL, NULL, NULL),
    HANG("ends", "crashed-beside", 2, SIMULATED, CRASHED, "", NULL, 1,
         "rank 1 crashed (Segmentation fault) at ends.c:107", NULL, NULL, NULL),
    HANG("ends", "ended-beside", 2, SIMULATED, STOPPED_ITSELF, "", NULL, ANY,
         "rank 1: end: no such sum", NULL, NULL, NULL),
#ifndef __SANITIZE_ADDRESS__ /* which ends such programs itself */
    HANG("ends", "crashed", 2, REAL, CRASHED, "", "0", 1,
         "rank 1 crashed (Segmentation fault) before any computation, at ends.c:32 (crashed)", NULL,
         NULL, NULL),
    HANG("ends", "crashed-in-exported", 2, REAL, CRASHED, "", "0", 1,
         "rank 1 crashed (Segmentation fault) before any computation, at ends.c:98 "
         "(crashed_in_exported)",
         NULL, NULL, NULL),
#endif
    HANG("ends", "endless", 2, REAL, ENDLESS_LOOP, "", "1", 0,
         "rank 0 does not come back from its own code", "outside of MPI", NULL, NULL),
    HANG("ends", "request", 2, REAL, REQUEST_NOT_WAITED, "", "1", 0,
         "from rank 1 (tag 5) with MPI_Irecv at ends.c:50", "`MPI_Wait`", NULL, NULL),
    HANG("ends", "both-poll", 2, BOTH, POLLING, "01", "", -1, "MPI_Test at ends.c:67",
         "again and again", "a message from rank 0 (tag 6, room for 40 bytes)", NULL),
    HANG("ends", "one-polls", 2, BOTH, POLLING, "01", "", -1, "MPI_Test at ends.c:67",
         "a message from rank 1 (tag 7", NULL, NULL),
    HANG("ends", "probe", 2, BOTH, POLLING, "01", "", -1, "MPI_Iprobe at ends.c:89",
         "a message from rank 0 (tag 9)", NULL, NULL),
};

START_TEST(on_this_computer)
{
    hung_check(&hangs[_i], false, NULL);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    hung_check(&hangs[_i], true, NULL);
}
END_TEST

/* ---- luck -------------------------------------------------------------------------------------------- */

static void assert_verdict(struct hung *hung, bool finished, const char *headline, const char *text)
{
    struct judgement judgement = {.outcome = &hung->outcome, .outcomes = 1, .picture_prefix = "x"};
    struct verdict *verdict = verdict_new();
    hung->outcome.options.seed = 1;
    ck_assert_int_eq(grade_all_finished(&judgement, verdict), finished);
    if (finished)
        judge_luck(&judgement, verdict);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    hung_assert_part(verdict->headline->str, headline);
    hung_assert_part(verdict->explanation->str, text);
    verdict_free(verdict);
}

/* It ends, and is told from which size on it would not, and how. */
START_TEST(luck_on_this_computer)
{
    struct hung hung;
    hung_run(&hung, HANGS "messages", "lucky", 3, false, false, NULL);
    ck_assert_int_eq(hung.outcome.end, RUN_FINISHED);
    assert_verdict(&hung, true, "with messages of 40 bytes or more",
                   "ranks 0, 1 and 2 send first, and none of them has called a receive so far");
    hung_clear(&hung);
}
END_TEST

START_TEST(luck_on_the_simulated_cluster)
{
    struct hung hung;
    if (!test_has_simulator())
        return;
    hung_run(&hung, HANGS "messages", "lucky", 2, true, false, NULL);
    ck_assert_int_eq(hung.outcome.end, RUN_FINISHED);
    assert_verdict(&hung, true, "with messages of 40 bytes or more", "65,536");
    hung_clear(&hung);
    hung_run(&hung, HANGS "messages", "lucky", 2, true, true, NULL);
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
    hung_run(&hung, HANGS "messages", "tails", 5, false, false, NULL);
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
            hung_assert_part(content, "both send first");
            for (int rank = 0; rank < 5; rank++) {
                g_autofree char *circle = g_strdup_printf(">rank %d<", rank);
                ck_assert_int_eq(count(content, circle), 1);
            }
            ck_assert_double_le(g_ascii_strtod(strstr(content, "width=\"") + 7, NULL), 930);
            hung_assert_part(content, "held up behind it");
        }
        g_unlink(file);
    }
    diagnosis_free(found);
    hung_clear(&hung);
}
END_TEST

/* A request that is begun in one line and waited for in another: the label has both. */
START_TEST(a_picture_tells_both_places_of_a_request)
{
    struct hung hung;
    hung_run(&hung, HANGS "messages", "wait-for-sends", 2, false, false, NULL);
    g_autofree char *path = g_strdup_printf("%s/waits", hung.folder);
    bool drawn;
    struct diagnosis *found = diagnosis_new(&hung.outcome, path, &drawn);
    ck_assert(drawn);
    g_autofree char *file = g_strconcat(path, ".svg", NULL), *content = NULL;
    ck_assert(g_file_get_contents(file, &content, NULL, NULL));
    ck_assert_int_eq(count(content, "begun at messages.c:51"), 2);
    ck_assert_int_eq(count(content, "waits in MPI_Wait"), 2);
    ck_assert_int_eq(count(content, "at messages.c:52"), 2);
    diagnosis_free(found);
    hung_clear(&hung);
}
END_TEST

START_TEST(pictures_of_all_sizes)
{
    char *folder = test_folder_new();
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
        ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
    }
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("hangs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, on_this_computer, 0, G_N_ELEMENTS(hangs));
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, G_N_ELEMENTS(hangs));
    tcase_add_test(tests, luck_on_this_computer);
    tcase_add_test(tests, luck_on_the_simulated_cluster);
    suite_add_tcase(suite, tests);
    TCase *pictures = tcase_create("pictures");
    tcase_set_timeout(pictures, 90);
    tcase_add_test(pictures, a_picture_of_a_hang);
    tcase_add_test(pictures, a_picture_tells_both_places_of_a_request);
    tcase_add_test(pictures, pictures_of_all_sizes);
    suite_add_tcase(suite, pictures);
    return suite;
}
