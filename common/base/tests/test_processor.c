/* Tests of the processor that the kit was built for; on older ones, where there is qemu-user. */
#include "common/base/processor.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

/* The words that the kernel says of this processor, with a blank before and behind each. */
static char *flags_of_kernel(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
        return NULL;
    const char *flags = strstr(text, "\nflags");
    return flags ? g_strdup_printf(" %.*s ", (int)strcspn(strchr(flags, ':') + 2, "\n"),
                                   strchr(flags, ':') + 2)
                 : NULL;
}

START_TEST(the_kernel_says_the_same)
{
    static const char *const names[] = {"popcnt", "avx",      "avx2",     "fma",
                                        "bmi2",   "avx512f",  "avx512bw", "avx512vl",
                                        "gfni",   "avx512dq", "fma4",     "xop"};
    g_autofree char *flags = flags_of_kernel();
    char lacking[64];
    for (guint i = 0; flags && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *word = g_strdup_printf(" %s ", names[i]);
        const bool there = strstr(flags, word) != NULL;
        ck_assert_msg(processor_has(names[i], lacking, sizeof lacking) == there, "%s", names[i]);
        ck_assert_str_eq(lacking, there ? "" : names[i]);
    }
}
END_TEST

START_TEST(here_it_fits)
{
    char lacking[64];
    ck_assert(processor_has(processor_built_for, lacking, sizeof lacking));
    ck_assert(processor_has("avx2000 nonsense", lacking, sizeof lacking));
    ck_assert(processor_has("", lacking, sizeof lacking));
}
END_TEST

/* The command says on an older processor that it was built for another one, and ends with status 1. */
static void refuses_on_older(const char *program, const char *argument)
{
    char *words[] = {"qemu-x86_64", "-cpu", "Nehalem", (char *)program, (char *)argument, NULL};
    g_autofree char *said = NULL;
    g_autofree char *sentence = g_strconcat(program, " was built for a processor with avx, ", NULL);
    int status = 0;
    ck_assert(g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status,
                           NULL));
    ck_assert_msg(said && strstr(said, sentence), "%s says %s", program, said);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s ends by %d", program, status);
}

START_TEST(an_older_processor_is_told_before_the_first_kernel)
{
    const char *const names[] = {"grade", "handin/handin", "planner/plan"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *program = g_build_filename(test_build_folder(), names[i], NULL);
        refuses_on_older(program, "--help");
    }
    g_autofree char *program = test_program(false, "solutions/example");
    refuses_on_older(program, "--quiet");
}
END_TEST

/* Only there can an older one be tried where this is what the kit was built for. */
static bool can_be_older(void)
{
    g_autofree char *emulator = g_find_program_in_path("qemu-x86_64");
    return emulator && strstr(processor_built_for, "avx ") &&
           !strstr(test_build_folder(), "sanitize");
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("processor");
    TCase *tests = tcase_create("processor");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_kernel_says_the_same);
    tcase_add_test(tests, here_it_fits);
    if (can_be_older())
        tcase_add_test(tests, an_older_processor_is_told_before_the_first_kernel);
    suite_add_tcase(suite, tests);
    return suite;
}
