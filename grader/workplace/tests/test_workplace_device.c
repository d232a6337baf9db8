/*
 * The GPU in the workplace: the emulated one is found and proven in the sandbox, and what can't be used there is
 * refused before the first file of a submission, with what to do.
 */
#include "grader/workplace/workplace.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static GString *error;
static char *folder; /* of this test */
static struct workplace workplace;

static void setup(void)
{
    error = g_string_new(NULL);
    folder = test_folder_new();
    ck_assert_int_eq(chmod(folder, 0755), 0);
    workplace = (struct workplace){.kit = ".", .build_folder = test_build_folder()};
}

static void run_tool(char *const *words)
{
    int status = 0;
    ck_assert(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    ck_assert_int_eq(status, 0);
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", "--", workplace.work, NULL};
    if (workplace.work)
        run_tool(words);
    workplace_clear(&workplace);
    test_folder_free(folder);
    g_string_free(error, TRUE);
}

static void says(const char *words)
{
    ck_assert_msg(strstr(error->str, words), "“%s” does not say “%s”", error->str, words);
}

static bool prove(void)
{
    return workplace_make_folder(&workplace, error) && workplace_prepare(&workplace, error) &&
           workplace_prove(&workplace, error);
}

/* From now on a build folder of the test's own, with the kit's flags and no library of a device. */
static void use_own_build_folder(void)
{
    g_autofree char *flags = g_build_filename(test_build_folder(), "program.flags", NULL);
    g_autofree char *to = g_build_filename(folder, "program.flags", NULL);
    g_autofree char *devices = g_build_filename(folder, "devices", NULL);
    ck_assert_msg(workplace_copy_file(flags, to, error), "%s", error->str);
    ck_assert_int_eq(g_mkdir(devices, 0755), 0);
    workplace.build_folder = folder;
}

/* A library whose function, in C, does this. */
static void make_library_at(const char *library, const char *body)
{
    g_autofree char *source = g_build_filename(folder, "library.c", NULL);
    g_autofree char *text = g_strdup_printf(
        "#include \"common/base/device_back_end.h\"\n"
        "const struct device_back_end *device_back_end_open(const struct device_services "
        "*services, int rank)\n{\n    (void)rank;\n    (void)services;\n    static struct "
        "device_back_end gpu;\n    %s\n    return &gpu;\n}\n",
        body);
    char *words[] = {"gcc", "-shared", "-fPIC", "-I.", source, "-o", (char *)library, NULL};
    ck_assert(g_file_set_contents(source, text, -1, NULL));
    run_tool(words);
}

static void make_library(const char *body)
{
    g_autofree char *library = g_build_filename(folder, "devices", "cuda.so", NULL);
    make_library_at(library, body);
}

START_TEST(the_emulated_gpu_is_proven)
{
    workplace.device.name = "emulated";
    ck_assert_msg(prove(), "%s", error->str);
    ck_assert_str_eq(workplace.device.gpu, "emulated");
}
END_TEST

START_TEST(without_a_device_there_is_nothing_to_prove)
{
    use_own_build_folder();
    ck_assert_msg(prove(), "%s", error->str);
    ck_assert_ptr_null(workplace.device.gpu);
}
END_TEST

START_TEST(a_library_that_was_not_built_is_told_with_its_package)
{
    use_own_build_folder();
    workplace.device.name = "cuda";
    ck_assert(!prove());
    says("devices/cuda.so: ");
    says("nvidia-cuda-nvcc");
    says("DEVICE=emulated");
}
END_TEST

static const struct {
    const char *body;
    const char *words[2];
} refusing[] = {
    {"gpu.refused = \"there is no driver; install nvidia-driver\";",
     {"the device cuda can't be used in the sandbox: ",
      "there is no driver; install nvidia-driver"}},
    {"services->failed(\"back_end.cu:1\", \"cudaSetDevice\", \"busy; wait\");",
     {"cudaSetDevice failed at back_end.cu:1: busy; wait", ""}},
    {"__builtin_trap();", {"the device cuda can't be used in the sandbox: ", ""}},
};

START_TEST(a_gpu_that_refuses_says_why)
{
    use_own_build_folder();
    make_library(refusing[_i].body);
    workplace.device.name = "cuda";
    ck_assert(!prove());
    says(refusing[_i].words[0]);
    says(refusing[_i].words[1]);
}
END_TEST

/* Which of a computer's GPUs are meant is nothing that the sandbox may hide. */
START_TEST(the_gpus_that_were_chosen_are_known_in_the_sandbox)
{
    use_own_build_folder();
    make_library("char *getenv(const char *); gpu.refused = getenv(\"CUDA_VISIBLE_DEVICES\");");
    workplace.device.name = "cuda";
    g_setenv("CUDA_VISIBLE_DEVICES", "3,GPU-8932f937", TRUE);
    ck_assert(!prove());
    says("can't be used in the sandbox: 3,GPU-8932f937");
}
END_TEST

/* Somebody else took its memory after the first control: the one behind a run that failed has to find that. */
START_TEST(a_gpu_that_goes_away_meanwhile_is_found)
{
    workplace.device.name = "emulated";
    ck_assert_msg(prove(), "%s", error->str);
    const struct workplace_run run = {
        .tree = workplace.tree, .ranks = 3, .device = &workplace.device};
    ck_assert_msg(workplace_runs(&workplace, &run, error), "%s", error->str);
    g_autofree char *library = g_build_filename(workplace.device.folder, "emulated.so", NULL);
    make_library_at(library, "gpu.refused = \"its memory is full; wait\";");
    ck_assert(!workplace_runs(&workplace, &run, error));
    says("the device emulated can't be used in the sandbox: its memory is full; wait");
    const struct workplace_run elsewhere = {.tree = workplace.tree, .ranks = 3};
    g_string_truncate(error, 0);
    ck_assert_msg(workplace_runs(&workplace, &elsewhere, error), "%s", error->str);
}
END_TEST

/* It is there, and what it computes fails, or is wrong: else every submission would be blamed for it. */
static const struct {
    const char *fault, *says;
} ill[] = {
    {"no-driver", "driver"},
    {"launch", "an illegal memory access was encountered"},
    {"blas", "failed at common/kernels/cuda/products.cu"},
    {"blas-start", "cuBLAS can't start on the GPU emulated"},
    {"wrong", "it computes wrong numbers: nvidia-smi -q shows errors of its memory"},
    {"memory:10000000", "is full before anything was computed"},
};

START_TEST(a_gpu_that_can_not_compute_is_found)
{
    workplace.device.name = "emulated";
    g_setenv("EMULATED_FAULT", ill[_i].fault, TRUE);
    ck_assert(!prove());
    says("the device emulated can't be used in the sandbox: ");
    says(ill[_i].says);
}
END_TEST

START_TEST(a_library_that_lacks_what_it_is_linked_with_is_told)
{
    use_own_build_folder();
    make_library("");
    g_autofree char *library = g_build_filename(folder, "devices", "cuda.so", NULL);
    g_autofree char *part = g_build_filename(folder, "libpart.so", NULL);
    g_autofree char *source = g_build_filename(folder, "library.c", NULL);
    char *make_part[] = {"gcc", "-shared", "-fPIC", "-I.", source, "-o", part, NULL};
    char *link[] = {"gcc", "-shared", "-fPIC", "-Wl,--no-as-needed", "-I.", source, part,
                    "-o",  library,   NULL};
    run_tool(make_part);
    run_tool(link);
    ck_assert_int_eq(g_unlink(part), 0);
    workplace.device.name = "cuda";
    ck_assert(!prove());
    says("libpart.so");
    says("make devices");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("workplace: devices");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_emulated_gpu_is_proven);
    tcase_add_test(tests, without_a_device_there_is_nothing_to_prove);
    tcase_add_test(tests, a_library_that_was_not_built_is_told_with_its_package);
    tcase_add_loop_test(tests, a_gpu_that_refuses_says_why, 0, G_N_ELEMENTS(refusing));
    tcase_add_test(tests, the_gpus_that_were_chosen_are_known_in_the_sandbox);
    tcase_add_test(tests, a_gpu_that_goes_away_meanwhile_is_found);
    tcase_add_loop_test(tests, a_gpu_that_can_not_compute_is_found, 0, G_N_ELEMENTS(ill));
    tcase_add_test(tests, a_library_that_lacks_what_it_is_linked_with_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
