/*
 * Text that somebody else wrote: cleaned, cut, fenced and wrapped.
 */
#include "grader/text/text.h"
#include "tests/support/test.h"

#include <string.h>

START_TEST(text_is_cleaned_cut_and_fenced)
{
    g_autofree char *clean = text_clean("0123456789", 10, 4);
    ck_assert_ptr_nonnull(strstr(clean, "6 bytes"));
    ck_assert(g_str_has_suffix(clean, "\n6789"));
    GString *markdown = g_string_new("before");
    text_append_code_block(markdown, "a\n```\nb");
    ck_assert_str_eq(markdown->str, "before\n````\na\n```\nb\n````\n");
    g_string_truncate(markdown, 0);
    text_append_code(markdown, "a`b");
    ck_assert_str_eq(markdown->str, "``a`b``");
    g_string_truncate(markdown, 0);
    text_append_plain(markdown, "<b>*x*\n[y](z)");
    ck_assert_str_eq(markdown->str, "\\<b\\>\\*x\\* \\[y\\](z)");
    g_string_free(markdown, TRUE);
}
END_TEST

/* Whatever a name holds: one line, valid, of at most 200 bytes, and its own two ends. */
START_TEST(names_fit_in_a_line)
{
    static const char *const letters[] = {"x", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x8c\x8d"};
    g_autofree char *odd = text_clean_name("two\nlines\tand \033[31mred");
    ck_assert_str_eq(odd, "two lines and \xef\xbf\xbd[31mred");
    for (int length = 1; length <= 300; length++)
        for (guint i = 0; i < G_N_ELEMENTS(letters); i++) {
            g_autoptr(GString) name = g_string_new("a");
            while ((int)name->len < length)
                g_string_append(name, letters[i]);
            g_string_append(name, "z");
            g_autofree char *shown = text_clean_name(name->str);
            ck_assert(g_utf8_validate(shown, -1, NULL));
            ck_assert_uint_le(strlen(shown), 200);
            ck_assert(g_str_has_prefix(shown, "a") && g_str_has_suffix(shown, "z"));
            ck_assert(name->len > 200 ? strstr(shown, "…") != NULL && strlen(shown) > 190
                                      : strcmp(shown, name->str) == 0);
        }
}
END_TEST

/* bash is the judge: the word means the text again, and shows nothing that is not there. */
START_TEST(words_of_the_shell_are_the_text)
{
    static const char *const texts[] = {"plain/name-1.c",
                                        "",
                                        "two words",
                                        "O'Neil",
                                        "`id` $(id) ${x} \\ \" ! ~ * #",
                                        "~alice",
                                        "-rf",
                                        "J\xc3\xbcrgen",
                                        "line\nbreak\ttab",
                                        "\033[31mred'\\",
                                        "no utf-8: \xff\xfe",
                                        "\xe2\x80\xae"
                                        "reversed"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *word = text_shell_word(texts[i]);
        g_autofree char *clean = text_clean(word, strlen(word), 10000);
        g_autofree char *command = g_strdup_printf("printf '%%s' %s", word);
        char *words[] = {"bash", "-c", command, NULL};
        g_autofree char *said = NULL;
        ck_assert_str_eq(clean, word);
        ck_assert(g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, NULL,
                               NULL, NULL));
        ck_assert_msg(strcmp(said, texts[i]) == 0, "%s", word);
    }
    g_autofree char *plain = text_shell_word("handed-in/alice_1.zip");
    ck_assert_str_eq(plain, "handed-in/alice_1.zip");
}
END_TEST

START_TEST(text_is_wrapped)
{
    GString *to = g_string_new(NULL);
    text_append_wrapped(to, "one two three four five six\n", "  ", 22);
    ck_assert_str_eq(to->str, "  one two three four\n  five six\n");
    g_string_free(to, TRUE);
}
END_TEST

START_TEST(todos_are_found)
{
    static const struct {
        const char *source;
        int line;
    } cases[] = {{"int f(void)\n{\n    todo(\"write f\", 0);\n}\n", 3},
                 {"    return todo(\"x\");", 1},
                 {"if (x) todo(\"x\");", 1},
                 {"/* todo(\"x\") */\n// todo(\"x\")\n/*\n * todo(\"x\")\n */\n", 0},
                 {"puts(\"todo(x)\");", 0},
                 {"my_todo(1);\nnottodo(2);\n", 0},
                 {"", 0}};
    ck_assert_int_eq(text_todo_line(cases[_i].source), cases[_i].line);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, text_is_cleaned_cut_and_fenced);
    tcase_add_test(tests, names_fit_in_a_line);
    tcase_add_test(tests, words_of_the_shell_are_the_text);
    tcase_add_test(tests, text_is_wrapped);
    tcase_add_loop_test(tests, todos_are_found, 0, 7);
    suite_add_tcase(suite, tests);
    return suite;
}
