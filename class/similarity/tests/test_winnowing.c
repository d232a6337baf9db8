/*
 * Tests of fingerprints and tokens: what winnowing promises, against a search of all common runs; and which changes of a
 * program are none.
 */
#include "class/similarity/pairs.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 300, LENGTH = 80 };

static GArray *random_tokens(GRand *random, int kinds, guint length)
{
    GArray *tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
    for (guint i = 0; i < length; i++) {
        const struct token token = {
            (uint64_t)g_rand_int_range(random, 0, kinds) * 0x9e3779b97f4a7c15u, (int)i + 1, 0};
        g_array_append_val(tokens, token);
    }
    return tokens;
}

/* Both get the same run somewhere. */
static void plant(GRand *random, GArray *one, GArray *other, guint length)
{
    const guint at = (guint)g_rand_int_range(random, 0, (gint32)(one->len - length)),
                to = (guint)g_rand_int_range(random, 0, (gint32)(other->len - length));
    for (guint i = 0; i < length; i++)
        TOKEN(other, to + i).kind = TOKEN(one, at + i).kind;
}

static guint common_from(const GArray *one, const GArray *other, guint a, guint b)
{
    guint length = 0;
    while (a + length < one->len && b + length < other->len &&
           TOKEN(one, a + length).kind == TOKEN(other, b + length).kind)
        length++;
    return length;
}

/* Is a fingerprint of both at the same place of this run? */
static bool has_common_print(const GArray *one, const GArray *other, guint a, guint b, guint length,
                             guint gram)
{
    for (guint i = 0; i < one->len; i++)
        for (guint j = 0; j < other->len; j++)
            if (PRINT(one, i).token >= a && PRINT(one, i).token + gram <= a + length &&
                PRINT(other, j).token - b == PRINT(one, i).token - a &&
                PRINT(one, i).hash == PRINT(other, j).hash)
                return true;
    return false;
}

START_TEST(every_long_common_run_has_a_common_fingerprint)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    int runs = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const int gram = g_rand_int_range(random, 2, 9), window = g_rand_int_range(random, 1, 8);
        const guint promised = (guint)(gram + window - 1);
        g_autoptr(GArray) one = random_tokens(random, g_rand_int_range(random, 2, 30), LENGTH);
        g_autoptr(GArray) other = random_tokens(random, g_rand_int_range(random, 2, 30), LENGTH);
        plant(random, one, other, promised + (guint)g_rand_int_range(random, 0, 5));
        g_autoptr(GArray) first = prints_runs(one, gram);
        g_autoptr(GArray) second = prints_runs(other, gram);
        g_autoptr(GArray) prints = prints_winnow(first, NULL, window);
        g_autoptr(GArray) others = prints_winnow(second, NULL, window);
        for (guint a = 0; a < one->len; a++)
            for (guint b = 0; b < other->len; b++)
                if (common_from(one, other, a, b) >= promised) {
                    runs++;
                    ck_assert(has_common_print(prints, others, a, b, promised, (guint)gram));
                }
    }
    ck_assert_int_ge(runs, ROUNDS);
}
END_TEST

START_TEST(equal_numbers_are_equal_runs)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    for (int round = 0; round < 50; round++) {
        const guint gram = (guint)g_rand_int_range(random, 2, 9);
        g_autoptr(GArray) tokens = random_tokens(random, 2, LENGTH);
        g_autoptr(GArray) runs = prints_runs(tokens, (int)gram);
        for (guint a = 0; a + gram <= tokens->len; a++)
            for (guint b = 0; b + gram <= tokens->len; b++)
                ck_assert_int_eq(g_array_index(runs, uint64_t, a) ==
                                     g_array_index(runs, uint64_t, b),
                                 common_from(tokens, tokens, a, b) >= gram);
        ck_assert(g_array_index(runs, uint64_t, tokens->len - 1) == NO_RUN);
    }
}
END_TEST

START_TEST(a_window_keeps_few)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    g_autoptr(GArray) tokens = random_tokens(random, 1000000, 20000);
    g_autoptr(GArray) runs = prints_runs(tokens, 12);
    g_autoptr(GArray) prints = prints_winnow(runs, NULL, 5);
    /* The paper: of random numbers 2 of window + 1. */
    ck_assert_double_eq_tol((double)prints->len / 20000, 2.0 / 6, 0.02);
}
END_TEST

/* ---- tokens ----------------------------------------------------------------------------------- */

static GArray *tokens_of(const char *text)
{
    GArray *tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const char header[] = "void open_box(int box);\n#define HEAVY (1)\n";
    tokens_add_names(header, strlen(header), names);
    tokens_read(text, strlen(text), 0, FOLDS_ALL, names, tokens);
    return tokens;
}

static bool same(const char *one, const char *other)
{
    g_autoptr(GArray) a = tokens_of(one);
    g_autoptr(GArray) b = tokens_of(other);
    return a->len == b->len && common_from(a, b, 0, 0) == a->len;
}

START_TEST(what_makes_no_difference)
{
    ck_assert(same("int a = b + 1;", "int /* sum */ total=count // yes\n + 0x2f;"));
    ck_assert(same("a = \"text\";", "b = \"other \\\" text /* // \";"));
    ck_assert(same("a = 'x';", "a = '\\'';"));
    ck_assert(same("a = 1.5e-3f + .5;", "a = 7 + 8;"));
    ck_assert(same("#include <stdio.h>\n#if 1 /* on\n two lines */\na = 1;\n#endif", "a = 1;"));
    ck_assert(same("#define ADD(x, y) x = x + y;\n", "x = x + y;"));
    ck_assert(same("ab\\\ncd = 1;", "abcd = 1;"));
    ck_assert(same("a = b->c.d[1];", "a = e[1];"));
    ck_assert(same("static const unsigned long a;", "int b;"));
    ck_assert(same("struct box *a;", "double *a;"));
    ck_assert(same("if (a) { b(); }", "if (a) b();"));
    ck_assert(same("if (a < b) i++;", "if (b >= a) i--;"));
}
END_TEST

START_TEST(what_makes_one)
{
    ck_assert(!same("a = b + 1;", "a = b - 1;"));
    ck_assert(!same("MPI_Send(a);", "MPI_Recv(a);"));
    ck_assert(!same("open_box(a);", "close_box(a);"));
    ck_assert(same("shut_box(a);", "close_box(a);"));
    ck_assert(!same("if (a) b();", "while (a) b();"));
    ck_assert(!same("a = f(b);", "a = b;"));
    ck_assert(!same("a = 1;", "a = 1; b = 2;"));
}
END_TEST

/* Whatever stands in a file: it comes to an end, and lines are those of the file. */
START_TEST(any_bytes_are_read)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    static const char signs[] = "/*\"'\\\n\r#define( abc0.\xc3\xa9\x01{}->";
    for (int round = 0; round < 2000; round++) {
        char text[60];
        const gsize length = (gsize)g_rand_int_range(random, 0, sizeof text);
        int lines = 1;
        for (gsize i = 0; i < length; i++) {
            text[i] = signs[g_rand_int_range(random, 0, sizeof signs)];
            lines += text[i] == '\n';
        }
        g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
        tokens_read(text, length, 7, FOLDS_ALL, NULL, tokens);
        for (guint i = 0; i < tokens->len; i++) {
            ck_assert_int_ge(TOKEN(tokens, i).line, i > 0 ? TOKEN(tokens, i - 1).line : 1);
            ck_assert_int_le(TOKEN(tokens, i).line, lines);
            ck_assert_int_eq(TOKEN(tokens, i).file, 7);
        }
    }
}
END_TEST

START_TEST(a_token_knows_its_line)
{
    g_autoptr(GArray) tokens = tokens_of("a\n= /*\n*/ 1\\\n;\n#define X \\\n 2\n(");
    const int lines[] = {1, 2, 3, 4, 6, 7};
    ck_assert_uint_eq(tokens->len, G_N_ELEMENTS(lines));
    for (guint i = 0; i < tokens->len; i++)
        ck_assert_int_eq(TOKEN(tokens, i).line, lines[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("winnowing");
    TCase *all = tcase_create("all");
    tcase_add_test(all, every_long_common_run_has_a_common_fingerprint);
    tcase_add_test(all, equal_numbers_are_equal_runs);
    tcase_add_test(all, a_window_keeps_few);
    tcase_add_test(all, what_makes_no_difference);
    tcase_add_test(all, what_makes_one);
    tcase_add_test(all, any_bytes_are_read);
    tcase_add_test(all, a_token_knows_its_line);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
