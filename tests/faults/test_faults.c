/* The grader on a machine that is broken on purpose: a few faults of each kind. `make faults` tries all. */
#include "tests/faults/faults.h"
#include "tests/support/test.h"

#include <string.h>

static const struct {
    struct fault fault;
    enum fault_submission submission;
    enum fault_end end;
    const char *words; /* in what is told */
} cases[] = {
    {{FAULT_CALL, "mkdir", "ENOSPC", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "No space left on device"},
    {{FAULT_CALL, "fork", "EAGAIN", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, ""},
    {{FAULT_CALL, "dup2", "EMFILE", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "Too many open files"},
    {{FAULT_CALL, "read", "EIO", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "Input/output error"},
    {{FAULT_CALL, "chown", "EPERM", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "Operation not permitted"},
    {{FAULT_CALL, "fcntl", "EINTR", 1}, FAULT_RIGHT_ONE, FAULT_FULL, ""},
    {{FAULT_CALL, "unlink", "EACCES", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "can't be removed"},
    {{FAULT_CALL, "poll", "ENOMEM", 0}, FAULT_RIGHT_ONE, FAULT_FULL, ""},
    {{FAULT_PROGRAM, "gcc", "missing", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "gcc"},
    {{FAULT_PROGRAM, "cc1", "SIGKILL", 0}, FAULT_WRONG_ONE, FAULT_REFUSED, "cc1"},
    {{FAULT_PROGRAM, "nm", "no-space", 0}, FAULT_RIGHT_ONE, FAULT_NOT_JUDGED, "nm"},
    {{FAULT_PROGRAM, "nm", "silent", 0}, FAULT_CALLING_ONE, FAULT_NOT_JUDGED, "nm"},
    {{FAULT_PROGRAM, "objdump", "missing", 0}, FAULT_HIDING_ONE, FAULT_NOT_JUDGED, "objdump"},
    {{FAULT_PROGRAM, "mpirun", "missing", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "mpirun"},
    {{FAULT_PROGRAM, "smpirun", "not-executable", 0},
     FAULT_RIGHT_ONE,
     FAULT_NOT_JUDGED,
     "no program starts on the simulated cluster"},
    {{FAULT_PLACE, "OUT", "read-only", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "Read-only file system"},
    {{FAULT_PLACE, "build", "no-archive", 0}, FAULT_RIGHT_ONE, FAULT_REFUSED, "libcommon.a"},
    {{FAULT_KILL, "program", "always", 0}, FAULT_RIGHT_ONE, FAULT_NOT_JUDGED, "signal 9 (Killed)"},
    {{FAULT_KILL, "program", "once", 0}, FAULT_RIGHT_ONE, FAULT_FULL, ""},
};

START_TEST(no_fault_costs_a_point_or_gives_one)
{
    const struct fault_trial trial = {.fault = cases[_i].fault,
                                      .submission = cases[_i].submission,
                                      .assignment = "example",
                                      .build_folder = test_build_folder()};
    const struct fault_result result = fault_try(&trial);
    if (result.end == FAULT_SKIPPED)
        return;
    ck_assert_msg(result.end == cases[_i].end && strstr(result.sentence, cases[_i].words) != NULL,
                  "%s %s, %s: %s (%s): %s", fault_kind_name(trial.fault.kind), trial.fault.what,
                  trial.fault.how, fault_end_name(result.end), result.culprit, result.sentence);
}
END_TEST

/* Else nothing would have failed above. */
START_TEST(calls_are_seen)
{
    const struct fault_trial trial = {.fault = {FAULT_CALL, "chdir", "counted", 0},
                                      .submission = FAULT_WRONG_ONE,
                                      .assignment = "example",
                                      .build_folder = test_build_folder()};
    const struct fault_result counted = fault_try(&trial);
    if (counted.end == FAULT_SKIPPED)
        return;
    ck_assert_int_gt(counted.places, 0);
    ck_assert_msg(counted.end == FAULT_FAILED, "%s: %s", fault_end_name(counted.end),
                  counted.sentence); /* the wrong one, where nothing fails */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("faults");
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 150);
    tcase_add_test(tests, calls_are_seen);
    tcase_add_loop_test(tests, no_fault_costs_a_point_or_gives_one, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
