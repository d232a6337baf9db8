/* Many mistakes in one submission; see cases.h. */
#include "tests/support/cases.h"

#include <check.h>
#include <glib.h>
#include <string.h>

static const char include[] = "#include \"assignments/example/example.h\"\n";
static const char begin[] = "    /* BEGIN SOLUTION */\n";

/* What follows an option on the command line. The probe does not look at --steps: its number says
 * which mistake is meant. */
static const char reading[] =
    "#include <fcntl.h>\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
    "#include <string.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
    "#pragma GCC diagnostic ignored \"-Wunused-result\"\n"
    "static const char *argument(const char *option)\n{\n"
    "    static char line[8192];\n    static size_t length;\n"
    "    FILE *file = length > 0 ? NULL : fopen(\"/proc/self/cmdline\", \"r\");\n"
    "    if (file) {\n        length = fread(line, 1, sizeof line - 1, file);\n"
    "        fclose(file);\n    }\n"
    "    for (size_t i = 0; i < length; i += strlen(line + i) + 1)\n"
    "        if (strcmp(line + i, option) == 0)\n            return line + i + strlen(option) + "
    "1;\n"
    "    return \"\";\n}\n"
    "static int chosen(void)\n{\n    return atoi(argument(\"--steps\"));\n}\n";

static void append_switch(GString *text, const struct test_case *cases, int count,
                          size_t place_of_code)
{
    g_string_append(text, "    switch (chosen()) {\n");
    for (int i = 0; i < count; i++) {
        const char *code = G_STRUCT_MEMBER(const char *, &cases[i], place_of_code);
        if (code)
            g_string_append_printf(text, "    case %d: {\n%s\n    } break;\n", i + 1, code);
    }
    g_string_append(text, "    }\n");
}

static void write_submission(const struct test_case *cases, int count, const char *before)
{
    g_autoptr(GString) text = g_string_new(include), code = g_string_new(NULL);
    g_string_append_printf(text, "%s%s\n", reading, before);
    g_string_append(text, "__attribute__((constructor)) static void at_start(void)\n{\n");
    append_switch(text, cases, count, offsetof(struct test_case, at_start));
    g_string_append(text, "}\n__attribute__((destructor)) static void at_exit(void)\n{\n"
                          "    char path[1024];\n    struct stat status;\n"
                          "    snprintf(path, sizeof path, \"%s/rank-0.log\", "
                          "argument(\"--evidence\"));\n"
                          "    long size = stat(path, &status) == 0 ? (long)status.st_size : 0;\n"
                          "    (void)size;\n");
    append_switch(text, cases, count, offsetof(struct test_case, at_exit));
    g_string_append(text, "}\n");
    grading_change("average.c", include, text->str);
    g_string_append(code, "    static int calls;\n    if (calls++ == 0) {\n    int rank, ranks;\n"
                          "    PMPI_Comm_rank(comm, &rank);\n    PMPI_Comm_size(comm, &ranks);\n");
    append_switch(code, cases, count, offsetof(struct test_case, code));
    g_string_append_printf(code, "    }\n%s", begin);
    grading_change("average.c", begin, code->str);
}

static void write_rubric(const struct test_case *cases, int count)
{
    g_autoptr(GString) tiers = g_string_new(NULL);
    g_string_append_printf(tiers, "( { name = \"T\"; points = %d.0; checks = (\n", count);
    for (int i = 0; i < count; i++) {
        char seconds[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(seconds, sizeof seconds, "%.1f",
                        cases[i].seconds > 0 ? cases[i].seconds : 8);
        g_string_append_printf(
            tiers,
            "{ name = \"%s\"; title = \"%s\"; points = 1.0; judge = \"average\"; runs = (\n"
            "  { ranks = %d; seconds = %s; arguments = \"--probe average --steps %d\"; %s } ); "
            "}%s\n",
            cases[i].name, cases[i].name, cases[i].ranks > 0 ? cases[i].ranks : 2, seconds, i + 1,
            cases[i].keys ? cases[i].keys : "", i + 1 < count ? "," : "");
    }
    g_string_append(tiers, ") } );\n");
    grading_use_rubric(tiers->str);
}

struct graded cases_run(const struct test_case *cases, int count, const char *before)
{
    write_submission(cases, count, before);
    write_rubric(cases, count);
    grading_allow_all_calls();
    return grading_run(NULL);
}

void cases_check(const struct test_case *one, const struct graded *graded)
{
    const char *status = graded_status(graded, one->name);
    ck_assert_msg(one->status ? strcmp(status, one->status) == 0 : strcmp(status, "failed") != 0,
                  "%s: “%s”", one->name, status);
    for (int i = 0; i < 2 && one->words[i]; i++) {
        if (strcmp(status, "passed") == 0)
            graded_passes(graded, one->name, one->words[i]);
        else if (strcmp(status, "failed") == 0)
            graded_fails(graded, one->name, one->words[i]);
        else
            graded_is_open(graded, one->name, one->words[i]);
    }
}
