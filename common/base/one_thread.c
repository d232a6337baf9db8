/* One thread; see one_thread.h. */
#include "common/base/one_thread.h"

#include "common/base/fatal.h"

#include <stdlib.h>
#include <unistd.h>

void one_thread_start_again(char **argv)
{
    if (getenv("OMP_NUM_THREADS") != NULL)
        return;
    if (setenv("OMP_NUM_THREADS", "1", 1) != 0 || setenv("OPENBLAS_NUM_THREADS", "1", 1) != 0)
        fatal("the environment can't be changed: %m");
    execv("/proc/self/exe", argv); /* without a /proc it goes on as it is: slower, not wrong */
}
