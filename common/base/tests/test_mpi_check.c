/*
 * Tests of mpi_check(): a failing MPI call ends the program and says which it
 * was, with mpi_check() around it or without.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A send to a rank that does not exist. */
static void send_nowhere(bool checked)
{
    int number = 0;
    mpi_check(PMPI_Init(NULL, NULL));
    mpi_check_install(MPI_COMM_WORLD);
    mpi_check_values(0, &(struct mpi_check_values){
                            .buffer = &number, .count = 1, .peer = 7, .comm = MPI_COMM_WORLD});
    if (checked)
        mpi_check(PMPI_Send(&number, 1, MPI_INT, 7, 0, MPI_COMM_WORLD));
    else
        PMPI_Send(&number, 1, MPI_INT, 7, 0, MPI_COMM_WORLD);
    _exit(77); /* it must not come so far */
}

/* Runs it in a process of its own; returns the exit status and what was printed. */
static int run(bool checked, char *text, size_t size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        fatal_set_hook(NULL);
        send_nowhere(checked);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got;
    while (used + 1 < size && (got = read(ends[0], text + used, size - used - 1)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(a_checked_call_is_named)
{
    char text[4096];
    ck_assert_int_eq(run(true, text, sizeof text), EXIT_FAILURE);
    ck_assert_msg(strstr(text, "test_mpi_check.c:") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "PMPI_Send(&number") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "MPI_ERR_RANK") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "there is no rank 7, the communicator has ranks 0 to 0") != NULL,
                  "%s", text);
}
END_TEST

START_TEST(an_unchecked_call_ends_the_program_too)
{
    char text[4096];
    ck_assert_int_eq(run(false, text, sizeof text), EXIT_FAILURE);
    ck_assert_msg(strstr(text, "MPI_ERR_RANK") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "there is no rank 7") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "test_mpi_check.c:") != NULL, "%s", text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mpi_check");
    TCase *tests = tcase_create("mpi_check");
    tcase_set_timeout(tests, 30.0);
    tcase_add_test(tests, a_checked_call_is_named);
    tcase_add_test(tests, an_unchecked_call_ends_the_program_too);
    suite_add_tcase(suite, tests);
    return suite;
}
