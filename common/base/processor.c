/* Is this the processor that the kit was built for? See processor.h. Compiled without -march. */
#include "common/base/processor.h"

#include "common/base/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

struct extension {
    const char *name;
    bool present;
};

/* ---- what this processor has --------------------------------------------------------------------- */

#if defined(__x86_64__)

#define EXTENSION(name)                                                                            \
    {                                                                                              \
        name, __builtin_cpu_supports(name) != 0                                                    \
    }
/* The names that every compiler knows which the kit builds with, then those of newer ones. */
#define EXTENSIONS                                                                                 \
    EXTENSION("sse4.2"), EXTENSION("popcnt"), EXTENSION("avx"), EXTENSION("avx2"),                 \
        EXTENSION("fma"), EXTENSION("fma4"), EXTENSION("xop"), EXTENSION("bmi"),                   \
        EXTENSION("bmi2"), EXTENSION("avx512f"), EXTENSION("avx512cd"), EXTENSION("avx512bw"),     \
        EXTENSION("avx512dq"), EXTENSION("avx512vl"), EXTENSION("avx512ifma"),                     \
        EXTENSION("avx512vbmi"), EXTENSION("avx512vbmi2"), EXTENSION("avx512vnni"),                \
        EXTENSION("avx512bitalg"), EXTENSION("avx512vpopcntdq"), EXTENSION("gfni")
#if !defined(__clang__) && __GNUC__ >= 12
#define NEWER_EXTENSIONS                                                                           \
    , EXTENSION("lzcnt"), EXTENSION("f16c"), EXTENSION("movbe"), EXTENSION("avx512bf16"),          \
        EXTENSION("avx512fp16"), EXTENSION("avxvnni")
#else
#define NEWER_EXTENSIONS
#endif

#elif defined(__aarch64__) && defined(__linux__)

#define EXTENSIONS                                                                                 \
    {"atomics", getauxval(AT_HWCAP) & HWCAP_ATOMICS},                                              \
        {"asimddp", getauxval(AT_HWCAP) & HWCAP_ASIMDDP},                                          \
        {"sve", getauxval(AT_HWCAP) & HWCAP_SVE},                                                  \
    {                                                                                              \
        "sve2", getauxval(AT_HWCAP2) & HWCAP2_SVE2                                                 \
    }
#define NEWER_EXTENSIONS

#else

#define EXTENSIONS                                                                                 \
    {                                                                                              \
        "", true                                                                                   \
    }
#define NEWER_EXTENSIONS

#endif

/* ---- comparing --------------------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at++)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

bool processor_has(const char *extensions, char *lacking, int size)
{
    const struct extension known[] = {EXTENSIONS NEWER_EXTENSIONS};
    bool all = true;
    lacking[0] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].present || !has_word(extensions, known[i].name))
            continue;
        const size_t length = strlen(lacking);
        snprintf(lacking + length, (size_t)size - length, "%s%s", all ? "" : ", ", known[i].name);
        all = false;
    }
    return all;
}

/* The first one's end is the others', too. */
void processor_let_first_speak(void)
{
    if (!machine_is_first_process())
        sleep(5);
}

void processor_must_fit(void)
{
    char lacking[256];
    if (processor_has(processor_built_for, lacking, sizeof lacking))
        return;
    processor_let_first_speak();
    fprintf(stderr,
            "%s was built for a processor with %s, which this one has not: run make again here, it "
            "builds anew what must be\n",
            program_invocation_name, lacking);
    exit(EXIT_FAILURE);
}
