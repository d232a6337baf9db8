/*
 * Rows of cells: what is written, Python's csv reads as it was meant; what others write is read. No spreadsheet takes a
 * cell for a formula.
 */
#include "class/students/cells.h"
#include "class/students/records.h"
#include "tests/support/test.h"

#include <string.h>

static const char *const texts[] = {"",
                                    "plain",
                                    "a,b",
                                    "say \"so\"",
                                    "two\nlines",
                                    "Ünal, Ayşe",
                                    " ends in ",
                                    "\"",
                                    "=1+1",
                                    "+49 30",
                                    "-5",
                                    "@SUM(A1)",
                                    "\tcell",
                                    "it's",
                                    "=cmd|'/c calc'!A1",
                                    "3.5",
                                    "x=1",
                                    "'quoted'",
                                    ",",
                                    "\xe2\x80\xae"
                                    "x"};

static char *written(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        cells_append(text, texts[i]);
        cells_append(text, "next");
        cells_append_number(text, 0.1 + 0.2, 2);
        cells_end_row(text);
    }
    return g_strdup(text->str);
}

START_TEST(python_reads_what_was_meant)
{
    char *folder = test_folder_new();
    g_autofree char *table = written(), *path = g_build_filename(folder, "a.csv", NULL),
                    *output = NULL;
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert(record_write_text(path, table, -1, error));
    const char *words[] = {
        "python3", "-c",
        "import csv, json, sys\n"
        "print(json.dumps(list(csv.reader(open(sys.argv[1], encoding='utf-8', newline='')))))",
        path, NULL};
    ck_assert(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                           NULL, NULL, NULL));
    json_t *rows = json_loads(output, 0, NULL);
    ck_assert_uint_eq(json_array_size(rows), G_N_ELEMENTS(texts));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *cell = json_string_value(json_array_get(row, 0));
        const bool guarded = *texts[i] && strchr("=+-@\t", *texts[i]);
        g_autofree char *meant = g_strconcat(guarded ? "'" : "", texts[i], NULL);
        ck_assert_uint_eq(json_array_size(row), 3);
        ck_assert_str_eq(cell, meant);
        ck_assert_str_eq(json_string_value(json_array_get(row, 1)), "next");
        ck_assert_str_eq(json_string_value(json_array_get(row, 2)), "0.30");
    }
    json_decref(rows);
    test_folder_free(folder);
}
END_TEST

static GPtrArray *read_text(const char *text, gssize length, GString *error)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "b.csv", NULL);
    ck_assert(record_write_text(path, text, length, error));
    GPtrArray *rows = cells_read(path, error);
    test_folder_free(folder);
    return rows;
}

START_TEST(what_spreadsheets_write_is_read)
{
    g_autoptr(GString) error = g_string_new(NULL);
    GPtrArray *rows = read_text(
        "\xef\xbb\xbfID, Name ,Days\r\n7,\"Ünal, \"\"A\"\"\",2\r\n\r\n8,\"two\nlines\"", -1, error);
    ck_assert_msg(rows && rows->len == 3, "%s", error->str);
    const GPtrArray *header = rows->pdata[0], *first = rows->pdata[1], *second = rows->pdata[2];
    ck_assert_int_eq(cells_column(header, "id"), 0);
    ck_assert_int_eq(cells_column(header, "NAME"), 1);
    ck_assert_int_eq(cells_column(header, "group"), -1);
    ck_assert_str_eq(cells_at(first, 1), "Ünal, \"A\"");
    ck_assert_str_eq(cells_at(second, 1), "two\nlines");
    ck_assert_str_eq(cells_at(second, 2), "");
    ck_assert_str_eq(cells_at(second, -1), "");
    g_ptr_array_unref(rows);
}
END_TEST

START_TEST(what_is_no_table_is_named)
{
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_ptr_null(cells_read("/nowhere/a.csv", error));
    ck_assert_ptr_nonnull(strstr(error->str, "/nowhere/a.csv"));
    g_string_truncate(error, 0);
    ck_assert_ptr_null(read_text("id,name\n1,J\xfcrgen\n", -1, error));
    ck_assert_ptr_nonnull(strstr(error->str, "UTF-8"));
    g_string_truncate(error, 0);
    ck_assert_ptr_null(read_text("id,name\n1,\"open\n", -1, error));
    ck_assert_ptr_nonnull(strstr(error->str, "b.csv: row 2"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cells");
    TCase *tests = tcase_create("cells");
    tcase_add_test(tests, python_reads_what_was_meant);
    tcase_add_test(tests, what_spreadsheets_write_is_read);
    tcase_add_test(tests, what_is_no_table_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
