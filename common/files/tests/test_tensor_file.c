/*
 * Tests of tensor_file.h: round trips, a file that another library wrote, and
 * files that nobody should have written.
 */
#include "common/files/tensor_file.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_tensor_file.XXXXXX";
static char path[sizeof folder + 32];
static char error[TENSOR_FILE_ERROR_SIZE];

static void enter(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file.safetensors", folder);
}

static void leave(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left in it */
}

static struct tensor_file *example(void)
{
    struct tensor_file *file = tensor_file_new();
    struct tensor *floats = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(2, 3));
    struct tensor *halves = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(3));
    struct tensor *float16 = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT16, DEVICE_CPU, SHAPE(2));
    struct tensor *whole = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(1));
    struct tensor *none = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(0, 4));
    for (int i = 0; i < 6; i++)
        tensor_floats(floats)[i] = (float)i / 3;
    memcpy(float16->data, (uint16_t[]){0x3c00, 0x4248}, 4);
    memcpy(halves->data, (uint16_t[]){0x3f80, 0x4049, 0xff80}, 6);
    tensor_integers(whole)[0] = -7;
    tensor_file_add(file, "layers.0.weight", floats);
    tensor_file_add(file, "half \"quoted\" \xc3\xa9", halves);
    tensor_file_add(file, "none", none);
    tensor_file_add(file, "float16", float16);
    tensor_file_add(file, "whole", whole);
    tensor_file_set_metadata(file, "rank", "3");
    tensor_free(floats);
    tensor_free(halves);
    tensor_free(float16);
    tensor_free(whole);
    tensor_free(none);
    return file;
}

START_TEST(what_is_written_is_read)
{
    struct tensor_file *file = example();
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    struct tensor_file *back = tensor_file_read(path, MEMORY_PARAMETER, error);
    ck_assert_msg(back != NULL, "%s", error);
    ck_assert_int_eq(tensor_file_count(back), 5);
    ck_assert_str_eq(tensor_file_metadata(back, "rank"), "3");
    ck_assert_ptr_null(tensor_file_metadata(back, "seed"));
    ck_assert_ptr_null(tensor_file_get(back, "layers.1.weight"));
    for (int i = 0; i < 5; i++) {
        struct tensor *there = tensor_file_get(file, tensor_file_name(file, i));
        struct tensor *here = tensor_file_get(back, tensor_file_name(file, i));
        ck_assert_ptr_nonnull(here);
        ck_assert(shape_equal(here->shape, there->shape));
        ck_assert_int_eq(here->dtype, there->dtype);
        ck_assert_int_eq(here->kind, MEMORY_PARAMETER);
        ck_assert_mem_eq(here->data, there->data, tensor_bytes(here));
    }
    tensor_file_free(back);
    tensor_file_free(file);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER), 0);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

/* The bytes themselves, by the format's description. */
START_TEST(the_format_is_the_published_one)
{
    struct tensor_file *file = tensor_file_new();
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(2));
    memcpy(tensor->data, (int32_t[]){1, 258}, 8);
    tensor_file_add(file, "a", tensor);
    tensor_free(tensor);
    ck_assert(tensor_file_write(file, path, error));
    tensor_file_free(file);

    static const char header[] = "{\"a\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    char expected[8 + 56 + 8] = {56};
    memset(expected + 8, ' ', 56);
    memcpy(expected + 8, header, strlen(header));
    memcpy(expected + 64, (unsigned char[]){1, 0, 0, 0, 2, 1, 0, 0}, 8);
    char found[sizeof expected + 1];
    FILE *stream = fopen(path, "rb");
    ck_assert_uint_eq(fread(found, 1, sizeof found, stream), sizeof expected);
    fclose(stream);
    ck_assert_mem_eq(found, expected, sizeof expected);
}
END_TEST

/* Written by the safetensors library of Python (fixtures/generate.py). */
START_TEST(reads_what_another_library_wrote)
{
    struct tensor_file *file =
        tensor_file_read("common/tests/fixtures/format.safetensors", MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    ck_assert_int_eq(tensor_file_count(file), 4);
    ck_assert_str_eq(tensor_file_metadata(file, "written by"), "safetensors");
    struct tensor *floats = tensor_file_get(file, "floats");
    ck_assert(shape_equal(floats->shape, SHAPE(2, 1, 3)));
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(tensor_floats(floats)[i], (float)i + 0.25f);
    struct tensor *whole = tensor_file_get(file, "integers");
    ck_assert_int_eq(tensor_integers(whole)[1], -2000000000);
    struct tensor *halves = tensor_file_get(file, "halves");
    ck_assert_int_eq(halves->dtype, DTYPE_BFLOAT16);
    ck_assert_uint_eq(((uint16_t *)halves->data)[0], 0x3f80);
    struct tensor *float16 = tensor_file_get(file, "float16");
    ck_assert_int_eq(float16->dtype, DTYPE_FLOAT16);
    ck_assert_mem_eq(float16->data, ((uint16_t[]){0x3c00, 0xc100, 0x4248, 0x7bff}), 8);
    tensor_file_free(file);
}
END_TEST

/* ---- files that nobody should have written ---- */

/* Writes a file of header and `data` bytes of data; header_length < 0: the header's own. */
static void put(const char *header, long long header_length, int data)
{
    uint64_t length = header_length < 0 ? strlen(header) : (uint64_t)header_length;
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(&length, 8, 1, stream), 1);
    fputs(header, stream);
    for (int i = 0; i < data; i++)
        fputc(i, stream);
    ck_assert_int_eq(fclose(stream), 0);
}

static const struct {
    const char *header;
    long long length;
    int data;
    const char *message; /* what the error must contain; NULL: the file is good */
} hostile[] = {
    {"{}", -1, 0, NULL},
    {"{} \n  ", -1, 0, NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", -1, 4, NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
     -1, 12, NULL},
    {"", 0, 0, "not JSON"},
    {"{}", 3, 0, "offset 0: a header of 3 bytes; expected at most 2"},
    {"{}", 0x7fffffffffffffff, 0, "a header of 9223372036854775807 bytes"},
    {"{}", -1, 1, "the file is 11 bytes long"},
    {"[1]", -1, 0, "not a JSON object"},
    {"{\"a\":", -1, 0, "not JSON"},
    {"\xff\xfe", -1, 0, "not JSON"},
    {"{\"a\":1}", -1, 0, "tensor \"a\": its description is not a JSON object"},
    {"{\"__metadata__\":{\"a\":1}}", -1, 0, "metadata \"a\" is not a string"},
    {"{\"__metadata__\":[]}", -1, 0, "is not an object"},
    {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", -1, 8, "dtype F64"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", -1, 4, "dtype missing"},
    {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", -1, 4, "dtype missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", -1, 4, "shape is none"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", -1, 4,
     "at most 4 sizes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", -1, 4,
     "size 0 of the shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", -1, 4,
     "size 0 of the shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,0]}}", -1, 0,
     "more than 2147483647 elements"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", -1, 4, "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", -1, 4, "bytes 4 to 0"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", -1, 4, "bytes -4 to 0"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", -1, 7,
     "bytes 0 to 8; expected places in order within 0 … 7"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", -1, 4,
     "4 bytes at offset 62; float32 (2) has 8"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     -1, 8, "tensor \"b\": begins at offset 119, inside another tensor; expected offset 123"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
     -1, 12, "behind a hole"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     -1, 8, "duplicate"},
};

START_TEST(nothing_is_trusted)
{
    put(hostile[_i].header, hostile[_i].length, hostile[_i].data);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    if (hostile[_i].message == NULL) {
        ck_assert_msg(file != NULL, "%s", error);
        tensor_file_free(file);
    } else {
        ck_assert_ptr_null(file);
        ck_assert_msg(strncmp(error, path, strlen(path)) == 0, "no file name in: %s", error);
        ck_assert_msg(strstr(error, hostile[_i].message) != NULL, "found \"%s\", expected \"%s\"",
                      error, hostile[_i].message);
    }
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

/* Every length at which a good file can be cut off, and every byte changed. */
START_TEST(no_damage_does_harm)
{
    struct tensor_file *file = example();
    ck_assert(tensor_file_write(file, path, error));
    tensor_file_free(file);
    unsigned char good[1024];
    FILE *stream = fopen(path, "rb");
    size_t bytes = fread(good, 1, sizeof good, stream);
    fclose(stream);
    ck_assert_uint_lt(bytes, sizeof good);
    for (size_t length = 0; length < bytes; length++) {
        ck_assert_int_eq(truncate(path, 0), 0);
        stream = fopen(path, "wb");
        fwrite(good, 1, length, stream);
        fclose(stream);
        ck_assert_ptr_null(tensor_file_read(path, MEMORY_WORKSPACE, error));
    }
    for (size_t at = 0; at < bytes; at++) {
        unsigned char changed = good[at];
        good[at] ^= (unsigned char)(1 + at % 255);
        stream = fopen(path, "wb");
        fwrite(good, 1, bytes, stream);
        fclose(stream);
        tensor_file_free(tensor_file_read(path, MEMORY_WORKSPACE, error));
        good[at] = changed;
    }
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

START_TEST(only_regular_files_are_read)
{
    ck_assert_ptr_null(tensor_file_read(path, MEMORY_WORKSPACE, error));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    ck_assert_ptr_null(tensor_file_read(folder, MEMORY_WORKSPACE, error));
    ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
    ck_assert_ptr_null(tensor_file_read("/dev/zero", MEMORY_WORKSPACE, error));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_ptr_null(tensor_file_read(path, MEMORY_WORKSPACE, error));
}
END_TEST

START_TEST(a_missing_folder_is_reported)
{
    struct tensor_file *file = example();
    ck_assert(!tensor_file_write(file, "/nowhere/at/all.safetensors", error));
    ck_assert_ptr_nonnull(strstr(error, "/nowhere/at/all.safetensors"));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    tensor_file_free(file);
}
END_TEST

/* A limit on the size of files stands in for a full disk: the write fails half way. */
START_TEST(a_full_disk_is_reported_and_the_old_file_stays)
{
    struct tensor_file *file = example();
    ck_assert(tensor_file_write(file, path, error));
    struct tensor *large = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(100000));
    tensor_zero(large);
    tensor_file_add(file, "large", large);
    tensor_free(large);

    struct rlimit limit = {.rlim_cur = 65536, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert(!tensor_file_write(file, path, error));
    ck_assert_msg(strstr(error, "can't be written: File too large") != NULL, "%s", error);
    tensor_file_free(file);

    file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    ck_assert_int_eq(tensor_file_count(file), 5);
    tensor_file_free(file);
}
END_TEST

START_TEST(a_name_twice_is_fatal)
{
    struct tensor_file *file = example();
    tensor_file_add(file, "whole", tensor_file_get(file, "none"));
}
END_TEST

START_TEST(the_reserved_name_is_fatal)
{
    struct tensor_file *file = example();
    tensor_file_add(file, "__metadata__", tensor_file_get(file, "none"));
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("tensor file");
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, the_format_is_the_published_one);
    tcase_add_test(tests, reads_what_another_library_wrote);
    tcase_add_loop_test(tests, nothing_is_trusted, 0, sizeof hostile / sizeof *hostile);
    tcase_add_test(tests, no_damage_does_harm);
    tcase_add_test(tests, only_regular_files_are_read);
    tcase_add_test(tests, a_missing_folder_is_reported);
    tcase_add_test(tests, a_full_disk_is_reported_and_the_old_file_stays);

    TCase *misuse = tcase_create("misuse");
    tcase_add_exit_test(misuse, a_name_twice_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(misuse, the_reserved_name_is_fatal, EXIT_FAILURE);

    Suite *suite = suite_create("tensor_file");
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, misuse);
    return suite;
}
