/*
 * Tests of pictures and tables of memory over time: logs by hand.
 */
#include "grader/pictures/picture_memory.h"
#include "grader/pictures/table_memory.h"

#include "common/log/log_fields.h"
#include "grader/trace/replay.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define MOST_RANKS 100

static char *folder;
static struct script builder[MOST_RANKS];
static struct log_file logs[MOST_RANKS];
static struct memory_scene scene;
static struct live_memory *memory;

static void set_up(void)
{
    folder = test_folder_new();
    for (int rank = 0; rank < MOST_RANKS; rank++)
        script_init(&builder[rank], rank, MOST_RANKS);
}

static void tear_down(void)
{
    live_memory_free(memory, scene.ranks);
    memory = NULL;
    for (int rank = 0; rank < MOST_RANKS; rank++)
        free(builder[rank].log.record);
    test_folder_free(folder);
}

static void change(int rank, enum memory_kind kind, double from, double to, bool cut)
{
    script_put(&builder[rank], log_record_of_allocation((struct log_allocation){
                                   .kind = kind,
                                   .released = to < from,
                                   .cut = cut,
                                   .bytes = (uint64_t)(to > from ? to - from : from - to),
                                   .live = to}));
}

/* 1 MiB of parameters; in F 2 rank r holds r + 1 MiB of activations. */
static void script_rank(int rank, bool cut)
{
    const double mebibyte = 1048576;
    change(rank, MEMORY_PARAMETER, 0, mebibyte, false);
    script_step(&builder[rank], LOG_STEP_BEGIN, 0);
    struct log_record forward = log_record_new(LOG_FORWARD, LOG_BEGIN);
    forward.micro_batch = 2;
    script_put(&builder[rank], forward);
    change(rank, MEMORY_ACTIVATION, 0, mebibyte * (rank + 1), cut);
    forward.phase = LOG_END;
    script_put(&builder[rank], forward);
    for (int i = 0; i < 20; i++)
        script_step(&builder[rank], LOG_LOSS, 0);
    change(rank, MEMORY_ACTIVATION, mebibyte * (rank + 1), 0, false);
    script_step(&builder[rank], LOG_STEP_END, 0);
}

static void look(int ranks, int step)
{
    for (int rank = 0; rank < ranks; rank++)
        logs[rank] = builder[rank].log;
    memory = live_memory_new(logs, ranks, step);
    scene = (struct memory_scene){.memory = memory, .logs = logs, .ranks = ranks, .step = step};
}

static char *draw(void)
{
    g_autofree char *path = g_build_filename(folder, "memory", NULL);
    g_autofree char *file = g_strconcat(path, ".svg", NULL);
    g_autofree char *png_file = g_strconcat(path, ".png", NULL);
    g_autofree char *png = NULL;
    g_autoptr(GString) error = g_string_new(NULL);
    char *svg = NULL;
    ck_assert_msg(picture_of_memory(&scene, "memory of a step", path, error), "%s", error->str);
    ck_assert(g_file_get_contents(file, &svg, NULL, NULL));
    ck_assert(g_file_get_contents(png_file, &png, NULL, NULL));
    ck_assert_int_eq(memcmp(png, "\x89PNG", 4), 0);
    return svg;
}

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in\n%.3000s", part, text);
}

START_TEST(peaks_kinds_and_what_was_done)
{
    for (int rank = 0; rank < 3; rank++)
        script_rank(rank, false);
    look(3, 0);
    g_autofree char *svg = draw();
    expect(svg, "memory of a step");
    expect(svg, ">2 MiB, F of micro-batch 2<");
    expect(svg, ">4 MiB, F of micro-batch 2<");
    expect(svg, ">activations<");
    expect(svg, ">parameters<");
    expect(svg, ">most of the row, and what was done then<");
    expect(svg, ">most of all rows<");
    ck_assert_double_le(g_ascii_strtod(strstr(svg, "width=\"") + strlen("width=\""), NULL), 930);
    ck_assert_ptr_null(strstr(svg, "ranks are drawn"));
    ck_assert_ptr_null(strstr(svg, ">workspace<"));
    ck_assert_ptr_null(strstr(svg, "host"));
    ck_assert_ptr_null(strstr(svg, "not all changes"));
    ck_assert_int_eq(occurrences(svg, ">rank "), 3);
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    g_auto(GStrv) lines = g_strsplit(table->str, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 2 + 3 + 1);
    ck_assert_ptr_null(strstr(table->str, "host"));
    expect(lines[4], "4 MiB");
    expect(lines[4], "F of micro-batch 2");
    expect(lines[4], "1 MiB");
    expect(lines[4], "3 MiB");
    /* 24 clocks: from the second to the last but one it is at its peak. */
    expect(lines[4], "████████████████████████");
}
END_TEST

/* Rank 1 has 8 MiB on the host besides: a line and a column of their own, and no part of the peak. */
START_TEST(the_host_s_memory_is_beside_the_device_s)
{
    change(1, MEMORY_HOST, 0, 8 * 1048576, false);
    for (int rank = 0; rank < 2; rank++)
        script_rank(rank, false);
    look(2, 0);
    g_autofree char *svg = draw();
    expect(svg, ">on the host<");
    expect(svg, ">3 MiB, F of micro-batch 2<");
    expect(svg, ">8 MiB<"); /* how high a row is */
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    g_auto(GStrv) lines = g_strsplit(table->str, "\n", -1);
    expect(lines[0], "the host's are not in the peak");
    expect(lines[1], " host ");
    expect(lines[3], " 8 MiB ");
    expect(lines[3], "1         3 MiB");
}
END_TEST

START_TEST(rows_and_axis_have_names_of_their_own)
{
    for (int rank = 0; rank < 2; rank++)
        script_rank(rank, false);
    look(2, 0);
    scene.names = (const char *const[]){"this run", "John's"};
    scene.axis = "changes";
    g_autofree char *svg = draw();
    expect(svg, ">this run<");
    expect(svg, ">John's<");
    expect(svg, ">changes<");
    ck_assert_ptr_null(strstr(svg, ">rank "));
    ck_assert_ptr_null(strstr(svg, "since the begin"));
}
END_TEST

START_TEST(what_was_left_out_is_said)
{
    script_rank(0, true);
    look(1, 0);
    g_autofree char *svg = draw();
    expect(svg, "not all changes were recorded");
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    expect(table->str, "2 MiB*");
    expect(table->str, "--log-memory=N");
}
END_TEST

/* Rank 57 is neither first nor last, but the highest. */
START_TEST(of_many_ranks_the_highest_is_drawn)
{
    for (int rank = 0; rank < MOST_RANKS; rank++) {
        script_step(&builder[rank], LOG_STEP_BEGIN, 0);
        change(rank, MEMORY_GRADIENT, 0, rank == 57 ? 1e12 : 1e10, false);
        script_step(&builder[rank], LOG_STEP_END, 0);
    }
    look(MOST_RANKS, 0);
    g_autofree char *svg = draw();
    ck_assert_int_eq(occurrences(svg, ">rank "), 12);
    expect(svg, ">12 of 100 ranks are drawn, the one with most memory among them<");
    expect(svg, ">rank 57<");
    expect(svg, ">rank 0<");
    expect(svg, ">rank 99<");
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    g_auto(GStrv) lines = g_strsplit(table->str, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 2 + 32 + 1 + 1);
}
END_TEST

START_TEST(nothing_to_draw_is_an_error)
{
    change(0, MEMORY_PARAMETER, 0, 100, false);
    look(1, 5); /* a step that never was */
    g_autofree char *path = g_build_filename(folder, "memory", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert(!picture_of_memory(&scene, "title", path, error));
    expect(error->str, "no memory was recorded");
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    expect(table->str, "did not begin the step");
}
END_TEST

START_TEST(nonsense_is_survived)
{
    script_nonsense(builder, 3, (unsigned)_i);
    change(0, MEMORY_PARAMETER, 0, 0x1p60, _i % 2);
    change(1, MEMORY_ACTIVATION, 0, 1, _i % 2);
    look(3, REPLAY_ALL_STEPS);
    g_free(draw());
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_memory(&scene, table);
    ck_assert(g_utf8_validate(table->str, -1, NULL));
}
END_TEST

/* So many changes of memory make a picture of a few hundred kilobytes. */
START_TEST(a_long_step_is_thinned_out)
{
    script_step(&builder[0], LOG_STEP_BEGIN, 0);
    for (int i = 0; i < 30000; i++)
        change(0, MEMORY_ACTIVATION, i % 2 * 100, (i + 1) % 2 * 100 + (i == 12345 ? 900 : 0),
               false);
    look(1, 0);
    g_autofree char *svg = draw();
    ck_assert_uint_lt(strlen(svg), 500000);
    expect(svg, ">900 B, "); /* the one peak is still there */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures of memory");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, peaks_kinds_and_what_was_done);
    tcase_add_test(tests, the_host_s_memory_is_beside_the_device_s);
    tcase_add_test(tests, rows_and_axis_have_names_of_their_own);
    tcase_add_test(tests, what_was_left_out_is_said);
    tcase_add_test(tests, of_many_ranks_the_highest_is_drawn);
    tcase_add_test(tests, nothing_to_draw_is_an_error);
    tcase_add_test(tests, a_long_step_is_thinned_out);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 10);
    suite_add_tcase(suite, tests);
    return suite;
}
