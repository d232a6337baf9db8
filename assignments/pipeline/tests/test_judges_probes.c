/*
 * The judges of probes: distribute, arguments, communicate, on results written
 * by hand.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/probes.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>

#define RANKS 3
#define COUNT 48

static char folder[64];
static struct script builders[RANKS];
static struct log_file logs[RANKS];
static char *log_errors[RANKS];
static struct outcome outcome;
static struct judgement judgement;

static void begin(void)
{
    strcpy(folder, "/tmp/probes-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    for (int r = 0; r < RANKS; r++)
        script_init(&builders[r], r, RANKS);
    outcome = (struct outcome){.ranks = RANKS,
                               .end = RUN_FINISHED,
                               .folder = folder,
                               .command = "(the command)",
                               .log = logs,
                               .log_error = log_errors};
    outcome.options = options_defaults(&pipeline_own_options);
    outcome.options.seed = 77;
    judgement = (struct judgement){.outcome = &outcome, .outcomes = 1};
}

static void end(void)
{
    g_autofree char *command = g_strdup_printf("rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    for (int r = 0; r < RANKS; r++)
        free(builders[r].log.record);
}

static void finish_logs(int ranks)
{
    outcome.ranks = ranks;
    for (int r = 0; r < ranks; r++) {
        script_final(&builders[r]);
        logs[r] = builders[r].log;
        logs[r].ranks = ranks;
        logs[r].seed = outcome.options.seed;
    }
}

static void write_file(const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
}

static void expect(judge_function *judge, enum verdict_kind kind, const char *says)
{
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    verdict_free(verdict);
}

static const char *const unusable[] = {"", "[", "{}", "[]", "[1, 2]", "[{\"layers\": \"x\"}]"};

/* Missing, truncated and senseless files. */
static void expect_unusable_files_fail(judge_function *judge, const char *name)
{
    finish_logs(1);
    expect(judge, VERDICT_FAIL, name);
    for (size_t i = 0; i < G_N_ELEMENTS(unusable); i++) {
        write_file(name, unusable[i]);
        expect(judge, VERDICT_FAIL, NULL);
    }
}

START_TEST(unusable_files)
{
    static judge_function *const probe_judges[] = {judge_distribute, judge_arguments,
                                                   judge_communicate};
    static const char *const names[] = {"probe-distribute.json", "probe-arguments.json",
                                        "probe-communicate-0.json"};
    expect_unusable_files_fail(probe_judges[_i], names[_i]);
}
END_TEST

/* ---- distribute -------------------------------------------------------------------------------- */

/* The first `layers % stages` stages get one more. */
static void even_split(int layers, int stages, int *first)
{
    for (int s = 0; s <= stages; s++)
        first[s] = s * (layers / stages) + MIN(s, layers % stages);
}

static void add_case(GString *json, int layers, const double *flops, int stages, const int *first,
                     bool overrun)
{
    g_string_append_printf(json, "%s{\"layers\": %d, \"stages\": %d, \"overrun\": %s, \"flops\": [",
                           json->len > 1 ? ",\n" : "", layers, stages, overrun ? "true" : "false");
    for (int l = 0; l < layers; l++)
        g_string_append_printf(json, "%s%g", l ? ", " : "", flops ? flops[l] : 1.0);
    g_string_append(json, "], \"first_layer\": [");
    for (int s = 0; s <= stages; s++)
        g_string_append_printf(json, "%s%d", s ? ", " : "", first[s]);
    g_string_append(json, "]}");
}

/* All sizes right, and one more case. */
static void expect_distribute(int layers, const double *flops, int stages, const int *first,
                              bool overrun, enum verdict_kind kind, const char *says)
{
    GString *json = g_string_new("[");
    for (int l = 1; l <= 24; l++)
        for (int s = 1; s <= MIN(l, 12); s++) {
            int even[25];
            even_split(l, s, even);
            add_case(json, l, NULL, s, even, false);
        }
    add_case(json, layers, flops, stages, first, overrun);
    g_string_append_c(json, ']');
    write_file("probe-distribute.json", json->str);
    expect(judge_distribute, kind, says);
    g_string_free(json, TRUE);
}

START_TEST(distribute)
{
    static const double costs[] = {9, 1, 1, 1, 1, 1};
    finish_logs(1);
    expect_distribute(6, NULL, 4, (int[]){0, 2, 4, 5, 6}, false, VERDICT_PASS, NULL);
    expect_distribute(6, NULL, 4, (int[]){0, 1, 2, 4, 6}, false, VERDICT_PASS, NULL);
    expect_distribute(6, costs, 2, (int[]){0, 1, 6}, false, VERDICT_PASS, NULL); /* by FLOPs */
    expect_distribute(6, costs, 2, (int[]){0, 3, 6}, false, VERDICT_PASS, NULL); /* by number */
    expect_distribute(6, costs, 2, (int[]){0, 2, 6}, false, VERDICT_FAIL,
                      "4 layers where 3 are enough");
    expect_distribute(6, NULL, 4, (int[]){0, 1, 2, 3, 6}, false, VERDICT_FAIL, "0, 1, 2, 3, 6");
    expect_distribute(6, NULL, 4, (int[]){0, 2, 4, 6, 6}, false, VERDICT_FAIL, "stage 3");
    expect_distribute(6, NULL, 4, (int[]){0, 4, 2, 5, 6}, false, VERDICT_FAIL, "stage 1");
    expect_distribute(6, NULL, 3, (int[]){0, 2, 4, 5}, false, VERDICT_FAIL, "the last number");
    expect_distribute(6, NULL, 3, (int[]){1, 2, 4, 6}, false, VERDICT_FAIL, "begin with layer 0");
    expect_distribute(6, NULL, 3, (int[]){0, -1000000000, 4, 6}, false, VERDICT_FAIL,
                      "0, (not set), 4, 6: number 1 of the 4 is not set");
    expect_distribute(6, NULL, 3, (int[]){0, 2, 4, 6}, true, VERDICT_FAIL, "outside");
}
END_TEST

START_TEST(distribute_wants_all_sizes)
{
    GString *json = g_string_new("[");
    add_case(json, 6, NULL, 3, (int[]){0, 2, 4, 6}, false);
    g_string_append_c(json, ']');
    finish_logs(1);
    write_file("probe-distribute.json", json->str);
    expect(judge_distribute, VERDICT_FAIL, "lacks");
    g_string_free(json, TRUE);
}
END_TEST

/* ---- arguments --------------------------------------------------------------------------------- */

struct arguments_case {
    int layers, stages, batch, micro;
    bool uneven, accepted;
    const char *reason;
    const char *says; /* NULL: right */
};

static const struct arguments_case arguments_cases[] = {
    {8, 4, 16, 4, false, true, "", NULL},
    {8, 3, 16, 4, true, true, "", NULL},
    {8, 3, 16, 4, false, false, "8 layers on 3 stages", NULL},
    {3, 4, 16, 4, true, false, "too many stages", NULL},
    {8, 4, 10, 4, true, false, "no way", NULL},
    {8, 1, 5, 5, false, true, "", NULL},
    {0, 1, 5, 5, false, false, "no layers", NULL},
    {8, 4, 16, 4, false, false, "I refuse", "refused"},
    {8, 3, 16, 4, true, false, "uneven", "refused"},
    {8, 3, 16, 4, false, true, "", "--uneven was not given"},
    {3, 4, 16, 4, true, true, "", "more stages than layers"},
    {8, 4, 10, 4, true, true, "", "do not divide the batch"},
    {8, 4, 10, 0, true, true, "", "not positive"},
    {8, 3, 16, 4, false, false, "", "without a reason"},
    {8, 3, 16, 4, false, false, " . ", "without a reason"},
    {3, 4, 16, 4, true, false, "4 stage", "was sizeof taken of a pointer"},
};

START_TEST(arguments)
{
    const struct arguments_case *c = &arguments_cases[_i];
    GString *json = g_string_new("[");
    for (int i = 0; i < 60; i++) {
        const struct arguments_case *entry = i == 30 ? c : &arguments_cases[i % 6];
        g_string_append_printf(
            json,
            "%s{\"layers\": %d, \"stages\": %d, \"batch_size\": %d, \"micro_batches\": %d, "
            "\"uneven\": %s, \"accepted\": %s, \"reason\": \"%s\"}",
            i ? ",\n" : "", entry->layers, entry->stages, entry->batch, entry->micro,
            entry->uneven ? "true" : "false", entry->accepted ? "true" : "false", entry->reason);
    }
    g_string_append_c(json, ']');
    finish_logs(1);
    write_file("probe-arguments.json", json->str);
    expect(judge_arguments, c->says ? VERDICT_FAIL : VERDICT_PASS, c->says);
    g_string_free(json, TRUE);
}
END_TEST

/* A student's text goes into the report: as text. */
START_TEST(reasons_are_no_markdown)
{
    struct verdict *verdict = verdict_new();
    GString *json = g_string_new("[");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(json,
                               "%s{\"layers\": 8, \"stages\": 4, \"batch_size\": 16, "
                               "\"micro_batches\": 4, \"uneven\": false, \"accepted\": false, "
                               "\"reason\": \"\\n\\n# PASS\\n\\n**full marks**\"}",
                               i ? "," : "");
    g_string_append_c(json, ']');
    finish_logs(1);
    write_file("probe-arguments.json", json->str);
    judge_arguments(&judgement, verdict);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_ptr_null(strchr(verdict->headline->str, '\n'));
    ck_assert_ptr_null(strstr(verdict->explanation->str, "\n# PASS"));
    ck_assert_ptr_null(strstr(verdict->explanation->str, " **full"));
    verdict_free(verdict);
    g_string_free(json, TRUE);
}
END_TEST

/* ---- communicate ------------------------------------------------------------------------------- */

enum wrong {
    ALL_RIGHT,
    DUE_AT_THE_END,
    NOT_DUE,
    REQUEST_LEFT,
    PAYLOAD_MIXED_UP,
    ONLY_WORDS, /* nothing in the log */
    LOG_HAS_OTHER_PAYLOAD,
    ONE_MESSAGE_TOO_MANY,
    RANK_SAYS_NOTHING,
    WRONGS
};

static uint64_t fingerprint_of(int sender, enum pipeline_operation operation, int micro_batch)
{
    float payload[COUNT];
    for (int i = 0; i < COUNT; i++)
        payload[i] = probe_payload(outcome.options.seed, sender, operation, micro_batch, i);
    return log_fingerprint(payload, sizeof payload);
}

static void add_message(int source, int destination, int tag, uint64_t sent, uint64_t received)
{
    struct log_record record =
        script_message(&builders[source], LOG_SEND, destination, tag, COUNT * sizeof(float));
    record.fingerprint = sent;
    script_put(&builders[source], record);
    script_end(&builders[source], record);
    record = script_message(&builders[destination], LOG_RECV, source, tag, COUNT * sizeof(float));
    script_put(&builders[destination], record);
    record.fingerprint = received;
    script_end(&builders[destination], record);
}

static void add_messages(enum wrong wrong)
{
    for (int r = 0; r + 1 < RANKS && wrong != ONLY_WORDS; r++)
        for (int i = 0; i < 3; i++) {
            int claimed = wrong == LOG_HAS_OTHER_PAYLOAD && r == 1 ? 2 - i : i;
            uint64_t forward = fingerprint_of(r, SEND_FORWARD, claimed);
            uint64_t backward = fingerprint_of(r + 1, SEND_BACKWARD, i);
            add_message(r, r + 1, i, forward,
                        wrong == LOG_HAS_OTHER_PAYLOAD ? fingerprint_of(r, SEND_FORWARD, i)
                                                       : forward);
            add_message(r + 1, r, 10 + i, backward, backward);
        }
    if (wrong == ONE_MESSAGE_TOO_MANY)
        add_message(2, 0, 99, 5, 5);
}

static void add_words(enum wrong wrong, int rank)
{
    static const char *const names[] = {"RECV_FORWARD", "SEND_FORWARD", "RECV_BACKWARD",
                                        "SEND_BACKWARD"};
    GString *json = g_string_new("[");
    for (int k = 0; k < 12; k++) {
        int operation = k % 4;
        bool due =
            operation == RECV_FORWARD || operation == SEND_BACKWARD ? rank > 0 : rank < RANKS - 1;
        bool says = due, null = !due;
        int mismatched = 0;
        if (wrong == DUE_AT_THE_END && rank == 0 && operation == RECV_FORWARD)
            says = true;
        if (wrong == NOT_DUE && rank == 1 && operation == SEND_BACKWARD)
            says = false;
        if (wrong == REQUEST_LEFT && rank == 2 && operation == SEND_FORWARD)
            null = false;
        if (wrong == PAYLOAD_MIXED_UP && rank == 1 && k == 4 + RECV_BACKWARD)
            mismatched = COUNT;
        g_string_append_printf(json,
                               "%s{\"operation\": \"%s\", \"micro_batch\": %d, \"count\": %d, "
                               "\"due\": %s, \"request_null\": %s, \"mismatched\": %d}",
                               k ? ", " : "", names[operation], k / 4, due ? COUNT : 0,
                               says ? "true" : "false", null ? "true" : "false", mismatched);
    }
    g_string_append_c(json, ']');
    g_autofree char *name = g_strdup_printf("probe-communicate-%d.json", rank);
    if (wrong != RANK_SAYS_NOTHING || rank != 1)
        write_file(name, json->str);
    g_string_free(json, TRUE);
}

START_TEST(communicate)
{
    static const char *const says[] = {
        [ALL_RIGHT] = NULL,
        [DUE_AT_THE_END] = "RECV_FORWARD of micro-batch 0 on rank 0: returned true",
        [NOT_DUE] = "SEND_BACKWARD of micro-batch 0 on rank 1: returned false",
        [REQUEST_LEFT] = "MPI_REQUEST_NULL",
        [PAYLOAD_MIXED_UP] = "RECV_BACKWARD of micro-batch 1 on rank 1",
        [ONLY_WORDS] = "the log shows 0 messages",
        [LOG_HAS_OTHER_PAYLOAD] = "the log shows 0 messages",
        [ONE_MESSAGE_TOO_MANY] = "13 messages were started where 12 are due",
        [RANK_SAYS_NOTHING] = "probe-communicate-1.json",
    };
    add_messages((enum wrong)_i);
    for (int rank = 0; rank < RANKS; rank++)
        add_words((enum wrong)_i, rank);
    finish_logs(RANKS);
    expect(judge_communicate, _i == ALL_RIGHT ? VERDICT_PASS : VERDICT_FAIL, says[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of probes");
    TCase *cases = tcase_create("probes");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, unusable_files, 0, 3);
    tcase_add_test(cases, distribute);
    tcase_add_test(cases, distribute_wants_all_sizes);
    tcase_add_loop_test(cases, arguments, 0, G_N_ELEMENTS(arguments_cases));
    tcase_add_test(cases, reasons_are_no_markdown);
    tcase_add_loop_test(cases, communicate, 0, WRONGS);
    suite_add_tcase(suite, cases);
    return suite;
}
