/*
 * Judge "layers" on results made by hand: right ones, and for each row of its tables of known mistakes what a layer
 * with that mistake gives.
 */
#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/tests/support/made_layers.h"
#include "tests/support/test.h"

#include <string.h>

#define OF_ALL                                                                                     \
    {                                                                                              \
        {1, 1, 1}, {1, 1, 1},                                                                      \
        {                                                                                          \
            1, 1, 1                                                                                \
        }                                                                                          \
    }
#define OWN                                                                                        \
    {                                                                                              \
        {1, 0, 0}, {0, 1, 0},                                                                      \
        {                                                                                          \
            0, 0, 1                                                                                \
        }                                                                                          \
    }
#define UP_TO_OWN                                                                                  \
    {                                                                                              \
        {1, 0, 0}, {1, 1, 0},                                                                      \
        {                                                                                          \
            1, 1, 1                                                                                \
        }                                                                                          \
    }
#define OF_RANK_0                                                                                  \
    {                                                                                              \
        {1, 0, 0}, {1, 0, 0},                                                                      \
        {                                                                                          \
            1, 0, 0                                                                                \
        }                                                                                          \
    }
#define BUT_RANK_1                                                                                 \
    {                                                                                              \
        {1, 0, 1}, {1, 0, 1},                                                                      \
        {                                                                                          \
            1, 0, 1                                                                                \
        }                                                                                          \
    }

#define COLUMN      .kind = "column_parallel_linear"
#define ROW         .kind = "row_parallel_linear"
#define THIRD       (1.0 / 3)
#define ONE_FOR_ALL "a micro-batch's numbers are in a variable that all share"

static const struct made cases[] = {
    /* right ones */
    {COLUMN},
    {ROW},
    {ROW, .bias_gradient_on_rank_0 = true},
    /* y of a sum */
    {ROW, 0, Y, OF_ALL, .bias = 3, .mistake = "every rank adds the bias"},
    {ROW, 0, Y, OF_ALL, .bias = 0, .mistake = "the bias is missing"},
    {ROW, 0, Y, OF_ALL, .bias = THIRD, .mistake = "the bias is divided by the number of ranks"},
    {ROW, 0, Y, OWN, .bias = 1, .mistake = "partial outputs are not summed"},
    {ROW, 0, Y, OF_ALL, 3, .bias = 1, .mistake = "summed twice"},
    {ROW, 0, Y, OF_ALL, 3, .bias = 3, .mistake = "summed twice"},
    {ROW, 0, Y, OF_ALL, THIRD, .bias = 1, .mistake = "averaged instead of summed"},
    {ROW, 0, Y, OF_RANK_0, .bias = 1, .mistake = "all ranks have the term of one"},
    {ROW, 0, Y, UP_TO_OWN, .bias = 1, .mistake = "the sum ends at the own rank"},
    {ROW, 0, Y, BUT_RANK_1, .bias = 1, .mistake = "one rank's term is missing"},
    {ROW, 1, Y, .misplaced = OTHER_MICRO_BATCH, .mistake = ONE_FOR_ALL},
    {ROW, 0, Y, OF_ALL, 0.4, .bias = 1, .mistake = ""},
    /* y, split or gathered */
    {COLUMN, 0, Y, OWN, .bias = 0, .mistake = "the bias is missing"},
    {COLUMN, 0, Y, OWN, 3, .bias = 1, .mistake = "the input is summed"},
    {COLUMN, 4, Y, OF_ALL, .all_biases = true,
     .mistake = "added up where each rank has something else"},
    {COLUMN, 4, Y, OF_ALL, .bias = 1, .mistake = "added up where each rank has something else"},
    {COLUMN, 4, Y, OWN, .first_bias = true,
     .mistake = "every rank has the bias of the first columns"},
    {COLUMN, 2, Y, OF_ALL, .bias = 0, .mistake = "the bias is missing"},
    {COLUMN, 2, Y, OF_ALL, 3, .bias = 1, .mistake = "the input is summed"},
    {COLUMN, 2, Y, OF_ALL, .bias = 1, .misplaced = ONE_BEHIND_THE_OTHER,
     .mistake = "parts stand one behind the other"},
    {COLUMN, 5, Y, OF_ALL, .bias = 1, .misplaced = LAST_RANK_FIRST,
     .mistake = "the last rank's part comes first"},
    /* dx */
    {COLUMN, 1, DX, OWN, .mistake = "dx is not summed over the ranks"},
    {COLUMN, 2, DX, OF_ALL, 3, .mistake = "summed twice"},
    {COLUMN, 1, DX, OF_ALL, THIRD, .mistake = "averaged instead of summed"},
    {COLUMN, 1, DX, OF_RANK_0, .mistake = "all ranks have the term of one"},
    {COLUMN, 1, DX, UP_TO_OWN, .mistake = "the sum ends at the own rank"},
    {COLUMN, 1, DX, BUT_RANK_1, .mistake = "one rank's term is missing"},
    {COLUMN, 3, DX, .misplaced = OTHER_MICRO_BATCH, .mistake = ONE_FOR_ALL},
    {ROW, 1, DX, OWN, 3, .mistake = "the gradient of a sum is summed"},
    {ROW, 1, DX, OWN, THIRD, .mistake = "divided by the number of ranks"},
    {ROW, 4, DX, OF_ALL, .mistake = "added up where each rank has something else"},
    {ROW, 1, DX, .misplaced = OTHER_MICRO_BATCH, .mistake = ONE_FOR_ALL},
    /* gradients */
    {COLUMN, 0, WEIGHT_GRADIENT, .product = {{3, 0}, {0, 3}},
     .mistake = "the gradient of a sum is summed"},
    {ROW, 1, WEIGHT_GRADIENT, .product = {{THIRD, 0}, {0, THIRD}},
     .mistake = "divided by the number of ranks"},
    {COLUMN, 0, WEIGHT_GRADIENT, .product = {{0, 0}, {0, 1}},
     .mistake = "gradients are not added to"},
    {COLUMN, 0, WEIGHT_GRADIENT, .product = {{0, 0}, {1, 1}}, .mistake = ONE_FOR_ALL},
    {ROW, 0, WEIGHT_GRADIENT, .product = {{0, 1}, {0, 1}}, .mistake = ONE_FOR_ALL},
    {ROW, 0, WEIGHT_GRADIENT, .product = {{0, 0}, {0, 2}}, .mistake = ONE_FOR_ALL},
    {COLUMN, 4, WEIGHT_GRADIENT, OF_ALL, .mistake = "added up where each rank has something else"},
    {COLUMN, 4, WEIGHT_GRADIENT, OF_ALL, THIRD,
     .mistake = "added up where each rank has something else"},
    {ROW, 0, BIAS_GRADIENT, .product = {{3, 0}, {0, 3}},
     .mistake = "the gradient of a parameter is summed although each rank has all of it"},
    {ROW, 0, BIAS_GRADIENT, .product = {{9, 0}, {0, 3}},
     .mistake = "the gradient of a parameter is summed although each rank has all of it"},
    {ROW, 0, BIAS_GRADIENT, .product = {{THIRD, 0}, {0, THIRD}},
     .mistake = "divided by the number of ranks"},
    {COLUMN, 0, BIAS_GRADIENT, .product = {{0, 0}, {0, 1}},
     .mistake = "gradients are not added to"},
    {COLUMN, 0, BIAS_GRADIENT, .product = {{0, 0}, {0, 2}}, .mistake = ONE_FOR_ALL},
    {COLUMN, 0, BIAS_GRADIENT, OWN, 0.7, .mistake = ""},
    /* slices and work */
    {COLUMN, 0, .slices = EVERYTHING, .mistake = "nothing is split"},
    {COLUMN, 0, .slices = FIRST_SLICE, .mistake = "every rank has the same slice"},
    {COLUMN, 1, .slices = LAST_HAS_THE_REST, .mistake = "a rank has more than its share"},
    {COLUMN, 0, .slices = REST_IS_MISSING, .mistake = "the ranks' slices do not make up the whole"},
    {ROW, 4, .slices = OTHER_RANKS, .mistake = "the slice is not that of what comes in"},
    {COLUMN, 2, .work = 2, .mistake = "a rank computes more than its share"},
    {COLUMN, 2, .work = 4, .mistake = "every rank computes the whole layers"},
    {ROW, 2, .work = 0.1, .mistake = "less is computed than a rank's share"},
};

START_TEST(what_a_layer_gave)
{
    const struct made *made = &cases[_i];
    struct logged_run *run = made_run_of(made);
    struct verdict *verdict = verdict_new();
    tensor_judge_layers(&(struct judgement){.outcome = &run->outcome, .outcomes = 1}, verdict);
    ck_assert_msg((verdict->kind == VERDICT_PASS) == (made->mistake == NULL), "%s",
                  verdict->headline->str);
    ck_assert_msg(strcmp(verdict->mistake->str, made->mistake != NULL ? made->mistake : "") == 0,
                  "case %d: \"%s\", and expected \"%s\": %s", _i, verdict->mistake->str,
                  made->mistake, verdict->headline->str);
    verdict_free(verdict);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("a layer alone");
    TCase *tests = tcase_create("what it gave");
    tcase_add_loop_test(tests, what_a_layer_gave, 0, (int)G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
