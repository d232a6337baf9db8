/*
 * The grader on programs that are compiled with sanitizers: what these find is the headline, with the
 * line in the student's file; and a crash without them says how to get that.
 */
#include "tests/support/cases.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Every case begins in this line of average.c, behind what cases.c writes before it. */
static const char before[] =
    "__attribute__((noinline)) static void fill(char *to, size_t size)\n{\n"
    "    memset(to, 7, size);\n}\n"
    "static volatile int one = 1;\n";

static const struct test_case cases[] = {
    {.name = "fine", .code = "", .status = "passed"},
    {.name = "heap_overflow",
     .code = "int *volatile n = malloc(3 * sizeof *n); for (int i = 0; i <= 2 + one; i++) n[i] = "
             "i; mine += "
             "n[0];",
     .status = "failed",
     .words = {"rank 0: heap-buffer-overflow, writes 4 bytes at average.c:",
               "(average), of a block that was allocated at average.c:"}},
    {.name = "heap_overflow_of_all_ranks_but_one",
     .code = "char *volatile n = malloc(3); if (rank > 0) mine += n[2 + one]; free(n);",
     .ranks = 3,
     .status = "failed",
     .words = {"heap-buffer-overflow, reads 1 byte at average.c:", "What AddressSanitizer said"}},
    {.name = "overflow_in_a_function_of_the_library",
     .code = "char *n = malloc(3); fill(n, 4 + one); mine += n[0]; free(n);",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0: heap-buffer-overflow, writes 5 bytes in memset, called at average.c:",
               "(fill), of a block that was allocated at average.c:"}},
    {.name = "use_after_free",
     .code = "int *n = malloc(12); n[one] = 1; free(n); mine += ((volatile int *)n)[1];",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0: heap-use-after-free, reads 4 bytes at average.c:",
               "(average), of a block that was freed at average.c:"}},
    {.name = "freed_twice",
     .code = "char *volatile n = malloc(12); free(n); free(n);",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0: double-free in free, called at average.c:",
               "of a block that was freed at average.c:"}},
    {.name = "array_on_the_stack",
     .code = "char word[8]; fill(word, 8 + one); mine += word[0];",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0: stack-buffer-overflow, writes 9 bytes in memset, called at average.c:",
               "(fill), outside of “word”"}},
    {.name = "index",
     .code = "int n[8] = {0}; n[7 + one] = 1; mine += n[one];",
     .ranks = 1,
     .status = "failed",
     .words = {"index 8 out of bounds for type 'int [8]' at average.c:"}},
    {.name = "signed_overflow",
     .code = "int n = 0x7fffffff; n += one; mine += n;",
     .status = "failed",
     .words = {"signed integer overflow", "at average.c:"}},
    {.name = "nowhere",
     .code = "*(volatile char *)(size_t)(8 * one) = 1;",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0: SEGV at average.c:", "(average): the pointer is NULL, or nearly"}},
    {.name = "size_known_to_the_compiler",
     .code = "char *n = malloc(3); n[2 + one] = 1; mine += n[one]; free(n);",
     .status = "failed",
     .words = {"outside of an array or of a block: store to an address with insufficient space for "
               "an object of type 'char' at average.c:"}},
};

static struct graded graded;

static void link_to(const char *name, const char *folder)
{
    g_autofree char *from = g_canonicalize_filename(name, grading_build);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    ck_assert_int_eq(symlink(from, to), 0);
}

/* The kit as it is built, and flags with sanitizers for what is compiled with them now. */
static void use_sanitizers(void)
{
    static const char with[] = " -fsanitize=address,undefined -fno-sanitize-recover=undefined ";
    g_autofree char *own = g_build_filename(grading_folder, "build", NULL);
    g_autofree char *from = g_build_filename(grading_build, "program.flags", NULL);
    g_autofree char *to = g_build_filename(own, "program.flags", NULL);
    ck_assert_int_eq(g_mkdir(own, 0755), 0);
    link_to("assignments", own);
    link_to("libcommon.a", own);
    g_autofree char *flags = grading_read(from);
    g_auto(GStrv) lines = g_strsplit(flags, "\n", 4);
    g_autofree char *text =
        g_strconcat(lines[0], with, "\n", lines[1], with, "\n", lines[2], "\n", NULL);
    ck_assert(g_file_set_contents(to, text, -1, NULL));
    g_free(grading_build);
    grading_build = g_steal_pointer(&own);
}

static void grade_all(void)
{
    grading_begin("example");
    use_sanitizers();
    graded = cases_run(cases, G_N_ELEMENTS(cases), before);
}

static void forget_all(void)
{
    graded_clear(&graded);
    grading_end();
}

START_TEST(what_a_sanitizer_finds_is_the_headline)
{
    cases_check(&cases[_i], &graded);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__
static void setup(void)
{
    grading_begin("example");
}

START_TEST(a_crash_without_them_says_how_to_get_them)
{
    grading_change("average.c", "    double sum;\n", "    double sum = *(volatile double *)8;\n");
    struct graded one = grading_run("average");
    graded_fails(&one, "average", "crashed (Segmentation fault)");
    graded_fails(&one, "average", "With sanitizers it ends at the first wrong access to memory");
    graded_fails(&one, "average", "CHECK=average SEED=");
    graded_fails(&one, "average", " --evidence build/evidence\"");
    graded_fails(&one, "average", " SANITIZE=1");
    graded_clear(&one);
}
END_TEST
#endif

Suite *test_suite(void)
{
    Suite *suite = suite_create("sanitized");
    TCase *tests = tcase_create("with sanitizers");
    tcase_add_unchecked_fixture(tests, grade_all, forget_all);
    tcase_add_loop_test(tests, what_a_sanitizer_finds_is_the_headline, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
#ifndef __SANITIZE_ADDRESS__
    TCase *without = tcase_create("without");
    tcase_add_checked_fixture(without, setup, grading_end);
    tcase_set_timeout(without, 120);
    tcase_add_test(without, a_crash_without_them_says_how_to_get_them);
    suite_add_tcase(suite, without);
#endif
    return suite;
}
