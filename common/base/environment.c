/* The environment of the kit's own programs; see environment.h. */
#include "common/base/environment.h"

#include "common/base/fatal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const taken_away[] = {
#include "common/base/environment_names.h"
};

static const struct variable {
    const char *name, *value;
} own[] = {{"LC_ALL", "C.UTF-8"},
           {"OMP_NUM_THREADS", "1"},
           {"OPENBLAS_NUM_THREADS", "1"},
           {"OPENBLAS_CORETYPE", NULL}}; /* OpenBLAS knows best what this processor can */

static bool is_named(const char *name, const char *pattern)
{
    const size_t length = strlen(pattern);
    return pattern[length - 1] == '%' ? strncmp(name, pattern, length - 1) == 0
                                      : strcmp(name, pattern) == 0;
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i].name) == 0)
            return true;
    return false;
}

/* Takes away the first variable that is on the list; false: there is none. */
static bool take_one_away(void)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        char *name = strndup(*variable, strcspn(*variable, "="));
        if (name == NULL)
            fatal("no memory left");
        bool found = false;
        for (size_t i = 0; i < sizeof taken_away / sizeof *taken_away && !found; i++)
            found = is_named(name, taken_away[i]) && !is_own(name);
        if (found && unsetenv(name) != 0)
            fatal("the environment can't be changed: %m");
        free(name);
        if (found)
            return true;
    }
    return false;
}

/* Did that change anything? */
static bool set_own(const struct variable *variable)
{
    const char *value = getenv(variable->name);
    if (variable->value == NULL ? value == NULL
                                : value != NULL && strcmp(value, variable->value) == 0)
        return false;
    if ((variable->value == NULL ? unsetenv(variable->name)
                                 : setenv(variable->name, variable->value, 1)) != 0)
        fatal("the environment can't be changed: %m");
    return true;
}

void environment_start_again(char **argv)
{
    bool changed = false;
    while (take_one_away())
        changed = true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        changed = set_own(&own[i]) || changed;
    if (changed)
        execv("/proc/self/exe", argv); /* without a /proc it goes on as it is */
}
