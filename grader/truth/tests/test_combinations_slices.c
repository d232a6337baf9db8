/*
 * Known mistakes of tensor parallel training, of what is put together from the ranks' slices. Each is made
 * by plain loops that know nothing of the table.
 */
#include "grader/truth/tests/tensor_parallel.h"

enum { SLICES, TURNED };

static const struct combination gathers[] = {
    {KNOWN(NULL), {TERM(SLICES, DIAGONAL, ONCE)}, false},
    {KNOWN("rank 0's slice everywhere"), {TERM(SLICES, COLUMN, .which = PATTERN_FIRST)}, false},
    {KNOWN("the own slice everywhere"), {TERM(SLICES, COLUMN, .which = PATTERN_OWN)}, false},
    {KNOWN("the next rank's slice"), {TERM(SLICES, SHIFTED, .which = PATTERN_FIRST)}, false},
    {KNOWN("the slice of the rank before"), {TERM(SLICES, SHIFTED, .which = PATTERN_LAST)}, false},
    {KNOWN("reversed"), {TERM(SLICES, REVERSED, ONCE)}, false},
    {KNOWN("in another order"), {TERM(SLICES, PERMUTED, ONCE)}, true},
    {KNOWN("summed in place of gathered"), {TERM(SLICES, EVERY, ONCE)}, false},
    {KNOWN("averaged in place of gathered"), {TERM(SLICES, EVERY, SHARED)}, false},
    {KNOWN("only the own slice"), {TERM(SLICES, DIAGONAL_ONE, .which = PATTERN_OWN)}, false},
    {KNOWN("a slice is missing"), {TERM(SLICES, DIAGONAL_BUT, ONCE)}, false},
    {KNOWN("some slices are missing"), {TERM(SLICES, PART_OF_DIAGONAL, ONCE)}, true},
    {KNOWN("the own slice in front"),
     {TERM(SLICES, COLUMN, .which = PATTERN_OWN, .rows = PATTERN_FIRST),
      TERM(SLICES, DIAGONAL_BUT, .which = PATTERN_OWN, .rows = PATTERN_NOT_FIRST)},
     false},
    {KNOWN("transposed"), {TERM(TURNED, DIAGONAL, ONCE)}, false},
    {KNOWN("times the ranks"), {TERM(SLICES, DIAGONAL, FOR_EACH)}, false},
};

static float whole[WIDTH * WIDTH], gathered[WIDTH * WIDTH];

/* Block b of what rank `holder` has put together: sums of `times[b][s]` slices s. */
static void gather(float times[MOST_RANKS][MOST_RANKS], bool turned)
{
    int width = WIDTH / ranks;
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++) {
            float sum = 0;
            for (int s = 0; s < ranks; s++) {
                int column = s * width + j % width;
                sum += times[j / width][s] *
                       (turned ? whole[column * WIDTH + i] : whole[i * WIDTH + column]);
            }
            gathered[i * WIDTH + j] = sum;
        }
}

static void make_gather(const char *name, int holder)
{
    static const int other_order[MOST_RANKS][MOST_RANKS] = {
        {0}, {0}, {0}, {1, 0, 3, 2}, {1, 0, 2, 4, 3}};
    float times[MOST_RANKS][MOST_RANKS] = {{0}};
    for (int b = 0; b < ranks; b++) {
        int from = b;
        if (!g_strcmp0(name, "rank 0's slice everywhere"))
            from = 0;
        if (!g_strcmp0(name, "the own slice everywhere") ||
            (!g_strcmp0(name, "the own slice in front") && b == 0))
            from = holder;
        if (!g_strcmp0(name, "the next rank's slice"))
            from = (b + 1) % ranks;
        if (!g_strcmp0(name, "the slice of the rank before"))
            from = (b + ranks - 1) % ranks;
        if (!g_strcmp0(name, "reversed"))
            from = ranks - 1 - b;
        if (!g_strcmp0(name, "in another order"))
            from = other_order[ranks - 1][b];
        bool empty = (!g_strcmp0(name, "only the own slice") && b != holder) ||
                     (!g_strcmp0(name, "a slice is missing") && b == 1) ||
                     (!g_strcmp0(name, "some slices are missing") && (b == 1 || b == 0)) ||
                     (!g_strcmp0(name, "the own slice in front") && b == holder);
        times[b][from] = empty ? 0 : !g_strcmp0(name, "times the ranks") ? (float)ranks : 1;
        for (int s = 0; s < ranks && name && strstr(name, "in place of gathered"); s++)
            times[b][s] = name[0] == 's' ? 1 : 1 / (float)ranks;
    }
    gather(times, !g_strcmp0(name, "transposed"));
}

static void begin_gathers(int of_ranks)
{
    ranks = of_ranks;
    draw(whole, WIDTH * WIDTH);
}

/* The slices are seen where they are, as columns of the whole, and of its transpose. */
static const struct combination *find_gather(int holder)
{
    const int owner[MOST_RANKS] = {holder, holder, holder, holder, holder};
    struct fit_view straight = fit_view_matrix(whole, WIDTH, WIDTH);
    struct fit_view turned = fit_view_transposed(straight);
    struct fit_candidate candidate[2 * MOST_RANKS];
    struct fit_problem problem[MOST_RANKS];
    int width = WIDTH / ranks;
    for (int s = 0; s < ranks; s++) {
        candidate[s] = (struct fit_candidate){"a slice", SLICES, 0, s,
                                              fit_view_part(straight, 0, WIDTH, s * width, width)};
        candidate[ranks + s] = (struct fit_candidate){
            "a transposed slice", TURNED, 0, s, fit_view_part(turned, 0, WIDTH, s * width, width)};
    }
    for (int b = 0; b < ranks; b++)
        problem[b] =
            (struct fit_problem){.target = fit_view_part(fit_view_matrix(gathered, WIDTH, WIDTH), 0,
                                                         WIDTH, b * width, width),
                                 .candidates = 2 * ranks,
                                 .candidate = candidate,
                                 .scale = {ranks}};
    return find(ranks, problem, owner, gathers, G_N_ELEMENTS(gathers));
}

START_TEST(each_gather_has_its_name)
{
    for (int p = 4; p <= MOST_RANKS; p++)
        for (int holder = 1; holder < p; holder++) {
            begin_gathers(p);
            make_gather(gathers[_i].mistake.name, holder);
            const struct combination *found = find_gather(holder);
            ck_assert_msg(found == &gathers[_i], "%d ranks, on rank %d: %s", p, holder,
                          found ? found->mistake.name : "none");
        }
}
END_TEST

/* On rank 0 its own slice everywhere is rank 0's everywhere: two names for one thing. */
START_TEST(two_names_for_one_thing)
{
    begin_gathers(4);
    make_gather("the own slice everywhere", 0);
    ck_assert_ptr_null(find_gather(0));
    make_gather("reversed", 0);
    ck_assert_str_eq(find_gather(0)->mistake.name, "reversed");
    begin_gathers(2); /* the next rank is the one before, and the reverse */
    make_gather("the next rank's slice", 0);
    ck_assert_ptr_null(find_gather(0));
}
END_TEST

/* A symmetric matrix is its transpose, and one with equal slices its own shift. */
START_TEST(matrices_that_hide_it)
{
    begin_gathers(4);
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < i; j++)
            whole[i * WIDTH + j] = whole[j * WIDTH + i];
    make_gather("transposed", 1);
    const struct combination *found = find_gather(1);
    ck_assert(!found || !found->mistake.name);
    begin_gathers(4);
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++)
            whole[i * WIDTH + j] = whole[i * WIDTH + j % (WIDTH / 4)];
    for (size_t c = 0; c < G_N_ELEMENTS(gathers); c++) {
        make_gather(gathers[c].mistake.name, 2);
        found = find_gather(2);
        ck_assert(!found || found == &gathers[c]);
    }
}
END_TEST

START_TEST(other_gathers_have_no_name)
{
    draws = 1000000 * (uint32_t)_i;
    for (int trial = 0; trial < 200; trial++) {
        begin_gathers(4);
        make_gather(gathers[(size_t)trial % G_N_ELEMENTS(gathers)].mistake.name, trial % 4);
        if (trial % 3 == 0)
            gathered[trial] += drawn() > 0 ? 0.05f : -0.05f;
        for (int i = 0; trial % 3 == 1 && i < WIDTH * WIDTH; i++)
            gathered[i] *= 1.01f;
        for (int i = 0; trial % 3 == 2 && i < WIDTH; i++) /* cut off by one column */
            for (int j = WIDTH - 1; j >= 0; j--)
                gathered[i * WIDTH + j] = j > 0 ? gathered[i * WIDTH + j - 1] : drawn();
        const struct combination *found = find_gather(trial % 4);
        ck_assert_msg(!found, "trial %d: %s", trial, found->mistake.name);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known combinations: slices of ranks");
    TCase *cases = tcase_create("combinations");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_gather_has_its_name, 0, G_N_ELEMENTS(gathers));
    tcase_add_test(cases, two_names_for_one_thing);
    tcase_add_test(cases, matrices_that_hide_it);
    tcase_add_loop_test(cases, other_gathers_have_no_name, 0, 8);
    suite_add_tcase(suite, cases);
    return suite;
}
