/*
 * The judge of forms, on results written by hand: right ones of every kind, known mistakes, and files that are none.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/tests/support/judged_probe.h"
#include "tests/support/test.h"

#include <string.h>

/* Letters: l, c, n, b, e for links; w, C, G, R, s, ? for forms. */
static const char link_letters[] = "lcnbe", form_letters[] = "wCGRs";

static json_t *letters(const char *text, const char *all_letters)
{
    json_t *numbers = json_array();
    for (; *text; text++) {
        const char *at = strchr(all_letters, *text);
        json_array_append_new(numbers, json_integer(at ? at - all_letters : UNTOUCHED_FORM));
    }
    return numbers;
}

static json_t *chain(const char *links, const char *forms, bool overrun)
{
    return json_pack("{so so sb}", "links", letters(links, link_letters), "forms",
                     letters(forms, form_letters), "overrun", overrun);
}

/* One chain among many that are right: `e` alone, which is whole. */
static void write_forms(const char *links, const char *forms, bool overrun)
{
    json_t *table = json_array();
    for (int i = 0; i < 100; i++)
        json_array_append_new(table, chain("e", "w", false));
    json_array_append_new(table, chain(links, forms, overrun));
    judged_probe_write("probe-forms.json", table);
}

static const struct {
    const char *way, *links, *forms;
    const char *says; /* NULL: it is right */
    const char *mistake;
} chains[] = {
    {"gathers", "lel", "GwG", NULL, NULL},
    {"gathers", "lel", "CsR", "what leaves link 0 is split", NULL},
    {"gathers", "lcl", "GwG", "link 1 has a weight, and is not split", NULL},
    {"gathers", "ll", "ww", "link 0 has a weight", "nothing is split"},
    {"one-round", "lel", "CsR", NULL, NULL},
    {"one-round", "lel", "GwG", "2 rounds of messages in the forward, where 1 are enough",
     "every layer gathers what it gives"},
    {"one-round", "lell", "CsRG", NULL, NULL},
    {"one-round", "lell", "GwCR", NULL, NULL},
    {"one-round", "lell", "CsRC", "FORM_COLUMN gives a split tensor", NULL},
    {"one-round", "lell", "CsR?", "link 3 was given no form", NULL},
    {"one-round", "lell", "CwRG", "FORM_WHOLE takes a whole tensor, and a split one comes", NULL},
    {"one-round", "lell", "CsRw", "link 3 has a weight, and is not split", NULL},
    {"one-round", "cbeel", "CsssR", NULL, NULL},
    /* A layer norm in between: split, or before it gathered. */
    {"one-round", "lnel", "CssR", NULL, NULL},
    {"one-round", "lnel", "GwwG", NULL, NULL},
    {"one-round", "lnlel", "GwCsR", NULL, NULL},
    {"one-round", "lnlel", "CsRwG", NULL, NULL},
    /* One that shares no round although no layer norm is in between. */
    {"one-round", "lnlelel", "CsRwGwG", "3 rounds of messages in the forward, where 2 are enough",
     NULL},
};

START_TEST(right_and_wrong_ones)
{
    judged_probe_set_way(chains[_i].way);
    write_forms(chains[_i].links, chains[_i].forms, false);
    judged_probe_expect(tensor_judge_forms, chains[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                        chains[_i].says, chains[_i].mistake);
}
END_TEST

START_TEST(written_outside_of_the_array)
{
    write_forms("lel", "CsR", true);
    judged_probe_expect(tensor_judge_forms, VERDICT_FAIL, "outside of the array", NULL);
}
END_TEST

START_TEST(unusable_files)
{
    judged_probe_expect_unusable(tensor_judge_forms, "probe-forms.json");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of forms");
    TCase *tests = tcase_create("judge of forms");
    tcase_add_checked_fixture(tests, judged_probe_begin, judged_probe_end);
    tcase_add_loop_test(tests, right_and_wrong_ones, 0, G_N_ELEMENTS(chains));
    tcase_add_test(tests, written_outside_of_the_array);
    tcase_add_test(tests, unusable_files);
    suite_add_tcase(suite, tests);
    return suite;
}
