/*
 * docs/faults.md: the table of faults, made of all results that are known.
 *
 * They stand in a file of the build folder, a line each, so that a part of the table can be tried anew.
 */
#include "tests/faults/faults.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PAGE  "docs/faults.md"
#define BEGIN "<!-- BEGIN TABLES: make faults -->\n"

enum { KIND, WHAT, HOW, WHO, END, CULPRIT, SENTENCE, FIELDS };

/* ---- the results ---------------------------------------------------------------------------------- */

static char *results_path(const char *build_folder)
{
    return g_build_filename(build_folder, "faults", "results", NULL);
}

/* A path in a folder of one trial is another one in the next. */
static char *without_names(const char *sentence)
{
    g_autoptr(GRegex) trial = g_regex_new("/tmp/fault-\\w{6}", 0, 0, NULL);
    g_autoptr(GRegex) work = g_regex_new("grade-\\w{6}", 0, 0, NULL);
    g_autoptr(GRegex) number = g_regex_new("/control/\\d+-\\d+|\\.\\w{6}(?=”)|:\\d+: "
                                           "|\\(grade:\\d+\\): |\\d\\d:\\d\\d:\\d\\d\\.\\d+: ",
                                           0, 0, NULL);
    g_autofree char *one = g_regex_replace_literal(trial, sentence, -1, 0, "…", 0, NULL);
    g_autofree char *two = g_regex_replace_literal(work, one, -1, 0, "grade-XXXXXX", 0, NULL);
    g_autofree char *three = g_regex_replace_literal(number, two, -1, 0, " ", 0, NULL);
    return g_strdelimit(g_steal_pointer(&three), "\t|`", ' ');
}

static bool is_of(const char *line, const struct fault *fault)
{
    g_autofree char *begin =
        g_strdup_printf("%s\t%s\t%s\t", fault_kind_name(fault->kind), fault->what, fault->how);
    return g_str_has_prefix(line, begin);
}

bool fault_results_add(const char *build_folder, const struct fault_trial *trial,
                       const struct fault_result *result, guint count)
{
    g_autofree char *path = results_path(build_folder), *old = NULL;
    g_autofree char *folder = g_path_get_dirname(path);
    const int lock = open(folder, O_RDONLY | O_CLOEXEC); /* others may try other rows */
    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        return false;
    if (!g_file_get_contents(path, &old, NULL, NULL))
        old = g_strdup("");
    g_auto(GStrv) lines = g_strsplit(old, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        bool again = **line == '\0';
        for (guint i = 0; i < count && !again; i++)
            again = is_of(*line, &trial[i].fault);
        if (!again)
            g_string_append_printf(text, "%s\n", *line);
    }
    for (guint i = 0; i < count; i++) {
        g_autofree char *sentence = without_names(result[i].sentence);
        g_string_append_printf(text, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n",
                               fault_kind_name(trial[i].fault.kind), trial[i].fault.what,
                               trial[i].fault.how, (int)trial[i].submission, (int)result[i].end,
                               result[i].culprit, sentence);
    }
    const bool written = g_file_set_contents(path, text->str, -1, NULL);
    close(lock);
    return written;
}

/* ---- the page --------------------------------------------------------------------------------------- */

static const char *short_name(enum fault_end end)
{
    static const char *const names[] = {
        [FAULT_FULL] = "full", [FAULT_NOT_JUDGED] = "open", [FAULT_REFUSED] = "refused"};
    return end <= FAULT_REFUSED ? names[end] : fault_end_name(end);
}

/* What came of the right submission: "full 12, refused 3". */
static void append_cell(GString *text, char *const *lines, const struct fault *fault)
{
    int count[FAULT_LEAVES + 1] = {0}, all = 0, kinds = 0;
    for (char *const *line = lines; *line; line++) {
        g_auto(GStrv) field = g_strsplit(*line, "\t", FIELDS);
        if (!is_of(*line, fault) || g_strv_length(field) < FIELDS)
            continue;
        const int end = atoi(field[END]);
        if ((atoi(field[WHO]) == FAULT_RIGHT_ONE || end >= FAULT_WRONG) && end <= FAULT_LEAVES) {
            count[end]++;
            all++;
        }
    }
    for (int end = 0; end <= FAULT_LEAVES; end++) {
        if (count[end] == 0)
            continue;
        g_string_append(text, kinds++ > 0 ? ", " : "");
        g_string_append(text, short_name((enum fault_end)end));
        if (all > 1)
            g_string_append_printf(text, " %d", count[end]);
    }
}

/* In how many of the places that it is called from it failed: ": 2 of 7". */
static void append_places(GString *text, char *const *lines, const struct fault_row *row)
{
    const struct fault counted = {.kind = FAULT_CALL, .what = row->what, .how = FAULT_COUNTED};
    for (char *const *line = lines; *line; line++) {
        g_auto(GStrv) field = g_strsplit(*line, "\t", FIELDS);
        if (is_of(*line, &counted) && g_strv_length(field) == FIELDS)
            g_string_append_printf(text, ": %s",
                                   g_str_has_suffix(field[CULPRIT], " of 0") ? "not called"
                                                                             : field[CULPRIT]);
    }
}

/* The first sentence of each kind that is told of a row. */
static void append_sentences(GString *text, char *const *lines, enum fault_kind kind,
                             const struct fault_row *row)
{
    for (int end = FAULT_NOT_JUDGED; end <= FAULT_LEAVES; end++) {
        g_autofree char *begin = g_strdup_printf("%s\t%s\t", fault_kind_name(kind), row->what);
        for (char *const *line = lines; *line; line++) {
            g_auto(GStrv) field = g_strsplit(*line, "\t", FIELDS);
            if (!g_str_has_prefix(*line, begin) || g_strv_length(field) < FIELDS ||
                atoi(field[END]) != end || end == FAULT_FAILED || !*field[SENTENCE] ||
                (atoi(field[WHO]) != FAULT_RIGHT_ONE && end < FAULT_WRONG))
                continue;
            g_string_append_printf(text, "- %s, %s, %s%s%s: %s\n", row->what, field[HOW],
                                   short_name((enum fault_end)end), *field[CULPRIT] ? " for " : "",
                                   field[CULPRIT], field[SENTENCE]);
            break;
        }
    }
}

static void append_table(GString *text, char *const *lines, enum fault_kind kind)
{
    static const char *const titles[] = {
        [FAULT_CALL] = "A call of the grader's fails",
        [FAULT_PROGRAM] = "A program that grading starts is broken",
        [FAULT_PLACE] = "A folder, or where the report is printed, can't be used",
        [FAULT_KILL] = "Somebody ends a process with SIGKILL"};
    g_autoptr(GPtrArray) ways = g_ptr_array_new();
    for (const struct fault_row *row = fault_rows(kind); row->what; row++) {
        g_auto(GStrv) words = g_strsplit(row->hows, " ", -1);
        for (char **way = words; *way; way++)
            if (!g_ptr_array_find_with_equal_func(ways, *way, g_str_equal, NULL))
                g_ptr_array_add(ways, (gpointer)g_intern_string(*way));
    }
    g_string_append_printf(text, "\n## %s\n\n| |", titles[kind]);
    for (guint i = 0; i < ways->len; i++)
        g_string_append_printf(text, " %s |", (char *)ways->pdata[i]);
    g_string_append(text, "\n|---|");
    for (guint i = 0; i < ways->len; i++)
        g_string_append(text, "---|");
    g_string_append_c(text, '\n');
    for (const struct fault_row *row = fault_rows(kind); row->what; row++) {
        g_string_append_printf(text, "| %s%s%s%s", row->what, row->note ? " (" : "",
                               row->note ? row->note : "", row->note ? ")" : "");
        if (kind == FAULT_CALL)
            append_places(text, lines, row);
        g_string_append(text, " |");
        for (guint i = 0; i < ways->len; i++) {
            const struct fault fault = {.kind = kind, .what = row->what, .how = ways->pdata[i]};
            g_string_append_c(text, ' ');
            append_cell(text, lines, &fault);
            g_string_append(text, " |");
        }
        g_string_append_c(text, '\n');
    }
    g_string_append(text, "\nWhat is said, for example:\n\n");
    for (const struct fault_row *row = fault_rows(kind); row->what; row++)
        append_sentences(text, lines, kind, row);
}

bool fault_page_write(const char *build_folder)
{
    g_autofree char *path = results_path(build_folder), *results = NULL, *page = NULL;
    if (!g_file_get_contents(path, &results, NULL, NULL) ||
        !g_file_get_contents(PAGE, &page, NULL, NULL) || !strstr(page, BEGIN)) {
        fprintf(stderr, "faults: %s or %s can't be read\n", path, PAGE);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(results, "\n", -1);
    GString *text = g_string_new(NULL);
    g_string_append_len(text, page, strstr(page, BEGIN) - page);
    g_string_append(text, BEGIN);
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
        append_table(text, lines, kind);
    const bool written =
        g_file_set_contents_full(PAGE, text->str, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
    g_string_free(text, TRUE);
    return written;
}
