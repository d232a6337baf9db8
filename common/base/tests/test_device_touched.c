/*
 * Tests of device_touched.h: who is told to have touched the emulated GPU's memory from the processor, where a library
 * is given its addresses. Here that is the C library, in the place of MPI.
 */
#include "common/base/device_touched.h"

#include "common/base/device.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000 };

static char on_host[COUNT], *on_gpu;
/* Called through pointers, so that the compiler does not put them into the program. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void (*volatile sort)(void *, size_t, size_t, int (*)(const void *, const void *)) = qsort;

static void open_and_give(const char *function)
{
    device_open("emulated", 0);
    on_gpu = device_block_new(COUNT);
    device_touched_by(dlsym(RTLD_DEFAULT, function), "it was built without CUDA, run it otherwise");
}

static void library_reads(int which)
{
    (void)which;
    open_and_give("qsort");
    copy(on_host, on_gpu, COUNT);
}

static void library_writes(int which)
{
    (void)which;
    open_and_give("qsort");
    copy(on_gpu, on_host, COUNT);
}

static void program_reads(int which)
{
    (void)which;
    open_and_give("qsort");
    on_host[0] = *(volatile char *)on_gpu;
}

/* It is called by the library, but is the program's. */
static int compare(const void *a, const void *b)
{
    (void)b;
    return *(const char *)a + *(volatile char *)on_gpu;
}

static void program_reads_within(int which)
{
    (void)which;
    open_and_give("qsort");
    sort(on_host, COUNT, 1, compare);
}

static void another_library_reads(int which)
{
    (void)which;
    open_and_give("Check_not_a_function");
    copy(on_host, on_gpu, COUNT);
}

/* A kernel, or a copy, is the device's own. */
static void device_reads(int which)
{
    (void)which;
    open_and_give("qsort");
    device_copy_out(on_host, on_gpu + ((size_t)1 << 30), COUNT);
    device_wait();
}

static const struct {
    void (*touch)(int which);
    const char *said;
} touches[] = {
    {library_reads, "reads the memory of the GPU on the processor: it was built without CUDA, run"},
    {library_writes, "writes to the memory of the GPU on the processor: it was built without CUDA"},
    {program_reads, "data of a tensor on the GPU is for kernels and for messages"},
    {program_reads_within, "data of a tensor on the GPU is for kernels and for messages"},
    {another_library_reads, "data of a tensor on the GPU is for kernels and for messages"},
    {device_reads, "memory that is no tensor's"},
};

#if defined(__SANITIZE_ADDRESS__)
enum { FIRST = 2 }; /* its memcpy is the program's */
#else
enum { FIRST = 0 };
#endif

START_TEST(who_does_it_is_told)
{
    check_fatal(touches[_i].touch, 0, touches[_i].said);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("device_touched");
    TCase *tests = tcase_create("device_touched");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, who_does_it_is_told, FIRST, sizeof touches / sizeof touches[0]);
    suite_add_tcase(suite, tests);
    return suite;
}
