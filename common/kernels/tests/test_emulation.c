/*
 * Tests of the emulated GPU (common/kernels/cuda/emulated): right kernels in each order, and each mistake is shown.
 * The kernels are in emulated/kernels.cu, in a library of their own.
 */
#include "common/base/device.h"
#include "tests/support/test.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 4096 };

static const char *const orders[] = {"forward", "reversed", "shuffled"};
static const char *const streams[] = {"first", "last", "at-once"};

static int numbers[MANY]; /* on the host */
static int *x, *y;        /* on the device, MANY each */

/* Each test is a process of its own, and opens the device as it wants it. */
static void open_device(const char *order, const char *streams_go)
{
    setenv("EMULATED_ORDER", order, 1);
    setenv("EMULATED_STREAMS", streams_go, 1);
    device_open("emulated-tests", 0);
    x = device_block_new(sizeof numbers);
    y = device_block_new(sizeof numbers);
    for (int i = 0; i < MANY; i++)
        numbers[i] = 1000 + i;
    device_copy_in(x, numbers, sizeof numbers);
    device_fill(y, 0, sizeof numbers);
}

/* A function of kernels.cu, to be cast. */
static void (*function(const char *name))(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/devices/emulated-tests.so", test_build_folder());
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    ck_assert_msg(library != NULL, "%s", dlerror());
    void (*found)(void) = NULL;
    *(void **)&found = dlsym(library, name);
    ck_assert_msg(found != NULL, "%s", name);
    return found;
}

#define CALL(name, parameters, ...) ((void(*) parameters)function(name))(__VA_ARGS__)

static void read_back(const int *device)
{
    device_copy_out(numbers, device, sizeof numbers);
}

/* Ends by a signal, or with status 1, and says this. In a child, which opens the device by itself: of the parent's it
 * would have nothing. */
static void must_end(const char *order, void (*misuse)(void), const char *part)
{
    int ends[2], status;
    char text[8192];
    size_t length = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        open_device(order, "first");
        misuse();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 1, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, part) != NULL, "not \"%s\": %s", part, text);
}

/* ---- right kernels, in each order --------------------------------------------------------------------------- */

START_TEST(threads_of_a_block_see_what_the_others_wrote)
{
    open_device(orders[_i], "first");
    CALL("test_turn", (const int *, int *), x, y);
    read_back(y);
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(numbers[i], 1000 + (i + 1) % 64);
}
END_TEST

/* In two of three orders at least, some thread reads what is not there yet. */
START_TEST(a_missing_barrier_shows_in_two_of_three_orders)
{
    int wrong_orders = 0;
    for (int order = 0; order < 3; order++) {
        const pid_t child = fork();
        int status;
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            open_device(orders[order], "first");
            CALL("test_turn_without_barrier", (const int *, int *), x, y);
            read_back(y);
            int wrong = 0;
            for (int i = 0; i < 64; i++)
                wrong += numbers[i] != 1000 + (i + 1) % 64;
            _exit(wrong > 0 ? 1 : 0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status));
        wrong_orders += WEXITSTATUS(status);
    }
    ck_assert_int_ge(wrong_orders, 2);
}
END_TEST

START_TEST(shuffles_give_what_the_other_has)
{
    open_device(orders[_i], "first");
    for (int threads = 32; threads <= 96; threads += 32) {
        CALL("test_shuffle", (int, int, const int *, int *), 5, threads, x, y);
        read_back(y);
        for (int i = 0; i < threads; i++) {
            ck_assert_int_eq(numbers[i], 1000 + i / 32 * 32 + 5);
            ck_assert_int_eq(numbers[threads + i], 1000 + (i ^ 1));
            ck_assert_int_eq(numbers[2 * threads + i], 1000 + (i % 32 + 3 < 32 ? i + 3 : i));
        }
    }
}
END_TEST

START_TEST(a_block_adds_up)
{
    enum { BLOCKS = 3, THREADS = 256 };
    static double values[BLOCKS * THREADS];
    open_device(orders[_i], "first");
    for (int i = 0; i < BLOCKS * THREADS; i++)
        values[i] = i;
    double *from = device_block_new(sizeof values), *to = device_block_new(sizeof values);
    device_copy_in(from, values, sizeof values);
    CALL("test_sums", (int, const double *, double *), BLOCKS, from, to);
    device_copy_out(values, to, sizeof values);
    for (int i = 0; i < BLOCKS * THREADS; i++)
        ck_assert_double_eq(values[i], THREADS * (i / THREADS * THREADS + 127.5));
}
END_TEST

START_TEST(every_place_of_three_dimensions_is_one_thread)
{
    open_device(orders[_i], "first");
    CALL("test_count_places", (int *), y);
    read_back(y);
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(numbers[i], i < 12 * 10 * 6);
}
END_TEST

START_TEST(arguments_are_those_of_the_launch)
{
    open_device("forward", streams[_i]);
    CALL("test_change_argument", (int *), y);
    read_back(y);
    ck_assert_int_eq(numbers[0], 101);
}
END_TEST

/* ---- launches that no GPU takes, and kernels that break a rule ------------------------------------------------ */

START_TEST(a_launch_without_blocks_does_nothing)
{
    open_device("forward", "first");
    CALL("test_launch", (int, int, int *), 0, 32, y);
    read_back(y);
    ck_assert_int_eq(numbers[0], 0);
    CALL("test_launch", (int, int, int *), 1, 1, y);
    read_back(y);
    ck_assert_int_eq(numbers[0], 1);
}
END_TEST

static void too_many_threads(void)
{
    CALL("test_launch", (int, int, int *), 1, 1025, y);
}

static void no_threads(void)
{
    CALL("test_launch", (int, int, int *), 1, 0, y);
}

static void half_wait(void)
{
    CALL("test_half_wait", (int *), y);
    device_wait();
}

static void leave_early(void)
{
    CALL("test_leave_early", (int *), y);
    device_wait();
}

static void barrier_in_plain_launch(void)
{
    CALL("test_barrier_in_plain_launch", (int *), y);
    device_wait();
}

static void shuffle_from_afar(void)
{
    CALL("test_shuffle", (int, int, const int *, int *), 32, 32, x, y);
    device_wait();
}

static void shuffle_of_a_part(void)
{
    CALL("test_shuffle", (int, int, const int *, int *), 20, 16, x, y);
    device_wait();
}

static void read_on_the_host(void)
{
    volatile int *data = y;
    numbers[0] = data[3];
}

static void write_on_the_host(void)
{
    volatile int *data = y;
    data[3] = 1;
}

START_TEST(each_mistake_is_named)
{
    static const struct {
        void (*misuse)(void);
        const char *part;
    } mistakes[] = {
        {too_many_threads, "invalid configuration argument"},
        {no_threads, "invalid configuration argument"},
        {half_wait, "a barrier that not all threads reach: of 64, 32 wait at __syncthreads"},
        {leave_early, "of 64, 60 wait at __syncthreads, 0 for their warp, and 4 have ended"},
        {barrier_in_plain_launch, "kernel barrier_alone, block (0, 0, 0), thread"},
        {shuffle_from_afar, "a shuffle from lane 32 of a warp of 32 threads"},
        {shuffle_of_a_part, "a shuffle from lane"},
        {read_on_the_host, "reads the memory of the GPU on the processor"},
        {write_on_the_host, "writes to the memory of the GPU on the processor"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        must_end(orders[_i], mistakes[i].misuse, mistakes[i].part);
}
END_TEST

/* Behind the end of a block nobody may write; only AddressSanitizer sees it. */
#if defined(__SANITIZE_ADDRESS__)
static void write_behind(void)
{
    CALL("test_write_at", (int, int *), MANY, y);
    device_wait();
}

START_TEST(a_write_behind_the_end_is_seen)
{
    must_end("forward", write_behind, "use-after-poison");
}
END_TEST
#endif

/* ---- streams --------------------------------------------------------------------------------------------------- */

/* Does a copy beside the kernels come late, or too early, where nobody waits? */
static bool right_with(const char *streams_go, const char *name, bool waits, int right)
{
    const pid_t child = fork();
    int status;
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        open_device("forward", streams_go);
        device_wait();
        ((void (*)(bool, int *, int *))function(name))(waits, x, y);
        read_back(y);
        _exit(numbers[0] == right ? 0 : 3);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3));
    return WEXITSTATUS(status) == 0;
}

START_TEST(a_missing_wait_for_another_stream_shows)
{
    enum { ONES = 0x01010101 };
    for (int i = 0; i < 3; i++) {
        ck_assert(right_with(streams[i], "test_two_streams", true, ONES));
        ck_assert(right_with(streams[i], "test_overwrite", true, 1000));
    }
    ck_assert(!right_with("first", "test_two_streams", false, ONES));
    ck_assert(!right_with("last", "test_overwrite", false, 1000));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("emulation");
    TCase *tests = tcase_create("emulation");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, threads_of_a_block_see_what_the_others_wrote, 0, 3);
    tcase_add_test(tests, a_missing_barrier_shows_in_two_of_three_orders);
    tcase_add_loop_test(tests, shuffles_give_what_the_other_has, 0, 3);
    tcase_add_loop_test(tests, a_block_adds_up, 0, 3);
    tcase_add_loop_test(tests, every_place_of_three_dimensions_is_one_thread, 0, 3);
    tcase_add_loop_test(tests, arguments_are_those_of_the_launch, 0, 3);
    tcase_add_test(tests, a_launch_without_blocks_does_nothing);
    tcase_add_loop_test(tests, each_mistake_is_named, 0, 3);
#if defined(__SANITIZE_ADDRESS__)
    tcase_add_test(tests, a_write_behind_the_end_is_seen);
#endif
    tcase_add_test(tests, a_missing_wait_for_another_stream_shows);
    suite_add_tcase(suite, tests);
    return suite;
}
