/*
 * Rounds of messages of a chain: against all forms that there are, found by trying.
 */
#include "assignments/tensor/judges/chain_rounds.h"
#include "tests/support/test.h"

#include <limits.h>
#include <string.h>

enum { LINKS = LINK_EACH + 1, LONGEST = 6 };

static int least, ways;

/* Whole or split comes in: tries each form that takes that, from link i on. Counts rounds by the meaning of the
 * forms. */
static void try_all(int links, const enum link *link, enum form *form, int i, bool split,
                    int rounds, int norm)
{
    char fault[CHAIN_ERROR_SIZE];
    if (i == links) {
        if (split)
            return;
        ways++;
        ck_assert_ptr_null(chain_fault(links, link, form, fault));
        ck_assert_int_eq(chain_rounds(links, link, form, norm), rounds);
        least = rounds < least ? rounds : least;
        return;
    }
    const bool weight = link[i] == LINK_LINEAR || link[i] == LINK_CONVOLUTION;
    if (weight && split) {
        form[i] = FORM_ROW; /* a sum over the ranks */
        try_all(links, link, form, i + 1, false, rounds + 1, norm);
    } else if (weight) {
        form[i] = FORM_COLUMN;
        try_all(links, link, form, i + 1, true, rounds, norm);
        form[i] = FORM_COLUMN_GATHERED;
        try_all(links, link, form, i + 1, false, rounds + 1, norm);
    } else {
        form[i] = split ? FORM_SPLIT : FORM_WHOLE;
        try_all(links, link, form, i + 1, split,
                rounds + (split && link[i] == LINK_LAYER_NORM ? norm : 0), norm);
    }
}

START_TEST(least_rounds)
{
    enum link link[LONGEST];
    enum form form[LONGEST];
    int chains = 1;
    for (int links = 1; links <= LONGEST; links++) {
        chains *= LINKS;
        for (int chain = 0; chain < chains; chain++) {
            int rest = chain;
            for (int i = 0; i < links; i++, rest /= LINKS)
                link[i] = (enum link)(rest % LINKS);
            least = INT_MAX;
            ways = 0;
            try_all(links, link, form, 0, false, 0, _i);
            if (ways < 1 || chain_least_rounds(links, link, _i) != least)
                ck_abort_msg("chain %d of %d links: %d rounds where %d are least", chain, links,
                             chain_least_rounds(links, link, _i), least);
        }
    }
}
END_TEST

/* Half as many rounds as weights, rounded up, if a layer norm's sums don't count. */
START_TEST(two_weights_share_one)
{
    enum link link[40];
    for (int weights = 0; weights <= 20; weights++) {
        for (int i = 0; i < 2 * weights; i++)
            link[i] = i % 2 == 0 ? LINK_LINEAR : LINK_LAYER_NORM;
        ck_assert_int_eq(chain_least_rounds(2 * weights, link, 0), (weights + 1) / 2);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("chain_rounds");
    TCase *tests = tcase_create("chain_rounds");
    tcase_add_loop_test(tests, least_rounds, 0, 3);
    tcase_add_test(tests, two_weights_share_one);
    suite_add_tcase(suite, tests);
    return suite;
}
