/*
 * Tests of transfers between device and host on the simulated cluster: times against the formula
 * latency + bytes / bandwidth, on platforms made by hand with round numbers and on those of the kit.
 * Without SimGrid nothing is tested.
 */
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char *program, *folder;
static struct test_run run; /* the last one */

/* Ranks of 1 GFLOP/s; hosts of 0.1 GFLOP/s, with 2 MB/s to their memory; links of 1 MB/s and 1 ms. */
static const char good[] = "<prop id=\"host_bandwidth\" value=\"1e6\"/>\n"
                           "<prop id=\"host_latency\" value=\"0.001\"/>\n"
                           "<prop id=\"host_speed\" value=\"1e8\"/>\n"
                           "<prop id=\"host_memory_bandwidth\" value=\"2e6\"/>\n";

static void write_platform(const char *properties)
{
    g_autofree char *path = g_strdup_printf("%s/made.xml", folder);
    g_autofree char *text =
        g_strdup_printf("<?xml version='1.0'?>\n"
                        "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
                        "<platform version=\"4.1\">\n"
                        "<cluster id=\"made\" prefix=\"host-\" suffix=\"\" radical=\"0-3\" "
                        "speed=\"1Gf\" bw=\"1EBps\" lat=\"0s\">\n%s</cluster>\n</platform>\n",
                        properties);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void simulate(int ranks, const char *arguments)
{
    test_run_clear(&run);
    run =
        test_run_command("tools/simulate %d %s/made.xml %s %s", ranks, folder, program, arguments);
}

static void must_have_run(void)
{
    ck_assert_msg(run.status == 0, "status %d: %s", run.status, run.output);
}

/* The `which`th time that a rank told of what it did, in seconds. */
static double time_of(int rank, const char *what, int which)
{
    g_autofree char *text = g_strdup_printf("rank %d %s at ", rank, what);
    const char *line = run.output;
    for (int i = 0; line != NULL && i <= which; i++)
        line = strstr(i == 0 ? line : line + 1, text);
    unsigned long nanoseconds = 0;
    ck_assert_msg(line && sscanf(line + strlen(text), "%lu", &nanoseconds) == 1, "%s", run.output);
    return 1e-9 * (double)nanoseconds;
}

/* To the nanosecond, but for rounding. */
#define assert_seconds(found, expected) ck_assert_double_eq_tol(found, expected, 1.5e-9)

/* ---- time ------------------------------------------------------------------------------------- */

/* What happens, when each wait is over, and when all is: in milliseconds. A million FLOPs take one. */
static const struct {
    const char *arguments;
    double waited[3], ends;
} times[] = {
    /* 1 ms + 4000 B / (1 MB/s) */
    {"to-host 4000 waits", {5}, 5},
    {"to-device 4000 waits", {5}, 5},
    {"to-device 0 waits", {1}, 1},
    /* one behind the other, whoever waits first */
    {"to-host 4000 to-host 9000 waits waits", {5, 15}, 15},
    {"to-host 4000 to-host 9000 waits-last waits", {15, 15}, 15},
    {"to-device 4000 to-device 2000 to-device 4000 waits waits waits", {5, 8, 13}, 13},
    /* both directions at once */
    {"to-host 4000 to-device 4000 waits waits", {5, 5}, 5},
    {"to-host 4000 to-device 9000 to-host 4000 waits waits waits", {5, 10, 10}, 10},
    /* under computation: 3 ms of it, or 8 */
    {"to-host 4000 computes 3e6 waits", {5}, 5},
    {"to-host 4000 computes 8e6 waits", {8}, 8},
    {"computes 3e6 to-host 4000 computes 3e6 waits computes 1e6", {8}, 9},
    /* the link was free meanwhile, or not */
    {"to-host 4000 computes 20e6 to-host 4000 waits waits", {20, 25}, 25},
    {"to-host 9000 computes 3e6 to-host 4000 waits waits", {10, 15}, 15},
    /* nobody waits: nothing is waited for */
    {"to-host 4000 computes 2e6", {0}, 2},
    /* the host: 0.5e6 FLOPs take 5 ms, 16,000 bytes 8 ms; the device's computation is not faster for it */
    {"on-host 0.5e6 100", {0}, 5},
    {"on-host 0.5e6 16000", {0}, 8},
    {"computes 2e6 on-host 0.5e6 100 computes 1e6", {0}, 8},
    {"to-device 9000 on-host 0.5e6 100 waits", {10}, 10},
    /* without numbers it takes as long */
    {"meta to-host 4000 to-host 9000 waits waits", {5, 15}, 15},
    {"meta to-host 20480000000 waits", {20480001}, 20480001},
};

START_TEST(time_is_the_formula)
{
    write_platform(good);
    simulate(1, times[_i].arguments);
    must_have_run();
    for (int i = 0; i < 3 && times[_i].waited[i] > 0; i++)
        assert_seconds(time_of(0, "waited", i), 1e-3 * times[_i].waited[i]);
    assert_seconds(time_of(0, "ends", 0), 1e-3 * times[_i].ends);
}
END_TEST

/* Each has a link of its own. */
START_TEST(ranks_do_not_disturb_each_other)
{
    write_platform(good);
    simulate(4, "to-host 4000 to-host 9000 waits waits");
    must_have_run();
    for (int rank = 0; rank < 4; rank++)
        assert_seconds(time_of(rank, "ends", 0), 15e-3);
}
END_TEST

/* Who polls for what comes behind a transfer of 1,000 s is no deadlock, and notices it at most one per cent
 * too late. */
START_TEST(others_may_poll_meanwhile)
{
    write_platform(good);
    simulate(2, "poll");
    must_have_run();
    assert_seconds(time_of(0, "ends", 0), 1000.001);
    ck_assert_double_le(time_of(1, "ends", 0), 1.02 * 1000.001);
}
END_TEST

START_TEST(what_a_platform_does_not_say_is_named)
{
    static const char *const missing[] = {"host_bandwidth", "host_latency", "host_speed",
                                          "host_memory_bandwidth"};
    g_autoptr(GString) less = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(good, "\n", -1);
    for (int i = 0; i < 4; i++)
        g_string_append(less, i == _i ? "" : lines[i]);
    write_platform(less->str);
    simulate(1, "to-host 4000 waits on-host 1e6 1e3");
    ck_assert_int_ne(run.status, 0);
    ck_assert_msg(strstr(run.output, missing[_i]) != NULL, "%s", run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "common/platforms/README.md"));
    /* Nonsense, too. */
    g_autofree char *odd =
        g_strdup_printf("%s<prop id=\"%s\" value=\"12 GB\"/>\n", less->str, missing[_i]);
    write_platform(odd);
    simulate(1, "to-host 4000 waits on-host 1e6 1e3");
    ck_assert_int_ne(run.status, 0);
    ck_assert_msg(strstr(run.output, "12 GB") != NULL, "%s", run.output);
}
END_TEST

/* A gigabyte there and, behind it, an AdamW step of a million parameters on the host: 13 FLOPs and 28 bytes
 * for each. By the figures in the platforms' files. */
START_TEST(the_kit_s_platforms_have_hosts)
{
    static const struct {
        const char *name;
        double bandwidth, latency, speed, memory;
    } platforms[] = {
        {"free", 1e18, 0, 1e9, 1e18},
        {"computer", 10e9, 0.8e-6, 72e9, 20e9},
        {"slow", 15.75e9, 10e-6, 100e9, 19.2e9},
        {"rack", 15.75e9, 10e-6, 1.152e12, 51.2e9},
    };
    test_run_clear(&run);
    run = test_run_command("tools/simulate 9 %s %s meta to-device 1e9 waits on-host 13e6 28e6",
                           platforms[_i].name, program);
    must_have_run();
    const double there = platforms[_i].latency + 1e9 / platforms[_i].bandwidth;
    for (int rank = 0; rank < 9; rank++) {
        assert_seconds(time_of(rank, "waited", 0), there);
        assert_seconds(time_of(rank, "ends", 0),
                       there + fmax(13e6 / platforms[_i].speed, 28e6 / platforms[_i].memory));
    }
}
END_TEST

/* ---- the log ---------------------------------------------------------------------------------- */

/* The second of two is in its turn at 5 ms and done at 15; it was waited for at 20. The first was waited for at
 * once. */
START_TEST(the_log_says_when_each_moved)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    g_autofree char *arguments =
        g_strdup_printf("log %s to-host 4000 to-host 9000 waits computes 15e6 waits", folder);
    g_autofree char *path = g_build_filename(folder, "rank-0.log", NULL);
    write_platform(good);
    simulate(1, arguments);
    must_have_run();
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    struct log_transfer found[4];
    uint64_t clock[4];
    int count = 0;
    for (size_t i = 0; i < log.count; i++)
        if (log_is_transfer(&log.record[i])) {
            ck_assert_int_lt(count, 4);
            clock[count] = log.record[i].clock;
            found[count++] = log_transfer(&log.record[i]);
        }
    ck_assert_int_eq(count, 4);
    static const uint64_t numbers[] = {1, 2, 1, 2}, bytes[] = {4000, 9000, 4000, 9000};
    static const double moved[] = {0, 5e6, 5e6, 15e6}, written[] = {0, 0, 5e6, 20e6};
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(found[i].number, numbers[i]);
        ck_assert_uint_eq(found[i].bytes, bytes[i]);
        ck_assert(found[i].to_host && !found[i].changed && found[i].ended == (i >= 2));
        ck_assert_double_eq_tol(found[i].clock, moved[i], 1.5);
        ck_assert_double_eq_tol((double)clock[i], written[i], 1.5);
    }
    ck_assert_uint_eq(found[2].waited_since, 0);
    ck_assert_uint_eq(found[3].waited_since, clock[3]);
    ck_assert_uint_eq(found[0].fingerprint, found[2].fingerprint);
    log_destroy(&log);
}
END_TEST

static void begin(void)
{
    program = test_program(true, "common/tests/programs/transfers");
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
    g_free(program);
    test_run_clear(&run);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("time of transfers");
    TCase *tests = tcase_create("time of transfers");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, time_is_the_formula, 0, sizeof times / sizeof *times);
    tcase_add_test(tests, ranks_do_not_disturb_each_other);
    tcase_add_test(tests, others_may_poll_meanwhile);
    tcase_add_loop_test(tests, what_a_platform_does_not_say_is_named, 0, 4);
    tcase_add_loop_test(tests, the_kit_s_platforms_have_hosts, 0, 4);
    tcase_add_test(tests, the_log_says_when_each_moved);
    suite_add_tcase(suite, tests);
    return suite;
}
