/*
 * Tests of groups: what members say in logs written by hand, true, missing, doubled and contradictory.
 */
#include "grader/trace/groups.h"

#include "common/log/log_fields.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

enum { RANKS = 16, NUMBER = 1000 };

static struct script rank[RANKS];
static struct groups *groups;
static int ranks;

static void begin(int with)
{
    ranks = with;
    for (int r = 0; r < ranks; r++)
        script_init(&rank[r], r, ranks);
}

static void set_up(void)
{
    groups = NULL;
}

static void tear_down(void)
{
    groups_free(groups);
    for (int r = 0; r < ranks; r++)
        free(rank[r].log.record);
}

static void says(int who, struct log_member member)
{
    script_put(&rank[who], log_record_of_member(member));
}

/* These ranks, in this order, are the members of NUMBER. */
static void all_say(const int *members, int size)
{
    for (int i = 0; i < size; i++)
        says(members[i], (struct log_member){.communicator = NUMBER, .rank = i, .size = size});
}

static const struct group *found(uint64_t number)
{
    struct log_file logs[RANKS];
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    groups_free(groups);
    groups = groups_new(logs, ranks);
    return groups_find(groups, number);
}

static void is_among(const struct group *group, const char *expected)
{
    g_autofree char *text = group_among(group, ranks);
    ck_assert_str_eq(text, expected);
}

START_TEST(members_stand_in_their_order)
{
    begin(4);
    all_say((int[]){3, 0, 2}, 3);
    const struct group *group = found(NUMBER);
    ck_assert_ptr_nonnull(group);
    ck_assert_int_eq(group->sides, 1);
    ck_assert_mem_eq(group->rank[0], ((int[]){3, 0, 2}), 3 * sizeof(int));
    ck_assert_int_eq(group_size(group), 3);
    ck_assert(group_has(group, 2));
    ck_assert(!group_has(group, 1));
    ck_assert(!group->contradicts);
    is_among(group, "among {0, 2, 3}");
    ck_assert_ptr_null(found(NUMBER + 1));
    is_among(NULL, "among ranks that no log names");
}
END_TEST

START_TEST(who_made_it_and_from_what)
{
    begin(3);
    script_final(&rank[1]);
    says(1, (struct log_member){
                .communicator = NUMBER, .parent = 5, .rank = 0, .size = 2, .caller = 77});
    says(2, (struct log_member){
                .communicator = NUMBER, .parent = 5, .rank = 1, .size = 2, .caller = 78});
    const struct group *group = found(NUMBER);
    ck_assert_uint_eq(group->parent, 5);
    ck_assert_int_eq(group->made_by, 1);
    ck_assert_uint_eq(group->made_at, 1);
}
END_TEST

/* They are there without a word, and MPI_COMM_WORLD's order may be another than the run's. */
START_TEST(everybody)
{
    begin(3);
    for (int number = LOG_WORLD; number <= LOG_RUN; number++) {
        const struct group *group = found((uint64_t)number);
        ck_assert_mem_eq(group->rank[0], ((int[]){0, 1, 2}), 3 * sizeof(int));
        is_among(group, "among all ranks");
    }
    for (int r = 0; r < 3; r++)
        says(r, (struct log_member){.communicator = LOG_WORLD, .rank = 2 - r, .size = 3});
    const struct group *group = found(LOG_WORLD);
    ck_assert_mem_eq(group->rank[0], ((int[]){2, 1, 0}), 3 * sizeof(int));
    ck_assert(!group->contradicts);
    ck_assert(group_equals(group, groups_find(groups, LOG_RUN)));
}
END_TEST

/* With one log lost, what the others say of MPI_COMM_WORLD still holds. */
START_TEST(everybody_with_a_log_missing)
{
    begin(4);
    for (int r = 0; r < 4; r++)
        if (r != 1)
            says(r, (struct log_member){.communicator = LOG_WORLD, .rank = 3 - r, .size = 4});
    const struct group *group = found(LOG_WORLD);
    ck_assert_mem_eq(group->rank[0], ((int[]){3, 2, 1, 0}), 4 * sizeof(int));
}
END_TEST

START_TEST(one_that_says_nothing_is_unknown)
{
    begin(4);
    says(2, (struct log_member){.communicator = NUMBER, .rank = 1, .size = 2});
    const struct group *group = found(NUMBER);
    ck_assert_int_eq(group->rank[0][0], GROUP_UNKNOWN);
    ck_assert_int_eq(group->rank[0][1], 2);
    ck_assert(!group->contradicts);
    is_among(group, "among {?, 2}");
}
END_TEST

START_TEST(to_say_it_twice_is_no_contradiction)
{
    begin(2);
    all_say((int[]){1, 0}, 2);
    all_say((int[]){1, 0}, 2);
    ck_assert(!found(NUMBER)->contradicts);
}
END_TEST

/* Rank 0 is member 0 of 2; what else somebody says does not go with it. */
START_TEST(contradictions)
{
    static const struct {
        int who;
        struct log_member member;
    } other[] = {
        {1, {NUMBER, .rank = 0, .size = 2}}, /* the same place */
        {0, {NUMBER, .rank = 1, .size = 2}}, /* at two places */
        {1, {NUMBER, .rank = 1, .size = 3}}, /* another size */
        {1, {NUMBER, .rank = 2, .size = 2}}, /* no such place */
        {1, {NUMBER, .rank = -1, .size = 2}},
        {1, {NUMBER, .rank = 0, .size = 0}},
        {1, {NUMBER, .rank = 0, .size = 1000000000}},          /* more than there are ranks */
        {1, {NUMBER, .rank = 1, .size = 2, .remote_size = 1}}, /* two sides */
        {1, {NUMBER, .rank = 1, .size = 2, .remote_size = -1}},
        {1, {NUMBER, .rank = 0, .size = 1, .side = 1}},
    };
    begin(3);
    says(0, (struct log_member){.communicator = NUMBER, .rank = 0, .size = 2});
    ck_assert(!found(NUMBER)->contradicts);
    says(other[_i].who, other[_i].member);
    const struct group *group = found(NUMBER);
    ck_assert(group->contradicts);
    ck_assert_int_eq(group->rank[0][0], 0);
    /* Whatever comes first: the same members in a log that is read earlier. */
    begin(3);
    says(2, (struct log_member){.communicator = NUMBER, .rank = 0, .size = 2});
    says(other[_i].who == 0 ? 2 : 1, other[_i].member);
    ck_assert(found(NUMBER)->contradicts);
}
END_TEST

START_TEST(two_sides)
{
    begin(5);
    for (int i = 0; i < 2; i++)
        says(i, (struct log_member){NUMBER, .rank = 1 - i, .size = 2, .side = 0, .remote_size = 3});
    for (int i = 2; i < 5; i++)
        says(i, (struct log_member){NUMBER, .rank = i - 2, .size = 3, .side = 1, .remote_size = 2});
    const struct group *group = found(NUMBER);
    ck_assert_int_eq(group->sides, 2);
    ck_assert_mem_eq(group->rank[0], ((int[]){1, 0}), 2 * sizeof(int));
    ck_assert_mem_eq(group->rank[1], ((int[]){2, 3, 4}), 3 * sizeof(int));
    ck_assert_int_eq(group_size(group), 5);
    ck_assert(group_has(group, 4));
    ck_assert(!group->contradicts);
    is_among(group, "among {0, 1} with {2, 3, 4}");
    ck_assert(group_equals(group, groups_find(groups, LOG_RUN)));
}
END_TEST

START_TEST(one_side_alone_says_how_many_the_other_has)
{
    begin(3);
    says(2, (struct log_member){NUMBER, .rank = 0, .size = 1, .side = 1, .remote_size = 2});
    const struct group *group = found(NUMBER);
    ck_assert_int_eq(group->sides, 2);
    ck_assert(!group->contradicts);
    is_among(group, "among {?, ?} with {2}");
}
END_TEST

START_TEST(same_members)
{
    begin(4);
    all_say((int[]){0, 3}, 2);
    says(3, (struct log_member){.communicator = 2000, .rank = 0, .size = 2});
    says(0, (struct log_member){.communicator = 2000, .rank = 1, .size = 2});
    says(1, (struct log_member){.communicator = 3000, .rank = 0, .size = 2});
    says(3, (struct log_member){.communicator = 3000, .rank = 1, .size = 2});
    const struct group *group = found(NUMBER);
    ck_assert(group_equals(group, groups_find(groups, 2000)));
    ck_assert(!group_equals(group, groups_find(groups, 3000)));
    ck_assert(!group_equals(group, groups_find(groups, LOG_WORLD)));
    ck_assert_uint_eq(groups_all(groups)->len, 5);
}
END_TEST

/* Few are listed, many are told by their distance, or by the first ones and the last. */
START_TEST(in_words)
{
    static const struct {
        int size, rank[10];
        const char *text;
    } of[] = {
        {1, {7}, "among {7}"},
        {4, {6, 2, 4, 0}, "among {0, 2, 4, 6}"},
        {5, {8, 0, 2, 4, 6}, "among {0, 2, …, 8}"},
        {5, {0, 1, 2, 3, 5}, "among {0, 1, 2, 3, 5}"},
        {8, {0, 1, 2, 3, 4, 5, 6, 7}, "among {0, 1, …, 7}"},
        {10, {0, 1, 2, 3, 4, 5, 6, 7, 9, 11}, "among {0, 1, 2, 3, 4, 5, 6, 7, …, 11}"},
    };
    begin(RANKS);
    all_say(of[_i].rank, of[_i].size);
    is_among(found(NUMBER), of[_i].text);
}
END_TEST

/* A run of one rank has no groups worth the name. */
START_TEST(one_rank)
{
    begin(1);
    is_among(found(LOG_WORLD), "among {0}");
}
END_TEST

START_TEST(nonsense)
{
    begin(3);
    for (unsigned seed = 0; seed < 200; seed++) {
        for (int r = 0; r < 3; r++) {
            free(rank[r].log.record);
            script_init(&rank[r], r, 3);
        }
        script_nonsense(rank, 3, seed);
        for (int r = 0; r < 3; r++)
            for (size_t i = 0; i < rank[r].log.count; i += 2)
                rank[r].log.record[i].operation = LOG_MEMBER;
        found(NUMBER);
        for (guint i = 0; i < groups_all(groups)->len; i++) {
            const struct group *group = g_ptr_array_index(groups_all(groups), i);
            g_autofree char *text = group_among(group, 3);
            ck_assert_int_le(group_size(group), 6);
            ck_assert(strncmp(text, "among ", 6) == 0);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("groups");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, members_stand_in_their_order);
    tcase_add_test(tests, who_made_it_and_from_what);
    tcase_add_test(tests, everybody);
    tcase_add_test(tests, everybody_with_a_log_missing);
    tcase_add_test(tests, one_that_says_nothing_is_unknown);
    tcase_add_test(tests, to_say_it_twice_is_no_contradiction);
    tcase_add_loop_test(tests, contradictions, 0, 10);
    tcase_add_test(tests, two_sides);
    tcase_add_test(tests, one_side_alone_says_how_many_the_other_has);
    tcase_add_test(tests, same_members);
    tcase_add_loop_test(tests, in_words, 0, 6);
    tcase_add_test(tests, one_rank);
    tcase_add_test(tests, nonsense);
    suite_add_tcase(suite, tests);
    return suite;
}
