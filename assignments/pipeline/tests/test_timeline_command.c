/*
 * Tests of `handin timeline`: from logs, and the pictures of the docs.
 */
#include "handin/handin.h"

#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static char *folder;

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
}

/* The exit status of handin with these words, split as a shell would. */
static int handin(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int handin(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *line = g_strdup_vprintf(format, values);
    va_end(values);
    g_auto(GStrv) words = NULL;
    int count;
    ck_assert(g_shell_parse_argv(line, &count, &words, NULL));
    return handin_main(count, words);
}

static char *path_to(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* ---- the pictures of the docs ------------------------------------------------------------- */

/* The corners of all boxes, a line each. Letters may differ between versions of gnuplot. */
static char *boxes_of(const char *path)
{
    char *svg = NULL;
    ck_assert_msg(g_file_get_contents(path, &svg, NULL, NULL), "no %s", path);
    GString *boxes = g_string_new(NULL);
    char **lines = g_strsplit(svg, "\n", -1);
    for (char **line = lines; *line; line++)
        if (strstr(*line, "<polygon"))
            g_string_append_printf(boxes, "%s\n", *line);
    g_strfreev(lines);
    g_free(svg);
    return g_string_free(boxes, FALSE);
}

/* 4 ranks, 8 micro-batches: what the picture says of the makespan and the bubble, from the
 * published formulas; and the number of boxes. */
static const struct {
    const char *name, *text;
    int boxes;
} pictures[] = {
    {"naive", "96; bubble (idle / makespan) 75.0 %", 8},
    {"afab", "33; bubble (idle / makespan) 27.3 %", 64},
    {"1f1b", "33; bubble (idle / makespan) 27.3 %", 64},
    {"interleaved", "28.5; bubble (idle / makespan) 15.8 %", 128},
    {"pipedream", "33; bubble (idle / makespan) 27.3 %", 96}, /* with 32 optimizer's steps */
    {"zero-bubble", "27; bubble (idle / makespan) 11.1 %", 96},
};

#define DRAW "handin timeline --ranks 4 --arguments '--schedule %s --micro-batches 8' --out %s"

START_TEST(the_pictures_in_the_docs_are_what_is_drawn_now)
{
    g_autofree char *kept =
        g_strdup_printf("assignments/pipeline/docs/pictures/%s.svg", pictures[_i].name);
    g_autofree char *drawn = path_to("picture.svg");
    g_autofree char *svg = NULL;
    ck_assert_int_eq(handin(DRAW, pictures[_i].name, drawn), 0);
    g_autofree char *now = boxes_of(drawn);
    g_autofree char *then = boxes_of(kept);
    ck_assert_msg(strcmp(now, then) == 0, "%s: draw it again: build/handin/" DRAW, kept,
                  pictures[_i].name, kept);
    g_auto(GStrv) line = g_strsplit(now, "\n", -1);
    /* A few more stand in the key. */
    ck_assert_int_ge((int)g_strv_length(line) - 1, pictures[_i].boxes);
    ck_assert_int_le((int)g_strv_length(line) - 1, pictures[_i].boxes + 8);
    ck_assert(g_file_get_contents(kept, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, pictures[_i].text));
    ck_assert_uint_lt(strlen(svg), 60000);
    g_autofree char *key = NULL;
    ck_assert(g_file_get_contents(drawn, &key, NULL, NULL));
    ck_assert(!strstr(key, "forward, chunk 1") == !g_str_equal(pictures[_i].name, "interleaved"));
}
END_TEST

START_TEST(impossible_schedules_are_refused)
{
    g_autofree char *out = path_to("picture.svg");
    static const char *const impossible[] = {
        "--ranks 4 --arguments '--schedule knitting'",
        "--ranks 4 --arguments '--schedule interleaved --micro-batches 6'",
        "--ranks 1024 --arguments '--schedule interleaved --micro-batches 4096 --chunks 1024'",
        "--ranks 1024 --arguments '--schedule interleaved --micro-batches 4096 --chunks 64'",
        "--ranks 1025 --arguments '--schedule afab'",
    };
    for (guint i = 0; i < G_N_ELEMENTS(impossible); i++)
        ck_assert_msg(handin("handin timeline %s --out %s", impossible[i], out) == 1, "%s",
                      impossible[i]);
    ck_assert_int_ne(handin("handin timeline --ranks -4 --arguments '' --out %s", out), 0);
    ck_assert(!g_file_test(out, G_FILE_TEST_EXISTS));
}
END_TEST

/* ---- from logs ---------------------------------------------------------------------------- */

/* Writes a log as a run would have left it. */
static void write_log(const struct log_file *log)
{
    g_autofree char *name = g_strdup_printf("rank-%d.log", log->rank);
    g_autofree char *path = path_to(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    struct log_header header = {.magic = LOG_MAGIC,
                                .version = LOG_VERSION,
                                .record_size = sizeof(struct log_record),
                                .rank = log->rank,
                                .ranks = log->ranks};
    ck_assert_uint_eq(fwrite(&header, sizeof header, 1, file), 1);
    for (size_t i = 0; i < log->count; i++) {
        struct log_record record = log->record[i];
        record.check = 0;
        record.check = (uint32_t)XXH3_64bits(&record, sizeof record);
        ck_assert_uint_eq(fwrite(&record, sizeof record, 1, file), 1);
    }
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_run_becomes_a_picture_and_a_trace)
{
    struct script builder[2];
    for (int rank = 0; rank < 2; rank++) {
        script_init(&builder[rank], rank, 2);
        script_step(&builder[rank], LOG_STEP_BEGIN, 0);
        if (rank == 1)
            script_call(&builder[rank], LOG_RECV, 0, 0, 8, true);
        script_compute(&builder[rank], LOG_FORWARD, rank, 0, 10);
        if (rank == 0)
            script_call(&builder[rank], LOG_SEND, 1, 0, 8, true);
        script_compute(&builder[rank], LOG_BACKWARD, rank, 0, 20);
        script_step(&builder[rank], LOG_STEP_END, 0);
        script_final(&builder[rank]);
        write_log(&builder[rank].log);
        free(builder[rank].log.record);
    }
    ck_assert_int_eq(handin("handin timeline --evidence %s --arguments '--schedule 1f1b "
                            "--micro-batches 1' --where 'on paper'",
                            folder),
                     0);
    g_autofree char *picture = path_to("timeline.svg");
    g_autofree char *trace = path_to("trace.json");
    g_autofree char *svg = NULL;
    ck_assert(g_file_get_contents(picture, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "1F1B: 2 ranks, 1 micro-batch, on paper"));
    ck_assert_ptr_nonnull(strstr(svg, "the reference"));
    ck_assert_ptr_nonnull(strstr(svg, "idle = (p-1)(F+B)"));
    g_autofree char *traffic = path_to("traffic.txt"), *moved = NULL;
    ck_assert(g_file_get_contents(traffic, &moved, NULL, NULL));
    ck_assert_str_eq(moved, "step 0: messages from rank 0: 1, 8 B\n");
    json_t *json = json_load_file(trace, 0, NULL);
    ck_assert_ptr_nonnull(json_object_get(json, "traceEvents"));
    json_decref(json);
}
END_TEST

/* Where the order is free the picture says which one the run chose, and the formula is that one's; the
 * reference is called what it is. Two ranks, two micro-batches: F0 F1 B0 B1 and F0 B0 F1 B1. */
START_TEST(a_bounded_run_is_called_by_its_order)
{
    struct script builder[2];
    for (int rank = 0; rank < 2; rank++) {
        script_init(&builder[rank], rank, 2);
        script_step(&builder[rank], LOG_STEP_BEGIN, 0);
        for (int i = 0; i < 4; i++) {
            const bool forward = rank == 0 ? i < 2 : i % 2 == 0;
            script_compute(&builder[rank], forward ? LOG_FORWARD : LOG_BACKWARD, rank,
                           rank == 0 ? i % 2 : i / 2, forward ? 10 : 20);
        }
        script_step(&builder[rank], LOG_STEP_END, 0);
        script_final(&builder[rank]);
        write_log(&builder[rank].log);
        free(builder[rank].log.record);
    }
    ck_assert_int_eq(handin("handin timeline --evidence %s --arguments '--schedule bounded "
                            "--micro-batches 2'",
                            folder),
                     0);
    g_autofree char *picture = path_to("timeline.svg"), *svg = NULL;
    ck_assert(g_file_get_contents(picture, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "the bounded schedule (at most p micro-batches in flight)"));
    ck_assert_ptr_nonnull(strstr(svg, "this run, in the order of 1F1B"));
    ck_assert_ptr_nonnull(strstr(svg, "formula idle = (p-1)(F+B)"));
    ck_assert_ptr_nonnull(
        strstr(svg, "one right order of many, all-forward-all-backward in groups of p"));
    ck_assert_ptr_null(strstr(svg, "m/p"));
}
END_TEST

/* With --log-memory there is a picture of memory; without, none. */
START_TEST(recorded_memory_becomes_a_picture)
{
    struct script builder;
    g_autofree char *picture = path_to("memory.svg");
    script_init(&builder, 0, 1);
    script_step(&builder, LOG_STEP_BEGIN, 0);
    script_compute(&builder, LOG_FORWARD, 0, 0, 10);
    script_compute(&builder, LOG_BACKWARD, 0, 0, 20);
    if (_i == 1)
        script_put(&builder, log_record_of_allocation((struct log_allocation){
                                 .kind = MEMORY_GRADIENT, .bytes = 2048, .live = 2048}));
    script_step(&builder, LOG_STEP_END, 0);
    script_final(&builder);
    write_log(&builder.log);
    free(builder.log.record);
    ck_assert_int_eq(handin("handin timeline --evidence %s --arguments '--schedule afab "
                            "--micro-batches 1'",
                            folder),
                     0);
    ck_assert_int_eq(g_file_test(picture, G_FILE_TEST_EXISTS), _i);
    if (_i == 1) {
        g_autofree char *svg = NULL;
        ck_assert(g_file_get_contents(picture, &svg, NULL, NULL));
        ck_assert_ptr_nonnull(strstr(svg, "2 KiB, after B of micro-batch 0"));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("timeline command");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_pictures_in_the_docs_are_what_is_drawn_now, 0,
                        G_N_ELEMENTS(pictures));
    tcase_add_test(tests, impossible_schedules_are_refused);
    tcase_add_test(tests, a_bounded_run_is_called_by_its_order);
    tcase_add_test(tests, a_run_becomes_a_picture_and_a_trace);
    tcase_add_loop_test(tests, recorded_memory_becomes_a_picture, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
