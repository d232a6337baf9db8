/*
 * MPI calls with values that they refuse: the message names the value, what it may be and the line, on
 * this computer and on the simulated cluster.
 */
#include "tests/support/cases.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static const char before[] =
    "static int number, numbers[4];\n"
    "static MPI_Request invented(void)\n{\n"
    "    union { size_t bits; MPI_Request request; } any = {.bits = 0x7f0012345678};\n"
    "    return any.request;\n}\n"
    "static int query(void *state, MPI_Status *status)\n{\n"
    "    (void)state;\n    return MPI_Status_set_elements(status, MPI_INT, 0) +\n"
    "           MPI_Status_set_cancelled(status, 0);\n}\n"
    "static int forget(void *state)\n{\n    (void)state;\n    return MPI_SUCCESS;\n}\n"
    "static int cancel(void *state, int complete)\n{\n"
    "    (void)state, (void)complete;\n    return MPI_SUCCESS;\n}\n";

#define SEND(count, type, peer, tag, comm)                                                         \
    "MPI_Send(numbers, " count ", " type ", " peer ", " tag ", " comm ");"
#define MESSAGE(tag)                                                                               \
    "MPI_Request r; MPI_Isend(&number, 1, MPI_INT, 1 - rank, " tag ", comm, &r);\n"                \
    "MPI_Recv(numbers, 1, MPI_INT, 1 - rank, " tag ", comm, MPI_STATUS_IGNORE);\n"                 \
    "MPI_Wait(&r, MPI_STATUS_IGNORE);"

static const struct test_case cases[] = {
    {.name = "negative_tag",
     .code = SEND("1", "MPI_INT", "1 - rank", "-7", "comm"),
     .status = "failed",
     .words = {"tag -7 is outside of 0 to ", "a negative tag is never allowed"}},
    {.name = "tag_that_overflowed",
     .code = SEND("1", "MPI_INT", "1 - rank", "(int)((unsigned)(128 + rank) << 24)", "comm"),
     .status = "failed",
     .words = {"tag -2147483648 is outside of 0 to 2147483647 (MPI_TAG_UB, here)",
               "too large for an int"}},
    {.name = "tag_for_few", .code = MESSAGE("100000"), .status = "passed"},
    {.name = "tag_for_all", .code = MESSAGE("32767"), .status = "passed"},
    {.name = "count",
     .code = SEND("-3", "MPI_INT", "1 - rank", "0", "comm"),
     .status = "failed",
     .words = {"a count of -3: it is at least 0", "called at average.c:"}},
    {.name = "no_type",
     .code = SEND("1", "MPI_DATATYPE_NULL", "1 - rank", "0", "comm"),
     .status = "failed",
     .words = {"the type is MPI_DATATYPE_NULL"}},
    {.name = "type_not_committed",
     .code = "MPI_Datatype type; MPI_Type_vector(2, 1, 2, MPI_INT, &type);\n" SEND(
         "1", "type", "1 - rank", "0", "comm"),
     .status = "failed",
     .words = {"a type without MPI_Type_commit"}},
    {.name = "no_communicator",
     .code = SEND("1", "MPI_INT", "1 - rank", "0", "MPI_COMM_NULL"),
     .status = "failed",
     .words = {"the communicator is MPI_COMM_NULL"}},
    {.name = "no_operation",
     .code = "MPI_Allreduce(MPI_IN_PLACE, numbers, 1, MPI_INT, MPI_OP_NULL, comm);",
     .status = "failed",
     .words = {"MPI_OP_NULL"}},
    {.name = "request_in_waitall",
     .code = "MPI_Request r[4]; for (int i = 0; i < 4; i++) r[i] = MPI_REQUEST_NULL;\n"
             "r[2] = invented(); MPI_Waitall(4, r, MPI_STATUSES_IGNORE);",
     .status = "failed",
     .words = {"request 2 of 4 (counted from 0) was made by no call", "called at average.c:"}},
    /* what MPI knows and the kit does not stands before what nobody knows */
    {.name = "request_behind_a_generalized_one",
     .code = "MPI_Request r[2]; MPI_Grequest_start(query, forget, cancel, NULL, &r[0]);\n"
             "MPI_Grequest_complete(r[0]); r[1] = invented();\n"
             "MPI_Waitall(2, r, MPI_STATUSES_IGNORE);",
     .status = "failed",
     .words = {"request 1 of 2 (counted from 0) was made by no call", "called at average.c:"}},
    {.name = "request_in_testall",
     .code = "MPI_Request r[2] = {MPI_REQUEST_NULL, invented()}; int flag;\n"
             "MPI_Testall(2, r, &flag, MPI_STATUSES_IGNORE);",
     .status = "failed",
     .words = {"request 1 of 2 (counted from 0)", "MPI_Testall"}},
    {.name = "request_in_free",
     .code = "MPI_Request r = invented(); MPI_Request_free(&r);",
     .status = "failed",
     .words = {"the request was made by no call that starts one"}},
    {.name = "request_in_start",
     .code = "MPI_Request r; MPI_Irecv(numbers, 1, MPI_INT, 1 - rank, 0, comm, &r); MPI_Start(&r);",
     .status = "failed",
     .words = {"is one of MPI_Irecv, which has started already"}},
    /* MPI looks for a request there: one waits for ever, the other crashes. */
    {.name = "request_that_is_memory",
     .code = "static size_t zeros[512]; MPI_Request r = (MPI_Request)(void *)zeros;\n"
             "MPI_Wait(&r, MPI_STATUS_IGNORE);",
     .seconds = 2,
     .status = "failed",
     .words = {"MPI_Wait at average.c:", "given a request that no call has made"}},
};

#define COUNT G_N_ELEMENTS(cases)

static struct graded graded;

static char *names[COUNT]; /* on the simulated cluster */

static void grade_all(void)
{
    struct test_case both[2 * COUNT];
    grading_begin("example");
    for (guint i = 0; i < COUNT; i++) {
        both[i] = cases[i];
        both[COUNT + i] = cases[i];
        both[COUNT + i].name = names[i] = g_strconcat("simulated_", cases[i].name, NULL);
        both[COUNT + i].keys = "machine = \"simulated\";";
    }
    graded = cases_run(both, test_has_simulator() ? 2 * COUNT : COUNT, before);
}

static void forget_all(void)
{
    for (guint i = 0; i < COUNT; i++)
        g_free(names[i]);
    graded_clear(&graded);
    grading_end();
}

START_TEST(the_message_names_the_value)
{
    struct test_case simulated = cases[_i];
    simulated.name = names[_i];
    cases_check(&cases[_i], &graded);
    if (test_has_simulator())
        cases_check(&simulated, &graded);
}
END_TEST

/* Said once, of the largest, with the call. */
START_TEST(a_tag_that_other_mpis_refuse_is_a_remark)
{
    static const char said[] = "tags up to 100000 are used (`MPI_Isend at average.c:";
    g_autofree char *path = g_build_filename(grading_out, "report.md", NULL);
    g_autofree char *report = grading_read(path);
    const char *first = strstr(report, said);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "MPI promises only 0 to 32767"));
    ck_assert_ptr_null(strstr(first + 1, "tags up to"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mpi_errors");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_unchecked_fixture(tests, grade_all, forget_all);
    tcase_add_loop_test(tests, the_message_names_the_value, 0, COUNT);
    tcase_add_test(tests, a_tag_that_other_mpis_refuse_is_a_remark);
    suite_add_tcase(suite, tests);
    return suite;
}
